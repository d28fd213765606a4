"""Marks: how much an entry matters, kept in the state and carried by edits, copies and merges.

A mark is a priority with labels; its free text (the reason, the retention note) lives in a note
blob that the mark only names, so that text can be removed without touching a commit. A mark has
one canonical form: the bare priority where there is nothing else to say.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from tract.errors import InvalidInput, printable
from tract.objects._canonical import check_text


class Priority(StrEnum):
    """How much an entry matters to compression, budgets and the compiled context."""

    PINNED = "pinned"
    IMPORTANT = "important"
    NORMAL = "normal"
    SKIP = "skip"

    @classmethod
    def of(cls, value: "Priority | str") -> "Priority":
        """Return the priority of that name.

        Raises:
            InvalidInput: there is none of that name.
        """
        try:
            return cls(value)
        except ValueError:
            raise InvalidInput(
                f"priority {printable(repr(value))} is unknown",
                kind="invalid_priority",
                hint=f"Use one of {', '.join(cls)}.",
            ) from None


class Mark(NamedTuple):
    """An entry's priority, its labels, and the blob with reason and retention note.

    Attributes:
        priority: one of `Priority`.
        labels: words of the caller, in the order given.
        note: blob id of `{"reason": ..., "retain": ...}`, or None.
    """

    priority: Priority = Priority.NORMAL
    labels: tuple[str, ...] = ()
    note: str | None = None

    def encode(self) -> Any:
        """Return the canonical JSON value: the bare priority, or a dict where there is more."""
        if not self.labels and self.note is None:
            return self.priority.value
        data: dict[str, Any] = {"priority": self.priority.value}
        if self.labels:
            data["labels"] = list(self.labels)
        if self.note is not None:
            data["note"] = self.note
        return data

    @classmethod
    def decode(cls, data: Any) -> "Mark":
        """Return the mark of a canonical JSON value."""
        if isinstance(data, str):
            return PLAIN_MARKS[data]
        if isinstance(data, Mapping):
            return cls(Priority(data["priority"]), tuple(data.get("labels", ())), data.get("note"))
        raise ValueError(f"no mark: {data!r}")


PLAIN_MARKS: Mapping[str, Mark] = {priority.value: Mark(priority) for priority in Priority}
NORMAL = PLAIN_MARKS["normal"]


def check_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return labels as a tuple without repeats.

    Raises:
        InvalidInput: a label is empty, not text, or longer than 200 bytes.
    """
    if isinstance(labels, str):
        labels = (labels,)
    if not isinstance(labels, Iterable):
        raise InvalidInput(
            f"labels {printable(repr(labels))} are no list",
            kind="invalid_label",
            hint="Give a list of short texts.",
        )
    for label in labels:
        if not isinstance(label, str) or not label or len(label.encode("utf-8", "replace")) > 200:
            raise InvalidInput(
                f"label {printable(repr(label))} is not a text of 1 to 200 bytes",
                kind="invalid_label",
                hint="Give short texts; longer ones belong in the reason.",
            )
        check_text(label, "label")
    return tuple(dict.fromkeys(labels))
