"""The parts of a message: text, reasoning, tool calls, media, and what only one provider knows.

Parts are plain frozen values, shared by stored content and compiled messages, so nothing is
converted between the two. `extra` keeps fields that this library has no word for, by provider,
so that they go back verbatim to the provider they came from.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Literal

from tract.errors import InvalidInput, printable

Extra = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of text."""

    kind: ClassVar[str] = "text"
    text: str
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class RefusalPart:
    """A model's refusal, which some providers send in a field of its own."""

    kind: ClassVar[str] = "refusal"
    text: str
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """A model's reasoning, bound to the context it was produced in.

    Attributes:
        text: what may be read of it; empty when all of it is encrypted.
        provider: the provider that made it, such as "anthropic".
        signature: the provider's proof that the text is unchanged.
        encrypted: the opaque form that some providers send instead of text.
        bound_to: provider, model and prefix hash that it was made for.
        extra: fields that only the named provider knows.
    """

    kind: ClassVar[str] = "reasoning"
    text: str = ""
    provider: str | None = None
    signature: str | None = None
    encrypted: str | None = None
    bound_to: Mapping[str, Any] | None = None
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's call of a tool.

    Attributes:
        id: the call's id, as the provider gave it.
        name: the tool's name.
        arguments: the arguments as the model wrote them: JSON text, kept verbatim even if it is none.
        extra: fields that only the named provider knows.
    """

    kind: ClassVar[str] = "tool_call"
    id: str
    name: str
    arguments: str = ""
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class MediaPart:
    """An image, a sound or a file, inline or by reference.

    Attributes:
        kind: "image", "audio" or "file".
        media_type: such as "image/png", where known.
        data: base64 text of the bytes, when inline.
        url: where it is to be had, when by reference.
        file_id: the provider's id of an uploaded file.
        name: file name.
        extra: fields that only the named provider knows.
    """

    kind: Literal["image", "audio", "file"]
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    name: str | None = None
    extra: Extra | None = None


@dataclass(frozen=True, slots=True)
class OpaquePart:
    """A part that only one provider understands, kept as it came."""

    kind: ClassVar[str] = "opaque"
    provider: str
    payload: Mapping[str, Any]


Part = TextPart | RefusalPart | ReasoningPart | ToolCall | MediaPart | OpaquePart

_CLASSES: dict[str, type[Any]] = {
    "text": TextPart,
    "refusal": RefusalPart,
    "reasoning": ReasoningPart,
    "tool_call": ToolCall,
    "image": MediaPart,
    "audio": MediaPart,
    "file": MediaPart,
    "opaque": OpaquePart,
}


def part_payload(part: Part) -> dict[str, Any]:
    """Return a part as the JSON value that is stored: its kind and every field that says something."""
    data: dict[str, Any] = {"kind": part.kind}
    needed = _NEEDED[type(part)]
    for name in part.__slots__:
        if name == "kind":
            continue
        value = getattr(part, name)
        if name in needed or (value is not None and value != ""):
            data[name] = value
    return data


def part_of(value: "Part | Mapping[str, Any] | str") -> Part:
    """Return the part that a stored JSON value, a part or a plain text stands for.

    Raises:
        InvalidInput: the kind is unknown or a field is.
    """
    if isinstance(value, str):
        return TextPart(value)
    if not isinstance(value, Mapping):
        if isinstance(value, tuple(set(_CLASSES.values()))):
            return value
        raise InvalidInput(
            f"{printable(type(value).__name__)} is no part of a message", kind="invalid_content"
        )
    kind = value.get("kind")
    cls = _CLASSES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise InvalidInput(
            f"part kind {printable(repr(kind))} is unknown",
            kind="invalid_content",
            hint=f"Use one of {', '.join(_CLASSES)}.",
        )
    fields = dict(value)
    if cls is not MediaPart:
        del fields["kind"]
    if cls is ToolCall and isinstance(fields.get("arguments"), (Mapping, list)):
        fields["arguments"] = json.dumps(fields["arguments"], ensure_ascii=False)
    for name, item in fields.items():
        wanted = Mapping if name in _OBJECTS else str
        if not (isinstance(item, wanted) or (item is None and name in _OPTIONAL[cls])):
            raise InvalidInput(
                f"{kind} part: {printable(name)} is {type(item).__name__}, not {wanted.__name__}",
                kind="invalid_content",
            )
    try:
        return cls(**fields)  # type: ignore[no-any-return]
    except TypeError as error:
        raise InvalidInput(f"{kind} part: {printable(error)}", kind="invalid_content") from None


_OBJECTS = frozenset({"extra", "payload", "bound_to"})
# Fields that are always written, and fields that may be None, by class.
_NEEDED: dict[type[Any], frozenset[str]] = {
    cls: frozenset(field.name for field in fields(cls) if field.default is MISSING)
    for cls in _CLASSES.values()
}
_OPTIONAL: dict[type[Any], frozenset[str]] = {
    cls: frozenset(field.name for field in fields(cls) if field.default is None)
    for cls in _CLASSES.values()
}
