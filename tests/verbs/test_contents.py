"""What is committed can be read, shown and compiled ever after; what could not be is refused."""

import copy
import math
import pickle
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from pydantic import Field, computed_field, field_validator

from tract import (
    Content,
    DialogueContent,
    FreeformContent,
    InvalidInput,
    MediaPart,
    Message,
    OpaqueContent,
    OutputContent,
    ReasoningContent,
    ReasoningPart,
    RefusalPart,
    SessionContent,
    TextPart,
    ToolCall,
    ToolResultContent,
    TractError,
)


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"x": value}
    return value


DEEP = nested(10_000)


def unharmed(t):
    """The tract is empty and every way of looking at it works."""
    assert t.head is None
    assert t.log() == []
    assert t.compile().messages == ()
    assert t.status().commits == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda t: t.assistant(None, tool_calls=["abc"]),
        lambda t: t.assistant(None, tool_calls=[{"kind": "text", "text": "z"}]),
        lambda t: t.assistant("x", tool_calls=[TextPart("z")]),
        lambda t: t.assistant("x", tool_calls=[{"id": 1, "name": "f"}]),
        lambda t: t.assistant("x", tool_calls=[ToolCall("a", "f", 5)]),  # type: ignore[arg-type]
        lambda t: t.assistant("x", tool_calls=[{"function": {"arguments": "{}"}}]),
        lambda t: t.assistant("x", reasoning={"text": "a"}),
        lambda t: t.assistant("x", reasoning=5),
        lambda t: t.assistant("x", reasoning=ReasoningContent.model_construct(text=5)),
        lambda t: t.commit(DialogueContent.model_construct(role="user", text=5)),
        lambda t: t.commit(DialogueContent.model_construct(role="user", parts=(TextPart(5),))),  # type: ignore[arg-type]
        lambda t: t.commit(DialogueContent.model_construct(role="robot", text="x")),
        lambda t: t.commit(DialogueContent.model_construct(text="x")),
        lambda t: t.commit(
            DialogueContent.model_construct(role="user", text="x", parts=(TextPart("y"),))
        ),
        lambda t: t.commit(
            DialogueContent(role="user", text="x").model_copy(update={"colour": "red"})
        ),
        lambda t: t.commit(
            DialogueContent(role="assistant", tool_calls=(ToolCall("a", "f"),)).model_copy(
                update={"role": "user"}
            )
        ),
        lambda t: t.commit(OutputContent.model_construct(text=None)),
        lambda t: t.commit(ToolResultContent(call_id="c").model_copy(update={"call_id": 5})),
        lambda t: t.commit(SessionContent().model_copy(update={"decisions": (5,)})),
        lambda t: t.commit(
            {"content_type": "dialogue", "role": "user", "text": "x", "extra": {"openai": 5}}
        ),
        lambda t: t.commit(
            {"content_type": "dialogue", "role": "user", "parts": [{"kind": "video", "url": "x"}]}
        ),
        lambda t: t.commit({"content_type": "dialogue", "role": "user", "extra": {"p": DEEP}}),
        lambda t: t.commit(
            {
                "content_type": "dialogue",
                "role": "user",
                "parts": [{"kind": "text", "text": "x", "extra": {"p": DEEP}}],
            }
        ),
        lambda t: t.reasoning("x", bound_to=DEEP),
        lambda t: t.commit({"role": "user", "content": "x", "foo": DEEP}),
        lambda t: t.assistant("x", tool_calls=[{"id": "a", "name": "f", "arguments": DEEP}]),
        lambda t: t.assistant(
            "x", tool_calls=[{"id": "a", "name": "f", "arguments": {"x": datetime.now(UTC)}}]
        ),
        lambda t: t.assistant(
            "x", tool_calls=[{"id": "a", "name": "f", "arguments": {"x": math.nan}}]
        ),
        lambda t: t.note({"x": datetime.now(UTC)}),
    ],
)
def test_what_could_not_be_shown_later_is_refused_and_nothing_is_written(t, write):
    with pytest.raises(InvalidInput) as caught:
        write(t)
    assert caught.value.hint
    unharmed(t)


@pytest.mark.parametrize(
    "make",
    [
        lambda: DialogueContent(role="user", parts=(TextPart(5),)),  # type: ignore[arg-type]
        lambda: DialogueContent(role="user", parts=(MediaPart("video", url="x"),)),  # type: ignore[arg-type]
        lambda: DialogueContent(role="user", parts=(TextPart("x", {"openai": 5}),)),  # type: ignore[dict-item]
        lambda: DialogueContent(role="user", text="x", extra={"openai": 5}),
    ],
)
def test_parts_are_looked_into_when_a_content_is_made(make):
    with pytest.raises(ValueError, match=r"not str|unknown|by provider"):
        make()


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("a", "look_up", {"order": 7}),  # type: ignore[arg-type]
        {"id": "a", "name": "look_up", "arguments": {"order": 7}},
        {"id": "a", "name": "look_up", "arguments": MappingProxyType({"order": 7})},
        {
            "id": "a",
            "type": "function",
            "function": {"name": "look_up", "arguments": '{"order": 7}'},
        },
        {"id": "a", "function": {"name": "look_up", "arguments": {"order": 7}}},
    ],
)
@pytest.mark.parametrize("reasoning", [None, "hm"])
def test_a_call_may_be_given_as_it_is_at_hand(t, call, reasoning):
    t.assistant(None, tool_calls=[call], reasoning=reasoning)
    t.tool_result("a", "shipped")
    (made,) = t.compile().messages[0].tool_calls
    assert made == ToolCall("a", "look_up", '{"order": 7}')
    assert t.log()[1].message == "calls look_up"


class Ticket(Content):
    """A type with what types have: defaults, an alias, a computed field."""

    content_type: Literal["acme.ticket"] = "acme.ticket"
    number: int = Field(alias="ticketNumber")
    state: str = "open"
    tags: list[str] = Field(default_factory=list)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def title(self) -> str:
        return f"Ticket {self.number}"


def test_a_type_with_aliases_and_computed_fields_comes_back_with_all_its_fields(backend):
    t = backend.open(content_types=[Ticket])
    t.commit(Ticket(ticketNumber=7))
    t.commit({"content_type": "acme.ticket", "number": 8})
    assert [entry.content for entry in t.entries()] == [
        Ticket(ticketNumber=7),
        Ticket(ticketNumber=8),
    ]
    # A default says something to the model, and stays what it was when the type changes.
    text = t.compile().messages[0].text
    assert text == "[acme.ticket]\nnumber: 7\nstate: open\ntags: []"
    if backend.reopens:
        assert backend.open(create=False).compile().messages[0].text == text


class Bad(Content):
    content_type: Literal["acme.bad"] = "acme.bad"


class Raises(Bad):
    def render(self) -> str:
        raise RuntimeError("secret")


class Nothing(Bad):
    def render(self) -> str:
        return None  # type: ignore[return-value]


class Robot(Bad):
    def render(self) -> Message:
        return Message("robot", (TextPart("x"),))


class NoParts(Bad):
    def render(self) -> Message:
        return Message("user", ("x",))  # type: ignore[arg-type]


class WrongPart(Bad):
    def render(self) -> Message:
        return Message("user", (TextPart(5),))  # type: ignore[arg-type]


class LoneHalf(Bad):
    def render(self) -> str:
        return "\ud83d"


class Anything(Bad):
    value: Any = object()


class Bytes(Bad):
    value: bytes = b"\xff"


class OneWay(Bad):
    value: str = "x"

    def stored(self) -> dict[str, Any]:
        return {"content_type": self.content_type, "worth": self.value}


class NoDict(Bad):
    def stored(self) -> dict[str, Any]:
        return []  # type: ignore[return-value]


class Fails(Bad):
    def stored(self) -> dict[str, Any]:
        raise KeyError("secret")


class Validator(Bad):
    value: str = "x"

    @field_validator("value", mode="before")
    @classmethod
    def _odd(cls, value: Any) -> Any:
        raise RuntimeError("secret")


@pytest.mark.parametrize(
    "cls",
    [
        Raises,
        Nothing,
        Robot,
        NoParts,
        WrongPart,
        LoneHalf,
        Anything,
        Bytes,
        OneWay,
        NoDict,
        Fails,
        Validator,
    ],
)
def test_a_type_that_could_not_be_shown_is_refused_before_it_is_written(backend, cls):
    t = backend.open(content_types=[cls])
    with pytest.raises(InvalidInput) as caught:
        t.commit(cls())
    assert caught.value.hint
    assert "secret" not in caught.value.message
    unharmed(t)


class Named(Content):
    """Its fields are called as ours are, and are something else."""

    content_type: Literal["acme.named"] = "acme.named"
    text: str = ""
    parts: list[str] = Field(default_factory=list)
    tool_calls: list[str] = Field(default_factory=list)


def test_fields_of_an_own_type_may_be_called_as_ours_are(backend):
    t = backend.open(content_types=[Named])
    t.commit(Named(parts=["a"], tool_calls=["b"]))
    assert 'tool_calls: ["b"]' in t.entries()[0].text
    assert "acme.named" in t.log()[0].message
    assert t.status().messages == 1


class Changing(Content):
    """A type whose code changes after something was stored."""

    content_type: Literal["acme.changing"] = "acme.changing"
    number: int

    def render(self) -> str:
        return f"number {self.number}"


def test_history_can_be_read_though_a_type_no_longer_works(backend, monkeypatch):
    t = backend.open(content_types=[Changing])
    made = t.commit(Changing(number=7))
    monkeypatch.setattr(Changing, "render", lambda self: 1 / 0)
    assert t.log()[0].message == "[acme.changing] number: 7"
    assert [info.id for info in t.log(grep="number: 7")] == [made.id]
    assert t.entries()[0].text == "[acme.changing]\nnumber: 7"
    assert t.show(made.id).text == "[acme.changing]\nnumber: 7"


class Short(Content):
    content_type: Literal["acme.short"] = "acme.short"
    text: Annotated[str, Field(max_length=5)]


class Number(Content):
    content_type: Literal["acme.number"] = "acme.number"
    text: int


@pytest.mark.parametrize("content", [Short(text="a"), Number(text=1)])
def test_an_edit_that_its_type_refuses_is_refused_without_repeating_it(backend, content):
    t = backend.open(content_types=[type(content)])
    made = t.commit(content)
    with pytest.raises(InvalidInput) as caught:
        t.edit(made, "secret words")
    assert "secret" not in caught.value.message
    assert caught.value.hint
    assert t.head == made


class Point(NamedTuple):
    x: int
    y: int


class Precise(float):
    """Stands for the floats of numerical libraries, which are subclasses of Python's."""


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Precise(0.5), 0.5),
        (Point(1, 2), [1, 2]),
        (MappingProxyType({"a": MappingProxyType({"b": (1,)})}), {"a": {"b": [1]}}),
    ],
)
def test_values_that_are_json_under_another_name_are_kept(t, value, plain):
    t.note({"value": value})
    t.user("x", metadata={"value": value}, made_with={"value": value})
    content = t.entries()[0].content
    assert isinstance(content, FreeformContent)
    assert content.payload == {"value": plain}
    assert t.log()[0].metadata == {"value": plain}
    assert t.log()[0].made_with == {"value": plain}


SAID = [
    (DialogueContent(role="assistant", refusal="I will not."), "I will not."),
    (DialogueContent(role="assistant", parts=(RefusalPart("No."),)), "No."),
    (DialogueContent(role="user", parts=(MediaPart("image", url="https://example.org/a.png"),)), "[image]"),
    (DialogueContent(role="user", parts=(MediaPart("image", url="u"), MediaPart("file", file_id="f"))), "[image] [file]"),
    (DialogueContent(role="user", parts=(MediaPart("image", url="u"), TextPart("this"))), "this"),
    (DialogueContent(role="assistant", parts=(ReasoningPart("Let me see."),)), "Let me see."),
    (DialogueContent(role="assistant", parts=(ReasoningPart(encrypted="e"),)), "[reasoning]"),
    (ToolResultContent(call_id="c", parts=(MediaPart("audio", url="u"),)), "[audio]"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "text"), SAID)
def test_what_has_no_text_is_shown_as_what_it_is(t, content, text):
    t.commit(content)
    assert t.entries()[0].text == text
    assert t.log()[0].message == text


class Caller(Content):
    content_type: Literal["acme.caller"] = "acme.caller"

    def render(self) -> Message:
        return Message("assistant", (ToolCall("a", "f"), ToolCall("b", "g")))


def test_the_calls_of_an_own_type_are_named_in_the_log(backend):
    t = backend.open(content_types=[Caller])
    t.commit(Caller())
    assert t.log()[0].message == "calls f, g"
    assert t.entries()[0].text == ""


def test_a_text_edit_keeps_media_and_replaces_a_refusal(t):
    t.assistant(None, tool_calls=[ToolCall("c", "draw")])
    image = MediaPart("image", url="https://example.org/a.png")
    result = t.commit(ToolResultContent(call_id="c", parts=(TextPart("here"), image)))
    refused = t.commit(DialogueContent(role="assistant", refusal="I will not."))
    t.edit(result, "there")
    t.edit(refused, "I will.")
    _, told, said = t.compile().messages
    assert told.parts == (TextPart("there"), image)
    assert said.parts == (TextPart("I will."),)


def test_an_opaque_message_need_not_name_a_provider(t):
    t.commit(OpaqueContent(payload={"odd": 1}))
    content = t.entries()[0].content
    assert content == OpaqueContent(payload={"odd": 1})
    assert content.stored() == {"content_type": "opaque", "payload": {"odd": 1}}
    assert t.entries()[0].text == "odd: 1"


def test_what_is_read_is_a_value(t):
    t.user("hello", metadata={"a": [1]})
    (entry,) = t.entries()
    with pytest.raises(AttributeError):
        entry.id = "zzz"
    with pytest.raises(AttributeError):
        del entry.mark
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert copy.deepcopy(entry).text == "hello"
    info, detail = t.head, t.show("HEAD")
    assert {info: 1, detail: 2}[t.log()[0]] == 1
    sent = pickle.loads(pickle.dumps(info))
    assert sent == info
    assert sent.tokens == info.tokens
    assert pickle.loads(pickle.dumps(sent)).tokens == info.tokens
    assert copy.deepcopy(info).tokens == info.tokens
    assert pickle.loads(pickle.dumps(detail)).text == "hello"


def test_tokens_can_be_counted_after_the_handle_is_closed(backend):
    t = backend.open()
    info = t.user("hello")
    t.close()
    assert info.tokens > 0


def test_errors_that_name_content_say_which_type_it_is(t):
    with pytest.raises(TractError) as caught:
        t.user("half \ud83d")
    assert "dialogue" in caught.value.message
    assert caught.value.kind == "lone_surrogate"
