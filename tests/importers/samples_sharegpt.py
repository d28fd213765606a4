"""A ShareGPT list with the speakers that different tools write."""

import json

CALL = json.dumps({"name": "find", "arguments": {"order": 7}})
BOTH = json.dumps([{"name": "find", "arguments": {}}, {"name": "sky", "parameters": {"at": "x"}}])
TOOLS = json.dumps([{"name": "find", "parameters": {"type": "object"}}])

ASKED = {
    "id": "a1",
    "system": "You are a clerk.",
    "tools": TOOLS,
    "conversations": [
        {"from": "human", "value": "Where is order 7?"},
        {"from": "function_call", "value": CALL},
        {"from": "observation", "value": "shipped"},
        {"from": "gpt", "value": "It has been shipped.", "weight": 1},
        {"from": "human", "value": "And order 8?", "loss": False},
        {"from": "function_call", "value": BOTH},
        {"from": "observation", "value": ""},
        {"from": "observation", "value": "blue"},
        {"from": "gpt", "value": "It is under the blue sky."},
    ],
}
HERMES = {
    "id": "h1",
    "model": "hermes-3",
    "conversations": [
        {"from": "system", "value": "You may call <tools>[]</tools>"},
        {"from": "human", "value": "Order 7?"},
        {"from": "gpt", "value": '<tool_call>\n{"name": "find"}\n</tool_call>'},
        {"from": "tool", "value": "<tool_response>\nshipped\n</tool_response>"},
        {"from": "chatgpt", "value": "Shipped.", "markdown": None, "text": None},
    ],
    "source": "here",
}
PLAIN = {
    "conversation": [
        {"from": "user", "value": "Hi"},
        {"from": "assistant", "value": "Hello!"},
    ]
}


def sample():
    return json.dumps([ASKED, HERMES, PLAIN]).encode()
