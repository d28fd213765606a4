"""Anthropic's messages: every layout gives the same conversation, and it goes out as it came in."""

import json

import pytest

from tests.importers.samples_anthropic import (
    CALL,
    MARK,
    MESSAGES,
    PNG,
    REPLY,
    REQUEST,
    RESULTS,
    SYSTEM,
    USAGE,
)
from tract import Tract
from tract.store import MemoryStore

LINES = "".join(json.dumps(message) + "\n" for message in MESSAGES)
LAYOUTS = {
    "list": ("a.json", json.dumps(MESSAGES), "[1]"),
    "object": ("a.json", json.dumps({"messages": MESSAGES}), "messages[1]"),
    "lines": ("a.jsonl", LINES, "line 2"),
    "a conversation in a line": (
        "a.jsonl",
        json.dumps({"messages": MESSAGES}),
        "line 1: messages[1]",
    ),
    "a list in a line": ("a.jsonl", json.dumps(MESSAGES), "[1]"),
    "a list of conversations": ("a.json", json.dumps([{"messages": MESSAGES}]), "[0].messages[1]"),
    "a list of lists": ("a.json", json.dumps([MESSAGES]), "[0][1]"),
    "a logged call": (
        "a.json",
        json.dumps({"request": {"messages": MESSAGES}, "response": {"error": "busy"}}),
        "request.messages[1]",
    ),
    "a batch": (
        "a.jsonl",
        json.dumps({"custom_id": "1", "params": {"messages": MESSAGES}}),
        "line 1: params.messages[1]",
    ),
}


def imported(data, tmp_path, name="file.json"):
    path, store = tmp_path / name, MemoryStore()
    path.write_text(json.dumps(data), encoding="utf-8")
    report = Tract.import_(path, store)
    return report, Tract.open(store, tract="file", create=False)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_conversation(reading, layout):
    name, text, place = LAYOUTS[layout]
    read = reading(text, name)
    assert (read.format, read.bad) == ("anthropic", [])
    assert [(one.tract, one.branch) for one in read.conversations] == [("file", "main")]
    assert [m.at for m in read.only] == [0, 1, 2, 3]
    assert read.only[1].place == place
    assert [[one.content.content_type for one in m.contents] for m in read.only] == [
        ["dialogue"], ["dialogue"], ["tool_result", "tool_result", "dialogue"], ["dialogue"],
    ]  # fmt: skip


@pytest.mark.parametrize("system", [None, "You are a clerk.", SYSTEM])
def test_it_goes_out_as_it_came_in(tmp_path, system):
    """Thinking, calls, results with their errors and media, documents, marks for the cache."""
    asked = {"messages": MESSAGES} if system is None else {"system": system, "messages": MESSAGES}
    report, t = imported(asked, tmp_path)
    assert (report.format, report.bad) == ("anthropic", ())
    assert report.messages == len(MESSAGES) + (system is not None)
    with t:
        sent = t.compile(on_invalid="keep").to_anthropic(cache=False)
    assert {name: sent[name] for name in asked} == asked


def test_calls_results_and_errors_are_what_they_are(reading):
    read = reading(json.dumps(REQUEST))
    reply, answer = read.only[2].contents, read.only[3].contents
    calls = [part for part in reply[0].content.parts if part.kind == "tool_call"]
    assert [(c.id, c.name, c.arguments) for c in calls] == [
        ("toolu_1", "find", '{"order": 7}'),
        ("toolu_2", "picture", "{}"),
    ]
    assert [part.kind for part in reply[0].content.parts][:3] == ["reasoning", "reasoning", "text"]
    assert [str(one.author) for one in answer] == ["tool:find", "tool:picture", "human"]
    assert [one.content.is_error for one in answer[:2]] == [True, False]
    assert (answer[0].content.output, answer[1].content.parts[1].data) == (
        "no such order",
        PNG["data"],
    )


def test_the_system_text_comes_first_with_its_marks(reading):
    read = reading(json.dumps(REQUEST))
    system = read.only[0].contents[0]
    assert (read.only[0].place, str(system.author)) == ("system", "application")
    assert system.content.content_type == "instruction"
    assert [part.text for part in system.content.parts] == [block["text"] for block in SYSTEM]
    assert system.content.parts[1].extra == {"anthropic": {"cache_control": MARK}}
    assert read.conversations[0].metadata == {
        name: REQUEST[name] for name in ("model", "max_tokens", "tools")
    }


def test_a_whole_reply_brings_its_model_usage_and_why_it_stopped(reading):
    read = reading(json.dumps([{"role": "user", "content": "Hi"}, REPLY]))
    reply = read.only[1]
    assert reply.made_with == {"model": REPLY["model"]}
    assert str(reply.contents[0].author) == f"model:{REPLY['model']}"
    assert (reply.usage["input"], reply.usage["cache_read"], reply.usage["raw"]) == (
        127, 100, USAGE,
    )  # fmt: skip
    assert reply.metadata == {"id": "msg_1", "stop_reason": "end_turn"}
    assert reply.contents[0].content.extra == {}


def test_a_reply_alone_is_a_conversation(reading):
    assert reading(json.dumps(REPLY)).only[0].usage["output"] == 5


def test_a_logged_call_is_its_request_with_the_reply_behind_it(reading):
    read = reading("".join(json.dumps(one) + "\n" for one in (CALL, CALL)), "calls.jsonl")
    assert (read.format, read.bad) == ("anthropic", [])
    assert [one.tract for one in read.conversations] == ["file", "file/2"]
    said = read.messages["file", "main"]
    assert [m.place for m in said] == [
        "line 1: request.system", "line 1: request.messages[0]", "line 1: response",
    ]  # fmt: skip
    assert said[2].usage["output"] == 5
    assert read.conversations[0].metadata == {
        "request": {"model": "claude-sonnet-4-5"},
        "seconds": 1.5,
    }


def test_a_call_that_failed_keeps_what_came_back(reading):
    failed = {**CALL, "response": {"type": "error", "error": {"type": "overloaded_error"}}}
    read = reading(json.dumps(failed))
    assert [m.place for m in read.only] == ["request.system", "request.messages[0]"]
    assert read.conversations[0].metadata["response"] == failed["response"]


@pytest.mark.parametrize(
    ("data", "format"),
    [
        ([{"role": "user", "content": "Hi"}], "openai"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "openai"),
        ({"system": "Be kind.", "messages": [{"role": "user", "content": "Hi"}]}, "anthropic"),
        ({"system": SYSTEM, "messages": [{"role": "user", "content": "Hi"}]}, "anthropic"),
        ([{"role": "user", "content": RESULTS}], "anthropic"),
        # Marks for the cache are given to both; calls in OpenAI's form are OpenAI's.
        (
            [
                {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": MARK}]},
                {"role": "assistant", "content": None, "tool_calls": []},
            ],
            "openai",
        ),
        (
            {
                "system": "Be kind.",
                "messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}],
            },
            "openai",
        ),
    ],
)
def test_what_looks_the_same_for_both_is_told_apart_by_what_stands_beside_it(reading, data, format):
    assert reading(json.dumps(data)).format == format


def test_in_a_mixed_file_the_others_messages_are_reported(reading):
    mixed = [*MESSAGES, {"role": "tool", "tool_call_id": "a", "content": "x"}]
    read = reading(json.dumps(mixed))
    assert (read.format, len(read.only)) == ("anthropic", len(MESSAGES))
    ((place, reason),) = read.bad
    assert place == "[4]"
    assert "role" in reason


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"role": "robot", "content": "x"}, "robot"),
        ({"role": ["user"], "content": "x"}, "role"),
        ({"role": "user"}, "content"),
        ({"role": "user", "content": 7}, "content"),
        ({"role": "user", "content": [7]}, "content[0]"),
        ({"role": "user", "content": [{"type": "tool_result"}]}, "tool_use_id"),
        ({"role": "assistant", "content": [{"type": "tool_use", "id": 7}]}, "content[0].id"),
        ({"role": "user", "content": [{"type": "tool_use", "id": "a"}]}, "tool_use"),
        ({"role": "assistant", "content": [{"type": "thinking"}]}, "thinking"),
        ("hello", "message"),
        (None, "message"),
    ],
)
def test_a_bad_message_is_reported_with_place_and_reason(reading, message, says):
    read = reading(
        json.dumps({"system": SYSTEM, "messages": [message, MESSAGES[3]]}), format="anthropic"
    )
    assert [m.place for m in read.only] == ["system", "messages[1]"]
    ((place, reason),) = read.bad
    assert place == "messages[0]"
    assert says in reason


def test_a_bad_system_text_is_reported_and_the_rest_imported(reading):
    read = reading(json.dumps({"system": [7], "messages": MESSAGES}))
    assert len(read.only) == len(MESSAGES)
    assert [place for place, _ in read.bad] == ["system"]


def test_a_file_that_grows_adds_what_is_new(tmp_path):
    path, grown = tmp_path / "file.jsonl", MemoryStore()
    lines = LINES.encode().splitlines(keepends=True)
    for upto in range(1, len(lines) + 1):
        path.write_bytes(b"".join(lines[:upto]))
        assert Tract.import_(path, grown, format="anthropic").bad == ()
    at_once = MemoryStore()
    Tract.import_(path, at_once)
    with grown.read() as one, at_once.read() as other:
        assert [c.id for c in one.commits()] == [c.id for c in other.commits()]
