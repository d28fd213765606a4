"""The shorthands take what agents hold: texts, parts, tools' results, clients' objects; nothing else."""

import math
from datetime import UTC, datetime

import pytest
from anthropic.types import Message as Reply
from openai.types.chat import ChatCompletionMessage

from tract import InvalidInput, MediaPart, TextPart, ToolCall

PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {}}
REPLY = Reply.model_validate(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": "Let me look."}, USE],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
)
CALL = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}


# --- a tool's result -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ({"a": 1, "é": None}, '{"a": 1, "é": null}'),
        ([], "[]"),
        ([{"type": "text", "text": "x"}], '[{"type": "text", "text": "x"}]'),
        ((1, 2.5), "[1, 2.5]"),
        (7, "7"),
        (2**80, str(2**80)),
        (False, "false"),
        ({}, "{}"),
    ],
)
def test_a_result_of_any_json_value_is_its_text(t, output, text):
    t.assistant(tool_calls=[ToolCall("c1", "look_up")])
    commit = t.tool_result("c1", output, name="look_up")
    assert t.show(commit).content.output == text
    assert t.compile().to_openai()["messages"][1]["content"] == text


def test_a_result_of_parts_keeps_them(t):
    parts = [TextPart("see"), MediaPart("image", url="https://example.org/a.png")]
    content = t.show(t.tool_result("c1", parts)).content
    assert content.parts == tuple(parts)


@pytest.mark.parametrize(
    "output",
    [
        None,
        b"x",
        {"x": b"y"},
        {1, 2},
        math.nan,
        [math.inf],
        datetime(2026, 1, 1, tzinfo=UTC),
        object(),
        {(1,): 2},
    ],
    ids=lambda output: type(output).__name__,
)
def test_a_result_that_is_no_json_is_refused_with_the_way_out(t, output):
    with pytest.raises(InvalidInput, match=r"^output is ") as caught:
        t.tool_result("c1", output)
    assert caught.value.hint
    assert t.head is None


# --- what is said ----------------------------------------------------------------------------


def test_parts_are_read_as_those_of_a_committed_message(t):
    said = [{"type": "text", "text": "What is this?"}, PICTURE]
    short = t.user(said, name="ada")
    long = t.commit({"role": "user", "content": said, "name": "ada"})
    assert t.show(short).content == t.show(long).content
    system = t.show(t.system([{"type": "text", "text": "Be brief."}]))
    assert (system.content.content_type, system.text) == ("instruction", "Be brief.")
    marked = {"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}
    assert t.show(t.system([marked])).content.parts[0].extra == {
        "anthropic": {"cache_control": {"type": "ephemeral"}}
    }


def test_parts_of_ours_and_of_a_provider_stand_in_their_order(t):
    ours = MediaPart("image", url="https://example.org/b.png")
    content = t.show(t.user([PICTURE, ours, {"type": "text", "text": "Which?"}])).content
    assert content.parts == (
        MediaPart("image", url="https://example.org/a.png"),
        ours,
        TextPart("Which?"),
    )


def test_a_reply_of_blocks_keeps_its_calls(t):
    content = t.show(t.assistant(REPLY.content, reasoning="Hm.")).content
    assert [part.kind for part in content.parts] == ["reasoning", "text", "tool_call"]
    again = t.show(t.assistant([TextPart("x")], tool_calls=[ToolCall("c1", "f")])).content
    assert (again.parts, again.tool_calls) == ((TextPart("x"),), (ToolCall("c1", "f"),))


@pytest.mark.parametrize("given", [None, b"x", 5, [], {"type": "text", "text": "x"}, REPLY])
@pytest.mark.parametrize("role", ["system", "user"])
def test_what_is_neither_text_nor_parts_is_refused_with_what_to_give(t, role, given):
    with pytest.raises(InvalidInput, match="neither text nor parts") as caught:
        getattr(t, role)(given)
    assert "Give a text" in (caught.value.hint or "")
    assert t.head is None


@pytest.mark.parametrize("given", [b"x", 5, [], {}, [b"x"], [None]])
def test_a_reply_that_is_neither_is_refused(t, given):
    with pytest.raises(InvalidInput) as caught:
        t.assistant(given)
    assert caught.value.hint
    assert t.head is None


def test_a_reply_of_nothing_at_all_is_refused(t):
    with pytest.raises(InvalidInput, match="says nothing") as caught:
        t.assistant()
    assert caught.value.hint
    assert t.assistant(reasoning="Hm.").role == "assistant"


def test_a_tools_result_among_parts_is_sent_where_it_belongs(t):
    answer = {"type": "tool_result", "tool_use_id": "a", "content": "7"}
    for said in ([answer], [{"type": "text", "text": "x"}, answer], [answer, answer]):
        with pytest.raises(InvalidInput) as caught:
            t.user(said)
        assert caught.value.kind == "several_contents"
        assert "tool_result(" in (caught.value.hint or "")
    assert t.head is None


def test_an_empty_text_is_kept_in_history_and_left_out_of_the_context(t):
    commits = [t.system(""), t.user(""), t.assistant("")]
    assert [t.show(commit).text for commit in commits] == ["", "", ""]
    context = t.compile()
    assert context.messages == ()
    assert [repair.commit for repair in context.repairs] == [commit.id for commit in commits]


# --- clients' objects ------------------------------------------------------------------------


def test_replies_are_committed_as_their_clients_give_them(t):
    t.user("What time is it?")
    t.commit(REPLY)
    t.extend(
        [{"role": "user", "content": [{**USE, "type": "tool_result", "tool_use_id": "toolu_1"}]}]
    )
    t.commit({"role": "assistant", "content": REPLY.content[:1]})
    said = ChatCompletionMessage.model_validate({"role": "assistant", "tool_calls": [CALL]})
    first, _ = t.extend([said, {"role": "tool", "tool_call_id": "c1", "content": "12:00"}])
    assert t.show(first).content.tool_calls == (ToolCall("c1", "clock", "{}"),)
    context = t.compile()
    for provider in ("openai", "anthropic"):
        assert context.check(provider) == []
    sent = context.to_anthropic(cache=False)["messages"]
    assert sent[1] == {"role": "assistant", "content": [REPLY.content[0].to_dict(), USE]}


@pytest.mark.parametrize("given", [REPLY, Reply, b"x", "x", {"role": "user"}, 5, None], ids=str)
def test_what_is_no_list_cannot_extend(t, given):
    with pytest.raises(InvalidInput, match="no list") as caught:
        t.extend(given)
    assert caught.value.hint
    assert t.head is None


def test_an_object_that_is_no_message_is_refused(t):
    for given in (REPLY.usage, Reply, object()):
        with pytest.raises(InvalidInput) as caught:
            t.commit(given)
        assert caught.value.hint
    with pytest.raises(InvalidInput, match="message 1: Usage is no message"):
        t.extend([{"role": "user", "content": "x"}, REPLY.usage])
    assert t.head is None
