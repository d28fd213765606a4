"""From commits to what people are shown of them: the log line, the caller's words, lazy counts.

A page of commits reads its contents and notes at once; tokens are counted when somebody looks.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import ref

from tract.compile import count_message, is_built_in, render
from tract.errors import printable
from tract.objects import (
    ARRANGE,
    EDIT,
    MARK,
    Commit,
    CommitInfo,
    ContentTypes,
    moment,
    payload_line,
    payload_role,
    plain_json,
)
from tract.repo import Repo
from tract.store import Payload, Reader
from tract.verbs._learn import learner

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
    kind = role = count = None
    if payload is not None:
        kind, role = payload["content_type"], payload_role(payload, types)
        count = _Count(repo, commit, payload)
    message: str | None = None
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    if commit.note is not None:
        note = payloads[commit.note]
        message, tags = note.get("message"), tuple(note.get("tags", ()))
        # Copied: what is stored must not change with what somebody does to what he was shown.
        metadata = plain_json(note.get("metadata", {}))
    # By place, in the order of the class: a log or an import makes thousands of them.
    return CommitInfo(
        commit.id,
        commit.parents,
        commit.operation,
        commit.entry_id,
        commit.author,
        moment(commit.at),
        message or _line(commit, payload, types),
        kind,
        role,
        None if commit.made_with is None else plain_json(commit.made_with),
        tags,
        metadata,
        count,
    )


class _Count:
    """Counts one content's tokens for the handle's model when asked, and remembers what it counted.

    It outlives the handle without keeping the store open. Sent to another process it is the
    figure: what it was counted with may be a function that cannot be sent.
    """

    __slots__ = (
        "_commit",
        "_content",
        "_counter",
        "_gauge",
        "_payload",
        "_scale",
        "_tally",
        "_types",
    )

    def __init__(self, repo: Repo, commit: Commit, payload: Payload) -> None:
        tally = repo.settings.tally
        assert commit.content is not None
        self._content = commit.content
        self._commit = commit.id
        self._payload = payload
        self._types = repo.settings.types
        self._counter = tally.counter
        self._scale = tally.scale
        self._tally = ref(tally)
        self._gauge = ref(learner(repo))

    def __call__(self) -> int:
        gauge = self._gauge()
        scale = self._scale if gauge is None else gauge.scale()
        return int(scale.of(self._counted()))

    def _counted(self) -> int:
        """Return the counter's own tokens."""
        tally = self._tally()
        tokens = None if tally is None else tally.known([self._content]).get(self._content)
        if tokens is None:
            tokens = count_message(self._counter, render(self._payload, self._commit, self._types))
            # What another type renders to is its owner's to change, so only built-in ones are kept.
            if tally is not None and is_built_in(self._payload):
                tally.learned({self._content: tokens})
        return tokens

    def __copy__(self) -> "_Count":
        return self

    def __deepcopy__(self, memo: object) -> "_Count":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _Counted, (self(),)


class _Counted:
    """Tokens that were counted elsewhere."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    def __call__(self) -> int:
        return self.tokens

    def __reduce__(self) -> tuple[Any, ...]:
        return _Counted, (self.tokens,)


def _line(commit: Commit, payload: Payload | None, types: ContentTypes) -> str:
    if payload is None:
        return _structure(commit)
    return _one_line(payload_line(payload, types)) or "(empty)"


def _one_line(text: str) -> str:
    """Return the beginning of a text on one line, safe to print."""
    head = text[: LINE_CHARS + 1]
    # Most texts begin with plain words, and in those there is nothing to be cleaned.
    if head.isascii() and head.isprintable() and "  " not in head and head.strip() == head:
        return head if len(head) <= LINE_CHARS else f"{head[: LINE_CHARS - 3]}..."
    return printable(" ".join(text[: LINE_CHARS * 4].split()), limit=LINE_CHARS)


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
