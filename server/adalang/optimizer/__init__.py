"""The optimizer: feedback, hypotheses, edits, gates, races and one honest test at the end."""
