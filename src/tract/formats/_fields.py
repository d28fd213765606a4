"""Pieces that both directions of every dialect need: fields kept verbatim, and JSON text.

Fields that nobody here has a word for are kept under the provider's name in `extra`, nested as
they were, and put back where they stood. What is no field but a trait of the spelling (a missing
key where others write null) is kept beside it, under the provider's name with ".shape" behind it,
so that it can never be taken for a field and never goes out by itself.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tract.errors import InvalidInput, printable

Extra = Mapping[str, Mapping[str, Any]]

SHAPE = ".shape"

MISSING = object()
"""Stands for a field that is not there, where None is a value."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
# The fast parser reads integers of more than 64 bits as floats.
_LONG_NUMBER = re.compile(r"\d{19}")
_NESTING_MAX = 500


def copied(value: Any) -> Any:
    """Return a JSON value that shares nothing mutable with `value`."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def put_back(wire: dict[str, Any], kept: Mapping[str, Any]) -> None:
    """Add kept fields to a rendered value where it has none of that name, also deeper inside."""
    for name, value in kept.items():
        if name not in wire:
            wire[name] = copied(value)
        elif isinstance(value, Mapping) and isinstance(wire[name], dict):
            put_back(wire[name], value)


def rest(source: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Return the fields of a wire value that are not among the known ones."""
    return {name: value for name, value in source.items() if name not in known}


def extra_of(
    provider: str, fields: Mapping[str, Any], shape: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return kept fields and traits as the `extra` of a content or a part; empty if none."""
    extra: dict[str, Any] = {}
    if fields:
        extra[provider] = dict(fields)
    if shape:
        extra[provider + SHAPE] = dict(shape)
    return extra


def says_something(extra: Extra, provider: str) -> bool:
    """Return whether `extra` holds fields of other providers that are not empty.

    Marks for a provider's cache are no part of what is said.
    """
    return any(
        value is not None and value not in ([], {}) and name != "cache_control"
        for owner, fields in extra.items()
        if owner != provider and not owner.endswith(SHAPE)
        for name, value in fields.items()
    )


def arguments_text(value: Any, where: str) -> str:
    """Return the arguments of a call as JSON text; text is taken as it is.

    Raises:
        InvalidInput: the value has no JSON form.
    """
    if isinstance(value, str):
        return value
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{where}: arguments are no JSON value: {printable(error)}",
            kind="invalid_message",
            hint="Give the arguments as JSON text or as an object of JSON values.",
        ) from None


def arguments_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object that arguments spell, {} for none at all; None where they spell none."""
    if not text or text.isspace():
        return {}
    try:
        value = _exact(text) if len(text) > 18 and _LONG_NUMBER.search(text) else orjson.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _exact(text: str) -> Any:
    if text.count("[") + text.count("{") > _NESTING_MAX:
        raise ValueError("nested too deeply")
    value = json.loads(text)
    # What has no canonical spelling (NaN, infinity, half a character) cannot be sent.
    _encode(value).encode()
    return value


def wrong(
    where: str,
    value: object,
    rule: str,
    hint: str,
    *,
    kind: str = "invalid_message",
    named: bool = False,
) -> InvalidInput:
    """Return the error for a field that is not as its format wants it.

    Args:
        where: the field, as a path into the message.
        value: what stands there. Only its type is told, since it may be content.
        rule: what the format wants.
        hint: what to do.
        kind: stable name of the error.
        named: whether the value is a name of the format's, and told as it is.
    """
    if value is MISSING:
        found = "missing"
    elif isinstance(value, str) and (named or not value):
        found = printable(repr(value))
    else:
        found = printable(type(value).__name__)
    return InvalidInput(f"{printable(where)} is {found}: {rule}", kind=kind, hint=hint)


def wrong_role(role: object, roles: Iterable[str]) -> InvalidInput:
    """Return the error for a role that the format does not know."""
    hint = f"Use one of {', '.join(roles)}."
    return wrong("role", role, "no role of a message", hint, kind="invalid_role", named=True)
