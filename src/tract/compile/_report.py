"""What a compiled context says about itself: repairs, what was left out, what is shared, and why.

All of it is plain frozen values, made for reading by a person or a program. Nothing here decides
anything: the rules are where they are applied, and a value here only tells that one was.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tract.compile._token_count import TokenCount
from tract.errors import printable


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was mended so that a provider accepts the context. History is not touched.

    Attributes:
        rule: stable name of the rule, such as "orphan_result".
        message: what was wrong and what was done.
        commit: id of the commit concerned, or None where no commit stands behind the message.
        index: where the message stood among the messages before any repair.
    """

    rule: str
    message: str
    commit: str | None
    index: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """An entry that is left out of one context, though it is not marked "skip".

    Attributes:
        entry: entry id.
        commit: id of the commit that its content comes from.
        why: "budget" or "view".
    """

    entry: str
    commit: str
    why: str


@dataclass(frozen=True, slots=True)
class PrefixReport:
    """What a context shares with another from the start: what a provider's cache can reuse.

    Attributes:
        messages: how many messages.
        tokens: how many tokens, those of equal tools included.
        share: that part of the first context's tokens, 0.0 to 1.0; 1.0 for an empty one.
    """

    messages: int
    tokens: int
    share: float


@dataclass(frozen=True, slots=True)
class ExplanationLine:
    """What became of one entry.

    Attributes:
        entry: entry id.
        commit: id of the commit that its content comes from.
        role: who speaks it.
        priority: its mark's priority.
        status: "shown", "changed" (shown, but a view changed what it says), "repaired" (shown,
            but a repair changed it, whatever a view did), "skipped", "budget", "view" (left out
            by one), "compiler" (a compiler did not use it) or "left_out" (by a repair).
        why: the reason in words; "" where there is nothing to say.
        index: where its first message stands in the context, or None.
        tokens: tokens that it takes in the context; 0 where it is not shown.
        text: the beginning of what it says, on one printable line.
    """

    entry: str
    commit: str
    role: str
    priority: str
    status: str
    why: str
    index: int | None
    tokens: int
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a context is what it is, entry by entry; `str()` is a table to read.

    Attributes:
        commit: id of the commit that was compiled, or None for an unborn branch.
        lines: one for each entry of the state, in its order.
        messages: how many messages the context has.
        tokens: tokens of the whole context, tools and framing included.
        limit: tokens that the budget leaves for it, or None without a budget.
    """

    commit: str | None
    lines: tuple[ExplanationLine, ...]
    messages: int
    tokens: TokenCount
    limit: int | None = None

    def __str__(self) -> str:
        return "\n".join([self._head(), *(_row(line) for line in self.lines)])

    def __iter__(self) -> Iterator[ExplanationLine]:
        return iter(self.lines)

    def _head(self) -> str:
        place = self.commit[:8] if self.commit else "an unborn branch"
        shown = sum(line.index is not None for line in self.lines)
        budget = f" of {self.limit:,}" if self.limit is not None else ""
        return (
            f"context of {place}: {shown} of {len(self.lines)} entries in {self.messages} messages,"
            f" {int(self.tokens):,}{budget} tokens ({self.tokens.method})"
        )


def _row(line: ExplanationLine) -> str:
    number = "-" if line.index is None else str(line.index)
    notes = [line.priority] if line.priority != "normal" else []
    if line.status != "shown":
        notes.append(f"{line.status}: {line.why}" if line.why else line.status)
    note = f"  [{'; '.join(notes)}]" if notes else ""
    return f"{number:>5}  {line.commit[:8]}  {line.role:<9} {line.tokens:>7,}  {line.text}{note}"


def preview(text: str, chars_max: int = 60) -> str:
    r"""Return the beginning of a text on one printable line.

    Args:
        text: any text.
        chars_max: characters kept, before escaping.

    Example:
        >>> preview("first line\nsecond")
        'first line second'
    """
    return printable(" ".join(text[: chars_max * 4].split()), limit=chars_max)
