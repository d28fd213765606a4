"""What reading gives back: entries, and the records that describe commits, branches and tracts.

These are the nouns of the public face. They hold what was read and nothing that could read more,
so they stay true after the handle is closed. An entry turns its payload into a content model only
when somebody asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tract.objects._actor import Actor
from tract.objects._content import Content, readable
from tract.objects._kinds import ContentTypes, payload_calls
from tract.objects._mark import Mark, Priority
from tract.objects._message import Message
from tract.objects._parts import part_payload


def payload_role(payload: Mapping[str, Any], types: ContentTypes) -> str:
    """Return who speaks a payload in the compiled context."""
    kind = payload["content_type"]
    if kind == "instruction":
        return str(payload.get("role", "system"))
    if kind == "dialogue":
        return str(payload["role"])
    custom = types.custom(kind)
    return custom.default_role if custom is not None else _ROLES.get(kind, "user")


_ROLES = {"tool_result": "tool", "reasoning": "assistant", "output": "assistant"}


def payload_text(payload: Mapping[str, Any], types: ContentTypes) -> str:
    """Return the text of a payload as a person would read it.

    Where there is no text it is the refusal, else what media there are ("[image]"), else the
    reasoning; "" for what only calls tools. It can always be read: where the caller's own type
    fails on it, it is the text of the stored fields.
    """
    return _text_and_calls(payload, types)[0]


def payload_line(payload: Mapping[str, Any], types: ContentTypes) -> str:
    """Return the text of a payload, or which tools it calls where it has none."""
    text, calls = _text_and_calls(payload, types)
    return text or (f"calls {', '.join(calls)}" if calls else "")


_SPOKEN = ("dialogue", "instruction", "tool_result", "reasoning")


def _text_and_calls(payload: Mapping[str, Any], types: ContentTypes) -> tuple[str, Sequence[str]]:
    kind = payload["content_type"]
    text = payload.get("output" if kind == "tool_result" else "text")
    if isinstance(text, str) and text:
        return text, ()
    if kind in _SPOKEN:
        calls = [str(call["name"]) for call in payload_calls(payload)]
        return payload.get("refusal") or _said(payload.get("parts", ()), calls), calls
    try:
        shown: object = types.load(payload).render()
    except Exception:  # noqa: BLE001 - a type of the caller's own, which may do anything
        shown = None
    if isinstance(shown, str):
        return shown, ()
    if not isinstance(shown, Message):
        return readable(payload), ()
    try:
        parts = [part_payload(part) for part in shown.parts]
        calls = [str(call.name) for call in shown.tool_calls]
        return _said(parts, calls), calls
    except Exception:  # noqa: BLE001 - parts that no compile would accept
        return readable(payload), ()


def _said(parts: Sequence[Mapping[str, Any]], calls: Sequence[str]) -> str:
    """Return what parts say: their text, else their media, else the reasoning that led to nothing."""
    texts = [part["text"] for part in parts if part["kind"] in ("text", "refusal")]
    if text := "\n".join(texts):
        return text
    shown = [f"[{p['kind']}]" for p in parts if p["kind"] in ("image", "audio", "file", "opaque")]
    if shown or calls:
        return " ".join(shown)
    return "\n".join(p.get("text") or "[reasoning]" for p in parts if p["kind"] == "reasoning")


class Entry:
    """One place of the context list, as it read when it was looked up.

    Attributes:
        id: the entry id, 32 hex; the same through edits, copies and merges.
        commit: id of the commit that its content comes from.
        mark: its whole mark.
    """

    __slots__ = ("_payload", "_types", "commit", "id", "mark")

    id: str
    commit: str
    mark: Mark
    _payload: Mapping[str, Any]
    _types: ContentTypes

    def __init__(
        self, id: str, commit: str, mark: Mark, payload: Mapping[str, Any], types: ContentTypes
    ) -> None:
        put = object.__setattr__
        put(self, "id", id)
        put(self, "commit", commit)
        put(self, "mark", mark)
        put(self, "_payload", payload)
        put(self, "_types", types)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"an Entry cannot be changed; {name!r} is as it was read")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"an Entry cannot be changed; {name!r} is as it was read")

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, (self.id, self.commit, self.mark, self._payload, self._types)

    @property
    def content(self) -> Content:
        """The content as its model; `UnknownContent` where its type is not registered."""
        return self._types.load(self._payload)

    @property
    def content_type(self) -> str:
        """The name of the content's type."""
        return str(self._payload["content_type"])

    @property
    def role(self) -> str:
        """Who speaks: "system", "developer", "user", "assistant" or "tool"."""
        return payload_role(self._payload, self._types)

    @property
    def text(self) -> str:
        """The text as a person would read it.

        Without text it is the refusal, the media ("[image]") or the reasoning; "" for a message
        that only calls tools.
        """
        return payload_text(self._payload, self._types)

    @property
    def priority(self) -> Priority:
        """The mark's priority."""
        return self.mark.priority

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entry):
            return NotImplemented
        return (self.id, self.commit, self.mark, self._payload) == (
            other.id,
            other.commit,
            other.mark,
            other._payload,
        )

    def __hash__(self) -> int:
        return hash((self.id, self.commit))

    def __repr__(self) -> str:
        return f"Entry({self.id[:8]}, commit={self.commit[:8]}, {self.content_type}, {self.role}, {self.priority.value})"


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A commit as `log` shows it.

    Attributes:
        id: 64 hex.
        parents: commit ids.
        operation: "append", "edit", "mark" or "arrange".
        entry_id: the entry it provides, or None.
        author: who wrote it.
        at: when, in UTC.
        message: the caller's message, or a line made from the content.
        content_type: type of its content, or None.
        role: who speaks it, or None.
        made_with: generation config, or None.
        tags: the caller's words for it.
        metadata: the caller's data.
        count: counts the content's tokens, or None.
    """

    id: str
    parents: tuple[str, ...]
    operation: str
    entry_id: str | None
    author: Actor
    at: datetime
    message: str
    content_type: str | None = None
    role: str | None = None
    made_with: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    count: Callable[[], int] | None = field(default=None, repr=False, compare=False)

    @property
    def tokens(self) -> int | None:
        """Tokens of the message that its content makes, counted when asked for; None without content."""
        return None if self.count is None else self.count()

    @property
    def short(self) -> str:
        """The first eight characters of the id."""
        return self.id[:8]

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class CommitDetail:
    """A commit with everything that it says: what `show` gives.

    Attributes:
        info: the line that `log` shows.
        content: its content as a model, or None.
        text: the content's text as a person would read it.
        replaces: entry ids that it took out or replaced.
        marks: entry ids with the marks that it gave.
        origin: the commit that it copies, or None.
        based_on: the commit whose context it answers, or None.
        sources: for a summary, what it was made from.
        reason: why a mark was given, or None.
        retain: what must survive a compression, or None.
        usage: usage recorded for it.
    """

    info: CommitInfo
    content: Content | None
    text: str
    replaces: tuple[str, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)
    origin: str | None = None
    based_on: str | None = None
    sources: Mapping[str, Any] | None = None
    reason: str | None = None
    retain: str | None = None
    usage: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> str:
        """The commit's id."""
        return self.info.id

    def __hash__(self) -> int:
        return hash(self.info.id)


@dataclass(frozen=True, slots=True)
class BranchInfo:
    """A branch: its name, its commit (None before the first), and whether HEAD is on it."""

    name: str
    commit: str | None
    current: bool = False


@dataclass(frozen=True, slots=True)
class TractInfo:
    """A tract of a store.

    Attributes:
        id: 32 hex, fixed when the tract is made.
        name: unique in the store.
        parent: id of the tract it was spawned from, or None.
        created_at: when, in UTC.
        branches: how many it has.
        commits: how many are on its current branch's first-parent line.
        metadata: the caller's data.
    """

    id: str
    name: str
    parent: str | None
    created_at: datetime
    branches: int = 0
    commits: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)
