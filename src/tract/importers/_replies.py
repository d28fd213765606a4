"""Replies as the litellm client logs them: OpenAI's shape, and fields that no request may have.

Agents that speak to many providers through it keep such replies in their logs. Thinking becomes
parts of the message, signatures included, so that it goes back to who signed it; empty fields are
left out, and what else there is is given back apart, to be kept with the commit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_KEPT = ("role", "content", "name", "tool_calls", "function_call", "refusal", "audio")
_EMPTY: tuple[Any, ...] = (None, [], {})
_THOUGHT = frozenset({"thinking_blocks", "reasoning_content"})


def parted(message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a reply as a message of OpenAI's, and what else is said of it.

    Args:
        message: the reply, as it was logged.

    Example:
        >>> parted({"role": "assistant", "content": "Hi.", "function_call": None, "index": 0})
        ({'role': 'assistant', 'content': 'Hi.'}, {'index': 0})
    """
    told = {
        name: message[name]
        for name in _KEPT
        if name in message and (message[name] is not None or name == "content")
    }
    more = {
        name: value
        for name, value in message.items()
        if name not in _KEPT and name not in _THOUGHT and _says(value)
    }
    calls = told.get("tool_calls")
    if isinstance(calls, list):
        told["tool_calls"] = [_call(call) for call in calls]
        if not calls:
            del told["tool_calls"]
    thoughts, rest = _thoughts(message)
    if thoughts:
        told["content"] = [*thoughts, *_listed(told.get("content"))]
    return told, {**more, **rest}


def _says(value: Any) -> bool:
    """Return whether a field says anything: an object of empty fields does not."""
    if isinstance(value, Mapping):
        return any(item not in _EMPTY for item in value.values())
    return value not in _EMPTY


def _call(call: Any) -> Any:
    """Return a call without its place in the stream of the reply."""
    if not isinstance(call, Mapping):
        return call
    return {name: value for name, value in call.items() if name != "index" and _says(value)}


def _listed(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [] if content is None else content if isinstance(content, list) else [content]


def _thoughts(message: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a reply's thinking as parts, and what of it cannot be one."""
    blocks, text = message.get("thinking_blocks"), message.get("reasoning_content")
    rest: dict[str, Any] = {}
    parts: list[dict[str, Any]] = []
    if isinstance(blocks, list):
        parts = [part for part in map(_thought, blocks) if part is not None]
    if _says(blocks) and (not isinstance(blocks, list) or len(parts) < len(blocks)):
        parts, rest["thinking_blocks"] = [], blocks
    if isinstance(text, str) and text:
        if not parts:
            parts = [{"type": "reasoning", "text": text}]
        elif text.strip() != "".join(_texts(parts)).strip():
            rest["reasoning_content"] = text
    elif _says(text) and text != "":
        rest["reasoning_content"] = text
    return parts, rest


def _texts(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(part.get("text", "")) for part in parts]


def _thought(block: Any) -> dict[str, Any] | None:
    if not isinstance(block, Mapping):
        return None
    kind, text, data = block.get("type"), block.get("thinking"), block.get("data")
    part: dict[str, Any] = {"type": "reasoning", "provider": "anthropic"}
    if kind == "redacted_thinking" and isinstance(data, str) and data:
        return {**part, "encrypted": data}
    signature = block.get("signature")
    if kind != "thinking" or not isinstance(text, str) or not isinstance(signature, str | None):
        return None
    return {**part, "text": text, **({"signature": signature} if signature else {})}
