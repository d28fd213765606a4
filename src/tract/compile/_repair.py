"""Mending what every provider would refuse, before any dialect is chosen.

Two passes over the messages. The first pairs calls with results, by place, and puts each result
right behind its call; the second goes over what is left message by message and takes out parts
that stand where nobody accepts them, reasoning whose prefix is no longer the one it was made for,
and messages that say nothing. Both are deterministic and idempotent, each change is a `Repair`,
and the messages that came in are never changed, only left out or replaced.

A repaired context can be gone on with: everything before its `Anchor` is settled whatever is
appended, so the messages after it, and new ones, can be repaired by themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tract.compile._prefix import PrefixChain
from tract.compile._report import Repair
from tract.errors import printable
from tract.graph import Exchange, Facts, exchanges
from tract.objects import Message, Part, ReasoningPart, RefusalPart, TextPart, ToolCall

INTERRUPTED = "The call was interrupted and gave no result."
"""What a model is told of a call that nobody answered."""


class Anchor(NamedTuple):
    """Where an unfinished exchange at the end begins, or the end where there is none.

    Attributes:
        rendered: how many messages before repairs stand before it.
        final: how many messages after repairs stand before it.
        broken: whether reasoning before it was left out because its prefix had changed.
    """

    rendered: int = 0
    final: int = 0
    broken: bool = False


@dataclass(slots=True)
class Repaired:
    """What repairs made of a list of messages.

    Attributes:
        messages: what is left, in the order in which it is sent.
        repairs: what was done, ordered by place.
        removed: the messages that are left out, with their places before repairs.
        anchor: from where on a later append can still change something.
        strays: whether there was a result whose call was not among the messages, or was
            answered already.
    """

    messages: list[Message]
    repairs: list[Repair]
    removed: list[tuple[int, Message]]
    anchor: Anchor
    strays: bool = False


def repair(
    messages: Sequence[Message],
    facts: Sequence[Facts],
    *,
    pending: Literal["drop", "stub"],
    pinned: Callable[[Message], bool],
    chain: PrefixChain,
    before: Sequence[Message] = (),
    anchor: Anchor = Anchor(),  # noqa: B008 - a named tuple, which nobody can change
) -> Repaired:
    """Mend a list of messages.

    Args:
        messages: as they were rendered, from the anchor on.
        facts: what each of them has to do with tools.
        pending: whether an exchange at the very end without all its results is left out, or is
            given results that say so.
        pinned: whether a message must stay even then.
        chain: gives the prefix hashes that reasoning is compared with.
        before: the settled messages before the anchor.
        anchor: where `messages` begin.

    Returns:
        The whole list, `before` included; repairs and removed messages from the anchor on.
    """
    pairing = _Pairing(messages, anchor.rendered, pending, pinned)
    pairing.run(facts)
    finish = _Finish([*before], chain, anchor.broken, pairing)
    tail = pairing.tail
    start: Anchor | None = None
    if tail is not None and tail.final < len(pairing.paired):
        finish.run(0, tail.final)
        start = Anchor(tail.rendered, len(finish.messages), finish.broken)
        finish.run(tail.final, len(pairing.paired))
    else:
        finish.run(0, len(pairing.paired))
    if start is None:
        rendered = tail.rendered if tail is not None else anchor.rendered + len(messages)
        start = Anchor(rendered, len(finish.messages), finish.broken)
    pairing.repairs.sort(key=lambda r: (r.index, r.rule, r.message, r.commit or ""))
    pairing.removed.sort(key=lambda item: item[0])
    return Repaired(finish.messages, pairing.repairs, pairing.removed, start, pairing.strays)


class _Pairing:
    """The first pass: every call answered, every result right behind its call."""

    def __init__(
        self,
        messages: Sequence[Message],
        offset: int,
        pending: str,
        pinned: Callable[[Message], bool],
    ) -> None:
        self.messages = messages
        self.offset = offset
        self.pending = pending
        self.pinned = pinned
        self.paired: list[Message] = []
        self.places: list[int] = []  # where each of them, or its reason, stands in `messages`
        self.repairs: list[Repair] = []
        self.removed: list[tuple[int, Message]] = []
        self.strays = False
        self.tail: Anchor | None = None  # its `final` counts paired messages
        self._gone: set[int] = set()  # places that are emitted with their call, or left out

    def run(self, facts: Sequence[Facts]) -> None:
        messages = self.messages
        listed = exchanges(facts)
        results = sum([message.role == "tool" for message in messages])
        if all(map(_in_order, listed)) and results == sum([len(e.calls) for e in listed]):
            self.paired, self.places = list(messages), list(range(len(messages)))
            return
        found = {exchange.place: exchange for exchange in listed}
        answering = {p for e in found.values() for places in e.answers for p in places}
        last = -1
        for place, message in enumerate(messages):
            if message.role != "tool":
                last = place
            elif place not in answering:
                self._orphan(place, message)
        for place, message in enumerate(messages):
            if place in found:
                _, calls, answers = found[place]
                self._exchange(place, calls, answers, is_last=place == last)
            elif message.role != "tool":
                self._emit(place, message)

    def _exchange(
        self,
        place: int,
        calls: tuple[str, ...],
        answers: tuple[tuple[int, ...], ...],
        *,
        is_last: bool,
    ) -> None:
        if any(len(places) > 1 for places in answers):
            self.strays = True
        if is_last and not all(answers):
            self.tail = Anchor(self.offset + place, len(self.paired))
            members = [place, *sorted(p for places in answers for p in places)]
            pinned = any(self.pinned(self.messages[member]) for member in members)
            if self.pending == "drop" and not pinned:
                self._left_pending(members, calls, answers)
                return
        self._emit(place, self.messages[place])
        at = place + 1
        for call, places in zip(calls, answers, strict=True):
            if not places:
                self._stub(place, call)
                continue
            result = places[-1]
            if len(places) > 1:
                self._repeated(call, places[:-1])
            while at in self._gone:
                at += 1
            if at == result:
                at += 1
            else:
                self.note("moved_result", f"result of call {_shown(call)} put behind it", result)
            self._gone.add(result)
            self._emit(result, self.messages[result])

    def _emit(self, place: int, message: Message) -> None:
        self.paired.append(message)
        self.places.append(place)

    def _stub(self, place: int, call: str) -> None:
        self.note("missing_result", f"call {_shown(call)} has no result: one that says so", place)
        message = Message(
            "tool",
            (TextPart(INTERRUPTED),),
            call_id=call,
            is_error=True,
            commits=self.messages[place].commits,
        )
        self._emit(place, message)

    def _left_pending(
        self, members: Sequence[int], calls: Sequence[str], answers: Sequence[Sequence[int]]
    ) -> None:
        open_calls = [_shown(c) for c, places in zip(calls, answers, strict=True) if not places]
        text = f"no result yet of call {', '.join(open_calls)}: left out until there is"
        self.note("pending_exchange", text, members[0])
        for place in members:
            self.leave_out(place)

    def _orphan(self, place: int, message: Message) -> None:
        call = "names no call" if message.call_id is None else f"of call {_shown(message.call_id)}"
        self.strays = True
        self.note("orphan_result", f"result {call} has no call before it: left out", place)
        self.leave_out(place)

    def _repeated(self, call: str, places: Sequence[int]) -> None:
        text = f"another result of call {_shown(call)} follows: left out"
        for place in places:
            self.note("repeated_result", text, place)
            self.leave_out(place)

    def note(self, rule: str, message: str, place: int) -> None:
        commits = self.messages[place].commits
        commit = commits[-1] if commits else None
        self.repairs.append(Repair(rule, message, commit, self.offset + place))

    def leave_out(self, place: int) -> None:
        self._gone.add(place)
        self.removed.append((self.offset + place, self.messages[place]))


def _in_order(exchange: Exchange) -> bool:
    """Return whether each call has one result, and these stand right behind it, in its order."""
    wanted, _, answers = exchange
    for places in answers:
        wanted += 1
        if len(places) != 1 or places[0] != wanted:
            return False
    return True


class _Finish:
    """The second pass: what each message says, in the light of those before it."""

    def __init__(
        self, messages: list[Message], chain: PrefixChain, broken: bool, pairing: _Pairing
    ) -> None:
        self.messages = messages
        self.broken = broken
        self._chain = chain
        self._pairing = pairing

    def run(self, start: int, end: int) -> None:
        """Go over the paired messages from `start` to `end`."""
        pairing, messages = self._pairing, self.messages
        for number in range(start, end):
            message = pairing.paired[number]
            parts = message.parts
            if len(parts) == 1 and type(parts[0]) is TextPart and parts[0].text:
                messages.append(message)
            else:
                self._add(message, pairing.places[number])

    def _add(self, message: Message, place: int) -> None:
        parts = kept = message.parts
        kinds = set(map(type, parts))
        if message.role != "assistant":
            if not kinds.isdisjoint(_ASSISTANTS_OWN):
                kept = self._allowed(message, place)
        elif ReasoningPart in kinds:
            kept = self._bound(parts, place)
        elif ToolCall in kinds:
            self.messages.append(message)
            return
        if kept is not parts:
            message = replace(message, parts=kept)
        if message.role == "tool" or not _is_empty(message):
            self.messages.append(message)
            return
        if kept is parts:  # otherwise what was taken out of it has been told already
            self._pairing.note("empty_message", "the message says nothing: left out", place)
        self._pairing.leave_out(place)

    def _allowed(self, message: Message, place: int) -> tuple[Part, ...]:
        text = f"tool calls and reasoning of role {message.role}: only the assistant's are sent"
        self._pairing.note("misplaced_part", text, place)
        return tuple(part for part in message.parts if type(part) not in _ASSISTANTS_OWN)

    def _bound(self, parts: tuple[Part, ...], place: int) -> tuple[Part, ...]:
        kept = tuple(part for part in parts if not self._is_broken(part))
        if len(kept) == len(parts):
            return parts
        text = "reasoning was made for a context that reads differently now: left out"
        self._pairing.note("broken_reasoning", text, place)
        return kept

    def _is_broken(self, part: Part) -> bool:
        if not isinstance(part, ReasoningPart):
            return False
        bound = (part.bound_to or {}).get("prefix")
        if bound is None:
            # Nothing says what it was made for: it goes with the chain it stands in.
            return self.broken
        if bound in self._prefixes():
            return False
        self.broken = True
        return True

    def _prefixes(self) -> list[str]:
        """The hashes that reasoning at this place may be bound to.

        Providers may give one reply as several messages, all made for the prefix before the first.
        """
        hashes = self._chain.upto(self.messages)
        run = 0
        while run < len(self.messages) and self.messages[-1 - run].role == "assistant":
            run += 1
        return hashes[-1 - min(run, len(hashes) - 1) :]


_ASSISTANTS_OWN = (ToolCall, ReasoningPart)
_TEXTS = (TextPart, RefusalPart)


def _is_empty(message: Message) -> bool:
    for part in message.parts:
        if not isinstance(part, _TEXTS) or part.text:
            return False
    # A field that only one provider knows may be all that a message has to say. What is kept
    # beside it about a field's spelling, and marks for a cache, say nothing.
    return not any(
        value and name != "cache_control"
        for provider, fields in (message.extra or {}).items()
        if not provider.endswith(".shape")
        for name, value in fields.items()
    )


def _shown(call: str) -> str:
    return printable(repr(call), limit=60)
