"""Messages as plain dicts in nobody's dialect, for whoever wants to read or convert them.

Text is always a string: a list of parts stands only where there is more than text. Reading one of
these dicts gives the content back, so they can be passed on to another tract.
"""

from collections.abc import Iterable
from typing import Any

from tract.formats._fields import copied
from tract.objects import Message, TextPart, ToolCall, part_payload


def plain(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Return messages as plain dicts.

    Args:
        messages: what the model is shown.

    Returns:
        For each message a new dict with "role" and "content", and where there is anything to say
        "tool_calls" (each `{"id", "name", "arguments"}`, arguments as JSON text), "name",
        "tool_call_id" and "is_error". "content" is a string, "" for no text, unless the message
        holds media, reasoning, a refusal or opaque parts: then it is a list of parts, each with
        its kind as "type".

    Example:
        >>> plain([Message("assistant", (ToolCall("c1", "clock", "{}"),))])
        [{'role': 'assistant', 'content': '', 'tool_calls': [{'id': 'c1', 'name': 'clock', 'arguments': '{}'}]}]
    """
    return [_plain(message) for message in messages]


def _plain(message: Message) -> dict[str, Any]:
    parts = message.parts
    data: dict[str, Any] = {"role": message.role, "content": ""}
    if len(parts) == 1 and type(parts[0]) is TextPart:
        data["content"] = parts[0].text
    else:
        calls = [p for p in parts if type(p) is ToolCall]
        said = [p for p in parts if type(p) is not ToolCall] if calls else parts
        if all(type(part) is TextPart for part in said):
            data["content"] = message.text
        else:
            data["content"] = [_part(part_payload(part)) for part in said]
        if calls:
            data["tool_calls"] = [
                {"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls
            ]
    if message.name is not None:
        data["name"] = message.name
    if message.call_id is not None:
        data["tool_call_id"] = message.call_id
    if message.is_error:
        data["is_error"] = True
    return data


def _part(payload: dict[str, Any]) -> dict[str, Any]:
    kind = payload.pop("kind")
    return {"type": kind, **copied(payload)}
