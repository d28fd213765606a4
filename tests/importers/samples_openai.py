"""Conversations that show what OpenAI Chat messages can say, one on each line."""

import json

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "find", "arguments": '{"of": "x"}'},
}
AGAIN = {"id": "call_2", "type": "function", "function": {"name": "find", "arguments": "{"}}
TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}

WITH_TOOLS = {
    "id": "req-1",
    "model": "gpt-4o",
    "temperature": 0.5,
    "tools": [TOOL],
    "messages": [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "Where is order 7?", "name": "ada"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [CALL, AGAIN],
            "model": "gpt-4o-mini",
            "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
            "timestamp": "2024-05-15T15:00:00Z",
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "shipped"},
        {"role": "tool", "tool_call_id": "call_2", "content": "", "name": "find"},
        {"role": "assistant", "content": "It has been shipped.", "refusal": None},
    ],
}
WITH_PARTS = {
    "system": "Look closely.",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this? 🙂"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {"type": "file", "file": {"file_id": "f-1"}},
            ],
        },
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    ],
}
OLDER = [
    {"role": "developer", "content": "Use tools."},
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": None, "function_call": {"name": "sky", "arguments": "{}"}},
    {"role": "function", "name": "sky", "content": "blue"},
    {"role": "assistant", "content": "Blue.", "created_at": 1715785200},
]


def sample():
    return b"".join(json.dumps(one).encode() + b"\n" for one in (WITH_TOOLS, WITH_PARTS, OLDER))
