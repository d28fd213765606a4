"""How the built-in content types are written: field by field, without the model's own serializer.

Nearly everything that is committed is of a built-in type, so this is the hot path. The fields are
looked through once more on the way, because Python lets anybody put a model together without its
validation; that costs less than the serializer would, and what is stored can always be loaded.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from tract.objects._parts import ToolCall, is_extra, is_sound, part_payload

_NO_DEFAULT = object()
_ABSENT = object()


class _Field(NamedTuple):
    """A field: its default, whether a value is what validation would have made, how it is written."""

    name: str
    default: Any
    fits: Callable[[Any], bool]
    write: Callable[[Any], Any] | None


def written(content: BaseModel) -> dict[str, Any]:
    """Return the stored form of a built-in content: its type and what differs from the defaults."""
    values = content.__dict__
    data: dict[str, Any] = {"content_type": values["content_type"]}
    for name, default, _, write in _table(type(content))[1]:
        value = values[name]
        if value is not default and value != default:
            data[name] = value if write is None else write(value)
    return data


def is_whole(content: BaseModel) -> bool:
    """Return whether each field of a built-in content is as its validation would have made it."""
    values = content.__dict__
    kind, fields = _table(type(content))
    if len(values) != len(fields) + 1 or values.get("content_type") != kind:
        return False
    for name, default, fits, _ in fields:
        value = values.get(name, _ABSENT)
        # What equals the default is not written, whatever it is.
        if value is not default and value != default and not fits(value):
            return False
    return True


@cache
def _table(cls: type[BaseModel]) -> tuple[str, tuple[_Field, ...]]:
    """Return the name of a built-in type, and its other fields."""
    fields = [
        _Field(
            name,
            _NO_DEFAULT if field.is_required() else field.get_default(call_default_factory=True),
            _FITS.get(name) or _fits(field.annotation),
            _WRITE.get(name),
        )
        for name, field in cls.model_fields.items()
        if name != "content_type"
    ]
    return str(cls.model_fields["content_type"].default), tuple(fields)


def _fits(annotation: Any) -> Callable[[Any], bool]:
    if get_origin(annotation) is Literal:
        choices = frozenset(get_args(annotation))
        return lambda value: isinstance(value, str) and value in choices
    if annotation is bool:
        return lambda value: isinstance(value, bool)
    return _is_text  # None only as a default, which is not asked about


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _is_extra(value: Any) -> bool:
    return isinstance(value, dict) and is_extra(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, str) for item in value)


def _are_parts(value: Any) -> bool:
    return isinstance(value, tuple) and all(is_sound(part) for part in value)


def _are_calls(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        type(call) is ToolCall and is_sound(call) for call in value
    )


def _written_calls(calls: tuple[ToolCall, ...]) -> list[dict[str, Any]]:
    return [{k: v for k, v in part_payload(call).items() if k != "kind"} for call in calls]


def _written_parts(parts: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [part_payload(part) for part in parts]


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "parts": _are_parts,
    "tool_calls": _are_calls,
    "extra": _is_extra,
    "payload": _is_object,
    "bound_to": _is_object,
    "decisions": _are_texts,
    "next_steps": _are_texts,
    "open_questions": _are_texts,
}
_WRITE: Mapping[str, Callable[[Any], Any]] = {
    "parts": _written_parts,
    "tool_calls": _written_calls,
    "decisions": list,
    "next_steps": list,
    "open_questions": list,
}
