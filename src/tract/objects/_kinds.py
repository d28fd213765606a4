"""The content types that one tract knows, and the door through which content comes in and out.

There is no global registry: a registry is made for a handle from the built-in types and the
caller's own. Coming in, content is checked once and turned into canonical bytes; going out, a
payload becomes its model again, or an `UnknownContent` where nobody registered its type.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from tract.errors import InvalidInput, printable
from tract.objects._canonical import canonical, check_json, parse
from tract.objects._content import BUILT_IN, Content, FreeformContent, OpaqueContent, UnknownContent
from tract.objects._limits import Limits
from tract.objects._parts import ToolCall

# Types whose only fields are text and parts hold no free JSON unless they carry `extra`.
_FREE = frozenset({"extra", "payload", "bound_to", "parts"})


class ContentTypes:
    """The content types of one tract.

    Example:
        >>> types = ContentTypes()
        >>> types.load({"content_type": "output", "text": "42"}).text
        '42'
    """

    def __init__(self, own: Iterable[type[Content]] = ()) -> None:
        self._types: dict[str, type[Content]] = {_name(cls): cls for cls in BUILT_IN}
        self._own: set[str] = set()
        for cls in own:
            if not (isinstance(cls, type) and issubclass(cls, Content)):
                raise InvalidInput(
                    f"content type {printable(repr(cls))} is no subclass of Content",
                    kind="invalid_content_type",
                )
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


def validated(cls: type[Content], data: Mapping[str, Any]) -> Content:
    """Return `data` as a content of that class.

    Raises:
        InvalidInput: naming the first field that does not fit.
    """
    try:
        return cls.model_validate(dict(data))
    except ValidationError as error:
        raise InvalidInput(_first(cls, error), kind="invalid_content") from None


def _first(cls: type[Content], error: ValidationError) -> str:
    # The offending input may be content, so only its type is named, never its value.
    detail = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(step) for step in detail["loc"]) or "content"
    return f"{cls.__name__}.{place}: {detail['msg']} (got {type(detail['input']).__name__})"


def encode_content(content: Content, limits: Limits) -> bytes:
    """Return the canonical bytes of a content, its limits checked.

    Raises:
        InvalidInput: too long, too deep, or something that has no canonical form.
    """
    payload = content.stored()
    if (
        type(content) not in BUILT_IN
        or isinstance(content, (FreeformContent, OpaqueContent))
        or _has_free(payload)
    ):
        check_json(payload, content.content_type)
    _check_calls(payload, limits)
    data = canonical(payload)
    if len(data) > limits.text_bytes_max:
        raise InvalidInput(
            f"content of {len(data)} bytes is over the limit of {limits.text_bytes_max}",
            kind="too_large",
            hint="Split it, or open with limits=Limits(text_bytes_max=...).",
        )
    return data


def _has_free(payload: Mapping[str, Any]) -> bool:
    if not _FREE.isdisjoint(payload):
        return True
    return "tool_calls" in payload and any("extra" in call for call in payload["tool_calls"])


def _check_calls(payload: Mapping[str, Any], limits: Limits) -> None:
    if payload["content_type"] != "dialogue":  # elsewhere these names are a caller's own fields
        return
    calls = payload.get("tool_calls", ())
    if "parts" in payload:
        calls = (*calls, *(part for part in payload["parts"] if part["kind"] == ToolCall.kind))
    for call in calls:
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
        if _depth(arguments) > limits.arguments_depth_max:
            raise InvalidInput(
                f"arguments of tool call {printable(repr(call.get('id')))} are nested deeper than {limits.arguments_depth_max} levels",
                kind="too_deep",
                hint="Flatten them, or pass them as text.",
            )


def _depth(arguments: str) -> int:
    """Return how deep JSON text is nested, brackets inside its strings left out; 0 where it can't be deep."""
    if arguments.count("{") + arguments.count("[") <= 100:
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
