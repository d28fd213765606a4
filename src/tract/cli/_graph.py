"""Draws a graph of commits with characters: which lane a commit stands in, and how lanes meet.

Everything here is a pure function of ids and their parents, so that a drawing can be read back by
a test. A lane is a column that waits for one commit, and no two lanes wait for the same one. Edges
leave a commit by its sides and downwards, and enter one from above only: a row that joins two
lanes, or a merge that reaches into a lane, can be followed downwards in one way. Parents that are
not among the commits get an edge with an open end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

Nodes = Sequence[tuple[str, Sequence[str]]]
"""Ids with the ids of their parents, each before its parents."""

NODE = "\u25cf"
OPEN = "\u2506"
MORE = "\u2026"
DOWN = "\u2502"
ACROSS = "\u2500"
_MEET = {  # left, right, up, down
    (True, False, False, True): "\u256e",
    (False, True, False, True): "\u256d",
    (True, True, False, True): "\u252c",
    (True, False, True, True): "\u2524",
    (False, True, True, True): "\u251c",
    (True, True, True, True): "\u253c",
    (True, False, True, False): "\u256f",
}
# An ASCII cross is a meeting of edges; where one passes below another, the upper one stands whole.
_ASCII = str.maketrans("●┆│─╮╭┬┤├┼╯…", "*:|-\\/.+++/>")


class Cell(NamedTuple):
    """One character of a drawing.

    Attributes:
        glyph: the character.
        lane: number of the lane that it belongs to, by which it is coloured; None for a space.
    """

    glyph: str
    lane: int | None


SPACE = Cell(" ", None)
Cells = tuple[Cell, ...]


class Row(NamedTuple):
    """One row of a drawing.

    Attributes:
        id: the commit that stands in it, or None where lanes only meet or end.
        cells: its characters; a lane takes every second one.
        below: what goes on below it while text is written beside it.
        spare: whether any other row would do in its place to keep two commits apart.
    """

    id: str | None
    cells: Cells
    below: Cells = ()
    spare: bool = False


def in_ascii(glyphs: str) -> str:
    """Return glyphs of a drawing as ASCII.

    Example:
        >>> in_ascii("├─╯")
        '+-/'
    """
    return glyphs.translate(_ASCII)


def arranged(nodes: Nodes) -> list[str]:
    """Return ids in an order to draw them in: still before their parents, lines kept together.

    What was newest in the order given comes first; a side line stands whole above the commit that
    it left from, so that few lanes are open at any row.

    Args:
        nodes: ids with their parents, each before its parents, newest first.

    Example:
        >>> arranged([("b2", ["b1"]), ("a2", ["a1"]), ("b1", ["r"]), ("a1", ["r"]), ("r", [])])
        ['b2', 'b1', 'a2', 'a1', 'r']
    """
    newest = {id: place for place, (id, _) in enumerate(nodes)}
    children: dict[str, list[str]] = {id: [] for id, _ in nodes}
    roots = []
    for id, parents in nodes:  # whatever stands above a commit has given it its place by now
        inside = [parent for parent in dict.fromkeys(parents) if parent in newest]
        for parent in inside:
            children[parent].append(id)
            newest[parent] = min(newest[parent], newest[id])
        if not inside:
            roots.append(id)
    order: list[str] = []
    entered: set[str] = set()
    waiting = [(id, False) for id in sorted(roots, key=newest.__getitem__, reverse=True)]
    while waiting:
        id, done = waiting.pop()
        if done:
            order.append(id)
        elif id not in entered:
            entered.add(id)
            waiting.append((id, True))
            above = sorted(children[id], key=newest.__getitem__, reverse=True)
            waiting += [(child, False) for child in above if child not in entered]
    return order


def contracted(
    nodes: Nodes, shown: AbstractSet[str], *, whole: bool
) -> list[tuple[str, tuple[str, ...]]]:
    """Return only the shown ids; the parents of each are the nearest shown commits behind it.

    Args:
        nodes: ids with their parents, each before its parents.
        shown: the ids to keep, all of them among `nodes`.
        whole: whether nothing is shown of what lies behind `nodes`; else an edge that leads out
            of them keeps its parent and is open.

    Example:
        >>> contracted([("c", ["b"]), ("b", ["a"]), ("a", [])], {"c", "a"}, whole=True)
        [('c', ('a',)), ('a', ())]
    """
    inside = {id for id, _ in nodes}
    nearest: dict[str, tuple[str, ...]] = {}
    kept = []
    for id, parents in reversed(nodes):
        found: dict[str, None] = {}
        for parent in parents:
            if parent in shown:
                found[parent] = None
            elif parent in inside:
                found.update(dict.fromkeys(nearest[parent]))
            elif not whole:
                found[parent] = None
        nearest[id] = tuple(found)
        if id in shown:
            kept.append((id, nearest[id]))
    return kept[::-1]


def drawn(nodes: Nodes) -> Iterator[Row]:
    """Yield the rows of a drawing, from the top.

    Args:
        nodes: ids with their parents, each before its parents.

    Example:
        >>> for row in drawn([("c", ["a"]), ("b", ["a"]), ("a", [])]):
        ...     print("".join(cell.glyph for cell in row.cells), row.id or "(joined)")
        ● c
        │ ● b
        ├─╯ (joined)
        ● a
    """
    drawing = _Drawing({id for id, _ in nodes})
    for id, parents in nodes:
        yield from drawing.commit(id, list(dict.fromkeys(parents)))


class _Lane(NamedTuple):
    target: str | None
    """The commit that it waits for; None where it leads out of what is drawn."""
    number: int


@dataclass(slots=True)
class _Drawing:
    shown: set[str]
    lanes: list[_Lane | None] = field(default_factory=list)
    made: int = 0
    ended: int | None = None
    """The column in which a commit without parents stands in the row above."""

    def commit(self, id: str, parents: Sequence[str]) -> Iterator[Row]:
        """Yield the row of a commit and those in which its edges find their lanes."""
        column = self._find(id)
        if column is None:
            column = self._free()
            if column == self.ended:  # else it would seem to stand below its parent
                yield self._row()._replace(spare=True)
            self._lane(column, id)
        lane = self.lanes[column]
        assert lane is not None
        before = list(self.lanes)
        # All parents outside share one open end.
        ends = [parent if parent in self.shown else None for parent in parents]
        targets = list(dict.fromkeys(ends))
        met = self._find(targets[0]) if targets and targets[0] is not None else None
        self.lanes[column] = lane._replace(target=targets[0]) if targets else None
        reached = [self._reach(target, column) for target in targets[1:]]
        cells = self._sideways(column, before, reached)
        yield Row(id, cells, self._row().cells)
        self.ended = None if targets else column
        yield from self._open_ends()
        if met is not None:
            yield self._join(min(met, column), max(met, column))

    def _find(self, target: str | None) -> int | None:
        return next(
            (at for at, lane in enumerate(self.lanes) if lane and lane.target == target), None
        )

    def _free(self, right_of: int = -1) -> int:
        for at in range(right_of + 1, len(self.lanes)):
            if self.lanes[at] is None:
                return at
        self.lanes.append(None)
        return len(self.lanes) - 1

    def _lane(self, column: int, target: str | None) -> None:
        self.lanes[column] = _Lane(target, self.made)
        self.made += 1

    def _reach(self, target: str | None, column: int) -> int:
        """Return the column of the lane to a further parent, made if there is none."""
        found = None if target is None else self._find(target)
        if found is None:
            found = self._free(column)
            self._lane(found, target)
        return found

    def _row(self, marks: Mapping[int, str] | None = None) -> Row:
        cells = [SPACE] * (2 * len(self.lanes))
        for at, lane in enumerate(self.lanes):
            if lane is not None:
                cells[2 * at] = Cell((marks or {}).get(at, DOWN), lane.number)
        return Row(None, _trimmed(cells))

    def _sideways(
        self, column: int, before: Sequence[_Lane | None], reached: Sequence[int]
    ) -> Cells:
        """Return the row of a commit: it, the lanes that pass, and edges to its further parents."""
        cells = [SPACE] * (2 * len(self.lanes))
        for at, lane in enumerate(before):
            if lane is not None:
                cells[2 * at] = Cell(DOWN, lane.number)
        for side in (
            sorted((at for at in reached if at > column), reverse=True),
            sorted(at for at in reached if at < column),
        ):
            for far, at in enumerate(side):  # the nearer an edge ends, the later it is drawn
                lane = self.lanes[at]
                assert lane is not None
                _across(cells, column, at, lane.number)
                passing = at < len(before) and before[at] is not None
                glyph = _MEET[
                    at > column or far > 0,
                    at < column or far > 0,
                    passing,
                    True,
                ]
                cells[2 * at] = Cell(glyph, lane.number)
        own = before[column]
        assert own is not None
        cells[2 * column] = Cell(NODE, own.number)
        return _trimmed(cells)

    def _open_ends(self) -> Iterator[Row]:
        ends = {at for at, lane in enumerate(self.lanes) if lane and lane.target is None}
        if ends:
            yield self._row(dict.fromkeys(ends, OPEN))
            self.lanes = [None if at in ends else lane for at, lane in enumerate(self.lanes)]

    def _join(self, left: int, right: int) -> Row:
        """Return the row in which two lanes to one commit become one, the left of them."""
        cells = list(self._row({left: _MEET[False, True, True, True]}).cells)
        gone = self.lanes[right]
        assert gone is not None
        _across(cells, left, right, gone.number)
        cells[2 * right] = Cell(_MEET[True, False, True, False], gone.number)
        self.lanes[right] = None
        return Row(None, _trimmed(cells))


def _across(cells: list[Cell], start: int, end: int, number: int) -> None:
    """Draw a line between two columns, below the lanes that it meets on its way."""
    for at in range(2 * min(start, end) + 1, 2 * max(start, end)):
        if cells[at].lane is None or cells[at].glyph == ACROSS:
            cells[at] = Cell(ACROSS, number)


def _trimmed(cells: Sequence[Cell]) -> Cells:
    end = len(cells)
    while end and cells[end - 1].glyph == " ":
        end -= 1
    return tuple(cells[:end])


def cut(cells: Cells, room: int, columns_max: int | None) -> Cells:
    """Return a row filled up with spaces, or cut where it would leave no place for words.

    Args:
        cells: the row.
        room: columns that it should take.
        columns_max: columns that it may take; None for all that it needs.
    """
    filled = (*cells, *[SPACE] * (room - len(cells)))
    if columns_max is None or len(filled) <= columns_max:
        return filled
    hidden = len(cells) >= columns_max
    return (*filled[: columns_max - 1], Cell(MORE, None) if hidden else SPACE)


def runs(cells: Iterable[Cell], styles: int, *, ascii_only: bool) -> list[tuple[str, int | None]]:
    """Return a row as texts, each with the number of its colour, or None for what has none.

    Args:
        cells: the row.
        styles: how many colours there are.
        ascii_only: whether to draw with ASCII alone.
    """
    found: list[tuple[str, int | None]] = []
    for cell in cells:
        color = None if cell.lane is None else cell.lane % styles
        glyph = in_ascii(cell.glyph) if ascii_only else cell.glyph
        if found and found[-1][1] == color:
            found[-1] = (found[-1][0] + glyph, color)
        else:
            found.append((glyph, color))
    return found
