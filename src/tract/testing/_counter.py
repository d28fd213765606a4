"""Counting the statements that a store runs, so that a test can bound what an operation costs.

Statements are counted where the database sees them, each execution by itself, so that nothing a
store does can be overlooked. Stores that run no statements cannot be counted.
"""

from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from tract.errors import InvalidInput, printable


class Traceable(Protocol):
    """A store that says which statements it runs."""

    def trace(self, callback: Callable[[str], None] | None) -> None:
        """Have `callback` called with every statement from now on; None ends it."""
        ...


class StatementCounter:
    """A context manager that counts the statements of a store.

    Args:
        store: an SQL store.

    Raises:
        InvalidInput: the store runs no statements that could be counted.

    Attributes:
        statements: their texts, in the order in which they ran, with the values put in.

    Example:
        >>> from tract.store import open_store
        >>> store = open_store(":memory:")
        >>> with StatementCounter(store) as counter, store.read() as view:
        ...     names = [tract.name for tract in view.tracts()]
        >>> counter.verbs["SELECT"]
        1
    """

    def __init__(self, store: object) -> None:
        if not callable(getattr(store, "trace", None)):
            raise InvalidInput(
                f"{printable(type(store).__name__)} runs no statements to count",
                hint="Give a store in a database.",
            )
        self._store: Traceable = store  # type: ignore[assignment]  # just looked at
        self.statements: list[str] = []

    @property
    def total(self) -> int:
        """How many ran."""
        return len(self.statements)

    @property
    def verbs(self) -> Counter[str]:
        """How many ran by their first word, such as "SELECT"."""
        return Counter(text.split(None, 1)[0].upper() for text in self.statements if text.strip())

    def __enter__(self) -> Self:
        self._store.trace(self.statements.append)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._store.trace(None)
