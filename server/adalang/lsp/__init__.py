"""The language server: protocol, schedule, state and conversion. What the features know is in ``adalang.ide``."""
