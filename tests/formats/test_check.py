"""Every rule of a provider is known: a sample that breaks it is found and located, a good one not."""

from typing import Any

import pytest

from tract.errors import UnknownProvider
from tract.formats import PROVIDERS, Issue, check

USER = {"role": "user", "content": "hi"}
HELLO = {"role": "assistant", "content": "hello"}


def text(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": value}


# --- OpenAI Chat -----------------------------------------------------------------------------


def call(id: Any, **fields: Any) -> dict[str, Any]:
    function = {"name": "t", "arguments": "{}", **fields}
    return {"id": id, "type": "function", "function": function}


def calls(*entries: Any, **fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(entries), **fields}


def result(id: Any, content: Any = "7") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


OPENAI_GOOD: list[list[Any]] = [
    [],
    [USER, HELLO],
    [{"role": "developer", "content": [text("a")]}, HELLO, HELLO, USER, USER],
    [calls(call("a"), call("b")), result("a"), result("b", ""), USER],
    [calls(call("a")), result("a"), calls(call("a")), result("a")],
    [calls(call("x" * 40)), result("x" * 40)],
    [calls({"id": "a", "type": "custom", "custom": {"name": "t", "input": "x"}}), result("a")],
    [calls({"id": "a", "type": "later", "later": {}}), result("a", [text("")])],
    [{"role": "assistant", "content": None, "refusal": "No."}],
    [{"role": "assistant", "audio": {"id": "a"}}],
    [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}], "refusal": None}],
    [
        {"role": "assistant", "content": None, "function_call": {"name": "t", "arguments": ""}},
        {"role": "function", "name": "t", "content": None},
    ],
    [{"role": "user", "content": "hi", "name": "ada.l-1"}],
    [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "https://e.org/a"}},
                {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "wav"}},
                {"type": "file", "file": {"file_id": "f"}},
            ],
        }
    ],
]

OPENAI_BAD: list[tuple[str, int | None, list[Any]]] = [
    ("message_type", 1, [USER, "hi"]),
    ("role_missing", 0, [{"content": "hi"}]),
    ("unknown_role", 0, [{"role": "robot", "content": "hi"}]),
    ("unknown_role", 0, [{"role": None, "content": "hi"}]),
    ("content_missing", 0, [{"role": "user"}]),
    ("content_missing", 0, [{"role": "assistant"}]),
    ("null_content", 0, [{"role": "user", "content": None}]),
    ("null_content", 1, [USER, {"role": "assistant", "content": None}]),
    ("empty_content", 0, [{"role": "user", "content": []}]),
    ("content_type", 0, [{"role": "user", "content": 7}]),
    ("content_type", 0, [{"role": "function", "name": "t", "content": []}]),
    ("part_type", 0, [{"role": "user", "content": ["hi"]}]),
    ("part_type", 0, [{"role": "user", "content": [{"text": "hi"}]}]),
    ("part_role", 0, [{"role": "system", "content": [{"type": "image_url", "image_url": {}}]}]),
    ("part_role", 0, [{"role": "assistant", "content": [{"type": "file", "file": {}}]}]),
    ("part_role", 0, [{"role": "user", "content": [{"type": "refusal", "refusal": "No."}]}]),
    ("part_field", 0, [{"role": "user", "content": [text(None)]}]),
    ("part_field", 0, [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}]}]),
    ("part_field", 0, [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]),
    (
        "part_field",
        0,
        [
            {
                "role": "user",
                "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "x"}}],
            }
        ],
    ),
    ("part_field", 0, [{"role": "user", "content": [{"type": "file", "file": {"filename": "x"}}]}]),
    ("name_pattern", 0, [{**USER, "name": "Ada Lovelace"}]),
    ("name_pattern", 0, [{**USER, "name": ""}]),
    ("name_pattern", 0, [{**USER, "name": "x" * 65}]),
    ("name_missing", 0, [{"role": "function", "content": "7"}]),
    ("field_type", 0, [{**HELLO, "refusal": 7}]),
    ("call_role", 0, [{**USER, "tool_calls": [call("a")]}]),
    ("part_type", 0, [{"role": "user", "content": [{"type": "later"}]}]),
    ("part_type", 0, [{"role": "user", "content": [{"type": "tool_result"}]}]),
    ("part_type", 0, [{**HELLO, "content": [{"type": "tool_use"}]}]),
    ("part_type", 1, [calls(call("a")), {**result("a"), "content": [{"type": "later"}]}]),
    ("empty_tool_calls", 0, [{**HELLO, "tool_calls": []}]),
    ("empty_tool_calls", 0, [{**HELLO, "tool_calls": None}]),
    ("call_id_missing", 0, [{**HELLO, "tool_calls": [call(None)]}]),
    ("call_id_missing", 0, [{**HELLO, "tool_calls": ["a"]}]),
    ("call_id_length", 0, [calls(call("x" * 41)), result("x" * 41)]),
    ("call_id_repeated", 0, [calls(call("a"), call("a")), result("a")]),
    ("call_type", 0, [calls({"id": "a", "function": {}}), result("a")]),
    ("call_function", 0, [calls({"id": "a", "type": "function"}), result("a")]),
    ("call_function", 0, [{**HELLO, "function_call": {"name": "t"}}]),
    ("tool_name", 0, [calls(call("a", name="files.read")), result("a")]),
    ("tool_name", 0, [calls(call("a", name="")), result("a")]),
    ("arguments_type", 0, [calls(call("a", arguments={})), result("a")]),
    ("result_id_missing", 1, [USER, {"role": "tool", "content": "7"}]),
    ("missing_result", 1, [USER, calls(call("a"))]),
    ("missing_result", 0, [calls(call("a"), call("b")), result("a"), USER]),
    ("missing_result", 0, [calls(call("a")), calls(call("b")), result("b")]),
    ("orphan_result", 1, [USER, result("a")]),
    ("orphan_result", 3, [calls(call("a")), result("a"), USER, result("a")]),
    ("orphan_result", 2, [calls(call("a")), result("a"), result("b")]),
    ("repeated_result", 2, [calls(call("a")), result("a"), result("a")]),
    ("lone_surrogate", 0, [{"role": "user", "content": "\ud800"}]),
    ("not_json", 0, [{**USER, "x": float("nan")}]),
    ("not_json", 0, [{**USER, "x": {1, 2}}]),
]


@pytest.mark.parametrize("messages", OPENAI_GOOD, ids=str)
def test_openai_accepts(messages: list[Any]) -> None:
    assert check({"messages": messages}, "openai") == []


@pytest.mark.parametrize(("rule", "index", "messages"), OPENAI_BAD, ids=str)
def test_openai_refuses(rule: str, index: int | None, messages: list[Any]) -> None:
    _assert_one(check({"messages": messages}, "openai"), rule, index)


@pytest.mark.parametrize(
    ("rule", "tools"),
    [
        ("tools_empty", []),
        ("tools_empty", None),
        ("tool_name", [{"type": "function", "function": {"name": "a b"}}]),
        ("tool_name", [{"name": "t"}]),
        ("tool_repeated", [{"type": "function", "function": {"name": "t"}}] * 2),
        ("not_json", [{"type": "function", "function": {"name": "t", "x": {1}}}]),
    ],
)
def test_openai_refuses_tools(rule: str, tools: Any) -> None:
    _assert_one(check({"messages": [USER], "tools": tools}, "openai"), rule, None)
    good = [{"type": "function", "function": {"name": "t"}}]
    assert check({"messages": [USER], "tools": good}, "openai") == []


# --- Anthropic -------------------------------------------------------------------------------


def use(id: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "t", "input": {}, **fields}


def says(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def answer(id: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, **fields}


def marked(value: str) -> dict[str, Any]:
    return {**text(value), "cache_control": {"type": "ephemeral"}}


def image(**source: Any) -> dict[str, Any]:
    return {"type": "image", "source": source}


PICTURE = image(type="base64", media_type="image/png", data="YQ==")
THINKING = {"type": "thinking", "thinking": "", "signature": "s"}

ANTHROPIC_GOOD: list[list[Any]] = [
    [],
    [USER],
    [USER, HELLO, USER, says(THINKING, {"type": "redacted_thinking", "data": "x"}, text("a"))],
    [USER, says(text("a "), use("a"), use("b-_1")), user(answer("b-_1"), answer("a"), text("x"))],
    [USER, says(use("a")), user(answer("a", content="", is_error=True)), HELLO, USER],
    [USER, says(use("a")), user(answer("a", content=[text("x"), PICTURE, {"type": "later"}]))],
    [user(PICTURE, image(type="url", url="https://e.org/a"), {"type": "later"})],
    [user({"type": "document", "source": {"type": "text", "data": "x"}})],
    [user(*[marked("a")] * 4)],
    [USER, says(text("a "), use("a")), user(answer("a"))],
]

ANTHROPIC_BAD: list[tuple[str, int | None, list[Any]]] = [
    ("message_type", 0, ["hi"]),
    ("role_missing", 0, [{"content": "hi"}]),
    ("unknown_role", 0, [{"role": "system", "content": "hi"}]),
    ("content_missing", 0, [{"role": "user"}]),
    ("content_type", 0, [{"role": "user", "content": None}]),
    ("message_field", 0, [{**USER, "id": "msg_1"}]),
    ("message_field", 1, [USER, {**HELLO, "diagnostics": None}]),
    ("empty_content", 0, [user()]),
    ("empty_text", 0, [{"role": "user", "content": ""}]),
    ("empty_text", 0, [user(text(" \n"))]),
    ("empty_text", 2, [USER, says(use("a")), user(answer("a", content=[text("")]))]),
    ("text_type", 0, [user(text(None))]),
    ("block_type", 0, [user("hi")]),
    ("block_type", 2, [USER, says(use("a")), user(answer("a", content=["x"]))]),
    ("block_role", 0, [user(THINKING)]),
    ("block_role", 1, [USER, says(PICTURE)]),
    ("block_role", 2, [USER, says(use("a")), user(answer("a", content=[THINKING]))]),
    ("first_role", 0, [HELLO]),
    ("alternation", 1, [USER, USER]),
    ("alternation", 2, [USER, HELLO, HELLO]),
    ("trailing_space", 1, [USER, {"role": "assistant", "content": "hello "}]),
    ("trailing_space", 1, [USER, says(text("a"), text("b\n"))]),
    (
        "call_id_repeated",
        3,
        [USER, says(use("a")), user(answer("a")), says(use("a")), user(answer("a"))],
    ),
    ("tool_name", 1, [USER, says(use("a", name="a.b")), user(answer("a"))]),
    ("input_type", 1, [USER, says(use("a", input="{}")), user(answer("a"))]),
    ("missing_result", 1, [USER, says(use("a"))]),
    ("missing_result", 1, [USER, says(use("a"), use("b")), user(answer("a")), HELLO]),
    ("missing_result", 1, [USER, says(use("a")), USER]),
    ("orphan_result", 0, [user(answer("a"))]),
    ("orphan_result", 2, [USER, says(use("a")), user(answer("a"), answer("b"))]),
    ("repeated_result", 2, [USER, says(use("a")), user(answer("a"), answer("a"))]),
    ("result_place", 2, [USER, says(use("a")), user(text("x"), answer("a"))]),
    ("field_type", 2, [USER, says(use("a")), user(answer("a", is_error="no"))]),
    ("content_type", 2, [USER, says(use("a")), user(answer("a", content=7))]),
    ("thinking_signature", 1, [USER, says({**THINKING, "signature": ""}, text("a"))]),
    ("thinking_text", 1, [USER, says({"type": "thinking", "signature": "s"}, text("a"))]),
    ("thinking_data", 1, [USER, says({"type": "redacted_thinking", "data": ""}, text("a"))]),
    ("cache_marks", None, [user(*[marked("a")] * 5)]),
    ("cache_mark_type", 0, [user({**text("a"), "cache_control": {"type": "forever"}})]),
    ("cache_mark_place", 1, [USER, says({**THINKING, "cache_control": {"type": "ephemeral"}})]),
    ("source_missing", 0, [user({"type": "image"})]),
    ("source_field", 0, [user(image(type="url"))]),
    ("source_field", 0, [user(image(type="base64", media_type="image/png", data=""))]),
    ("media_type", 0, [user(image(type="base64", media_type="image/tiff", data="YQ=="))]),
    ("lone_surrogate", 0, [{"role": "user", "content": "\udfff"}]),
    ("not_json", 1, [USER, says(use("a", input={"x": float("inf")})), user(answer("a"))]),
]


@pytest.mark.parametrize("messages", ANTHROPIC_GOOD, ids=str)
def test_anthropic_accepts(messages: list[Any]) -> None:
    assert check({"messages": messages}, "anthropic") == []


@pytest.mark.parametrize(("rule", "index", "messages"), ANTHROPIC_BAD, ids=str)
def test_anthropic_refuses(rule: str, index: int | None, messages: list[Any]) -> None:
    _assert_one(check({"messages": messages}, "anthropic"), rule, index)


def test_anthropic_refuses_an_id_in_the_call_and_in_the_result() -> None:
    for id in ("a.b", "", None, "é"):
        messages = [USER, says(use(id)), user(answer(id))]
        issues = check({"messages": messages}, "anthropic")
        patterns = [issue.index for issue in issues if issue.rule == "call_id_pattern"]
        assert patterns == [1, 2]


TOOL = {"name": "t", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("system_type", {"system": None}),
        ("system_type", {"system": ["hi"]}),
        ("system_type", {"system": [PICTURE]}),
        ("empty_text", {"system": [text("")]}),
        ("cache_marks", {"system": [marked("a")] * 5}),
        ("lone_surrogate", {"system": "\ud800"}),
        ("tools_type", {"tools": "t"}),
        ("tool_name", {"tools": [{**TOOL, "name": "a.b"}]}),
        ("tool_name", {"tools": ["t"]}),
        ("tool_schema", {"tools": [{"name": "t"}]}),
        ("tool_repeated", {"tools": [TOOL, TOOL]}),
    ],
)
def test_anthropic_refuses_beside_the_messages(rule: str, fields: dict[str, Any]) -> None:
    _assert_one(check({"messages": [USER], **fields}, "anthropic"), rule, None)
    good = {"system": [marked("a")], "tools": [TOOL, {"type": "web_search_1", "name": "web"}]}
    assert check({"messages": [USER], **good}, "anthropic") == []
    assert check({"messages": [USER], "system": "a", "tools": []}, "anthropic") == []


# --- both ------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("params", [{}, {"messages": None}, {"messages": "hi"}, None, []])
def test_a_request_without_a_list_of_messages_is_said_to_be_one(provider: str, params: Any) -> None:
    _assert_one(check(params, provider), "messages_missing", None)


def test_issues_are_in_the_order_of_the_messages() -> None:
    issues = check({"messages": [calls(call("a")), USER, {"role": "user"}]}, "openai")
    assert [(issue.rule, issue.index) for issue in issues] == [
        ("missing_result", 0),
        ("content_missing", 2),
    ]


def test_an_issue_reads_as_one_line_without_content() -> None:
    [issue] = check({"messages": [{"role": "user\x1b[31m", "content": "secret"}]}, "openai")
    assert str(issue) == r"messages[0]: role 'user\x1b[31m' (unknown_role)"
    assert "secret" not in issue.message + issue.fix
    assert str(Issue("cache_marks", "five marks")) == "request: five marks (cache_marks)"


def test_an_unknown_provider_cannot_be_checked() -> None:
    with pytest.raises(UnknownProvider):
        check({"messages": []}, "gemini")


def _assert_one(issues: list[Issue], rule: str, index: int | None) -> None:
    assert [(issue.rule, issue.index, issue.commit) for issue in issues] == [(rule, index, None)]
    assert issues[0].message
    assert issues[0].fix
