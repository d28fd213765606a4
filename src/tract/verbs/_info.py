"""From commits to what people are shown of them: the log line, the caller's words, lazy counts.

A page of commits reads its contents and notes at once; tokens are counted when somebody looks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.compile import count_message, is_built_in, render
from tract.errors import TractError, printable
from tract.objects import (
    ARRANGE,
    EDIT,
    MARK,
    Commit,
    CommitInfo,
    moment,
    payload_role,
    payload_text,
)
from tract.repo import Repo
from tract.store import Payload, Reader

LINE_CHARS = 72


def infos(repo: Repo, reader: Reader, commits: Sequence[Commit]) -> list[CommitInfo]:
    """Return what `log` shows of commits; all their contents and notes are read at once."""
    wanted = [
        blob for commit in commits for blob in (commit.content, commit.note) if blob is not None
    ]
    payloads = repo.payloads(reader, wanted)
    return [info_of(repo, commit, payloads) for commit in commits]


def info_of(repo: Repo, commit: Commit, payloads: Mapping[str, Payload]) -> CommitInfo:
    """Return what `log` shows of a commit whose payloads are at hand."""
    types = repo.settings.types
    payload = None if commit.content is None else payloads[commit.content]
    note: Mapping[str, Any] = {} if commit.note is None else payloads[commit.note]
    return CommitInfo(
        id=commit.id,
        parents=commit.parents,
        operation=commit.operation,
        entry_id=commit.entry_id,
        author=commit.author,
        at=moment(commit.at),
        message=note.get("message") or _line(repo, commit, payload),
        content_type=None if payload is None else payload["content_type"],
        role=None if payload is None else payload_role(payload, types),
        made_with=commit.made_with,
        tags=tuple(note.get("tags", ())),
        metadata=dict(note.get("metadata", {})),
        count=None
        if payload is None or commit.content is None
        else _Count(repo, commit.content, commit.id, payload),
    )


class _Count:
    """Counts one content's tokens when asked, and remembers the figure with the handle."""

    __slots__ = ("_args",)

    def __init__(self, repo: Repo, content: str, commit: str, payload: Payload) -> None:
        self._args = (repo, content, commit, payload)

    def __call__(self) -> int:
        repo, content, commit, payload = self._args
        tally = repo.settings.tally
        tokens = tally.known([content]).get(content)
        if tokens is None:
            tokens = count_message(tally.counter, render(payload, commit, repo.settings.types))
            # What another type renders to is its owner's to change, so only built-in ones are kept.
            if is_built_in(payload):
                tally.learned({content: tokens})
        return tokens


def _line(repo: Repo, commit: Commit, payload: Payload | None) -> str:
    if payload is None:
        return _structure(commit)
    try:
        text = payload_text(payload, repo.settings.types)
    except TractError as error:  # a custom type that no longer fits its stored data
        text = f"[{payload['content_type']}: {error.message}]"
    if not text and (calls := _calls(payload)):
        text = f"calls {', '.join(calls)}"
    return _one_line(text) or "(empty)"


def _one_line(text: str) -> str:
    """Return the beginning of a text on one line, safe to print."""
    head = text[: LINE_CHARS + 1]
    # Most texts begin with plain words, and in those there is nothing to be cleaned.
    if head.isascii() and head.isprintable() and "  " not in head and head.strip() == head:
        return head if len(head) <= LINE_CHARS else f"{head[: LINE_CHARS - 3]}..."
    return printable(" ".join(text[: LINE_CHARS * 4].split()), limit=LINE_CHARS)


def _calls(payload: Payload) -> list[str]:
    parts = (
        *payload.get("tool_calls", ()),
        *(p for p in payload.get("parts", ()) if p.get("kind") == "tool_call"),
    )
    return [str(call["name"]) for call in parts]


def _structure(commit: Commit) -> str:
    if commit.operation == MARK:
        words = sorted({mark.priority.value for _, mark in commit.marks})
        return f"mark {_entries(len(commit.marks))} {', '.join(words)}"
    if commit.operation == EDIT:
        return f"take out {_entries(len(commit.replaces))}"
    if commit.operation == ARRANGE:
        return "merge" if len(commit.parents) > 1 else "reorder"
    return commit.operation


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
