# What type checkers see: the names that __init__.py imports when they are first used.
from adalang.api.approving import Approve as Approve
from adalang.api.component import Component as Component
from adalang.api.conversation import Conversation as Conversation
from adalang.api.engine import ProgramClosed as ProgramClosed
from adalang.api.program import DynamicProgram as DynamicProgram
from adalang.api.program import Program as Program
from adalang.api.program import load as load
from adalang.api.results import Optimized as Optimized
from adalang.api.results import Proposal as Proposal
from adalang.engine.adopting import Unproven as Unproven
from adalang.engine.checked import CheckFailed as CheckFailed
from adalang.evaluation.results import Evaluation as Evaluation
from adalang.language.diagnostics import Diagnostic as Diagnostic
from adalang.language.edits import EditRefused as EditRefused
from adalang.runtime.approval import ApprovalRequest as ApprovalRequest
from adalang.runtime.approval import Decision as Decision
from adalang.runtime.failures import BudgetExceeded as BudgetExceeded
from adalang.runtime.failures import Failure as Failure
from adalang.runtime.interpreter import RunFailed as RunFailed
from adalang.runtime.listening import Piece as Piece
from adalang.runtime.trace import Trace as Trace

__version__: str
