"""Logs of OpenHands, newer and older, with and without function calling of the model's own."""

import json
from typing import Any

AT = 1_757_015_025_500_000
TOOL = {"type": "function", "function": {"name": "terminal", "parameters": {"type": "object"}}}
ASKED = [
    {"role": "system", "content": [{"type": "text", "text": "You are an agent.",
                                    "cache_control": {"type": "ephemeral"}}]},
    {"role": "user", "content": [{"type": "text", "text": "Create hello.py"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "I look around."}],
     "tool_calls": [{"id": "c1", "type": "function",
                     "function": {"name": "terminal", "arguments": '{"command": "ls"}'}}]},
    {"role": "tool", "tool_call_id": "c1", "name": "terminal",
     "content": [{"type": "text", "text": "a.py"}]},
]  # fmt: skip
SENT = [
    {"role": "system", "content": "You are an agent. Write <function=...> to call."},
    {"role": "user", "content": "An example of it is this. Create hello.py"},
]
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 30,
    "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": None},
    "completion_tokens_details": None,
    "cache_creation_input_tokens": 7,
}


def response(**message: Any) -> dict[str, Any]:
    """A response of the model's, as the client gives it."""
    said = {"role": "assistant", "content": "I write it.", "function_call": None, **message}
    return {
        "id": "chatcmpl-1",
        "created": 1757015024,
        "model": "litellm_proxy/claude-sonnet-4",
        "object": "chat.completion",
        "system_fingerprint": None,
        "choices": [
            {
                "finish_reason": "tool_calls",
                "index": 0,
                "message": said,
                "provider_specific_fields": {},
            }
        ],
        "usage": USAGE,
    }


def log(messages: Any = None, **more: Any) -> dict[str, Any]:
    """A newer log of one call."""
    call = {"name": "terminal", "arguments": '{"command": "touch hello.py"}'}
    return {
        "messages": ASKED if messages is None else messages,
        "tools": [TOOL],
        "kwargs": {"temperature": 0.0, "tools": [TOOL]},
        "context_window": 200000,
        "response": response(
            tool_calls=[{"index": 0, "id": "c2", "type": "function", "function": call}]
        ),
        "cost": 0.0125,
        "timestamp": 1757015025.5,
        "latency_sec": 4.5,
        **more,
    }


def mocked() -> dict[str, Any]:
    """A newer log of a model without function calling."""
    raw = response(content="I write it. <function=terminal>")
    return log(SENT, raw_messages=ASKED, raw_response=raw)


def older(*, mocked: bool = False) -> dict[str, Any]:
    """A log of the first generation."""
    found = log(args=[], kwargs={"tools": [TOOL], "stop": ["</function"]})
    for name in ("tools", "context_window", "latency_sec"):
        del found[name]
    if mocked:
        found["fncall_messages"], found["fncall_response"] = ASKED, found["response"]
        found["messages"] = SENT
        found["response"] = response(content="I write it. <function=terminal>")
    return found


def sample() -> bytes:
    thinking = [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]
    thought = log(response=response(thinking_blocks=thinking, reasoning_content="Hm."))
    return json.dumps([log(), mocked(), older(), older(mocked=True), thought]).encode()
