"""Files that were damaged at random: whatever is in them, the answer is ours and the store stays whole."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tract import Tract, TractError
from tract.store import MemoryStore

CHAT = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": [{"type": "text", "text": "u"}], "name": "ada"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
        "timestamp": 1715785200,
        "model": "m",
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    },
    {"role": "tool", "tool_call_id": "c1", "content": ""},
    {"role": "assistant", "content": "a", "refusal": None},
]
FILES = {
    "chat.json": json.dumps({"messages": CHAT, "model": "m"}),
    "chat.jsonl": "".join(json.dumps(message) + "\n" for message in CHAT),
    "many.jsonl": "".join(json.dumps({"messages": CHAT[:n]}) + "\n" for n in (2, 5)),
    "runs.json": json.dumps([{"task_id": n, "trial": 0, "traj": CHAT[: n + 3]} for n in range(3)]),
}
SCRAPS = [
    b"", b"null", b"[]", b"{}", b"7", b"-1e999", b"NaN", b'"\\ud800"', b'"x"', b"true", b"\xff", b"\n", b"\r",
    b"[" * 40, b'{"role":', b'"role": "robot"', b'"content": 3', b"9" * 30, b",", b":", b"]", b"}", b"\\u0000",
]  # fmt: skip

cuts = st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(SCRAPS))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["user", "tool"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["role", "content", "tool_calls", "function", "id", "name", "type", "text",
                         "arguments", "messages", "traj", "task_id", "tool_call_id", "usage"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


def imported(path):
    """Import twice into one store, and check what must hold whatever the file says."""
    store = MemoryStore()
    try:
        first = Tract.import_(path, store)
    except TractError as refused:
        if not (refused.kind and refused.hint and "\n" not in str(refused)):
            raise
        return
    again = Tract.import_(path, store)
    assert (again.added, again.messages, again.bad) == (0, first.messages, first.bad)
    for tract, branch in first.branches:
        with Tract.open(store, tract=tract, branch=branch, create=False) as t:
            assert t.entries()
            assert t.compile().check("openai") == []
            assert t.verify().ok


@given(st.sampled_from(sorted(FILES)), st.lists(cuts, min_size=1, max_size=4))
def test_damaged_bytes_never_end_in_anything_but_an_answer(tmp_path_factory, name, changes):
    data = FILES[name].encode()
    for share, length, scrap in changes:
        at = int(share * len(data))
        data = data[:at] + scrap + data[at + length :]
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(data)
    imported(path)


@given(st.sampled_from(["a.json", "a.jsonl"]), st.lists(values, max_size=4))
def test_any_json_is_imported_or_explained(tmp_path_factory, name, items):
    text = json.dumps(items) if name == "a.json" else "\n".join(map(json.dumps, items))
    path = tmp_path_factory.mktemp("any") / name
    path.write_text(text, encoding="utf-8")
    imported(path)
