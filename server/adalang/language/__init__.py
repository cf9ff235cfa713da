"""The language: from text to a checked component graph, and back from new values to edits of the text."""
