"""Canonical bytes and the ids made from them: the contract that makes a commit the same everywhere.

The canonical form is UTF-8 JSON with sorted keys, no spaces, numbers as they are and strings
exactly as given. What JSON cannot say the same way on every machine is refused at the door:
NaN and infinities, lone surrogates, integers beyond 64 bits, keys that are no text. The hashed
bytes begin with a tag that names domain and version, so a later format can never be mistaken
for this one. Nothing here knows what a commit or a content is.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tract.errors import InvalidInput, printable

BLOB_TAG = b"tract:blob:1\n"
COMMIT_TAG = b"tract:commit:1\n"
ENTRY_TAG = b"tract:entry:1\n"

DEPTH_MAX = 100
_INT_MIN, _INT_MAX = -(2**63), 2**64 - 1

_sha256 = hashlib.sha256
_dumps = orjson.dumps
_SORTED = orjson.OPT_SORT_KEYS


def canonical(value: Any, where: str = "value") -> bytes:
    """Return the canonical bytes of a JSON value.

    Values made of text, integers, booleans, lists and dicts only are encoded straight away; pass
    anything that may hold floats or foreign objects through `check_json` first. Subclasses that the
    encoder does not know (named tuples, read-only mappings, numpy's floats) are written as what
    they are to JSON.

    Args:
        value: the value to encode.
        where: its name in messages.

    Raises:
        InvalidInput: for text with a lone surrogate or anything else the form cannot hold.

    Example:
        >>> canonical({"b": 1, "a": "x"})
        b'{"a":"x","b":1}'
    """
    try:
        # A copy, because the encoder's own bytes hold on to the room for the longest that they might
        # have become, eight times what they are: that is what many messages at once would take.
        return bytes(memoryview(_dumps(value, option=_SORTED)))
    except TypeError:  # the encoder's own error is one
        check_json(value, where)
        return bytes(memoryview(_dumps(plain_json(value), option=_SORTED)))


def plain_json(value: Any) -> Any:
    """Return a value that passed `check_json` in JSON's own types, sharing nothing mutable with it."""
    if isinstance(value, Mapping):
        return {str.__str__(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) else float(value)


parse: Callable[[bytes], Any] = orjson.loads
"""Return the value of canonical bytes; `ValueError` where they are no JSON."""


def check_json(value: Any, where: str = "value", *, depth_max: int = DEPTH_MAX) -> None:
    """Check that `value` has one canonical form, and say where it has not.

    Args:
        value: the value to look through.
        where: its name in messages.
        depth_max: nesting allowed, in levels.

    Raises:
        InvalidInput: naming the place: NaN or infinity, an integer beyond 64 bits, a lone
            surrogate, a key that is not text, too deep nesting, or a foreign type.
    """
    stack: list[tuple[Any, str, int]] = [(value, where, 0)]
    while stack:
        item, path, depth = stack.pop()
        if depth > depth_max:
            raise InvalidInput(
                f"{where} is nested deeper than {depth_max} levels",
                kind="too_deep",
                hint="Flatten it, or store it as text.",
            )
        if item is None or isinstance(item, bool):
            continue
        if isinstance(item, str):
            check_text(item, path)
        elif isinstance(item, int):
            if not _INT_MIN <= item <= _INT_MAX:
                raise InvalidInput(
                    f"{printable(path)}: an integer of more than 64 bits",
                    kind="invalid_number",
                    hint="Store it as text.",
                )
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise InvalidInput(
                    f"{printable(path)}: {item} is no JSON number",
                    kind="invalid_number",
                    hint="Use None or text.",
                )
        elif isinstance(item, Mapping):
            for key, inner in item.items():
                if not isinstance(key, str):
                    raise InvalidInput(
                        f"{printable(path)}: the key {printable(repr(key))} is not text",
                        kind="invalid_content",
                        hint="Use text as keys.",
                    )
                check_text(key, path)
                stack.append((inner, f"{path}.{key}", depth + 1))
        elif isinstance(item, (list, tuple)):
            stack.extend((inner, f"{path}[{i}]", depth + 1) for i, inner in enumerate(item))
        else:
            raise InvalidInput(
                f"{printable(path)}: {printable(type(item).__name__)} cannot be stored as JSON",
                kind="invalid_content",
                hint="Use text, numbers, booleans, None, lists and dicts.",
            )


def check_text(text: str, where: str = "text") -> None:
    """Refuse text with a lone surrogate, naming its position.

    Raises:
        InvalidInput: kind `lone_surrogate`.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{printable(where)} has a lone surrogate at position {error.start}",
            kind="lone_surrogate",
            hint="The text was cut inside a character (an emoji, mostly); cut it elsewhere or decode it with errors='replace'.",
        ) from None


def blob_id(data: bytes) -> str:
    """Return the id of stored bytes: SHA-256 over the blob tag and the bytes, 64 hex."""
    return _sha256(BLOB_TAG + data).hexdigest()


def commit_id(data: bytes) -> str:
    """Return the id of a commit's canonical bytes, 64 hex."""
    return _sha256(COMMIT_TAG + data).hexdigest()


def entry_id(
    parents: tuple[str, ...],
    replaces: tuple[str, ...],
    content: str | None,
    author: list[str],
    at: int,
) -> str:
    """Return a new entry's id: the first 32 hex of SHA-256 over what made it.

    Args:
        parents: commit ids.
        replaces: entry ids that the entry takes the place of.
        content: blob id.
        author: kind and name.
        at: microseconds since the Unix epoch.
    """
    data = _dumps([parents, replaces, content, author, at])
    return _sha256(ENTRY_TAG + data).hexdigest()[:32]
