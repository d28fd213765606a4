"""The `log` command, and how a commit is named on a line.

Ids are shown as short as they are unique in the store, from eight digits up, so that what is
copied from the screen works as a target. Tokens are counted for `--stat` alone: a log is looked at
often, and loading the tokenizer would take longer than all the rest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import click

from tract import CommitInfo, Tract
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._graph import OPEN, Cells, Nodes, Row, arranged, contracted, cut, drawn, runs
from tract.cli._growth import Growth, growth
from tract.cli._out import Piece
from tract.cli._shapes import CommitShape, GrowthShape
from tract.errors import AmbiguousRef, InvalidInput, printable

if TYPE_CHECKING:
    from tract.cli._paint import Painter

SHORT = 8
# What is imported without a time gets its place in the source, in microseconds after the epoch.
_TIMES_BEGIN = datetime(1970, 1, 1, 1, tzinfo=UTC)
_LANE_STYLES = 6
_BAR_COLUMNS = 10
_WIDE_BAR_COLUMNS = 20
_WIDE_COLUMNS = 80
Places = dict[str, list[tuple[Piece, ...]]]


@command(
    "log",
    "tract log --oneline -n 50",
    "tract log --graph --all --oneline",
    "tract log --stat",
    "tract log --all --grep invoice --since 2025-11-01",
    "tract log idea --no-marks --json",
    gives=[{"commits": list[CommitShape]}, {"commits": list[GrowthShape]}],
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
@click.option(
    "--graph",
    is_flag=True,
    help="Draw how commits follow from each other: lines are kept together, and what is left out is passed over.",
)
@click.option(
    "--stat",
    is_flag=True,
    help="Show how the context grew: tokens that a commit adds, and those of all entries not marked skip.",
)
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
    call: Call, limit: int, oneline: bool, graph: bool, stat: bool, no_marks: bool, **asked: Any
) -> None:
    """List commits, newest first, from TARGET (HEAD, if left out)."""
    wanted = _Wanted.of(limit or None, no_marks=no_marks, **asked)
    with call.reading() as t:
        if graph and not call.json:
            commits, nodes = _graphed(t, wanted)
        else:
            commits, nodes = _listed(t, wanted), []
        grown = growth(t, commits) if stat else {}
        named = {} if call.json else short_ids(t, [info.id for info in commits])
        places = {} if call.json else decorations(t)
    call.give(
        lambda: {
            "commits": [
                _shaped.grown(info, grown[info.id]) if stat else _shaped.commit(info)
                for info in commits
            ]
        },
        lambda paint: _LogPainter(paint, named, places, grown, _scale(grown), oneline).paint(
            commits, nodes
        ),
        paged=True,
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which commits are asked for: how many, where to begin, and which to leave out."""

    limit: int | None
    start: Mapping[str, Any]
    filters: Mapping[str, Any]
    no_marks: bool

    @staticmethod
    def of(
        limit: int | None,
        *,
        no_marks: bool,
        target: str | None,
        branch: str | None,
        every: bool,
        author: str | None,
        grep: str | None,
        since: str | None,
        until: str | None,
    ) -> "_Wanted":
        if sum((target is not None, branch is not None, every)) > 1:
            raise click.UsageError("give a target, --branch or --all, and not two of them")
        return _Wanted(
            limit,
            {"start": target, "branch": branch, "all": every},
            {
                "author": author,
                "grep": grep,
                "since": None if since is None else moment(since, "since"),
                "until": None if until is None else moment(until, "until", end=True),
            },
            no_marks,
        )

    @property
    def filtered(self) -> bool:
        """Whether commits may be left out between others."""
        return self.no_marks or any(value is not None for value in self.filters.values())


def _listed(t: Tract, wanted: _Wanted, *, first_parent: bool = True) -> list[CommitInfo]:
    """Return the newest commits; where marks are left out, look further back until there are enough."""
    limit = wanted.limit
    options = {**wanted.start, **wanted.filters, "first_parent": first_parent}
    if not wanted.no_marks or limit is None:
        found = t.log(limit, **options)
        return [info for info in found if info.operation != "mark"] if wanted.no_marks else found
    asked = limit
    while True:
        found = t.log(asked, **options)
        kept = [info for info in found if info.operation != "mark"]
        if len(kept) >= limit or len(found) < asked:
            return kept[:limit]
        asked = asked * 4 + 16


def _graphed(t: Tract, wanted: _Wanted) -> tuple[list[CommitInfo], Nodes]:
    """Return the newest commits as they are drawn, and the graph among them."""
    # A line without a merge is the whole graph, and reading it alone takes no more than a page.
    commits, walked = _walked(t, wanted, first_parent=not wanted.start["all"])
    if not wanted.start["all"] and any(len(info.parents) > 1 for info in walked):
        commits, walked = _walked(t, wanted, first_parent=False)
    infos = {info.id: info for info in commits}
    nodes: Nodes = [(info.id, info.parents) for info in walked]
    if wanted.filtered:
        whole = wanted.limit is None or len(commits) < wanted.limit
        nodes = contracted(nodes, infos.keys(), whole=whole)
    parents = dict(nodes)
    order = arranged(nodes)
    return [infos[id] for id in order], [(id, parents[id]) for id in order]


def _walked(
    t: Tract, wanted: _Wanted, *, first_parent: bool
) -> tuple[list[CommitInfo], list[CommitInfo]]:
    """Return the newest commits, and everything down to the last of them, left out or not."""
    commits = _listed(t, wanted, first_parent=first_parent)
    if not wanted.filtered or not commits:
        return commits, commits
    asked = len(commits)
    while True:
        asked = asked * 4 + 16
        found = t.log(asked, **wanted.start, first_parent=first_parent)
        ids = [info.id for info in found]
        if commits[-1].id in ids:
            return commits, found[: ids.index(commits[-1].id) + 1]


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


@dataclass(frozen=True, slots=True)
class _LogPainter:
    """Paints commits one below the other, beside their lanes where they have some."""

    on: "Painter"
    named: Mapping[str, str]
    places: Places
    grown: Mapping[str, Growth]
    scale: tuple[int, int, int]
    oneline: bool

    def paint(self, commits: Sequence[CommitInfo], nodes: Nodes) -> None:
        """Paint commits, and the graph among them where it is to be drawn."""
        if not nodes:
            for number, info in enumerate(commits):
                if number and not self.oneline:
                    self.on.gap()
                self._commit(info, [], [])
            return
        infos = {info.id: info for info in commits}
        last: Cells | None = None
        for row in drawn(nodes):
            if last is not None and not self.oneline and not _is_open(row):
                self.on.line(*self._lanes(last))
            if row.id is not None:
                self._commit(infos[row.id], *self._margins(row))
            elif self.oneline or not row.spare:
                self.on.line(*self._lanes(row.cells))
            last = None if row.id is None else row.below

    def _margins(self, row: Row) -> tuple[list[Piece], list[Piece]]:
        """Return what stands before a commit's first line, and before those below it."""
        room = max(len(row.cells), len(row.below))
        first, below = self._lanes(row.cells, room), self._lanes(row.below, room)
        return [*first, " "], [*below, " "]

    def _lanes(self, cells: Cells, room: int = 0) -> list[Piece]:
        columns = self.on.columns
        shown = cut(cells, room, None if columns is None else columns // 2)
        return [
            (glyphs, "" if color is None else f"lane{color}")
            for glyphs, color in runs(shown, _LANE_STYLES, ascii_only=self.on.ascii_only)
        ]

    def _commit(self, info: CommitInfo, first: Sequence[Piece], below: Sequence[Piece]) -> None:
        paint = self.on
        id: Piece = (self.named[info.id], "id")
        names = decorated(self.places, info.id)
        size = self._growth(info)
        if self.oneline:
            paint.line(
                *first, id, *(["  ", *size, " "] if size else []), *names, f" {info.message}"
            )
            return
        paint.line(*first, "commit ", id, *names)
        facts: list[Piece] = [kind(info), paint.dot, str(info.author), paint.dot, local(info.at)]
        facts += [piece for tag in info.tags for piece in (paint.dot, (f"#{tag}", "label"))]
        paint.line(*below, *facts)
        if first:
            for words in info.message.split("\n"):
                paint.line(*below, f"    {words}")
        else:
            paint.block(info.message)
        if size:
            paint.line(*below, "    ", *size)

    def _growth(self, info: CommitInfo) -> list[Piece]:
        """Return what a commit adds, the total, and a bar as long as its part of the largest total."""
        if not self.grown:
            return []
        it = self.grown[info.id]
        added_width, total_width, total_max = self.scale
        style = "dim" if not it.added else "good" if it.added > 0 else "bad"
        columns = self.on.columns
        room = _BAR_COLUMNS if columns and columns < _WIDE_COLUMNS else _WIDE_BAR_COLUMNS
        filled = round(room * it.total / total_max)
        filled = max(filled, 1) if it.total else 0
        bar = ("#" if self.on.ascii_only else "\u2588") * filled
        return [
            (f"{it.added:>+{added_width},}", style),
            f"  {it.total:>{total_width},}  ",
            (bar, "dim"),
            " " * (room - filled),
        ]


def _scale(grown: Mapping[str, Growth]) -> tuple[int, int, int]:
    """Return how wide what is added is at most, how wide the total is, and the largest total."""
    figures = grown.values()
    return (
        max((len(f"{one.added:+,}") for one in figures), default=0),
        max((len(f"{one.total:,}") for one in figures), default=0),
        max((one.total for one in figures), default=0) or 1,
    )


def _is_open(row: Row) -> bool:
    return row.id is None and any(cell.glyph == OPEN for cell in row.cells)


def kind(info: CommitInfo) -> Piece:
    """Return in a word or two what a commit does, as a piece to paint."""
    role = info.role or ""
    if info.operation == "append":
        return (role, role)
    return f"edit of {role}" if role and info.operation == "edit" else info.operation
