"""One thin file a feature: find the snapshot and the offset, call ``adalang.ide``, convert the answer."""
