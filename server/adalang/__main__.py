"""``python -m adalang``."""

from adalang.cli import main

main()
