"""What OpenAI Chat would refuse is mended when it is rendered, and each mending is told."""

from typing import Any

import pytest

from tests.formats.samples import PNG, accepted
from tract.errors import UnknownProvider
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

PICTURE = MediaPart("image", "image/png", PNG)
PICTURE_URL = f"data:image/png;base64,{PNG}"


def render(*messages: Message, **options: Any) -> Wire:
    """The request, which both judges accept."""
    wire = to_wire(messages, "openai", **options)
    assert check(wire.params, "openai") == []
    accepted(wire.params, "openai")
    return wire


def rules(wire: Wire) -> list[str]:
    return [notice.rule for notice in wire.notices]


def user(*parts: Part | str, **fields: Any) -> Message:
    return _message("user", parts, fields)


def assistant(*parts: Part | str, **fields: Any) -> Message:
    return _message("assistant", parts, fields)


def result(call_id: str, *parts: Part | str, **fields: Any) -> Message:
    return _message("tool", parts, {"call_id": call_id, **fields})


def _message(role: str, parts: tuple[Part | str, ...], fields: dict[str, Any]) -> Message:
    made = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Message(role, made, commits=(f"{role}-commit",), **fields)


def test_system_text_stays_where_it_is() -> None:
    wire = render(user("a"), Message("system", (TextPart("b"),)), user("c"))
    assert [m["role"] for m in wire.params["messages"]] == ["user", "system", "user"]
    assert wire.notices == ()


def test_each_message_knows_the_commits_it_comes_from() -> None:
    wire = render(user("a"), assistant("b"))
    assert wire.origins == (("user-commit",), ("assistant-commit",))


def test_a_call_id_over_forty_characters_is_mapped_with_its_result() -> None:
    long = "c" * 41
    wire = render(assistant(ToolCall(long, "t")), result(long, "7"))
    call, answer = wire.params["messages"]
    mapped = call["tool_calls"][0]["id"]
    assert len(mapped) <= 40
    assert mapped != long
    assert answer["tool_call_id"] == mapped
    assert rules(wire) == ["call_id_mapped"]
    assert wire.notices[0].index == 0
    assert wire.notices[0].commits == ("assistant-commit",)


def test_long_call_ids_that_begin_alike_stay_apart() -> None:
    ids = ["c" * 60 + tail for tail in "ab"]
    wire = render(
        assistant(*[ToolCall(id, "t") for id in ids]), *[result(id, id[-1]) for id in ids]
    )
    call, first, second = wire.params["messages"]
    sent = [entry["id"] for entry in call["tool_calls"]]
    assert len(set(sent)) == 2
    assert [first["tool_call_id"], second["tool_call_id"]] == sent
    assert [first["content"], second["content"]] == ["a", "b"]


def test_a_call_id_used_again_later_stays_as_it_is() -> None:
    turn = [assistant(ToolCall("c1", "t")), result("c1", "7")]
    wire = render(*turn, *turn)
    assert [m["tool_call_id"] for m in wire.params["messages"] if m["role"] == "tool"] == ["c1"] * 2
    assert wire.notices == ()


def test_a_call_id_that_stands_twice_in_one_message_is_made_unique() -> None:
    wire = render(
        assistant(ToolCall("c1", "a"), ToolCall("c1", "b")), result("c1", "1"), result("c1", "2")
    )
    call, first, second = wire.params["messages"]
    assert [entry["id"] for entry in call["tool_calls"]] == ["c1", "c1_2"]
    assert (first["tool_call_id"], first["content"]) == ("c1", "1")
    assert (second["tool_call_id"], second["content"]) == ("c1_2", "2")


def test_arguments_go_as_the_model_wrote_them() -> None:
    wire = render(assistant(ToolCall("c1", "t", "{broken")), result("c1", ""))
    call, answer = wire.params["messages"]
    assert call["tool_calls"][0]["function"]["arguments"] == "{broken"
    assert answer["content"] == ""
    assert wire.notices == ()


def test_names_that_would_be_refused_are_spelt_another_way() -> None:
    wire = render(
        user("hi", name="Ada Lovelace"),
        user("hi", name=""),
        assistant(ToolCall("c1", "files.read")),
        result("c1", "7"),
        tools=[{"name": "files.read", "parameters": {}}],
    )
    named, unnamed, call, _ = wire.params["messages"]
    assert named["name"] == "Ada_Lovelace"
    assert "name" not in unnamed
    assert call["tool_calls"][0]["function"]["name"] == "files_read"
    assert wire.params["tools"][0]["function"]["name"] == "files_read"
    assert rules(wire) == ["name_mapped", "name_mapped", "tool_name_mapped", "tool_name_mapped"]


def test_a_name_over_64_characters_is_cut() -> None:
    messages = render(user("hi", name="x" * 64), user("hi", name="x" * 65)).params["messages"]
    assert [message["name"] for message in messages] == ["x" * 64] * 2


def test_reasoning_is_not_sent() -> None:
    wire = render(assistant(ReasoningPart("hm", "anthropic", "sig"), "hello", plain=False))
    assert wire.params["messages"] == [
        {"role": "assistant", "content": [{"type": "text", "text": "hello"}]}
    ]
    assert rules(wire) == ["reasoning_left_out"]


@pytest.mark.parametrize(
    "message",
    [
        assistant(),
        assistant(plain=False),
        assistant(ReasoningPart("hm")),
        assistant(RefusalPart("")),
        user(),
        user(OpaquePart("anthropic", {"type": "x"}), plain=False),
        Message("system"),
    ],
)
def test_a_message_that_says_nothing_is_left_out(message: Message) -> None:
    wire = render(user("hi"), message)
    assert len(wire.params["messages"]) == 1
    assert wire.notices[-1].rule == "empty_message"
    assert wire.notices[-1].index is None
    assert wire.notices[-1].commits == message.commits


def test_an_empty_result_is_never_left_out() -> None:
    wire = render(assistant(ToolCall("c1", "t")), result("c1"))
    assert wire.params["messages"][1] == {"role": "tool", "content": "", "tool_call_id": "c1"}
    assert wire.notices == ()


def test_an_empty_list_of_calls_is_left_out() -> None:
    wire = render(assistant("hi", extra={"openai": {"tool_calls": []}}))
    assert wire.params["messages"] == [{"role": "assistant", "content": "hi"}]
    assert rules(wire) == ["empty_tool_calls"]


def test_a_failed_result_keeps_its_output_and_the_flag_is_told() -> None:
    wire = render(assistant(ToolCall("c1", "t")), result("c1", "no such file", is_error=True))
    assert wire.params["messages"][1]["content"] == "no such file"
    assert rules(wire) == ["error_flag_left_out"]


def test_pictures_of_results_follow_all_results_of_the_exchange() -> None:
    wire = render(
        assistant(ToolCall("c1", "t"), ToolCall("c2", "t")),
        result("c1", "taken", PICTURE, plain=False),
        result("c2", "7"),
        user("thanks"),
    )
    _, first, second, shown, thanks = wire.params["messages"]
    assert first["content"] == [
        {"type": "text", "text": "taken"},
        {"type": "text", "text": "[image: see the next user message]"},
    ]
    assert second["content"] == "7"
    assert shown == {
        "role": "user",
        "content": [
            {"type": "text", "text": "[image of tool result c1]"},
            {"type": "image_url", "image_url": {"url": PICTURE_URL}},
        ],
    }
    assert thanks["content"] == "thanks"
    assert wire.origins[3] == ("tool-commit",)
    assert rules(wire) == ["media_moved"]


def test_pictures_of_the_last_results_are_shown_at_the_end() -> None:
    wire = render(assistant(ToolCall("c1", "t")), result("c1", PICTURE, plain=False))
    assert [message["role"] for message in wire.params["messages"]] == ["assistant", "tool", "user"]


def test_a_refusal_that_is_not_the_assistants_is_text() -> None:
    [message] = render(user(RefusalPart("No."))).params["messages"]
    assert message == {"role": "user", "content": "No."}


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (MediaPart("audio", "audio/flac", "YQ=="), "[audio left out: audio/flac]"),
        (MediaPart("audio", url="https://e.org/a"), "[audio left out: https://e.org/a]"),
        (
            MediaPart("file", name="a.pdf", url="https://e.org/a"),
            "[file left out: a.pdf, https://e.org/a]",
        ),
        (MediaPart("image", data="????"), "[image left out]"),
        (MediaPart("file", url="https://e.org/" + "x" * 500), "[file left out]"),
    ],
)
def test_a_medium_without_a_form_is_a_text(part: MediaPart, text: str) -> None:
    wire = render(user("look", part, plain=False))
    assert wire.params["messages"][0]["content"][1] == {"type": "text", "text": text}
    assert rules(wire) == ["media_left_out"]


def test_media_of_users_are_sent() -> None:
    wire = render(
        user(
            PICTURE,
            MediaPart("image", data=PNG),
            MediaPart("audio", "audio/x-wav", "YQ=="),
            MediaPart("file", "application/pdf", "JVBERi0=", name="a.pdf"),
            MediaPart("file", file_id="file-1"),
            plain=False,
        )
    )
    assert wire.params["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": PICTURE_URL}},
        {"type": "image_url", "image_url": {"url": PICTURE_URL}},
        {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "wav"}},
        {
            "type": "file",
            "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
        },
        {"type": "file", "file": {"file_id": "file-1"}},
    ]
    assert wire.notices == ()


def test_an_upload_at_another_provider_is_a_text() -> None:
    part = MediaPart("file", file_id="file_1", extra={"anthropic.shape": {"upload": True}})
    assert rules(render(user("look", part, plain=False))) == ["media_left_out"]


def test_media_of_assistants_are_a_text() -> None:
    wire = render(assistant("look", PICTURE, plain=False))
    assert wire.params["messages"][0]["content"][1]["text"] == "[image left out: image/png]"


def test_what_only_others_understand_is_left_out_and_told() -> None:
    wire = render(
        user(TextPart("hi", {"anthropic": {"citations": [1]}}), plain=False),
        user("hi", extra={"gemini": {"x": 1}}),
        user("hi", OpaquePart("gemini", {"type": "x"}), plain=False),
        user(OpaquePart("gemini", {"role": "user", "parts": []})),
    )
    assert len(wire.params["messages"]) == 3
    assert rules(wire) == ["extra_left_out", "extra_left_out", "opaque_left_out", "opaque_left_out"]


def test_a_mark_for_somebody_elses_cache_is_not_worth_a_notice() -> None:
    marked = TextPart("hi", {"anthropic": {"cache_control": {"type": "ephemeral"}}})
    assert render(user(marked, plain=False)).notices == ()


def test_a_whole_message_goes_back_to_where_it_came_from() -> None:
    payload = {"role": "user", "content": "hi", "later": [1]}
    wire = render(user(OpaquePart("openai", payload)))
    assert wire.params["messages"] == [payload]
    assert wire.params["messages"][0]["later"] is not payload["later"]


def test_a_part_that_openai_does_not_know_is_left_out_with_a_notice() -> None:
    odd = OpaquePart("openai", {"type": "hologram", "depth": 3})
    message = user("hi", odd, plain=False)
    wire = render(message)
    assert wire.params["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]}
    ]
    [notice] = wire.notices
    assert (notice.rule, notice.index) == ("opaque_left_out", 0)
    assert "'hologram'" in notice.message
    kept = to_wire([message], "openai", repair=False)
    assert kept.params["messages"][0]["content"][1] == odd.payload
    assert kept.notices == ()


def test_a_part_that_openai_takes_of_another_role_is_left_out_with_a_notice() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    text = {"type": "text", "text": "hi"}
    for role, kept in (("user", [text, picture]), ("system", [text])):
        whole = OpaquePart("openai", {"role": role, "content": [text, picture]})
        wire = render(Message("user", (whole,)))
        assert wire.params["messages"] == [{"role": role, "content": kept}]
        assert len(wire.notices) == 2 - len(kept)
    nothing = OpaquePart("openai", {"role": "system", "content": [picture]})
    wire = render(user("hi"), Message("user", (nothing,)))
    assert len(wire.params["messages"]) == 1
    assert rules(wire) == ["opaque_left_out", "empty_message"]


def test_a_result_that_names_no_call_is_left_out() -> None:
    wire = render(user("hi"), Message("tool", (TextPart("7"),)))
    assert len(wire.params["messages"]) == 1
    assert rules(wire) == ["orphan_result"]


def test_a_role_that_nobody_knows_is_the_users() -> None:
    wire = render(Message("robot", (TextPart("beep"),)))
    assert wire.params["messages"] == [{"role": "user", "content": "beep"}]
    assert rules(wire) == ["role_mapped"]


def test_calls_that_are_not_the_assistants_are_left_out() -> None:
    wire = render(user("hi", ToolCall("c1", "t"), plain=False))
    assert rules(wire) == ["misplaced_part"]


def test_nothing_is_mended_on_demand() -> None:
    long = "c" * 50
    messages = [
        Message("robot", (TextPart("beep"),), name="a b"),
        assistant(ToolCall(long, "a.b", "{")),
        Message("user"),
    ]
    wire = to_wire(messages, "openai", repair=False)
    robot, call, empty = wire.params["messages"]
    assert robot == {"role": "robot", "content": "beep", "name": "a b"}
    assert call["tool_calls"][0]["id"] == long
    assert empty == {"role": "user", "content": None}
    found = {issue.rule for issue in check(wire.params, "openai")}
    assert found == {
        "unknown_role",
        "call_id_length",
        "tool_name",
        "missing_result",
        "null_content",
    }


def test_openai_chat_is_another_name_for_openai() -> None:
    assert to_wire([user("hi")], "openai_chat") == to_wire([user("hi")], "openai")


@pytest.mark.parametrize("provider", ["gemini", "", "OpenAI", None, ["openai"]])
def test_an_unknown_provider_is_refused_with_those_there_are(provider: Any) -> None:
    with pytest.raises(UnknownProvider) as caught:
        to_wire([], provider)
    assert caught.value.hint == "Use one of openai, anthropic."
