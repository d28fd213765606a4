"""Anthropic messages that are read, stored and rendered again are the same messages."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.samples import PNG, again, conversation, stored
from tract.formats import from_conversation, from_wire, to_wire
from tract.objects import (
    DialogueContent,
    InstructionContent,
    MediaPart,
    OpaquePart,
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolResultContent,
)

USE = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {"zone": "UTC"}}
THINKING = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
TEXT = {"type": "text", "text": "hello"}
WHOLE: list[dict[str, Any]] = [
    {"role": "user", "content": "hello"},
    {"role": "user", "content": [TEXT]},
    {"role": "user", "content": [{**TEXT, "cache_control": {"type": "ephemeral"}}, TEXT]},
    {
        "role": "user",
        "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
            {"type": "image", "source": {"type": "file", "file_id": "file_1"}, "later": {"x": 1}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                "title": "Report",
                "citations": {"enabled": True},
            },
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "é\n"},
                "context": "An aside.",
            },
            {"type": "document", "source": {"type": "content", "content": [TEXT]}, "title": "T"},
            {"type": "search_result", "source": "x", "title": "y", "content": [TEXT]},
            {"type": "hologram", "depth": 3},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "7", "is_error": False},
            {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True},
            {"type": "tool_result", "tool_use_id": "toolu_3", "content": ""},
            {"type": "tool_result", "tool_use_id": "toolu_4", "content": []},
            {
                "type": "tool_result",
                "tool_use_id": "toolu_5",
                "content": [
                    TEXT,
                    {"type": "image", "source": {"type": "url", "url": "https://example.org/a"}},
                    {"type": "tool_reference", "tool_name": "clock"},
                ],
                "cache_control": {"type": "ephemeral", "ttl": "1h"},
            },
            {"type": "text", "text": "Go on."},
        ],
    },
    {"role": "assistant", "content": "hello"},
    {"role": "assistant", "content": [TEXT, USE]},
    {"role": "assistant", "content": [{"type": "text", "text": "hello  \n"}, USE]},
    {
        "role": "assistant",
        "content": [
            THINKING,
            {"type": "redacted_thinking", "data": "c2VhbGVk"},
            {"type": "thinking", "thinking": "", "signature": "sig2"},
            {"type": "text", "text": "See.", "citations": [{"type": "char_location", "n": 1}]},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            THINKING,
            {**USE, "caller": {"type": "direct"}},
            {**USE, "id": "toolu_2", "input": {}},
        ],
    },
]


def alone(message: dict[str, Any]) -> list[Any]:
    """What comes of one message where nothing is put before it."""
    opener = [] if message["role"] == "user" else [{"role": "user", "content": "(continued)"}]
    return [*opener, message]


@pytest.mark.parametrize("message", WHOLE, ids=str)
def test_a_message_comes_out_as_it_went_in(message: dict[str, Any]) -> None:
    assert again(message, "anthropic") == alone(message)
    assert again(message, "anthropic", repair=False) == [message]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": []},
        {"role": "user", "content": [{"type": "text", "text": " "}]},
        {"role": "assistant", "content": "hello \n"},
        {"role": "assistant", "content": [{"type": "text", "text": ""}, USE]},
        {"role": "assistant", "content": [{**THINKING, "signature": ""}, TEXT]},
        {"role": "assistant", "content": [{**USE, "input": "broken"}]},
        {"role": "assistant", "content": [{**USE, "id": "call.1", "name": "a.b"}]},
        {"role": "system", "content": [TEXT, TEXT]},
        {"role": "user", "content": [TEXT], "later": 1},
        {"role": "user", "content": [{**TEXT, "citations": None}]},
        {"role": "user", "content": [{"type": "hologram", "depth": None}]},
    ],
    ids=str,
)
def test_a_message_that_would_be_refused_comes_out_unmended_on_demand(
    message: dict[str, Any],
) -> None:
    read = stored(
        [*from_wire({"role": "user", "content": "first"}), *from_wire(message, "anthropic")]
    )
    [first, *found] = to_wire(read, "anthropic", cache=False, repair=False).params["messages"]
    assert first == {"role": "user", "content": "first"}
    assert found == [message]


def test_a_conversation_comes_out_as_it_went_in() -> None:
    answer = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1"}, TEXT]}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": [THINKING, TEXT, USE]},
        answer,
        {"role": "assistant", "content": "12:00"},
    ]
    for system in ("Be brief.", [TEXT, {**TEXT, "cache_control": {"type": "ephemeral"}}]):
        assert conversation(messages, "anthropic", system) == {
            "system": system,
            "messages": messages,
        }


def test_fields_beside_results_come_out_as_they_went_in_on_demand() -> None:
    message = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}], "later": 1}
    assert again(message, "anthropic", repair=False) == [message]
    assert again(message, "anthropic")[0].keys() == {"role", "content"}


def test_fields_that_say_nothing_are_not_sent_back() -> None:
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "7"}
    blocks: list[dict[str, Any]] = [
        TEXT,
        USE,
        {"type": "server_tool_use", "id": "s", "name": "w", "input": {"q": None}},
    ]
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": [{**block, "caller": None} for block in blocks]},
        {"role": "user", "content": [{**result, "is_error": None, "cache_control": None}]},
    ]
    assert conversation(messages, "anthropic")["messages"] == [
        messages[0],
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": [result]},
    ]


def test_a_reply_is_sent_back_without_what_it_says_of_itself() -> None:
    reply = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [TEXT],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1},
    }
    [content] = from_wire(reply)
    assert isinstance(content, DialogueContent)
    assert content.extra == {}
    assert again(reply, "anthropic") == alone({"role": "assistant", "content": [TEXT]})


def test_recorded_conversations_come_out_as_they_went_in(shared_data: Path) -> None:
    paths = sorted((shared_data / "claude-code").glob("*.jsonl"))
    if not paths:
        pytest.skip("the Claude Code sessions are not among the shared data")
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            message = json.loads(line).get("message")
            if message:
                sent = {key: message[key] for key in ("role", "content")}
                assert again(message, "anthropic") == alone(sent)


# --- messages nobody thought of --------------------------------------------------------------

TEXTS = st.text(max_size=9).map(lambda text: f"{text}.")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
LATER = st.dictionaries(st.sampled_from(["later", "more"]), st.booleans() | TEXTS, max_size=2)


def block(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    fixed = {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in fields.items()}
    return st.builds(lambda later, known: {**later, **known}, LATER, st.fixed_dictionaries(fixed))


TEXT_BLOCKS = block(type="text", text=TEXTS)
SOURCES = st.one_of(
    block(type="url", url=st.sampled_from(["https://e.org/a", "ftp://e.org/a"])),
    block(type="file", file_id=TEXTS),
    block(type="text", media_type=st.sampled_from(["text/plain", "text/x"]), data=TEXTS),
    block(type="later"),
)
INLINE = block(type="base64", media_type="image/png", data=st.just(PNG))
MEDIA = st.one_of(
    block(type=st.sampled_from(["image", "document"]), source=SOURCES),
    block(type="image", source=INLINE),
)
USER_BLOCKS = st.one_of(TEXT_BLOCKS, MEDIA, block(type="hologram"))
RESULT_BLOCKS = st.one_of(
    block(type="tool_result", tool_use_id=st.sampled_from(["a", "b"])),
    block(
        type="tool_result",
        tool_use_id=st.sampled_from(["a", "b"]),
        content=st.text(max_size=5) | st.lists(USER_BLOCKS, max_size=2),
        is_error=st.booleans(),
    ),
)


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = (f"toolu_{number}" for number in range(100))
    messages: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 6))):
        if number % 2:
            uses = block(
                type="tool_use", name=st.just("t"), input=st.dictionaries(TEXTS, JSON, max_size=2)
            ).map(lambda use: {**use, "id": next(ids)})
            thinking = block(type="thinking", thinking=st.text(max_size=5), signature=TEXTS)
            blocks = st.lists(
                TEXT_BLOCKS | uses | thinking | block(type="redacted_thinking", data=TEXTS),
                min_size=1,
                max_size=4,
            )
            messages.append({"role": "assistant", "content": draw(TEXTS | blocks)})
        else:
            results = draw(st.lists(RESULT_BLOCKS, max_size=2)) if number else []
            others = draw(st.lists(USER_BLOCKS, min_size=not results, max_size=3))
            either = TEXTS | st.just([*results, *others])
            messages.append({"role": "user", "content": draw(either)})
    return messages


@given(conversations(), st.none() | TEXTS | st.lists(TEXT_BLOCKS, min_size=1, max_size=2))
def test_any_conversation_comes_out_as_it_went_in(
    messages: list[dict[str, Any]], system: Any
) -> None:
    read = stored(from_conversation(messages, "anthropic", system))
    params = to_wire(read, "anthropic", cache=False).params
    expected: dict[str, Any] = {"messages": messages}
    if system is not None:
        expected["system"] = system
    # As text, where 1, 1.0 and true differ.
    assert json.dumps(params, sort_keys=True) == json.dumps(expected, sort_keys=True)


ODD_MEDIA: list[dict[str, Any]] = [
    {"type": "image", "source": "https://example.org/odd.png"},
    {"type": "image", "source": {"type": "url", "url": 7}},
    {"type": "image", "source": {"type": "base64", "media_type": "image/x", "data": PNG}},
    {"type": "document", "source": {"type": "file"}},
    {"type": "document"},
]


@pytest.mark.parametrize("odd", ODD_MEDIA)
@pytest.mark.parametrize("result", [False, True])
def test_media_that_would_be_refused_are_left_out_and_kept_where_nothing_is_mended(
    odd: dict[str, Any], result: bool
) -> None:
    said = {"type": "text", "text": "Look:"}
    blocks = [said, odd]
    message: dict[str, Any] = {"role": "user", "content": blocks}
    mended: dict[str, Any] = {"role": "user", "content": [said]}
    if result:
        wrapped = {"type": "tool_result", "tool_use_id": "toolu_1"}
        message = {"role": "user", "content": [{**wrapped, "content": blocks}]}
        mended = {"role": "user", "content": [{**wrapped, "content": [said]}]}
    read = stored(from_wire(message))
    assert to_wire(read, "anthropic", cache=False, repair=False).params["messages"] == [message]
    wire = to_wire(read, "anthropic", cache=False)
    assert wire.params["messages"] == [mended]
    assert "opaque_left_out" in {notice.rule for notice in wire.notices}


# --- what the blocks come to -----------------------------------------------------------------


def test_results_are_contents_of_their_own_and_the_rest_is_one_more() -> None:
    contents = from_wire(WHOLE[4])
    assert [content.content_type for content in contents] == ["tool_result"] * 5 + ["dialogue"]
    first, second = contents[:2]
    assert isinstance(first, ToolResultContent)
    assert isinstance(second, ToolResultContent)
    assert (first.call_id, first.output, first.is_error) == ("toolu_1", "7", False)
    assert (second.output, second.is_error) == (None, True)


def test_text_before_a_result_follows_it() -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "7"}
    contents = from_wire({"role": "user", "content": [TEXT, result]})
    assert [content.content_type for content in contents] == ["tool_result", "dialogue"]


def test_blocks_come_to_what_the_model_calls_them() -> None:
    [content] = from_wire(WHOLE[-1])
    assert isinstance(content, DialogueContent)
    kinds = [type(part) for part in content.parts]
    assert kinds == [
        *[ReasoningPart] * 3,
        TextPart,
        OpaquePart,
        OpaquePart,
        ReasoningPart,
        ToolCall,
        ToolCall,
    ]
    assert content.parts[0] == ReasoningPart("Hm.", "anthropic", "sig")
    assert content.parts[1] == ReasoningPart(provider="anthropic", encrypted="c2VhbGVk")
    assert content.parts[-1] == ToolCall("toolu_2", "clock", "{}")
    [media] = from_wire(WHOLE[3])
    assert isinstance(media, DialogueContent)
    assert media.parts[0] == MediaPart("image", "image/png", PNG)
    assert (media.parts[1].url, media.parts[2].file_id) == ("https://example.org/a.png", "file_1")
    assert (media.parts[3].kind, media.parts[3].name) == ("file", "Report")
    assert (media.parts[4].kind, media.parts[4].media_type) == ("file", "text/plain")


def test_system_text_beside_the_messages_comes_first() -> None:
    contents = from_conversation([{"role": "user", "content": "hi"}], system="Be brief.")
    assert contents[0] == InstructionContent(text="Be brief.")
    contents = from_conversation([], system=[TEXT])
    assert contents == [InstructionContent(parts=(TextPart("hello"),))]
