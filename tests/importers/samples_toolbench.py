"""Runs that show what the ToolBench format can say: a search that forked, and a chain."""

import json
from typing import Any

SYSTEM = {"role": "system", "content": "You are AutoGPT. Call Finish at the end."}
USER = {"role": "user", "content": "\nWhat does a bus cost?\nBegin!\n"}
HINT = {
    "role": "user",
    "content": "This is not the first time. Do something else.",
    "valid": False,
}
ANSWER = '{\n  "return_type": "give_answer",\n  "final_answer": "2 euros"\n}'
GIVE_UP = '{\n  "return_type": "give_up_and_restart"\n}'
FUNCTIONS = [{"name": "fares", "description": "Fares.", "parameters": {"type": "object"}}]


def node(kind, description, *children, **more):
    """A node as the search writes it; what is said of every node is there too."""
    told: dict[str, Any] = {"is_terminal": False, "pruned": False, "finished": False, "depth": 0}
    told |= {"node_type": kind, "description": description, "Elo": 1000.0}
    told |= {"child_count": len(children), "expand_num": 0, **more}
    return {**told, "children": list(children)}


def thought(text, *children, **more):
    return node("Thought", text, *children, **more)


def call(name, arguments, observation, *children, code=0, **more):
    """A call: its node, and that of what it was given and gave."""
    more |= {"observation_code": code, "io_state": {}}
    if observation != "":
        more["observation"] = observation
    return node("Action", name, node("Action Input", arguments, *children, **more))


def asked(name, arguments, content=None):
    return {
        "role": "assistant",
        "content": content,
        "function_call": {"name": name, "arguments": arguments},
    }


def result(name, content):
    return {"role": "function", "name": name, "content": content}


def run(*children, train=(), **more):
    """A search."""
    answer = {"valid_data": True, "query_count": 4, "total_tokens": 2916, "final_answer": ANSWER}
    answer |= {"function": FUNCTIONS, "chain": [], "train_messages": list(train)}
    answer |= {"query": "What does a bus cost?", "finish_type": "give_answer", **more}
    root = node("Action Input", "", *children, io_state={})
    return {
        "win": True,
        "tree": {"size": 12, "max_length": 7, "tree": root},
        "forward_args": {"single_chain_max_step": 12, "tree_beam_size": 2},
        "compare_candidates": [[node("Action", "fares")]],
        "answer_generation": answer,
    }


SAID = [
    SYSTEM,
    USER,
    asked("fares", '{"of": "bus"}'),
    result("fares", '{"error": "", "response": ""}'),
    asked("fares", '{"of": "coach"}', "Nothing. I try coaches."),
    result("fares", "2 euros"),
    {"role": "assistant", "content": "That is it."},
    asked("Finish", ANSWER),
]
SEARCH = run(
    call(
        "fares",
        '{"of": "bus"}',
        '{"error": "", "response": ""}',
        call(
            "fares",
            '{"of": "tram"}',
            "",
            call("Finish", GIVE_UP, '{"response":"gave up"}', code=4, pruned=True, expand_num=3),
            code=11,
            expand_num=2,
        ),
        thought(
            "Nothing. I try coaches.",
            call(
                "fares",
                '{"of": "coach"}',
                "2 euros",
                thought(
                    "That is it.",
                    call(
                        "Finish", ANSWER, '{"response":"given"}', code=3, finished=True, Elo=1016.5
                    ),
                    expand_num=5,
                ),
                expand_num=4,
            ),
        ),
        expand_num=1,
    ),
    train=[SAID[:3], [*SAID[:4], HINT, SAID[4]], SAID[:7], SAID],
)


def chain(*nodes):
    """A try: its nodes in a row."""
    return {
        "chain": [{k: v for k, v in one.items() if k != "children"} for one in nodes],
        "win": False,
    }


def in_a_row(*trees):
    """The nodes of calls and thoughts, one after the other."""
    for one in trees:
        yield one
        yield from in_a_row(*one["children"])


CHAINS: dict[str, Any] = {
    "win": True,
    "try_count": 2,
    "trys": [
        chain(*in_a_row(call("Finish", GIVE_UP, "gave up", code=4, pruned=True))),
        chain(
            *in_a_row(
                thought("Let me see.", call("fares", "{}", "2 euros")),
                thought("That is it."),
                call("Finish", ANSWER, "given", code=3),
            )
        ),
    ],
    "compare_candidates": [],
    "forward_args": {"single_chain_max_step": 12, "pass_at": 2},
    "answer_generation": {
        "valid_data": True,
        "final_answer": ANSWER,
        "function": FUNCTIONS,
        "train_messages": [
            [SYSTEM, USER, asked("fares", "{}", "Let me see.")],
            [
                SYSTEM,
                USER,
                asked("fares", "{}", "Let me see."),
                result("fares", "2 euros"),
                {"role": "assistant", "content": "That is it."},
            ],
        ],
        "chain": [],
        "query": "What does a bus cost?",
    },
}


def sample():
    return json.dumps([SEARCH, CHAINS]).encode()
