"""ShareGPT lists: who speaks in them, how calls find their results, and what else they say."""

import json

import pytest

from tests.importers.samples_sharegpt import ASKED, BOTH, CALL, HERMES, PLAIN, TOOLS
from tract import Tract
from tract.store import MemoryStore


def turn(who, value, **more):
    return {"from": who, "value": value, **more}


def told(read):
    """Who said what: the author, the type, and the text."""
    return [
        (str(one.author), one.content.content_type, one.content.text)
        for message in read.only
        for one in message.contents
    ]


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("a.json", json.dumps([PLAIN]), "[0].conversation[1]"),
        ("a.json", json.dumps(PLAIN), "conversation[1]"),
        ("a.jsonl", json.dumps(PLAIN) + "\n", "line 1: conversation[1]"),
        ("a.json", json.dumps(PLAIN["conversation"]), "[1]"),
        ("a.json", json.dumps([PLAIN["conversation"]]), "[0][1]"),
        ("a.jsonl", json.dumps(PLAIN["conversation"]), "[1]"),
        ("a.jsonl", json.dumps([PLAIN]), "[0].conversation[1]"),
        ("a.json", json.dumps({"messages": PLAIN["conversation"]}), "messages[1]"),
    ],
)
def test_every_layout_gives_the_same_conversation(reading, name, data, place):
    read = reading(data, name)
    assert (read.format, read.bad) == ("sharegpt", [])
    assert told(read) == [("human", "dialogue", "Hi"), ("model", "dialogue", "Hello!")]
    assert [(one.tract, one.branch) for one in read.conversations] == [("file", "main")]
    assert [m.at for m in read.only] == [0, 1]
    assert read.only[1].place == place


def test_calls_get_ids_by_their_place_and_results_answer_the_oldest_open_one(reading):
    read = reading(json.dumps(ASKED))
    contents = [one.content for message in read.only for one in message.contents]
    calls = [call for c in contents for call in getattr(c, "tool_calls", ())]
    assert [(c.id, c.name, json.loads(c.arguments)) for c in calls] == [
        ("call_2", "find", {"order": 7}),
        ("call_6_0", "find", {}),
        ("call_6_1", "sky", {"at": "x"}),
    ]
    results = [c for c in contents if c.content_type == "tool_result"]
    assert [(c.call_id, c.name, c.output) for c in results] == [
        ("call_2", "find", "shipped"),
        ("call_6_0", "find", ""),
        ("call_6_1", "sky", "blue"),
    ]


def test_what_stands_beside_the_turns_is_kept(reading):
    read = reading(json.dumps(ASKED))
    assert told(read)[0] == ("application", "instruction", "You are a clerk.")
    assert read.only[0].place == "system"
    assert read.conversations[0].metadata == {"id": "a1", "tools": TOOLS}
    assert [m.metadata for m in read.only if m.metadata] == [{"weight": 1}, {"loss": False}]


def test_calls_that_are_written_into_text_stay_text(reading):
    read = reading(json.dumps(HERMES))
    assert [(who, kind) for who, kind, _ in told(read)] == [
        ("application", "instruction"),
        ("human", "dialogue"),
        ("model:hermes-3", "dialogue"),
        ("tool", "dialogue"),
        ("model:hermes-3", "dialogue"),
    ]
    assert told(read)[3][2] == "<tool_response>\nshipped\n</tool_response>"
    assert [m.contents[0].content.role for m in read.only[1:]] == [
        "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert [m.metadata for m in read.only][3:] == [{"from": "tool"}, {"from": "chatgpt"}]


@pytest.mark.parametrize(
    "value", ["<function=ls></function>", '{"call": "x"}', "[]", "7", "\ud800"]
)
def test_a_call_that_cannot_be_understood_stays_text(reading, value):
    said = [turn("human", "x"), turn("function_call", value), turn("observation", "y")]
    read = reading(json.dumps(said))
    assert [text for _, _, text in told(read)] == ["x", value, "y"]
    assert read.only[1].metadata == {"from": "function_call"}
    assert [who for who, _, _ in told(read)] == ["human", "model", "tool"]


def test_a_call_may_be_given_as_an_object(reading):
    said = [turn("human", "x"), turn("function_call", {"name": "f", "arguments": "{"})]
    (call,) = reading(json.dumps(said)).only[1].contents[0].content.tool_calls
    assert (call.name, call.arguments) == ("f", "{")


def test_a_result_does_not_answer_a_call_from_before_the_last_question(reading):
    said = [
        turn("human", "x"), turn("function_call", CALL), turn("human", "never mind"),
        turn("observation", "late"),
    ]  # fmt: skip
    assert told(reading(json.dumps(said)))[-1] == ("tool", "dialogue", "late")


def test_turns_with_the_fields_of_messages_are_read(reading):
    said = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    read = reading(json.dumps({"conversations": said}))
    assert read.format == "sharegpt"
    assert [text for _, _, text in told(read)] == ["x", "y"]
    assert reading(json.dumps({"messages": said})).format == "openai"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (turn("robot", "x"), "robot"),
        (turn(None, "x"), "from"),
        ({"value": "x"}, "role"),
        (turn("human", None), "value"),
        (turn("gpt", 7), "value"),
        (turn("gpt", {"a": 1}), "value"),
        (turn("human", [7]), "content[0]"),
        ("hello", "turn"),
        (None, "turn"),
        ([], "turn"),
    ],
)
def test_a_bad_turn_is_reported_with_place_and_reason(reading, bad, says):
    read = reading(json.dumps({"conversations": [turn("human", "a"), bad, turn("gpt", "b")]}))
    assert [text for _, _, text in told(read)] == ["a", "b"]
    assert [m.at for m in read.only] == [0, 2]
    ((place, reason),) = read.bad
    assert place == "conversations[1]"
    assert says in reason


def test_a_broken_conversation_does_not_rename_the_others(reading):
    lines = [
        json.dumps(PLAIN),
        "{broken",
        '{"conversations": []}',
        '{"a": 1}',
        "5",
        json.dumps(PLAIN),
    ]
    read = reading("\n".join(lines), "a.jsonl", counted=True)
    assert [one.tract for one in read.conversations] == ["file", "file/6"]
    assert [place for place, _ in read.bad] == ["line 2", "line 3", "line 4", "line 5"]
    assert read.conversations[0].expected == 6


def test_a_file_that_grows_adds_what_is_new_and_every_tip_can_be_sent(tmp_path):
    path, store = tmp_path / "chats.jsonl", MemoryStore()
    added = []
    for upto in (1, 2, 3, 3):
        path.write_text("".join(json.dumps(c) + "\n" for c in (ASKED, HERMES, PLAIN)[:upto]))
        report = Tract.import_(path, store)
        assert (report.format, report.bad) == ("sharegpt", ())
        added.append(report.added)
    assert added == [10, 5, 2, 0]
    with Tract.open(store, tract="chats", create=False) as t:
        context = t.compile()
        sent = context.to_openai()["messages"]
    assert context.repairs == ()
    assert [m["role"] for m in sent] == [
        "system", "user", "assistant", "tool", "assistant", "user", "assistant", "tool", "tool",
        "assistant",
    ]  # fmt: skip
    assert [c["function"]["name"] for c in sent[6]["tool_calls"]] == [
        c["name"] for c in json.loads(BOTH)
    ]
