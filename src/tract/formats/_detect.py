"""Which provider's shape a message has, told by what only one of them writes.

Many messages have the same shape everywhere (a role and a text), and then there is nothing to
tell and nothing to get wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_OPENAI_ROLES = frozenset({"tool", "function", "developer"})
_OPENAI_FIELDS = frozenset(
    {
        "tool_calls",
        "function_call",
        "tool_call_id",
        "refusal",
        "audio",
        "annotations",
        "reasoning_content",
    }
)
_OPENAI_PARTS = frozenset({"image_url", "input_audio", "file", "refusal"})
RESPONSES_PARTS = frozenset({"input_text", "input_image", "input_file", "output_text"})
"""Parts of OpenAI's Responses, which have no place in Chat Completions."""
_ANTHROPIC_FIELDS = frozenset({"stop_reason", "stop_sequence"})
_ANTHROPIC_BLOCKS = frozenset(
    {
        "tool_use",
        "tool_result",
        "thinking",
        "redacted_thinking",
        "document",
        "search_result",
        "server_tool_use",
        "container_upload",
    }
)
_ANTHROPIC_MARKS = frozenset({"source", "cache_control", "citations"})


def detect(message: Mapping[str, Any]) -> str | None:
    """Return the provider whose shape a message has.

    Args:
        message: a provider's message.

    Returns:
        "openai", "anthropic", or None where it would look the same for both.

    Example:
        >>> detect({"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]})
        'anthropic'
        >>> detect({"role": "user", "content": "hello"}) is None
        True
    """
    role = message.get("role")
    if isinstance(role, str) and role in _OPENAI_ROLES:
        return "openai"
    if not _OPENAI_FIELDS.isdisjoint(message):
        return "openai"
    content = message.get("content")
    if isinstance(content, list | tuple):
        found = _by_blocks(content)
        if found is not None:
            return found
    is_reply = message.get("type") == "message" or not _ANTHROPIC_FIELDS.isdisjoint(message)
    return "anthropic" if is_reply else None


def is_anthropics(block: Mapping[str, Any]) -> bool:
    """Return whether a part of a message is a block that only Anthropic's Messages has.

    Args:
        block: the part.

    Example:
        >>> is_anthropics({"type": "tool_use", "id": "a"}), is_anthropics({"type": "text"})
        (True, False)
    """
    kind = block.get("type")
    if not isinstance(kind, str):
        return False
    if kind in _ANTHROPIC_BLOCKS or kind.endswith("_tool_result"):
        return True
    return kind == "image" and isinstance(block.get("source"), Mapping)


def _by_blocks(blocks: Sequence[Any]) -> str | None:
    for block in blocks:
        if not isinstance(block, Mapping):
            continue
        kind = block.get("type")
        if not isinstance(kind, str):
            continue
        if kind in _OPENAI_PARTS or kind in RESPONSES_PARTS:
            return "openai"
        if is_anthropics(block) or not _ANTHROPIC_MARKS.isdisjoint(block):
            return "anthropic"
    return None
