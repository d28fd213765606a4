"""Sessions of the pi coding agent: JSON lines that form a line or a tree.

The file is read twice: first who follows whom, with the place of each line, then the messages
along each way from a root to a leaf. So memory holds some words about each line and never the
file. Lines that are no messages (changes of the model, labels, states of extensions) are links of
the tree all the same; what they say of a session goes to the next message or to the branch.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tract.errors import InvalidInput, printable
from tract.importers._json import json_type
from tract.importers._names import name_of
from tract.importers._pi_messages import Teller, text_in
from tract.importers._records import BadRecord, Conversation, Imported
from tract.importers._source import Record, Sample, Source, Spot
from tract.importers._tree import Links, leaves, linked

_SURE, _LIKELY = 95, 70
_SPOKEN = frozenset(
    {"message", "custom_message", "compaction", "branch_summary", "context_edit", "usage"}
)
_CHANGES = frozenset({"model_change", "thinking_level_change"})
_SILENT = _CHANGES | {
    "active_tools_change",
    "context_transform",
    "custom",
    "ephemeral",
    "label",
    "session_info",
}
_REPLACING = frozenset({"compaction", "context_edit"})
_SHORT = 8


class PiSessions:
    """Reads sessions of the pi coding agent."""

    name = "pi"
    description = "pi session files: JSON lines, linear or a tree"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where the header of a session is there."""
        values = [value for value in sample.values if isinstance(value, Mapping)]
        if not sample.lines and not values:
            return 0
        if any(_is_header(value) for value in values):
            return _SURE
        return _LIKELY if any(_is_line(value) for value in values) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each leaf of the session, the one that pi was at first."""
        index = _Index()
        for spot, record in source.indexed():
            bad = record if isinstance(record, BadRecord) else index.add(spot, record, source)
            if bad is not None:
                yield bad
        if not index.lines:
            yield source.bad("the file", "the session has no messages")
            return
        links = linked(index.ids, index.parents, missing="before")
        for number, fault in links.faults:
            yield source.bad(f"line {index.lines[number]}", fault)
        yield from _conversations(source, tract, index, links)


def _is_header(value: Mapping[str, Any]) -> bool:
    known = {"cwd", "version", "modelId", "timestamp"}
    return value.get("type") == "session" and "id" in value and not known.isdisjoint(value)


def _is_line(value: Mapping[str, Any]) -> bool:
    message = value.get("message")
    return (
        value.get("type") == "message"
        and "timestamp" in value
        and isinstance(message, Mapping)
        and "role" in message
        and "uuid" not in value
    )


def _is_system(line: Mapping[str, Any]) -> bool:
    message = line.get("message")
    return isinstance(message, Mapping) and message.get("role") == "system"


@dataclass(slots=True)
class _Index:
    """What is held of a session while its messages are read.

    Attributes:
        offsets: the bytes that the lines begin at, by the number that they have as nodes.
        lines: their numbers in the file.
        ids: what other lines call them by; None in the old linear form.
        parents: the lines that they follow: an id, or the number of a node.
        speaks: whether they say something that is imported, or reported.
        entries: for each line that could be read, header included, its number as a node; else -1.
        header: what the session says of itself.
        labels: what people called its lines.
        current: the number of the line that pi was at last, or the id of one that it went back to.
        edited: whether anything in it replaces anything else.
    """

    offsets: "array[int]" = field(default_factory=lambda: array("q"))
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    ids: list[str | None] = field(default_factory=list)
    parents: list[str | int | None] = field(default_factory=list)
    speaks: bytearray = field(default_factory=bytearray)
    entries: "array[int]" = field(default_factory=lambda: array("q"))
    header: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    current: int | str = 0
    edited: bool = False

    def add(self, spot: Spot, record: Record, source: Source) -> BadRecord | None:
        """Take up a line; return why it is none of a session."""
        line = record.value
        if not isinstance(line, Mapping):
            self.entries.append(-1)
            return source.bad(record.place, f"no line of a session, but {json_type(line)}")
        kind = text_in(line, "type")
        if kind == "session":
            if not self.header:
                self.header = {name: value for name, value in line.items() if name != "type"}
            self.entries.append(-1)
            return None
        if kind == "leaf":
            self.entries.append(-1)
            self.current = text_in(line, "targetId")
            return None
        number = len(self.lines)
        self.offsets.append(spot.offset)
        self.lines.append(spot.line)
        self.ids.append(text_in(line, "id") or None)
        self.current = number
        self.parents.append(self._parent(line, number))
        self.speaks.append(kind in _SPOKEN)
        self.entries.append(number)
        self.edited = self.edited or kind in _REPLACING or _is_system(line)
        if kind == "session_info" and isinstance(line.get("name"), str):
            self.header["name"] = line["name"]
        if kind == "label" and isinstance(line.get("targetId"), str):
            self._label(line["targetId"], line.get("label"))
        if kind not in _SPOKEN | _SILENT:
            shown = printable(kind, limit=80) if kind else json_type(line.get("type"))
            return source.bad(record.place, f"type {shown} is no type of a line that is known")
        return None

    def spot(self, number: int) -> Spot:
        """Return where a line is."""
        return Spot(self.offsets[number], number, self.lines[number])

    def _parent(self, line: Mapping[str, Any], number: int) -> str | int | None:
        """Return what a line follows: what it says, or the line before in the old linear form."""
        if "parentId" not in line:
            return number - 1 if number else None
        parent = line["parentId"]
        if parent == self.header.get("id"):
            return None
        return parent if parent is None or isinstance(parent, str) else json_type(parent)

    def _label(self, target: str, label: object) -> None:
        if isinstance(label, str) and label:
            self.labels[target] = label
        else:
            self.labels.pop(target, None)

    def metadata(self) -> dict[str, Any]:
        """Return what is kept of the session with each of its branches."""
        labels = {"labels": dict(self.labels)} if self.labels else {}
        return {**self.header, **labels}


def _conversations(
    source: Source, tract: str, index: _Index, links: Links
) -> Iterator[Conversation]:
    def name(number: int) -> str:
        return f"fork-{name_of((index.ids[number] or '')[:_SHORT], fallback=str(number))}"

    at = index.current
    if isinstance(at, str):
        at = index.ids.index(at) if at in index.ids else len(index.ids) - 1
    found = [
        leaf
        for leaf in leaves(links.parents, name, first=at)
        if any(index.speaks[number] for number in leaf.path)
    ]
    for leaf in found:
        shared = sum(index.speaks[number] for number in leaf.path[: leaf.shared])
        place = f"line {index.lines[leaf.path[-1]]}"
        messages = _messages(source, index, leaf.path)
        yield Conversation(
            tract, leaf.branch, place, messages, index.metadata(), len(found), shared
        )


def _messages(source: Source, index: _Index, path: list[int]) -> Iterator[Imported | BadRecord]:
    """Yield what the lines of a way say: one thing for each that says something."""
    teller = Teller(index.header, keyed=index.edited)
    place_of = {number: place for place, number in enumerate(path)} if index.edited else {}
    by_id = {id: number for number in place_of if (id := index.ids[number]) is not None}
    records = source.records_at(index.spot(number) for number in path)
    for place, (number, record) in enumerate(zip(path, records, strict=True)):
        if isinstance(record, BadRecord) or not isinstance(record.value, Mapping):
            if index.speaks[number]:
                yield source.bad(f"line {index.lines[number]}", "the line was changed")
            continue
        line, kind = record.value, text_in(record.value, "type")
        if kind in _CHANGES:
            teller.change(line)
        if not index.speaks[number]:
            continue
        try:
            if kind == "compaction":
                kept = place_of.get(_first_kept(line, index, by_id))
                replaced = path[: place if kept is None else kept]
                yield teller.compaction(line, record.place, place, number, replaced)
            elif kind == "context_edit":
                named = by_id.get(text_in(line, "targetId"), number)
                target = named if place_of[named] < place else None
                spots = [] if target is None else [index.spot(target)]
                old = next(source.records_at(spots), None)
                whole = old.value if isinstance(old, Record) else None
                yield teller.edit(line, record.place, place, target, whole)
            else:
                yield teller.told(line, record.place, place, number)
        except InvalidInput as error:
            yield source.bad(record.place, error.message)


def _first_kept(line: Mapping[str, Any], index: _Index, by_id: Mapping[str, int]) -> int:
    """Return the first node that a compaction leaves as it is; -1 where it leaves none."""
    at = line.get("firstKeptEntryIndex")
    if isinstance(at, int) and not isinstance(at, bool) and 0 <= at < len(index.entries):
        return index.entries[at]
    kept = line.get("firstKeptEntryId")
    return by_id.get(kept, -1) if isinstance(kept, str) else -1
