"""ToolBench answers: searches for an answer with tools, each a tree of thoughts, calls and results.

The tree is what is imported, every leaf of it a branch, the one with the final answer first. A
call stands in it as two nodes, and as three where the reply had a text, so nodes become messages
as the search itself had sent them. What it asked the model besides (to try something else) is in
the copies of the conversations only, and goes with the reply that it led to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tract.errors import InvalidInput, printable
from tract.importers._json import json_type
from tract.importers._layouts import Piece, numbered, pieces
from tract.importers._records import BadRecord, Conversation, Imported
from tract.importers._source import Sample, Source
from tract.importers._speech import Speech
from tract.importers._tree import ROOT, Leaf, leaves

_SURE = 95
THOUGHT, ACTION, INPUT = "Thought", "Action", "Action Input"
_KINDS = frozenset({THOUGHT, ACTION, INPUT})
_RUN = frozenset({"win", "answer_generation", "forward_args", "compare_candidates"})
_ANSWER = "answer_generation"
# Told by the messages themselves, or by their places in the tree.
_TOLD = frozenset(
    {"node_type", "description", "observation", "children", "depth", "child_count", "messages"}
)
_ELO = 1000.0
_PROVIDER = "openai"


class ToolBench:
    """Reads answers of ToolBench."""

    name = "toolbench"
    description = "ToolBench answers: {tree, answer_generation} of a search, {trys} of chains"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where a run has a tree of nodes, or tries that are chains."""
        values = sample.values
        if not sample.lines and values and isinstance(values[0], list):
            values = tuple(values[0])
        return _SURE if any(_is_run(value) for value in values) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each leaf of each run, the one with the answer first."""
        for piece in pieces(source, _is_run):
            if isinstance(piece, BadRecord):
                yield piece
            elif not isinstance(piece.value, Mapping) or not _has_nodes(piece.value):
                yield source.bad(piece.here, f"no run: {_lack(piece.value)}")
            else:
                yield from _Run(source, piece).conversations(numbered(tract, piece.number))


def _is_run(value: Any) -> bool:
    return isinstance(value, Mapping) and _has_nodes(value) and not _RUN.isdisjoint(value)


def _has_nodes(value: Mapping[str, Any]) -> bool:
    return _root(value) is not None or bool(_chains(value))


def _lack(value: Any) -> str:
    if not isinstance(value, Mapping):
        return json_type(value)
    tree = value.get("tree")
    return f"tree is {json_type(tree)} without nodes" if "tree" in value else "tree is missing"


def _root(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the node that a tree begins with; None where there is no tree."""
    tree = value.get("tree")
    if not isinstance(tree, Mapping):
        return None
    root = tree.get("tree", tree)
    return (
        root if isinstance(root, Mapping) and ("node_type" in root or "children" in root) else None
    )


def _chains(value: Mapping[str, Any]) -> list[list[Any]]:
    """Return the nodes of each try, where the run was no search."""
    tries = value.get("trys")
    found = (
        [one.get("chain") for one in tries if isinstance(one, Mapping)]
        if isinstance(tries, list)
        else []
    )
    return [chain for chain in found if isinstance(chain, list)]


class _Node(NamedTuple):
    """A node, with its number in depth-first order and the nodes below it."""

    number: int
    above: int
    value: Any
    below: list[int]


def _nodes(value: Mapping[str, Any]) -> dict[int, _Node]:
    """Return the nodes of a run by their numbers; the root has 0."""
    root = _root(value)
    found: dict[int, _Node] = {}
    todo: list[tuple[int, Any]]
    if root is not None:
        todo = [(ROOT, root)]
        while todo:
            above, node = todo.pop()
            number = len(found)
            found[number] = _Node(number, above, node, [])
            if above != ROOT:
                found[above].below.append(number)
            children = node.get("children") if isinstance(node, Mapping) else None
            if isinstance(children, list):
                todo += [(number, child) for child in reversed(children)]
        return found
    for chain in _chains(value):
        above = ROOT
        for node in chain:
            number = len(found) + 1  # as in a tree, whose root says nothing
            found[number] = _Node(number, above, node, [])
            if above != ROOT:
                found[above].below.append(number)
            above = number
    return found


def _fault(node: Any) -> str | None:
    """Return why a value is no node; None if it is one."""
    if not isinstance(node, Mapping):
        return f"no node, but {json_type(node)}"
    kind = node.get("node_type")
    if not isinstance(kind, str) or kind not in _KINDS:
        shown = printable(repr(kind), limit=80) if isinstance(kind, str) else json_type(kind)
        return f"node_type {shown} is none of {THOUGHT}, {ACTION} and {INPUT}"
    if not isinstance(node.get("description"), str):
        return f"description is {json_type(node.get('description'))}, no text"
    return None


def _facts(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a node says besides its message, where that is not what every node says."""
    return {
        name: value
        for name, value in node.items()
        if name not in _TOLD and value and not (name == "Elo" and value == _ELO)
    }


@dataclass(slots=True)
class _Step:
    """A message of a run.

    Attributes:
        place: where it stands.
        above: the number of the message that it follows.
        message: what it says, as OpenAI has it.
        node: the number of the first node that it is made of; ROOT where it is made of none.
        facts: what else is said of it.
    """

    place: str
    above: int
    message: Any
    node: int = ROOT
    facts: dict[str, Any] = field(default_factory=dict)


class _Run:
    """One run on the way from nodes to messages.

    Args:
        source: the file.
        piece: the run, and where it stands.
    """

    def __init__(self, source: Source, piece: Piece) -> None:
        self._source = source
        self._piece = piece
        answer = piece.value.get(_ANSWER)
        self._answer: Mapping[str, Any] = answer if isinstance(answer, Mapping) else {}
        self._told = _told(self._answer.get("train_messages"))
        self._lone = _lone(self._told)
        self._nodes = _nodes(piece.value)
        self._faults = {number: _fault(node.value) for number, node in self._nodes.items()}
        self._steps: list[_Step] = []
        self._tips: dict[int, int] = {}  # what follows a node follows this message
        self._open: dict[int, list[_Node]] = {}  # nodes of a call that is told by one below

    def conversations(self, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each leaf.

        Args:
            tract: the name of the run's tract.
        """
        yield from self._bad_parts()
        self._ask()
        start = len(self._steps) - 1
        for node in self._nodes.values():
            bad = self._add(node, start if node.above == ROOT else self._tips[node.above])
            if bad is not None:
                yield self._source.bad(self._at(node.number), bad)
        if not self._steps:
            yield self._source.bad(self._piece.here, "the run has no messages")
            return
        parents = [step.above for step in self._steps]
        found = list(leaves(parents, self._branch, first=self._final()))
        self._mark_forks()
        self._mark_hints(found[0])
        said = self._imported(found)
        about = self._about()
        for leaf in found:
            told, about = about, {}  # once for the run, with its first branch
            place = self._steps[leaf.path[-1]].place
            messages = [said[number] for number in leaf.path]
            yield Conversation(tract, leaf.branch, place, messages, told, shared=leaf.shared)

    def _at(self, number: int) -> str:
        lead = f"{self._piece.place}: " if self._piece.place else ""
        return f"{lead}node {number}"

    def _branch(self, number: int) -> str:
        return f"node-{self._steps[number].node}"

    def _bad_parts(self) -> Iterator[BadRecord]:
        """Yield what holds no nodes where nodes should be."""
        tries = self._piece.value.get("trys") if _root(self._piece.value) is None else None
        for i, one in enumerate(tries if isinstance(tries, list) else ()):
            chain = one.get("chain") if isinstance(one, Mapping) else None
            if not isinstance(chain, list):
                yield self._source.bad(
                    self._piece.at(f"trys[{i}]"), "the try has no chain of nodes"
                )
        for number, node in self._nodes.items():
            below = node.value.get("children") if isinstance(node.value, Mapping) else None
            if below is not None and not isinstance(below, list):
                yield self._source.bad(self._at(number), f"children is {json_type(below)}, no list")

    # From nodes to messages

    def _ask(self) -> None:
        """Add what the model was asked: what stands before its first reply, else the query alone."""
        asked = [(f"train_messages[0][{i}]", one) for i, one in enumerate(_asked(self._told))]
        query = self._answer.get("query")
        if not asked and query is not None:
            asked = [("query", {"role": "user", "content": query})]
        for where, message in asked:
            self._step(_Step(self._piece.at(f"{_ANSWER}.{where}"), len(self._steps) - 1, message))

    def _step(self, step: _Step) -> int:
        self._steps.append(step)
        return len(self._steps) - 1

    def _add(self, node: _Node, tip: int) -> str | None:
        """Add the messages of a node; return what is wrong with it."""
        self._tips[node.number] = tip
        fault = self._faults[node.number]
        if fault is not None:
            return fault
        kind, text = node.value["node_type"], node.value["description"]
        before = self._open.get(node.above, [])
        if kind == THOUGHT:
            if self._speaks_with_call(node):
                self._open[node.number] = [node]
            else:
                message = {"role": "assistant", "content": text}
                step = _Step(self._at(node.number), tip, message, node.number, _facts(node.value))
                self._tips[node.number] = self._step(step)
            return None
        if kind == ACTION:
            before = [one for one in before if one.value["node_type"] == THOUGHT]
            if any(self._kind(below) == INPUT for below in node.below):
                self._open[node.number] = [*before, node]
            else:
                self._tips[node.number] = self._call([*before, node], "", tip)
            return None
        if before and before[-1].value["node_type"] == ACTION:
            return self._answered(node, before, self._call(before, text, tip))
        if node.above == ROOT and not text and not node.value.get("observation"):
            return None  # the root, which says nothing
        return f"the {INPUT} follows no {ACTION}"

    def _kind(self, number: int) -> str | None:
        return None if self._faults[number] else self._nodes[number].value["node_type"]

    def _speaks_with_call(self, thought: _Node) -> bool:
        """Return whether a thought and the call below it were one reply of the model.

        A search visits the last node of each reply, so a thought that it visited is a reply of its
        own. Chains do not say what was visited; there the copies of the conversation tell.
        """
        if [self._kind(number) for number in thought.below] != [ACTION]:
            return False
        return (
            not thought.value.get("expand_num") and thought.value["description"] not in self._lone
        )

    def _call(self, nodes: Sequence[_Node], arguments: str, tip: int) -> int:
        *thoughts, action = nodes
        call = {"name": action.value["description"], "arguments": arguments}
        text = thoughts[0].value["description"] if thoughts else None
        message = {"role": "assistant", "content": text, "function_call": call}
        facts = {name: value for node in nodes for name, value in _facts(node.value).items()}
        return self._step(_Step(self._at(action.number), tip, message, nodes[0].number, facts))

    def _answered(self, node: _Node, call: Sequence[_Node], tip: int) -> str | None:
        """Add the result of a call."""
        self._tips[node.number] = tip
        result = node.value.get("observation")
        if result is None and "observation_code" not in node.value:
            return None  # it was never run
        if not isinstance(result, str | None):
            return f"observation is {json_type(result)}, no text"
        name = call[-1].value["description"]
        message = {"role": "function", "name": name, "content": result or ""}
        step = _Step(self._at(node.number), tip, message, node.number, _facts(node.value))
        self._tips[node.number] = self._step(step)
        return None

    # What is said of them

    def _final(self) -> int | None:
        """Return the last message of the way that the answer was taken from."""
        final = self._answer.get("final_answer")
        if not isinstance(final, str) or not final:
            return None
        same = [
            node
            for number, node in self._nodes.items()
            if self._faults[number] is None
            and node.value["description"] == final
            and not node.below
        ]
        same.sort(key=lambda node: bool(node.value.get("pruned")))
        return self._tips[same[0].number] if same else None

    def _mark_forks(self) -> None:
        """Say of the replies that begin a branch which node they are, since two may say the same."""
        followed: set[int] = set()
        for step in self._steps:
            if step.above in followed:
                step.facts["node"] = step.node
            followed.add(step.above)

    def _mark_hints(self, leaf: Leaf) -> None:
        """Say of the replies that led to the answer what the search had asked for, once each."""
        path = [self._steps[number] for number in leaf.path]
        replies = [
            step for step in path if step.node != ROOT and step.message["role"] == "assistant"
        ]
        if len(replies) != len(self._told):
            return
        for step, told in zip(replies, self._told, strict=True):
            hint = told[-2] if len(told) > 1 else None
            if isinstance(hint, Mapping) and hint.get("valid") is False and "content" in hint:
                step.facts["hint"] = hint["content"]

    def _imported(self, found: Sequence[Leaf]) -> dict[int, Imported | BadRecord]:
        speech = Speech(_PROVIDER)
        said: dict[int, Imported | BadRecord] = {}
        for leaf in found:
            for position, number in enumerate(leaf.path[leaf.shared :], leaf.shared):
                step = self._steps[number]
                try:
                    one = speech.read(step.message, step.place, position)
                    said[number] = one._replace(metadata=step.facts or one.metadata)
                except InvalidInput as error:
                    said[number] = self._source.bad(step.place, error.message)
        return said

    def _about(self) -> dict[str, Any]:
        """Return what the file says of the run as a whole."""
        value = self._piece.value
        told = ("tree", "trys", "compare_candidates")
        about = {name: item for name, item in value.items() if name not in told}
        if self._answer:
            about[_ANSWER] = {
                name: item
                for name, item in self._answer.items()
                if name != "train_messages" and (item or name != "chain")
            }
        if isinstance(value.get("trys"), list):
            about["trys"] = [
                {name: item for name, item in one.items() if name != "chain"}
                for one in value["trys"]
                if isinstance(one, Mapping)
            ]
        return about


def _told(train: Any) -> list[list[Any]]:
    """Return the conversations that led to the answer, one for each reply."""
    if not isinstance(train, list):
        return []
    if any(isinstance(one, Mapping) for one in train):
        return [train]
    return [one for one in train if isinstance(one, list)]


def _asked(told: Sequence[Sequence[Any]]) -> list[Any]:
    """Return what stands before the first reply, without what the search asked for once."""
    found = []
    for message in told[0] if told else ():
        if isinstance(message, Mapping):
            if message.get("role") in ("assistant", "function"):
                break
            if message.get("valid") is False:
                continue
        found.append(message)
    return found


def _lone(told: Sequence[Sequence[Any]]) -> set[str]:
    """Return texts of replies that were known to call nothing."""
    texts: dict[bool, set[str]] = {True: set(), False: set()}
    for message in (message for one in told for message in one):
        if not isinstance(message, Mapping) or message.get("role") != "assistant":
            continue
        if isinstance(message.get("content"), str):
            texts["function_call" in message].add(message["content"])
    return texts[False] - texts[True]
