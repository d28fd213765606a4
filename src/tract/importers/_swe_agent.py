"""Trajectories of SWE-agent: the history of a run, with what was done in each step beside it.

The history is the conversation; older runs have no calls of tools in it, and results as what the
user says. The trajectory tells the same steps again, with how long each took and the state that it
left: that is kept with the observation. A run that was tried several times is one tract with a
branch for each attempt, of which the one that was chosen is "main" as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tract.errors import InvalidInput
from tract.importers._json import json_type, same
from tract.importers._layouts import LOOKED_AT_MAX, Piece, numbered, pieces
from tract.importers._records import Authored, BadRecord, Conversation, Imported
from tract.importers._replies import parted
from tract.importers._source import Sample, Source
from tract.importers._speech import APPLICATION, Speech
from tract.importers._swe_agent_run import about, is_history, is_told, model_of, steps_of, total_of
from tract.importers._tree import MAIN

_SURE = 95
_OWN = frozenset(
    {"agent", "message_type", "thought", "action", "is_demo", "tool_call_ids", "thinking_blocks"}
)
_TYPES = {
    "system": "system_prompt",
    "user": "observation",
    "assistant": "action",
    "tool": "observation",
}


class SweAgent:
    """Reads trajectories of SWE-agent."""

    name = "swe-agent"
    description = "SWE-agent trajectories: history, trajectory, info"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where a history has SWE-agent's fields, or its steps beside it."""
        values = sample.values
        if not sample.lines and values and isinstance(values[0], list):
            values = tuple(values[0])
        return _SURE if any(map(_is_run, values)) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each run, and for each of its attempts."""
        for piece in pieces(source, _is_run):
            if isinstance(piece, BadRecord):
                yield piece
            else:
                yield from _runs(source, numbered(tract, piece.number), piece)


def _is_run(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    attempts = value.get("attempts")
    listed = attempts[:LOOKED_AT_MAX] if isinstance(attempts, list) else []
    return any(map(_has_history, [value, *listed]))


def _has_history(value: Any) -> bool:
    history = value.get("history") if isinstance(value, Mapping) else None
    if not is_history(history):
        return False
    if isinstance(value.get("trajectory"), list):
        return True
    found = history[:LOOKED_AT_MAX]
    return any(isinstance(m, Mapping) and not _OWN.isdisjoint(m) for m in found)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run, or one attempt at it.

    Attributes:
        branch: the name of its branch.
        piece: where it stands, and what it says.
        history: its messages.
        steps: what its trajectory says of some of them, by their numbers.
        model: the model that replied.
        usage: what the whole run used, where it is over.
        about: what is kept of it with its branch.
    """

    branch: str
    piece: Piece
    history: Sequence[Any]
    steps: Mapping[int, Mapping[str, Any]]
    model: str | None
    usage: Mapping[str, Any] | None
    about: Mapping[str, Any]


def _runs(source: Source, tract: str, piece: Piece) -> Iterator[Conversation | BadRecord]:
    value = piece.value
    if not isinstance(value, Mapping):
        yield source.bad(piece.here, f"no run, but {json_type(value)}")
        return
    attempts = value.get("attempts")
    listed = attempts if isinstance(attempts, list) else []
    found = [(MAIN, piece)] if "history" in value or not listed else []
    for number, attempt in enumerate(listed):
        place = piece.at(f"attempts[{number}]")
        within = Piece(piece.number, place, f"{place}.", attempt, piece.expected)
        found.append((f"attempt-{number + 1}", within))
    told: list[_Run] = []
    for branch, one in found:
        fault = _fault(one.value)
        if fault is not None:
            yield source.bad(one.here, fault)
            continue
        # The figures beside the chosen attempt are those of all of them.
        run = _run(branch, one, model_of(value), totalled=branch == MAIN or found[0][0] != MAIN)
        shared = max((_begins_like(run, other) for other in told), default=0)
        expected = piece.expected + len(found) - 1 if piece.expected else 0
        yield Conversation(
            tract, branch, one.here, _messages(source, run), run.about, expected, shared
        )
        told.append(run)


def _fault(value: Any) -> str | None:
    """Return why a value is no run with messages; None if it is one."""
    if not isinstance(value, Mapping):
        return f"no run, but {json_type(value)}"
    history = value.get("history")
    if not isinstance(history, list):
        return (
            f"history is {json_type(history)}, no list"
            if "history" in value
            else "history is missing"
        )
    return None if history else "the conversation has no messages"


def _run(branch: str, piece: Piece, model: str | None, *, totalled: bool) -> _Run:
    value = piece.value
    history = value["history"]
    steps, others = steps_of(history, value.get("trajectory"))
    usage = total_of(value.get("info")) if totalled else None
    kept = about(value, others)
    return _Run(branch, piece, history, steps, model_of(value) or model, usage, kept)


def _begins_like(run: _Run, other: _Run) -> int:
    """Return how many messages two runs begin with that become the same commits."""
    if run.model != other.model or not same(_main_agent(run.history), _main_agent(other.history)):
        return 0
    for number, (mine, its) in enumerate(zip(run.history, other.history, strict=False)):
        if not (same(mine, its) and same(run.steps.get(number), other.steps.get(number))):
            return number
    return min(len(run.history), len(other.history))


def _main_agent(history: Sequence[Any]) -> Any:
    """Return the agent that a history is of: that of its first message."""
    return next((m["agent"] for m in history if isinstance(m, Mapping) and "agent" in m), None)


# --- messages --------------------------------------------------------------------------------


def _messages(source: Source, run: _Run) -> Iterator[Imported | BadRecord]:
    speech, agent, usage = Speech("openai", run.model), _main_agent(run.history), run.usage
    for number, item in enumerate(run.history):
        place = run.piece.at(f"history[{number}]")
        try:
            told = _told(speech, run, item, place, number, agent)
        except InvalidInput as error:
            yield source.bad(place, error.message)
            continue
        if usage is not None and told.made_with is None:
            # What the run used is no single reply's: it goes with the message that began it.
            told, usage = told._replace(usage=usage), None
        yield told


def _told(speech: Speech, run: _Run, item: Any, place: str, number: int, agent: Any) -> Imported:
    """Return what is imported of one message.

    Raises:
        InvalidInput: it is no message.
    """
    message, more = _message(item)
    told = speech.read(message, place, number)
    metadata = _said_beside(message, more, agent)
    if step := run.steps.get(number):
        metadata["step"] = dict(step)
    is_reply = message.get("role") == "assistant"
    demo = more.get("is_demo") is True
    if demo:
        contents = tuple(Authored(one.content, APPLICATION) for one in told.contents)
        told = told._replace(contents=contents, labels=("demo",))
    return told._replace(
        made_with={"model": run.model} if run.model and is_reply and not demo else None,
        metadata=metadata or None,
    )


def _message(item: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a message as OpenAI's, and what else the history says of it.

    Raises:
        InvalidInput: it is no object.
    """
    if not isinstance(item, Mapping):
        raise InvalidInput(
            f"no message, but {json_type(item)}",
            kind="invalid_message",
            hint="Mend the history, or leave it out.",
        )
    if item.get("role") == "assistant":
        return parted(item)
    known = ("role", "content", "name", "tool_call_id")
    message = {name: item[name] for name in known if name in item}
    more = {name: value for name, value in item.items() if name not in known}
    ids = more.get("tool_call_ids")
    if item.get("role") == "tool" and isinstance(ids, list) and ids:
        # The agent sends an observation as the answer to the first call, whichever it lists.
        message.setdefault("tool_call_id", ids[0])
        if ids == [message["tool_call_id"]]:
            del more["tool_call_ids"]
    return message, more


def _said_beside(message: Mapping[str, Any], more: Mapping[str, Any], agent: Any) -> dict[str, Any]:
    """Return what is kept of a message's other fields: what says more than its content."""
    text = _text(message.get("content"))
    kept = {name: value for name, value in more.items() if value not in (None, [], {}, False)}
    if same(kept.get("agent"), agent):
        kept.pop("agent", None)
    role = message.get("role")
    if isinstance(role, str) and kept.get("message_type") == _TYPES.get(role):
        kept.pop("message_type", None)
    for name in ("thought", "action"):
        if is_told(kept.get(name), text):
            del kept[name]
    return kept


def _text(content: Any) -> str:
    if isinstance(content, list):
        texts = [block.get("text") for block in content if isinstance(block, Mapping)]
        return "\n".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""
