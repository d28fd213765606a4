"""What a store is: one commit graph and many tracts, read in consistent views and written in one place.

A `Store` hands out readers, and drafts: a draft is a reader on which work is staged, and `write`
publishes what was staged in one transaction or not at all. Backends implement reading and
publishing; everything that decides what may be written lives above, in the draft. Every backend
passes the suite in `tract.testing`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from tract.store._draft import Draft
from tract.store._protocol import Problem, Reader


class Store(Protocol):
    """A place that keeps contexts."""

    @property
    def location(self) -> str:
        """Where it is, for people; never with a password."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading only."""
        ...

    def read(self) -> AbstractContextManager[Reader]:
        """Return a context manager that gives one consistent view, to be used inside the block.

        Views may be held while others write, and may nest; each shows the moment it began.

        Raises:
            Closed: the store was closed.
        """
        ...

    def write(self) -> AbstractContextManager[Draft]:
        """Return a context manager that gives a draft and publishes it when it ends without an error.

        Writers wait for each other inside; when the block is entered, the draft reads what is
        then the newest state, and nobody else can write until it is left. That holds for the
        same thread, too: a write inside a write waits in vain.

        Raises:
            StoreBusy: another writer was not done when the busy timeout was over.
            ReadOnly: the store may only be read.
            Closed: the store was closed.
        """
        ...

    def damage(self) -> Iterator[Problem]:
        """Yield what is wrong with stored values as this backend keeps them."""
        ...

    def close(self) -> None:
        """Let go of everything; later calls raise `Closed`. Closing twice is nothing.

        Views that are held go on; a write that is not yet published ends with `Closed`.
        """
        ...
