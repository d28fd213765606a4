"""A conversation as a chain of commits, made without a store.

Its ids say what was read, who wrote it and when, and nothing else, so the same source gives the
same chain everywhere. A chain is read in parts: what was read of a long one can be put into the
store and forgotten, and only the ids are held to its end.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tract.errors import InvalidInput
from tract.importers import Authored, BadRecord, Conversation, Imported, Source, unfit
from tract.objects import (
    APPEND,
    EDIT,
    Actor,
    Commit,
    Limits,
    Mark,
    Priority,
    SummaryContent,
    blob_id,
    canonical,
    check_labels,
    encode_content,
    new_entry_id,
)

PART_BYTES = 16 << 20


class Link(NamedTuple):
    """One commit of a chain, with its canonical bytes and those of the blobs that it names."""

    commit: Commit
    data: bytes
    blobs: Mapping[str, bytes]


class Chain:
    """A conversation as the commits that it is, whatever store they go to.

    Args:
        conversation: what was read; its messages are read by `parts`.
        limits: what is accepted.
        reject: told of each message that cannot be stored; the others are chained all the same.
        source: the file.

    Attributes:
        conversation: what it is made from.
        ids: its commits from the root on.
        rest: those of them that no part has brought yet.
        usages: what providers reported, each with the id of its commit.
        messages: how many messages they say, those told by an earlier conversation left out.
    """

    def __init__(
        self,
        conversation: Conversation,
        limits: Limits,
        reject: Callable[[BadRecord], None],
        source: Source,
    ) -> None:
        self.conversation = conversation
        self.ids: list[str] = []
        self.rest: list[Link] = []
        self.usages: list[tuple[str, Mapping[str, Any]]] = []
        self.messages = 0
        self._limits = limits
        self._reject = reject
        self._source = source
        self._size = 0
        self._standing: dict[str, dict[str, str]] = {}  # by key: entry ids with their commits

    @property
    def size(self) -> int:
        """How many bytes wait in `rest`."""
        return self._size

    def parts(self) -> Iterator[list[Link]]:
        """Read the conversation; yield what has come together whenever that is a lot.

        What has come together at the end is in `rest`.
        """
        for number, message in enumerate(self.conversation.messages):
            told = number < self.conversation.shared
            bad = message if isinstance(message, BadRecord) else self._link(message, told=told)
            if bad is not None and not told:
                self._reject(bad)
            if isinstance(message, BadRecord) or bad is not None:
                continue
            self.messages += bool(message.contents) and not told
            if self._size > PART_BYTES:
                part, self.rest, self._size = self.rest, [], 0
                yield part

    def read(self) -> "Chain":
        """Read the whole conversation, and return this chain with all of it in `rest`."""
        links = [link for part in self.parts() for link in part]
        self.rest[:0] = links
        return self

    def _link(self, message: Imported, *, told: bool) -> BadRecord | None:
        """Add the commits of one message; return why there are none.

        Args:
            message: the message.
            told: whether what was left out of it was reported before.
        """
        message, faults = _mended(message)
        try:
            encoded = self._encoded(message)
        except InvalidInput as error:
            return self._source.bad(message.place, error.message)
        for fault in () if told else faults:
            self._reject(self._source.bad(message.place, fault))
        note = _note(message)
        gone = self._gone(message)
        if gone and not message.contents:
            self._take_out(message, note, gone)
        made = dict(
            self._add(message, one, data, note, gone)
            for one, data in zip(message.contents, encoded, strict=True)
        )
        if message.key is not None:
            self._standing[message.key] = made
        for key, entries in self._standing.items() if gone else ():
            if not gone.keys().isdisjoint(entries):
                kept = {entry: commit for entry, commit in entries.items() if entry not in gone}
                self._standing[key] = {**made, **kept}
        if message.usage is not None and self.ids:
            self.usages.append((self.ids[-1], message.usage))
        return None

    def _gone(self, message: Imported) -> dict[str, str]:
        """Return the entries that a message stands for, with the commits that provide them."""
        gone: dict[str, str] = {}
        for key in message.replaces:
            gone.update(self._standing.get(key, {}))
        return gone

    def _add(
        self,
        message: Imported,
        one: Authored,
        data: bytes,
        note: tuple[str, bytes] | None,
        gone: Mapping[str, str],
    ) -> tuple[str, str]:
        blob, parents, replaced = blob_id(data), tuple(self.ids[-1:]), tuple(gone)
        blobs = {blob: _copied(data)}
        summary = isinstance(one.content, SummaryContent)
        if len(replaced) == 1 and not summary:
            entry = replaced[0]  # the same entry, told anew
        else:
            entry = new_entry_id(parents, replaced, blob, one.author, message.at)
        commit = Commit(
            "",
            parents,
            EDIT if gone else APPEND,
            one.author,
            message.at,
            entry,
            blob,
            replaces=replaced,
            marks=() if gone else _marks(message, one, entry, blobs),
            made_with=message.made_with,
            sources={"commits": list(gone.values())} if gone and summary else None,
            note=None if note is None else note[0],
        )
        return entry, self._put(commit, blobs, note)

    def _take_out(
        self, message: Imported, note: tuple[str, bytes] | None, gone: Mapping[str, str]
    ) -> None:
        """Add the commit that takes entries out of the context and puts nothing in their place."""
        author = Actor("application")
        commit = Commit(
            "",
            tuple(self.ids[-1:]),
            EDIT,
            author,
            message.at,
            replaces=tuple(gone),
            note=None if note is None else note[0],
        )
        self._put(commit, {}, note)

    def _put(self, commit: Commit, blobs: dict[str, bytes], note: tuple[str, bytes] | None) -> str:
        if note is not None:
            blobs[note[0]] = note[1]
        sealed, data = commit.sealed()
        self.ids.append(sealed.id)
        self.rest.append(Link(sealed, _copied(data), blobs))
        self._size += len(data) + sum(map(len, blobs.values()))
        return sealed.id

    def _encoded(self, message: Imported) -> list[bytes]:
        """Return the bytes of all contents of a message.

        Raises:
            InvalidInput: one of them cannot be stored.
        """
        check_labels(message.labels)
        try:
            return [encode_content(content, self._limits) for content, _ in message.contents]
        except RecursionError:
            raise InvalidInput(
                "the message is nested too deeply",
                kind="too_deep",
                hint="Make it flatter, or leave it out of the file.",
            ) from None


def _copied(data: bytes) -> bytes:
    """Return the same bytes without the room that the encoder left behind them: ten times as much."""
    return bytes(memoryview(data))


def _mended(message: Imported) -> tuple[Imported, list[str]]:
    """Return a message without what it says beside its contents and nobody could keep, and why."""
    faults = list(message.faults)
    changes: dict[str, Any] = {}
    for name in ("made_with", "metadata"):
        said = getattr(message, name)
        if said and unfit(said, name) is not None:
            sound = {key: item for key, item in said.items() if unfit(item, str(key)) is None}
            if unfit(sound, name) is not None:  # a key
                sound = {}
            faults += [fault for key, item in said.items() if (fault := unfit(item, str(key)))]
            changes[name] = sound or None
    if message.usage is not None and (fault := unfit(message.usage, "usage")) is not None:
        faults.append(fault)
        changes["usage"] = None
    return (message._replace(**changes) if changes else message), faults


def _note(message: Imported) -> tuple[str, bytes] | None:
    """Return the blob of what else the source says of a message."""
    if not message.metadata:
        return None
    data = _copied(canonical({"metadata": dict(message.metadata)}))
    return blob_id(data), data


def _marks(
    message: Imported, one: Authored, entry: str, blobs: dict[str, bytes]
) -> tuple[tuple[str, Mark], ...]:
    priority = one.content.default_priority if message.priority is None else message.priority
    note = None
    if message.reason:
        data = _copied(canonical({"reason": message.reason}))
        note = blob_id(data)
        blobs[note] = data
    if priority is Priority.NORMAL and not message.labels and note is None:
        return ()
    return ((entry, Mark(priority, tuple(message.labels), note)),)
