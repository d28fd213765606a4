"""What Anthropic would refuse is mended when it is rendered, and each mending is told."""

from typing import Any

import pytest

from tests.formats.samples import PNG, anthropic, said, sent, text
from tract.formats import Wire, check, to_wire
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
)

SIGNED = ReasoningPart("hm", "anthropic", "sig")
THINKING = {"type": "thinking", "thinking": "hm", "signature": "sig"}


def rules(wire: Wire) -> list[str]:
    return [notice.rule for notice in wire.notices]


USER = said("user", "hi")


# --- system text -----------------------------------------------------------------------------


def test_leading_system_text_goes_into_its_field() -> None:
    wire = anthropic(said("system", "Be brief."), USER)
    assert wire.params == {
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert wire.notices == ()


def test_several_leading_messages_are_blocks_of_the_field() -> None:
    wire = anthropic(
        said("system", "Be brief."), said("developer", ""), said("developer", "No."), USER
    )
    assert wire.params["system"] == [text("Be brief."), text("No.")]
    assert rules(wire) == ["empty_message"]


def test_later_system_text_stays_in_place_as_marked_user_text() -> None:
    wire = anthropic(
        USER, said("assistant", "yes"), said("system", "Be brief."), said("user", "go")
    )
    assert wire.params["messages"][2] == {
        "role": "user",
        "content": [text("[System message]\nBe brief."), text("go")],
    }
    assert "system" not in wire.params
    assert rules(wire) == ["system_in_place", "messages_merged"]
    assert wire.origins[2] == ("system", "user")


# --- turns -----------------------------------------------------------------------------------


def test_neighbours_of_one_role_are_merged() -> None:
    wire = anthropic(
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
    wire = anthropic(
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
    wire = anthropic(
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
    wire = anthropic(said("system", "Be brief."), said("assistant", ""), said("assistant", "yes"))
    assert wire.params["messages"] == [
        {"role": "user", "content": "(continued)"},
        {"role": "assistant", "content": "yes"},
    ]
    assert wire.origins == ((), ("assistant",))
    assert rules(wire) == ["opener_added", "empty_message"]
    assert anthropic(said("system", "Be brief.")).params["messages"] == []


def test_notices_point_behind_the_opener() -> None:
    wire = anthropic(said("assistant", "yes "))
    assert [(n.rule, n.index) for n in wire.notices] == [("opener_added", 0), ("text_trimmed", 1)]


# --- text ------------------------------------------------------------------------------------


def test_white_space_at_the_end_is_trimmed_in_every_assistant_message() -> None:
    messages = [USER, said("assistant", "a \n"), USER, said("assistant", "b", "c\t", plain=False)]
    wire = anthropic(*messages)
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
    wire = anthropic(
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


def test_a_result_of_texts_without_a_word_has_no_content() -> None:
    call = said("assistant", ToolCall("c1", "t"))
    messages = sent(USER, call, said("tool", " ", "", call_id="c1", plain=False))
    assert messages[2]["content"] == [{"type": "tool_result", "tool_use_id": "c1"}]


def test_a_refusal_is_sent_as_text() -> None:
    wire = anthropic(USER, said("assistant", RefusalPart("No. ")))
    assert wire.params["messages"][1]["content"] == "No."
    assert rules(wire) == ["refusal_as_text", "text_trimmed"]


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
    wire = anthropic(USER, said("assistant", part, "yes", plain=False))
    assert wire.params["messages"][1]["content"] == [text("yes")]
    assert rules(wire) == ["reasoning_left_out"]


def test_thinking_kept_by_itself_opens_the_reply_behind_it() -> None:
    wire = anthropic(USER, said("assistant", SIGNED, plain=False), said("assistant", "yes"))
    assert wire.params["messages"][1]["content"] == [THINKING, text("yes")]


def test_merged_messages_begin_with_their_thinking() -> None:
    wire = anthropic(USER, said("assistant", "so"), said("assistant", SIGNED, "yes", plain=False))
    assert wire.params["messages"][1]["content"] == [THINKING, text("so"), text("yes")]
    assert rules(wire) == ["messages_merged", "thinking_moved"]


def test_thinking_between_other_blocks_stays_where_the_provider_put_it() -> None:
    messages = sent(USER, said("assistant", "so", SIGNED, "yes", plain=False))
    assert messages[1]["content"] == [text("so"), THINKING, text("yes")]


def test_media_of_users_and_results_are_sent() -> None:
    wire = anthropic(
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
    wire = anthropic(said("user", part, plain=False))
    [block] = wire.params["messages"][0]["content"]
    assert block["text"].startswith(f"[{part.kind} left out")
    assert rules(wire) == ["media_left_out"]


def test_media_of_assistants_and_instructions_are_a_text() -> None:
    picture = MediaPart("image", "image/png", PNG)
    system = said("system", "Look:", picture, plain=False)
    wire = anthropic(system, USER, said("assistant", picture, plain=False))
    assert wire.params["system"][1] == text("[image left out: image/png]")
    assert wire.params["messages"][1]["content"] == [text("[image left out: image/png]")]


def test_what_only_others_understand_is_left_out_and_told() -> None:
    wire = anthropic(
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
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [text("yes")]},
    ]
    wholes = [said("user", OpaquePart("anthropic", payload)) for payload in payloads]
    assert sent(*wholes) == payloads
    assert sent(USER, said("user", OpaquePart("anthropic", {"role": "user"}))) == [
        {"role": "user", "content": "hi"}
    ]


def test_fields_that_a_message_cannot_have_are_left_out_with_a_notice() -> None:
    later = {"anthropic": {"later": 1, "diagnostics": None, "stop_reason": "end_turn"}}
    whole = OpaquePart("anthropic", {"role": "assistant", "content": "yes", "later": 1})
    for message in (said("user", "hi", extra=later), said("user", whole)):
        wire = anthropic(USER, said("assistant", "hello"), message)
        assert all(one.keys() == {"role", "content"} for one in wire.params["messages"])
        assert "extra_left_out" in [notice.rule for notice in wire.notices]
    unsaid = {"anthropic": {"diagnostics": None, "stop_reason": "end_turn"}}
    assert anthropic(said("user", "hi", extra=unsaid)).notices == ()
    kept = to_wire([said("user", "hi", extra=later)], "anthropic", cache=False, repair=False)
    assert kept.params["messages"][0]["later"] == 1


def test_an_opaque_block_goes_back_to_where_it_came_from() -> None:
    payload = {"type": "search_result", "source": "x", "title": "y", "content": [text("z")]}
    wire = anthropic(said("user", OpaquePart("anthropic", payload), plain=False))
    [block] = wire.params["messages"][0]["content"]
    assert block == payload
    assert block["content"] is not payload["content"]


def test_what_nobody_knows_is_not_mistaken_for_system_text() -> None:
    payload = {"role": "user", "content": "hi"}
    whole = said("system", OpaquePart("anthropic", payload))
    assert anthropic(whole).params == {"messages": [payload]}
    search = {"type": "search_result", "source": "x", "title": "y", "content": [text("z")]}
    wire = anthropic(USER, said("system", OpaquePart("anthropic", search), plain=False))
    assert wire.params["messages"][0]["content"][1:] == [text("[System message]"), search]


def test_a_notice_reads_as_one_line() -> None:
    [notice] = anthropic(USER, said("assistant", "yes ")).notices
    assert str(notice).startswith("messages[1]: ")
    assert str(notice).endswith("(text_trimmed)")


def test_parts_where_nobody_accepts_them_are_left_out() -> None:
    wire = anthropic(
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
