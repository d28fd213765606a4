"""Runs of SWE-agent: with and without calls of tools, with demonstrations, and with attempts."""

import copy
import json
from typing import Any

THOUGHT = "The file has to be found."
FIND: dict[str, Any] = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "find_file", "arguments": '{"file_name":"a.py"}'},
}
SUBMIT = {"id": "call_2", "type": "function", "function": {"name": "submit", "arguments": "{}"}}
HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "You are a programmer.", "agent": "main",
     "message_type": "system_prompt"},
    {"role": "user", "content": "A demonstration: do it so.", "agent": "main", "is_demo": True,
     "message_type": "demonstration"},
    {"role": "user", "content": [{"type": "text", "text": "Mend a.py.",
                                  "cache_control": {"type": "ephemeral"}}],
     "agent": "main", "message_type": "observation", "tags": ["keep_output"]},
    {"role": "assistant", "content": THOUGHT, "thought": THOUGHT, "action": "find_file a.py",
     "agent": "main", "tool_calls": [FIND], "message_type": "action",
     "thinking_blocks": [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}]},
    {"role": "tool", "content": "Found src/a.py\n(Open file: n/a)", "agent": "main",
     "tool_call_ids": ["call_1"], "message_type": "observation"},
    {"role": "assistant", "content": "Done.", "thought": "All is done.", "action": "submit",
     "agent": "reviewer", "tool_calls": [SUBMIT], "message_type": "action",
     "thinking_blocks": None},
    {"role": "tool", "content": "diff --git a/a.py", "agent": "main",
     "tool_call_ids": ["call_2"], "message_type": "observation"},
]  # fmt: skip
TRAJECTORY: list[dict[str, Any]] = [
    {"action": "find_file a.py", "observation": "Found src/a.py", "response": THOUGHT,
     "thought": THOUGHT, "execution_time": 0.25, "state": {"open_file": "n/a"},
     "query": [{"role": "user", "content": "Mend a.py."}], "extra_info": {}},
    {"action": "", "observation": "", "response": "No command.", "thought": "No command.",
     "execution_time": 0.0, "state": {}},
    {"action": "submit", "observation": "diff --git a/a.py", "response": "Done.",
     "thought": "All is done.", "execution_time": 0.5, "state": {"open_file": "n/a"}},
]  # fmt: skip
STATS = {"instance_cost": 0.5, "tokens_sent": 9000, "tokens_received": 300, "api_calls": 3}
SETTINGS: dict[str, Any] = {
    "agent": {
        "name": "main",
        "model": {"name": "gpt-4o", "temperature": 0.0, "api_key": "no-key", "api_base": None},
        "templates": {"system_template": "You are a programmer."},
    },
    "problem_statement": {"id": "a-1", "text": "Mend a.py."},
    "env": {"repo": {"repo_name": "a"}},
}


def run(**more: Any) -> dict[str, Any]:
    """A whole run, as a new thing each time."""
    whole = {
        "environment": "main",
        "trajectory": TRAJECTORY,
        "history": HISTORY,
        "info": {
            "submission": "diff --git a/a.py",
            "exit_status": "submitted",
            "edited_files30": "x" * 100,
            "model_stats": STATS,
        },
        "replay_config": json.dumps(SETTINGS),
    }
    return copy.deepcopy({**whole, **more})


def older() -> dict[str, Any]:
    """A run from before there were calls of tools."""
    said = "DISCUSSION\nLook.\n```\nls\n```"
    return {
        "environment": "swe_main",
        "trajectory": [{"action": "ls\n", "observation": "a.py", "response": said,
                        "state": '{"open_file": "n/a"}', "thought": "Look."}],
        "history": [
            {"role": "system", "content": "You are a programmer.", "agent": "primary"},
            {"role": "user", "content": "Mend a.py.", "agent": "primary"},
            {"role": "assistant", "content": said, "thought": "DISCUSSION\nLook.",
             "action": "ls\n", "agent": "primary"},
            {"role": "user", "content": "a.py\n$", "agent": "primary"},
        ],
        "info": {"exit_status": "early_exit", "model_stats": {"total_cost": 0.1, **STATS}},
    }  # fmt: skip


def tried() -> dict[str, Any]:
    """A run of two attempts, of which the second one was chosen."""
    failed = run(history=[*HISTORY[:3], {**HISTORY[3], "content": "Never mind."}], trajectory=[])
    return run(attempts=[failed, run()])


def sample() -> bytes:
    return json.dumps(tried()).encode()
