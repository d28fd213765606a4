"""ShareGPT lists: conversations of turns that say from whom they are and what they say.

Training sets are kept so, with names for the speakers that differ from tool to tool. Calls of
tools are turns of their own and have no ids; a result answers the oldest call that is still open,
so both get an id by the turn's place. A result of no call, as where calls are written into plain
text, is shown to the model the way such a set shows it: as text from the user's side.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from tract.errors import InvalidInput, printable
from tract.importers._json import json_type, parse_json
from tract.importers._layouts import LOOKED_AT_MAX, Piece, numbered, pieces
from tract.importers._records import Authored, BadRecord, Conversation, Imported
from tract.importers._source import Sample, Source
from tract.importers._speech import Speech, actor
from tract.importers._tree import MAIN

_SURE, _LIKELY = 85, 65
_LISTS = ("conversations", "conversation", "messages")
_CALL, _RESULT = "call", "result"
_ROLES = {
    **dict.fromkeys(("human", "user", "prompter"), "user"),
    **dict.fromkeys(
        ("gpt", "assistant", "chatgpt", "model", "bot", "bing", "bard", "claude"), "assistant"
    ),
    "system": "system",
    **dict.fromkeys(("function_call", "tool_call"), _CALL),
    **dict.fromkeys(
        ("observation", "tool", "tool_response", "function", "function_response", "ipython"),
        _RESULT,
    ),
}
_USUAL = frozenset({"human", "user", "gpt", "assistant", "system", "function_call", "observation"})
_TOLD = frozenset({"from", "value"})


class ShareGPT:
    """Reads ShareGPT lists."""

    name = "sharegpt"
    description = 'ShareGPT lists: {"conversations": [{"from": ..., "value": ...}]}, or JSON lines'

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where turns say from whom they are."""
        values = sample.values
        if not sample.lines and values and isinstance(values[0], list):
            values = (values[0], *values[0][:LOOKED_AT_MAX])
        if any(_turns(value) is not None for value in values):
            return _SURE
        return _LIKELY if any(map(_is_spelt_anew, values)) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield the file's conversations."""
        for piece in pieces(source, _is_one):
            yield piece if isinstance(piece, BadRecord) else _conversation(source, tract, piece)


def _is_one(value: Any) -> bool:
    return _turns(value) is not None or (isinstance(value, Mapping) and _field(value) is not None)


def _turns(value: Any) -> list[Any] | None:
    """Return the turns of a value; None where none of them says from whom it is."""
    if isinstance(value, Mapping):
        name = _field(value)
        value = value[name] if name is not None else None
    if not isinstance(value, list):
        return None
    known = any(
        isinstance(turn, Mapping) and turn.keys() >= _TOLD for turn in value[:LOOKED_AT_MAX]
    )
    return value if known else None


def _field(value: Mapping[str, Any]) -> str | None:
    return next((name for name in _LISTS if isinstance(value.get(name), list)), None)


def _is_spelt_anew(value: Any) -> bool:
    """Return whether a value has turns with the fields of OpenAI's messages."""
    found = value if isinstance(value, Mapping) else {}
    turns = found.get("conversations", found.get("conversation"))
    return isinstance(turns, list) and any(
        isinstance(turn, Mapping) and {"role", "content"} <= turn.keys()
        for turn in turns[:LOOKED_AT_MAX]
    )


def _conversation(source: Source, tract: str, piece: Piece) -> Conversation | BadRecord:
    value, step = piece.value, ""
    metadata: dict[str, Any] = {}
    if isinstance(value, Mapping):
        name = _field(value)
        if name is None:
            return source.bad(piece.here, "no list of conversations in it")
        metadata = {key: item for key, item in value.items() if key not in (name, "system")}
        step = name
    turns = value[step] if step else value
    if not isinstance(turns, list):
        return source.bad(piece.here, f"no conversation, but {json_type(turns)}")
    listed = [(piece.at(f"{step}[{i}]"), turn) for i, turn in enumerate(turns)]
    system = value.get("system") if isinstance(value, Mapping) else None
    if system not in (None, ""):
        listed.insert(0, (piece.at("system"), {"from": "system", "value": system}))
    if not listed:
        return source.bad(piece.here, "the conversation has no messages")
    messages = _messages(source, listed, metadata.get("model"))
    name = numbered(tract, piece.number)
    return Conversation(name, MAIN, piece.here, messages, metadata, piece.expected)


def _messages(
    source: Source, listed: list[tuple[str, Any]], model: object
) -> Iterator[Imported | BadRecord]:
    teller = _Teller(model)
    for position, (place, turn) in enumerate(listed):
        try:
            yield teller.told(turn, place, position)
        except InvalidInput as error:
            yield source.bad(place, error.message)


class _Teller:
    """Tells the turns of one conversation, in order."""

    def __init__(self, model: object) -> None:
        self._speech = Speech("openai", model)
        self._open: deque[tuple[str, str]] = deque()  # calls without a result: id and name

    def told(self, turn: Any, place: str, position: int) -> Imported:
        """Return what a turn says.

        Raises:
            InvalidInput: it is no turn.
        """
        who, value, more = _said(turn)
        kind = _ROLES[who]
        message: dict[str, Any] = {"role": kind, "content": value}
        as_text = False
        if kind == _CALL:
            message, calls = _called(value, position)
            self._open.extend(calls)
            as_text = not calls
        elif kind == _RESULT:
            if self._open:
                id, name = self._open.popleft()
                message = {"role": "tool", "tool_call_id": id, "name": name, "content": value}
            else:
                message["role"], as_text = "user", True
        else:
            self._open.clear()
        told = self._speech.read(message, place, position)
        if kind == _RESULT and as_text:
            told = told._replace(
                contents=tuple(Authored(one.content, actor("tool", None)) for one in told.contents)
            )
        if who not in _USUAL or as_text:
            more["from"] = who
        return told._replace(metadata=more or None)


def _said(turn: Any) -> tuple[str, Any, dict[str, Any]]:
    """Return from whom a turn is, what it says, and what else stands in it.

    Raises:
        InvalidInput: it is no turn.
    """
    if not isinstance(turn, Mapping):
        raise _unfit("the turn", f"no object, but {json_type(turn)}")
    by, said = ("from", "value") if "from" in turn else ("role", "content")
    who, value = turn.get(by), turn.get(said)
    if not isinstance(who, str) or who.lower() not in _ROLES:
        raise _unfit(f"{by} {printable(repr(who), limit=80)}", "nobody who is known to speak")
    if isinstance(value, Mapping | list):
        usable = _ROLES[who.lower()] == _CALL or isinstance(value, list)
    else:
        usable = isinstance(value, str)
    if not usable:
        raise _unfit(said, f"no text, but {json_type(value)}")
    return (
        who.lower(),
        value,
        {k: v for k, v in turn.items() if k not in (by, said) and v is not None},
    )


def _called(value: Any, position: int) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the message of a call, and the ids and names of its calls; none where it is only text."""
    calls = value
    if isinstance(value, str):
        try:
            calls = parse_json(value.encode())
        except ValueError:
            calls = None
    listed = calls if isinstance(calls, list) else [calls]
    if not listed or not all(map(_is_call, listed)):
        return {"role": "assistant", "content": value if isinstance(value, str) else [value]}, []
    wire, known = [], []
    for number, call in enumerate(listed):
        id = f"call_{position}" if len(listed) == 1 else f"call_{position}_{number}"
        arguments = call.get("arguments", call.get("parameters", {}))
        function = {"name": call["name"], "arguments": arguments}
        wire.append({"id": id, "type": "function", "function": function})
        known.append((id, call["name"]))
    return {"role": "assistant", "content": None, "tool_calls": wire}, known


def _is_call(call: Any) -> bool:
    if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
        return False
    return isinstance(call.get("arguments", call.get("parameters", {})), Mapping | str | list)


def _unfit(name: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is {what}", kind="invalid_message", hint="Mend the turn, or leave it out."
    )
