"""What reading a foreign transcript gives: conversations, their messages, and what could not be read.

An importer turns a file into these and knows nothing of stores; who writes them knows nothing of
formats. A bad record is a value, not an exception, so that one of them cannot stop the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tract.errors import printable
from tract.objects import Actor, Content, Priority

REASON_CHARS_MAX = 300


@dataclass(frozen=True, slots=True)
class BadRecord:
    """Something in a file that was not imported.

    Attributes:
        path: the file, as it was given.
        place: where in it, such as "line 12" or "[3].traj[5]".
        reason: what is wrong with it.
        kind: "bad_record", or "diverged" for a conversation whose branch went another way.

    Example:
        >>> str(BadRecord("chat.jsonl", "line 12", "role 'robot' is no role of a message"))
        "chat.jsonl, line 12: role 'robot' is no role of a message"
    """

    path: str
    place: str
    reason: str
    kind: str = "bad_record"

    def __str__(self) -> str:
        path, place = printable(self.path, limit=200), printable(self.place, limit=200)
        return f"{path}, {place}: {printable(self.reason, limit=REASON_CHARS_MAX)}"


class Authored(NamedTuple):
    """A content and who wrote it."""

    content: Content
    author: Actor


class Imported(NamedTuple):
    """One message of a transcript: all of it is imported, or nothing.

    Attributes:
        place: where in the file it stands.
        contents: what it says; more than one where the provider puts several into a message. None
            where it only takes others out (`replaces`), or only tells a `usage` of the one before.
        at: microseconds since the Unix epoch: the source's time, else the message's position.
        made_with: generation config, such as {"model": "gpt-4o"}, where the source says it.
        usage: what the provider reported for the call, as `normalise_usage` gives it.
        key: what later messages of the conversation call it by in `replaces`.
        replaces: keys of the messages that it stands for from here on, as a summary or an edit does.
            Those of them that are gone already are stood for by what took their place. Its contents
            are one or none.
        priority: the mark of its entries; the type's default, if None. Not for one that replaces.
        labels: the mark's labels.
        reason: the mark's reason.
        metadata: what else the source says of it, a JSON object; kept with the commit.
        faults: what of it was left out, in words: reported, while the rest is imported.
    """

    place: str
    contents: tuple[Authored, ...]
    at: int
    made_with: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None
    key: str | None = None
    replaces: Sequence[str] = ()
    priority: Priority | None = None
    labels: tuple[str, ...] = ()
    reason: str | None = None
    metadata: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of a file: a branch of a tract.

    Attributes:
        tract: name of the tract that it belongs to.
        branch: name of its branch.
        place: where in the file it stands.
        messages: its messages in order, and those that could not be read; may be read once only.
        metadata: what the source says about it, a JSON object.
        expected: how many conversations the file has, where that is known; else 0.
        shared: how many of its first messages an earlier conversation of the file began with, as
            the branches of a tree do; they are neither counted nor reported again.
        parent: name of the tract that its tract is a child of, where that is in the store.
    """

    tract: str
    branch: str
    place: str
    messages: Iterable[Imported | BadRecord]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    expected: int = 0
    shared: int = 0
    parent: str | None = None
