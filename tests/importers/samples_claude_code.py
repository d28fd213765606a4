"""Sessions of Claude Code, written line by line, and one that has everything in it."""

import json
from typing import Any

FIRST = 1_763_632_800_000_000
"""When the first line was written, in microseconds since the Unix epoch."""
SESSION = "5e551011-0000-4000-8000-000000000001"
MODEL = "claude-sonnet-4-5-20250929"
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


class Log:
    """Lines of a session, each a second behind the last one and hanging on it, unless said otherwise."""

    def __init__(self, **envelope: Any) -> None:
        self.lines: list[dict[str, Any]] = []
        self.envelope = {
            "isSidechain": False,
            "userType": "external",
            "cwd": "shop",
            "sessionId": SESSION,
            "version": "2.1.7",
            "gitBranch": "trunk",
            **envelope,
        }
        self.last: str | None = None

    def line(self, kind: str, uuid: str, parent: Any = ..., **fields: Any) -> "Log":
        """Add a line that is a link of the chain."""
        second = len(self.lines)
        self.lines.append(
            {
                "parentUuid": self.last if parent is ... else parent,
                **self.envelope,
                "type": kind,
                **fields,
                "uuid": uuid,
                "timestamp": f"2025-11-20T10:{second // 60:02}:{second % 60:02}.000Z",
            }
        )
        self.last = uuid
        return self

    def note(self, kind: str, **fields: Any) -> "Log":
        """Add a line that is none."""
        self.lines.append({"type": kind, **fields})
        return self

    def user(self, uuid: str, content: Any = "Hello", parent: Any = ..., **fields: Any) -> "Log":
        """Add a prompt, or what goes for one."""
        return self.line(
            "user", uuid, parent, message={"role": "user", "content": content}, **fields
        )

    def results(self, uuid: str, *ids: str, parent: Any = ..., text: str = "done") -> "Log":
        """Add the results of some calls."""
        blocks = [{"type": "tool_result", "tool_use_id": id, "content": text} for id in ids]
        return self.user(uuid, blocks, parent, toolUseResult={"stdout": text, "stderr": ""})

    def reply(self, uuid: str, id: str, *blocks: Any, parent: Any = ..., **more: Any) -> "Log":
        """Add a line of a reply; a text stands for its block."""
        fields = {name: more.pop(name) for name in list(more) if name in _OF_THE_LINE}
        content = [{"type": "text", "text": b} if isinstance(b, str) else b for b in blocks]
        message = {
            "id": id,
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": content,
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage(),
            **more,
        }
        return self.line(
            "assistant", uuid, parent, message=message, requestId=f"req_{id}", **fields
        )

    def compacted(self, uuid: str, logical: str | None, parent: Any = None, **facts: Any) -> "Log":
        """Add the boundary of a compaction and its summary."""
        self.line(
            "system",
            uuid,
            parent,
            subtype="compact_boundary",
            content="Conversation compacted",
            logicalParentUuid=logical,
            compactMetadata={"trigger": "auto", "preTokens": 167_000, **facts},
        )
        text = f"This session is being continued. Summary of {uuid}."
        return self.user(
            f"{uuid}-summary", text, isCompactSummary=True, isVisibleInTranscriptOnly=True
        )

    def bytes(self) -> bytes:
        """The file."""
        return text(self.lines)


_OF_THE_LINE = ("isApiErrorMessage", "error", "costUSD")


def text(lines: Any) -> bytes:
    """Lines as a file."""
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def usage(output: int = 5, **more: Any) -> dict[str, Any]:
    """What the provider reports with a reply."""
    figures = {"input_tokens": 3, "cache_creation_input_tokens": 40, "cache_read_input_tokens": 100}
    return {**figures, "output_tokens": output, "service_tier": "standard", **more}


def call(id: str, name: str = "Bash", **given: Any) -> dict[str, Any]:
    """A call of a tool."""
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def stream() -> list[dict[str, Any]]:
    """What the program prints with `--output-format stream-json`."""
    base = {"session_id": SESSION, "parent_tool_use_id": None}

    def reply(id: str, block: Any, **more: Any) -> dict[str, Any]:
        message = {"id": id, "type": "message", "role": "assistant", "model": MODEL}
        return {
            "type": "assistant", "message": {**message, "content": [block], "usage": usage()},
            **base, **more,
        }  # fmt: skip

    def user(content: Any, **more: Any) -> dict[str, Any]:
        return {"type": "user", "message": {"role": "user", "content": content}, **base, **more}

    def result(id: str) -> list[dict[str, Any]]:
        return [{"type": "tool_result", "tool_use_id": id, "content": "done"}]

    inner = {"parent_tool_use_id": "task"}
    task = call("task", "Task", subagent_type="Explore", description="Look", prompt="Find it")
    return [
        {"type": "system", "subtype": "init", "session_id": SESSION, "tools": ["Bash"]},
        reply("m1", {"type": "text", "text": "I look."}),
        reply("m1", task),
        {"type": "stream_event", "event": {"type": "ping"}, **base},
        user([{"type": "text", "text": "Find it"}], **inner),
        reply("s1", call("inner"), **inner),
        user(result("inner"), **inner),
        user(result("task")),
        reply("m2", {"type": "text", "text": "It is there."}),
        {
            "type": "result", "subtype": "success", "is_error": False, "num_turns": 2,
            "total_cost_usd": 0.25, "result": "It is there.", "session_id": SESSION,
        },
    ]  # fmt: skip


def sample() -> bytes:
    """A small session with all kinds of lines in it."""
    log = Log()
    log.note("file-history-snapshot", messageId="u1", snapshot={"messageId": "u1"})
    log.note("summary", summary="Order 7", leafUuid="a5")
    log.user("u1", "Where is order 7?")
    log.line("attachment", "x1", attachment={"type": "skill_listing", "content": "-"})
    thinking = {"type": "thinking", "thinking": "Look it up.", "signature": "c2ln"}
    log.reply("a1", "m1", thinking, usage=usage(1))
    log.reply("a2", "m1", "I look it up.", usage=usage(2))
    log.reply("a3", "m1", call("c1", command="ls"), usage=usage(3))
    log.reply("a4", "m1", call("c2", command="pwd"), usage=usage(9))
    log.line("progress", "p1", "a3", data={"type": "bash_progress"}, toolUseID="c1")
    log.results("r1", "c1", parent="a3")
    log.results("r2", "c2", parent="a4")
    task = call("c3", "Task", subagent_type="Explore", description="Look", prompt="Find 7")
    log.reply("a5", "m2", task, parent="r2", costUSD=0.01, stop_reason="tool_use")
    side = {"isSidechain": True, "agentId": "0a9e"}
    log.user("s1", "Find 7", None, **side)
    log.line(
        "assistant", "s2", **side,
        message={"id": "n1", "role": "assistant", "model": MODEL, "content": [call("c4")]},
    )  # fmt: skip
    log.results("s3", "c4")
    log.lines[-1] |= side
    log.results("r3", "c3", parent="a5")
    log.lines[-1]["toolUseResult"] = {"agentId": "0a9e", "totalTokens": 9}
    log.user("u2", [{"type": "image", "source": PNG}, {"type": "text", "text": "Like this?"}])
    log.reply("e1", "e1", "API Error: 529", model="<synthetic>", isApiErrorMessage=True)
    log.reply("a6", "m3", "Shipped.", stop_reason="end_turn")
    log.line("system", "y1", subtype="turn_duration", durationMs=12)
    log.user("u3", "Try again", "a6")
    log.reply("a7", "m4", "It has been shipped.")
    log.user("u4", "Or so", "a6")
    log.reply("a8", "m5", "It is on its way.")
    log.compacted("b1", "a8", preservedSegment={"headUuid": "u4", "tailUuid": "a8"})
    log.user("u5", "<local-command-stdout>ok</local-command-stdout>", isMeta=True)
    log.user("u6", "Thanks")
    typed = {"type": "queued_command", "commandMode": "prompt", "prompt": "And order 8?"}
    log.line("attachment", "q1", attachment=typed)
    log.reply("a9", "m6", "That too.")
    log.note("queue-operation", operation="enqueue", sessionId=SESSION, content="And order 8?")
    log.note("custom-title", customTitle="Orders", sessionId=SESSION)
    log.note("cost-state", totalCostUSD=0.5, sessionId=SESSION)
    return log.bytes()
