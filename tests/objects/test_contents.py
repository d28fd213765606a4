"""Contents: every type comes back as it went in; what cannot be kept is refused with its place."""

from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from tract.errors import InvalidInput
from tract.objects import (
    ArtifactContent,
    Content,
    ContentTypes,
    DialogueContent,
    FreeformContent,
    InstructionContent,
    Limits,
    Mark,
    MediaPart,
    Message,
    OpaqueContent,
    OpaquePart,
    OutputContent,
    Priority,
    ReasoningContent,
    ReasoningPart,
    RefusalPart,
    SessionContent,
    SummaryContent,
    TextPart,
    ToolCall,
    ToolResultContent,
    UnknownContent,
    check_labels,
    checked_message,
    decode_payload,
    encode_content,
    part_of,
    part_payload,
    payload_calls,
)

EXTRA = {"acme": {"x": [1, 2.5, None, "\U0001f600"]}}
PARTS = (
    TextPart("a\0\u202e", EXTRA),
    TextPart(""),
    RefusalPart("no"),
    RefusalPart(""),
    ReasoningPart("hm", "anthropic", "sig", None, {"prefix": "p"}, EXTRA),
    ReasoningPart(),
    ToolCall("c1", "f", '{"a": 1'),
    ToolCall("", ""),
    MediaPart("image", "image/png", data="aGk="),
    MediaPart("audio", url="https://example.org/a.mp3"),
    MediaPart("file", file_id="f-1", name="a.pdf", extra=EXTRA),
    OpaquePart("acme", {"kind": "odd", "deep": [{}]}),
    OpaquePart("", {}),
)
CONTENTS: tuple[Content, ...] = (
    InstructionContent(text="Be brief.", role="developer", name="n"),
    InstructionContent(parts=PARTS[:2]),
    DialogueContent(role="user", text=""),
    DialogueContent(role="assistant", parts=PARTS, extra=EXTRA),
    DialogueContent(
        role="assistant", tool_calls=(ToolCall("", "f"), ToolCall("c", "", "[]", EXTRA))
    ),
    DialogueContent(role="assistant", refusal="no"),
    ToolResultContent(call_id="c", output="", is_error=True),
    ToolResultContent(call_id="c", name="f", parts=PARTS[:1]),
    ReasoningContent(text="hm", signature="s", encrypted="e", bound_to={"a": 1}),
    ReasoningContent(),
    ArtifactContent(text="x", kind="code", title="t", language="python"),
    OutputContent(text="42", format="json"),
    FreeformContent(payload={"content_type": "odd", "text": 1, "parts": [1], "tool_calls": ["x"]}),
    SummaryContent(text="s"),
    SessionContent(summary="s", decisions=("a",), next_steps=("b",), open_questions=("c",)),
    OpaqueContent(provider="acme", payload={"role": "odd"}),
)


class Ticket(Content):
    """A caller's own type, with fields that are called as ours are."""

    content_type: Literal["acme.ticket"] = "acme.ticket"
    number: int
    parts: list[int] = Field(default_factory=list)
    tool_calls: list[str] = Field(default_factory=list)
    extra: dict[str, Any] = Field(default_factory=dict)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content.content_type)
def test_every_content_comes_back_as_it_went_in(content: Content) -> None:
    data = encode_content(content, Limits())
    loaded = ContentTypes().load(decode_payload(data))
    assert loaded == content
    assert type(loaded) is type(content)
    assert encode_content(loaded, Limits()) == data


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.kind)
def test_every_part_comes_back_as_it_went_in(part: Any) -> None:
    assert part_of(part_payload(part)) == part
    assert part_of(part) is part


def test_defaults_are_not_stored() -> None:
    assert OutputContent(text="42").stored() == {"content_type": "output", "text": "42"}
    assert ToolResultContent(call_id="c").stored() == {
        "content_type": "tool_result",
        "call_id": "c",
    }


def test_a_callers_own_type_is_known_to_who_was_told() -> None:
    ticket = Ticket(number=7, parts=[1], tool_calls=["x"], extra={"a": [1]})
    payload = decode_payload(encode_content(ticket, Limits()))
    types = ContentTypes([Ticket])
    assert types.load(payload) == ticket
    assert types.custom("acme.ticket") is Ticket
    assert types.custom("output") is None
    assert types.make({"content_type": "acme.ticket", "number": 7}) == Ticket(number=7)
    assert ContentTypes().custom("acme.ticket") is None  # nothing is registered anywhere else


def test_an_unknown_type_is_kept_whole() -> None:
    payload = {"content_type": "acme.ticket", "number": 7, "fields": {"x": 1}}
    loaded = ContentTypes().load(payload)
    assert isinstance(loaded, UnknownContent)
    assert loaded.stored() == payload
    assert encode_content(loaded, Limits()) == encode_content(
        ContentTypes().load(loaded.stored()), Limits()
    )
    rendered = loaded.render()
    assert isinstance(rendered, str)
    assert rendered.splitlines()[0] == "[acme.ticket]"
    assert "number: 7" in rendered
    ticket = Ticket(number=7, tool_calls=["x"])
    assert ContentTypes().load(ticket.stored()).render() == ticket.render()
    with pytest.raises(InvalidInput) as caught:
        ContentTypes().make(payload)
    assert caught.value.kind == "unknown_content_type"


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ([int], "no subclass"),
        ([Ticket, Ticket], "twice"),
        ([type("Nameless", (Content,), {"__module__": __name__})], "default"),
        (
            [
                type(
                    "Imposter",
                    (Content,),
                    {
                        "__annotations__": {"content_type": Literal["output"]},
                        "content_type": "output",
                        "__module__": __name__,
                    },
                )
            ],
            "twice",
        ),
    ],
)
def test_types_that_cannot_be_told_apart_are_refused(own: list[Any], why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ContentTypes(own)
    assert caught.value.kind == "invalid_content_type"
    assert why in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        {"content_type": "dialogue"},
        {"content_type": "dialogue", "role": "robot", "text": "x"},
        {"content_type": "dialogue", "role": "user", "text": 1},
        {"content_type": "dialogue", "role": "user", "text": "x", "colour": "red"},
        {"content_type": "dialogue", "role": "user", "text": "x", "parts": ["y"]},
        {"content_type": "dialogue", "role": "user", "tool_calls": [{"id": "c", "name": "f"}]},
        {"content_type": "dialogue", "role": "assistant", "tool_calls": [{"id": "c"}]},
        {
            "content_type": "dialogue",
            "role": "assistant",
            "tool_calls": [{"id": "c", "name": None}],
        },
        {"content_type": "dialogue", "role": "assistant", "parts": [{"kind": "odd"}]},
        {"content_type": "dialogue", "role": "assistant", "parts": [{"kind": "text"}]},
        {
            "content_type": "dialogue",
            "role": "assistant",
            "parts": [{"kind": "text", "text": None}],
        },
        {"content_type": "dialogue", "role": "assistant", "parts": [{"kind": "text", "text": 1}]},
        {"content_type": "dialogue", "role": "assistant", "parts": [3]},
        {"content_type": "opaque", "provider": "acme"},
        {"content_type": None},
        {},
    ],
)
def test_what_fits_no_type_is_refused_without_repeating_it(data: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        ContentTypes().make(data)
    assert caught.value.kind in ("invalid_content", "unknown_content_type")
    assert caught.value.hint
    assert "Value error" not in caught.value.message


@pytest.mark.parametrize(
    ("content", "kind", "place"),
    [
        (DialogueContent(role="user", text="a\ud83d"), "lone_surrogate", "position 1"),
        (FreeformContent(payload={"a": [float("nan")]}), "invalid_number", "payload.a[0]"),
        (FreeformContent(payload={"a": 2**64}), "invalid_number", "payload.a"),
        (FreeformContent(payload={"\ud800": 1}), "lone_surrogate", "payload"),
        (DialogueContent(role="user", text="", extra={"p": {"x": float("inf")}}), "invalid_number", ""),
        (
            DialogueContent(
                role="assistant",
                tool_calls=(ToolCall("c", "f", "", {"p": {"x": float("nan")}}),),
            ),
            "invalid_number",
            "tool_calls[0].extra.p.x",
        ),
        (
            DialogueContent(role="assistant", parts=(TextPart("a", {"p": {"x": object()}}),)),
            "invalid_content",
            "dialogue",
        ),
        (DialogueContent(role="assistant", tool_calls=(ToolCall("c", "f", "\udfff"),)), "lone_surrogate", "0"),
        (Ticket(number=7, extra={"x": float("nan")}), "invalid_number", "extra.x"),
        (Ticket(number=7, extra={"x": object()}), "invalid_content", "acme.ticket"),
        (FreeformContent(payload={"x": {1, 2}}), "invalid_content", "payload.x"),
    ],
)  # fmt: skip
def test_what_has_no_form_is_refused_where_it_is(content: Content, kind: str, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        encode_content(content, Limits())
    assert caught.value.kind == kind
    assert place in caught.value.message
    assert caught.value.hint


def calls(arguments: str) -> DialogueContent:
    return DialogueContent(role="assistant", tool_calls=(ToolCall("c", "f", arguments),))


def test_limits_hold_on_the_byte() -> None:
    limits = Limits(text_bytes_max=200, arguments_bytes_max=20, arguments_depth_max=101)
    size = len(encode_content(OutputContent(text=""), limits))
    encode_content(OutputContent(text="x" * (200 - size)), limits)
    encode_content(calls("x" * 20), limits)
    encode_content(calls("\u00e9" * 10), limits)
    for content in (
        OutputContent(text="x" * (201 - size)),
        OutputContent(text="\U0001f600" * 50),
        calls("x" * 21),
        calls("\u00e9" * 11),
    ):
        with pytest.raises(InvalidInput) as caught:
            encode_content(content, limits)
        assert caught.value.kind == "too_large"
    encode_content(calls("[" * 100 + "]" * 100), Limits())
    encode_content(calls("[" * 10 + "]" * 10), Limits(arguments_depth_max=10))
    with pytest.raises(InvalidInput) as caught:
        encode_content(calls("[" * 11 + "]" * 11), Limits(arguments_depth_max=10))
    assert caught.value.kind == "too_deep"
    encode_content(calls('"' + "[" * 10_000 + '\\"["'), Limits())  # brackets inside a string
    with pytest.raises(InvalidInput) as caught:
        encode_content(calls("[" * 101), Limits())
    assert caught.value.kind == "too_deep"


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1", None])
def test_limits_are_whole_numbers_from_one(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Limits(text_bytes_max=value)
    assert caught.value.kind == "invalid_config"
    assert caught.value.hint


def test_content_may_be_fifty_megabytes() -> None:
    data = encode_content(OutputContent(text="x" * 50_000_000), Limits())
    assert len(decode_payload(data)["text"]) == 50_000_000


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_kept_exactly(text: str) -> None:
    content = DialogueContent(role="user", text=text)
    assert ContentTypes().load(decode_payload(encode_content(content, Limits()))) == content


def test_a_text_is_replaced_and_everything_else_kept() -> None:
    call = ToolCall("c", "f")
    said = DialogueContent(role="assistant", parts=(call, TextPart("a", EXTRA), TextPart("b")))
    assert said.with_text("new").parts == (call, TextPart("new", EXTRA))
    assert DialogueContent(role="assistant", parts=(call,)).with_text("new").parts == (
        TextPart("new"),
        call,
    )
    result = ToolResultContent(call_id="c", parts=PARTS[:1], is_error=True).with_text("new")
    assert (result.output, result.parts, result.is_error) == ("new", (), True)
    assert ReasoningContent(text="a", signature="s").with_text("b").signature is None
    for content in (FreeformContent(payload={}), OpaqueContent(provider="p", payload={})):
        with pytest.raises(InvalidInput) as caught:
            content.with_text("new")
        assert caught.value.kind == "no_text"


def test_marks_have_one_form() -> None:
    for mark in (
        Mark(),
        Mark(Priority.PINNED),
        Mark(Priority.SKIP, ("a", "b")),
        Mark(Priority.IMPORTANT, (), "n" * 64),
    ):
        assert Mark.decode(mark.encode()) == mark
    assert Mark(Priority.PINNED).encode() == "pinned"
    refused: list[Any] = ["odd", {"priority": "odd"}, 3, None, []]
    for bad in refused:
        with pytest.raises((ValueError, KeyError, TypeError)):
            Mark.decode(bad)


@pytest.mark.parametrize("labels", ["", [""], ["x" * 201], [3], 5, ["\ud800"], [None]])
def test_labels_are_short_texts(labels: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_labels(labels)
    assert caught.value.hint


def test_labels_keep_their_order_and_lose_repeats() -> None:
    assert check_labels(["b", "a", "b"]) == ("b", "a")
    assert check_labels("one") == ("one",)
    assert check_labels([]) == ()


class MyDialogue(DialogueContent):
    """A built-in type under another name."""

    content_type: Literal["my.dialogue"] = "my.dialogue"  # type: ignore[assignment]


class Robot(Content):
    """A type whose texts nobody speaks."""

    content_type: Literal["acme.robot"] = "acme.robot"
    default_role: ClassVar[str] = "robot"


class Urgent(Content):
    """A type whose entries have a priority that there is none."""

    content_type: Literal["acme.urgent"] = "acme.urgent"
    default_priority: ClassVar[Any] = "bogus"


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        (MyDialogue, "built-in"),
        (Robot, "default_role 'robot'"),
        (Urgent, "default_priority 'bogus'"),
        (type("Odd", (UnknownContent,), {"__module__": __name__}), "built-in"),
    ],
)
def test_a_type_that_could_not_be_shown_is_refused_when_it_is_registered(
    cls: type[Content], why: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        ContentTypes([cls])
    assert caught.value.kind == "invalid_content_type"
    assert why in caught.value.message
    assert caught.value.hint


def test_an_own_type_stores_its_defaults_too() -> None:
    assert Ticket(number=7).stored() == {
        "content_type": "acme.ticket",
        "number": 7,
        "parts": [],
        "tool_calls": [],
        "extra": {},
    }


def test_lists_and_other_texts_are_stored_as_validation_would_have_made_them() -> None:
    part, call = TextPart("a"), ToolCall("c", "f")
    listed = DialogueContent.model_construct(role="assistant", parts=[part, call])
    made = DialogueContent(role="assistant", parts=(part, call))
    assert encode_content(listed, Limits()) == encode_content(made, Limits())


def test_the_calls_of_a_payload_come_in_the_order_in_which_they_are_shown() -> None:
    said = DialogueContent(
        role="assistant", parts=(ToolCall("a", "f"),), tool_calls=(ToolCall("b", "g"),)
    )
    assert [call["id"] for call in payload_calls(said.stored())] == ["a", "b"]
    assert payload_calls(Ticket(number=7, tool_calls=["x"]).stored()) == []


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (Message("user", [TextPart("x"), "y"]), "parts"),  # type: ignore[arg-type]
        (Message("user", "x"), "parts"),  # type: ignore[arg-type]
        (Message("user", (TextPart(5),)), "text is int"),  # type: ignore[arg-type]
        (Message("assistant", (ToolCall("a", "f", {}),)), "arguments"),  # type: ignore[arg-type]
        (Message("user", name=5), "name"),  # type: ignore[arg-type]
        (Message("tool", call_id=5), "call_id"),  # type: ignore[arg-type]
        (Message("user", extra={"openai": 5}), "extra"),  # type: ignore[dict-item]
        (Message("user", (TextPart("\ud800"),)), "surrogate"),
        (Message("robot"), "role"),
        ("x", "not a Message"),
    ],
)
def test_a_message_of_foreign_code_is_looked_into(message: object, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_message(message, "render()")
    assert why in caught.value.message
    assert caught.value.hint
