"""Where conversations stand in a file, whoever's messages they are made of.

The same layouts are in use for every provider's messages: a list of them, an object that has one,
or lines of either. The first conversation of a file is the tract that is named after the file, so
that a file with one conversation is one tract of that name whatever its layout; a further one has
its number in the file behind the name. Both hold when the file grows.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

from tract.importers._json import json_type
from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Record, Source
from tract.importers._speech import spoken
from tract.importers._tree import MAIN

LOOKED_AT_MAX = 50


class Piece(NamedTuple):
    """A value of a file that may be a conversation.

    Attributes:
        number: its number in the file, from 0.
        place: where it stands; "" where it is the whole file.
        lead: what stands before the name of one of its fields, in a place.
        value: what it is.
        expected: how many such values the file has, where that is known; else 0.
    """

    number: int
    place: str
    lead: str
    value: Any
    expected: int = 0

    @property
    def here(self) -> str:
        """Where it stands, in words."""
        return self.place or "the document"

    def at(self, step: str) -> str:
        """Return where one of its fields ("messages") or items ("[3]") stands."""
        if step.startswith("[") and self.lead.endswith("."):
            return f"{self.lead[:-1]}{step}"
        return f"{self.lead}{step}"


def numbered(tract: str, number: int) -> str:
    """Return the name of a conversation's tract: the first one has the plain name."""
    return tract if number == 0 else f"{tract}/{number + 1}"


def pieces(source: Source, is_one: Callable[[Any], bool]) -> Iterator[Piece | BadRecord]:
    """Yield the document, its items or its lines, whichever are conversations.

    Args:
        source: the file.
        is_one: says whether a value is a conversation; a list with any such item is many of them.
    """
    if source.sample.lines:
        expected = source.line_count() if source.counted else 0
        for record in source.records():
            yield record if isinstance(record, BadRecord) else _of_line(record, expected)
        return
    document = source.document()
    if not isinstance(document, list) or not any(is_one(item) for item in document):
        yield Piece(0, "", "", document, 1)
        return
    for number, item in enumerate(document):
        yield Piece(number, f"[{number}]", f"[{number}].", item, len(document))


def _of_line(record: Record, expected: int) -> Piece:
    return Piece(record.number, record.place, f"{record.place}: ", record.value, expected)


# --- messages --------------------------------------------------------------------------------


def messages_of(value: Any, wrappers: tuple[str, ...] = ()) -> list[Any]:
    """Return the messages that a value stands for, whatever its layout.

    Args:
        value: what a file or a line of it says.
        wrappers: names of fields that may hold a whole request.
    """
    if isinstance(value, Mapping):
        wrapped = _wrapped(value, wrappers)
        inner = value.get("messages") if wrapped is None else value[wrapped]["messages"]
        return inner if isinstance(inner, list) else [value]
    if not isinstance(value, list):
        return []
    found: list[Any] = []
    for item in value:
        found += messages_of(item, wrappers) if is_conversation(item, wrappers) else [item]
    return found


def is_conversation(value: Any, wrappers: tuple[str, ...] = ()) -> bool:
    """Return whether a value is a list, or an object with messages in it and no message itself."""
    if isinstance(value, list):
        return True
    if not isinstance(value, Mapping) or "role" in value:
        return False
    return "messages" in value or _wrapped(value, wrappers) is not None


def conversations(
    source: Source, tract: str, provider: str, wrappers: tuple[str, ...] = ()
) -> Iterator[Conversation | BadRecord]:
    """Yield the conversations of a file of some provider's messages.

    Args:
        source: the file.
        tract: the name of its first tract.
        provider: whose shape the messages have.
        wrappers: names of fields that may hold a whole request, with the reply in "response".
    """
    if source.sample.lines:
        yield from _from_lines(source, tract, provider, wrappers)
        return
    for piece in pieces(source, lambda item: is_conversation(item, wrappers)):
        if isinstance(piece, BadRecord):
            yield piece
        else:
            yield _conversation(source, tract, provider, piece, wrappers)


def _from_lines(
    source: Source, tract: str, provider: str, wrappers: tuple[str, ...]
) -> Iterator[Conversation | BadRecord]:
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
    if not is_conversation(first.value, wrappers):
        yield Conversation(tract, MAIN, "the file", spoken(source, lines, provider), {}, 1)
        return
    expected = source.line_count() if source.counted else 0
    for record in lines:
        if isinstance(record, Record) and is_conversation(record.value, wrappers):
            piece = _of_line(record, expected)
            yield _conversation(source, tract, provider, piece, wrappers)
        else:
            yield _unusable(source, record)


def _conversation(
    source: Source, tract: str, provider: str, piece: Piece, wrappers: tuple[str, ...]
) -> Conversation | BadRecord:
    """Return the conversation that a value is: a list of messages, an object that has one, or a message."""
    value, said, metadata = piece.value, piece, dict[str, Any]()
    model, system, reply, step = None, None, None, ""
    if isinstance(value, Mapping):
        wrapped = _wrapped(value, wrappers)
        if wrapped is not None:
            metadata = {name: item for name, item in value.items() if name != wrapped}
            if _is_message(metadata.get("response")):
                reply = metadata.pop("response")
            value = value[wrapped]
            said = said._replace(lead=f"{piece.lead}{wrapped}.")
        if "messages" in value:
            about = {name: item for name, item in value.items() if name != "messages"}
            model, system = about.get("model"), about.pop("system", None)
            metadata = about if wrapped is None else {**metadata, wrapped: about}
            value, step = value["messages"], "messages"
        elif "role" in value:
            value = [value]
    if not isinstance(value, list):
        what = json_type(value)
        return source.bad(
            piece.here, f"neither a list of messages nor an object that has one, but {what}"
        )
    if not value and reply is None:
        return source.bad(piece.here, "the conversation has no messages")
    listed = [(said.at(f"{step}[{i}]"), message) for i, message in enumerate(value)]
    if system is not None:
        listed.insert(0, (said.at("system"), {"role": "system", "content": system}))
    if reply is not None:
        listed.append((piece.at("response"), reply))
    records = (Record(number, *one) for number, one in enumerate(listed))
    messages = spoken(source, records, provider, model)
    name = numbered(tract, piece.number)
    return Conversation(name, MAIN, piece.here, messages, metadata, piece.expected)


def _wrapped(value: Mapping[str, Any], wrappers: tuple[str, ...]) -> str | None:
    """Return the name of the field that holds a whole request."""
    for name in wrappers if "messages" not in value else ():
        inner = value.get(name)
        if isinstance(inner, Mapping) and isinstance(inner.get("messages"), list):
            return name
    return None


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and "role" in value and "content" in value


def _unusable(source: Source, record: Record | BadRecord) -> BadRecord:
    if isinstance(record, BadRecord):
        return record
    return source.bad(record.place, f"no conversation, but {json_type(record.value)}")
