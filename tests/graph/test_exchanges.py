"""Which result belongs to which call, and what an entry has to do with tools."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract.graph import Facts, exchanges, facts_of, message_facts
from tract.objects import (
    Content,
    ContentTypes,
    DialogueContent,
    InstructionContent,
    MediaPart,
    Message,
    TextPart,
    ToolCall,
    ToolResultContent,
)


def calls(*ids: str) -> Facts:
    return Facts(ids)


def answer(call: str) -> Facts:
    return Facts((), call)


def test_a_talk_without_tools_has_no_exchange():
    assert exchanges([Facts(), Facts()]) == []


def test_results_may_come_late_and_in_any_order():
    (exchange,) = exchanges([calls("a", "b"), answer("b"), Facts(), answer("a")])
    assert exchange.answers == ((3,), (1,))
    assert exchange.members == (0, 1, 3)
    assert exchange.complete


def test_a_call_without_result_leaves_its_exchange_open():
    (exchange,) = exchanges([calls("a", "b"), answer("b")])
    assert exchange.answers == ((), (1,))
    assert not exchange.complete


def test_an_id_used_again_belongs_to_the_latest_open_call():
    first, second = exchanges([calls("a"), answer("a"), calls("a"), answer("a")])
    assert first.members == (0, 1)
    assert second.members == (2, 3)


def test_an_older_open_call_is_answered_once_the_newer_one_is():
    first, second = exchanges([calls("a"), calls("a"), answer("a"), answer("a")])
    assert second.members == (1, 2)
    assert first.members == (0, 3)


def test_a_second_result_repeats_that_of_the_latest_call():
    first, second = exchanges([calls("a"), answer("a"), calls("a"), answer("a"), answer("a")])
    assert first.answers == ((1,),)
    assert second.answers == ((3, 4),)


def test_a_result_before_its_call_or_without_one_belongs_nowhere():
    (exchange,) = exchanges([answer("a"), calls("a"), answer("b")])
    assert exchange.members == (1,)


def test_two_calls_of_one_message_with_one_id_are_answered_in_order():
    (exchange,) = exchanges([calls("a", "a"), answer("a"), answer("a")])
    assert exchange.answers == ((1,), (2,))


facts = st.one_of(
    st.just(Facts()),
    st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda ids: Facts(tuple(ids))),
    st.sampled_from("abc").map(answer),
)


@given(st.lists(facts, max_size=14))
def test_a_place_belongs_to_one_exchange_and_no_result_comes_before_its_call(sequence):
    members = [place for exchange in exchanges(sequence) for place in exchange.members]
    assert len(members) == len(set(members))
    for exchange in exchanges(sequence):
        assert sequence[exchange.place].calls == exchange.calls
        assert all(place > exchange.place for places in exchange.answers for place in places)
        for call, places in zip(exchange.calls, exchange.answers, strict=True):
            assert all(sequence[place].answers == call for place in places)


@given(st.lists(facts, max_size=14))
def test_taking_out_an_exchange_leaves_the_others_as_they_are(sequence):
    for gone in exchanges(sequence):
        left = [place for place in range(len(sequence)) if place not in gone.members]
        again = exchanges([sequence[place] for place in left])
        assert [tuple(left[place] for place in exchange.members) for exchange in again] == [
            exchange.members for exchange in exchanges(sequence) if exchange != gone
        ]


class Lookup(Content):
    content_type: Literal["acme.lookup"] = "acme.lookup"
    id: str

    def render(self) -> Message:
        return Message("assistant", (ToolCall(self.id, "lookup"),))


class Ticket(Content):
    content_type: Literal["acme.ticket"] = "acme.ticket"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (InstructionContent(text="x"), Facts()),
        (DialogueContent(role="user", text="x"), Facts()),
        (DialogueContent(role="user", parts=(MediaPart("image", url="u"),)), Facts()),
        (DialogueContent(role="assistant", tool_calls=(ToolCall("a", "f"),)), calls("a")),
        (
            DialogueContent(
                role="assistant",
                parts=(ToolCall("a", "f"), TextPart("x")),
                tool_calls=(ToolCall("b", "f"),),
            ),
            calls("a", "b"),
        ),
        (ToolResultContent(call_id="a"), answer("a")),
        (Lookup(id="c"), calls("c")),
        (Ticket(), Facts()),
    ],
)
def test_what_a_stored_content_has_to_do_with_tools(content, expected):
    assert facts_of(content.stored(), ContentTypes([Lookup, Ticket])) == expected


def test_a_type_that_nobody_registered_has_nothing_to_do_with_tools():
    assert facts_of({"content_type": "acme.lookup", "id": "c"}, ContentTypes()) == Facts()


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            Message("assistant", (TextPart("x"), ToolCall("a", "f"), ToolCall("b", "f"))),
            calls("a", "b"),
        ),
        (Message("assistant", (TextPart("x"),)), Facts()),
        (Message("user", (ToolCall("a", "f"),)), Facts()),
        (Message("tool", (TextPart("x"),), call_id="a"), answer("a")),
        (Message("tool"), Facts()),
    ],
)
def test_what_a_message_has_to_do_with_tools(message, expected):
    assert message_facts(message) == expected
