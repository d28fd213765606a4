"""Conversation trees of Open Assistant: prompts and replies, most of them written by people.

A tree is a tract and every leaf of it a branch, so what two answers have in common is there once.
Trees stand one on a line or in a list; the flat export has a message on each line, which says what
it follows. Those lines are read twice, first who follows whom and then tree by tree, so memory
holds some words about each line and the messages of one tree.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from tract.errors import printable
from tract.importers._json import json_type
from tract.importers._layouts import Piece, pieces
from tract.importers._names import Names, name_of
from tract.importers._records import Authored, BadRecord, Conversation, Imported
from tract.importers._source import Sample, Source, Spot
from tract.importers._speech import HUMAN, actor, time_of
from tract.importers._tree import ROOT, leaves, linked
from tract.objects import Actor, DialogueContent, Priority

_SURE, _LIKELY = 95, 70
_ROLES: Mapping[str, Literal["user", "assistant"]] = {"prompter": "user", "assistant": "assistant"}
_SHORT = 8
# Told by the message itself, by its place in the tree, or once for the whole tree.
_TOLD = frozenset({"text", "role", "replies", "parent_id", "message_tree_id", "tree_state"})
_OF_TREE = ("message_tree_id", "tree_state")
_PLACED = frozenset({"parent_id", "message_tree_id", "replies"})
_DELETED = "deleted in the source"


class OasstTrees:
    """Reads conversation trees of Open Assistant."""

    name = "oasst"
    description = "Open Assistant trees: {message_tree_id, prompt: {replies}}, or their messages"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where a prompt of a tree, or a message of one, is there."""
        values = sample.values
        if not sample.lines and values and isinstance(values[0], list):
            values = tuple(values[0])
        if any(_is_sure(value) for value in values):
            return _SURE
        return _LIKELY if any(_is_part(value) for value in values) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each leaf of each tree, in the file's order."""
        if source.sample.lines:
            yield from _from_lines(source, tract)
        else:
            yield from _from_document(source, tract)


def _is_tree(value: Any) -> bool:
    return isinstance(value, Mapping) and "prompt" in value and "message_id" not in value


def _is_part(value: Any) -> bool:
    """Return whether a value is a tree, or a message that says where in a tree it is."""
    if not isinstance(value, Mapping):
        return False
    if "message_tree_id" in value and ("prompt" in value or "tree_state" in value):
        return True
    return "message_id" in value and "text" in value and not _PLACED.isdisjoint(value)


def _is_sure(value: Any) -> bool:
    if not _is_part(value):
        return False
    message = value["prompt"] if _is_tree(value) else value
    return isinstance(message, Mapping) and _fault(message) is None


def _from_lines(source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
    """Yield the trees that lines are at once, and those that lines are parts of at last."""
    names, flat = Names(), _Flat()
    for spot, record in source.indexed():
        if isinstance(record, BadRecord):
            yield record
        elif _is_tree(record.value):
            name = _named(tract, names, record.value.get("message_tree_id"))
            yield from _nested(source, name, record.value, f"{record.place}: ")
        elif (bad := flat.add(source, record.value, record.place, spot)) is not None:
            yield bad
    yield from flat.read(source, tract, names, alone=False)


def _from_document(source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
    names, flat = Names(), _Flat()
    trees: list[Piece] = []
    for one in pieces(source, _is_part):
        if isinstance(one, BadRecord):
            yield one
        elif _is_tree(one.value):
            trees.append(one)
        elif (bad := flat.add(source, one.value, one.here, one.value)) is not None:
            yield bad
    alone = len(trees) + len(flat.trees) == 1
    for one in trees:
        name = tract if alone else _named(tract, names, one.value.get("message_tree_id"))
        yield from _nested(source, name, one.value, one.lead)
    yield from flat.read(source, tract, names, alone=alone)


def _named(tract: str, names: Names, id: object) -> str:
    """Return the name of a tree's tract."""
    short = name_of(id[:_SHORT] if isinstance(id, str) else "", fallback="tree")
    return f"{tract}/{names.new(short)}"


class _Node(NamedTuple):
    """A message of a tree: where it stands, what it says, and the number of what it follows."""

    place: str
    message: Any
    parent: int


def _nested(
    source: Source, tract: str, tree: Mapping[str, Any], lead: str
) -> Iterator[Conversation | BadRecord]:
    """Yield the conversations of a tree that holds its replies in its messages."""
    nodes: list[_Node] = []
    todo = [_Node(f"{lead}prompt", tree["prompt"], ROOT)]
    while todo:
        node = todo.pop()
        number = len(nodes)
        nodes.append(node)
        replies = node.message.get("replies") if isinstance(node.message, Mapping) else None
        if isinstance(replies, list):
            below = [
                _Node(f"{node.place}.replies[{i}]", reply, number)
                for i, reply in enumerate(replies)
            ]
            todo += reversed(below)
        elif replies is not None:
            yield source.bad(f"{node.place}.replies", f"no list, but {json_type(replies)}")
    about = {name: value for name, value in tree.items() if name != "prompt"}
    yield from _conversations(source, tract, nodes, about)


def _conversations(
    source: Source, tract: str, nodes: Sequence[_Node], about: Mapping[str, Any]
) -> Iterator[Conversation | BadRecord]:
    """Yield a conversation for each leaf; what is no message is reported, and passed over."""
    faults = [_fault(node.message) for node in nodes]
    new: dict[int, int] = {ROOT: ROOT}
    kept: list[_Node] = []
    for number, (node, fault) in enumerate(zip(nodes, faults, strict=True)):
        if fault is None:
            new[number] = len(kept)
            kept.append(node)
        else:
            yield source.bad(node.place, fault)
    parents = []
    for node in kept:
        above = node.parent
        while above not in new:
            above = nodes[above].parent
        parents.append(new[above])

    def begins(number: int) -> str:
        id = kept[number].message.get("message_id")
        short = id[:_SHORT] if isinstance(id, str) else ""
        return f"reply-{name_of(short, fallback=str(number))}"

    for leaf in leaves(parents, begins):
        path = [kept[number] for number in leaf.path]
        told, about = about, {}  # once for the tree, with its first branch
        yield Conversation(
            tract, leaf.branch, path[-1].place, _messages(path), told, shared=leaf.shared
        )


def _messages(path: Sequence[_Node]) -> Iterator[Imported]:
    return (_imported(node, position) for position, node in enumerate(path))


def _fault(message: Any) -> str | None:
    """Return why a value is no message; None if it is one."""
    if not isinstance(message, Mapping):
        return f"no message, but {json_type(message)}"
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        if "role" not in message:
            return "role is missing"
        shown = printable(repr(role), limit=80) if isinstance(role, str) else json_type(role)
        return f"role {shown} is neither prompter nor assistant"
    if not isinstance(message.get("text"), str):
        return f"text is {json_type(message['text'])}" if "text" in message else "text is missing"
    return None


def _imported(node: _Node, position: int) -> Imported:
    message = node.message
    content = DialogueContent(role=_ROLES[message["role"]], text=message["text"])
    at = time_of(message.get("created_date"))
    metadata = {
        name: value
        for name, value in message.items()
        if name not in _TOLD and value is not None and (name != "created_date" or at is None)
    }
    model = message.get("model_name") if message.get("synthetic") is True else None
    named = isinstance(model, str) and model != ""
    deleted = message.get("deleted") is True
    return Imported(
        node.place,
        (Authored(content, _author(message)),),
        position if at is None else at,
        made_with={"model": model} if named else None,
        priority=Priority.SKIP if deleted else None,
        reason=_DELETED if deleted else None,
        metadata=metadata,
    )


def _author(message: Mapping[str, Any]) -> Actor:
    """Return who wrote a message: in these trees people speak for the assistant too."""
    synthetic = message.get("synthetic")
    if synthetic is True:
        return actor("model", message.get("model_name"))
    return HUMAN if synthetic is False or message["role"] == "prompter" else actor("model", None)


# --- the flat export -------------------------------------------------------------------------


class _Line(NamedTuple):
    """A message of the flat export: its place in the file and in the tree.

    Attributes:
        place: where it stands.
        id: what others call it by.
        parent: the id of what it follows.
        where: the place to read it at again, or the message.
    """

    place: str
    id: str
    parent: str | None
    where: Any


class _Flat:
    """Messages that say themselves which tree they are of and what they follow.

    Attributes:
        trees: for each tree its messages, in the file's order.
    """

    def __init__(self) -> None:
        self.trees: dict[str, list[_Line]] = {}
        self._tree_of: dict[str, str] = {}
        self._count = 0

    def add(self, source: Source, value: Any, place: str, where: Any) -> BadRecord | None:
        """Take up a message; return why it is none."""
        if not isinstance(value, Mapping):
            return source.bad(place, f"neither a tree nor a message, but {json_type(value)}")
        if "message_id" not in value and "text" not in value:
            return source.bad(place, "neither a tree nor a message: it has no prompt and no text")
        self._count += 1
        id = value.get("message_id")
        id = id if isinstance(id, str) and id else f"\0{self._count}"
        parent = value.get("parent_id")
        if parent is not None and not isinstance(parent, str):
            parent = json_type(parent)
        tree = value.get("message_tree_id")
        if not isinstance(tree, str):
            tree = id if parent is None else self._tree_of.get(parent, parent)
        self._tree_of.setdefault(id, tree)
        self.trees.setdefault(tree, []).append(_Line(place, id, parent, where))
        return None

    def read(
        self, source: Source, tract: str, names: Names, *, alone: bool
    ) -> Iterator[Conversation | BadRecord]:
        """Yield the conversations of the trees, one tree at a time.

        Args:
            source: the file.
            tract: the name of the file's first tract.
            names: the names that were given.
            alone: whether the file is one tree.
        """
        for id, lines in self.trees.items():
            links = linked([line.id for line in lines], [line.parent for line in lines])
            for number, fault in links.faults:
                yield source.bad(lines[number].place, fault)
            nodes = [
                _Node(line.place, message, parent)
                for line, message, parent in zip(
                    lines, _read_again(source, lines), links.parents, strict=True
                )
            ]
            name = tract if alone else _named(tract, names, id.strip("\0"))
            first = nodes[0].message if isinstance(nodes[0].message, Mapping) else {}
            about = {key: first[key] for key in _OF_TREE if first.get(key) is not None}
            yield from _conversations(source, name, nodes, about)


def _read_again(source: Source, lines: Sequence[_Line]) -> Iterator[Any]:
    if not isinstance(lines[0].where, Spot):
        return (line.where for line in lines)
    records = source.records_at(line.where for line in lines)
    return (None if isinstance(record, BadRecord) else record.value for record in records)
