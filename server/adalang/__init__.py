"""Prompts and LLM pipelines as source code, with an optimizer whose proposals come with evidence."""

__version__ = "0.1.0"
