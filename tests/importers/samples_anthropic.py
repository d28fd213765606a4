"""Requests of Anthropic's Messages that show what its messages can say, one on each line."""

import json
from typing import Any

MARK = {"type": "ephemeral"}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
SYSTEM: list[dict[str, Any]] = [
    {"type": "text", "text": "You are a clerk."},
    {"type": "text", "text": "You are brief.", "cache_control": MARK},
]
THOUGHT = {"type": "thinking", "thinking": "I should look.", "signature": "c2ln"}
HIDDEN = {"type": "redacted_thinking", "data": "c2VhbGVk"}
CALLS = [
    {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"order": 7}},
    {"type": "tool_use", "id": "toolu_2", "name": "picture", "input": {}},
]
RESULTS = [
    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no such order", "is_error": True},
    {
        "type": "tool_result",
        "tool_use_id": "toolu_2",
        "content": [{"type": "text", "text": "a box"}, {"type": "image", "source": PNG}],
    },
]
MESSAGES = [
    {
        "role": "user",
        "content": [
            {"type": "image", "source": PNG},
            {
                "type": "document",
                "source": {"type": "url", "url": "https://example.org/a.pdf"},
                "title": "Terms",
            },
            {"type": "text", "text": "Where is order 7?", "cache_control": MARK},
        ],
    },
    {
        "role": "assistant",
        "content": [THOUGHT, HIDDEN, {"type": "text", "text": "Let me look."}, *CALLS],
    },
    {"role": "user", "content": [*RESULTS, {"type": "text", "text": "Well?"}]},
    {"role": "assistant", "content": "There is no such order."},
]
REQUEST = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 1000,
    "tools": [{"name": "find", "input_schema": {"type": "object"}}],
    "system": SYSTEM,
    "messages": MESSAGES,
}
USAGE = {
    "input_tokens": 20,
    "output_tokens": 5,
    "cache_read_input_tokens": 100,
    "cache_creation_input_tokens": 7,
}
REPLY = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
CALL = {
    "request": {"model": "claude-sonnet-4-5", "system": "Be kind.", "messages": [{"role": "user", "content": "Hi"}]},
    "response": REPLY,
    "seconds": 1.5,
}  # fmt: skip
BATCHED = {"custom_id": "b-1", "params": {"messages": [{"role": "user", "content": "Hi"}]}}


def sample():
    return b"".join(json.dumps(one).encode() + b"\n" for one in (REQUEST, CALL, BATCHED, MESSAGES))
