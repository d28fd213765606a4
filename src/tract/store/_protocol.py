"""One consistent view of a store, and the rows that it gives.

A `Reader` does not change while it is held, and is used only while it is. Whatever it gives was
checked against its hash; what is damaged raises `Corrupt`. Ids are hex text everywhere above the
backends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tract.objects import Commit, Operation, State

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TractRow:
    """A tract as it is stored.

    Attributes:
        id: 32 hex.
        name: unique in the store.
        created_at: microseconds since the Unix epoch.
        parent: id of the tract that it was spawned from, or None.
        metadata: the caller's data.
        resume: where the next open without a branch goes on: a ref name or a commit id.
    """

    id: str
    name: str
    created_at: int
    parent: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    resume: str = "branch/main"


class Usage(NamedTuple):
    """What a provider reported for one call.

    Attributes:
        commit: id of the commit that it belongs to, or None.
        at: microseconds since the Unix epoch.
        body: the normalised figures and what was reported.
    """

    commit: str | None
    at: int
    body: Mapping[str, Any]


class Idempotent(NamedTuple):
    """What was done under an idempotency key: a digest of the input, and the commits made."""

    digest: str
    commits: tuple[str, ...]


class Problem(NamedTuple):
    """Something that `verify` found.

    Attributes:
        object: what is damaged, such as "commit 1f2e3d4c" or "branch main of tract main".
        message: what is wrong with it.
        severity: "error" for damage, "warning" for what should be looked at.
    """

    object: str
    message: str
    severity: str = "error"


class Reader(Protocol):
    """One consistent view of a store."""

    def tracts(self) -> list[TractRow]:
        """Return all tracts, oldest first."""
        ...

    def tract(self, name_or_id: str) -> TractRow | None:
        """Return the tract of that name or, failing that, of that id."""
        ...

    def ref(self, tract: str, name: str) -> str | None:
        """Return the commit that a ref is at; None for an unborn branch.

        Raises:
            NotFound: there is no such ref.
        """
        ...

    def refs(self, tract: str) -> dict[str, str | None]:
        """Return all refs of a tract by name, sorted by the bytes of the name."""
        ...

    def commit(self, id: str) -> Commit:
        """Return a commit.

        Raises:
            NotFound: it is not in the store.
            Corrupt: its bytes are not what its id says.
        """
        ...

    def present(self, ids: Sequence[str]) -> set[str]:
        """Return which of these commit ids are in the store."""
        ...

    def prefixed(self, prefix: str, limit: int = 10) -> list[str]:
        """Return the commit ids that begin with `prefix` (at least 4 hex), sorted, `limit` at most."""
        ...

    def line(self, tip: str, limit: int | None = None, skip: int = 0) -> Iterator[Commit]:
        """Yield commits along first parents from `tip`, newest first."""
        ...

    def length(self, tip: str) -> int:
        """Return how many commits the first-parent line of `tip` has."""
        ...

    def state(self, id: str, seen: dict[str, Payload] | None = None) -> State:
        """Return the state of a commit.

        Args:
            id: commit id.
            seen: gets the payloads that were read on the way, by blob id; there may be fewer or
                more than the state shows.
        """
        ...

    def payloads(self, ids: Sequence[str]) -> dict[str, Payload]:
        """Return the payloads of these blob ids.

        Raises:
            Corrupt: one is not there or its bytes are not what its id says.
        """
        ...

    def counts(self, ids: Sequence[str], counter: str) -> dict[str, int]:
        """Return the known token counts of these blob ids by that counter."""
        ...

    def usages(self, tract: str, commits: Sequence[str] | None = None) -> list[Usage]:
        """Return the usage recorded in a tract, oldest first; for these commits only, if given."""
        ...

    def operations(
        self, tract: str, limit: int | None = None, before: int | None = None
    ) -> list[Operation]:
        """Return the operations of a tract, newest first, from those before number `before`."""
        ...

    def idempotent(self, tract: str, key: str) -> Idempotent | None:
        """Return what was done under that key, or None."""
        ...

    def commits(self) -> Iterator[Commit]:
        """Yield every commit of the store, parents before children."""
        ...

    def blobs(self) -> Iterator[tuple[str, bytes]]:
        """Yield the id and bytes of every blob.

        Raises:
            Corrupt: the bytes of one are not what its id says.
        """
        ...
