"""Looking: log, show, entries and compile. Nothing here changes anything."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

from tract.compile import (
    CompiledContext,
    CompileOptions,
    ContextCompiler,
    TokenBudget,
    compile_context,
)
from tract.errors import InvalidInput, printable
from tract.graph import newest_first
from tract.objects import (
    Actor,
    Commit,
    CommitDetail,
    CommitInfo,
    Entry,
    State,
    micros,
    payload_text,
)
from tract.repo import Repo, resolve
from tract.store import Reader
from tract.verbs._history import branch_tip
from tract.verbs._info import info_of, infos
from tract.verbs._learn import learner

_PAGE = 200


def head(repo: Repo) -> CommitInfo | None:
    """Return the commit that HEAD is at, or None before the first."""
    with repo.read() as reader:
        tip = repo.tip(reader)
        return None if tip is None else infos(repo, reader, [reader.commit(tip)])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which commits a log shows."""

    author: Actor | str | None = None
    made_with: Any = None
    content_type: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    grep: str | None = None

    def check(self) -> None:
        """Refuse what cannot be compared.

        Raises:
            InvalidInput: naming the filter.
        """
        for name in ("author", "content_type", "tag", "grep"):
            value = getattr(self, name)
            if value is not None and not (value and isinstance(value, str | tuple)):
                raise _unfit(name, value, "a text")
        if self.made_with is not None and not isinstance(self.made_with, str | Mapping):
            raise _unfit("made_with", self.made_with, "a model's name or a dict of settings")
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None:
                if not isinstance(value, datetime):
                    raise _unfit(name, value, "an aware datetime")
                micros(value)

    def passes(self, info: CommitInfo, text: str) -> bool:
        """Return whether a commit is shown."""
        return (
            (self.author is None or _is_author(info.author, self.author))
            and (self.made_with is None or _made_with(info, self.made_with))
            and (self.content_type is None or info.content_type == self.content_type)
            and (self.tag is None or self.tag in info.tags)
            and (self.since is None or info.at >= self.since)
            and (self.until is None or info.at <= self.until)
            and (self.grep is None or self.grep.casefold() in f"{info.message}\n{text}".casefold())
        )


def _unfit(name: str, value: object, wanted: str) -> InvalidInput:
    return InvalidInput(
        f"log filter {name}={printable(repr(value))} cannot be used",
        kind="invalid_filter",
        hint=f"Give {wanted}.",
    )


def _is_author(actor: Actor, wanted: Actor | str) -> bool:
    if isinstance(wanted, Actor):
        return actor == wanted
    return wanted in (str(actor), actor.kind, actor.name)


def _made_with(info: CommitInfo, wanted: Any) -> bool:
    config = info.made_with or {}
    if isinstance(wanted, str):
        return config.get("model") == wanted
    return all(config.get(name) == value for name, value in dict(wanted).items())


def log(
    repo: Repo,
    limit: int | None = 20,
    *,
    start: Any = None,
    branch: str | None = None,
    all: bool = False,
    first_parent: bool = True,
    **filters: Any,
) -> list[CommitInfo]:
    """Return commits, newest first."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidInput(
            f"limit {printable(repr(limit))} is no whole number from 0",
            kind="invalid_limit",
            hint="Give how many commits at most, or None for all.",
        )
    limit = None if limit is None else min(limit, sys.maxsize)
    if (branch is not None) + (start is not None) + bool(all) > 1:
        raise InvalidInput(
            "start, branch and all exclude each other",
            kind="invalid_target",
            hint="Give one of them.",
        )
    wanted = LogFilter(**filters)
    wanted.check()
    plain = wanted == LogFilter()
    with repo.read() as reader:
        commits = _commits(repo, reader, start, branch, all, first_parent, limit if plain else None)
        if plain:
            return infos(repo, reader, list(islice(commits, limit)))
        return list(islice(_filtered(repo, reader, commits, wanted), limit))


def _commits(
    repo: Repo,
    reader: Reader,
    start: Any,
    branch: str | None,
    every: bool,
    first_parent: bool,
    limit: int | None,
) -> Iterator[Commit]:
    if every:
        tips = [tip for tip in reader.refs(repo.tract).values() if tip is not None]
        return newest_first(tips, reader.commit)
    if branch is not None:
        tip = branch_tip(repo, reader, branch)
    else:
        tip = repo.tip(reader) if start is None else resolve(repo, reader, start)
    if tip is None:
        return iter(())
    return reader.line(tip, limit) if first_parent else newest_first([tip], reader.commit)


def _filtered(
    repo: Repo, reader: Reader, commits: Iterator[Commit], wanted: LogFilter
) -> Iterator[CommitInfo]:
    while page := list(islice(commits, _PAGE)):
        # Not through the handle's cache: that is for what is visible, and this may be all of history.
        payloads = reader.payloads([b for c in page for b in (c.content, c.note) if b is not None])
        for commit in page:
            info = info_of(repo, commit, payloads)
            text = (
                ""
                if commit.content is None
                else payload_text(payloads[commit.content], repo.settings.types)
            )
            if wanted.passes(info, text):
                yield info


def show(repo: Repo, target: Any) -> CommitDetail:
    """Return everything that a commit says."""
    with repo.read() as reader:
        commit = reader.commit(resolve(repo, reader, target))
        info = infos(repo, reader, [commit])[0]
        noted = [
            blob
            for blob in (commit.content, commit.note, *(mark.note for _, mark in commit.marks))
            if blob
        ]
        payloads = repo.payloads(reader, noted)
        usage = tuple(usage.body for usage in reader.usages(repo.tract, [commit.id]))
    payload = None if commit.content is None else payloads[commit.content]
    said: dict[str, Any] = {}
    for blob in noted:
        if blob != commit.content:
            said.update(payloads[blob])
    return CommitDetail(
        info=info,
        content=None if payload is None else repo.settings.types.load(payload),
        text="" if payload is None else payload_text(payload, repo.settings.types),
        replaces=commit.replaces,
        marks=dict(commit.marks),
        origin=commit.origin,
        based_on=commit.based_on,
        sources=commit.sources,
        reason=said.get("reason"),
        retain=said.get("retain"),
        usage=usage,
    )


def _at(repo: Repo, reader: Reader, at: Any) -> str | None:
    return repo.tip(reader) if at is None else resolve(repo, reader, at)


def entries(repo: Repo, at: Any = None) -> list[Entry]:
    """Return the entries of a state, in the order of the context."""
    types = repo.settings.types
    with repo.read() as reader:
        state = repo.state(reader, _at(repo, reader, at))
        payloads = repo.payloads(reader, [slot.content for slot in state])
        return [
            Entry(slot.entry_id, slot.commit, slot.mark, payloads[slot.content], types)
            for slot in state
        ]


def compile_at(
    repo: Repo,
    at: Any = None,
    *,
    token_budget: TokenBudget | int | None = None,
    compiler: ContextCompiler | None = None,
    views: Iterable[Any] = (),
    on_invalid: Any = "repair",
    pending: Any = "drop",
    tools: Sequence[dict[str, Any]] | None = None,
) -> CompiledContext:
    """Return what a model would be sent at a commit."""
    budget = repo.settings.budget if token_budget is None else TokenBudget.of(token_budget)
    options = CompileOptions(
        on_invalid=on_invalid,
        pending=pending,
        tools=tools,
        budget=budget,
        views=_views(views),
        compiler=repo.settings.compiler if compiler is None else compiler,
    )
    with repo.read() as reader:
        commit = _at(repo, reader, at)
        return compiled(repo, reader, commit, repo.state(reader, commit), options)


def compiled(
    repo: Repo, reader: Reader, commit: str | None, state: State, options: CompileOptions
) -> CompiledContext:
    """Return what a state compiles to, with what the handle compiled last in mind."""
    context = compile_context(
        commit,
        state,
        lambda ids: repo.payloads(reader, ids),
        types=repo.settings.types,
        tally=repo.settings.tally,
        options=options,
        previous=repo.cache.context(options),
        gauge=learner(repo),
    )
    repo.cache.keep_context(options, context)
    return context


def without_budget(repo: Repo) -> Repo:
    """Return the handle without its budget, for looking: that must neither warn, raise nor drop."""
    return replace(repo, settings=replace(repo.settings, budget=None))


def _views(views: Any) -> tuple[Any, ...]:
    if isinstance(views, str) or not isinstance(views, Iterable):
        raise InvalidInput(
            f"views is {printable(type(views).__name__)}, no list",
            kind="invalid_option",
            hint="Give a list of callables on entries.",
        )
    return tuple(views)
