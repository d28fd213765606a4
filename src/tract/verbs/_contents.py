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
    ReasoningPart,
    part_of,
    validated,
)


def reply(
    text: str | None,
    tool_calls: Sequence[Any] = (),
    reasoning: ReasoningContent | str | None = None,
) -> Content:
    """Return a model's reply as one content: reasoning first, then the words, then the calls."""
    data: dict[str, Any] = {"role": "assistant"}
    if reasoning is None:
        return validated(DialogueContent, {**data, "text": text, "tool_calls": _listed(tool_calls)})
    parts: list[Part] = [
        reasoning.part() if isinstance(reasoning, ReasoningContent) else ReasoningPart(reasoning)
    ]
    if text is not None:
        parts.append(part_of({"kind": "text", "text": text}))
    calls = [
        part_of({"kind": "tool_call", **call}) if isinstance(call, Mapping) else part_of(call)
        for call in _listed(tool_calls)
    ]
    return validated(DialogueContent, {**data, "parts": [*parts, *calls]})


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
