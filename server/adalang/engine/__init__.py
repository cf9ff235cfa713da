"""Where work runs: in this process or in the worker process."""
