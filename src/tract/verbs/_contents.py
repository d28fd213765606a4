"""Shorthands: from the few words of a face method to a content.

What is said is a text, or the parts that a provider's message may have; parts are read as those of
a committed message are. A tool's result is whatever JSON value a tool gave. What is wrong is
refused here as it is everywhere, with an error of ours and nothing written.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tract.errors import InvalidInput, printable
from tract.formats import from_wire
from tract.objects import (
    Content,
    DialogueContent,
    FreeformContent,
    InstructionContent,
    Part,
    ReasoningContent,
    ToolResultContent,
    call_of,
    part_of,
    validated,
)

Said = str | Sequence[Any]
"""A text, or parts: dicts in a provider's shape, a client's objects, or `Part`s."""


def instruction(text: Said) -> Content:
    """Return instructions as a content.

    Args:
        text: a text, or parts.

    Raises:
        InvalidInput: it is neither.
    """
    return validated(InstructionContent, _spoken(text, "system"))


def question(text: Said, name: str | None = None) -> Content:
    """Return what a user said as a content.

    Args:
        text: a text, or parts.
        name: who of several users.

    Raises:
        InvalidInput: it is neither, or the name is no text.
    """
    return validated(DialogueContent, {"role": "user", "name": name, **_spoken(text, "user")})


def reply(
    text: Said | None,
    tool_calls: Sequence[Any] = (),
    reasoning: ReasoningContent | str | None = None,
) -> Content:
    """Return a model's reply as one content: reasoning first, then the words, then the calls.

    Args:
        text: what it said, a text or parts, or None.
        tool_calls: `ToolCall`s, dicts with id, name and arguments, or calls as OpenAI spells them.
        reasoning: a text, or a `ReasoningContent`.

    Raises:
        InvalidInput: one of them is something else, or there is none of them.
    """
    calls = [call_of(call) for call in _listed(tool_calls)]
    if text is None and not calls and reasoning is None:
        raise InvalidInput(
            "the reply says nothing: no text, no tool call, no reasoning",
            kind="invalid_content",
            hint='Give one of them; assistant("") keeps a reply without a word.',
        )
    said = {} if text is None else _spoken(text, "assistant")
    if reasoning is not None:
        parts = [_thought(reasoning), *said.get("parts", ())]
        if "text" in said:
            parts.append(part_of(said["text"]))
        return validated(DialogueContent, {"role": "assistant", "parts": [*parts, *calls]})
    return validated(DialogueContent, {"role": "assistant", **said, "tool_calls": calls})


def result(
    call_id: str, output: Any, *, is_error: bool = False, name: str | None = None
) -> Content:
    """Return what a tool gave back as a content.

    Args:
        call_id: id of the call that it answers.
        output: a text, `Part`s, or any other JSON value, which is kept as its JSON text.
        is_error: whether the tool failed.
        name: the tool's name.

    Raises:
        InvalidInput: the output has no JSON form, or is None.
    """
    data = {"call_id": call_id, "is_error": is_error, "name": name}
    if isinstance(output, list | tuple) and output and all(isinstance(o, Part) for o in output):
        return validated(ToolResultContent, {**data, "parts": output})
    return validated(ToolResultContent, {**data, "output": _output(output)})


def _output(output: Any) -> str:
    if isinstance(output, str):
        return output
    if output is None:
        raise InvalidInput(
            "output is None",
            kind="invalid_content",
            hint='Give what the tool said; "" where it said nothing, "null" for JSON\'s null.',
        )
    try:
        return json.dumps(output, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"output is {printable(type(output).__name__)} that has no JSON form: {printable(error)}",
            kind="invalid_content",
            hint="Give text, or a value of dicts, lists, texts, numbers and booleans; decode bytes.",
        ) from None


# --- texts and parts -------------------------------------------------------------------------


def _spoken(said: Any, role: str) -> dict[str, Any]:
    """Return what is said as the field of a content: its text, or its parts."""
    if isinstance(said, str):
        return {"text": said}
    if not isinstance(said, list | tuple) or not said:
        what = "empty" if isinstance(said, list | tuple) else printable(type(said).__name__)
        raise InvalidInput(
            f"what role {role} says is {what}, neither text nor parts",
            kind="invalid_content",
            hint='Give a text, or a list of parts such as {"type": "text", "text": ...}; a whole message goes to commit().',
        )
    others = [piece for piece in said if not isinstance(piece, Part)]
    read = iter(_read(others, role) if others else ())
    return {"parts": [piece if isinstance(piece, Part) else next(read) for piece in said]}


def _read(pieces: list[Any], role: str) -> Sequence[Part]:
    """Return the parts that pieces of a provider's message are, as a committed message has them."""
    contents = from_wire({"role": role, "content": pieces})
    parts: Sequence[Part] = getattr(contents[0], "parts", ())
    if len(contents) != 1 or len(parts) != len(pieces):
        raise InvalidInput(
            "a tool's result is among the parts",
            kind="several_contents",
            hint="Use tool_result(call_id, output), or extend([message]) for a whole message.",
        )
    return parts


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
    if isinstance(calls, (str, bytes, Mapping)) or not isinstance(calls, Iterable):
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
