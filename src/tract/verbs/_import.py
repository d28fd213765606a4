"""Importing: conversations of a file become branches of tracts, each whole or not at all.

The commits of a conversation depend on the file alone, so they are made before the store is
asked, and the same file twice adds nothing. Inside the write only their place is looked for: a
branch that is at one of them goes forward; one that somebody moved elsewhere stays where it is,
and what could not be added is reported. A conversation appears in one transaction, which it may
share with others; a strict import is one transaction as a whole.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tract.errors import Conflict, InvalidInput, NotFound, printable
from tract.importers import (
    BadRecord,
    Conversation,
    Importer,
    ImportReport,
    Source,
    importer_for,
    name_of,
)
from tract.objects import Limits, check_json, check_name, micros
from tract.repo import BRANCH, Settings, refuse_to_wait_for_oneself
from tract.store import Draft, MemoryStore, Reader, Store
from tract.verbs._chain import Chain
from tract.verbs._open import open_at
from tract.verbs._place import Placed, place, put, reached_by, tip_of

Progress = Callable[[int, int], None]
_BAD_MAX = 10_000
_TOGETHER_BYTES = 1 << 20
_TOGETHER_MAX = 64


def import_file(
    path: "str | os.PathLike[str]",
    into: "str | os.PathLike[str] | Store | None" = None,
    *,
    format: str = "auto",
    tract: str | None = None,
    strict: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    **options: Any,
) -> ImportReport:
    """Import a file into a store that is opened for it; `Tract.import_` says the rest.

    The file is looked at before the store is opened, so a file that cannot be read makes no store.
    """
    if into is None and not dry_run and not os.environ.get("TRACT_DB"):
        raise InvalidInput(
            "no store was named to import into",
            kind="invalid_location",
            hint='Give into=, or set $TRACT_DB; into=":memory:" keeps nothing.',
        )
    if progress is not None and not callable(progress):
        raise InvalidInput(
            f"progress is {printable(type(progress).__name__)}, no function",
            kind="invalid_config",
            hint="Give a function of two numbers: conversations done, and all of them.",
        )
    limits = options.get("limits")
    job = _Job.of(path, limits if isinstance(limits, Limits) else Limits(), format, tract, progress)
    if not dry_run:
        store, settings = open_at(into, **options)
    else:
        store, settings = _open_to_look(into, options)
    try:
        return _import(store, settings, job, strict=strict, dry_run=dry_run)
    finally:
        if store is not into:
            store.close()


def _open_to_look(into: Any, options: Mapping[str, Any]) -> tuple[Store, Settings]:
    """Open a store for a dry run; where it would be made, one that is forgotten afterwards."""
    try:
        return open_at(into, **{**options, "create": False, "read_only": True})
    except NotFound:
        if not options.get("create", True):
            raise
        return open_at(MemoryStore(), **options)


def import_into(
    store: Store,
    settings: Settings,
    path: "str | os.PathLike[str]",
    *,
    format: str = "auto",
    tract: str | None = None,
    strict: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a file into a store that is open.

    Args:
        store: the open store.
        settings: how its handles work.
        path: the file.
        format: "auto", or an importer's name.
        tract: name of the tract, or what the names of several begin with; the file's, if None.
        strict: whether one bad record stops the import, with nothing imported.
        dry_run: report what would be imported, and import nothing.
        progress: called with the conversations done and their number.

    Raises:
        NotFound, InvalidInput, Conflict, StoreError: as `Tract.import_`.
    """
    job = _Job.of(path, settings.limits, format, tract, progress)
    return _import(store, settings, job, strict=strict, dry_run=dry_run)


def _import(
    store: Store, settings: Settings, job: "_Job", *, strict: bool, dry_run: bool
) -> ImportReport:
    if dry_run:
        with store.read() as reader:
            for chain in job.chains(settings.limits, strict=strict):
                job.look(reader, settings, chain, strict=strict)
                job.show(chain.conversation.expected)
        return job.report(dry_run=True)
    refuse_to_wait_for_oneself(store)
    if strict:
        chains = [chain.read() for chain in job.chains(settings.limits, strict=True)]
        with store.write() as draft:
            job.carry_out(draft, settings, [c for c in chains if c.ids], strict=True)
        job.show(len(chains))
        return job.report(dry_run=False)
    # Short conversations share a transaction: most of its time is the disk's.
    waiting: list[Chain] = []
    for chain in job.chains(settings.limits, strict=False):
        for part in chain.parts():
            # No branch leads to it yet, so nobody sees a conversation that is half there.
            with store.write() as draft:
                job.added += put(draft, part)
        waiting.append(chain)
        if sum(one.size for one in waiting) > _TOGETHER_BYTES or len(waiting) >= _TOGETHER_MAX:
            job.write(store, settings, waiting)
            waiting = []
    job.write(store, settings, waiting)
    return job.report(dry_run=False)


@dataclass(slots=True)
class _Job:
    """One import: the file, and the tally of what was done with it."""

    source: Source
    importer: Importer
    tract: str
    progress: Progress | None
    branches: list[tuple[str, str]] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    messages: int = 0
    added: int = 0
    bad_more: int = 0
    seen: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, path: Any, limits: Limits, format: str, tract: str | None, progress: Progress | None
    ) -> "_Job":
        name = (
            None if tract is None else check_name(tract, "tract", bytes_max=limits.name_bytes_max)
        )
        source = Source(path, limits, counted=progress is not None)
        return cls(source, importer_for(source, format), name or name_of(source.stem), progress)

    def report(self, *, dry_run: bool) -> ImportReport:
        return ImportReport(
            path=self.source.given,
            format=self.importer.name,
            tracts=tuple(dict.fromkeys(tract for tract, _ in self.branches)),
            branches=tuple(self.branches),
            conversations=len(self.branches),
            messages=self.messages,
            added=self.added,
            bad=tuple(self.bad),
            bad_more=self.bad_more,
            dry_run=dry_run,
        )

    # Reading

    def chains(self, limits: Limits, *, strict: bool) -> Iterator[Chain]:
        """Yield the file's conversations as commits, and keep note of what is none."""
        for one in self.importer.read(self.source, self.tract):
            if isinstance(one, BadRecord):
                self._reject(one, strict=strict)
                continue
            try:
                check_name(one.tract, "tract", bytes_max=limits.name_bytes_max)
                check_name(one.branch, "branch", bytes_max=limits.name_bytes_max)
            except InvalidInput as error:
                self._reject(self.source.bad(one.place, error.message), strict=strict)
                continue
            try:
                check_json(one.metadata, "metadata")
            except InvalidInput as error:
                self._reject(self.source.bad(one.place, error.message), strict=strict)
                one = replace(one, metadata={})  # noqa: PLW2901 - the conversation, without it
            yield Chain(one, limits, lambda bad: self._reject(bad, strict=strict), self.source)

    def _reject(self, bad: BadRecord, *, strict: bool) -> None:
        if strict:
            raise InvalidInput(
                str(bad),
                kind="bad_record",
                hint="Mend it, or import without strict to leave it out.",
            )
        if len(self.bad) < _BAD_MAX:
            self.bad.append(bad)
        else:
            self.bad_more += 1

    def _diverged(self, one: Conversation, error: Conflict) -> BadRecord:
        return replace(self.source.bad(one.place, error.message), kind=error.kind)

    # Looking

    def look(self, reader: Reader, settings: Settings, chain: Chain, *, strict: bool) -> None:
        """Read a conversation, and see what writing it would do."""
        dropped = sum(len(part) for part in chain.parts())
        if not chain.ids:
            return
        new = set(chain.ids) - reader.present(chain.ids) - self.seen
        self.seen |= new
        draft = Draft(reader)
        if not dropped:
            self.carry_out(draft, settings, [chain], strict=strict, counted=False)
        else:
            self._look_at_ids(draft, chain, strict=strict)
        self.added += len(new)

    def _look_at_ids(self, draft: Draft, chain: Chain, *, strict: bool) -> None:
        one = chain.conversation
        row = draft.tract(one.tract)
        tip = None if row is None else tip_of(draft, row, BRANCH + one.branch)[0]
        try:
            reached_by(draft, tip, chain, whole=False)
        except Conflict as error:
            if strict:
                raise
            self._reject(self._diverged(one, error), strict=False)
        self.branches.append((one.tract, one.branch))
        self.messages += chain.messages

    # Writing

    def write(self, store: Store, settings: Settings, chains: Sequence[Chain]) -> None:
        """Write conversations in one transaction, and tell how far it is."""
        if any(chain.ids for chain in chains):
            with store.write() as draft:
                whole = [chain for chain in chains if chain.ids]
                self.carry_out(draft, settings, whole, strict=False)
        for number, chain in enumerate(chains, 1 - len(chains)):
            self.show(chain.conversation.expected, len(self.branches) + number)

    def carry_out(
        self,
        draft: Draft,
        settings: Settings,
        chains: Sequence[Chain],
        *,
        strict: bool,
        counted: bool = True,
    ) -> None:
        """Stage conversations on a draft, with one row in the log of each tract that changes."""
        at = micros(settings.clock())
        messages: dict[str, int] = {}
        for chain in chains:
            one = chain.conversation
            try:
                who, limits, format = settings.author, settings.limits, self.importer.name
                done = place(draft, who, at, limits, chain, format, self.source.name)
            except Conflict as error:
                if strict:
                    raise
                self._reject(self._diverged(one, error), strict=False)
                done = Placed("", 0, changed=False)
            self.branches.append((one.tract, one.branch))
            self.messages += chain.messages
            self.added += done.added if counted else 0
            if done.changed:
                messages[done.tract] = messages.get(done.tract, 0) + chain.messages
        for tract, count in messages.items():
            arguments = {"format": self.importer.name, "file": self.source.name, "messages": count}
            draft.log(tract, "import", settings.author, at, arguments)

    def show(self, expected: int, done: int | None = None) -> None:
        """Tell whoever wants to know how far it is."""
        if self.progress is not None:
            done = len(self.branches) if done is None else done
            self.progress(done, max(done, expected))
