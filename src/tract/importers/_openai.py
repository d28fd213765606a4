"""OpenAI Chat messages: as a list, under "messages", or as lines, one message or conversation each.

The first conversation of a file is the tract that is named after the file, so that a file with
one conversation is one tract of that name whatever its layout; a further one has its number in
the file behind the name. Both hold when the file grows.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from tract.formats import detect
from tract.importers._json import json_type
from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Record, Sample, Source
from tract.importers._speech import spoken

_BRANCH = "main"
_SURE, _MAYBE = 60, 10
_LOOKED_AT_MAX = 50


class OpenAIMessages:
    """Reads OpenAI Chat messages."""

    name = "openai"
    description = 'OpenAI chat messages: a list, {"messages": [...]}, or JSON lines of either'

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: not at all where another provider's blocks are in use."""
        if sample.values == ([],):
            return _MAYBE
        messages = list(chain.from_iterable(_messages_of(value) for value in sample.values))[
            :_LOOKED_AT_MAX
        ]
        spoken = [m for m in messages if isinstance(m, Mapping) and isinstance(m.get("role"), str)]
        if not spoken:
            return _MAYBE if any(_is_conversation(value) for value in sample.values) else 0
        shapes = {detect(message) for message in spoken}
        return 0 if "anthropic" in shapes and "openai" not in shapes else _SURE

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield the file's conversations."""
        if source.sample.lines:
            yield from _from_lines(source, tract)
            return
        document = source.document()
        many = isinstance(document, list) and any(_is_conversation(item) for item in document)
        items = document if many else [document]
        for number, item in enumerate(items):
            place = f"[{number}]" if many else ""
            yield _conversation(source, tract, item, place, number, len(items))


def _messages_of(value: Any) -> list[Any]:
    """Return the messages that a value stands for, whatever its layout."""
    if isinstance(value, Mapping):
        inner = value.get("messages")
        return inner[:_LOOKED_AT_MAX] if isinstance(inner, list) else [value]
    if not isinstance(value, list):
        return []
    found: list[Any] = []
    for item in value[:_LOOKED_AT_MAX]:
        found += _messages_of(item) if _is_conversation(item) else [item]
    return found


def _is_conversation(value: Any) -> bool:
    if isinstance(value, list):
        return True
    return isinstance(value, Mapping) and "messages" in value and "role" not in value


def _conversation(
    source: Source, tract: str, value: Any, place: str, number: int, expected: int
) -> Conversation | BadRecord:
    """Return the conversation that a value is.

    Args:
        source: the file.
        tract: the name of its first tract.
        value: a list of messages, an object that has one, or a single message.
        place: where it stands; "" where it is the whole file.
        number: its number in the file, from 0.
        expected: how many conversations there are.
    """
    here = place or "the document"
    before = "" if not place else f"{place}: " if source.sample.lines else f"{place}."
    inside, model, system = before if source.sample.lines else place, None, None
    metadata: dict[str, Any] = {}
    if isinstance(value, Mapping) and "messages" in value:
        metadata = {name: item for name, item in value.items() if name != "messages"}
        model = metadata.get("model")
        system = metadata.pop("system", None)
        value, inside = value["messages"], f"{before}messages"
    elif isinstance(value, Mapping) and "role" in value:
        value = [value]
    if not isinstance(value, list):
        return source.bad(
            here,
            f"neither a list of messages nor an object that has one, but {json_type(value)}",
        )
    if not value:
        return source.bad(here, "the conversation has no messages")
    name = tract if number == 0 else f"{tract}/{number + 1}"
    messages = spoken(source, _records(value, inside, f"{before}system", system), "openai", model)
    return Conversation(name, _BRANCH, here, messages, metadata, expected)


def _records(messages: list[Any], inside: str, beside: str, system: Any) -> Iterator[Record]:
    """Yield messages with their places; system text that stands beside them comes first."""
    first = 0
    if system is not None:
        yield Record(0, beside, {"role": "system", "content": system})
        first = 1
    for i, message in enumerate(messages):
        yield Record(i + first, f"{inside}[{i}]", message)


# --- lines -----------------------------------------------------------------------------------


def _from_lines(source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
    """Yield one conversation of all lines, or one of each, as the first usable line says."""
    records = source.records()
    before: list[Record | BadRecord] = []
    for first in records:
        before.append(first)
        if isinstance(first, Record) and isinstance(first.value, dict | list):
            break
    else:
        yield from (_unusable(source, record) for record in before)
        return
    lines = chain(before, records)
    if not _is_conversation(first.value):
        yield Conversation(tract, _BRANCH, "the file", spoken(source, lines, "openai"), {}, 1)
        return
    expected = source.line_count() if source.counted else 0
    for record in lines:
        if isinstance(record, Record) and _is_conversation(record.value):
            yield _conversation(source, tract, record.value, record.place, record.number, expected)
        else:
            yield _unusable(source, record)


def _unusable(source: Source, record: Record | BadRecord) -> BadRecord:
    if isinstance(record, BadRecord):
        return record
    return source.bad(record.place, f"no conversation, but {json_type(record.value)}")
