"""The face of a whole store: its tracts, opened side by side on one set of connections.

A tract that a session opened shares its settings, and is closed with it.
"""

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, Unpack

from tract import verbs
from tract.api._options import OpenOptions
from tract.api._tract import Tract
from tract.objects import TractInfo
from tract.repo import Settings
from tract.store import Store
from tract.verbs import VerifyReport


class Session:
    """A store, opened for working with several tracts.

    Example:
        >>> with Session.open() as s:
        ...     _ = s.create_tract("planner").user("Plan the trip.")
        ...     _ = s.create_tract("critic").user("Find the flaws.")
        ...     [info.name for info in s.list_tracts()]
        ['planner', 'critic']
    """

    __slots__ = ("_owner", "_settings", "_store")

    def __init__(self, store: Store, settings: Settings, *, owner: bool) -> None:
        """Use `Session.open`.

        Args:
            store: the open store.
            settings: how its tracts work.
            owner: whether closing this closes the store.
        """
        self._store = store
        self._settings = settings
        self._owner = owner

    @classmethod
    def open(
        cls,
        location: "str | os.PathLike[str] | Store | None" = None,
        **options: Unpack[OpenOptions],
    ) -> Self:
        """Open a store.

        Args:
            location: as for `Tract.open`.
            **options: as for `Tract.open`, without `tract` and `branch`; they hold for all tracts
                that this session opens.

        Returns:
            The session.

        Raises:
            NotFound, InvalidInput, StoreError: as for `Tract.open`.

        Example:
            >>> with Session.open(":memory:") as s:
            ...     s.list_tracts()
            []
        """
        store, settings = verbs.open_at(location, **options)
        return cls(store, settings, owner=store is not location)

    def create_tract(
        self, name: str | None = None, *, metadata: Mapping[str, Any] | None = None
    ) -> Tract:
        """Make a tract.

        Args:
            name: its name; a free one, if None.
            metadata: your data, a JSON object.

        Returns:
            The open tract.

        Raises:
            TractExists: there is one of that name.
            InvalidInput: the name breaks git's rules.

        Example:
            >>> with Session.open() as s:
            ...     s.create_tract("planner").info.name
            'planner'
        """
        return Tract(
            verbs.create_tract(self._store, self._settings, name, metadata=metadata), owner=False
        )

    def tract(self, name_or_id: str, *, branch: str | None = None) -> Tract:
        """Open a tract that is there.

        Args:
            name_or_id: its name or id.
            branch: where to stand; where the tract was left, if None.

        Returns:
            The open tract.

        Raises:
            NotFound: there is none, or no such branch.

        Example:
            >>> with Session.open() as s:
            ...     made = s.create_tract("planner")
            ...     s.tract("planner").info.id == made.info.id
            True
        """
        return Tract(
            verbs.open_existing(self._store, self._settings, name_or_id, branch), owner=False
        )

    def list_tracts(self) -> list[TractInfo]:
        """Return all tracts, oldest first.

        Returns:
            Each with its id, name, age and size.

        Example:
            >>> with Session.open() as s:
            ...     _ = s.create_tract("planner")
            ...     s.list_tracts()[0].branches
            1
        """
        return verbs.list_tracts(self._store, self._settings)

    def release(self, tract: Tract) -> None:
        """Close a tract that this session opened; its content stays.

        Args:
            tract: the tract.

        Example:
            >>> with Session.open() as s:
            ...     s.release(s.create_tract("planner"))
        """
        tract.close()

    def verify(self) -> VerifyReport:
        """Recompute every hash, seal and state of the store, also where no tract can be opened.

        Returns:
            What is damaged (`problems`, empty if all is well) and what should be looked at (`warnings`).

        Raises:
            StoreBusy, Closed: the store cannot be read.

        Example:
            >>> with Session.open() as s:
            ...     s.verify().ok
            True
        """
        return verbs.verify_store(self._store, self._settings)

    def close(self) -> None:
        """Close the store and with it every tract that this session opened."""
        verbs.close_session(self._store, self._settings, owner=self._owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Session({self._store.location!r})"
