"""A message that is no message is refused with the field and the rule; which shape it has is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.samples import stored
from tract.errors import InvalidInput, UnknownProvider
from tract.formats import detect, from_conversation, from_wire, plain, to_wire
from tract.objects import (
    Content,
    DialogueContent,
    InstructionContent,
    MediaPart,
    Message,
    OpaquePart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResultContent,
)


def assistant(entry: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [entry]}


FUNCTION = {"name": "t", "arguments": "{}"}

WRONG: list[tuple[str, Any]] = [
    ("message is str: it wants an object", "hi"),
    ("message is NoneType: it wants an object", None),
    ("role is missing", {"content": "hi"}),
    ("role is NoneType", {"role": None, "content": "hi"}),
    ("role is 'robot': no role of a message", {"role": "robot", "content": "hi"}),
    ("role is list", {"role": ["user"], "content": "hi"}),
    ("content is missing", {"role": "user"}),
    ("content is missing", {"role": "assistant"}),
    ("content is missing", {"role": "user", "parts": [{"text": "hi"}]}),
    ("content is NoneType", {"role": "system", "content": None}),
    ("content is int", {"role": "user", "content": 7}),
    ("content is dict", {"role": "assistant", "content": {"text": "hi"}}),
    (
        "content[1] is str: a part is an object",
        {"role": "user", "content": [{"type": "text", "text": ""}, "hi"]},
    ),
    ("content[0].type is missing", {"role": "user", "content": [{"text": "hi"}]}),
    ("content[0].text is missing", {"role": "user", "content": [{"type": "text"}]}),
    ("content[0].text is int", {"role": "system", "content": [{"type": "text", "text": 7}]}),
    ("name is int", {"role": "user", "content": "hi", "name": 7}),
    ("refusal is bool", {"role": "assistant", "content": "hi", "refusal": True}),
    (
        "tool_calls is list: only the assistant",
        {"role": "user", "content": "hi", "tool_calls": [1]},
    ),
    ("tool_calls is dict: it wants a list", {"role": "assistant", "content": "", "tool_calls": {}}),
    ("tool_calls[0] is str", assistant("call")),
    ("tool_calls[0].id is missing", assistant({"type": "function", "function": FUNCTION})),
    ("tool_calls[0].id is ''", assistant({"id": "", "type": "function", "function": FUNCTION})),
    ("tool_calls[0].id is int", assistant({"id": 7, "type": "function", "function": FUNCTION})),
    ("tool_calls[0].function is missing", assistant({"id": "a", "type": "function"})),
    ("tool_calls[0].function is missing", assistant({"id": "a"})),
    ("tool_calls[0].function.name is missing", assistant({"id": "a", "function": {}})),
    ("tool_calls[0].name is int", assistant({"id": "a", "name": 7})),
    (
        "tool_calls[0].function.arguments is int",
        assistant({"id": "a", "function": {"name": "t", "arguments": 7}}),
    ),
    (
        "tool_calls[0].arguments: arguments are no JSON value",
        assistant({"id": "a", "name": "t", "arguments": {"x": float("nan")}}),
    ),
    ("function_call is str", {"role": "assistant", "content": None, "function_call": "t"}),
    ("function_call.name is missing", {"role": "assistant", "content": None, "function_call": {}}),
    ("tool_call_id is missing", {"role": "tool", "content": "7"}),
    ("tool_call_id is ''", {"role": "tool", "content": "7", "tool_call_id": ""}),
    ("content is int", {"role": "tool", "content": 7, "tool_call_id": "a"}),
    ("is_error is str", {"role": "tool", "content": "7", "tool_call_id": "a", "is_error": "no"}),
    ("name is missing", {"role": "function", "content": "7"}),
    ("content is missing", {"role": "function", "name": "t"}),
]


def uses(block: Any, role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": [block]}


WRONG_ANTHROPIC: list[tuple[str, Any]] = [
    ("role is 'tool'", {"role": "tool", "content": "hi"}),
    ("role is missing", {"content": "hi"}),
    ("content is missing", {"role": "user"}),
    ("content is NoneType", {"role": "assistant", "content": None}),
    ("system is NoneType", {"role": "system", "content": None}),
    ("content[0] is str", uses("hi")),
    ("content[0].type is missing", uses({"text": "hi"})),
    ("content[0].text is NoneType", uses({"type": "text", "text": None})),
    ("content[0].id is missing", uses({"type": "tool_use", "name": "t", "input": {}})),
    ("content[0].name is missing", uses({"type": "tool_use", "id": "a", "input": {}})),
    ("content[0].input is missing", uses({"type": "tool_use", "id": "a", "name": "t"})),
    ("content[0].input is list", uses({"type": "tool_use", "id": "a", "name": "t", "input": []})),
    ("content[0] is 'tool_use'", uses({"type": "tool_use"}, "user")),
    ("content[0] is 'tool_result'", uses({"type": "tool_result"})),
    ("content[0].tool_use_id is missing", uses({"type": "tool_result"}, "user")),
    (
        "content[0].content is int",
        uses({"type": "tool_result", "tool_use_id": "a", "content": 7}, "user"),
    ),
    (
        "content[0].content[0].text is missing",
        uses({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}, "user"),
    ),
    (
        "content[0].is_error is str",
        uses({"type": "tool_result", "tool_use_id": "a", "is_error": "no"}, "user"),
    ),
    ("content[0].thinking is missing", uses({"type": "thinking", "signature": "s"})),
    ("content[0].signature is int", uses({"type": "thinking", "thinking": "", "signature": 7})),
    ("content[0].data is missing", uses({"type": "redacted_thinking"})),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=str)
def test_what_is_no_message_is_refused_by_field_and_rule(text: str, message: Any) -> None:
    _assert_refused(text, message, None)


@pytest.mark.parametrize(("text", "message"), WRONG_ANTHROPIC, ids=str)
def test_what_is_no_anthropic_message_is_refused_by_field_and_rule(text: str, message: Any) -> None:
    _assert_refused(text, message, "anthropic")


def _assert_refused(text: str, message: Any, provider: str | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_wire(message, provider)
    assert caught.value.message.startswith(text)
    assert caught.value.kind == ("invalid_role" if text.startswith("role") else "invalid_message")
    assert caught.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
)
KEYS = st.sampled_from(
    [
        "role",
        "content",
        "tool_calls",
        "tool_call_id",
        "name",
        "refusal",
        "function_call",
        "is_error",
    ]
)
WORDS = st.sampled_from(
    ["user", "assistant", "tool", "system", "text", "tool_use", "tool_result", "image", "thinking"]
)
BLOCKS = st.dictionaries(
    st.sampled_from(["type", "text", "id", "name", "input", "source", "content", "tool_use_id"]),
    WORDS | JSON,
)


@given(
    st.dictionaries(KEYS, WORDS | JSON | st.lists(BLOCKS | WORDS, max_size=3)),
    st.sampled_from([None, "openai", "anthropic"]),
)
def test_any_dict_is_read_or_refused(message: dict[str, Any], provider: str | None) -> None:
    try:
        contents = from_wire(message, provider)
    except InvalidInput:
        return
    assert all(isinstance(content, Content) for content in contents)


@pytest.mark.parametrize(
    ("message", "provider"),
    [
        ({"role": "user", "content": "hi"}, None),
        ({"role": "assistant", "content": [{"type": "text", "text": "hi"}]}, None),
        ({"role": "assistant", "content": None}, None),
        ({"role": "user", "content": ["hi", {"type": 7}]}, None),
        ({}, None),
        ({"role": "developer", "content": "hi"}, "openai"),
        ({"role": "tool", "content": "hi"}, "openai"),
        ({"role": "assistant", "content": "hi", "refusal": None}, "openai"),
        ({"role": "assistant", "content": None, "tool_calls": []}, "openai"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "openai"),
        ({"role": "user", "content": [{"type": "tool_result"}]}, "anthropic"),
        ({"role": "user", "content": [{"type": "image", "source": {}}]}, "anthropic"),
        (
            {"role": "user", "content": [{"type": "text", "text": "", "cache_control": {}}]},
            "anthropic",
        ),
        ({"role": "assistant", "content": [{"type": "bash_tool_result"}]}, "anthropic"),
        ({"role": "assistant", "content": "hi", "stop_reason": "end_turn"}, "anthropic"),
        ({"role": "assistant", "content": [], "type": "message"}, "anthropic"),
    ],
)
def test_the_shape_tells_the_provider(message: dict[str, Any], provider: str | None) -> None:
    assert detect(message) == provider


@pytest.mark.parametrize("provider", ["openai", None])
@pytest.mark.parametrize(
    "block",
    [
        {"type": "tool_use", "id": "a", "name": "clock", "input": {}},
        {"type": "tool_result", "tool_use_id": "a", "content": "7"},
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        {"type": "web_search_tool_result", "tool_use_id": "a", "content": []},
        {"type": "image", "source": {"type": "url", "url": "https://example.org/a"}},
    ],
    ids=str,
)
def test_another_providers_block_is_refused_rather_than_sent_to_the_wrong_one(
    block: dict[str, Any], provider: str | None
) -> None:
    message = {"role": "tool", "tool_call_id": "a", "content": [block]}
    with pytest.raises(InvalidInput) as caught:
        from_wire(message, provider)
    assert caught.value.kind == "invalid_message"
    assert repr(block["type"]) in str(caught.value)
    assert "Anthropic" in (caught.value.hint or "")


@pytest.mark.parametrize("kind", ["output_text", "input_text", "input_image", "input_file"])
def test_a_part_of_openais_responses_is_refused(kind: str) -> None:
    message = {"type": "message", "role": "assistant", "content": [{"type": kind, "text": "hi"}]}
    with pytest.raises(InvalidInput, match="Responses") as caught:
        from_wire(message)
    assert caught.value.kind == "invalid_message"
    assert caught.value.hint


def test_a_named_provider_wins_over_the_shape() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    message = {"role": "user", "content": [{"type": "text", "text": "hi", **mark}]}
    [content] = from_wire(message, "openai")
    assert isinstance(content, DialogueContent)
    assert content.parts == (TextPart("hi", {"openai": mark}),)
    assert from_wire({"role": "tool", "tool_call_id": "a", "content": ""}, "openai_chat")
    with pytest.raises(UnknownProvider):
        from_wire(message, "gemini")


def test_the_short_way_gives_what_the_long_way_gives() -> None:
    call = {"id": "a", "type": "function", "function": FUNCTION}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "a", "content": "7", "name": "t"},
        {"role": "tool", "tool_call_id": "a", "content": "7"},
    ]
    for message in messages:
        # A null name takes the long way and is kept beside the content.
        [short], [long] = from_wire(message), from_wire({"later": None, **message})
        assert short == long.model_copy(update={"extra": {}})
        assert short.stored() == type(short).model_validate(dict(short)).stored()


# --- conversations ---------------------------------------------------------------------------


def test_an_error_in_a_conversation_names_the_message() -> None:
    messages = [{"role": "user", "content": "hi"}, {"role": "user"}]
    with pytest.raises(InvalidInput) as caught:
        from_conversation(messages)
    assert caught.value.message.startswith("messages[1]: content is missing")
    assert caught.value.hint
    with pytest.raises(InvalidInput, match=r"messages\[0\]: message is str"):
        from_conversation(["hi"])


def test_system_text_of_a_wrong_type_is_refused() -> None:
    for system in (7, {"text": "hi"}, ["hi"]):
        with pytest.raises(InvalidInput, match="system"):
            from_conversation([], system=system)  # type: ignore[arg-type]


def test_a_message_of_either_shape_goes_with_the_others() -> None:
    odd = {"role": "user", "content": "hi", "later": 1}
    use = {"type": "tool_use", "id": "a", "name": "t", "input": {}}
    first, _ = from_conversation([odd, {"role": "assistant", "content": [use]}])
    assert isinstance(first, DialogueContent)
    assert first.extra == {"anthropic": {"later": 1}}
    [alone] = from_conversation([odd])
    assert isinstance(alone, DialogueContent)
    assert alone.extra == {"openai": {"later": 1}}


def test_a_conversation_may_mix_shapes() -> None:
    call = {"id": "a", "type": "function", "function": FUNCTION}
    result = {"type": "tool_result", "tool_use_id": "a", "content": "7"}
    contents = from_conversation(
        [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "user", "content": [result]},
        ]
    )
    assert [content.content_type for content in contents] == ["dialogue", "tool_result"]


# --- plain dicts -----------------------------------------------------------------------------


def test_plain_dicts_say_what_there_is_and_nothing_else() -> None:
    call = ToolCall("c1", "clock", "{}", {"openai": {"index": 0}})
    assert plain(
        [
            Message("system", (TextPart("Be brief."),)),
            Message("user", (TextPart("a"), TextPart("b")), plain=False, name="ada"),
            Message("assistant", (call,)),
            Message("tool", (), call_id="c1", name="clock", is_error=True),
        ]
    ) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a\nb", "name": "ada"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "name": "clock", "arguments": "{}"}],
        },
        {"role": "tool", "content": "", "name": "clock", "tool_call_id": "c1", "is_error": True},
    ]


def test_plain_content_is_a_list_only_where_there_is_more_than_text() -> None:
    parts = (
        ReasoningPart("hm", "anthropic", "sig"),
        TextPart("look"),
        MediaPart("image", "image/png", "YQ=="),
        RefusalPart("No."),
        OpaquePart("gemini", {"x": [1]}),
    )
    [found] = plain([Message("assistant", parts, plain=False)])
    assert found["content"] == [
        {"type": "reasoning", "text": "hm", "provider": "anthropic", "signature": "sig"},
        {"type": "text", "text": "look"},
        {"type": "image", "media_type": "image/png", "data": "YQ=="},
        {"type": "refusal", "text": "No."},
        {"type": "opaque", "provider": "gemini", "payload": {"x": [1]}},
    ]
    found["content"][4]["payload"]["x"].append(2)
    assert parts[4].payload == {"x": [1]}


def test_plain_dicts_are_read_back() -> None:
    contents: list[Content] = [
        InstructionContent(text="Be brief."),
        DialogueContent(
            role="user", parts=(TextPart("look"), MediaPart("image", "image/png", "YQ=="))
        ),
        DialogueContent(
            role="assistant", parts=(ReasoningPart("hm", "anthropic", "sig"), TextPart("yes"))
        ),
        DialogueContent(role="assistant", text="", tool_calls=(ToolCall("c1", "clock", "{}"),)),
        ToolResultContent(call_id="c1", name="clock", output="", is_error=True),
    ]
    assert from_conversation(plain(stored(contents))) == contents


# --- tools -----------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {"zone": {"type": "string"}}}
OPENAI = {
    "type": "function",
    "function": {"name": "clock", "description": "Time.", "parameters": SCHEMA},
}
ANTHROPIC = {"name": "clock", "description": "Time.", "input_schema": SCHEMA}


@pytest.mark.parametrize(
    "tool",
    [
        OPENAI,
        ANTHROPIC,
        {"name": "clock", "description": "Time.", "parameters": SCHEMA},
        {"name": "clock", "description": "Time.", "inputSchema": SCHEMA},
        {"type": "function", "name": "clock", "description": "Time.", "parameters": SCHEMA},
        {"type": "custom", "name": "clock", "description": "Time.", "inputSchema": SCHEMA},
    ],
)
def test_a_tool_in_any_form_is_given_to_each_provider_in_its_own(tool: dict[str, Any]) -> None:
    before = json.dumps(tool)
    for provider, expected in (("openai", OPENAI), ("anthropic", ANTHROPIC)):
        wire = to_wire([], provider, tools=[tool], cache=False)
        assert wire.params["tools"] == [expected]
        wire.params["tools"][0].clear()
    assert json.dumps(tool) == before


@pytest.mark.parametrize("tool", [{"name": "now"}, {"type": "custom", "name": "now"}])
def test_a_tool_without_a_schema_takes_nothing(tool: dict[str, Any]) -> None:
    assert to_wire([], "openai", tools=[tool]).params["tools"] == [
        {"type": "function", "function": {"name": "now"}}
    ]
    assert to_wire([], "anthropic", tools=[tool], cache=False).params["tools"] == [
        {"name": "now", "input_schema": {"type": "object", "properties": {}}}
    ]


def test_a_tool_of_one_provider_only_is_left_out_for_the_others() -> None:
    server = {"type": "web_search_20250305", "name": "web_search"}
    custom = {"type": "custom", "custom": {"name": "sql"}}
    wire = to_wire([], "openai", tools=[server, custom])
    assert wire.params["tools"] == [custom]
    assert [notice.rule for notice in wire.notices] == ["tool_left_out"]
    wire = to_wire([], "anthropic", tools=[server, custom], cache=False)
    assert wire.params["tools"] == [server]
    assert [notice.rule for notice in wire.notices] == ["tool_left_out"]


@pytest.mark.parametrize("tools", [None, [], ()])
def test_no_tools_are_no_field(tools: Any) -> None:
    for provider in ("openai", "anthropic"):
        assert "tools" not in to_wire([], provider, tools=tools).params


def test_tool_names_that_come_to_the_same_are_kept_apart() -> None:
    tools = [{"name": name} for name in ("a.b", "a_b", "a b", "x" * 200, "x" * 201)]
    for provider, length in (("openai", 64), ("anthropic", 128)):
        found = to_wire([], provider, tools=tools).params["tools"]
        names = [tool.get("function", tool)["name"] for tool in found]
        assert names[:3] == ["a_b", "a_b_2", "a_b_3"]
        assert len(set(names)) == 5
        assert all(len(name) <= length for name in names)


@pytest.mark.parametrize(
    "tool",
    [
        "clock",
        None,
        {},
        {"name": ""},
        {"name": 7},
        {"type": "function"},
        {"type": "function", "function": {}},
    ],
)
def test_what_is_no_tool_is_refused(tool: Any) -> None:
    for provider in ("openai", "anthropic"):
        with pytest.raises(InvalidInput) as caught:
            to_wire([], provider, tools=[{"name": "fine"}, tool])
        assert caught.value.message.startswith("tools[1]")
        assert caught.value.kind == "invalid_tool"
        assert caught.value.hint
