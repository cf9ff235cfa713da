# What type checkers see: the names that __init__.py imports when they are first used.
from adalang.api import CheckFailed as CheckFailed
from adalang.api import Component as Component
from adalang.api import Program as Program
from adalang.api import RunFailed as RunFailed
from adalang.api import load as load

__version__: str
