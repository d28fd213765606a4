"""Opening: from what a caller says to a handle on one tract.

Every argument is checked before anything is opened, and what was opened is closed again if
something fails.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tract.compile import (
    ContextCompiler,
    Counter,
    Method,
    Tally,
    TokenBudget,
    as_counter,
    counter_for,
)
from tract.errors import InvalidInput, NotFound, TractError, TractExists, printable
from tract.objects import (
    Actor,
    Content,
    ContentTypes,
    Limits,
    TractInfo,
    check_name,
    moment,
    utc_now,
)
from tract.repo import (
    BRANCH,
    Repo,
    Settings,
    make_tract,
    open_tract,
    refuse_to_wait_for_oneself,
    time_of,
)
from tract.store import Reader, Store, TractRow, open_store
from tract.verbs._learn import Learner


def open_at(
    location: "str | os.PathLike[str] | Store | None",
    *,
    create: bool = True,
    read_only: bool = False,
    durability: str = "full",
    busy_timeout: float = 5.0,
    model: str | None = None,
    provider: str | None = None,
    token_budget: TokenBudget | int | None = None,
    tokenizer: Any = None,
    compiler: ContextCompiler | None = None,
    content_types: Iterable[type[Content]] = (),
    author: Actor | str | None = None,
    clock: Callable[[], datetime] | None = None,
    limits: Limits | None = None,
) -> tuple[Store, Settings]:
    """Open a store, and settle how its handles work. Arguments are checked before anything is opened."""
    writer = Actor("application", "") if author is None else Actor.of(author)
    budget = None if token_budget is None else TokenBudget.of(token_budget)
    if isinstance(content_types, type) or not isinstance(content_types, Iterable):
        raise InvalidInput(
            f"content_types is {printable(repr(content_types))}, no list of classes",
            kind="invalid_config",
            hint="Give content_types=(YourType,).",
        )
    types = ContentTypes(content_types)
    for name, text in (("model", model), ("provider", provider)):
        if text is not None and not isinstance(text, str):
            raise InvalidInput(
                f"{name} is {printable(type(text).__name__)}, no text",
                kind="invalid_config",
                hint=f"Give the {name}'s name.",
            )
    _check(limits, clock, compiler)
    counting = counter_for(model, provider)
    if tokenizer is not None:  # the caller's own counts need no correction
        counting = as_counter(tokenizer), 1.0, "exact"
    store = open_store(
        location,
        create=create,
        read_only=read_only,
        durability=durability,
        busy_timeout=busy_timeout,
    )

    settings = Settings(
        types=types,
        tally=_tally(store, counting),
        clock=clock or utc_now,
        author=writer,
        limits=limits or Limits(),
        budget=budget,
        compiler=compiler,
        model=model,
        provider=provider,
        counted_by_caller=tokenizer is not None,
    )
    return store, settings


def _check(limits: Any, clock: Any, compiler: Any) -> None:
    if limits is not None and not isinstance(limits, Limits):
        raise InvalidInput(
            f"limits is {printable(type(limits).__name__)}, no Limits",
            kind="invalid_config",
            hint="Give Limits(...).",
        )
    if clock is not None and not callable(clock):
        raise InvalidInput(
            f"clock is {printable(type(clock).__name__)}, no function",
            kind="invalid_config",
            hint="Give a function that returns a datetime.",
        )
    if compiler is not None and not isinstance(compiler, ContextCompiler):
        raise InvalidInput(
            f"compiler is {printable(type(compiler).__name__)}, which has no compile(entries)",
            kind="invalid_config",
            hint="See ContextCompiler.",
        )


def _tally(store: Store, counting: tuple[Counter, float, Method]) -> Tally:
    """Return what counts for a store's handles, with the counts that the store knows already."""
    counter, ratio, method = counting

    def stored(ids: Sequence[str]) -> Mapping[str, int]:
        try:
            with store.read() as reader:
                return reader.counts(ids, counter.name)
        except TractError:  # counting must work on after the store is closed
            return {}

    return Tally(counter, ratio=ratio, method=method, stored=stored if counter.name else None)


def open_one(
    location: Any, *, tract: str = "main", branch: str | None = None, **options: Any
) -> Repo:
    """Open a store and one tract of it; on failure nothing stays open, and nothing new is made."""
    limits = options.get("limits")
    bytes_max = limits.name_bytes_max if isinstance(limits, Limits) else Limits().name_bytes_max
    check_name(tract, "tract", bytes_max=bytes_max)
    if branch is not None:
        check_name(branch, "branch", bytes_max=bytes_max)
    store, settings = open_at(location, **options)
    try:
        return open_tract(store, settings, tract, branch=branch, create=options.get("create", True))
    except BaseException:
        if store is not location:
            store.close()
        raise


def create_tract(
    store: Store,
    settings: Settings,
    name: str | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
) -> Repo:
    """Make a tract in an open store and return a handle on it."""
    settings.check_open()
    refuse_to_wait_for_oneself(store)
    with store.write() as draft:
        taken = {row.name for row in draft.tracts()}
        chosen = (
            name
            if name is not None
            else next(f"tract-{n}" for n in range(1, len(taken) + 2) if f"tract-{n}" not in taken)
        )
        check_name(chosen, "tract", bytes_max=settings.limits.name_bytes_max)
        if chosen in taken:
            raise TractExists(
                f"tract {printable(repr(chosen))} is there already",
                hint="Use tract(name) to open it, or another name.",
            )
        row = make_tract(
            draft,
            chosen,
            at=time_of(settings.clock),
            author=settings.author,
            limits=settings.limits,
            metadata=metadata,
        )
    return open_tract(store, settings, row.id, create=False)


def list_tracts(store: Store, settings: Settings) -> list[TractInfo]:
    """Return all tracts of a store, oldest first."""
    settings.check_open()
    with store.read() as reader:
        return [_info(reader, row) for row in reader.tracts()]


def _info(reader: Reader, row: TractRow) -> TractInfo:
    refs = reader.refs(row.id)
    branches = {name: tip for name, tip in refs.items() if name.startswith(BRANCH)}
    tip = branches.get(row.resume) if row.resume.startswith(BRANCH) else row.resume
    return TractInfo(
        id=row.id,
        name=row.name,
        parent=row.parent,
        created_at=moment(row.created_at),
        branches=len(branches),
        commits=0 if tip is None else reader.length(tip),
        metadata=dict(row.metadata),
    )


def tract_info(repo: Repo) -> TractInfo:
    """Return what is known of the handle's tract."""
    with repo.read() as reader:
        row = reader.tract(repo.tract)
        if row is None:
            raise NotFound(
                f"tract {repo.tract[:8]} is no longer in the store",
                kind="unknown_tract",
                hint="Open the store again, and look at the tracts there are.",
            )
        return _info(reader, row)


def open_existing(
    store: Store, settings: Settings, name_or_id: str, branch: str | None = None
) -> Repo:
    """Return a handle on a tract that is there."""
    return open_tract(store, settings, name_or_id, branch=branch, create=False)


def close(repo: Repo, *, owner: bool) -> None:
    """Close a handle, and its store where the handle owns it."""
    if isinstance(repo.cache.gauge, Learner):
        repo.cache.gauge.settle()  # contexts are counted after it, too
    repo.head.closed = True
    close_store(repo.store, owner=owner)


def close_session(store: Store, settings: Settings, *, owner: bool) -> None:
    """Close a session: every handle it gave, and its store where it owns it."""
    settings.lifetime.closed = True
    close_store(store, owner=owner)


def close_store(store: Store, *, owner: bool) -> None:
    """Close a store where the caller owns it."""
    if owner:
        store.close()


def described(repo: Repo) -> str:
    """Return a handle in a few words, without asking the store."""
    branch, commit = repo.position
    place = branch if branch is not None else f"detached at {str(commit)[:8]}"
    return f"{printable(repo.store.location)!r}, tract={repo.tract[:8]}, {printable(place)}{', closed' if repo.head.closed else ''}"
