"""Counts are made once for each content, kept, and told to whoever keeps them for good."""

import math

import pytest

from tests.compile.building import LENGTHS, Talk, assistant, result, system, user
from tract.compile import Scale, Tally, TiktokenCounter, as_counter, count_message
from tract.errors import InvalidInput
from tract.objects import Content, DialogueContent, Message, ReasoningContent, TextPart


class Watched:
    """Counts characters, and remembers what it was asked."""

    name = "watched"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def count(self, text: str) -> int:
        self.texts.append(text)
        return len(text)

    def count_messages(self, messages, dialect):
        return 3 + sum(3 + self.count(message["content"]) for message in messages)


def test_each_content_is_counted_once():
    counter = Watched()
    tally = Tally(counter)
    talk = Talk(user("one"), assistant("two"), user("one"))
    context = talk.compile(tally=tally)
    assert context.tokens == context.tokens == 3 + 6 + 6 + 6
    assert counter.texts == ["one", "two"]
    talk.add(assistant("three"))
    assert talk.compile(tally=tally, previous=context).tokens == 29
    assert talk.compile(tally=tally).tokens == 29
    assert counter.texts == ["one", "two", "three"]


def test_counts_that_are_kept_elsewhere_are_asked_for_and_new_ones_told():
    talk = Talk(user("one"), assistant("two"))
    asked = []

    def stored(ids):
        asked.append(list(ids))
        return {talk.state[0].content: 6}

    counter = Watched()
    tally = Tally(counter, stored=stored)
    assert talk.compile(tally=tally).tokens == 15
    assert counter.texts == ["two"]
    assert asked == [[slot.content for slot in talk.state]]
    assert tally.fresh() == {talk.state[1].content: 6}
    assert tally.fresh() == {}
    assert talk.compile(tally=tally).tokens == 15
    assert len(asked) == 1


def test_counts_of_a_nameless_counter_are_not_kept_for_good():
    tally = Tally(as_counter(len))
    Talk(user("one")).compile(tally=tally).tokens.__int__()
    assert tally.fresh() == {}


def test_going_on_counts_only_what_is_new():
    counter = Watched()
    tally = Tally(counter)
    talk = Talk(*[user(f"message {number}") for number in range(20)])
    context = talk.compile(tally=tally)
    assert context.tokens
    for number in range(5):
        talk.add(user(f"new {number}"))
        counter.texts.clear()
        context = talk.compile(tally=tally, previous=context)
        assert context.tokens == talk.compile(tally=Tally(Watched())).tokens
        assert counter.texts == [f"new {number}"]


def test_another_counter_counts_anew():
    talk = Talk(user("one two three"))
    context = talk.compile(tally=Tally(Watched()))
    assert context.tokens == 19
    other = talk.compile(tally=Tally(TiktokenCounter()), previous=context)
    assert other.tokens == talk.compile(tally=Tally(TiktokenCounter())).tokens != 19


def test_the_text_of_a_type_nobody_registered_is_not_counted_as_its_content():
    class Note(Content):
        content_type: str = "acme.note"

    talk = Talk(Note())
    assert talk.compile().tokens > 0
    assert talk.tally.known([talk.state[0].content]) == {}


def test_a_repaired_message_is_not_counted_as_its_content():
    bound = {"prefix": "0" * 64}
    reply = DialogueContent(
        role="assistant",
        parts=({"kind": "reasoning", "text": "long thoughts", "bound_to": bound}, "so"),
    )
    talk = Talk(user("u"), reply)
    plain = Talk(user("u"), DialogueContent(role="assistant", parts=("so",)))
    assert talk.compile().tokens == plain.compile().tokens
    assert talk.compile(on_invalid="keep").tokens > plain.compile().tokens


def test_a_context_of_texts_and_calls_counts_as_its_plain_dicts():
    talk = Talk(system("s"), user("u"), assistant("x", "a", "b"), result("a"), result("b", "more"))
    for counter in (LENGTHS, TiktokenCounter(), TiktokenCounter("cl100k_base")):
        context = talk.compile(tally=Tally(counter))
        assert context.tokens == counter.count_messages(context.to_dicts(), "openai")


def test_a_message_counts_its_framing_role_name_and_text():
    assert count_message(LENGTHS, Message("user", (TextPart("hi"),))) == 3 + 4 + 2
    assert (
        count_message(LENGTHS, Message("user", (TextPart("hi"),), name="ada")) == 3 + 4 + 2 + 1 + 3
    )
    thoughts = ReasoningContent(text="hm").part()
    assert count_message(LENGTHS, Message("assistant", (thoughts,))) == 3 + 9 + 2


def test_a_scale_says_what_its_figures_are_worth():
    assert Scale().of(10).method == "exact"
    assert Scale().of(10, guessed=True).method == "estimated"
    scaled = Scale(1.25, "estimated", 0.05).of(10)
    assert (scaled, scaled.method, scaled.error) == (12, "estimated", 0.05)
    assert Tally(ratio=1.5, method="estimated").ratio == 1.5
    assert Tally(ratio=1.5, method="estimated").method == "estimated"
    assert Tally().counter == TiktokenCounter()


@pytest.mark.parametrize("ratio", [0, -1, math.nan, math.inf])
def test_a_ratio_that_makes_no_sense_is_refused(ratio):
    with pytest.raises(InvalidInput) as caught:
        Tally(ratio=ratio)
    assert caught.value.kind == "invalid_ratio"
