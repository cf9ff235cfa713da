"""Data sets, metrics, evaluations, and the statistics of what their scores prove."""
