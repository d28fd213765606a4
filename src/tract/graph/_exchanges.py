"""Exchanges: an assistant's tool calls together with the results that answer them.

Which result answers which call is decided by place alone: a result answers the latest call with
its id that is still open before it, so ids that are used again later in a conversation never
confuse it. Marks, budgets, compressions and merges treat an exchange as one thing, and all of
them find it here. Everything is a pure function of what the entries say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tract.objects import ContentTypes, Message, ToolCall


class Facts(NamedTuple):
    """What an entry or a message has to do with tools.

    Attributes:
        calls: ids of the calls that it makes, in order.
        answers: id of the call that it answers, or None.
    """

    calls: tuple[str, ...] = ()
    answers: str | None = None


NO_FACTS = Facts()


class Exchange(NamedTuple):
    """The calls of one entry and the results that answer them, as places in a sequence.

    Attributes:
        place: where the calls are made.
        calls: their ids, in order; one id may stand there twice.
        answers: for each call the places of its results, in order: none while it is open, and
            more than one where a result was repeated.
    """

    place: int
    calls: tuple[str, ...]
    answers: tuple[tuple[int, ...], ...]

    @property
    def members(self) -> tuple[int, ...]:
        """All places that belong to the exchange, ascending."""
        return (self.place, *sorted(place for places in self.answers for place in places))

    @property
    def complete(self) -> bool:
        """Whether every call has a result."""
        return all(self.answers)


def exchanges(facts: Sequence[Facts]) -> list[Exchange]:
    """Group a sequence into exchanges.

    A result answers the latest place before it that has an open call with its id, there the first
    such call. Where no call with its id is open it repeats the result of the latest one; where
    there is none at all it belongs to no exchange.

    Args:
        facts: what each entry has to do with tools, in the order of the context.

    Returns:
        The exchanges in the order of their calls. Places in none of them stand alone.

    Example:
        >>> exchanges([Facts(("a", "b")), Facts(answers="b"), Facts(), Facts(answers="a")])
        [Exchange(place=0, calls=('a', 'b'), answers=((3,), (1,)))]
    """
    # Under each id, the result lists of its open calls (the next one to be answered last) and the
    # list of the latest call: all that a result needs to find its place in one step.
    waiting: dict[str, list[list[int]]] = {}
    latest: dict[str, list[int]] = {}
    found: list[tuple[int, tuple[str, ...], list[list[int]]]] = []
    for place, (calls, answers) in enumerate(facts):
        if calls:
            results: list[list[int]] = [[] for _ in calls]
            found.append((place, calls, results))
            for number in range(len(calls) - 1, -1, -1):
                call = calls[number]
                if call in waiting:
                    waiting[call].append(results[number])
                else:
                    waiting[call] = [results[number]]
            latest.update(zip(calls, results, strict=True))
        if answers is not None:
            stack = waiting.get(answers)
            if stack:
                stack.pop().append(place)
            elif answers in latest:
                latest[answers].append(place)
    return [Exchange(place, calls, tuple(map(tuple, results))) for place, calls, results in found]


def facts_of(payload: Mapping[str, Any], types: ContentTypes) -> Facts:
    """Return what a stored payload has to do with tools.

    A type of the caller's own is asked for its message, and that is looked at.

    Args:
        payload: the stored JSON value of a content.
        types: the content types that are known.

    Example:
        >>> facts_of({"content_type": "tool_result", "call_id": "a", "output": "1"}, ContentTypes())
        Facts(calls=(), answers='a')
    """
    kind = payload["content_type"]
    if kind == "tool_result":
        return Facts((), payload["call_id"])
    if kind == "dialogue":
        if "tool_calls" not in payload and "parts" not in payload:
            return NO_FACTS
        return Facts(call_ids(payload)) if payload["role"] == "assistant" else NO_FACTS
    if types.custom(kind) is None:
        return NO_FACTS
    shown = types.load(payload).render()
    return message_facts(shown) if isinstance(shown, Message) else NO_FACTS


def call_ids(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids of the calls in a stored dialogue, in the order in which they are shown."""
    ids = [call.get("id", "") for call in payload.get("tool_calls", ())]
    if "parts" in payload:
        ids[:0] = [p.get("id", "") for p in payload["parts"] if p["kind"] == ToolCall.kind]
    return tuple(ids)


def message_facts(message: Message) -> Facts:
    """Return what a message has to do with tools.

    Example:
        >>> message_facts(Message("assistant", (ToolCall("a", "clock"),)))
        Facts(calls=('a',), answers=None)
    """
    if message.role == "tool":
        return Facts((), message.call_id)
    if message.role != "assistant":
        return NO_FACTS
    calls = tuple([part.id for part in message.parts if type(part) is ToolCall])
    return Facts(calls) if calls else NO_FACTS
