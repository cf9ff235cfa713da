"""Runs components: renders prompts, asks models, reads answers, walks pipelines."""
