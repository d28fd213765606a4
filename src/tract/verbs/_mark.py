"""Marking entries: one commit however many entries, and the mark an entry was made with.

A target that is itself a mark commit stands for the entries which that commit marked, so that
`unmark("HEAD")` takes back what `skip(...)` just did. Reasons and retention notes go into a blob
that the marks name, so that they can be purged.
"""

from collections.abc import Sequence
from typing import Any

from tract.errors import MissingEntry
from tract.graph import born_mark
from tract.objects import (
    MARK,
    Actor,
    Commit,
    CommitInfo,
    Entry,
    Mark,
    Priority,
    Slot,
    State,
    check_labels,
)
from tract.repo import Repo, resolve, slot_at
from tract.store import Draft
from tract.verbs._info import infos
from tract.verbs._write import Note, done_before, make_note, remember, target_list, target_name


def annotate(
    repo: Repo,
    targets: Any,
    priority: Priority | str,
    *,
    reason: str | None = None,
    retain: str | None = None,
    labels: Sequence[str] = (),
    author: Actor | str | None = None,
    idempotency_key: str | None = None,
) -> CommitInfo:
    """Mark entries."""
    note = make_note(repo, reason=reason or None, retain=retain or None)
    mark = Mark(Priority.of(priority), check_labels(labels), note.id)
    return _marked(repo, targets, mark, note, author, idempotency_key)


def unmark(
    repo: Repo, targets: Any, *, reason: str | None = None, idempotency_key: str | None = None
) -> CommitInfo:
    """Give entries back the mark that they were made with."""
    note = make_note(repo, reason=reason or None)
    return _marked(repo, targets, None, note, None, idempotency_key)


def _marked(
    repo: Repo,
    targets: Any,
    mark: Mark | None,
    note: Note,
    author: Actor | str | None,
    key: str | None,
) -> CommitInfo:
    writer = repo.settings.author if author is None else Actor.of(author)
    named = target_list(targets, "mark")
    branch = repo.branch_to_write()
    asked = ["mark", [target_name(target) for target in named], mark and mark.encode(), note.id]
    asked.append(list(writer))

    said: dict[str, Any] = {"priority": "born" if mark is None else mark.priority.value}

    def work(draft: Draft) -> CommitInfo:
        done = done_before(repo, draft, key, asked)
        if done is not None:
            return infos(repo, draft, [draft.commit(done.commits[0])])[0]
        tip = draft.ref(repo.tract, branch)
        state = () if tip is None else draft.state(tip)
        slots = {
            slot.entry_id: slot for target in named for slot in _slots(repo, draft, state, target)
        }
        marks = tuple(
            (entry, born_mark(entry, slot.commit, draft.commit) if mark is None else mark)
            for entry, slot in sorted(slots.items())
        )
        said["entries"] = len(slots)
        parents = () if tip is None else (tip,)
        commit = Commit("", parents, MARK, writer, repo.now(), marks=marks, note=note.id)
        made = draft.add(commit, {} if note.id is None else {note.id: note.data})
        draft.move(repo.tract, branch, made.id, expected=tip)
        remember(repo, draft, key, asked, [made])
        return infos(repo, draft, [made])[0]

    return repo.write("annotate", work, said, actor=writer)


def _slots(repo: Repo, draft: Draft, state: State, target: Any) -> list[Slot]:
    """Return the slots that a target names: of a mark commit, those of the entries it marked.

    Raises:
        MissingEntry: one of them is not in this state.
    """
    try:
        return [slot_at(repo, draft, state, target)]
    except MissingEntry:
        if isinstance(target, Entry):
            raise
        commit = draft.commit(resolve(repo, draft, target))
        if commit.operation != MARK:
            raise
    types = repo.settings.types
    marked = [Entry(entry, commit.id, mark, {}, types) for entry, mark in commit.marks]
    return [slot_at(repo, draft, state, entry) for entry in marked]
