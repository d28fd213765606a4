"""What the parts of the conformance suite stand on: a store per test, and looking at errors.

There is no test framework in here, so that importing it needs none: checks are plain asserts, and
a test is a method whose name begins with `test_`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager

from tract.errors import TractError
from tract.store import Store


class Suite:
    """A part of the suite; `make_store` is given by whoever is tested."""

    def make_store(self, *, busy_timeout: float = 5.0) -> Store:
        """Return a new, empty, writable store.

        Args:
            busy_timeout: seconds that a writer waits for another.
        """
        raise TypeError("subclass StoreConformance and give it make_store()")

    def reopen(self, store: Store) -> Store | None:
        """Close a store and return it opened again; None for stores that do not outlive a handle."""
        return None

    def open(self, *, busy_timeout: float = 5.0) -> AbstractContextManager[Store]:
        """Return a new store that is closed when the block ends."""
        return closing(self.make_store(busy_timeout=busy_timeout))


@contextmanager
def raises(*errors: type[TractError], kind: str | None = None) -> Iterator[None]:
    """Check that the block raises one of these errors, with that kind where one is given."""
    caught: TractError | None = None
    try:
        yield
    except errors as error:
        caught = error
    names = " or ".join(error.__name__ for error in errors)
    assert caught is not None, f"nothing raised {names}"
    assert kind is None or caught.kind == kind, f"kind is {caught.kind}, not {kind}"
    assert str(caught), f"{names} without a message"


def damage(store: Store) -> list[str]:
    """Return what a store says is damaged, without what should only be looked at."""
    return [f"{p.object}: {p.message}" for p in store.damage() if p.severity == "error"]
