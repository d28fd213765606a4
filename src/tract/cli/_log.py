"""The `log` command, and how a commit is named on a line.

Ids are shown as short as they are unique in the store, from eight digits up, so that what is
copied from the screen works as a target. Tokens are not counted here: a log is looked at often,
and loading the tokenizer would take longer than all the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from tract import CommitInfo, Tract
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._out import Piece
from tract.cli._shapes import CommitShape
from tract.errors import AmbiguousRef, InvalidInput, printable

if TYPE_CHECKING:
    from tract.cli._paint import Painter

SHORT = 8
# What is imported without a time gets its place in the source, in microseconds after the epoch.
_TIMES_BEGIN = datetime(1970, 1, 1, 1, tzinfo=UTC)
Places = dict[str, list[tuple[Piece, ...]]]


@command(
    "log",
    "tract log --oneline -n 50",
    "tract log --all --grep invoice --since 2025-11-01",
    "tract log idea --no-marks --json",
    gives=[{"commits": list[CommitShape]}],
)
@click.argument("target", required=False)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Commits at most; 0 for all.",
)
@click.option("--oneline", is_flag=True, help="A line for each commit.")
@click.option("--all", "every", is_flag=True, help="Begin at every branch, not only at HEAD.")
@click.option("--branch", metavar="NAME", help="Begin at this branch.")
@click.option("--author", metavar="NAME", help="Only of this author: human:ada, a kind or a name.")
@click.option(
    "--grep", metavar="TEXT", help="Only with this in message or text, whatever the case."
)
@click.option(
    "--since",
    metavar="TIME",
    help="Only from this ISO time on, such as 2025-11-25 or 2025-11-25T08:00.",
)
@click.option("--until", metavar="TIME", help="Only up to this ISO time; a day counts whole.")
@click.option("--no-marks", is_flag=True, help="Leave out commits that only mark entries.")
def log(
    call: Call,
    target: str | None,
    limit: int,
    oneline: bool,
    every: bool,
    branch: str | None,
    author: str | None,
    grep: str | None,
    since: str | None,
    until: str | None,
    no_marks: bool,
) -> None:
    """List commits, newest first, from TARGET (HEAD, if left out)."""
    if sum((target is not None, branch is not None, every)) > 1:
        raise click.UsageError("give a target, --branch or --all, and not two of them")
    options = {
        "start": target,
        "branch": branch,
        "all": every,
        "author": author,
        "grep": grep,
        "since": None if since is None else moment(since, "since"),
        "until": None if until is None else moment(until, "until", end=True),
    }
    with call.reading() as t:
        commits = _listed(t, limit or None, options, no_marks=no_marks)
        named = {} if call.json else short_ids(t, [info.id for info in commits])
        places = {} if call.json else decorations(t)
    call.give(
        lambda: {"commits": [_shaped.commit(info) for info in commits]},
        lambda paint: _paint_log(paint, commits, named, places, oneline=oneline),
        paged=True,
    )


def _listed(
    t: Tract, limit: int | None, options: Mapping[str, object], *, no_marks: bool
) -> list[CommitInfo]:
    """Return the newest commits; where marks are left out, look further back until there are enough."""
    if not no_marks or limit is None:
        found = t.log(limit, **options)  # type: ignore[arg-type]
        return [info for info in found if info.operation != "mark"] if no_marks else found
    asked = limit
    while True:
        found = t.log(asked, **options)  # type: ignore[arg-type]
        kept = [info for info in found if info.operation != "mark"]
        if len(kept) >= limit or len(found) < asked:
            return kept[:limit]
        asked = asked * 4 + 16


def moment(text: str, what: str, *, end: bool = False) -> datetime:
    """Return the time that an ISO text says; without a zone it is this machine's.

    Args:
        text: a date, or a date and a time.
        what: the option, for the message.
        end: whether a date alone means its end, not its beginning.

    Raises:
        InvalidInput: it is no such text.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        if end and at.time() == time() and not {"T", ":", " "} & set(text.strip().upper()):
            at += timedelta(days=1, microseconds=-1)
        return at.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidInput(
            f"--{what} {printable(repr(text))} is no ISO time",
            kind="invalid_time",
            hint="Write 2025-11-25, 2025-11-25T08:00 or 2025-11-25T08:00+01:00.",
        ) from None


def short_ids(t: Tract, ids: Iterable[str]) -> dict[str, str]:
    """Return for each commit id the shortest prefix that means it and nothing else in the store."""
    ordered = sorted(set(ids))
    taken = {branch.name for branch in t.branches.list()}
    shown = {}
    for at, id in enumerate(ordered):
        near = [*ordered[max(at - 1, 0) : at], *ordered[at + 1 : at + 2]]
        shown[id] = _unique(t, id, max([SHORT, *(_common(id, other) + 1 for other in near)]), taken)
    return shown


def _unique(t: Tract, id: str, digits: int, taken: Collection[str]) -> str:
    while digits < len(id):
        try:
            t.log(0, start=id[:digits])  # reads no commit: only what the prefix means is looked up
        except AmbiguousRef as error:
            others = [_common(id, other) + 1 for other in error.candidates if other != id]
            digits = max([digits + 1, *others])
        else:
            if id[:digits] not in taken:  # a branch of that name would be meant instead
                break
            digits += 1
    return id[:digits]


def _common(a: str, b: str) -> int:
    return next(
        (at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def decorations(t: Tract) -> Places:
    """Return the names that commits go by, by commit id, the current branch first."""
    places: Places = {}
    for branch in sorted(t.branches.list(), key=lambda info: not info.current):
        if branch.commit is not None:
            head: tuple[Piece, ...] = (("HEAD -> ", "head"),) if branch.current else ()
            places.setdefault(branch.commit, []).append((*head, (branch.name, "branch")))
    at = t.head if t.current_branch is None else None
    if at is not None:
        places.setdefault(at.id, []).insert(0, (("HEAD", "head"),))
    return places


def decorated(places: Places, id: str) -> list[Piece]:
    """Return the names of a commit as they stand behind its id."""
    pieces: list[Piece] = []
    for name in places.get(id, ()):
        pieces += [", " if pieces else " (", *name]
    return [*pieces, ")"] if pieces else []


def local(at: datetime) -> str:
    """Return a time as people here read it; "no time" for an imported commit that came without one."""
    if at < _TIMES_BEGIN:
        return "no time"
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def _paint_log(
    paint: "Painter",
    commits: Sequence[CommitInfo],
    named: Mapping[str, str],
    places: Places,
    *,
    oneline: bool,
) -> None:
    for number, info in enumerate(commits):
        name: list[Piece] = [(named[info.id], "id"), *decorated(places, info.id)]
        if oneline:
            paint.line(*name, f" {info.message}")
            continue
        if number:
            paint.gap()
        paint.line("commit ", *name)
        facts: list[Piece] = [kind(info), paint.dot, str(info.author), paint.dot, local(info.at)]
        facts += [piece for tag in info.tags for piece in (paint.dot, (f"#{tag}", "label"))]
        paint.line(*facts)
        paint.block(info.message)


def kind(info: CommitInfo) -> Piece:
    """Return in a word or two what a commit does, as a piece to paint."""
    role = info.role or ""
    if info.operation == "append":
        return (role, role)
    return f"edit of {role}" if role and info.operation == "edit" else info.operation
