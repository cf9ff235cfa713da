"""What outlives a process: answers that were paid for, runs, scores, the optimizer's log and its proposals.

One SQLite file per workspace, `.adalang/store.db`. No secret is ever written to it.
"""

from adalang.store.database import Store, StoreError

__all__ = ["Store", "StoreError"]
