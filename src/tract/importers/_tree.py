"""Conversations that fork: from who follows whom to branches that share their beginnings.

A file says of each of its nodes which one it follows. Every leaf becomes a branch. The first reply
to a message goes on with its branch, every further one begins a branch that is named after it, so
names stay what they are when the file grows: a leaf that gets a reply keeps its branch, and a new
fork is a new name.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from tract.importers._names import Names

MAIN = "main"
ROOT = -1


class Links(NamedTuple):
    """Who follows whom.

    Attributes:
        parents: for each node, by its number in the file, the number of the one that it follows;
            `ROOT` for one that begins a conversation.
        faults: numbers of nodes with what was wrong with their parents.
    """

    parents: list[int]
    faults: list[tuple[int, str]]


class Leaf(NamedTuple):
    """A way from a root to a leaf.

    Attributes:
        branch: the name of its branch.
        path: the numbers of its nodes, root first.
        shared: how many of them were in the path of an earlier leaf.
    """

    branch: str
    path: list[int]
    shared: int


def linked(
    ids: Sequence[str | None],
    parents: Sequence[str | int | None],
    *,
    missing: Literal["root", "before"] = "root",
) -> Links:
    """Return who follows whom, given what the nodes say of it.

    Nothing is lost: a node that follows itself on the way round a circle begins a conversation of
    its own, and is named in the faults, as one is whose parent is not there. Of several nodes with
    one id, the first is the one that others follow.

    Args:
        ids: the id of each node, in the file's order; None for one that has none.
        parents: the id or the number of the one that each follows; None where it begins a
            conversation.
        missing: what a node follows whose parent is not there: nothing ("root"), or the node
            before it in the file ("before").

    Example:
        >>> linked(["a", "b", "c"], [None, "a", "gone"])
        Links(parents=[-1, 0, -1], faults=[(2, "its parent 'gone' is not in the file")])
    """
    number_of: dict[str, int] = {}
    for number, id in enumerate(ids):
        if id is not None:
            number_of.setdefault(id, number)
    found: list[int] = []
    faults: list[tuple[int, str]] = []
    for number, parent in enumerate(parents):
        at = number_of.get(parent) if isinstance(parent, str) else parent
        at = ROOT if parent is None else at
        if at is None:
            faults.append((number, f"its parent {parent!r} is not in the file"))
            at = ROOT if missing == "root" else number - 1
        found.append(at)
    for number in _circles(found):
        faults.append((number, "it follows itself: its parents form a circle"))
        found[number] = ROOT
    return Links(found, sorted(faults))


def _circles(parents: Sequence[int]) -> list[int]:
    """Return the first node of each circle, in the file's order."""
    done = bytearray(len(parents))
    broken = []
    for start in range(len(parents)):
        way: dict[int, None] = {}
        at = start
        while at != ROOT and not done[at] and at not in way:
            way[at] = None
            at = parents[at]
        if at in way:
            circle = list(way)[list(way).index(at) :]
            broken.append(min(circle))
        for number in way:
            done[number] = True
    return broken


def leaves(
    parents: Sequence[int], name: Callable[[int], str], *, first: int | None = None
) -> Iterator[Leaf]:
    """Yield the way to every leaf, in the order in which the file ends them.

    Args:
        parents: for each node the number of the one that it follows, or `ROOT`; no circles.
        name: gives the name of the branch that a node begins.
        first: a node whose leaf comes first, as the place that a program was at.

    Example:
        >>> [(leaf.branch, leaf.path, leaf.shared) for leaf in leaves([-1, 0, 0], "fork-{}".format)]
        [('main', [0, 1], 0), ('fork-2', [0, 2], 1)]
    """
    # A byte for each node, and one behind them for `ROOT`: there may be millions.
    branches = _branches(parents, name)
    inner, told = bytearray(len(parents) + 1), bytearray(len(parents) + 1)
    for parent in parents:
        inner[parent] = True
    ends = [number for number in range(len(parents)) if not inner[number]]
    if first is not None and len(ends) > 1:
        ends.sort(key=lambda end: first not in _path(end, parents))
    for end in ends:
        path = _path(end, parents)
        shared = sum(told[number] for number in path)
        for number in path:
            told[number] = True
        yield Leaf(branches[end], path, shared)


def _branches(parents: Sequence[int], name: Callable[[int], str]) -> list[str]:
    """Return for each node the branch that it is on."""
    names = Names()
    names.new(MAIN)
    begins: dict[int, str] = {}
    gone_on = bytearray(len(parents) + 1)
    for number, parent in enumerate(parents):
        if gone_on[parent]:
            begins[number] = names.new(name(number))
        gone_on[parent] = True
    found: list[str | None] = [None] * len(parents)
    for number in range(len(parents)):
        way = []
        at = number
        while at != ROOT and found[at] is None and at not in begins:
            way.append(at)
            at = parents[at]
        branch = MAIN if at == ROOT else begins.get(at) or found[at]
        if at != ROOT:
            found[at] = branch
        for passed in way:
            found[passed] = branch
    return [branch or MAIN for branch in found]


def _path(end: int, parents: Sequence[int]) -> list[int]:
    path = []
    at = end
    while at != ROOT:
        path.append(at)
        at = parents[at]
    path.reverse()
    return path
