"""From one provider's message to what is imported of it: contents, authors, time, model, usage.

Who wrote a content is read off the source alone, and so is its time: what the message says, else
its position in the file in microseconds since the Unix epoch. So the same source gives the same
ids on every machine. A field that was understood (time, model, usage) becomes part of the commit
and leaves the message: sent back as it was, a provider would refuse it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tract.errors import InvalidInput
from tract.formats import from_wire
from tract.importers._records import Authored, BadRecord, Imported
from tract.importers._source import Record, Source
from tract.objects import (
    Actor,
    Content,
    DialogueContent,
    InstructionContent,
    ToolCall,
    ToolResultContent,
    check_json,
    micros,
    normalise_usage,
)

APPLICATION, HUMAN = Actor("application"), Actor("human")
_TIMES = ("timestamp", "created_at")
# Times before 2001 and after 2286 are taken for something else.
_SECONDS_MIN, _SECONDS_MAX = 10**9, 10**10
_MICROS = 1_000_000
_UNITS = (_MICROS, 1_000, 1)


class Speech:
    """Reads the messages of one conversation, in order.

    Args:
        provider: whose shape they have.
        model: the model that replied, where the source says it for the whole conversation.
    """

    def __init__(self, provider: str, model: object = None) -> None:
        self._provider = provider
        self._model = actor("model", model)
        self._tools: dict[str, str] = {}
        self._authors: dict[str, Actor] = {}

    def read(self, message: Any, place: str, position: int) -> Imported:
        """Return what is imported of one message.

        Args:
            message: the message, as the source has it.
            place: where it stands in the file.
            position: its number in the conversation, from 0.

        Raises:
            InvalidInput: it is no message.
        """
        at, made_with, usage, author = position, None, None, self._model
        metadata, faults = None, []
        if isinstance(message, dict) and not _SAID.isdisjoint(message):
            message = dict(message)
            faults = _taken_nonsense(message)
            at = _taken_time(message, position)
            made_with = _taken_model(message)
            usage = _taken_usage(message)
            if made_with is not None:
                author = actor("model", made_with["model"])
        if self._provider == "anthropic" and isinstance(message, dict):
            metadata = _said_of_reply(message)
        try:
            contents = from_wire(message, self._provider)
        except RecursionError:
            raise InvalidInput(
                "the message is nested too deeply",
                kind="too_deep",
                hint="Make it flatter, or leave it out of the file.",
            ) from None
        spoken = tuple([Authored(content, self._author(content, author)) for content in contents])
        return Imported(
            place, spoken, at, made_with, usage, metadata=metadata, faults=tuple(faults)
        )

    def _author(self, content: Content, model: Actor) -> Actor:
        if isinstance(content, DialogueContent):
            if content.role == "user":
                return HUMAN if content.name is None else actor("human", content.name)
            for call in content.tool_calls:
                self._tools[call.id] = call.name
            for part in content.parts:
                if isinstance(part, ToolCall):
                    self._tools[part.id] = part.name
            return model
        if isinstance(content, ToolResultContent):
            name = content.name or self._tools.get(content.call_id, "")
            author = self._authors.get(name)
            if author is None:
                author = self._authors[name] = actor("tool", name)
            return author
        return APPLICATION if isinstance(content, InstructionContent) else model


_SAID = frozenset({*_TIMES, "model", "usage"})
_MESSAGE = frozenset({"role", "content", "type"})


def spoken(
    source: Source, records: Iterable[Record | BadRecord], provider: str, model: object = None
) -> Iterator[Imported | BadRecord]:
    """Yield what is imported of one conversation's messages, in order.

    Args:
        source: the file.
        records: its messages; a record's number is the message's position.
        provider: whose shape they have.
        model: the model that replied, where the source says it for the whole conversation.
    """
    speech = Speech(provider, model)
    for record in records:
        if isinstance(record, BadRecord):
            yield record
            continue
        try:
            yield speech.read(record.value, record.place, record.number)
        except InvalidInput as error:
            yield source.bad(record.place, error.message)


def actor(kind: str, name: object) -> Actor:
    """Return an author; without a name where the source's name cannot be one."""
    try:
        return Actor.of(Actor(kind, name)) if isinstance(name, str) else Actor(kind)
    except InvalidInput:
        return Actor(kind)


def _taken_nonsense(message: dict[str, Any]) -> list[str]:
    """Take out what a message says beside itself and nobody could keep; return why."""
    faults = []
    for field in _SAID.intersection(message):
        if (fault := unfit(message[field], field)) is not None:
            del message[field]
            faults.append(fault)
    return sorted(faults)


def unfit(value: object, name: str) -> str | None:
    """Return why a value cannot be kept, in words; None where it can."""
    try:
        check_json(value, name)
    except RecursionError:
        return f"{name}: nested too deeply; it was left out"
    except InvalidInput as error:
        return f"{error.message}; it was left out"
    return None


def _taken_time(message: dict[str, Any], position: int) -> int:
    for field in _TIMES:
        if (at := time_of(message.get(field))) is not None:
            del message[field]
            return at
    return position


def _taken_model(message: dict[str, Any]) -> dict[str, str] | None:
    model = message.get("model")
    if message.get("role") != "assistant" or not isinstance(model, str) or not model:
        return None
    return {"model": message.pop("model")}


def _said_of_reply(message: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a whole reply of Anthropic's says of itself: no request may have it."""
    if message.get("type") != "message":
        return None
    return {k: v for k, v in message.items() if k not in _MESSAGE and v is not None}


def _taken_usage(message: dict[str, Any]) -> Mapping[str, Any] | None:
    if message.get("role") != "assistant" or not isinstance(message.get("usage"), Mapping):
        return None
    try:
        usage = normalise_usage(message["usage"])
    except (InvalidInput, RecursionError):
        return None
    del message["usage"]
    return usage


def time_of(value: object) -> int | None:
    """Return a source's time in microseconds since the Unix epoch; None where it is no time.

    Args:
        value: ISO 8601 text (UTC where no zone is given), or seconds, milliseconds or microseconds
            since the Unix epoch, told apart by their size.

    Example:
        >>> time_of("2024-05-15T15:00:00Z"), time_of(1715785200), time_of(1715785200000)
        (1715785200000000, 1715785200000000, 1715785200000000)
    """
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return None
        try:
            return micros(at if at.tzinfo else at.replace(tzinfo=UTC))
        except OverflowError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared as it is: a number of hundreds of digits has no place among the floats.
    for unit in _UNITS:
        if _SECONDS_MIN * _MICROS // unit <= value < _SECONDS_MAX * _MICROS // unit:
            return round(value * unit)
    return None
