"""The content types that one tract knows, and the door through which content comes in and out.

There is no global registry: a registry is made for a handle from the built-in types and the
caller's own. Coming in, content is checked once and turned into canonical bytes; going out, a
payload becomes its model again, or an `UnknownContent` where nobody registered its type.
"""

import copy
import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import PydanticSerializationError

from tract.errors import InvalidInput, TractError, printable
from tract.objects._canonical import canonical, check_json, check_text, parse
from tract.objects._content import BUILT_IN, Content, UnknownContent, validated
from tract.objects._fields import is_whole
from tract.objects._limits import Limits
from tract.objects._mark import Priority
from tract.objects._message import ROLES, checked_message
from tract.objects._parts import ToolCall

_BUILT_IN = frozenset(BUILT_IN)
# The fields of built-in types that hold JSON of any shape; parts and calls have them inside.
_FREE = frozenset({"extra", "payload", "bound_to"})


# Pydantic finishes a type with its first use, under locks; a child that is forked meanwhile would
# wait for them for ever. So the first uses are made together, and no fork comes between.
_first_uses = threading.RLock()
_SAMPLES: list[dict[str, Any]] = [
    {"content_type": "instruction", "text": ""},
    {"content_type": "dialogue", "role": "user", "text": ""},
    {"content_type": "tool_result", "call_id": "c", "output": ""},
    {"content_type": "reasoning", "text": ""},
    {"content_type": "artifact", "kind": "text", "text": ""},
    {"content_type": "output", "text": ""},
    {"content_type": "freeform", "payload": {}},
    {"content_type": "summary", "text": ""},
    {"content_type": "session", "session_type": "s", "summary": ""},
    {"content_type": "opaque", "payload": {}},
]


def _use_types() -> None:
    """Use each built-in type once, if this process has not."""
    with _first_uses:
        while _SAMPLES:
            sample = _SAMPLES[-1]
            _BY_NAME[sample["content_type"]].model_validate(sample)
            _SAMPLES.pop()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_first_uses.acquire,
        after_in_parent=_first_uses.release,
        after_in_child=_first_uses.release,
    )


class ContentTypes:
    """The content types of one tract.

    Example:
        >>> types = ContentTypes()
        >>> types.load({"content_type": "output", "text": "42"}).text
        '42'
    """

    def __init__(self, own: Iterable[type[Content]] = ()) -> None:
        _use_types()
        self._types: dict[str, type[Content]] = dict(_BY_NAME)
        self._own: set[str] = set()
        for cls in own:
            _check_own(cls)
            name = _name(cls)
            if name in self._types:
                raise InvalidInput(
                    f"content type {printable(repr(name))} is registered twice",
                    kind="invalid_content_type",
                    hint="Give your type a name of its own, such as 'acme.ticket'.",
                )
            self._types[name] = cls
            self._own.add(name)

    def custom(self, name: str) -> type[Content] | None:
        """Return the caller's own type of that name, or None."""
        return self._types[name] if name in self._own else None

    def class_of(self, name: str) -> type[Content] | None:
        """Return the type that is registered under a name, or None."""
        return self._types.get(name)

    def make(self, data: Mapping[str, Any]) -> Content:
        """Return the content that a dict with "content_type" describes.

        Raises:
            InvalidInput: the type is unknown, or a field is missing, unknown or wrong.
        """
        name = data.get("content_type")
        cls = self._types.get(name) if isinstance(name, str) else None
        if cls is None:
            raise InvalidInput(
                f"content_type {printable(repr(name))} is unknown",
                kind="unknown_content_type",
                hint=f"Pass its class in content_types=, or use one of {', '.join(self._types)}.",
            )
        return validated(cls, data)

    def load(self, payload: Mapping[str, Any]) -> Content:
        """Return the content of a stored payload; `UnknownContent` where its type is not registered."""
        name = payload["content_type"]
        cls = self._types.get(name)
        payload = copy.deepcopy(
            dict(payload)
        )  # payloads are shared; a model's fields belong to its holder
        if cls is None:
            fields = {key: value for key, value in payload.items() if key != "content_type"}
            return UnknownContent(content_type=name, fields=fields)
        return validated(cls, payload)


def _check_own(cls: Any) -> None:
    """Refuse what cannot be a type of the caller's own."""
    if not (isinstance(cls, type) and issubclass(cls, Content)):
        raise InvalidInput(
            f"content type {printable(repr(cls))} is no subclass of Content",
            kind="invalid_content_type",
            hint="Give classes that are derived from tract.Content.",
        )
    if issubclass(cls, (*BUILT_IN, UnknownContent)):
        raise InvalidInput(
            f"content type {cls.__name__} is derived from a built-in type",
            kind="invalid_content_type",
            hint="Derive it from Content, and let render() return a Message where it needs a role.",
        )
    if cls.default_role not in ROLES:
        raise InvalidInput(
            f"content type {cls.__name__}: default_role {printable(repr(cls.default_role))} is unknown",
            kind="invalid_content_type",
            hint=f"Use one of {', '.join(ROLES)}.",
        )
    if not isinstance(cls.default_priority, str) or cls.default_priority not in list(Priority):
        raise InvalidInput(
            f"content type {cls.__name__}: default_priority {printable(repr(cls.default_priority))} is unknown",
            kind="invalid_content_type",
            hint=f"Use one of {', '.join(Priority)}.",
        )


def _name(cls: type[Content]) -> str:
    field = cls.model_fields.get("content_type")
    name = field.default if field is not None else None
    if (
        not isinstance(name, str)
        or not name
        or len(name.encode()) > 200
        or printable(name, limit=None) != name
    ):
        raise InvalidInput(
            f"content type {cls.__name__} gives content_type no usable default",
            kind="invalid_content_type",
            hint='Write content_type: Literal["acme.ticket"] = "acme.ticket".',
        )
    return name


def encode_content(content: Content, limits: Limits) -> bytes:
    """Return the canonical bytes of a content, its limits checked.

    A content of a caller's own type is loaded back and rendered once, so that nothing is stored
    that could not be shown afterwards.

    Raises:
        InvalidInput: too long, too deep, not valid, or something that has no canonical form.
    """
    cls = type(content)
    own = False
    if cls in _BUILT_IN:
        if not is_whole(content) or content.clash() is not None:  # type: ignore[attr-defined]
            content = validated(cls, content.__dict__)
        payload = content.stored()
        if _has_free(payload):
            check_json(payload, content.content_type)
        if "parts" in payload or "tool_calls" in payload:
            _check_calls(payload, limits)
    else:
        own = cls is not UnknownContent
        payload = _stored(content)
        check_json(payload, content.content_type)
    data = canonical(payload, content.content_type)
    if len(data) > limits.text_bytes_max:
        raise InvalidInput(
            f"content of {len(data)} bytes is over the limit of {limits.text_bytes_max}",
            kind="too_large",
            hint="Split it, or open with limits=Limits(text_bytes_max=...).",
        )
    if own:
        _check_shown(cls, data)
    return data


def _stored(content: Content) -> dict[str, Any]:
    """Return what a type that is not built in stores; that is foreign code."""
    try:
        payload = content.stored()
    except TractError:
        raise
    except Exception as error:
        # Only the serializer's own words tell what it is that cannot be stored.
        why = str(error) if type(error) is PydanticSerializationError else type(error).__name__
        raise InvalidInput(
            f"{content.content_type} cannot be stored as JSON: {printable(why)}",
            kind="invalid_content",
            hint="Use text, numbers, booleans, None, lists and dicts.",
        ) from error
    if not isinstance(payload, dict) or payload.get("content_type") != content.content_type:
        raise InvalidInput(
            f"{type(content).__name__}.stored() gave no dict with its content_type",
            kind="invalid_content",
            hint="Return {'content_type': self.content_type, ...}, or leave stored() as it is.",
        )
    return payload


def _check_shown(cls: type[Content], data: bytes) -> None:
    """Refuse a content of a caller's own type that could not be loaded or shown once it is stored."""
    try:
        loaded = validated(cls, parse(data))
    except InvalidInput as error:
        raise InvalidInput(
            f"what {cls.__name__} stores cannot be loaded again: {error.message}",
            kind=error.kind,
            hint="Let the type accept what it stores: its fields by their names, as JSON.",
        ) from error
    where = f"{printable(cls.__name__)}.render()"
    try:
        shown = loaded.render()
        if isinstance(shown, str):
            check_text(shown, where)
        else:
            checked_message(shown, where)
    except TractError:
        raise
    except Exception as error:
        raise InvalidInput(
            f"{where} raised {type(error).__name__}",
            kind="invalid_message",
            hint="Let it return a text or a Message for every content of the type.",
        ) from error


def _has_free(payload: Mapping[str, Any]) -> bool:
    if not _FREE.isdisjoint(payload):
        return True
    return any(
        type(value) is not str
        for name in ("parts", "tool_calls")
        if name in payload
        for part in payload[name]
        for value in part.values()
    )


def payload_calls(payload: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tool calls of a stored payload, in the order in which they are shown."""
    if payload["content_type"] != "dialogue":  # elsewhere these names are a caller's own fields
        return []
    calls = [part for part in payload.get("parts", ()) if part["kind"] == ToolCall.kind]
    calls += payload.get("tool_calls", ())
    return calls


def _check_calls(payload: Mapping[str, Any], limits: Limits) -> None:
    for call in payload_calls(payload):
        arguments = call.get("arguments", "")
        if (
            len(arguments) > limits.arguments_bytes_max // 4
            and len(arguments.encode()) > limits.arguments_bytes_max
        ):
            raise InvalidInput(
                f"arguments of tool call {printable(repr(call.get('id')))} are over the limit of {limits.arguments_bytes_max} bytes",
                kind="too_large",
                hint="Pass large input by reference.",
            )
        if _depth(arguments, limits.arguments_depth_max) > limits.arguments_depth_max:
            raise InvalidInput(
                f"arguments of tool call {printable(repr(call.get('id')))} are nested deeper than {limits.arguments_depth_max} levels",
                kind="too_deep",
                hint="Flatten them, or pass them as text.",
            )


def _depth(arguments: str, allowed: int) -> int:
    """Return how deep JSON text is nested, brackets inside its strings left out; 0 where it can't be too deep."""
    if arguments.count("{") + arguments.count("[") <= allowed:
        return 0
    depth = deepest = 0
    inside = escaped = False
    for char in arguments:
        if inside:
            inside = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            inside = True
        elif char in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "}]":
            depth -= 1
    return deepest


def decode_payload(data: bytes) -> dict[str, Any]:
    """Return the payload of stored bytes.

    Raises:
        ValueError: the bytes are no JSON object.
    """
    payload = parse(data)
    if not isinstance(payload, dict):
        raise ValueError("no JSON object")
    return payload


_BY_NAME = {_name(cls): cls for cls in BUILT_IN}
