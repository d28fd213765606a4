"""Where a tract stands, where the tokens of its context go, and what was paid for it so far.

The short form is cheap enough for every turn of an agent. The long one takes the context apart,
looks for texts that stand in it more than once, and adds up what providers reported, priced by
their own word where they gave one and by the price lists otherwise.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any, NamedTuple

from tract.compile import FRAME, CompiledContext, CompileOptions, Piece, TokenCount, breakdown
from tract.errors import printable
from tract.llm import price_of
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    Priority,
    State,
    canonical,
    moment,
    part_payload,
    payload_line,
    payload_text,
)
from tract.repo import Repo, Settings
from tract.store import Payload, Reader, Usage
from tract.verbs._learn import Counting, call_of, learner
from tract.verbs._read import compiled

LARGEST_MAX = 20
REPEATED_TOKENS_MIN = 20
REPEATS_MAX = 20
_PREVIEW_CHARS = 120


class TokenShare(NamedTuple):
    """A part of a context.

    Attributes:
        name: what it is: a role, a content type or a tool's name; "frame" for tool definitions and
            the start of the reply; "" among the tools for all that has to do with none.
        tokens: what it takes.
        share: its part of the context, 0.0 to 1.0.
        messages: how many messages have something of it.
    """

    name: str
    tokens: int
    share: float
    messages: int


class LargeEntry(NamedTuple):
    """An entry of the context and what it takes.

    Attributes:
        entry: entry id.
        commit: id of the commit that its content comes from.
        role: who speaks it.
        tool: the tool that it is the result of, or "".
        tokens: what it takes.
        share: its part of the context, 0.0 to 1.0.
        text: the beginning of what it says, on one printable line.
    """

    entry: str
    commit: str
    role: str
    tool: str
    tokens: int
    share: float
    text: str


class RepeatedText(NamedTuple):
    """A text that stands in the context more than once.

    Attributes:
        role: who speaks it.
        times: how often it stands there.
        tokens: what one of them takes.
        wasted: what all of them but one take.
        commits: the commits that provide it, in the order of the context.
        text: its beginning, on one printable line.
    """

    role: str
    times: int
    tokens: int
    wasted: int
    commits: tuple[str, ...]
    text: str


class Spending(NamedTuple):
    """What the calls of a tract came to, as far as usage was recorded.

    Attributes:
        calls: how many calls usage was recorded for.
        input: tokens sent, those from and to the cache included.
        output: tokens that came back.
        cache_read: tokens sent that were read from the provider's cache.
        cache_write: tokens sent that were written to it.
        reasoning: tokens of the output that were reasoning.
        cost: US dollars: what was recorded, and the list price of the calls without a recorded
            cost; None where no price is known for any call.
        listed: how many calls were priced by the list.
        unpriced: how many calls no price is known for.
        cache_share: part of the input that was read from the cache, 0.0 to 1.0.
        models: the same by model, the dearest first; empty in the parts themselves.
        model: the model, in such a part.
    """

    calls: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cost: float | None = None
    listed: int = 0
    unpriced: int = 0
    cache_share: float = 0.0
    models: tuple["Spending", ...] = ()
    model: str | None = None


class StatusDetail(NamedTuple):
    """Where the tokens of a context go; each of the first three adds up to the whole.

    Attributes:
        roles: by who speaks, an assistant's reasoning apart.
        types: by content type.
        tools: by the tool that was called or answered.
        entries: the largest entries, at most 20.
        repeats: texts of 20 tokens and more that stand there more than once, at most 20.
        repeated: tokens of all repeats, one of each left out.
        spending: what was paid for the calls so far.
    """

    roles: tuple[TokenShare, ...]
    types: tuple[TokenShare, ...]
    tools: tuple[TokenShare, ...]
    entries: tuple[LargeEntry, ...]
    repeats: tuple[RepeatedText, ...]
    repeated: int
    spending: Spending


@dataclass(frozen=True, slots=True)
class Status:
    """Where a tract stands, and how full its context is.

    Attributes:
        tract: its name.
        tract_id: its id.
        location: where the store is.
        branch: the branch that HEAD is on, or None when detached.
        head: id of the commit that HEAD is at, or None before the first.
        commits: commits on the first-parent line of HEAD.
        entries: entries of the state.
        pinned: how many of them are pinned.
        important: how many are important.
        skipped: how many are skipped.
        messages: messages of the compiled context.
        repairs: what compiling mended.
        tokens: what would be sent, in tokens.
        counting: how they are counted.
        budget: tokens that the context may use, or None.
        share: part of the budget that is used, from 0.0 up, or None.
        action: what happens over budget, or None.
        last_usage: the newest usage that a provider reported, or None.
        detail: where the tokens go, if that was asked for.
    """

    tract: str
    tract_id: str
    location: str
    branch: str | None
    head: str | None
    commits: int
    entries: int
    pinned: int
    important: int
    skipped: int
    messages: int
    repairs: int
    tokens: TokenCount
    counting: Counting = field(default_factory=lambda: Counting(None, None, ""))
    budget: int | None = None
    share: float | None = None
    action: str | None = None
    last_usage: dict[str, Any] | None = None
    detail: StatusDetail | None = None

    @property
    def detached(self) -> bool:
        """Whether HEAD is on no branch."""
        return self.branch is None


def status(repo: Repo, *, detail: bool = False) -> Status:
    """Return where the tract stands; counts what would be sent without any budget action."""
    settings = repo.settings
    budget = settings.budget
    with repo.read() as reader:
        tip = repo.tip(reader)
        row = reader.tract(repo.tract)
        state = repo.state(reader, tip)
        commits = 0 if tip is None else reader.length(tip)
        usages = reader.usages(repo.tract)
        # Looking must neither warn, raise nor drop anything.
        options = CompileOptions(compiler=settings.compiler)
        context = compiled(repo, reader, tip, state, options)
        learner(repo).noticed(len(usages))
        told = _detail(repo, reader, state, context, usages) if detail else None
    tokens = context.tokens
    marks = [slot.mark.priority for slot in state]
    available = None if budget is None else budget.available
    return Status(
        tract=row.name if row is not None else repo.tract,
        tract_id=repo.tract,
        location=repo.store.location,
        branch=repo.position.branch,
        head=tip,
        commits=commits,
        entries=len(state),
        pinned=marks.count(Priority.PINNED),
        important=marks.count(Priority.IMPORTANT),
        skipped=marks.count(Priority.SKIP),
        messages=len(context.messages),
        repairs=len(context.repairs),
        tokens=tokens,
        counting=learner(repo).counting(),
        budget=available,
        share=None if available is None else int(tokens) / available,
        action=None
        if budget is None
        else budget.action
        if isinstance(budget.action, str)
        else "callback",
        last_usage=dict(usages[-1].body) if usages else None,
        detail=told,
    )


# --- where the tokens go ---------------------------------------------------------------------


def _detail(
    repo: Repo,
    reader: Reader,
    state: State,
    context: CompiledContext,
    usages: Sequence[Usage],
) -> StatusDetail:
    pieces = breakdown(context)
    payloads = repo.payloads(reader, [slot.content for slot in state])
    payload_of = {slot.commit: payloads[slot.content] for slot in state}
    total = int(context.tokens)

    def kind(piece: Piece) -> str:
        if piece.message < 0:
            return FRAME
        commits = context.messages[piece.message].commits
        payload = payload_of.get(commits[0]) if commits else None
        return "repair" if payload is None else str(payload["content_type"])

    largest, repeats = _entries(repo, state, payload_of, context, pieces)
    return StatusDetail(
        _shares(pieces, lambda piece: piece.role, total),
        _shares(pieces, kind, total),
        _shares(pieces, lambda piece: FRAME if piece.role == FRAME else piece.tool, total),
        largest,
        repeats[:REPEATS_MAX],
        sum(repeat.wasted for repeat in repeats),
        _spending(reader, usages, repo.settings),
    )


def _shares(
    pieces: Iterable[Piece], name_of: Callable[[Piece], str], total: int
) -> tuple[TokenShare, ...]:
    tokens: Counter[str] = Counter()
    messages: defaultdict[str, set[int]] = defaultdict(set)
    for piece in pieces:
        name = name_of(piece)
        tokens[name] += piece.tokens
        messages[name].add(piece.message)
    return tuple(
        TokenShare(name, count, count / total, len(messages[name] - {-1}))
        for name, count in sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    )


class _Saying(NamedTuple):
    """What makes one message a repeat of another: the same words, and the same calls."""

    role: str
    text: str
    calls: tuple[tuple[str, str], ...]
    media: tuple[bytes, ...]

    @classmethod
    def of(cls, message: Message, text: str) -> "_Saying":
        calls = tuple([(call.name, call.arguments) for call in message.tool_calls])
        media = [part for part in message.parts if isinstance(part, MediaPart | OpaquePart)]
        return cls(message.role, text, calls, tuple([canonical(part_payload(m)) for m in media]))


def _entries(
    repo: Repo,
    state: State,
    payload_of: Mapping[str, Payload],
    context: CompiledContext,
    pieces: Iterable[Piece],
) -> tuple[tuple[LargeEntry, ...], tuple[RepeatedText, ...]]:
    """Return the largest entries, and the texts that stand there more than once."""
    types = repo.settings.types
    tokens: Counter[str] = Counter()
    tools: dict[str, str] = {}
    messages: dict[str, Message] = {}
    for piece in pieces:
        commits = context.messages[piece.message].commits if piece.message >= 0 else ()
        if commits:
            tokens[commits[0]] += piece.tokens
            messages[commits[0]] = context.messages[piece.message]
            if piece.role == "tool":
                tools[commits[0]] = piece.tool
    total = int(context.tokens)
    large = []
    same: defaultdict[_Saying, list[str]] = defaultdict(list)
    entry_of = {slot.commit: slot.entry_id for slot in state}
    shown = [slot.commit for slot in state if slot.commit in tokens]
    for commit in shown:
        if tokens[commit] >= REPEATED_TOKENS_MIN:
            text = payload_text(payload_of[commit], types)
            same[_Saying.of(messages[commit], text)].append(commit)
    for commit in sorted(shown, key=lambda one: -tokens[one])[:LARGEST_MAX]:
        count = tokens[commit]
        text = _preview(payload_line(payload_of[commit], types))
        role, tool = messages[commit].role, tools.get(commit, "")
        large.append(LargeEntry(entry_of[commit], commit, role, tool, count, count / total, text))
    repeats = [
        RepeatedText(
            said.role,
            len(commits),
            tokens[commits[0]],
            sum(tokens[commit] for commit in commits[1:]),
            tuple(commits),
            _preview(said.text),
        )
        for said, commits in same.items()
        if len(commits) > 1 and said.text
    ]
    repeats.sort(key=lambda repeat: -repeat.wasted)
    return tuple(large), tuple(repeats)


def _preview(text: str) -> str:
    return printable(" ".join(text[: _PREVIEW_CHARS * 4].split()), limit=_PREVIEW_CHARS)


# --- what was paid ---------------------------------------------------------------------------

_FIGURES = ("input", "output", "cache_read", "cache_write", "reasoning")


class _Bill:
    """Adds up calls."""

    def __init__(self) -> None:
        self.sums: Counter[str] = Counter()
        self.costs: list[float] = []
        self.listed = 0
        self.unpriced = 0

    def add(self, usage: Mapping[str, Any], cost: float | None, *, listed: bool) -> None:
        self.sums.update({name: int(usage.get(name) or 0) for name in _FIGURES})
        self.sums["calls"] += 1
        if cost is None:
            self.unpriced += 1
        else:
            self.costs.append(cost)
            self.listed += listed

    def total(self, model: str | None = None, models: tuple[Spending, ...] = ()) -> Spending:
        sums = self.sums
        return Spending(
            calls=sums["calls"],
            input=sums["input"],
            output=sums["output"],
            cache_read=sums["cache_read"],
            cache_write=sums["cache_write"],
            reasoning=sums["reasoning"],
            cost=fsum(self.costs) if self.costs else None,
            listed=self.listed,
            unpriced=self.unpriced,
            cache_share=min(sums["cache_read"] / sums["input"], 1.0) if sums["input"] else 0.0,
            models=models,
            model=model,
        )


def _spending(reader: Reader, usages: Sequence[Usage], settings: Settings) -> Spending:
    whole, bills = _Bill(), defaultdict[str | None, _Bill](_Bill)
    # A call may have been reported while its reply was still coming in, and again at its end.
    calls = {usage.body.get("call") or number: usage for number, usage in enumerate(usages)}
    for usage in calls.values():
        call = call_of(reader, usage, settings)
        cost = usage.body.get("cost")
        listed = cost is None
        if listed:
            cost = price_of(usage.body, call.model, call.provider, moment(usage.at))
        for bill in (whole, bills[call.model]):
            bill.add(usage.body, cost, listed=listed)
    models = [bill.total(model) for model, bill in bills.items()]
    models.sort(key=lambda one: (-(one.cost or 0.0), -one.input))
    return whole.total(models=tuple(models))
