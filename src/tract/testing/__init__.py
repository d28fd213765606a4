"""What ships for testing: the suite that every store passes, and tools to write and measure stores."""

from tract.testing._conformance import StoreConformance
from tract.testing._counter import StatementCounter, Traceable
from tract.testing._scribe import Scribe

__all__ = ["Scribe", "StatementCounter", "StoreConformance", "Traceable"]
