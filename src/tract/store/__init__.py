"""Where contexts are kept: the protocol, the draft that all writing goes through, and the backends.

The SQL backends load SQLAlchemy, so they are behind `open_store` and not imported here.
"""

from tract.store._draft import ANY, Draft, Savepoint, Staged
from tract.store._memory import MemoryStore
from tract.store._open import open_store
from tract.store._protocol import Idempotent, Payload, Problem, Reader, TractRow, Usage
from tract.store._store import Store

__all__ = [
    "ANY",
    "Draft",
    "Idempotent",
    "MemoryStore",
    "Payload",
    "Problem",
    "Reader",
    "Savepoint",
    "Staged",
    "Store",
    "TractRow",
    "Usage",
    "open_store",
]
