"""Writing history straight on a store, step by step, without anything that sits above it.

A scribe has a clock of its own, so that the same steps always give the same ids. It writes what
the verbs of a tract would write, one operation a step, but decides nothing: what it is told to
write is staged as it is, also when it does not fit.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tract.graph import layout_of
from tract.objects import (
    APPEND,
    ARRANGE,
    EDIT,
    MARK,
    NORMAL,
    Actor,
    Commit,
    Mark,
    Priority,
    Slot,
    State,
    blob_id,
    canonical,
    new_entry_id,
)
from tract.store import Draft, Idempotent, Store, TractRow, Usage

_START = 1_700_000_000_000_000
_STEP = 1_000_000
_ADA = Actor("human", "ada")


class Scribe:
    """Writes on one branch of one tract of a store.

    Args:
        store: where to write.
        tract: the tract's name; it is made if it is not there.
        branch: the branch's name; it is made if it is not there.
        author: who writes.

    Attributes:
        name: the tract's name.
        tract: id of the tract.
        branch: where it writes; may be changed.
        at: the time of the next step, in microseconds since the Unix epoch; may be changed.

    Example:
        >>> from tract.store import MemoryStore
        >>> scribe = Scribe(MemoryStore())
        >>> first = scribe.say("hello")
        >>> changed = scribe.edit(first, "hello, world")
        >>> [slot.entry_id == first.entry_id for slot in scribe.state()]
        [True]
    """

    def __init__(
        self,
        store: Store,
        tract: str = "main",
        *,
        branch: str = "main",
        author: Actor = _ADA,
    ) -> None:
        self.store = store
        self.name = tract
        self.tract = hashlib.sha256(tract.encode()).hexdigest()[:32]
        self.branch = branch
        self.author = author
        self.at = _START
        self._draft: Draft | None = None
        with self.together() as draft:
            if draft.tract(self.tract) is None:
                draft.put_tract(TractRow(self.tract, tract, self.at))
            if self._ref not in draft.refs(self.tract):
                draft.move(self.tract, self._ref, None, make=True)
                self._log("branch", {"name": branch})

    @property
    def _ref(self) -> str:
        return f"branch/{self.branch}"

    @contextmanager
    def together(self) -> Iterator[Draft]:
        """Write everything in the block in one transaction; inside such a block, nothing new."""
        if self._draft is not None:
            yield self._draft
            return
        try:
            with self.store.write() as draft:
                self._draft = draft
                yield draft
        finally:
            self._draft = None

    def _log(self, verb: str, arguments: Mapping[str, Any] | None = None) -> None:
        assert self._draft is not None
        self._draft.log(self.tract, verb, self.author, self.at, arguments or {})

    # Reading

    def head(self) -> str | None:
        """Return the commit that the branch is at."""
        if self._draft is not None:
            return self._draft.ref(self.tract, self._ref)
        with self.store.read() as view:
            return view.ref(self.tract, self._ref)

    def state(self, commit: str | None = None) -> State:
        """Return the state of a commit, or of the branch."""
        id = commit or self.head()
        if id is None:
            return ()
        if self._draft is not None:
            return self._draft.state(id)
        with self.store.read() as view:
            return view.state(id)

    def texts(self, commit: str | None = None) -> list[str]:
        """Return the texts of a state, in order, those marked skip left out."""
        shown = [s.content for s in self.state(commit) if s.mark.priority is not Priority.SKIP]
        if self._draft is not None:
            payloads = self._draft.payloads(shown)
        else:
            with self.store.read() as view:
                payloads = view.payloads(shown)
        return [str(payloads[id]["text"]) for id in shown]

    # Writing

    def say(self, text: str, *, mark: Mark | None = None, **fields: Any) -> Commit:
        """Append an entry with a text.

        Args:
            text: what is said.
            mark: the entry's mark, when it is not "normal".
            fields: further fields of the commit, or `role=`.
        """
        payload = {"content_type": "dialogue", "role": fields.pop("role", "user"), "text": text}
        data = canonical(payload)
        content = blob_id(data)
        with self.together():
            head = self.head()
            parents = (head,) if head else ()
            entry = new_entry_id(parents, (), content, self.author, self.at)
            return self.put(
                Commit(
                    "",
                    parents,
                    APPEND,
                    self.author,
                    self.at,
                    entry,
                    content,
                    marks=((entry, mark),) if mark is not None and mark != NORMAL else (),
                )._replace(**fields),
                {content: data},
            )

    def edit(self, targets: "Target | Sequence[Target]", text: str | None) -> Commit:
        """Replace one entry (which keeps its id) or several by a text, or take them out.

        Args:
            targets: commits, slots or entry ids.
            text: what stands in their place; None for nothing.
        """
        entries = _entries(targets)
        data = canonical({"content_type": "dialogue", "role": "user", "text": text})
        content = None if text is None else blob_id(data)
        with self.together():
            head = self.head()
            parents = (head,) if head else ()
            entry = None
            if content is not None:
                new = new_entry_id(parents, entries, content, self.author, self.at)
                entry = entries[0] if len(entries) == 1 else new
            commit = Commit(
                "", parents, EDIT, self.author, self.at, entry, content, replaces=entries
            )
            return self.put(commit, {} if content is None else {content: data})

    def mark(
        self, targets: "Target | Sequence[Target]", priority: str, reason: str | None = None
    ) -> Commit:
        """Mark entries, with a reason in a note blob where one is given."""
        data = canonical({"reason": reason})
        note = None if reason is None else blob_id(data)
        mark = Mark(Priority(priority), (), note)
        with self.together():
            head = self.head()
            marks = tuple((entry, mark) for entry in _entries(targets))
            commit = Commit("", (head,) if head else (), MARK, self.author, self.at, marks=marks)
            return self.put(commit, {} if note is None else {note: data})

    def arrange(self, order: Sequence[Slot], also: Sequence[str] = ()) -> Commit:
        """Prescribe the order of slots; `also` are further parents that they come from."""
        with self.together():
            head = self.head()
            parents = ((head,) if head else ()) + tuple(also)
            layout = layout_of(order, [self.state(parent) for parent in parents])
            commit = Commit("", parents, ARRANGE, self.author, self.at, layout=layout)
            return self.put(commit, {})

    def put(self, commit: Commit, blobs: Mapping[str, bytes]) -> Commit:
        """Stage a commit as it is, move the branch to it, and log that."""
        with self.together() as draft:
            before = draft.ref(self.tract, self._ref)
            made = draft.add(commit, blobs)
            draft.move(self.tract, self._ref, made.id, expected=before)
            self._log(commit.operation)
        self.at += _STEP
        return made

    def reset(self, commit: str) -> None:
        """Move the branch to another commit."""
        with self.together() as draft:
            draft.move(self.tract, self._ref, commit)
            self._log("reset")
        self.at += _STEP

    def fork(self, name: str, at: str | None = None) -> "Scribe":
        """Return a scribe on a new branch that begins at a commit, or where this one is."""
        start = at or self.head()
        with self.together() as draft:
            draft.move(self.tract, f"branch/{name}", start, make=True)
            self._log("branch", {"name": name})
        self.at += _STEP
        other = Scribe(self.store, self.name, branch=name, author=self.author)
        other.at = self.at
        return other

    def note_usage(self, commit: str | None, body: Mapping[str, Any]) -> None:
        """Keep a provider's report."""
        with self.together() as draft:
            draft.put_usage(self.tract, Usage(commit, self.at, body))
            self._log("usage")

    def note_counts(self, counts: Mapping[str, int], counter: str = "words") -> None:
        """Keep token counts by blob id, along with an operation."""
        with self.together() as draft:
            draft.put_counts({(id, counter): tokens for id, tokens in counts.items()})
            self._log("count")

    def remember(self, key: str, digest: str, commits: Sequence[str]) -> None:
        """Keep what was done under an idempotency key."""
        with self.together() as draft:
            draft.put_idempotent(self.tract, key, Idempotent(digest, tuple(commits)))
            self._log("remember")


Target = Commit | Slot | str


def _entries(targets: "Target | Sequence[Target]") -> tuple[str, ...]:
    # Commits and slots are tuples themselves, so they are told apart first.
    one = isinstance(targets, (str, Commit, Slot))
    each: Sequence[Target] = [targets] if one else targets  # type: ignore[list-item, assignment]
    return tuple(t if isinstance(t, str) else str(t.entry_id) for t in each)
