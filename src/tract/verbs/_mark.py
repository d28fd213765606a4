"""Marking entries: one commit however many entries, and the mark an entry was made with.

Reasons and retention notes go into a blob that the marks name, so that they can be purged.
"""

from collections.abc import Sequence
from typing import Any

from tract.errors import InvalidInput
from tract.graph import born_mark
from tract.objects import MARK, Actor, Commit, CommitInfo, Mark, Priority, check_labels
from tract.repo import Repo, slot_at
from tract.store import Draft
from tract.verbs._info import infos
from tract.verbs._write import Note, make_note


def annotate(
    repo: Repo,
    targets: Any,
    priority: Priority | str | None,
    *,
    reason: str | None = None,
    retain: str | None = None,
    labels: Sequence[str] = (),
    author: Actor | str | None = None,
) -> CommitInfo:
    """Mark entries; with no priority, give each back the mark that it was made with."""
    writer = repo.settings.author if author is None else Actor.of(author)
    named = list(targets) if isinstance(targets, (list, tuple, set, frozenset)) else [targets]
    if not named:
        raise InvalidInput(
            "no entry was named to mark",
            kind="invalid_target",
            hint="Give a commit, an Entry, or a list of them.",
        )
    note = make_note(None, (), None, reason=_said(reason, "reason"), retain=_said(retain, "retain"))
    chosen = (
        None if priority is None else Mark(Priority.of(priority), check_labels(labels), note.id)
    )
    branch = repo.branch_to_write()

    def work(draft: Draft) -> Commit:
        tip = draft.ref(repo.tract, branch)
        state = () if tip is None else draft.state(tip)
        slots = {
            slot.entry_id: slot
            for slot in (slot_at(repo, draft, state, target) for target in named)
        }
        marks = tuple(
            (entry, chosen if chosen is not None else born_mark(entry, slot.commit, draft.commit))
            for entry, slot in sorted(slots.items())
        )
        parents = () if tip is None else (tip,)
        made = draft.add(
            Commit("", parents, MARK, writer, repo.now(), marks=marks, note=note.id), _blob(note)
        )
        draft.move(repo.tract, branch, made.id, expected=tip)
        return made

    made = repo.write("annotate", work, {"entries": len(named)}, actor=writer)
    with repo.read() as reader:
        return infos(repo, reader, [made])[0]


def _blob(note: Note) -> dict[str, bytes]:
    return {} if note.id is None else {note.id: note.data}


def _said(text: str | None, what: str) -> str | None:
    if text is not None and not isinstance(text, str):
        raise InvalidInput(f"{what} is {type(text).__name__}, no text", kind=f"invalid_{what}")
    return text or None
