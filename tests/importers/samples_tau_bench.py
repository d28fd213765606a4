"""Runs of tau-bench: two trials of one task, and one of another."""

import json

BEGIN = [
    {"role": "system", "content": "You are an agent of an airline."},
    {"role": "user", "content": "Cancel my flight."},
]
CALL = {"id": "c1", "type": "function", "function": {"name": "cancel", "arguments": '{"of": 1}'}}
RUNS = [
    {"task_id": 3, "trial": 0, "reward": 0.0, "info": {"task": {"actions": []}}, "traj": BEGIN},
    {
        "task_id": 3,
        "trial": 1,
        "reward": 1.0,
        "traj": [
            *BEGIN,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "name": "cancel", "content": ""},
            {"role": "assistant", "content": "Done."},
        ],
    },
    {"task_id": "five", "reward": 0.0, "traj": [*BEGIN, {"role": "assistant", "content": "No."}]},
]


def sample():
    return json.dumps(RUNS).encode()
