"""The `status` command: where the tract stands, how full its context is, and what fills it.

Plain, it is quick enough for a prompt. With --by it draws where the tokens go, with the largest
entries, what is said more than once, and what the calls have cost so far.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tract import Counting, LargeEntry, RepeatedText, Spending, Status, StatusDetail, TokenShare
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._log import short_ids
from tract.cli._out import Piece
from tract.cli._shaped_status import normal, shaped
from tract.cli._shapes_status import StatusShape
from tract.errors import printable

if TYPE_CHECKING:
    from tract.cli._paint import Painter

_MARKS = ("pinned", "important", "normal", "skip")
_BY = ("role", "type", "tool", "entry")
_ENTRIES_SHOWN_MAX = 10
_REPEATS_SHOWN_MAX = 5
_FULL_DOLLARS = 1.0
_BY_CHARS_MAX = 16


@command(
    "status",
    "tract status",
    "tract status --budget 32000",
    "tract status --by tool",
    "tract status --by entry --json",
    gives=[{"status": StatusShape}],
)
@click.option(
    "--budget",
    type=click.IntRange(min=1),
    metavar="TOKENS",
    help="Tokens that the context may use.",
)
@click.option(
    "--by",
    type=click.Choice(_BY),
    help="Draw where the tokens go: by who speaks, content type, tool, or entry.",
)
@click.option("--detail", is_flag=True, help="Draw all of them, with repeats and cost.")
def status(call: Call, budget: int | None, by: str | None, detail: bool) -> None:
    """Show where the tract stands, how full its context is, and what fills it."""
    with call.session(token_budget=budget) as session:
        t = call.chosen(session, quiet=True)
        now = t.status(detail=detail or by is not None)
        told = now.detail
        ids = [] if now.head is None else [now.head]
        if told is not None and not call.json:
            ids += [entry.commit for entry in told.entries[:_ENTRIES_SHOWN_MAX]]
            ids += [text.commits[-1] for text in told.repeats[:_REPEATS_SHOWN_MAX]]
        named = short_ids(t, ids)
        others = len(session.list_tracts()) - 1 if now.head is None else 0

    def paint(painter: "Painter") -> None:
        _paint_status(painter, now, named, others)
        if told is not None:
            for kind in [by] if by is not None and not detail else _BY:
                _paint_part(painter, kind, told, named)
            _paint_repeats(painter, told, named)
            _paint_spending(painter, told.spending)

    call.give(lambda: {"status": shaped(now)}, paint, paged=told is not None)


def _paint_status(paint: "Painter", now: Status, named: dict[str, str], others: int) -> None:
    place: list[Piece] = [("branch ", ""), (now.branch, "branch")] if now.branch else ["detached"]
    at: list[Piece] = [" at ", (named[now.head], "id")] if now.head else [", nothing committed yet"]
    paint.line("tract ", (now.tract, "label"), ", ", *place, *at)
    paint.line(("store ", "dim"), (nearer(now.location), "dim"), whole=True)
    paint.gap()
    count = f"{int(now.tokens):,}"
    if now.budget is None or now.share is None:
        paint.line((count, "label"), f" tokens ({_worth(now)}), no budget")
    else:
        left = now.budget - int(now.tokens)
        room = f"{left:,} left" if left >= 0 else f"{-left:,} over"
        paint.bar(now.share, note=f"{now.share:.0%}")
        paint.line((count, "label"), f" of {now.budget:,} tokens ({_worth(now)}), {room}")
    for line in _counted(now.counting):
        paint.line((line, "dim"))
    paint.gap()
    counts = (now.pinned, now.important, normal(now), now.skipped)
    words = ("pinned", "important", "normal", "skipped")
    marks: list[Piece] = []
    for mark, word, number in zip(_MARKS, words, counts, strict=True):
        marks += [", " if marks else "  ", (f"{number} {word}", mark if number else "dim")]
    paint.line(("entries   ", "dim"), f"{now.entries:>5,}", *marks)
    mended = f"  after {now.repairs} repair{'s' * (now.repairs != 1)}" if now.repairs else ""
    paint.line(("messages  ", "dim"), f"{now.messages:>5,}", mended)
    paint.line(("commits   ", "dim"), f"{now.commits:>5,}")
    if now.detail is None and int(now.tokens):
        paint.gap()
        paint.line(("what fills it: --by role, type, tool or entry", "dim"))
    if others:
        noun = "tract is" if others == 1 else "tracts are"
        paint.gap()
        paint.line(f"{others:,} more {noun} in the store: see `tract tracts`, and name one with -t")


def _worth(now: Status) -> str:
    error = now.tokens.error
    return now.tokens.method if not error else f"{now.tokens.method}, +/-{error:.0%}"


def _counted(how: Counting) -> list[str]:
    """Return how tokens are counted, in words; nothing where no model is known."""
    if how.model is None:
        return []
    by = f"{how.provider}/{how.model}" if how.provider else how.model
    if how.method == "exact" and how.ratio == 1.0:
        return [f"counted for {by}"]
    learned = f", learned from {how.reports} reports of usage" if how.reports else ""
    rule = f"{how.ratio:g} x {how.tokenizer or 'your tokenizer'}{learned}"
    lines = [f"counted for {by}", f"by {rule}"]
    if how.beside:
        lines.append(f"calls had {how.beside:,} tokens beside it: instructions, tools")
    return lines


def nearer(location: str) -> str:
    """Return a path as it is seen from here, where it is below."""
    try:
        return str(Path(location).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return location


# --- where the tokens go ---------------------------------------------------------------------


def _paint_part(paint: "Painter", by: str, told: StatusDetail, named: dict[str, str]) -> None:
    paint.gap()
    paint.line((f"by {by}", "label"))
    if by == "entry":
        rows: list[list[Piece]] = [
            [
                f"{entry.tokens:,}",
                f"{entry.share:.1%}",
                (named[entry.commit], "id"),
                (printable(entry.tool or entry.role, limit=_BY_CHARS_MAX), _style(entry)),
                entry.text,
            ]
            for entry in told.entries[:_ENTRIES_SHOWN_MAX]
        ]
        if rows:
            paint.table([">tokens", ">share", "commit", "by", "text"], rows)
        return
    parts: Sequence[TokenShare] = {"role": told.roles, "type": told.types, "tool": told.tools}[by]
    paint.bars([(_named(by, part.name), part.tokens, part.share) for part in parts])


def _style(entry: LargeEntry) -> str:
    return "tool" if entry.tool else entry.role


def _named(by: str, name: str) -> str:
    if name == "frame":
        return "framing"
    return name or ("no tool" if by == "tool" else "unnamed")


def _paint_repeats(paint: "Painter", told: StatusDetail, named: dict[str, str]) -> None:
    if not told.repeats:
        return
    paint.gap()
    paint.line(("said more than once", "label"), f": {told.repeated:,} tokens more than needed")
    rows: list[list[Piece]] = [
        [f"{one.wasted:,}", f"{one.times} x", (named[one.commits[-1]], "id"), one.text]
        for one in told.repeats[:_REPEATS_SHOWN_MAX]
    ]
    paint.table([">tokens", ">times", "last", "text"], rows)
    _more(paint, told.repeats)


def _more(paint: "Painter", repeats: Sequence[RepeatedText]) -> None:
    more = len(repeats) - _REPEATS_SHOWN_MAX
    if more > 0:
        paint.line((f"and {more} more", "dim"))


def _paint_spending(paint: "Painter", spent: Spending) -> None:
    if not spent.calls:
        return
    paint.gap()
    calls = f"{spent.calls:,} call{'s' * (spent.calls != 1)}"
    paint.line(("spent so far", "label"), f": {_money(spent)} in {calls}")
    paint.line(
        f"{spent.input:,} tokens in, {spent.cache_share:.0%} of them read from the cache;"
        f" {spent.output:,} out"
    )
    for one in spent.models if len(spent.models) > 1 else ():
        paint.line(("  ", ""), f"{one.model or 'unknown model'}: {_money(one)} in {one.calls:,}")
    if spent.listed:
        paint.line((f"{spent.listed:,} priced by list: no cost was recorded for them", "dim"))
    if spent.unpriced:
        paint.line((f"{spent.unpriced:,} without a known price", "dim"))


def _money(spent: Spending) -> str:
    if spent.cost is None:
        return "no known price"
    return f"${spent.cost:,.2f}" if spent.cost >= _FULL_DOLLARS else f"${spent.cost:.4f}"
