"""What each stored content looks like to a model."""

from typing import Any, Literal

import pytest

from tests.compile.building import Talk
from tract.compile import render
from tract.errors import InvalidInput
from tract.objects import (
    ArtifactContent,
    Content,
    ContentTypes,
    DialogueContent,
    FreeformContent,
    InstructionContent,
    MediaPart,
    Message,
    OpaqueContent,
    OpaquePart,
    OutputContent,
    ReasoningContent,
    ReasoningPart,
    RefusalPart,
    SessionContent,
    SummaryContent,
    TextPart,
    ToolCall,
    ToolResultContent,
)

COMMIT = "c" * 64
EXTRA = {"openai": {"seen": True}}


def shown(content: Content, *types: type[Content]) -> Message:
    return render(content.stored(), COMMIT, ContentTypes(types))


def message(role: str, *parts: Any, **fields: Any) -> Message:
    return Message(role, parts, commits=(COMMIT,), **fields)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (InstructionContent(text="Be kind."), message("system", TextPart("Be kind."))),
        (
            InstructionContent(text="Be kind.", role="developer", name="ops", extra=EXTRA),
            message("developer", TextPart("Be kind."), name="ops", extra=EXTRA),
        ),
        (
            InstructionContent(parts=("a", TextPart("b", EXTRA))),
            message("system", TextPart("a"), TextPart("b", EXTRA), plain=False),
        ),
        (DialogueContent(role="user", text="hi"), message("user", TextPart("hi"))),
        (DialogueContent(role="user", text=""), message("user", TextPart(""))),
        (DialogueContent(role="user"), message("user")),
        (
            DialogueContent(
                role="user", parts=("see", MediaPart("image", url="https://x.y/z.png"))
            ),
            message(
                "user", TextPart("see"), MediaPart("image", url="https://x.y/z.png"), plain=False
            ),
        ),
        (
            DialogueContent(role="assistant", tool_calls=(ToolCall("a", "f", "{}", EXTRA),)),
            message("assistant", ToolCall("a", "f", "{}", EXTRA)),
        ),
        (
            DialogueContent(role="assistant", text="", tool_calls=(ToolCall("a", "f"),)),
            message("assistant", TextPart(""), ToolCall("a", "f")),
        ),
        (
            DialogueContent(
                role="assistant",
                parts=(ReasoningPart("hm", "anthropic", "sig"), "so", ToolCall("a", "f")),
                name="bot",
                extra=EXTRA,
            ),
            message(
                "assistant",
                ReasoningPart("hm", "anthropic", "sig"),
                TextPart("so"),
                ToolCall("a", "f"),
                plain=False,
                name="bot",
                extra=EXTRA,
            ),
        ),
        (
            DialogueContent(role="assistant", refusal="I won't."),
            message("assistant", RefusalPart("I won't.")),
        ),
        (
            ToolResultContent(call_id="a", name="f", output="", is_error=True, extra=EXTRA),
            message("tool", TextPart(""), name="f", call_id="a", is_error=True, extra=EXTRA),
        ),
        (ToolResultContent(call_id="a"), message("tool", call_id="a")),
        (
            ToolResultContent(call_id="a", parts=("x", "y")),
            message("tool", TextPart("x"), TextPart("y"), plain=False, call_id="a"),
        ),
        (
            ReasoningContent(
                text="hm", provider="anthropic", signature="s", bound_to={"prefix": "p"}
            ),
            message(
                "assistant",
                ReasoningPart("hm", "anthropic", "s", bound_to={"prefix": "p"}),
                plain=False,
            ),
        ),
        (
            OpaqueContent(provider="openai", payload={"role": "function"}),
            message("user", OpaquePart("openai", {"role": "function"})),
        ),
    ],
)
def test_a_content_becomes_a_message_with_everything_that_it_said(content, expected):
    assert shown(content) == expected


@pytest.mark.parametrize(
    ("content", "role"),
    [
        (ArtifactContent(kind="code", title="sum", text="1+1", language="python"), "user"),
        (OutputContent(text="42"), "assistant"),
        (FreeformContent(payload={"b": 1, "a": [2]}), "user"),
        (SummaryContent(text="They met."), "user"),
        (SessionContent(summary="s", decisions=("d",), next_steps=("n",)), "user"),
    ],
)
def test_a_content_with_a_text_of_its_own_is_shown_as_it_renders(content, role):
    assert shown(content) == message(role, TextPart(content.render()))


class Ticket(Content):
    """A type with a text, spoken by the system."""

    default_role = "system"
    content_type: Literal["acme.ticket"] = "acme.ticket"
    number: int

    def render(self) -> str:
        return f"Ticket {self.number}"


class Card(Content):
    """A type with a message of its own, or with whatever it was given."""

    content_type: Literal["acme.card"] = "acme.card"
    what: str = "message"

    def render(self) -> Any:
        made = {
            "message": Message("assistant", (TextPart("a card"),), name="deck"),
            "number": 7,
            "role": Message("robot", (TextPart("x"),)),
            "surrogate": "cut \ud83d",
        }
        return made[self.what]


def test_a_type_of_ones_own_is_shown_as_it_renders():
    assert shown(Ticket(number=7), Ticket) == message("system", TextPart("Ticket 7"))
    assert shown(Card(), Card) == message("assistant", TextPart("a card"), name="deck")


def test_a_type_that_is_not_registered_is_shown_as_its_fields():
    assert shown(Ticket(number=7)) == message("user", TextPart("[acme.ticket]\nnumber: 7"))


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("number", "invalid_message", "Card.render() gave int"),
        ("role", "invalid_role", "'robot'"),
        ("surrogate", "lone_surrogate", "position 4"),
    ],
)
def test_a_renderer_that_gives_no_message_is_named(what, kind, words):
    talk = Talk(Card(what=what), types=[Card])
    with pytest.raises(InvalidInput) as caught:
        talk.compile()
    assert caught.value.kind == kind
    assert words in str(caught.value)


def test_a_rendered_message_can_be_told_from_none_that_was_built_by_hand():
    built, made = message("user", TextPart("hi")), shown(DialogueContent(role="user", text="hi"))
    assert (built, hash(built), repr(built)) == (made, hash(made), repr(made))
