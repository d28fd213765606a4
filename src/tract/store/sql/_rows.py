"""Rows to values, each looked at before it is believed.

Whatever a row holds, these give a value that is as it was written, or raise `Corrupt`: the bytes
fit their hash, the columns their seal, and what decodes wrongly was never written here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from tract.objects import (
    Actor,
    Commit,
    Mark,
    Operation,
    RefChange,
    Slot,
    State,
    decode_commit,
    parse,
)
from tract.store._protocol import Payload, TractRow
from tract.store.sql._known import damaged
from tract.store.sql._schema import seal

# What decoding raises when bytes or types are not what they should be.
NONSENSE = (TypeError, ValueError, KeyError, AttributeError, IndexError)
# Hashes that have taken in the tag already; a copy goes on with the bytes without joining both.
BLOB_HASH, COMMIT_HASH = hashlib.sha256(b"tract:blob:1\n"), hashlib.sha256(b"tract:commit:1\n")


def raw_id(id: str) -> bytes:
    """Return the bytes of an id; b"", which is in no store, for text that is none."""
    try:
        raw = bytes.fromhex(id)
    except (ValueError, TypeError):
        return b""
    return raw if raw.hex() == id else b""


def hex_id(raw: Any, what: str) -> str:
    """Return a hash as an id; refuse what is no hash, naming what it should be the hash of."""
    if type(raw) is not bytes:
        raise damaged(what)
    return raw.hex()


def checked_key(key: Any, what: str) -> int:
    """Return a row's key; refuse what is no number."""
    if type(key) is not int:
        raise damaged(what)
    return key


def fits(tagged: "hashlib._Hash", data: Any, raw: bytes) -> bool:
    """Return whether bytes have a hash, after the tag that was taken in already."""
    if type(data) is not bytes:
        return False
    made = tagged.copy()
    made.update(data)
    return made.digest() == raw


def decoded(id: str, body: bytes) -> Commit:
    """Return the commit of bytes whose hash fits."""
    try:
        return decode_commit(id, body)
    except NONSENSE:
        raise damaged(f"commit {id}") from None


def checked_commit(raw: Any, body: Any) -> Commit:
    """Return the commit of a hash and bytes, if they fit."""
    if type(raw) is not bytes or not fits(COMMIT_HASH, body, raw):
        raise damaged(f"commit {hex_id(raw, 'a commit')}")
    return decoded(raw.hex(), body)


def checked_payload(raw: Any, data: Any) -> Payload:
    """Return the payload of a hash and bytes, if they fit."""
    try:
        hashed = BLOB_HASH.copy()
        hashed.update(data)
        if hashed.digest() == raw:
            payload: Payload = parse(data)
            return payload
    except NONSENSE:
        pass
    raise damaged(f"blob {hex_id(raw, 'a blob')}")


def tract_row(values: Sequence[Any]) -> TractRow:
    """Return the tract of a row whose seal fits."""
    *sealed, found = values
    if found != seal(*sealed):
        raise damaged(f"tract {values[2]}")
    _, id, name, parent, created_at, resume, metadata = sealed
    return TractRow(id, name, created_at, parent, parse(metadata), resume)


def operation(
    tract: str, row: Sequence[Any], body: Mapping[str, Any], ids: Mapping[int, str]
) -> Operation:
    """Return the operation of a row; `ids` are the commits that its refs name, by key."""
    _, number, at, verb, _, _ = row
    refs = tuple(
        RefChange(
            name,
            None if before is None else ids[before],
            None if after is None else ids[after],
        )
        for name, before, after in body.get("refs", ())
    )
    kind, name = body["actor"]
    arguments, group = body.get("arguments", {}), body.get("group", number)
    return Operation(number, tract, verb, Actor(kind, name), at, refs, arguments, group)


def decode_snapshot(data: bytes) -> State:
    """Return the state of a snapshot's bytes."""
    rows = parse(data)
    return tuple(
        [Slot(entry, commit, blob, Mark.decode(mark)) for entry, commit, blob, mark in rows]
    )
