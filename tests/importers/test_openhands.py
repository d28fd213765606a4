"""Logs of OpenHands: what was sent and what came back, with its tokens and its price."""

import json

import pytest

from tests.importers.samples_openhands import (
    ASKED,
    AT,
    SENT,
    TOOL,
    USAGE,
    log,
    mocked,
    older,
    response,
)
from tract import Tract
from tract.store import MemoryStore

MODEL = "litellm_proxy/claude-sonnet-4"
FIGURES = ("input", "output", "cache_read", "cache_write", "cost", "raw")


def reply_of(read, branch="main"):
    return read.messages["file", branch][-1]


def test_the_request_and_the_reply_are_a_conversation(reading):
    read = reading(json.dumps(log()))
    assert (read.format, read.bad) == ("openhands", [])
    assert [(one.tract, one.branch) for one in read.conversations] == [("file", "main")]
    assert [(m.place, m.at) for m in read.only] == [
        ("messages[0]", 0), ("messages[1]", 1), ("messages[2]", 2), ("messages[3]", 3),
        ("response", AT),
    ]  # fmt: skip
    assert [str(one.author) for m in read.only for one in m.contents] == [
        "application", "human", f"model:{MODEL}", "tool:terminal", f"model:{MODEL}",
    ]  # fmt: skip


def test_tokens_and_cost_are_recorded_with_the_reply(reading):
    reply = reply_of(reading(json.dumps(log())))
    assert tuple(reply.usage[name] for name in FIGURES) == (120, 30, 100, 7, 0.0125, USAGE)
    assert reply.made_with == {"model": MODEL}


def test_what_the_log_says_beside_is_kept_and_tools_only_once(reading):
    read = reading(json.dumps(log()))
    assert read.conversations[0].metadata == {
        "tools": [TOOL],
        "kwargs": {"temperature": 0.0},
        "context_window": 200000,
        "cost": 0.0125,
        "timestamp": 1757015025.5,
        "latency_sec": 4.5,
    }
    assert reply_of(read).metadata == {
        "response": {"id": "chatcmpl-1", "created": 1757015024, "object": "chat.completion"},
        "choice": {"finish_reason": "tool_calls"},
    }


def test_other_tools_in_the_settings_are_kept_too(reading):
    kwargs = {"tools": [], "stop": ["</function"]}
    assert reading(json.dumps(log(kwargs=kwargs))).conversations[0].metadata["kwargs"] == kwargs


def test_fields_that_only_a_reply_has_do_not_go_out_again(tmp_path):
    path, store = tmp_path / "file.json", MemoryStore()
    path.write_text(json.dumps(log()), encoding="utf-8")
    assert Tract.import_(path, store).bad == ()
    with Tract.open(store, tract="file", create=False) as t:
        assert t.show(t.log(1)[0]).usage[0]["cost"] == 0.0125
        sent = t.compile(pending="stub", on_invalid="keep").to_openai()["messages"]
    assert sent[: len(ASKED)] == ASKED
    call = {"name": "terminal", "arguments": '{"command": "touch hello.py"}'}
    assert sent[len(ASKED)] == {
        "role": "assistant",
        "content": "I write it.",
        "tool_calls": [{"id": "c2", "type": "function", "function": call}],
    }


def test_without_function_calling_both_forms_are_branches_and_the_call_is_paid_once(reading):
    read = reading(json.dumps(mocked()))
    assert [(one.tract, one.branch) for one in read.conversations] == [
        ("file", "main"), ("file", "native"),
    ]  # fmt: skip
    main, native = read.messages["file", "main"], read.messages["file", "native"]
    assert [m.place for m in main] == ["messages[0]", "messages[1]", "response"]
    assert main[1].contents[0].content.text == SENT[1]["content"]
    assert [m.place for m in native] == [*(f"raw_messages[{n}]" for n in range(4)), "response"]
    assert native[-1].contents == main[-1].contents
    assert (main[-1].usage["cost"], native[-1].usage) == (0.0125, None)
    raw = main[-1].metadata["raw_response"]
    assert raw["choices"][0]["message"]["content"] == "I write it. <function=terminal>"


def test_logs_of_the_first_generation_are_read_as_well(reading):
    read = reading(json.dumps(older()))
    assert (read.format, len(read.only), read.only[-1].at) == ("openhands", 5, AT)
    assert read.conversations[0].metadata["tools"] == [TOOL]
    assert read.conversations[0].metadata["kwargs"] == {"stop": ["</function"]}
    read = reading(json.dumps(older(mocked=True)))
    main, native = read.messages["file", "main"], read.messages["file", "native"]
    assert [m.place for m in native[-2:]] == ["fncall_messages[3]", "fncall_response"]
    assert main[-1].contents[0].content.text == "I write it. <function=terminal>"
    assert native[-1].contents[0].content.tool_calls[0].id == "c2"
    assert [m.usage is None for m in (main[-1], native[-1])] == [False, True]


def test_thinking_is_part_of_the_reply_with_its_signature(reading):
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
    ]
    told = log(response=response(thinking_blocks=blocks, reasoning_content="Hm."))
    content = reply_of(reading(json.dumps(told))).contents[0].content
    assert [(p.kind, p.text) for p in content.parts] == [
        ("reasoning", "Hm."), ("reasoning", ""), ("text", "I write it."),
    ]  # fmt: skip
    thought, sealed, _ = content.parts
    assert (thought.provider, thought.signature, sealed.encrypted) == (
        "anthropic", "c2ln", "c2VhbGVk",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "thought", "kept"),
    [
        ({"reasoning_content": "Hm."}, "Hm.", {}),
        ({"reasoning_content": "", "thinking_blocks": []}, None, {}),
        ({"thinking_blocks": [7]}, None, {"thinking_blocks": [7]}),
        ({"thinking_blocks": "x"}, None, {"thinking_blocks": "x"}),
        ({"reasoning_content": 7}, None, {"reasoning_content": 7}),
    ],
)
def test_thinking_in_other_forms_is_kept(reading, fields, thought, kept):
    reply = reply_of(reading(json.dumps(log(response=response(**fields)))))
    found = [p.text for p in reply.contents[0].content.parts if p.kind == "reasoning"]
    assert found == ([] if thought is None else [thought])
    assert kept.items() <= reply.metadata.items()


def test_the_logs_of_a_run_share_what_they_sent(tmp_path):
    store = MemoryStore()
    for name, messages in (("1", ASKED[:2]), ("2", ASKED)):
        (tmp_path / f"{name}.json").write_text(json.dumps(log(messages)), encoding="utf-8")
        assert Tract.import_(tmp_path / f"{name}.json", store).bad == ()
    # What was sent has the same ids in both; the replies stand after different requests.
    with store.read() as reader:
        assert sum(1 for _ in reader.commits()) == 2 + 1 + 2 + 1


def test_several_logs_in_a_file_are_several_tracts(reading):
    lines = [json.dumps(log()), "{broken", json.dumps(mocked())]
    read = reading("\n".join(lines), "logs.jsonl")
    assert [(one.tract, one.branch) for one in read.conversations] == [
        ("file", "main"), ("file/3", "main"), ("file/3", "native"),
    ]  # fmt: skip
    assert [place for place, _ in read.bad] == ["line 2"]
    listed = reading(json.dumps([log(), older()]))
    assert [one.tract for one in listed.conversations] == ["file", "file/2"]
    assert listed.messages["file/2", "main"][-1].place == "[1].response"


def test_further_choices_are_kept(reading):
    told = log()
    told["response"]["choices"].append({"index": 1, "message": {"content": "Or so."}})
    others = reply_of(reading(json.dumps(told))).metadata["other_choices"]
    assert others == [{"index": 1, "message": {"content": "Or so."}}]


@pytest.mark.parametrize(
    ("fields", "cost", "at"),
    [
        ({"cost": None}, None, AT),
        ({"cost": -1}, None, AT),
        ({"cost": "much"}, None, AT),
        ({"timestamp": None}, 0.0125, 1757015024_000000),
        ({"timestamp": "2025-09-04T19:43:45.5Z"}, 0.0125, AT),
    ],
)
def test_an_odd_cost_or_time_does_not_cost_the_reply(reading, fields, cost, at):
    reply = reply_of(reading(json.dumps(log(**fields))))
    assert reply.usage["input"] == 120
    assert (reply.usage.get("cost"), reply.at) == (cost, at)


def test_usage_that_is_none_is_kept_as_it_was(reading):
    told = log()
    told["response"]["usage"] = {"prompt_tokens": -1}
    reply = reply_of(reading(json.dumps(told)))
    assert (reply.usage, reply.metadata["usage"]) == (None, {"prompt_tokens": -1})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, "null"),
        ("x", "a text"),
        ({}, "choices"),
        ({"choices": []}, "choices"),
        ({"choices": ["x"]}, "choices"),
        ({"choices": [{}]}, "message"),
        ({"choices": [{"message": {"tool_calls": [{}]}}]}, "tool_calls[0].id"),
        ({"choices": [{"message": {"role": "robot"}}]}, "robot"),
    ],
)
def test_a_reply_that_cannot_be_read_is_reported_and_the_request_imported(reading, answer, says):
    read = reading(json.dumps(log(response=answer)), format="openhands")
    assert len(read.only) == len(ASKED)
    ((place, reason),) = read.bad
    assert place == "response"
    assert says in reason


def test_a_bad_message_is_reported_with_place_and_reason(reading):
    read = reading(json.dumps(log([ASKED[0], 7, {"role": "robot", "content": "x"}])))
    assert [m.place for m in read.only] == ["messages[0]", "response"]
    assert [place for place, _ in read.bad] == ["messages[1]", "messages[2]"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "a list"),
        ({"response": {}}, "missing"),
        ({"messages": 7}, "a number"),
        ({"messages": []}, "no messages"),
    ],
)
def test_what_is_no_log_is_reported(reading, data, says):
    read = reading(json.dumps(data), format="openhands")
    assert read.conversations == []
    ((place, reason),) = read.bad
    assert place == "the document"
    assert says in reason


def test_a_request_alone_is_openais(reading):
    assert reading(json.dumps({"messages": ASKED, "cost": 1})).format == "openai"
