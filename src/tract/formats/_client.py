"""Objects that providers' client libraries give, turned into the plain messages that they stand for.

A reply comes out of a client as an object, and the loop of nearly every agent puts that object, or
the list of parts in it, into the next request. Anything that has `model_dump` is taken here, at
every place where a message has parts or calls. What a client adds for its own comfort, and fields
that say nothing, stay behind: sent back, a provider would refuse them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import InvalidInput, printable

# Lists of a message that may hold objects; blocks of a result are under "content" again.
_LISTS = ("content", "tool_calls")
_PARSED = frozenset({"parsed", "parsed_arguments", "parsed_output"})


def is_client_object(value: object) -> bool:
    """Return whether a value is an object that can say what it is as a dict."""
    return callable(getattr(value, "model_dump", None)) and not isinstance(value, type)


def plain_message(message: Any) -> Any:
    """Return a message without any object in it; the same one where there was none.

    Args:
        message: a dict, or an object of a client's, with more objects in its lists or none.

    Raises:
        InvalidInput: an object cannot be turned into a dict, or is no message.
    """
    if isinstance(message, Mapping):
        return _without_objects(message)
    if not is_client_object(message):
        return message
    data = _dumped(message)
    if "role" not in data:
        hint = "Give a message, such as a reply's; a whole response is none."
        if "choices" in data:
            hint = "Give the message in it: response.choices[0].message."
        raise InvalidInput(
            f"{printable(type(message).__name__)} is no message: it has no role",
            kind="invalid_content",
            hint=hint,
        )
    data.setdefault("content", None)  # a reply that only calls tools
    return data


def _without_objects(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(value.get("content"), str) and value.get("tool_calls") is None:
        return value  # as most are
    changed: dict[str, Any] = {}
    for name in _LISTS:
        listed = value.get(name)
        if isinstance(listed, (list, tuple)) and (made := _list(listed)) is not listed:
            changed[name] = made
    return {**value, **changed} if changed else value


def _list(listed: Sequence[Any]) -> Sequence[Any]:
    made = [_piece(piece) for piece in listed]
    return made if any(new is not old for new, old in zip(made, listed, strict=True)) else listed


def _piece(piece: Any) -> Any:
    if isinstance(piece, Mapping):
        return _without_objects(piece)
    return _dumped(piece) if is_client_object(piece) else piece


def _dumped(value: Any) -> dict[str, Any]:
    # Clients warn where a reply has a type that is newer than they are; it is what was said all the same.
    try:
        data = value.model_dump(mode="json", exclude_none=True, warnings=False)
    except Exception as error:
        raise InvalidInput(
            f"{printable(type(value).__name__)} cannot be read: its model_dump raised {type(error).__name__}",
            kind="invalid_content",
            hint="Give it as a dict.",
        ) from error
    if not isinstance(data, Mapping):
        raise InvalidInput(
            f"{printable(type(value).__name__)}.model_dump() gave no dict",
            kind="invalid_content",
            hint="Give it as a dict.",
        )
    return _told(data)


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client dumped without what it worked out itself."""
    told = {name: item for name, item in data.items() if name not in _PARSED}
    for name in _LISTS:
        if isinstance(told.get(name), list):
            told[name] = [_told(v) if isinstance(v, Mapping) else v for v in told[name]]
    if isinstance(told.get("function"), Mapping):
        told["function"] = _told(told["function"])
    return told
