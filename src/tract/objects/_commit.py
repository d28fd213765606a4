"""The commit: one immutable step of history, and the canonical form its id is made from.

Four operations: "append" and "edit" carry content, "mark" and "arrange" carry structure. Only
fields that say something are written, so a plain append stays short and a field added later
does not change old ids. What stands beside a commit (token counts, usage) is not here and is not hashed.
Commits, slots and runs are named tuples: hundreds of thousands of them are made while reading.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tract.objects._actor import Actor
from tract.objects._canonical import canonical, check_json, commit_id, entry_id, parse
from tract.objects._mark import NORMAL, Mark

_tuple = tuple.__new__  # a named tuple's own constructor takes twice as long

APPEND, EDIT, MARK, ARRANGE = "append", "edit", "mark", "arrange"


class Slot(NamedTuple):
    """One place in a state: an entry, the commit its content comes from, and its mark."""

    entry_id: str
    commit: str
    content: str
    mark: Mark = NORMAL


State = tuple[Slot, ...]


class Run(NamedTuple):
    """A stretch of a parent's state, taken over unchanged from `first` to `last` (entry ids)."""

    parent: int
    first: str
    last: str


class Single(NamedTuple):
    """One entry of a layout that no parent's state gives as it is."""

    entry_id: str
    commit: str
    mark: Mark = NORMAL


Layout = tuple[Run | Single, ...]


class Commit(NamedTuple):
    """An immutable node of the graph. See the module's top for what is hashed.

    Attributes:
        id: SHA-256 of the canonical form, 64 hex.
        parents: commit ids: none for a root, one normally, two or more for a merge.
        operation: "append", "edit", "mark" or "arrange".
        author: who wrote it.
        at: microseconds since the Unix epoch, from the injected clock.
        entry_id: the entry that an append or an edit provides, 32 hex.
        content: blob id of the payload; None for an edit that only takes entries out.
        replaces: entry ids that an edit takes out.
        layout: the order that an arrange prescribes.
        marks: entry ids with their new marks; on an append or edit, the entry's own.
        based_on: for a model's reply, the commit whose context it answers.
        made_with: generation config.
        origin: the commit this one copies.
        sources: for a summary, what it was made from.
        note: blob id of the caller's free text.
    """

    id: str
    parents: tuple[str, ...]
    operation: str
    author: Actor
    at: int
    entry_id: str | None = None
    content: str | None = None
    replaces: tuple[str, ...] = ()
    layout: Layout = ()
    marks: tuple[tuple[str, Mark], ...] = ()
    based_on: str | None = None
    made_with: Mapping[str, Any] | None = None
    origin: str | None = None
    sources: Mapping[str, Any] | None = None
    note: str | None = None

    def encode(self) -> bytes:
        """Return the canonical bytes, without the id."""
        # Written out, not looped over: every append and every imported message comes through here.
        data: dict[str, Any] = {
            "at": self.at,
            "author": [self.author.kind, self.author.name],
            "operation": self.operation,
            "parents": self.parents,
        }
        if self.entry_id is not None:
            data["entry_id"] = self.entry_id
        if self.content is not None:
            data["content"] = self.content
        if self.replaces:
            data["replaces"] = self.replaces
        if self.based_on is not None:
            data["based_on"] = self.based_on
        if self.made_with is not None:
            # The caller's own JSON: what has no canonical form must not be hashed as something else.
            check_json(self.made_with, "made_with")
            data["made_with"] = self.made_with
        if self.origin is not None:
            data["origin"] = self.origin
        if self.sources is not None:
            check_json(self.sources, "sources")
            data["sources"] = self.sources
        if self.note is not None:
            data["note"] = self.note
        if self.layout:
            data["layout"] = [_encode_piece(piece) for piece in self.layout]
        if self.marks:
            data["marks"] = [[entry, mark.encode()] for entry, mark in self.marks]
        return canonical(data)

    def sealed(self) -> "tuple[Commit, bytes]":
        """Return this commit with its id filled in, and its canonical bytes."""
        data = self.encode()
        return _tuple(Commit, (commit_id(data), *self[1:])), data


def _encode_piece(piece: Run | Single) -> list[Any]:
    if isinstance(piece, Run):
        return [piece.parent, piece.first, piece.last]
    return [piece.entry_id, piece.commit, piece.mark.encode()]


def _decode_piece(piece: list[Any]) -> Run | Single:
    if isinstance(piece[0], int):
        return Run(piece[0], piece[1], piece[2])
    return Single(piece[0], piece[1], Mark.decode(piece[2]))


def decode_commit(id: str, data: bytes) -> Commit:
    """Return the commit of canonical bytes whose id is known.

    Raises:
        ValueError, KeyError, TypeError: the bytes are no commit.
    """
    return _commit(id, parse(data))


def _commit(id: str, body: Any) -> Commit:
    get = body.get
    kind, name = body["author"]
    marks = get("marks")
    layout = get("layout")
    return Commit(
        id,
        tuple(body["parents"]),
        body["operation"],
        Actor(kind, name),
        body["at"],
        get("entry_id"),
        get("content"),
        tuple(get("replaces", ())),
        tuple([_decode_piece(piece) for piece in layout]) if layout else (),
        tuple([(entry, Mark.decode(mark)) for entry, mark in marks]) if marks else (),
        get("based_on"),
        get("made_with"),
        get("origin"),
        get("sources"),
        get("note"),
    )


class Appended(NamedTuple):
    """What a plain append does: it puts one slot behind its parent's state."""

    parent: str | None
    slot: Slot


_APPENDED_FIELDS = 6  # at, author, content, entry_id, operation, parents


def decode_step(id: str, data: bytes) -> Commit | Appended:
    """Return what the canonical bytes of a commit do to a state, plain appends in their short form.

    Nearly all commits are plain appends, and folding them needs nothing else of them.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the bytes are no commit.
    """
    body = parse(data)
    if len(body) == _APPENDED_FIELDS and body["operation"] == APPEND:
        parents, entry, content = body["parents"], body.get("entry_id"), body.get("content")
        if entry and content and len(parents) < 2:
            slot = _tuple(Slot, (entry, id, content, NORMAL))
            return _tuple(Appended, (parents[0] if parents else None, slot))
    return _commit(id, body)


def new_entry_id(
    parents: tuple[str, ...], replaces: tuple[str, ...], content: str | None, author: Actor, at: int
) -> str:
    """Return the id of an entry made now; see `entry_id`."""
    return entry_id(parents, replaces, content, [author.kind, author.name], at)
