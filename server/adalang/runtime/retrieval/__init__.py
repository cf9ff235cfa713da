"""Retrievers: from the files of a corpus to the passages that answer a query."""
