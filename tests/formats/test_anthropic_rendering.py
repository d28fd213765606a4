"""What Anthropic would refuse is mended when it is rendered, and each mending is told."""

from typing import Any

import pytest

from tests.formats.samples import PNG, accepted
from tract.formats import Wire, check, to_wire
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
)

SIGNED = ReasoningPart("hm", "anthropic", "sig")
THINKING = {"type": "thinking", "thinking": "hm", "signature": "sig"}


def render(*messages: Message, cache: bool = False, **options: Any) -> Wire:
    """The request, which both judges accept."""
    wire = to_wire(messages, "anthropic", cache=cache, **options)
    assert check(wire.params, "anthropic") == []
    accepted(wire.params, "anthropic")
    return wire


def sent(*messages: Message, **options: Any) -> list[Any]:
    listed: list[Any] = render(*messages, **options).params["messages"]
    return listed


def rules(wire: Wire) -> list[str]:
    return [notice.rule for notice in wire.notices]


def said(role: str, *parts: Part | str, commit: str = "", **fields: Any) -> Message:
    made = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Message(role, made, commits=(commit or role,), **fields)


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value}


USER = said("user", "hi")


# --- system text -----------------------------------------------------------------------------


def test_leading_system_text_goes_into_its_field() -> None:
    wire = render(said("system", "Be brief."), USER)
    assert wire.params == {
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert wire.notices == ()


def test_several_leading_messages_are_blocks_of_the_field() -> None:
    wire = render(
        said("system", "Be brief."), said("developer", ""), said("developer", "No."), USER
    )
    assert wire.params["system"] == [text("Be brief."), text("No.")]
    assert rules(wire) == ["empty_message"]


def test_later_system_text_stays_in_place_as_marked_user_text() -> None:
    wire = render(USER, said("assistant", "yes"), said("system", "Be brief."), said("user", "go"))
    assert wire.params["messages"][2] == {
        "role": "user",
        "content": [text("[System message]\nBe brief."), text("go")],
    }
    assert "system" not in wire.params
    assert rules(wire) == ["system_in_place", "messages_merged"]
    assert wire.origins[2] == ("system", "user")


# --- turns -----------------------------------------------------------------------------------


def test_neighbours_of_one_role_are_merged() -> None:
    wire = render(
        said("user", "a", commit="1"),
        said("user", "b", commit="2"),
        said("assistant", "c", commit="3"),
        said("assistant", "d", ToolCall("c1", "t"), commit="4"),
        said("tool", "7", call_id="c1", commit="5"),
    )
    assert wire.params["messages"][:2] == [
        {"role": "user", "content": [text("a"), text("b")]},
        {
            "role": "assistant",
            "content": [
                text("c"),
                text("d"),
                {"type": "tool_use", "id": "c1", "name": "t", "input": {}},
            ],
        },
    ]
    assert wire.origins == (("1", "2"), ("3", "4"), ("5",))
    assert rules(wire) == ["messages_merged", "messages_merged"]


def test_results_and_the_text_behind_them_are_one_user_message() -> None:
    wire = render(
        USER,
        said("assistant", ToolCall("c1", "t", '{"x": 1}'), ToolCall("c2", "t")),
        said("tool", "7", call_id="c1", commit="r1"),
        said("tool", call_id="c2", is_error=True, commit="r2"),
        said("user", "and?", commit="u"),
    )
    assert wire.params["messages"][2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "7"},
            {"type": "tool_result", "tool_use_id": "c2", "is_error": True},
            text("and?"),
        ],
    }
    assert wire.origins[2] == ("r1", "r2", "u")
    assert wire.notices == ()


def test_a_result_behind_text_is_put_first() -> None:
    wire = render(
        USER,
        said("assistant", ToolCall("c1", "t")),
        said("user", "wait"),
        said("tool", "7", call_id="c1"),
    )
    kinds = [block["type"] for block in wire.params["messages"][2]["content"]]
    assert kinds == ["tool_result", "text"]
    assert rules(wire) == ["moved_result"]


def test_an_opener_is_added_only_where_the_list_would_begin_with_the_assistant() -> None:
    assert sent(USER, said("assistant", "yes"))[0] == {"role": "user", "content": "hi"}
    wire = render(said("system", "Be brief."), said("assistant", ""), said("assistant", "yes"))
    assert wire.params["messages"] == [
        {"role": "user", "content": "(continued)"},
        {"role": "assistant", "content": "yes"},
    ]
    assert wire.origins == ((), ("assistant",))
    assert rules(wire) == ["opener_added", "empty_message"]
    assert render(said("system", "Be brief.")).params["messages"] == []


def test_notices_point_behind_the_opener() -> None:
    wire = render(said("assistant", "yes "))
    assert [(n.rule, n.index) for n in wire.notices] == [("opener_added", 0), ("text_trimmed", 1)]


# --- text ------------------------------------------------------------------------------------


def test_white_space_at_the_end_is_trimmed_in_every_assistant_message() -> None:
    messages = [USER, said("assistant", "a \n"), USER, said("assistant", "b", "c\t", plain=False)]
    wire = render(*messages)
    assert wire.params["messages"][1]["content"] == "a"
    assert wire.params["messages"][3]["content"] == [text("b"), text("c")]
    assert rules(wire) == ["text_trimmed", "text_trimmed"]


def test_white_space_before_a_call_and_of_users_stays() -> None:
    call = said("assistant", "a \n", ToolCall("c1", "t"))
    messages = sent(said("user", "hi \n"), call, said("tool", "7 \n", call_id="c1"))
    assert messages[0]["content"] == "hi \n"
    assert messages[1]["content"][0] == text("a \n")
    assert messages[2]["content"][0]["content"] == "7 \n"


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\u2003"])
def test_texts_without_a_word_are_left_out(blank: str) -> None:
    wire = render(
        said("system", blank),
        USER,
        said("assistant", blank),
        said("user", blank, "hi", plain=False),
        said("assistant", blank, ToolCall("c1", "t")),
        said("tool", "7", call_id="c1"),
    )
    assert "system" not in wire.params
    assert wire.params["messages"][0]["content"] == [text("hi"), text("hi")]
    assert len(wire.params["messages"][1]["content"]) == 1
    assert rules(wire) == [
        "empty_message",
        "empty_message",
        "empty_text",
        "messages_merged",
        "empty_text",
    ]


def test_an_empty_result_is_never_left_out() -> None:
    call = said("assistant", ToolCall("c1", "t"), ToolCall("c2", "t"))
    results = [said("tool", "", call_id="c1"), said("tool", call_id="c2")]
    assert sent(USER, call, *results)[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "c1", "content": ""},
        {"type": "tool_result", "tool_use_id": "c2"},
    ]


def test_a_refusal_is_sent_as_text() -> None:
    wire = render(USER, said("assistant", RefusalPart("No. ")))
    assert wire.params["messages"][1]["content"] == "No."
    assert rules(wire) == ["refusal_as_text", "text_trimmed"]


# --- calls -----------------------------------------------------------------------------------


def exchange(id: str, output: str) -> list[Message]:
    return [said("assistant", ToolCall(id, "t")), said("tool", output, call_id=id)]


def ids(messages: list[Any]) -> list[tuple[str, str]]:
    """Call and result ids as they were sent, in order."""
    found = []
    for message in messages:
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == "tool_use":
                found.append(("call", block["id"]))
            elif block["type"] == "tool_result":
                found.append(("result", block["tool_use_id"]))
    return found


def test_ids_used_again_are_made_unique_and_results_follow_their_call() -> None:
    messages = sent(USER, *exchange("c1", "1"), *exchange("c1_2", "2"), *exchange("c1", "3"))
    assert ids(messages) == [
        ("call", "c1"),
        ("result", "c1"),
        ("call", "c1_2"),
        ("result", "c1_2"),
        ("call", "c1_3"),
        ("result", "c1_3"),
    ]


def test_ids_with_other_characters_are_mapped_without_collision() -> None:
    wire = render(
        USER, *exchange("call.1", "1"), *exchange("call:1", "2"), *exchange("call_1", "3")
    )
    found = ids(wire.params["messages"])
    calls = [id for kind, id in found if kind == "call"]
    assert calls == [id for kind, id in found if kind == "result"]
    assert len(set(calls)) == 3
    assert calls[2] == "call_1"
    assert rules(wire) == ["call_id_mapped", "call_id_mapped"]


def test_an_id_that_looks_like_a_mapped_one_is_kept_apart() -> None:
    [(_, mapped), _] = ids(sent(USER, *exchange("call.1", "1")))
    found = ids(sent(USER, *exchange("call.1", "1"), *exchange(mapped, "2")))
    assert found == [
        ("call", mapped),
        ("result", mapped),
        ("call", f"{mapped}_2"),
        ("result", f"{mapped}_2"),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected", "wrapped"),
    [
        ('{"x": [1, null]}', {"x": [1, None]}, False),
        ("", {}, False),
        (" \n", {}, False),
        ('{"n": 123456789012345678901234567890}', {"n": 123456789012345678901234567890}, False),
        (
            '{"n": 18446744073709551616, "s": "\\ud83d\\ude00"}',
            {"n": 2**64, "s": "\U0001f600"},
            False,
        ),
        ('{"x": "\\u00e9', {"_raw": '{"x": "\\u00e9'}, True),
        ("[1]", {"_raw": "[1]"}, True),
        ("7", {"_raw": "7"}, True),
        ("null", {"_raw": "null"}, True),
        ('{"x": NaN}', {"_raw": '{"x": NaN}'}, True),
        ('{"x": 12345678901234567890123, "y": Infinity}', None, True),
        ('{"x": "\\ud800"}', {"_raw": '{"x": "\\ud800"}'}, True),
        ('{"x": "\\ud800", "n": 12345678901234567890123}', None, True),
        ("[" * 5000, {"_raw": "[" * 5000}, True),
        ('{"n": 12345678901234567890123, "x": ' + "[" * 5000, None, True),
    ],
)
def test_arguments_are_an_object(arguments: str, expected: Any, wrapped: bool) -> None:
    call = said("assistant", ToolCall("c1", "t", arguments))
    wire = render(USER, call, said("tool", "7", call_id="c1"))
    expected = {"_raw": arguments} if expected is None else expected
    assert wire.params["messages"][1]["content"][0]["input"] == expected
    assert rules(wire) == (["arguments_wrapped"] if wrapped else [])


def test_a_tool_name_that_would_be_refused_is_spelt_another_way() -> None:
    call = said("assistant", ToolCall("c1", "files.read"), ToolCall("c2", ""))
    results = [said("tool", "7", call_id=id) for id in ("c1", "c2")]
    wire = render(USER, call, *results, tools=[{"name": "files.read", "parameters": {}}])
    assert [b["name"] for b in wire.params["messages"][1]["content"]] == ["files_read", "tool"]
    assert wire.params["tools"][0]["name"] == "files_read"
    assert rules(wire) == ["tool_name_mapped"] * 3


# --- reasoning, media, the rest --------------------------------------------------------------


def test_signed_thinking_is_sent_as_it_came() -> None:
    sealed = ReasoningPart(provider="anthropic", encrypted="c2VhbGVk")
    messages = sent(USER, said("assistant", SIGNED, sealed, "yes", plain=False))
    assert messages[1]["content"] == [
        THINKING,
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        text("yes"),
    ]


@pytest.mark.parametrize(
    "part",
    [
        ReasoningPart("hm"),
        ReasoningPart("hm", "anthropic"),
        ReasoningPart("hm", "anthropic", ""),
        ReasoningPart("hm", "openai", "sig"),
        ReasoningPart("hm", None, "sig"),
        ReasoningPart("", "openai", None, "sealed"),
    ],
)
def test_reasoning_without_a_signature_or_of_others_is_left_out(part: ReasoningPart) -> None:
    wire = render(USER, said("assistant", part, "yes", plain=False))
    assert wire.params["messages"][1]["content"] == [text("yes")]
    assert rules(wire) == ["reasoning_left_out"]


def test_thinking_kept_by_itself_opens_the_reply_behind_it() -> None:
    wire = render(USER, said("assistant", SIGNED, plain=False), said("assistant", "yes"))
    assert wire.params["messages"][1]["content"] == [THINKING, text("yes")]


def test_merged_messages_begin_with_their_thinking() -> None:
    wire = render(USER, said("assistant", "so"), said("assistant", SIGNED, "yes", plain=False))
    assert wire.params["messages"][1]["content"] == [THINKING, text("so"), text("yes")]
    assert rules(wire) == ["messages_merged", "thinking_moved"]


def test_thinking_between_other_blocks_stays_where_the_provider_put_it() -> None:
    messages = sent(USER, said("assistant", "so", SIGNED, "yes", plain=False))
    assert messages[1]["content"] == [text("so"), THINKING, text("yes")]


def test_media_of_users_and_results_are_sent() -> None:
    wire = render(
        said(
            "user",
            MediaPart("image", "image/png", PNG),
            MediaPart("image", data=PNG),
            MediaPart("image", url="https://e.org/a.png"),
            MediaPart("image", file_id="file_1"),
            MediaPart("file", "application/pdf", "JVBERi0=", name="a.pdf"),
            MediaPart("file", "text/csv", "YSxi"),
            plain=False,
        ),
        said("assistant", ToolCall("c1", "t")),
        said("tool", MediaPart("image", "image/png", PNG), call_id="c1", plain=False),
    )
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": PNG},
    }
    assert wire.params["messages"][0]["content"] == [
        picture,
        picture,
        {"type": "image", "source": {"type": "url", "url": "https://e.org/a.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            "title": "a.pdf",
        },
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a,b"}},
    ]
    assert wire.params["messages"][2]["content"][0]["content"] == [picture]
    assert wire.notices == ()


@pytest.mark.parametrize(
    "part",
    [
        MediaPart("audio", "audio/wav", "YQ=="),
        MediaPart("image", "image/tiff", "YQ=="),
        MediaPart("image", url="ftp://e.org/a"),
        MediaPart("file", "text/plain", "????"),
        MediaPart("file", "text/plain", "IA=="),
        MediaPart("file", "application/zip", "YQ=="),
        MediaPart("file", file_id="file-1", extra={"openai.shape": {"upload": True}}),
        MediaPart("image"),
    ],
)
def test_a_medium_without_a_form_is_a_text(part: MediaPart) -> None:
    wire = render(said("user", part, plain=False))
    [block] = wire.params["messages"][0]["content"]
    assert block["text"].startswith(f"[{part.kind} left out")
    assert rules(wire) == ["media_left_out"]


def test_media_of_assistants_and_instructions_are_a_text() -> None:
    picture = MediaPart("image", "image/png", PNG)
    system = said("system", "Look:", picture, plain=False)
    wire = render(system, USER, said("assistant", picture, plain=False))
    assert wire.params["system"][1] == text("[image left out: image/png]")
    assert wire.params["messages"][1]["content"] == [text("[image left out: image/png]")]


def test_what_only_others_understand_is_left_out_and_told() -> None:
    wire = render(
        said("system", "Be brief.", extra={"openai": {"x": 1}}),
        said("user", TextPart("hi", {"openai": {"x": 1}}), name="ada", plain=False),
        said("assistant", "yes", OpaquePart("openai", {"type": "x"}), plain=False),
        said("user", OpaquePart("openai", {"role": "user"})),
        said("user", "hi", extra={"openai": {"annotations": []}, "openai.shape": {"x": 1}}),
    )
    assert rules(wire) == [
        "extra_left_out",
        "extra_left_out",
        "name_left_out",
        "opaque_left_out",
        "opaque_left_out",
    ]


def test_a_whole_message_goes_back_to_where_it_came_from() -> None:
    payloads: list[dict[str, Any]] = [
        {"role": "user", "content": "hi", "later": 1},
        {"role": "assistant", "content": [text("yes")]},
    ]
    wholes = [said("user", OpaquePart("anthropic", payload)) for payload in payloads]
    assert sent(*wholes) == payloads
    assert sent(USER, said("user", OpaquePart("anthropic", {"role": "user"}))) == [
        {"role": "user", "content": "hi"}
    ]


def test_an_opaque_block_goes_back_to_where_it_came_from() -> None:
    payload = {"type": "search_result", "source": "x", "title": "y", "content": [text("z")]}
    wire = render(said("user", OpaquePart("anthropic", payload), plain=False))
    [block] = wire.params["messages"][0]["content"]
    assert block == payload
    assert block["content"] is not payload["content"]


def test_what_nobody_knows_is_not_mistaken_for_system_text() -> None:
    payload = {"role": "user", "content": "hi"}
    whole = said("system", OpaquePart("anthropic", payload))
    assert render(whole).params == {"messages": [payload]}
    search = {"type": "search_result", "source": "x", "title": "y", "content": [text("z")]}
    wire = render(USER, said("system", OpaquePart("anthropic", search), plain=False))
    assert wire.params["messages"][0]["content"][1:] == [text("[System message]"), search]


def test_a_notice_reads_as_one_line() -> None:
    [notice] = render(USER, said("assistant", "yes ")).notices
    assert str(notice).startswith("messages[1]: ")
    assert str(notice).endswith("(text_trimmed)")


def test_parts_where_nobody_accepts_them_are_left_out() -> None:
    wire = render(
        said("user", "hi", ToolCall("c1", "t"), SIGNED, plain=False),
        Message("tool", (TextPart("7"),)),
        said("robot", "beep"),
    )
    assert rules(wire) == [
        "misplaced_part",
        "reasoning_left_out",
        "orphan_result",
        "role_mapped",
        "messages_merged",
    ]


def test_nothing_is_mended_on_demand() -> None:
    messages = [
        said("assistant", "a "),
        said("assistant", ToolCall("c.1", "a.b", "{")),
        said("system", "Be brief."),
        said("user", ""),
    ]
    wire = to_wire(messages, "anthropic", cache=False, repair=False)
    assert wire.params["messages"] == [
        {"role": "assistant", "content": "a "},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c.1", "name": "a.b", "input": "{"}],
        },
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": ""},
    ]
    assert wire.notices == ()
    assert {issue.rule for issue in check(wire.params, "anthropic")} == {
        "first_role",
        "alternation",
        "call_id_pattern",
        "tool_name",
        "input_type",
        "missing_result",
        "unknown_role",
        "empty_text",
    }


# --- cache marks -----------------------------------------------------------------------------

MARK = {"type": "ephemeral"}


def marks(params: dict[str, Any]) -> list[str]:
    """Where the request is marked."""
    found = [f"tool {i}" for i, t in enumerate(params.get("tools", ())) if "cache_control" in t]
    system = params.get("system", "")
    found += [f"system {i}" for i, b in enumerate(system) if "cache_control" in b]
    for index, message in enumerate(params["messages"]):
        found += [f"{index}.{i}" for i, b in enumerate(message["content"]) if "cache_control" in b]
    return found


def test_four_places_are_marked() -> None:
    turns = [said("user", "a"), said("assistant", "b"), said("user", "c"), said("assistant", "d")]
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in "xy"]
    wire = render(said("system", "s"), *turns, said("user", "e"), cache=True, tools=tools)
    assert marks(wire.params) == ["tool 1", "system 0", "2.0", "4.0"]
    assert wire.params["system"] == [{**text("s"), "cache_control": MARK}]
    assert wire.params["messages"][1]["content"] == [text("b")]
    assert marks(render(USER, cache=True).params) == ["0.0"]


def test_the_last_result_of_a_message_is_marked() -> None:
    wire = render(USER, *exchange("c1", "7"), cache=True)
    assert marks(wire.params) == ["0.0", "2.0"]


def test_a_block_nobody_knows_is_not_marked() -> None:
    odd = OpaquePart("anthropic", {"type": "hologram"})
    wire = to_wire([said("user", "hi", odd, plain=False)], "anthropic")
    assert marks(wire.params) == ["0.0"]
    assert marks(to_wire([said("user", odd, plain=False)], "anthropic").params) == []


def test_no_marks_are_set_on_demand() -> None:
    wire = render(said("system", "s"), USER, *exchange("c1", "7"), tools=[{"name": "t"}])
    assert "cache_control" not in str(wire.params)


def recorded(count: int) -> list[Message]:
    """Turns that were recorded with a cache mark each."""
    part = TextPart("a", {"anthropic": {"cache_control": MARK}})
    roles = ["user", "assistant"] * count
    return [said(role, part, plain=False) for role in roles[:count]]


def test_recorded_marks_give_way_to_ours() -> None:
    tool = {"name": "t", "input_schema": {"type": "object"}, "cache_control": MARK}
    wire = render(*recorded(7), cache=True, tools=[tool, {"name": "u"}])
    assert marks(wire.params) == ["tool 1", "4.0", "6.0"]


def test_only_the_last_four_recorded_marks_are_kept() -> None:
    wire = render(*recorded(6))
    assert marks(wire.params) == ["2.0", "3.0", "4.0", "5.0"]
    assert [(n.rule, n.index) for n in wire.notices] == [
        ("cache_mark_left_out", 0),
        ("cache_mark_left_out", 1),
    ]
    assert marks(render(*recorded(4)).params) == ["0.0", "1.0", "2.0", "3.0"]
