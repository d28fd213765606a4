"""The visible entries on their way into a context, and the exchanges that bind them together.

A mark speaks for the whole exchange its entry belongs to: skipping one member hides all, pinning
one keeps all, and a pin beats a skip. So entries are grouped first, over everything the state
holds, and whatever leaves something out later (a budget) leaves out whole groups as well.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from tract.compile._options import View
from tract.compile._render import Payload, is_built_in, render
from tract.compile._report import preview
from tract.compile._views import ChangedEntry
from tract.errors import Corrupt, InvalidInput, printable
from tract.graph import Facts, exchanges, facts_of, message_facts
from tract.objects import (
    ContentTypes,
    Entry,
    Message,
    Priority,
    Slot,
    payload_role,
    payload_text,
)

Fetch = Callable[[Sequence[str]], Mapping[str, Payload]]
"""Gives the payloads of content ids."""


class Pieces:
    """Visible entries with all that is known of them, side by side: one list for each question.

    Attributes:
        slots: entry id, commit and mark of each.
        payloads: its stored JSON value.
        facts: what it has to do with tools.
        messages: what it renders to; empty where a compiler of the caller's own decides.
        contents: content id, where the message follows from the stored content alone, else None.
    """

    __slots__ = ("contents", "facts", "messages", "payloads", "slots")

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.payloads: list[Payload] = []
        self.facts: list[Facts] = []
        self.messages: list[Message] = []
        self.contents: list[str | None] = []

    def __len__(self) -> int:
        return len(self.slots)

    def only(self, places: Sequence[int]) -> "Pieces":
        """Return the pieces at these places."""
        chosen = Pieces()
        chosen.slots = [self.slots[place] for place in places]
        chosen.payloads = [self.payloads[place] for place in places]
        chosen.facts = [self.facts[place] for place in places]
        chosen.contents = [self.contents[place] for place in places]
        if self.messages:
            chosen.messages = [self.messages[place] for place in places]
        return chosen

    def without(self, places: Collection[int]) -> "Pieces":
        """Return the pieces at all other places."""
        return self.only([place for place in range(len(self)) if place not in places])

    def priorities(self, places: Sequence[int]) -> set[Priority]:
        """Return the priorities of the marks at these places."""
        return {self.slots[place].mark.priority for place in places}


class Hidden(NamedTuple):
    """An entry that is not shown, with what an explanation says of it.

    Attributes:
        entry: entry id.
        commit: id of the commit that its content comes from.
        status: "skipped", "view" or "budget".
        why: the reason in words.
        role: who speaks it.
        text: the beginning of what it says.
        calls: whether it makes tool calls.
    """

    entry: str
    commit: str
    status: str
    why: str
    role: str
    text: str
    calls: bool


def read_pieces(
    state: Sequence[Slot], fetch: Fetch, types: ContentTypes, *, rendered: bool
) -> Pieces:
    """Return all entries of a state with their payloads, and rendered if wanted.

    Args:
        state: the entries.
        fetch: gives their payloads.
        types: the content types that are known.
        rendered: whether the built-in rendering is used.

    Raises:
        Corrupt: `fetch` did not give a payload.
    """
    pieces = Pieces()
    if not state:
        return pieces
    payloads = fetch([slot.content for slot in state])
    try:
        found = [payloads[slot.content] for slot in state]
    except KeyError as missing:
        slot = next(slot for slot in state if slot.content == missing.args[0])
        name = f"content {slot.content[:8]} of commit {slot.commit[:8]}"
        raise Corrupt(f"{name} is not there", object=name) from None
    for slot, payload in zip(state, found, strict=True):
        _add(pieces, slot, payload, types, rendered=rendered)
    return pieces


def _add(
    pieces: Pieces, slot: Slot, payload: Payload, types: ContentTypes, *, rendered: bool
) -> None:
    built_in = is_built_in(payload)
    pieces.slots.append(slot)
    pieces.payloads.append(payload)
    pieces.contents.append(slot.content if built_in and slot.content else None)
    if built_in and not rendered:
        pieces.facts.append(facts_of(payload, types))
        return
    message = render(payload, slot.commit, types)
    pieces.facts.append(facts_of(payload, types) if built_in else message_facts(message))
    if rendered:
        pieces.messages.append(message)


def groups_of(pieces: Pieces) -> list[tuple[int, ...]]:
    """Return which pieces belong together, as places, in the order of each group's first."""
    found = exchanges(pieces.facts)
    bound = {place for exchange in found for place in exchange.members}
    groups = [exchange.members for exchange in found]
    groups += [(place,) for place in range(len(pieces)) if place not in bound]
    groups.sort()
    return groups


def without_skipped(pieces: Pieces, types: ContentTypes) -> tuple[Pieces, list[Hidden]]:
    """Take out what is marked "skip", by whole exchanges and unless a member is pinned."""
    skip = Priority.SKIP
    if not any(slot.mark.priority is skip for slot in pieces.slots):
        return pieces, []
    gone: dict[int, str] = {}
    for group in groups_of(pieces):
        priorities = pieces.priorities(group)
        if skip in priorities and Priority.PINNED not in priorities:
            for place in group:
                own = pieces.slots[place].mark.priority is skip
                why = "marked skip" if own else "another part of its exchange is marked skip"
                gone[place] = why
    out = [hidden(pieces, place, "skipped", gone[place], types) for place in sorted(gone)]
    return pieces.without(gone), out


def hidden(pieces: Pieces, place: int, status: str, why: str, types: ContentTypes) -> Hidden:
    """Return what is said of a piece that is not shown."""
    slot, payload = pieces.slots[place], pieces.payloads[place]
    role = printable(payload_role(payload, types))
    text = preview(payload_text(payload, types))
    calls = bool(pieces.facts[place].calls)
    return Hidden(slot.entry_id, slot.commit, status, why, role, text, calls)


def entries_of(pieces: Pieces, types: ContentTypes) -> list[Entry]:
    """Return the entries that views, compilers and budget callables are given."""
    return [
        Entry(slot.entry_id, slot.commit, slot.mark, payload, types)
        for slot, payload in zip(pieces.slots, pieces.payloads, strict=True)
    ]


class Viewed(NamedTuple):
    """What views made of pieces.

    Attributes:
        pieces: what they choose to show.
        hidden: what they leave out.
        changed: for the commit of each entry that reads differently, which view did what.
    """

    pieces: Pieces
    hidden: list[Hidden]
    changed: dict[str, str]


def through_views(
    pieces: Pieces, views: Sequence[View], types: ContentTypes, *, rendered: bool
) -> Viewed:
    """Return what views choose to show, what they leave out, and what they change.

    Raises:
        InvalidInput: a view gave something that is no sequence of entries.
    """
    given = entries_of(pieces, types)  # held to the end: an id is true while its object lives
    place_of = {id(entry): place for place, entry in enumerate(given)}
    entries: Sequence[Entry] = given
    done = _Done({}, {})
    for view in views:
        before = {entry.commit: entry for entry in entries}
        name = _name(view)
        entries = _checked(view(entries), name)
        done.note(before, entries, name)
    chosen = Pieces()
    for entry in entries:
        place = place_of.get(id(entry))
        if place is not None:
            _add(chosen, pieces.slots[place], pieces.payloads[place], types, rendered=rendered)
        else:  # a view made it: what it says is no stored content
            slot = Slot(entry.id, entry.commit, "", entry.mark)
            _add(chosen, slot, entry.content.stored(), types, rendered=rendered)
    shown = {slot.commit for slot in chosen.slots}
    left = [place for place, slot in enumerate(pieces.slots) if slot.commit not in shown]
    out = [
        hidden(pieces, place, "view", f"left out by {done.left[pieces.slots[place].commit]}", types)
        for place in left
    ]
    return Viewed(chosen, out, {commit: "; ".join(why) for commit, why in done.changed.items()})


class _Done(NamedTuple):
    """Which view changed what, by commit, and which left it out."""

    changed: dict[str, list[str]]
    left: dict[str, str]

    def note(self, before: Mapping[str, Entry], after: Sequence[Entry], name: str) -> None:
        for entry in after:
            was = before.get(entry.commit)
            if was is not None and was is not entry and was != entry:
                why = entry.why if isinstance(entry, ChangedEntry) else f"changed by {name}"
                self.changed.setdefault(entry.commit, []).append(why)
        for commit in before.keys() - {entry.commit for entry in after}:
            self.left[commit] = name
            self.changed.pop(commit, None)


def _name(view: View) -> str:
    return printable(getattr(view, "__name__", type(view).__name__))


def _checked(entries: object, name: str) -> list[Entry]:
    listed = list(entries) if isinstance(entries, Sequence) else None
    if listed is None or not all(isinstance(entry, Entry) for entry in listed):
        raise InvalidInput(
            f"view {name} gave {printable(type(entries).__name__)}, not a list of entries",
            kind="invalid_view",
            hint="Return some of the entries that the view was given, in the order to show them.",
        )
    return listed
