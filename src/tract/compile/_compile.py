"""From a state to a compiled context: everything anew, or on from the one before.

Cold, the whole state goes through every stage: payloads, marks, views, rendering, repairs, budget.
Warm, an earlier context of the same history is gone on with: if its state is the start of the new
one and nothing new reaches back into what is settled, only what is new is looked at. Both ways
give the same context; where that is in any doubt, the warm way gives up and the cold one is taken.
"""

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any, NamedTuple

from tract.compile._budget import is_over, leave_out
from tract.compile._context import CompiledContext, Inner, copied
from tract.compile._explain import Memo
from tract.compile._ledger import Ledger
from tract.compile._options import CompileOptions
from tract.compile._pieces import (
    Fetch,
    Hidden,
    Pieces,
    entries_of,
    hidden,
    read_pieces,
    through_views,
    without_skipped,
)
from tract.compile._prefix import PrefixChain, lead_count
from tract.compile._repair import Anchor, Repaired, repair
from tract.compile._report import Dropped, Repair
from tract.compile._tally import Gauge, Tally
from tract.errors import InvalidContext, InvalidInput, printable
from tract.formats import Issue
from tract.graph import Facts, message_facts
from tract.objects import (
    ContentTypes,
    Message,
    Priority,
    State,
    canonical,
    checked_message,
    uncollected,
)

DEFAULTS = CompileOptions()


class _Job(NamedTuple):
    """What one compile is asked: the arguments of `compile_context`, and its copy of the tools."""

    commit: str | None
    state: State
    fetch: Fetch
    types: ContentTypes
    tally: Tally
    options: CompileOptions
    tools: list[dict[str, Any]] | None
    tools_key: bytes
    gauge: Gauge | None


def compile_context(
    commit: str | None,
    state: State,
    fetch: Fetch,
    *,
    types: ContentTypes,
    tally: Tally,
    options: CompileOptions = DEFAULTS,
    previous: CompiledContext | None = None,
    gauge: Gauge | None = None,
) -> CompiledContext:
    """Compile a state to what a model sees.

    Args:
        commit: id of the commit that the state belongs to; None for an unborn branch.
        state: its entries, in order.
        fetch: gives the payloads of content ids.
        types: the content types that are known.
        tally: counts tokens, if a count is needed, and keeps counts by content.
        options: budget, repairs, tools, views, a compiler.
        previous: an earlier context of the same history, to go on from if that is possible. It
            never changes the outcome.
        gauge: finds out what the counts become, if a count is needed; the tally's scale, if None.

    Returns:
        The context: the same for the same commit and options, byte by byte.

    Raises:
        InvalidContext: with `on_invalid="raise"`, naming everything a provider would refuse.
        BudgetExceeded: the context is over its budget and nothing more may be left out.
        InvalidInput: a view, a compiler or a content's `render` gave what is of no use.
        Corrupt: `fetch` did not give a payload.

    Example:
        >>> from tract.objects import Slot
        >>> state = (Slot("e" * 32, "a" * 64, "b" * 64),)
        >>> payload = {"content_type": "dialogue", "role": "user", "text": "hi"}
        >>> context = compile_context(
        ...     "a" * 64, state, lambda ids: {"b" * 64: payload}, types=ContentTypes(), tally=Tally()
        ... )
        >>> context.to_openai()
        {'messages': [{'role': 'user', 'content': 'hi'}]}
    """
    tools = copied(options.tools) if options.tools else None
    job = _Job(commit, state, fetch, types, tally, options, tools, canonical(tools), gauge)
    if previous is not None:
        inner = previous._inner  # noqa: SLF001 - a context keeps this for the compile alone
        context = _warm(job, previous, inner)
        if context is not None:
            return context
    with uncollected(len(state)):
        return _cold(job)


# --- everything anew ----------------------------------------------------------------------------


class _Made(NamedTuple):
    """Messages made from pieces, with all that comes of it."""

    rendered: "_Rendered"
    repaired: Repaired
    ledger: Ledger
    chain: PrefixChain


class _Rendered(NamedTuple):
    """Messages before repairs, each with the content it renders as it is, and what it calls."""

    messages: list[Message]
    contents: list[str | None]
    facts: list[Facts]

    def behind(self, start: int) -> tuple[tuple[Message, str | None], ...]:
        return tuple(zip(self.messages[start:], self.contents[start:], strict=True))


def _cold(job: _Job) -> CompiledContext:
    options, types = job.options, job.types
    own = options.compiler is None
    pieces = read_pieces(job.state, job.fetch, types, rendered=own)
    pins = _pins(pieces)
    pieces, gone = without_skipped(pieces, types)
    whole = pieces
    changed: dict[str, str] = {}
    if options.views:
        viewed = through_views(whole, options.views, types, rendered=own)
        pieces, changed = viewed.pieces, viewed.changed
        gone += viewed.hidden
    made = _make(job, pieces, pins)
    if options.on_invalid == "raise":
        _refuse(made.repaired.repairs)
    while options.budget is not None and is_over(options.budget, made.ledger):
        places = leave_out(options.budget, made.ledger, made.repaired.messages, pieces, types)
        why = "left out to keep the budget"
        gone += [hidden(pieces, place, "budget", why, types) for place in sorted(places)]
        pieces = pieces.without(places)
        if options.views and all(getattr(view, "repeatable", False) for view in options.views):
            # What is left may read otherwise now: what it was the same as can be gone.
            shown = {slot.commit for slot in pieces.slots}
            left = [n for n, slot in enumerate(whole.slots) if slot.commit in shown]
            again = through_views(whole.only(left), options.views, types, rendered=own)
            pieces, changed = again.pieces, again.changed
            gone += again.hidden
        made = _make(job, pieces, pins)
    if gone:
        order = {slot.commit: place for place, slot in enumerate(job.state)}
        gone.sort(key=lambda item: order.get(item.commit, len(order)))
    return _context(job, made, gone, changed, pins)


def _pins(pieces: Pieces) -> frozenset[str]:
    pinned = Priority.PINNED
    return frozenset([slot.commit for slot in pieces.slots if slot.mark.priority is pinned])


def _make(job: _Job, pieces: Pieces, pins: frozenset[str]) -> _Made:
    rendered = _rendered(job, pieces)
    chain = PrefixChain(job.tools)
    repaired = _repaired(job, rendered, pins, chain)
    contents = _contents(repaired.messages, rendered)
    ledger = Ledger(job.tally, tuple(repaired.messages), contents, job.tools, job.gauge)
    return _Made(rendered, repaired, ledger, chain)


def _repaired(
    job: _Job,
    rendered: _Rendered,
    pins: frozenset[str],
    chain: PrefixChain,
    before: Sequence[Message] = (),
    anchor: Anchor = Anchor(),  # noqa: B008 - a named tuple, which nobody can change
) -> Repaired:
    messages = rendered.messages
    if job.options.on_invalid == "keep":
        end = Anchor(anchor.rendered + len(messages), anchor.final + len(messages))
        return Repaired([*before, *messages], [], [], end)
    return repair(
        messages,
        rendered.facts,
        pending=job.options.pending,
        pinned=lambda message: not pins.isdisjoint(message.commits),
        chain=chain,
        before=before,
        anchor=anchor,
    )


def _rendered(job: _Job, pieces: Pieces) -> _Rendered:
    compiler = job.options.compiler
    if compiler is None:
        return _Rendered(pieces.messages, pieces.contents, pieces.facts)
    given = compiler.compile(entries_of(pieces, job.types))
    where = f"{printable(type(compiler).__name__)}.compile()"
    if isinstance(given, str) or not isinstance(given, Sequence):
        kind = printable(type(given).__name__)
        raise InvalidInput(
            f"{where} gave {kind}, not a list of messages",
            kind="invalid_message",
            hint="Return a list of Message values.",
        )
    messages = [checked_message(message, where) for message in given]
    return _Rendered(messages, [None] * len(messages), [message_facts(m) for m in messages])


def _contents(messages: Sequence[Message], rendered: _Rendered) -> list[str | None]:
    """Return for each message the content that it renders as it is, or None."""
    if len(messages) == len(rendered.messages) and all(map(is_, messages, rendered.messages)):
        return list(rendered.contents)
    content_of = dict(zip(map(id, rendered.messages), rendered.contents, strict=True))
    return [content_of.get(id(message)) for message in messages]


def _refuse(repairs: Sequence[Repair]) -> None:
    if not repairs:
        return
    issues = [Issue(r.rule, r.message, r.index, r.commit, _FIXES[r.rule]) for r in repairs]
    first = repairs[0]
    more = f", and {len(repairs) - 1} more" if len(repairs) > 1 else ""
    raise InvalidContext(
        f"message {first.index} of the context: {first.message}{more}", issues=issues
    )


_FIXES = {
    "broken_reasoning": "Edit the reasoning out, or undo the change before it.",
    "empty_message": "Skip the entry, or give it a text.",
    "misplaced_part": "Give tool calls and reasoning the role assistant.",
    "missing_result": "Commit the tool's result, or skip the call.",
    "moved_result": "Reorder the entries: results come right behind their call, in its order.",
    "orphan_result": "Skip the result, or put its call back before it.",
    "pending_exchange": "Commit the tool's result before compiling.",
    "repeated_result": "Skip all results of the call but one.",
}
"""What to do about each rule, for whoever wants nothing repaired."""


def _context(
    job: _Job,
    made: _Made,
    gone: list[Hidden],
    changed: Mapping[str, str],
    pins: frozenset[str],
) -> CompiledContext:
    repaired = made.repaired
    dropped = [Dropped(i.entry, i.commit, i.status) for i in gone if i.status != "skipped"]
    plain = not job.options.views and job.options.compiler is None and not dropped
    anchor = repaired.anchor
    opened = made.rendered.behind(anchor.rendered)
    reaches = bool(opened) and _calls_hidden_behind(job.state, opened[0][0], gone)
    memo = Memo(
        job.state,
        job.options,
        job.tools_key,
        job.types,
        tuple(gone),
        changed,
        tuple(repaired.removed),
        anchor,
        opened,
        pins.intersection(c for message, _ in opened for c in message.commits),
        plain and not reaches,
    )
    inner = Inner(job.tools, made.ledger, memo, made.chain.known)
    messages, repairs = made.ledger.messages, tuple(repaired.repairs)
    return CompiledContext(job.commit, messages, repairs, tuple(dropped), inner)


def _calls_hidden_behind(state: State, call: Message, gone: Sequence[Hidden]) -> bool:
    """Return whether a hidden entry after `call` makes calls, which results could belong to."""
    callers = {item.commit for item in gone if item.calls}
    if not callers:
        return False
    place = next(n for n, slot in enumerate(state) if slot.commit in call.commits)
    return any(slot.commit in callers for slot in state[place:])


# --- on from an earlier context -----------------------------------------------------------------


def _warm(job: _Job, previous: CompiledContext, inner: Inner) -> CompiledContext | None:
    memo = inner.memo
    if not memo.is_linear or memo.types is not job.types or not _same_question(job, memo):
        return None
    known = len(memo.state)
    if job.state[:known] != memo.state:
        return None
    new = read_pieces(job.state[known:], job.fetch, job.types, rendered=True)
    if _reaches_back(new, memo):
        return None
    pins = memo.pins | _pins(new)
    rendered = _Rendered(
        [*[message for message, _ in memo.open], *new.messages],
        [*[content for _, content in memo.open], *new.contents],
        [*[message_facts(message) for message, _ in memo.open], *new.facts],
    )
    anchor = memo.anchor
    before = previous.messages[: anchor.final]
    chain = PrefixChain(job.tools, _settled(inner.prefix, before))
    repaired = _repaired(job, rendered, pins, chain, before, anchor)
    refused = job.options.on_invalid == "raise" and repaired.repairs
    if repaired.strays or refused:
        return None
    contents = _contents(repaired.messages[anchor.final :], rendered)
    contents[:0] = inner.ledger.contents[: anchor.final]
    ledger = Ledger(job.tally, tuple(repaired.messages), contents, job.tools, job.gauge)
    ledger.after(inner.ledger, anchor.final)
    if is_over(job.options.budget, ledger):
        return None
    return _extended(job, previous, inner, _Made(rendered, repaired, ledger, chain), pins)


def _same_question(job: _Job, memo: Memo) -> bool:
    # A budget that left nothing out changed nothing, and `pending` only speaks about what is open.
    asked, before = job.options, memo.options
    return (
        job.tools_key == memo.tools
        and asked.on_invalid == before.on_invalid
        and asked.views == before.views
        and asked.compiler is before.compiler
    )


def _reaches_back(new: Pieces, memo: Memo) -> bool:
    """Return whether one of the new pieces may hide, show or belong to what is hidden."""
    if any(slot.mark.priority is Priority.SKIP for slot in new.slots):
        return True
    # Repairs tell when a result finds no call among what is shown; without them nobody does.
    keeps = memo.options.on_invalid == "keep" and any(item.calls for item in memo.hidden)
    return keeps and any(facts.answers is not None for facts in new.facts)


def _settled(prefix: Sequence[str], before: Sequence[Message]) -> Sequence[str]:
    """Return those of the known hashes that hold for the settled messages."""
    lead = lead_count(before)
    return prefix[: len(before) - lead + 1] if lead < len(before) else ()


def _extended(
    job: _Job, previous: CompiledContext, inner: Inner, made: _Made, pins: frozenset[str]
) -> CompiledContext:
    memo, repaired = inner.memo, made.repaired
    start, anchor = memo.anchor.rendered, repaired.anchor
    opened = made.rendered.behind(anchor.rendered - start)
    repairs = [r for r in previous.repairs if r.index < start]
    removed = [item for item in memo.removed if item[0] < start]
    after = Memo(
        job.state,
        job.options,
        job.tools_key,
        job.types,
        memo.hidden,
        memo.changed,
        (*removed, *repaired.removed),
        anchor,
        opened,
        pins.intersection(c for message, _ in opened for c in message.commits),
        is_linear=True,
    )
    return CompiledContext(
        job.commit,
        made.ledger.messages,
        (*repairs, *repaired.repairs),
        previous.dropped,
        Inner(job.tools, made.ledger, after, made.chain.known),
    )
