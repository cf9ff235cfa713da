"""A .adal file as a Python module with types: what ``adalang stubs`` writes."""

from __future__ import annotations

from adalang.api.stubs.module import module_files, module_name

__all__ = ["module_files", "module_name"]
