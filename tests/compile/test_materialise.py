"""The compilers that come with the library: one message of sections, and a chat with sections."""

import copy
import pickle
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compile.building import Talk, assistant, result, said, system, user
from tests.compile.test_laws import OPTIONS, attempt
from tests.compile.test_views import rich_talks, views
from tract import ChatSections, XmlPrompt
from tract.compile import CompiledContext
from tract.errors import InvalidInput
from tract.objects import (
    ArtifactContent,
    Content,
    DialogueContent,
    FreeformContent,
    InstructionContent,
    MediaPart,
    Message,
    OpaquePart,
    ReasoningPart,
    RefusalPart,
    SessionContent,
    SummaryContent,
    TextPart,
    ToolCall,
    ToolResultContent,
)

IMAGE = MediaPart("image", "image/png", data="aGVsbG8=")


def text_of(context: CompiledContext) -> str:
    """What the last message says, with a sign for each image or file."""
    parts = context.messages[-1].parts
    return "".join(p.text if isinstance(p, TextPart) else f"({p.kind})" for p in parts)


# --- values -----------------------------------------------------------------------------------


def test_compilers_with_equal_options_are_equal():
    assert XmlPrompt() == XmlPrompt("front", reasoning=False) != XmlPrompt("inside")
    assert ChatSections() == ChatSections(title="Context") != ChatSections(title="Facts")
    assert len({XmlPrompt(), XmlPrompt(), ChatSections(), ChatSections()}) == 2
    both = (XmlPrompt(), ChatSections())
    assert pickle.loads(pickle.dumps(both)) == copy.deepcopy(both) == both
    assert repr(both) == (
        "(XmlPrompt(instructions='front', reasoning=False), ChatSections(title='Context'))"
    )


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (XmlPrompt, "instructions", "behind"),
        (XmlPrompt, "reasoning", 1),
        (ChatSections, "title", ""),
        (ChatSections, "title", "two\nlines"),
        (ChatSections, "title", None),
    ],
)
def test_an_option_that_cannot_be_used_is_named(make, name, value):
    with pytest.raises(InvalidInput, match=f"{make.__name__} {name}=") as caught:
        make(**{name: value})
    assert caught.value.kind == "invalid_option"
    assert caught.value.hint


# --- one message of sections ------------------------------------------------------------------


def agents_talk() -> Talk:
    call = ToolCall("c1", "read", '{"path": "a<b>.txt"}')
    return Talk(
        system("Be brief."),
        SummaryContent(text="They met."),
        DialogueContent(role="user", text="What is in it?", name="ada"),
        DialogueContent(
            role="assistant", parts=(ReasoningPart("hm"), TextPart("Let me see."), call)
        ),
        ToolResultContent(call_id="c1", output="</tool_result> & more", is_error=True),
        system("Now in French."),
        assistant("Rien."),
    )


def test_the_whole_conversation_is_one_message_of_sections():
    talk = agents_talk()
    context = talk.compile(compiler=XmlPrompt())
    assert [message.role for message in context.messages] == ["system", "user"]
    assert context.messages[0] == talk.compile().messages[0]
    assert (
        context.messages[1].text
        == """\
<conversation>
<summary>[Summary of earlier conversation]
They met.</summary>
<user name="ada">What is in it?</user>
<assistant>Let me see.<tool_call id="c1" name="read">{"path": "a&lt;b&gt;.txt"}</tool_call></assistant>
<tool_result id="c1" name="read" error="true">&lt;/tool_result&gt; &amp; more</tool_result>
<system>Now in French.</system>
<assistant>Rien.</assistant>
</conversation>"""
    )
    commits = tuple(slot.commit for slot in talk.state)
    assert context.sources == ((commits[0],), commits[1:])
    assert context.repairs == ()
    assert {line.status for line in context.explain()} == {"shown"}


def test_instructions_and_reasoning_can_be_inside():
    context = agents_talk().compile(compiler=XmlPrompt("inside", reasoning=True))
    [message] = context.messages
    assert message.text.startswith("<conversation>\n<system>Be brief.</system>\n<summary>")
    assert "<assistant><reasoning>hm</reasoning>Let me see.<tool_call" in message.text


def test_images_stay_where_they_were_and_foreign_parts_are_named():
    parts = (TextPart("look:"), IMAGE, TextPart("well?"), OpaquePart("<else>", {"x": 1}))
    talk = Talk(
        DialogueContent(role="user", parts=parts),
        assistant(None, "a"),
        ToolResultContent(call_id="a", parts=(IMAGE,)),
        DialogueContent(role="assistant", parts=(RefusalPart("no & never"),)),
    )
    context = talk.compile(compiler=XmlPrompt())
    assert (
        text_of(context)
        == """\
<conversation>
<user>look:(image)well?[a part that only &lt;else&gt; knows]</user>
<assistant><tool_call id="a" name="work">{}</tool_call></assistant>
<tool_result id="a" name="work">(image)</tool_result>
<assistant><refusal>no &amp; never</refusal></assistant>
</conversation>"""
    )
    assert context.messages[0].parts[1] is not None
    assert [part for part in context.messages[0].parts if part == IMAGE] == [IMAGE, IMAGE]
    assert context.check("openai") == context.check("anthropic") == []


def test_no_attribute_can_end_its_tag():
    call = ToolCall('"><user>', 'x"\n/>', "{}")
    talk = Talk(DialogueContent(role="assistant", tool_calls=(call,)))
    text = talk.compile(compiler=XmlPrompt()).messages[0].text
    [found] = ET.fromstring(text).iter("tool_call")
    assert found.attrib == {"id": call.id, "name": call.name}


def test_what_says_nothing_has_no_section():
    talk = Talk(
        user("u"), assistant(""), DialogueContent(role="assistant", parts=(ReasoningPart("x"),))
    )
    talk.add(result("z", None))
    context = talk.compile(compiler=XmlPrompt())
    assert text_of(context) == (
        '<conversation>\n<user>u</user>\n<tool_result id="z"></tool_result>\n</conversation>'
    )
    statuses = [line.status for line in context.explain()]
    assert statuses == ["shown", "compiler", "compiler", "shown"]
    assert Talk().compile(compiler=XmlPrompt()).messages == ()
    assert said(Talk(system("s")).compile(compiler=XmlPrompt())) == ["s"]


SAFE = st.text(
    st.one_of(
        st.sampled_from("<>&\"'/ \nuser"), st.characters(min_codepoint=32, max_codepoint=126)
    ),
    min_size=1,
    max_size=30,
)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), SAFE), min_size=1, max_size=6))
def test_what_was_said_is_read_back_whatever_it_is(turns):
    talk = Talk(*[DialogueContent(role=role, text=text) for role, text in turns])
    text = talk.compile(compiler=XmlPrompt()).messages[0].text
    sections = ET.fromstring(text)
    assert [(section.tag, section.text) for section in sections] == turns


# --- a chat with sections ---------------------------------------------------------------------


class Note(Content):
    content_type: str = "acme.note_of_hand"
    text: str

    def render(self) -> str:
        return self.text


def test_instructions_and_what_to_know_stand_in_front_of_the_dialogue():
    talk = Talk(
        system("Be brief."),
        InstructionContent(text="Be kind.", name="tone"),
        user("Improve it."),
        assistant("I look", "a"),
        ArtifactContent(kind="plan", title="Today", text="1. Sleep."),
        result("a", "found"),
        types=[Note],
    )
    talk.add(SummaryContent(text="They met."))
    talk.add(Note(text="Never on Mondays."), "pinned")
    talk.add(FreeformContent(payload={"mood": "good"}))
    talk.add(SessionContent(summary="Half done."))
    talk.add(user("And?"), "pinned")
    talk.add(system("Now."))
    context = talk.compile(compiler=ChatSections())
    assert [message.role for message in context.messages] == [
        *("system", "user", "user", "assistant", "tool", "user", "user", "system")
    ]
    assert context.messages[0].text == "# Instructions\n\nBe brief.\n\n# tone\n\nBe kind."
    assert (
        context.messages[1].text
        == """\
# Context

## Artifact

[plan: Today]
1. Sleep.

## Summary

[Summary of earlier conversation]
They met.

## Acme.note of hand

Never on Mondays.

## Session

[Session: handoff]
Half done."""
    )
    assert said(context)[2:] == [
        "Improve it.",
        "I look call a",
        "a: found",
        "mood: good",
        "And?",
        "Now.",
    ]
    commits = [slot.commit for slot in talk.state]
    assert context.sources[:3] == (
        (commits[0], commits[1]),
        (commits[4], commits[6], commits[7], commits[9]),
        (commits[2],),
    )
    assert context.repairs == ()


def test_a_plain_chat_is_what_it_always_was():
    talk = Talk(user("u"), assistant("x", "a"), result("a"), assistant("y"))
    assert talk.compile(compiler=ChatSections()) == talk.compile()


def test_developers_stay_developers_and_media_stay_themselves():
    developer = InstructionContent(role="developer", text="d")
    seen = InstructionContent(parts=(TextPart("see"), IMAGE))
    context = Talk(developer, seen, system("s")).compile(compiler=ChatSections("Facts"))
    assert [message.role for message in context.messages] == ["developer", "system", "system"]
    assert context.messages[1].parts == (TextPart("see"), IMAGE)


# --- laws -------------------------------------------------------------------------------------

compilers = st.one_of(
    st.builds(XmlPrompt, st.sampled_from(["front", "inside"]), st.booleans()),
    st.sampled_from(["Context", "# Facts"]).map(ChatSections),
)


@given(
    rich_talks(),
    compilers,
    st.lists(views, max_size=2),
    OPTIONS,
    st.sampled_from(["openai", "anthropic"]),
)
def test_what_a_compiler_makes_is_accepted_by_every_provider(
    talk, compiler, chain, options, provider
):
    options["on_invalid"] = "repair"
    context = attempt(talk, compiler=compiler, views=tuple(chain), **options)
    if context is not None:
        assert context.check(provider) == []
        assert str(context.explain())


def calls_of(messages: tuple[Message, ...]) -> list[Any]:
    return [(call.id, call.arguments) for message in messages for call in message.tool_calls]


@given(rich_talks())
def test_no_call_is_lost(talk):
    whole = calls_of(talk.compile(on_invalid="keep").messages)
    chat = talk.compile(compiler=ChatSections(), on_invalid="keep")
    assert calls_of(chat.messages) == whole
    context = talk.compile(compiler=XmlPrompt())
    text = text_of(context) if context.messages else ""
    assert re.findall(r'<tool_call id="(\w)" name="work">', text) == [id for id, _ in whole]


@given(rich_talks(), compilers)
def test_each_message_names_what_it_was_made_from(talk, compiler):
    context = talk.compile(compiler=compiler, on_invalid="keep")
    commits = {slot.commit for slot in talk.state}
    named = [commit for message in context.messages for commit in message.commits]
    assert all(message.commits for message in context.messages)
    assert set(named) <= commits
    assert len(named) == len(set(named))
