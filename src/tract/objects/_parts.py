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
from tract.objects._canonical import check_json, plain_json

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
_PARTS = tuple(dict.fromkeys(_CLASSES.values()))
_OBJECTS = frozenset({"extra", "payload", "bound_to"})
# What a field has when it was not given, the fields that always are, and those that may be None.
_DEFAULTS: dict[type[Any], tuple[tuple[str, Any], ...]] = {
    cls: tuple((field.name, field.default) for field in fields(cls) if field.name != "kind")
    for cls in _PARTS
}
_NEEDED: dict[type[Any], frozenset[str]] = {
    cls: frozenset(field.name for field in fields(cls) if field.default is MISSING)
    for cls in _PARTS
}
_OPTIONAL: dict[type[Any], frozenset[str]] = {
    cls: frozenset(field.name for field in fields(cls) if field.default is None) for cls in _PARTS
}


def part_payload(part: Part) -> dict[str, Any]:
    """Return a part as the JSON value that is stored: its kind and every field that was given."""
    data: dict[str, Any] = {"kind": part.kind}
    for name, default in _DEFAULTS[type(part)]:
        value = getattr(part, name)
        if value is not default and value != default:
            data[name] = value
    return data


def part_of(value: "Part | Mapping[str, Any] | str") -> Part:
    """Return the part that a stored JSON value, a part or a plain text stands for.

    A part whose fields are what they should be is given back as it is. The arguments of a tool
    call may be given as a dict or a list, and become JSON text.

    Raises:
        InvalidInput: the kind is unknown or a field is.

    Example:
        >>> part_of(ToolCall("c1", "look_up", {"order": 7})).arguments
        '{"order": 7}'
    """
    if isinstance(value, _PARTS):
        if is_sound(value):
            return value  # type: ignore[no-any-return]
        value = {"kind": value.kind, **{name: getattr(value, name) for name in value.__slots__}}
    if isinstance(value, str):
        return TextPart(value)
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{printable(type(value).__name__)} is no part of a message",
            kind="invalid_content",
            hint="Give a TextPart, ToolCall, MediaPart or other part, or a dict with its kind.",
        )
    kind = value.get("kind")
    cls = _CLASSES.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise InvalidInput(
            f"part kind {printable(repr(kind))} is unknown",
            kind="invalid_content",
            hint=f"Use one of {', '.join(_CLASSES)}.",
        )
    data = dict(value)
    if cls is not MediaPart:
        del data["kind"]
    if cls is ToolCall and isinstance(data.get("arguments"), (Mapping, list, tuple)):
        data["arguments"] = _arguments(data["arguments"])
    _check_fields(cls, str(kind), data)
    return cls(**data)  # type: ignore[no-any-return]


def call_of(value: Any) -> ToolCall:
    """Return the tool call that a `ToolCall`, or a dict of its fields, stands for.

    OpenAI's spelling is understood as well: `{"id", "type", "function": {"name", "arguments"}}`,
    also as the object that a client gives.

    Raises:
        InvalidInput: it is no call, or a field is missing, unknown or wrong.
    """
    if isinstance(value, ToolCall):
        return part_of(value)  # type: ignore[return-value]
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        value = dump(mode="json", exclude_none=True)
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{printable(type(value).__name__)} is no tool call",
            kind="invalid_content",
            hint="Give ToolCall(id, name, arguments), or a dict with id, name and arguments.",
        )
    function = value.get("function")
    if isinstance(function, Mapping):
        outer = {key: item for key, item in value.items() if key not in ("function", "type")}
        value = {**outer, **function}
    return part_of({**value, "kind": ToolCall.kind})  # type: ignore[return-value]


def is_extra(value: object) -> bool:
    """Return whether a value can be `extra`: objects by the name of a provider."""
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(item, Mapping) for name, item in value.items()
    )


def is_sound(part: Part) -> bool:
    """Return whether the fields of a part are of the types that they should be."""
    cls = type(part)
    optional = _OPTIONAL.get(cls)
    if optional is None:
        return False  # somebody's subclass
    for name in cls.__slots__:
        value = getattr(part, name)
        if value is None:
            if name not in optional:
                return False
        elif name in _OBJECTS:
            if not isinstance(value, Mapping) or (name == "extra" and not is_extra(value)):
                return False
        elif not isinstance(value, str):
            return False
    return cls is not MediaPart or _CLASSES.get(part.kind) is MediaPart


def _arguments(value: Any) -> str:
    check_json(value, "arguments")
    return json.dumps(plain_json(value), ensure_ascii=False, allow_nan=False)


def _check_fields(cls: type[Any], kind: str, data: Mapping[str, Any]) -> None:
    """Refuse fields of a part that are missing, unknown or of another type."""
    names = [field.name for field in fields(cls)]
    hint = f"Its fields are {', '.join(name for name in names if name != 'kind')}."
    for name in _NEEDED[cls]:
        if name not in data:
            raise _wrong(kind, f"{name} is missing", hint)
    for name, item in data.items():
        if name not in names:
            raise _wrong(kind, f"{printable(name)} is no field of it", hint)
        wanted = Mapping if name in _OBJECTS else str
        if not (isinstance(item, wanted) or (item is None and name in _OPTIONAL[cls])):
            text = f"{name} is {printable(type(item).__name__)}, not {wanted.__name__}"
            raise _wrong(kind, text, hint)
    if data.get("extra") is not None and not is_extra(data["extra"]):
        raise _wrong(kind, "extra holds no objects by provider", EXTRA_HINT)


EXTRA_HINT = 'Give {"openai": {...}}: for each provider an object of its fields.'


def _wrong(kind: str, text: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{kind} part: {text}", kind="invalid_content", hint=hint)
