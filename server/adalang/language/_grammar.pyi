def language() -> object:
    """PyCapsule ``tree_sitter.Language`` of the compiled grammar."""
