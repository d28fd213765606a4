"""A Claude Code session put in order: from lines that name their parents to trees of messages.

The file's chain is not the conversation. A reply of the model is several lines; the results of
calls that it made at once hang on each of these lines; whatever the program noted in between is a
link. Here lines of one reply become one node, its results stand right behind it in the file's
order, links vanish, and what is left over as a fork is one: the user went back and asked anew, or
a reply was tried again. Every subagent is a tree of its own. A line whose parent is not in the
file goes on from the line before it, as the program had it in mind when it wrote it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tract.importers._claude_lines import Boundary, Index, Kind, Line
from tract.importers._tree import ROOT

SESSION = ""
_NONE = -1


@dataclass(slots=True, eq=False)
class Node:
    """One message.

    Attributes:
        kind: what its lines are.
        lines: their numbers.
        above: the node that its first line hangs on; None where it begins a conversation.
        calls: the calls that it makes, by id, for a reply.
        runs: for a reply, its results: those that go together, and further ones of the same calls.
        reply: for a result, the reply whose call it answers.
        run: for a result, the number of its run.
        place: for a result, its place in the run.
        boundary: for a summary, the compaction that made it.
    """

    kind: Kind
    lines: list[int]
    above: "Node | None"
    calls: set[str] | None = None
    runs: "list[Run] | None" = None
    reply: "Node | None" = None
    run: int = 0
    place: int = 0
    boundary: Boundary | None = None

    @property
    def end(self) -> "Node":
        """The node that what hangs on this one comes behind: the last of the results around it."""
        if self.reply is None:
            return self.runs[0].nodes[-1] if self.runs else self
        return self._siblings[-1]

    @property
    def parent(self) -> "Node | None":
        """The node that this one follows."""
        if self.reply is None:
            return None if self.above is None else self.above.end
        return self._siblings[self.place - 1] if self.place else self.reply

    @property
    def _siblings(self) -> "list[Node]":
        runs = None if self.reply is None else self.reply.runs
        return runs[self.run].nodes if runs else [self]


@dataclass(slots=True)
class Run:
    """Results of one reply that go together: each call is answered once.

    Attributes:
        nodes: the results, in the file's order.
        calls: the ids of the calls that they answer.
    """

    nodes: list[Node] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Thread:
    """The session, or one of its subagents.

    Attributes:
        key: the subagent's id; `SESSION` for the session itself.
        nodes: its messages, in the order of their first lines.
        parents: for each the number of the one that it follows, or `ROOT`.
        current: the number of the message that came last.
        first: the number of its first line.
    """

    key: str
    nodes: list[Node]
    parents: list[int]
    current: int
    first: int


class Chain:
    """Puts the lines of a session in order.

    Args:
        index: the lines.

    Attributes:
        faults: numbers of lines with what was wrong with their parents.
    """

    def __init__(self, index: Index) -> None:
        self.faults: list[tuple[int, str]] = []
        self._index = index
        self._lines = index.lines
        count = len(self._lines)
        self._above = [_NONE] * count
        self._node_of: list[Node | None] = [None] * count
        self._side_of: list[str | None] = [None] * count
        self._last: dict[str, int] = {}
        self._linked: set[str] = set()
        self._latest_side: str | None = None
        self._replies: dict[tuple[str, str], Node] = {}
        self._callers: dict[tuple[str, str], Node] = {}
        self._pending: dict[str, Boundary] = {}
        self._redirected: dict[int, int] = {}

    def threads(self) -> list[Thread]:
        """Return the session and its subagents, in the order in which the file begins them."""
        found: dict[str, list[Node]] = {}
        first: dict[str, int] = {}
        newest: dict[str, tuple[int, Node]] = {}
        for number in self._ordered():
            node = self._place(number)
            if node is None:
                continue
            side = self._side_of[number] or SESSION
            first[side] = min(first.get(side, number), number)
            newest[side] = max(newest.get(side, (number, node)), (number, node), key=lambda n: n[0])
            if node.lines[0] == number:
                found.setdefault(side, []).append(node)
        for nodes in found.values():
            _settle(nodes)
        threads = []
        for side in sorted(found, key=first.__getitem__):
            nodes = sorted(found[side], key=lambda node: node.lines[0])
            at = {id(node): place for place, node in enumerate(nodes)}
            parents = [_parent(node, at) for node in nodes]
            current = at[id(newest[side][1])]
            threads.append(Thread(side, nodes, parents, current, first[side]))
        return threads

    def kept(self, node: Node) -> set[int]:
        """Return the ids (as `id` gives them) of the nodes that a summary leaves standing."""
        if node.boundary is None:
            return set()
        numbers = [self._index.number_of.get(uuid, _NONE) for uuid in node.boundary.kept]
        if not numbers:
            numbers = self._run(node.boundary.head, node.boundary.tail)
        nodes = [self._node_of[number] for number in numbers if number != _NONE]
        found = {id(one) for one in nodes if one is not None}
        # Siblings of a result are not on the way back; a call is not kept without them.
        runs = [run for one in nodes if one is not None for run in one.runs or ()]
        return found | {id(result) for run in runs for result in run.nodes}

    def _run(self, head: str | None, tail: str | None) -> list[int]:
        """Return the lines from `tail` back to `head`; none where they are not on one way."""
        known, numbers = self._index.number_of, []
        at, end = (_NONE if uuid is None else known.get(uuid, _NONE) for uuid in (tail, head))
        while _NONE not in (at, end):
            numbers.append(at)
            if at == end:
                return numbers
            at = self._above[at]
        return []

    # Lines

    def _ordered(self) -> Iterator[int]:
        """Yield the lines in the file's order, but each behind the one that it follows."""
        waiting, done = 1, 2
        state = bytearray(len(self._lines))
        for start in range(len(self._lines)):
            way = [start] if not state[start] else []
            while way:
                number = way[-1]
                parent = self._named(number)
                if state[number] or parent == _NONE or state[parent] == done:
                    if state[number] != done:
                        state[number] = done
                        yield number
                    way.pop()
                    continue
                state[number] = waiting
                if state[parent] == waiting:
                    self.faults.append((number, "it follows itself: its parents form a circle"))
                    continue
                way.append(parent)

    def _named(self, number: int) -> int:
        """Return the line that a line says it follows."""
        line = self._lines[number]
        named = _NONE if line.parent is None else line.parent
        if isinstance(named, str):
            named = self._index.number_of.get(named, _NONE)
        # A compaction may name what was written again behind it.
        return _NONE if line.kind is Kind.BOUNDARY and named > number else named

    def _place(self, number: int) -> Node | None:
        """Give a line its place; return the node that it is a part of."""
        line = self._lines[number]
        named = self._named(number)
        if named != _NONE and self._side_of[named] is None:
            named = _NONE  # not placed: it is part of a circle
        side = self._side_of[number] = self._side(number, line, named)
        if named != _NONE and self._side_of[named] == side:
            self._linked.add(side)
            after = self._redirected.get(named, _NONE)
            moved = named < after < number and self._side_of[after] == side
            at = after if moved else named
        elif line.rooted and line.kind is Kind.PROMPT and side in self._linked:
            at = _NONE
        else:
            at = self._last.get(side, _NONE)
        self._above[number] = at
        above = None if at == _NONE else self._node_of[at]
        node = self._node_of[number] = self._contracted(number, line, side, above)
        self._last[side] = number
        return None if line.kind in (Kind.LINK, Kind.BOUNDARY) else node

    def _side(self, number: int, line: Line, named: int) -> str:
        """Return the subagent that a line belongs to."""
        if line.side is None:
            return SESSION
        side: str | None = line.side
        if side == SESSION:
            side = None if named == _NONE else self._side_of[named]
            if not side and line.kind is not Kind.PROMPT:
                side = self._latest_side
            if not side:
                side = (line.uuid or "").split("-")[0] or f"line-{line.spot.line}"
                if side in self._last:
                    side = f"{side}-{line.spot.line}"
        self._latest_side = side
        return side or SESSION

    def _contracted(self, number: int, line: Line, side: str, above: Node | None) -> Node | None:
        match line.kind:
            case Kind.LINK:
                return above
            case Kind.BOUNDARY:
                self._pending[side] = self._index.boundaries[number]
                return above
            case Kind.ASSISTANT:
                return self._reply(number, line, side, above)
            case Kind.RESULT:
                return self._result(number, line, side, above)
        node = Node(line.kind, [number], above)
        if line.kind is Kind.SUMMARY and (boundary := self._pending.pop(side, None)) is not None:
            node.boundary = boundary
            if boundary.tail is not None and boundary.tail in self._index.number_of:
                self._redirected[self._index.number_of[boundary.tail]] = number
        return node

    def _reply(self, number: int, line: Line, side: str, above: Node | None) -> Node:
        """Return the reply that a line is a part of."""
        node = None if line.message is None else self._replies.get((side, line.message))
        if node is not None and _belongs(above, node):
            node.lines.append(number)
        else:
            node = Node(line.kind, [number], above)
            if line.message is not None:
                self._replies[side, line.message] = node
        if line.answers:
            node.calls = node.calls or set()
            node.calls.update(line.answers)
        for call in line.answers:
            self._callers[side, call] = node
        return node

    def _result(self, number: int, line: Line, side: str, above: Node | None) -> Node:
        """Return a node for results, put behind the reply that they answer."""
        node = Node(line.kind, [number], above)
        reply = above if above is None or above.reply is None else above.reply
        if reply is None or (reply.calls or set()).isdisjoint(line.answers):
            asked = (self._callers.get((side, call)) for call in line.answers)
            reply = next((found for found in asked if found is not None), reply)
        if reply is None or reply.kind is not Kind.ASSISTANT:
            return node
        beside = above.run if above is not None and above.reply is reply else 0
        node.reply, node.run = reply, _run_for(line.answers, reply, beside)
        run = (reply.runs or [])[node.run]
        run.nodes.append(node)
        run.calls.update(line.answers)
        return node


def _run_for(answers: tuple[str, ...], reply: Node, beside: int) -> int:
    """Return the run that results belong to: a new one where their calls are answered already."""
    runs = reply.runs = reply.runs or []
    for number in dict.fromkeys((beside, len(runs) - 1)):
        if 0 <= number < len(runs) and runs[number].calls.isdisjoint(answers):
            return number
    runs.append(Run())
    return len(runs) - 1


def _settle(nodes: list[Node]) -> None:
    """Put lines and results into the file's order: a line may be placed before one above it."""
    for node in nodes:
        node.lines.sort()
        for run in node.runs or ():
            run.nodes.sort(key=lambda result: result.lines[0])
            for place, result in enumerate(run.nodes):
                result.place = place


def _belongs(above: Node | None, reply: Node) -> bool:
    """Return whether a line that hangs there can go on with a reply that has its id."""
    if above is None:
        return reply.above is None
    return above is reply or above is reply.above or above.reply is reply


def _parent(node: Node, at: dict[int, int]) -> int:
    parent = node.parent
    return ROOT if parent is None else at[id(parent)]
