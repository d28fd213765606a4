"""The views that come with the library: what they show of entries that are long, old or repeated."""

import copy
import json
import pickle
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compile.building import LENGTHS, Talk, assistant, result, said, system, user
from tests.compile.test_laws import BINDINGS, IDS, OPTIONS, attempt, marks, reasoning
from tract import DedupeRepeats, DropReasoning, MaskToolResults, Tract, TruncateLong
from tract.compile import CompileOptions, Dropped, TiktokenCounter, TokenBudget
from tract.errors import InvalidInput
from tract.formats import from_conversation
from tract.objects import (
    ArtifactContent,
    Content,
    ContentTypes,
    DialogueContent,
    Entry,
    InstructionContent,
    MediaPart,
    OpaquePart,
    OutputContent,
    ReasoningContent,
    ReasoningPart,
    SummaryContent,
    TextPart,
    ToolCall,
    ToolResultContent,
)

LONG = "a line of what was found\n" * 40
OTHER = "something else altogether, " * 40
IMAGE = MediaPart("image", "image/png", data="aGVsbG8=")
ALL = (MaskToolResults(), DropReasoning(), DedupeRepeats(), TruncateLong(tokens=100))
tokens_of = TiktokenCounter().count


def entries_of(talk: Talk) -> list[Entry]:
    return [
        Entry(slot.entry_id, slot.commit, slot.mark, talk.payloads[slot.content], talk.types)
        for slot in talk.state
    ]


def status(context: Any) -> list[tuple[str, str]]:
    return [(line.status, line.why) for line in context.explain()]


# --- values -----------------------------------------------------------------------------------


def test_views_with_equal_options_are_equal():
    assert MaskToolResults() == MaskToolResults(keep_last=5) != MaskToolResults(4)
    assert MaskToolResults(1) != DropReasoning(1)
    assert DedupeRepeats() == DedupeRepeats()
    assert len({TruncateLong(tokens=100), TruncateLong(100), TruncateLong(101)}) == 2
    assert CompileOptions(views=ALL) == CompileOptions(views=copy.deepcopy(ALL))
    assert pickle.loads(pickle.dumps(ALL)) == ALL
    assert repr(ALL) == (
        "(MaskToolResults(keep_last=5), DropReasoning(keep_last=1), DedupeRepeats(), "
        "TruncateLong(tokens=100))"
    )


@pytest.mark.parametrize("view", ALL)
def test_nothing_of_a_view_can_be_changed(view):
    for name in ("keep_last", "anything"):
        with pytest.raises(AttributeError):
            setattr(view, name, 3)
        with pytest.raises(AttributeError):
            delattr(view, name)


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (MaskToolResults, "keep_last", -1),
        (MaskToolResults, "keep_last", "5"),
        (MaskToolResults, "keep_last", True),
        (DropReasoning, "keep_last", 1.0),
        (TruncateLong, "tokens", 49),
        (TruncateLong, "tokens", None),
    ],
)
def test_an_option_that_cannot_be_used_is_named(make, name, value):
    with pytest.raises(InvalidInput, match=f"{make.__name__} {name}={value!r}") as caught:
        make(**{name: value})
    assert caught.value.kind == "invalid_view"
    assert f"Give {name} as an int" in str(caught.value.hint)


# --- tool results -----------------------------------------------------------------------------


def results_talk(*outputs: str) -> Talk:
    talk = Talk(system("s"), user("u"))
    for number, output in enumerate(outputs):
        talk.add(assistant(None, f"c{number}"))
        talk.add(result(f"c{number}", output))
    return talk


def test_the_output_of_older_results_is_masked():
    talk = results_talk(LONG, LONG, "short", LONG)
    context = talk.compile(views=(MaskToolResults(keep_last=1),))
    masked = "[Output of work left out: 1,000 characters, 41 lines]"
    assert [m.text for m in context.messages if m.role == "tool"] == [masked, masked, "short", LONG]
    assert [m.call_id for m in context.messages if m.role == "tool"] == ["c0", "c1", "c2", "c3"]
    assert (context.repairs, context.dropped) == ((), ())
    assert context.sources == talk.compile().sources
    why = "masked by MaskToolResults: 1,000 characters, 41 lines"
    assert status(context)[3::2] == [
        ("changed", why),
        ("changed", why),
        ("shown", ""),
        ("shown", ""),
    ]
    assert f"[changed: {why}]" in str(context.explain())
    assert talk.compile().messages[3].text == LONG


def test_none_or_all_results_can_be_kept():
    talk = results_talk(LONG, LONG)
    assert talk.compile(views=(MaskToolResults(2),)) == talk.compile()
    shown = said(talk.compile(views=(MaskToolResults(0),)))
    assert [text[:18] for text in shown if ": " in text] == [
        "c0: [Output of wor",
        "c1: [Output of wor",
    ]


def test_a_masked_result_keeps_what_else_it_says():
    talk = Talk(assistant(None, "a"))
    extra = {"anthropic": {"cache_control": {"type": "ephemeral"}}}
    talk.add(ToolResultContent(call_id="a", name="run", output=LONG, is_error=True, extra=extra))
    message = talk.compile(views=(MaskToolResults(0),)).messages[1]
    assert (message.name, message.is_error, message.extra) == ("run", True, extra)
    assert message.text == "[Error of run left out: 1,000 characters, 41 lines]"


def test_results_of_parts_are_masked_with_their_media():
    talk = Talk(assistant(None, "a", "b"))
    parts = (TextPart("seen"), IMAGE, IMAGE, OpaquePart("anthropic", {"type": "search"}))
    talk.add(ToolResultContent(call_id="a", parts=parts))
    talk.add(ToolResultContent(call_id="b", parts=(TextPart("only"), TextPart("text"))))
    first, second = talk.compile(views=(MaskToolResults(0),)).messages[1:]
    assert first.parts == (
        TextPart("[Output of work left out: 4 characters, 1 line, 2 images, 1 other part]"),
    )
    assert second.text == "only\ntext"


def test_a_result_without_a_call_or_a_name_is_masked_as_well():
    entries = entries_of(Talk(result("z", LONG)))
    assert MaskToolResults(0)(entries)[0].text.startswith("[Output left out: ")


@pytest.mark.parametrize("place", [2, 3])
@pytest.mark.parametrize("priority", ["pinned", "important"])
@pytest.mark.parametrize("view", [MaskToolResults(0), TruncateLong(tokens=50)])
def test_what_is_pinned_or_important_stays_with_its_exchange(view, place, priority):
    talk = results_talk(LONG * 9).marked(place, priority)
    assert talk.compile(views=(view,)) == talk.compile()


def test_a_tool_cannot_make_the_text_in_its_place_long():
    talk = Talk(DialogueContent(role="assistant", tool_calls=(ToolCall("a", "\x1b" * 900),)))
    talk.add(result("a", LONG))
    assert len(talk.compile(views=(MaskToolResults(0),)).messages[1].text) < 160


# --- reasoning --------------------------------------------------------------------------------


def thinking(text: str, *more: Any) -> DialogueContent:
    return DialogueContent(role="assistant", parts=(ReasoningPart("hm"), TextPart(text), *more))


def test_reasoning_of_older_replies_is_dropped():
    talk = Talk(user("u"), thinking("one", ToolCall("a", "work")), result("a"), thinking("two"))
    context = talk.compile(views=(DropReasoning(),))
    kinds = [[part.kind for part in message.parts] for message in context.messages]
    assert kinds == [["text"], ["text", "tool_call"], ["text"], ["reasoning", "text"]]
    assert status(context)[1] == ("changed", "reasoning dropped by DropReasoning")
    every = talk.compile(views=(DropReasoning(0),))
    assert all(part.kind != "reasoning" for m in every.messages for part in m.parts)
    assert talk.compile(views=(DropReasoning(2),)) == talk.compile()


def test_an_entry_that_only_reasons_is_left_out():
    silent = DialogueContent(role="assistant", parts=(ReasoningPart("hm"), TextPart("")))
    talk = Talk(
        user("u"), ReasoningContent(text="hm"), assistant("x"), user("v"), silent, user("w")
    )
    context = talk.compile(views=(DropReasoning(0),))
    assert said(context) == ["u", "x", "v", "w"]
    assert context.repairs == ()
    assert [item.commit for item in context.dropped] == [talk.state[n].commit for n in (1, 4)]
    assert status(context)[1] == ("view", "left out by DropReasoning")


def test_a_reply_in_several_entries_keeps_all_of_its_reasoning():
    talk = Talk(ReasoningContent(text="old"), assistant("x"), user("u"))
    talk.add(ReasoningContent(text="new"))
    talk.add(thinking("y"))
    assert [m.role for m in talk.compile(views=(DropReasoning(),)).messages] == [
        "assistant",
        "user",
        "assistant",
        "assistant",
    ]


def test_pinned_reasoning_stays():
    talk = Talk(thinking("one"), user("u"), thinking("two")).marked(0, "pinned")
    assert talk.compile(views=(DropReasoning(0),)).messages[0] == talk.compile().messages[0]


def test_calls_and_refusals_without_reasoning_are_messages():
    talk = Talk(
        user("u"),
        DialogueContent(role="assistant", parts=(ReasoningPart("hm"),), refusal="no"),
        DialogueContent(
            role="assistant", parts=(ReasoningPart("hm"),), tool_calls=(ToolCall("a", "work"),)
        ),
        result("a"),
    )
    context = talk.compile(views=(DropReasoning(0),))
    assert [message.parts[0].kind for message in context.messages[1:3]] == ["refusal", "tool_call"]


# --- repeats ----------------------------------------------------------------------------------


def test_a_text_that_is_repeated_is_shown_once():
    talk = results_talk(LONG, OTHER, LONG)
    talk.add(user(LONG))
    talk.add(ArtifactContent(title="t", text=OTHER))
    talk.add(assistant("fine"))
    talk.add(assistant("fine"))
    context = talk.compile(views=(DedupeRepeats(),))
    texts = [message.text for message in context.messages]
    same = '[Same as the output of work above: 1,000 characters, from "a line of what was found a line of wh..."]'
    assert texts[3] == LONG
    assert texts[5] == OTHER
    assert texts[7] == texts[8] == same
    assert texts[9].startswith("[text: t]\n[Same as the output of work above: 1,080 characters")
    assert texts[10] == texts[11] == "fine"
    first = talk.state[3].commit[:8]
    assert status(context)[7] == ("changed", f"same as {first} by DedupeRepeats")


def test_repeats_among_parts_are_found():
    parts = (TextPart(LONG), IMAGE, TextPart(LONG))
    talk = Talk(
        assistant(None, "a"),
        ToolResultContent(call_id="a", parts=parts),
        DialogueContent(role="user", parts=(TextPart("see"), TextPart(LONG))),
        OutputContent(text=OTHER),
        OutputContent(text=OTHER),
    )
    _, first, second, _, output = talk.compile(views=(DedupeRepeats(),)).messages
    assert first.parts[0] == TextPart(LONG)
    assert first.parts[1] == IMAGE
    same = '[Same as the output of work above: 1,000 characters, from "a line of what was found a line of wh..."]'
    assert first.parts[2] == second.parts[1] == TextPart(same)
    assert output.text.startswith("[Same as the output above")


def test_a_pinned_repeat_stays_and_a_pinned_first_is_referred_to():
    talk = Talk(user(LONG), assistant("x"), user(LONG), assistant("y"), user(LONG))
    texts = [m.text for m in talk.marked(2, "pinned").compile(views=(DedupeRepeats(),)).messages]
    assert texts[2] == LONG
    texts = [m.text for m in talk.marked(0, "pinned").compile(views=(DedupeRepeats(),)).messages]
    assert texts[2] == texts[4] != LONG
    assert texts[2].startswith("[Same as the user's text above")


def test_appending_changes_nothing_that_was_sent_before():
    talk = results_talk(LONG, OTHER)
    before = talk.compile(views=(DedupeRepeats(),))
    talk.add(user(LONG))
    talk.add(assistant(OTHER))
    after = talk.compile(views=(DedupeRepeats(),))
    assert before.stable_prefix(after).share == 1.0


def test_what_a_repair_leaves_out_or_moves_is_not_referred_to():
    repeated = Talk(assistant(None, "a"), result("a", LONG), result("a", LONG), user("u"))
    assert repeated.compile(views=(DedupeRepeats(),)).messages[1].text == LONG
    orphan = Talk(result("z", LONG), user(LONG), assistant("x"), user(LONG))
    assert [m.text == LONG for m in orphan.compile(views=(DedupeRepeats(),)).messages] == [
        True,
        False,
        False,
    ]
    moved = Talk(assistant(None, "a", "b"), result("b", LONG), result("a", LONG), user("u"))
    _, first, second, _ = moved.compile(views=(DedupeRepeats(),)).messages
    assert (first.call_id, first.text == LONG) == ("a", True)
    assert second.text.startswith("[Same as")


def test_what_a_budget_leaves_out_is_not_referred_to():
    talk = Talk(user(LONG), assistant("x"), user("v"), assistant("y"), user(LONG), user("end"))
    budget = TokenBudget(1_100, action="drop")
    context = talk.compile(views=(DedupeRepeats(),), budget=budget)
    assert LONG in [message.text for message in context.messages]
    assert "[Same" not in "".join(said(context))
    assert context.token_count <= 1_100
    assert context.dropped[0] == Dropped(talk.state[0].entry_id, talk.state[0].commit, "budget")


def test_a_view_of_ones_own_is_asked_once_whatever_the_budget():
    asked: list[int] = []

    def newest(entries):
        asked.append(len(entries))
        return entries[-4:]

    talk = Talk(*[user(f"{number} {LONG}") for number in range(8)])
    budget = TokenBudget(2_500, action="drop")
    context = talk.compile(views=(newest, DedupeRepeats()), budget=budget)
    assert [text[0] for text in said(context)] == ["6", "7"]
    assert asked == [8]


# --- long texts -------------------------------------------------------------------------------


def test_a_long_text_keeps_its_beginning_and_its_end():
    text = "first words " + "and so on " * 2_000 + "last words"
    talk = Talk(user(text), assistant("short"))
    context = talk.compile(views=(TruncateLong(tokens=200),))
    shown = context.messages[0].text
    head, line, tail = shown.split("\n")
    assert head.startswith("first words and so on")
    assert tail.endswith("and so on last words")
    left = len(text) - len(head) - len(tail)
    assert line == f"[... {left:,} characters left out ...]"
    assert 150 < tokens_of(shown) <= 200
    why = f"truncated by TruncateLong: {left:,} of {len(text):,} characters left out"
    assert status(context) == [("changed", why), ("shown", "")]


def test_it_cuts_texts_of_what_was_said_and_made_and_nothing_else():
    whole = "word " * 500
    calls = (ToolCall("a", "work", f'{{"x": "{whole}"}}'),)
    contents: list[Content] = [
        InstructionContent(text=whole),
        SummaryContent(text=whole),
        ReasoningContent(text=whole),
        DialogueContent(role="assistant", text=whole, tool_calls=calls),
        ToolResultContent(call_id="a", parts=(TextPart(whole), IMAGE, TextPart("x"))),
        ArtifactContent(text=whole),
        OutputContent(text=whole),
        user(whole),
    ]
    talk = Talk(*contents)
    context = talk.compile(views=(TruncateLong(tokens=100),))
    plain = talk.compile()
    pairs = zip(context.messages, plain.messages, strict=True)
    assert [a == b for a, b in pairs] == [True] * 3 + [False] * 5
    assert context.messages[3].tool_calls == calls
    assert context.messages[4].parts[1:] == (IMAGE, TextPart("x"))


@pytest.mark.parametrize(
    "text",
    [
        "word " * 3_000,
        "x" * 9_000,
        " " * 50_000,
        "\n" * 20_000,
        "\U0001f469\u200d\U0001f4bb" * 3_000,
        "\u65e5\u672c\u8a9e" * 3_000,
        "0123456789" * 700 + "=" * 4_000,
        "a" + " " * 1_000_000 + "b",
    ],
)
@pytest.mark.parametrize("tokens", [50, 333])
def test_any_text_is_cut_to_its_tokens(text, tokens):
    talk = Talk(user(text))
    view = TruncateLong(tokens=tokens)
    shown = talk.compile(views=(view,)).messages[0].text
    if tokens_of(text) <= tokens:
        assert shown == text
        return
    head, tail = re.split(r"\n\[\.\.\. [\d,]+ characters left out \.\.\.\]\n", shown)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(head) + len(tail) < len(text)
    assert tokens_of(shown) <= tokens
    assert talk.compile(views=(view, view)) == talk.compile(views=(view,))


# --- what is said of views --------------------------------------------------------------------


def test_a_view_of_ones_own_is_named_in_the_explanation():
    class Shouting:
        def __call__(self, entries):
            first = entries[0]
            payload = first.content.with_text(first.text.upper()).stored()
            changed = Entry(first.id, first.commit, first.mark, payload, ContentTypes())
            return [changed, *entries[1:]]

    def without_last(entries):
        del entries[-1]
        return entries

    talk = Talk(user("u"), assistant("x"), user("v"))
    context = talk.compile(views=(Shouting(), without_last))
    assert status(context) == [
        ("changed", "changed by Shouting"),
        ("shown", ""),
        ("view", "left out by without_last"),
    ]
    assert talk.compile(views=(Shouting(), lambda entries: entries[1:])).explain().lines[0].why == (
        "left out by <lambda>"
    )


def test_all_views_that_changed_an_entry_are_named_and_so_are_repairs():
    talk = results_talk(OTHER * 5, LONG)
    views = (TruncateLong(tokens=100), MaskToolResults(1))
    line = talk.compile(views=views).explain().lines[3]
    assert line.status == "changed"
    assert line.why.startswith("truncated by TruncateLong: ")
    assert "; masked by MaskToolResults: " in line.why
    late = Talk(assistant(None, "a", "b"), result("b", LONG), result("a", LONG), user("u"))
    lines = late.compile(views=(MaskToolResults(0),)).explain().lines
    assert [line.status for line in lines] == ["shown", "changed", "repaired", "shown"]
    assert lines[2].why == (
        "masked by MaskToolResults: 1,000 characters, 41 lines; result of call 'a' put behind it"
    )


# --- laws -------------------------------------------------------------------------------------

TEXTS = st.sampled_from(["", "hello", LONG, OTHER, LONG + OTHER, OTHER * 20])
rich = st.one_of(
    TEXTS.map(user),
    TEXTS.map(assistant),
    TEXTS.map(system),
    TEXTS.map(lambda text: OutputContent(text=text)),
    TEXTS.map(lambda text: SummaryContent(text=text)),
    TEXTS.map(lambda text: ArtifactContent(text=text, title="t")),
    st.builds(
        lambda *texts: DialogueContent(role="user", parts=(*map(TextPart, texts), IMAGE)),
        TEXTS,
        TEXTS,
    ),
    st.builds(lambda text, ids: assistant(text or None, *ids), TEXTS, st.lists(IDS, max_size=3)),
    st.builds(result, IDS, TEXTS, is_error=st.booleans()),
    st.builds(
        lambda call, text, more: ToolResultContent(call_id=call, parts=(TextPart(text), *more)),
        IDS,
        TEXTS,
        st.lists(st.just(IMAGE), max_size=2),
    ),
    st.builds(result, IDS, TEXTS),
    reasoning,
    st.builds(ReasoningContent, text=TEXTS, bound_to=BINDINGS),
)
views = st.one_of(
    st.integers(0, 3).map(MaskToolResults),
    st.integers(0, 2).map(DropReasoning),
    st.just(DedupeRepeats()),
    st.sampled_from([50, 100, 150]).map(TruncateLong),
)


@st.composite
def rich_talks(draw: st.DrawFn) -> Talk:
    talk = Talk()
    for content, mark in draw(st.lists(st.tuples(rich, marks), max_size=12)):
        talk.add(content, mark)
    return talk


@given(rich_talks(), st.lists(views, max_size=4), OPTIONS, st.sampled_from(["openai", "anthropic"]))
def test_what_any_views_show_is_accepted_by_every_provider(talk, chain, options, provider):
    options["on_invalid"] = "repair"
    context = attempt(talk, views=tuple(chain), **options)
    if context is not None:
        assert context.check(provider) == []


@given(rich_talks(), views)
def test_doing_it_twice_is_doing_it_once(talk, view):
    once = view(entries_of(talk))
    assert view(once) is once or list(view(once)) == list(once)


@given(rich_talks(), st.lists(views, max_size=4), OPTIONS)
def test_the_same_views_give_the_same_bytes_warm_or_cold(talk, chain, options):
    before = attempt(talk, upto=len(talk.state) // 2, views=tuple(chain), **options)
    cold = attempt(talk, views=tuple(chain), **options)
    warm = attempt(talk, views=tuple(copy.copy(chain)), previous=before, **options)
    assert (cold is None) == (warm is None)
    if cold is not None and warm is not None:
        assert warm == cold
        assert warm.explain() == cold.explain()


@given(rich_talks())
def test_where_there_is_nothing_to_change_the_bytes_are_those_without_views(talk):
    kept = (MaskToolResults(99), DropReasoning(99), TruncateLong(tokens=99_999))
    context, plain = talk.compile(views=kept), talk.compile()
    assert context == plain
    assert context.to_openai() == plain.to_openai()
    assert context.to_anthropic() == plain.to_anthropic()


@given(rich_talks(), st.lists(views, max_size=4))
def test_what_is_pinned_or_important_says_what_it_said(talk, chain):
    entries = entries_of(talk)
    shown: Any = entries
    for view in chain:
        shown = view(shown)
    kept = [entry for entry in entries if entry.priority in ("pinned", "important")]
    assert [entry for entry in shown if entry.priority in ("pinned", "important")] == kept


@given(rich_talks(), st.lists(views, max_size=4))
def test_views_keep_calls_and_which_result_answers_which(talk, chain):
    def pairs(context: Any) -> list[Any]:
        return [
            (message.call_id, [(call.id, call.arguments) for call in message.tool_calls])
            for message in context.messages
            if message.role == "tool" or message.tool_calls
        ]

    assert pairs(talk.compile(views=tuple(chain))) == pairs(talk.compile())


def test_the_count_of_what_a_view_changed_is_its_own():
    talk = results_talk(LONG)
    context = talk.compile(views=(MaskToolResults(0),))
    lines = context.explain().lines
    assert lines[3].tokens < len(LONG)
    assert talk.compile().explain().lines[3].tokens >= len(LONG)
    assert LENGTHS.count(context.messages[3].text) <= lines[3].tokens


def test_real_conversations_are_smaller_and_valid_through_views(shared_data):
    file = shared_data / "tau-bench" / "airline_60.json"
    for run in json.loads(file.read_text(encoding="utf-8"))[::6]:
        talk = Talk(*from_conversation(run["traj"]))
        plain = talk.compile().token_count
        for view in (*ALL, MaskToolResults(1)):
            context = talk.compile(views=(view,))
            assert context.check("openai") == context.check("anthropic") == []
            assert context.repairs == ()
            changed = any(line.status == "changed" for line in context.explain())
            assert context.token_count < plain if changed else context.token_count == plain


@pytest.mark.parametrize(("chars", "masked"), [(240, False), (241, True)])
def test_what_is_hardly_longer_than_what_would_stand_for_it_stays(chars, masked):
    with Tract.open() as t:
        t.assistant(tool_calls=[{"id": "c1", "name": "f", "arguments": "{}"}])
        t.tool_result("c1", "x" * chars)
        t.user("and?")
        shown = t.compile(views=[MaskToolResults(keep_last=0)]).messages[1].text
        assert (shown != "x" * chars) is masked
