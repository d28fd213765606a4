"""Shorthands: from the few words of a face method to a content.

What is wrong is refused here as it is everywhere, with an error of ours and nothing written.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import InvalidInput, printable
from tract.objects import (
    Content,
    DialogueContent,
    FreeformContent,
    Part,
    ReasoningContent,
    call_of,
    part_of,
    validated,
)


def reply(
    text: str | None,
    tool_calls: Sequence[Any] = (),
    reasoning: ReasoningContent | str | None = None,
) -> Content:
    """Return a model's reply as one content: reasoning first, then the words, then the calls.

    Args:
        text: what it said, or None.
        tool_calls: `ToolCall`s, dicts with id, name and arguments, or calls as OpenAI spells them.
        reasoning: a text, or a `ReasoningContent`.

    Raises:
        InvalidInput: one of them is something else.
    """
    data: dict[str, Any] = {"role": "assistant"}
    calls = [call_of(call) for call in _listed(tool_calls)]
    if reasoning is None:
        return validated(DialogueContent, {**data, "text": text, "tool_calls": calls})
    parts: list[Part] = [_thought(reasoning)]
    if text is not None:
        parts.append(part_of({"kind": "text", "text": text}))
    return validated(DialogueContent, {**data, "parts": [*parts, *calls]})


def _thought(reasoning: Any) -> Part:
    if isinstance(reasoning, ReasoningContent):
        return reasoning.part()
    if isinstance(reasoning, str):
        return part_of({"kind": "reasoning", "text": reasoning})
    raise InvalidInput(
        f"reasoning is {printable(type(reasoning).__name__)}, neither text nor a ReasoningContent",
        kind="invalid_content",
        hint="Give its text, or ReasoningContent(text=..., provider=..., signature=...).",
    )


def _listed(calls: Any) -> list[Any]:
    if isinstance(calls, (str, bytes, Mapping)) or not hasattr(calls, "__iter__"):
        raise InvalidInput(
            f"tool_calls is {printable(type(calls).__name__)}, no list",
            kind="invalid_content",
            hint="Give a list of ToolCall or of dicts.",
        )
    return list(calls)


def freeform(note: str | Mapping[str, Any]) -> Content:
    """Return a note of any shape as a content."""
    return validated(
        FreeformContent, {"payload": {"note": note} if isinstance(note, str) else note}
    )
