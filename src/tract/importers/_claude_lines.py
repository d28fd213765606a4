"""Lines of a Claude Code session, looked at once: what each is, whom it follows, where it stands.

Of a message line only some words are held, never what it says, so that a session of any size can
be put in order before its messages are read. Lines that the model was never shown are links of
the chain all the same. What they tell about the session (its title, the version that wrote it,
which call began a subagent, what was left standing by a compaction) is gathered here as well.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, NamedTuple

from tract.errors import printable
from tract.importers._json import json_type
from tract.importers._records import BadRecord
from tract.importers._source import Record, Source, Spot

_SPOKEN = frozenset({"user", "assistant"})
# Written for the program's own use: nothing of it is ever shown to the model.
SILENT = frozenset(
    {
        "agent-color",
        "agent-name",
        "agent-setting",
        "ai-title",
        "attachment",
        "attribution-snapshot",
        "auth_status",
        "content-replacement",
        "control_cancel_request",
        "control_request",
        "control_response",
        "cost-state",
        "custom-title",
        "file-history-delta",
        "file-history-snapshot",
        "keep_alive",
        "last-prompt",
        "marble-origami-commit",
        "marble-origami-snapshot",
        "mode",
        "permission-mode",
        "pr-link",
        "progress",
        "prompt_suggestion",
        "queue-operation",
        "rate_limit_event",
        "result",
        "saved_hook_context",
        "speculation-accept",
        "stream_event",
        "streamlined_text",
        "streamlined_tool_use_summary",
        "summary",
        "system",
        "tag",
        "task-summary",
        "tool_progress",
        "tool_use_summary",
        "worktree-state",
    }
)
_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "tag": "tag"}
_SESSION = {"version": "version", "cwd": "cwd", "gitBranch": "git_branch", "slug": "slug"}
_COMPACTED = (
    "trigger",
    "preTokens",
    "pre_tokens",
    "postTokens",
    "post_tokens",
    "durationMs",
    "messagesSummarized",
    "userContext",
)
_RESULT = ("subtype", "is_error", "num_turns", "duration_ms", "duration_api_ms", "total_cost_usd")
_CALLERS = frozenset({"Task", "Agent"})


class Kind(Enum):
    """What a line is to the conversation."""

    LINK = auto()
    BOUNDARY = auto()
    ASSISTANT = auto()
    RESULT = auto()
    PROMPT = auto()
    SUMMARY = auto()


class Line(NamedTuple):
    """A line that others may follow, without what it says.

    Attributes:
        spot: where it stands.
        kind: what it is.
        uuid: what others call it by; None where it has no name.
        parent: the number of the line that it follows; where that is not before it in the file,
            its uuid; None where it names none.
        rooted: whether it says that it follows none.
        side: the subagent that it belongs to; "" where it does not say which, None for the session.
        message: the id of the provider's message that it is a part of.
        answers: ids of the calls that it has results of, or makes.
    """

    spot: Spot
    kind: Kind
    uuid: str | None
    parent: int | str | None
    rooted: bool
    side: str | None
    message: str | None = None
    answers: tuple[str, ...] = ()


class Boundary(NamedTuple):
    """What a compaction says of itself.

    Attributes:
        kept: uuids of lines that are still shown after it.
        head: the first of a run of lines that are.
        tail: the last of them.
        said: what else there is to say.
    """

    kept: tuple[str, ...]
    head: str | None
    tail: str | None
    said: dict[str, Any]


class Task(NamedTuple):
    """A call that begins a subagent: its id, the kind of agent, what for, a digest of the prompt."""

    call: str
    agent: str | None
    description: str | None
    digest: bytes | None


@dataclass(slots=True)
class Index:
    """What is held of a session while its messages are read.

    Attributes:
        lines: the lines that follow or are followed, in the file's order.
        number_of: the numbers of the lines that have a uuid; a line that comes again is left out.
        boundaries: the compactions, by the numbers of their lines.
        sessions: the ids of the sessions that the lines were written by.
        facts: what else the lines say of the session.
        tasks: the calls that begin subagents, by id.
        begun: the calls that began them, by the agent's id.
        digests: digests of the prompts of subagents that have no id, by the numbers of their lines.
    """

    lines: list[Line] = field(default_factory=list)
    number_of: dict[str, int] = field(default_factory=dict)
    boundaries: dict[int, Boundary] = field(default_factory=dict)
    sessions: dict[str, None] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    begun: dict[str, str] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)

    def read(self, source: Source) -> Iterator[BadRecord]:
        """Look at all lines of a file; yield what of it is no line of a session."""
        for spot, record in source.indexed():
            if isinstance(record, BadRecord):
                yield record
            elif (reason := self._add(spot, record)) is not None:
                yield source.bad(record.place, reason)

    def _add(self, spot: Spot, record: Record) -> str | None:
        """Take up a line; return what is wrong with it."""
        value = record.value
        if not isinstance(value, Mapping):
            return f"no line of a session, but {json_type(value)}"
        kind, reason = _kind(value)
        self._tell(value)
        uuid = text(value, "uuid")
        if uuid in self.number_of or (uuid is None and kind is Kind.LINK):
            return reason
        number = len(self.lines)
        if uuid is not None:
            self.number_of[uuid] = number
        side = _side(value)
        message = _mapping(value.get("message"))
        parent = text(value, "parentUuid")
        answers: tuple[str, ...] = ()
        if kind is Kind.BOUNDARY:
            parent = parent or text(value, "logicalParentUuid")
            self.boundaries[number] = _boundary(value)
        elif kind is Kind.RESULT:
            answers = _ids(message, "tool_result", "tool_use_id")
            self._begun(value, answers)
        elif kind is Kind.ASSISTANT:
            answers = _ids(message, "tool_use", "id")
            self._calls(message)
        elif kind is Kind.PROMPT and side == "" and (digest := _digest(message.get("content"))):
            self.digests[number] = digest
        rooted = "parentUuid" in value and value["parentUuid"] is None
        self.lines.append(
            Line(
                spot,
                kind,
                uuid,
                None if parent is None else self.number_of.get(parent, parent),
                rooted and value.get("type") == "user",
                side,
                text(message, "id") if kind is Kind.ASSISTANT else None,
                answers,
            )
        )
        return reason

    # What is said of the session

    def _tell(self, value: Mapping[str, Any]) -> None:
        """Take note of what a line says of the session."""
        facts, kind = self.facts, text(value, "type") or ""
        session = text(value, "sessionId") or text(value, "session_id")
        if session is not None:
            self.sessions.setdefault(session)
        if kind in _SPOKEN:
            for name, ours in _SESSION.items():
                if (said := text(value, name)) is not None:
                    facts.setdefault(ours, said)
            if (origin := text(_mapping(value.get("forkedFrom")), "sessionId")) is not None:
                facts.setdefault("forked_from", origin)
        elif kind == "summary" and text(value, "summary") is not None:
            summary = {"summary": value["summary"], "leaf": text(value, "leafUuid")}
            facts.setdefault("summaries", []).append(summary)
        elif kind == "progress":
            data = _mapping(value.get("data"))
            agent, call = text(data, "agentId"), text(value, "parentToolUseID")
            if agent is not None and call is not None:
                self.begun.setdefault(agent, call)
        elif kind == "result":
            facts["result"] = {n: value[n] for n in _RESULT if plain(value.get(n))}
        elif kind == "cost-state" and plain(value.get("totalCostUSD")):
            facts["total_cost_usd"] = value["totalCostUSD"]
        elif kind in _TITLES and text(value, _TITLES[kind]) is not None:
            facts[kind.replace("-", "_")] = value[_TITLES[kind]]

    def _calls(self, message: Mapping[str, Any]) -> None:
        for block in blocks(message.get("content")):
            given, id = _mapping(block.get("input")), text(block, "id")
            if id is None or block.get("type") != "tool_use":
                continue
            if text(block, "name") in _CALLERS or "subagent_type" in given:
                agent, why = text(given, "subagent_type"), text(given, "description")
                self.tasks.setdefault(id, Task(id, agent, why, _digest(given.get("prompt"))))

    def _begun(self, value: Mapping[str, Any], answers: tuple[str, ...]) -> None:
        agent = text(_mapping(value.get("toolUseResult")), "agentId")
        if agent is None and value.get("isSidechain") is not True:
            agent = text(value, "agentId")
        if agent is not None and answers:
            self.begun.setdefault(agent, answers[0])


def text(value: Mapping[str, Any], name: str) -> str | None:
    """Return a field that is a text with something in it; None where it is none."""
    found = value.get(name)
    return found if isinstance(found, str) and found else None


def plain(value: object) -> bool:
    """Return whether a value is a text, a number or a boolean."""
    return isinstance(value, str | int | float)


def blocks(content: object) -> list[Mapping[str, Any]]:
    """Return the blocks of a message's content that are objects."""
    found = content if isinstance(content, list) else []
    return [block for block in found if isinstance(block, Mapping)]


def queued(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the user typed while the model was at work; None where a line is no such thing."""
    attachment = _mapping(value.get("attachment"))
    if value.get("type") != "attachment" or attachment.get("type") != "queued_command":
        return None
    return attachment if attachment.get("commandMode", "prompt") == "prompt" else None


def _kind(value: Mapping[str, Any]) -> tuple[Kind, str | None]:
    """Return what a line is, and what is wrong with it."""
    kind = value.get("type")
    if not isinstance(kind, str):
        return Kind.LINK, "type is missing" if kind is None else f"type is {json_type(kind)}"
    if kind in _SPOKEN:
        message = value.get("message")
        if not isinstance(message, Mapping):
            return Kind.LINK, f"message is {json_type(message)}, no object"
        if kind == "assistant":
            return Kind.ASSISTANT, None
        if value.get("isCompactSummary") is True:
            return Kind.SUMMARY, None
        found = blocks(message.get("content"))
        answers = any(block.get("type") == "tool_result" for block in found)
        return Kind.RESULT if answers else Kind.PROMPT, None
    if kind == "system" and value.get("subtype") == "compact_boundary":
        return Kind.BOUNDARY, None
    if queued(value) is not None:
        return Kind.PROMPT, None
    if kind in SILENT:
        return Kind.LINK, None
    return Kind.LINK, f"line type {printable(repr(kind), limit=80)} is not known"


def _side(value: Mapping[str, Any]) -> str | None:
    call = text(value, "parent_tool_use_id")
    if call is not None:
        return call
    return (text(value, "agentId") or "") if value.get("isSidechain") is True else None


def _ids(message: Mapping[str, Any], kind: str, name: str) -> tuple[str, ...]:
    found = (block for block in blocks(message.get("content")) if block.get("type") == kind)
    return tuple([id for block in found if (id := text(block, name)) is not None])


def _boundary(value: Mapping[str, Any]) -> Boundary:
    facts = _mapping(value.get("compactMetadata")) or _mapping(value.get("compact_metadata"))
    kept = _mapping(facts.get("preservedMessages")) or _mapping(facts.get("preserved_messages"))
    run = _mapping(facts.get("preservedSegment")) or _mapping(facts.get("preserved_segment"))
    uuids = kept.get("uuids")
    return Boundary(
        tuple([uuid for uuid in uuids if isinstance(uuid, str)] if isinstance(uuids, list) else ()),
        text(run, "headUuid") or text(run, "head_uuid"),
        text(run, "tailUuid") or text(run, "tail_uuid"),
        {name: facts[name] for name in _COMPACTED if plain(facts.get(name))},
    )


def _digest(content: object) -> bytes | None:
    """Return a digest of a prompt's text, to tell which call it came from."""
    parts = [content] if isinstance(content, str) else [b.get("text") for b in blocks(content)]
    said = "".join(part for part in parts if isinstance(part, str))
    return hashlib.sha256(said.encode(errors="surrogatepass")).digest() if said else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
