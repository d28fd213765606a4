"""The conformance suite: every promise that the store protocol makes, as tests for any store.

The memory twin and the SQL stores pass it; whoever writes a store of their own can run it, too.
Subclass `StoreConformance`, say how a store is made, and let pytest (or any runner that takes
methods named `test_*`) do the rest.
"""

from tract.testing._suite_reading import Reading
from tract.testing._suite_writing import Writing


class StoreConformance(Reading, Writing):
    """Every promise of the store protocol.

    Give `make_store`, and `reopen` if what is written outlives the handle.

    Example:
        >>> from tract.store import MemoryStore
        >>> class TestMemoryStore(StoreConformance):
        ...     def make_store(self, *, busy_timeout=5.0):
        ...         return MemoryStore(busy_timeout=busy_timeout)
        >>> TestMemoryStore().test_all_or_nothing()
    """
