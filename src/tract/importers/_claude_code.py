"""Sessions of Claude Code, as it keeps them on disk and as it streams them.

The file is read twice: first what follows what, with the place of each line, then the messages
along each way from a root to a leaf. So memory holds some words about each line and never the
file. The session is the tract that is named after the file, its forks are branches, and each
subagent is a tract below it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tract.importers._claude_chain import SESSION, Chain, Thread
from tract.importers._claude_lines import SILENT, Index, Kind, Task
from tract.importers._claude_messages import Teller
from tract.importers._names import Names, name_of
from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Sample, Source
from tract.importers._tree import MAIN, leaves

_SURE, _LIKELY = 95, 85
_NAMES = frozenset({"uuid", "parentUuid", "sessionId", "session_id", "isSidechain"})
_SHORT = 8
_PART_BYTES_MAX = 60


class ClaudeCode:
    """Reads sessions of Claude Code."""

    name = "claude-code"
    description = "Claude Code sessions: JSON lines, of a session, a subagent or stream-json output"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where a line holds a message and says its place."""
        if not sample.lines and b"\n" in sample.head.strip():
            return 0
        values = [value for value in sample.values if isinstance(value, Mapping)]
        if any(_is_message(value) for value in values):
            return _SURE
        return _LIKELY if any(_is_note(value) for value in values) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each leaf, the session's before those of its subagents."""
        index = Index()
        yield from index.read(source)
        chain = Chain(index)
        threads = chain.threads()
        for number, fault in sorted(chain.faults):
            yield source.bad(f"line {index.lines[number].spot.line}", fault)
        if not threads:
            yield source.bad("the file", "the session has no messages")
        names = Names()
        for thread in threads:
            owner = thread is threads[0]
            yield from _conversations(source, tract, index, chain, thread, names, owner=owner)


def _is_message(value: Mapping[str, Any]) -> bool:
    return (
        value.get("type") in ("user", "assistant")
        and isinstance(value.get("message"), Mapping)
        and not _NAMES.isdisjoint(value)
    )


def _is_note(value: Mapping[str, Any]) -> bool:
    """Return whether a value is a line of a session that is no message."""
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in SILENT:
        return False
    match kind:
        case "summary":
            return isinstance(value.get("summary"), str) and "leafUuid" in value
        case "file-history-snapshot":
            return "snapshot" in value and "messageId" in value
        case "system":
            return isinstance(value.get("subtype"), str) and not _NAMES.isdisjoint(value)
    return "sessionId" in value or ("uuid" in value and "parentUuid" in value)


def _conversations(
    source: Source,
    tract: str,
    index: Index,
    chain: Chain,
    thread: Thread,
    names: Names,
    *,
    owner: bool,
) -> Iterator[Conversation]:
    """Yield a conversation for each leaf of the session, or of a subagent."""
    name, parent = _named(tract, index, thread, names, owner=owner)
    about = _about(index, thread, owner=owner)
    nodes = thread.nodes
    kept = {id(node): chain.kept(node) for node in nodes if node.kind is Kind.SUMMARY}

    reported: set[str] = set()

    def begins(number: int) -> str:
        line = index.lines[nodes[number].lines[0]]
        fallback = f"line-{line.spot.line}"
        return f"fork-{name_of((line.uuid or fallback)[:_SHORT], fallback=fallback)}"

    for leaf in leaves(thread.parents, begins, first=thread.current):
        path = [nodes[number] for number in leaf.path]
        metadata = dict(about) if leaf.branch == MAIN else {}
        if leaf.path[-1] == thread.current and len(thread.parents) > len(leaf.path):
            metadata["current"] = True
        place = f"line {index.lines[path[-1].lines[0]].spot.line}"
        messages = Teller(source, index.lines, path, kept, reported).messages()
        shared = leaf.shared
        yield Conversation(
            name, leaf.branch, place, messages, metadata, shared=shared, parent=parent
        )


def _named(
    tract: str, index: Index, thread: Thread, names: Names, *, owner: bool
) -> tuple[str, str | None]:
    """Return the name of a session's or a subagent's tract, and that of its parent's."""
    if not owner:
        key = thread.key if thread.key != SESSION else "session"
        part = name_of(key, bytes_max=_PART_BYTES_MAX, fallback="agent")
        wanted = part if thread.key == SESSION or part.startswith("agent-") else f"agent-{part}"
        return f"{tract}/{names.of(thread.key, wanted)}", tract
    session = next(iter(index.sessions), None)
    if thread.key == SESSION or session is None:
        return tract, None
    above = name_of(session)
    return tract, None if above == tract else above


def _about(index: Index, thread: Thread, *, owner: bool) -> dict[str, Any]:
    """Return what the file says of a session or a subagent as a whole."""
    about: dict[str, Any] = {}
    if owner:
        about = {name: value for name, value in index.facts.items() if value is not None}
        sessions = list(index.sessions)
        if sessions:
            about["session_id"] = sessions[0]
        if sessions[1:]:
            about["sessions"] = sessions
    if thread.key == SESSION:
        return about
    about["agent"] = thread.key
    task = _task(index, thread)
    if task is not None:
        facts = {"call": task.call, "agent_type": task.agent, "description": task.description}
        about |= {name: value for name, value in facts.items() if value is not None}
    return about


def _task(index: Index, thread: Thread) -> Task | None:
    """Return the call that began a subagent, where that can be told."""
    call = index.begun.get(thread.key, thread.key)
    if call in index.tasks:
        return index.tasks[call]
    if thread.key in index.begun:
        return Task(call, None, None, None)
    digest = index.digests.get(thread.first)
    same = [task for task in index.tasks.values() if task.digest == digest] if digest else []
    return same[0] if len(same) == 1 else None
