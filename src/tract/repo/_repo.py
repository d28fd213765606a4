"""A store opened by someone: one tract of it, who writes, when, and with which content types.

Every verb is handed a `Repo` and nothing else. It is frozen; what changes is the HEAD it points
at, the open batches, and caches of what never changes. All reading goes through `read`, all
writing through `write`: one operation in one transaction, or a step of the batch that the caller
is in.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from tract.compile import (
    CompiledContext,
    CompileOptions,
    ContextCompiler,
    Gauge,
    Tally,
    TokenBudget,
)
from tract.errors import (
    Closed,
    Corrupt,
    DetachedHead,
    InvalidInput,
    NotFound,
    StateError,
    printable,
)
from tract.objects import (
    Actor,
    Clock,
    ContentTypes,
    Limits,
    State,
    canonical,
    check_json,
    check_name,
    micros,
    parse,
)
from tract.repo._head import BRANCH, Batch, Head, Lifetime, Position, Who, whoever
from tract.repo._hold import holding, refuse_to_wait_for_oneself
from tract.store import Draft, Payload, Reader, Store, TractRow

T = TypeVar("T")
_CONTEXTS_MAX = 4


@dataclass(slots=True)
class Cache:
    """What reading found and need not be found again: payloads, contexts, what tokens become."""

    payloads: dict[str, Payload] = field(default_factory=dict)
    contexts: list[tuple[CompileOptions, CompiledContext]] = field(default_factory=list)
    gauge: Gauge | None = None

    def keep_context(self, options: CompileOptions, context: CompiledContext) -> None:
        """Remember a context as the newest of its options."""
        rest = [(known, old) for known, old in self.contexts if known != options]
        self.contexts = [*rest[-_CONTEXTS_MAX + 1 :], (options, context)]

    def context(self, options: CompileOptions) -> CompiledContext | None:
        """Return the last context made with these options."""
        return next((context for known, context in self.contexts if known == options), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a handle works; the part of a `Repo` that tracts of a session share.

    Attributes:
        types: the content types that it knows.
        tally: how it counts tokens.
        clock: where times come from.
        author: who writes, unless a call says otherwise.
        limits: what it accepts at most.
        budget: what a compiled context may use, or None.
        compiler: the caller's own way from entries to messages, or None.
        model: the model that the caller named, or None.
        provider: the provider that the caller named, or None.
        counted_by_caller: whether the tokenizer is the caller's own, so that its counts hold as they are.
        lifetime: ends for all handles at once.
    """

    types: ContentTypes
    tally: Tally
    clock: Clock
    author: Actor
    limits: Limits
    budget: TokenBudget | None = None
    compiler: ContextCompiler | None = None
    model: str | None = None
    provider: str | None = None
    counted_by_caller: bool = False
    lifetime: Lifetime = field(default_factory=Lifetime)

    def check_open(self) -> None:
        """Refuse to go on after the end.

        Raises:
            Closed: the session was closed.
        """
        if self.lifetime.closed:
            raise Closed("the session is closed", hint="Open it again.")


@dataclass(frozen=True, slots=True)
class Repo:
    """One tract of an open store.

    Attributes:
        store: where it is kept.
        tract: the tract's id.
        settings: how this handle works.
        head: where it stands.
        cache: what reading found.
    """

    store: Store
    tract: str
    settings: Settings
    head: Head
    cache: Cache = field(default_factory=Cache)
    batches: dict[Who, Batch] = field(default_factory=dict)

    def now(self) -> int:
        """Return the clock's time in microseconds since the Unix epoch."""
        return time_of(self.settings.clock)

    def batch_here(self) -> Batch | None:
        """Return the batch that the calling thread or task is in, or None.

        Raises:
            Closed: the handle was closed.
        """
        if self.head.closed:
            raise Closed("this handle is closed", hint="Open the tract again.")
        self.settings.check_open()
        return self.batches.get(whoever()) if self.batches else None

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Give one consistent view; inside a batch, one that sees its writes."""
        batch = self.batch_here()
        if batch is not None and batch.draft is not None:
            yield batch.draft
        else:
            with self.store.read() as reader:
                yield reader

    def write(
        self,
        verb: str,
        work: Callable[[Draft], T],
        arguments: Mapping[str, Any] | None = None,
        *,
        actor: Actor | None = None,
        logged: bool = True,
    ) -> T:
        """Carry out one operation, all of it or nothing.

        Args:
            verb: its name in the operation log.
            work: does it on a draft and returns what the caller wants back.
            arguments: what was asked, without payloads; for the log.
            actor: who asked; the handle's author, if left out.
            logged: whether it is an operation; false only for what `undo` has no business with.
        """
        batch = self.batch_here()
        if batch is not None:
            return self._step(batch, work)
        refuse_to_wait_for_oneself(self.store)
        with self.store.write() as draft:
            result = work(draft)
            if logged:
                self._log(draft, verb, actor, arguments or {})
        return result

    def _step(self, batch: Batch, work: Callable[[Draft], T]) -> T:
        if batch.draft is None:
            refuse_to_wait_for_oneself(self.store)
            draft = batch.stack.enter_context(self.store.write())
            batch.stack.enter_context(holding(self.store))
            batch.draft = draft
        point = batch.draft.savepoint()
        position = batch.position
        try:
            result = work(batch.draft)
        except BaseException:
            batch.draft.rollback(point)
            batch.position = position
            raise
        batch.writes += 1
        return result

    def _log(
        self, draft: Draft, verb: str, actor: Actor | None, arguments: Mapping[str, Any]
    ) -> None:
        staged = draft.staged
        if staged.empty():
            return
        if staged.commits or staged.refs or staged.usages or staged.idempotent:
            # What is left is a resume point, and moving that is no operation.
            draft.log(self.tract, verb, actor or self.settings.author, self.now(), arguments)
        tally = self.settings.tally
        draft.put_counts(
            {(content, tally.counter.name): tokens for content, tokens in tally.fresh().items()}
        )

    @contextmanager
    def batch(self, message: str | None = None) -> Iterator[None]:
        """Make everything that the calling thread or task writes in the block one operation.

        Raises:
            StateError: the caller is in a batch already.
            Closed: the handle was closed.
        """
        if self.batch_here() is not None:
            raise StateError(
                "a batch is open already", kind="nested_batch", hint="Write inside the open one."
            )
        who = whoever()
        try:
            with ExitStack() as stack:
                batch = self.batches[who] = Batch(message, stack)
                yield
                if batch.draft is not None:
                    said = {"message": message} if message else {}
                    self._log(batch.draft, "batch", None, {"writes": batch.writes, **said})
            if batch.position is not None:
                self.head.position = batch.position
        finally:
            del self.batches[who]

    # Where the handle stands

    @property
    def position(self) -> Position:
        """Where the caller stands: in a batch, where the batch has got to."""
        batch = self.batches.get(whoever()) if self.batches else None
        return self.head.position if batch is None or batch.position is None else batch.position

    def stand(self, position: Position) -> None:
        """Put HEAD somewhere; out of a batch, only once it is published."""
        batch = self.batch_here()
        if batch is None:
            self.head.position = position
        else:
            batch.position = position

    def tip(self, reader: Reader) -> str | None:
        """Return the commit that HEAD is at; None on an unborn branch."""
        branch, commit = self.position
        return commit if branch is None else reader.ref(self.tract, BRANCH + branch)

    def branch_to_write(self) -> str:
        """Return the ref name of the branch that HEAD is on.

        Raises:
            DetachedHead: it is on none.
        """
        branch, commit = self.position
        if branch is None:
            raise DetachedHead(
                f"HEAD is at commit {printable(commit)[:8]}, not on a branch",
                hint="Make one here with branch(name), or switch(name) to one.",
            )
        return BRANCH + branch

    # Contents

    def payloads(self, reader: Reader, ids: Sequence[str]) -> Mapping[str, Payload]:
        """Return a mapping that has the payloads of these blobs, from the cache as far as they are there."""
        cached = self.cache.payloads
        missing = [id for id in ids if id not in cached]
        if missing:
            cached.update(reader.payloads(missing))
        return cached

    def state(self, reader: Reader, commit: str | None) -> State:
        """Return a commit's state; contents read on the way are kept as far as they are visible."""
        if commit is None:
            return ()
        seen: dict[str, Payload] = {}
        state = reader.state(commit, seen)
        if seen:
            cached = self.cache.payloads
            cached.update(seen)
            if len(cached) > 2 * len(state) + 1000:
                self.cache.payloads = {
                    slot.content: cached[slot.content] for slot in state if slot.content in cached
                }
        return state


def time_of(clock: Clock) -> int:
    """Return a clock's time in microseconds since the Unix epoch.

    Raises:
        InvalidInput: the clock gives something else, or a time without a zone.
    """
    now = clock()
    if not isinstance(now, datetime):
        raise InvalidInput(
            f"the clock gives {printable(type(now).__name__)}, no datetime",
            kind="invalid_time",
            hint="Use a function that returns an aware datetime.",
        )
    return micros(now)


def tract_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a tract's metadata as an object of its own.

    Raises:
        InvalidInput: it is no JSON object.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise InvalidInput(
            f"metadata is {printable(type(metadata).__name__)}, no dict",
            kind="invalid_metadata",
            hint="Give a dict of JSON values.",
        )
    check_json(metadata, "metadata")
    return dict(parse(canonical(dict(metadata))))


def new_tract_id(name: str, at: int, author: Actor) -> str:
    """Return the id of a tract made now: it depends on name, time and author alone."""
    return hashlib.sha256(b"tract:tract:1\n" + canonical([name, at, list(author)])).hexdigest()[:32]


def make_tract(
    draft: Draft,
    name: str,
    *,
    at: int,
    author: Actor,
    limits: Limits,
    branch: str | None = "main",
    metadata: Mapping[str, Any] | None = None,
    parent: str | None = None,
) -> TractRow:
    """Stage a new tract with its first branch, and log it.

    Args:
        draft: where it is staged.
        name: its name.
        at: microseconds since the Unix epoch.
        author: who makes it.
        limits: what names may be.
        branch: its first branch; None for none yet.
        metadata: the caller's data.
        parent: id of the tract that it is spawned from.

    Raises:
        InvalidInput: a name breaks git's rules, or the metadata is no JSON object.
    """
    check_name(name, "tract", bytes_max=limits.name_bytes_max)
    check_name(branch or "main", "branch", bytes_max=limits.name_bytes_max)
    row = TractRow(
        new_tract_id(name, at, author),
        name,
        at,
        parent,
        tract_metadata(metadata),
        BRANCH + (branch or "main"),
    )
    draft.put_tract(row)
    if branch is not None:
        draft.move(row.id, BRANCH + branch, None, make=True)
    draft.log(row.id, "create", author, at, {"name": name})
    return row


def open_tract(
    store: Store, settings: Settings, tract: str, *, branch: str | None = None, create: bool = True
) -> Repo:
    """Return a handle on one tract of a store.

    Args:
        store: the open store.
        settings: how the handle works.
        tract: name or id of the tract.
        branch: where it stands; where the tract was left, if None.
        create: whether a missing tract is made.

    Raises:
        NotFound: there is no such tract or branch.
    """
    settings.check_open()
    bytes_max = settings.limits.name_bytes_max
    check_name(tract, "tract", bytes_max=bytes_max)
    if branch is not None:
        check_name(branch, "branch", bytes_max=bytes_max)
    with store.read() as reader:
        row = reader.tract(tract)
        if row is not None:
            return Repo(store, row.id, settings, Head(_position(reader, row, branch)))
    if not create or store.read_only:
        raise NotFound(
            f"tract {printable(repr(tract))} is not in {printable(store.location)}",
            kind="unknown_tract",
            hint=_tracts(store),
        )
    refuse_to_wait_for_oneself(store)
    with store.write() as draft:
        row = draft.tract(tract)
        if row is None:
            at = time_of(settings.clock)
            row = make_tract(
                draft,
                tract,
                at=at,
                author=settings.author,
                limits=settings.limits,
                branch=branch or "main",
            )
        return Repo(store, row.id, settings, Head(_position(draft, row, branch)))


def _tracts(store: Store) -> str:
    with store.read() as reader:
        names = [printable(row.name, limit=40) for row in reader.tracts()]
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return f"There are: {shown}." if names else "The store has no tracts yet."


def _position(reader: Reader, row: TractRow, branch: str | None) -> Position:
    refs = reader.refs(row.id)
    names = [name.removeprefix(BRANCH) for name in refs if name.startswith(BRANCH)]
    if branch is not None:
        if branch not in names:
            raise NotFound(
                f"branch {printable(repr(branch))} is not in tract {printable(row.name)}",
                kind="unknown_branch",
                hint=f"There are: {', '.join(names[:10])}. Open without branch= and make it with branch(name).",
            )
        return Position(branch)
    if row.resume.startswith(BRANCH):
        name = row.resume.removeprefix(BRANCH)
        if name in names:
            return Position(name)
    elif reader.present([row.resume]):
        return Position(None, row.resume)
    # Whatever takes a branch away moves the resume point with it, so this is damage.
    raise Corrupt(
        f"{printable(row.resume)}, where tract {printable(row.name)} was left, is not there",
        object=f"tract {row.name}",
        hint=f"Switch to a branch, or open it with branch=; there are: {', '.join(names[:10])}.",
    )
