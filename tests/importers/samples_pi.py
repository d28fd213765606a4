"""Sessions of the pi coding agent, written line by line, and one that has everything in it."""

import json
from typing import Any

HEADER = {
    "type": "session",
    "version": 3,
    "id": "5e551011",
    "timestamp": "2025-11-20T10:00:00.000Z",
    "cwd": "shop",
}
LINEAR = {
    "type": "session",
    "id": "5e551011",
    "timestamp": "2025-11-20T10:00:00.000Z",
    "cwd": "shop",
    "provider": "anthropic",
    "modelId": "claude-sonnet-4-5",
    "thinkingLevel": "off",
}
FIRST = 1_763_632_800_000_000
"""When the header was written, in microseconds since the Unix epoch."""
COST = {"input": 0.01, "output": 0.02, "cacheRead": 0.003, "cacheWrite": 0.0004, "total": 0.0334}


def usage(sent: int = 10) -> dict[str, Any]:
    """What pi notes of a call that sent so many tokens past the cache."""
    figures = {"input": sent, "output": 5, "cacheRead": 100, "cacheWrite": 7}
    return {**figures, "totalTokens": sent + 112, "cost": COST}


def user(content: Any = "Hello", **more: Any) -> dict[str, Any]:
    """A message of the user."""
    return {"role": "user", "content": content, **more}


def reply(*blocks: Any, **more: Any) -> dict[str, Any]:
    """A reply of the model; a text stands for its block."""
    content = [{"type": "text", "text": b} if isinstance(b, str) else b for b in blocks]
    return {
        "role": "assistant",
        "content": content,
        "api": "anthropic-messages",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "usage": usage(),
        "stopReason": "stop",
        **more,
    }


def call(id: str = "c1", name: str = "bash", **arguments: Any) -> dict[str, Any]:
    """A call of a tool."""
    return {"type": "toolCall", "id": id, "name": name, "arguments": arguments}


def result(id: str = "c1", text: str = "done", name: str = "bash", **more: Any) -> dict[str, Any]:
    """A tool's result."""
    content = [{"type": "text", "text": text}]
    return {
        "role": "toolResult",
        "toolCallId": id,
        "toolName": name,
        "content": content,
        "isError": False,
        **more,
    }


def line(second: int, message: Any = None) -> dict[str, Any]:
    """A line of the linear form, so many seconds after the header."""
    said = {} if message is None else {"message": message}
    minutes, seconds = divmod(second, 60)
    stamp = f"2025-11-20T10:{minutes:02}:{seconds:02}.000Z"
    return {"type": "message", "timestamp": stamp, **said}


def linear(*messages: Any) -> list[dict[str, Any]]:
    """A session of the linear form; what has no role is a line already."""
    lines: list[dict[str, Any]] = [LINEAR]
    for second, said in enumerate(messages, 1):
        lines.append(line(second, said) if "role" in said else {**line(second), **said})
    return lines


def tree(*nodes: tuple[str, str | None, Any]) -> list[dict[str, Any]]:
    """A session of the tree form, of nodes with an id, that of their parent, and what they say."""
    lines: list[dict[str, Any]] = [HEADER]
    for second, (id, parent, said) in enumerate(nodes, 1):
        links = {"id": id, "parentId": parent}
        lines.append(
            {**(line(second, said) if "role" in said else {**line(second), **said}), **links}
        )
    return lines


def text(lines: list[dict[str, Any]]) -> str:
    """The session as the file that pi writes."""
    return "".join(json.dumps(one) + "\n" for one in lines)


def sample() -> bytes:
    """A small valid session that has everything in it."""
    image = {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}
    thought = {"type": "thinking", "thinking": "Look first.", "thinkingSignature": "c2ln"}
    hidden = {"type": "thinking", "thinking": "", "thinkingSignature": "c2ln", "redacted": True}
    ran = {
        "role": "bashExecution", "command": "ls", "output": "a\nb", "exitCode": 2,
        "cancelled": False, "truncated": True, "fullOutputPath": "/tmp/out", "timestamp": 1,
    }  # fmt: skip
    prompt = {"role": "system", "content": "Be brief.", "sections": {"cwd": "/shop", "a": "A"}}
    cut = reply("Half a", call("c9"), stopReason="aborted", errorMessage="Request was aborted")
    return text(
        tree(
            ("s0", None, prompt),
            ("m1", "s0", user([{"type": "text", "text": "See this"}, image])),
            ("x1", "m1", {"type": "model_change", "provider": "anthropic", "modelId": "claude"}),
            ("x2", "x1", {"type": "thinking_level_change", "thinkingLevel": "high"}),
            ("m2", "x2", reply(thought, hidden, "I look.", call("c1", command="ls"), call("c2"))),
            ("m3", "m2", result("c1", "a b", details={"diff": "+a"})),
            ("m4", "m3", result("c2", "no such tool", isError=True)),
            ("m5", "m4", reply("Here it is.", call("c3"), stopReason="length")),
            ("u1", "m5", {"type": "usage", "kind": "cache_warm", "usage": usage(), "note": "n"}),
            ("m6", "u1", user("And now?")),
            ("m7", "m6", cut),
            ("f1", "m5", user("Something else")),
            ("f2", "f1", reply("Sure.", provider="openai", model="gpt-5")),
            ("b1", "m7", {"type": "branch_summary", "fromId": "f2", "summary": "Tried it."}),
            ("m8", "b1", ran),
            ("m9", "m8", {"type": "custom_message", "customType": "todo", "content": "Do it.",
                          "display": True, "details": {"n": 1}}),
            ("e1", "m9", {"type": "context_edit", "targetId": "m3", "replacement": {"content": "a"}}),
            ("e2", "e1", {"type": "context_edit", "targetId": "m8", "replacement": None}),
            ("k1", "e2", {"type": "compaction", "summary": "All so far.", "firstKeptEntryId": "m6",
                          "tokensBefore": 900, "usage": usage()}),
            ("s1", "k1", {"role": "system", "content": "", "sections": {"a": None, "b": "B"}}),
            ("m10", "s1", {"role": "hookMessage", "customType": "hook", "content": "Hook."}),
            ("l1", "m10", {"type": "label", "targetId": "m2", "label": "start"}),
            ("n1", "l1", {"type": "session_info", "name": "The shop"}),
            ("d1", "n1", {"type": "custom", "customType": "todo", "data": {"n": 2}}),
            ("m11", "d1", reply("Done.", timestamp=1_763_632_823_000)),
        )
    ).encode()  # fmt: skip
