"""Budgets: what counts, what goes first, what stays whatever happens, and who decides."""

import warnings
from typing import Any

import pytest

from tests.compile.building import LENGTHS, Talk, assistant, result, said, system, user
from tract.compile import BudgetWarning, Overflow, Tally, TokenBudget
from tract.errors import BudgetExceeded, InvalidInput, MissingEntry
from tract.objects import Message, TextPart

# By `LENGTHS` a message of one text costs 3 for its framing, its role and its text; a context 3 more.
TOOL = {"name": "work"}


def talk_of_turns(count: int = 4) -> Talk:
    talk = Talk()
    talk.add(system("rules"), "pinned")
    for number in range(count):
        talk.add(user(f"question {number}"))
        talk.add(assistant(f"answer {number}"))
    return talk


def test_a_context_within_its_budget_is_left_alone():
    talk = talk_of_turns()
    exact = talk.compile().token_count
    for action in ("error", "drop"):
        context = talk.compile(budget=TokenBudget(exact, action=action))
        assert context == talk.compile()


def test_error_raises_with_both_figures_and_changes_nothing():
    talk = talk_of_turns()
    tokens = talk.compile().token_count
    with pytest.raises(BudgetExceeded) as caught:
        talk.compile(budget=TokenBudget(tokens + 9, reserve_output=10, action="error"))
    assert (caught.value.tokens, caught.value.limit) == (tokens, tokens - 1)
    assert str(tokens) in str(caught.value)
    assert caught.value.hint


def test_warn_sends_all_and_says_so_from_its_share_on():
    talk = talk_of_turns()
    tokens = talk.compile().token_count
    with pytest.warns(BudgetWarning, match=f"{tokens} of {tokens * 2} tokens"):
        talk.compile(budget=TokenBudget(tokens * 2, warn_at=0.5))
    with pytest.warns(BudgetWarning, match=f"of {tokens // 2} tokens"):
        assert talk.compile(budget=TokenBudget(tokens // 2)).token_count == tokens
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        talk.compile(budget=TokenBudget(tokens * 2))


def test_a_warning_comes_once_for_each_compile_and_also_when_going_on():
    talk = talk_of_turns()
    budget = TokenBudget(10)
    with pytest.warns(BudgetWarning) as first:
        context = talk.compile(budget=budget)
    talk.add(user("more"))
    with pytest.warns(BudgetWarning) as second:
        talk.compile(budget=budget, previous=context)
    assert (len(first), len(second)) == (1, 1)


def test_drop_leaves_out_the_oldest_first_and_no_more_than_needed():
    talk = talk_of_turns()
    whole = talk.compile()
    context = talk.compile(budget=TokenBudget(whole.token_count - 1, action="drop"))
    assert said(context) == [text for text in said(whole) if text != "question 0"]
    (gone,) = context.dropped
    assert (gone.entry, gone.commit, gone.why) == (
        talk.state[1].entry_id,
        talk.state[1].commit,
        "budget",
    )
    assert context.token_count <= whole.token_count - 1


def test_drop_keeps_pins_leading_instructions_and_the_newest_entry():
    talk = Talk(system("first rules"), system("more rules"), user("q0"))
    talk.add(assistant("kept"), "pinned")
    talk.add(user("q1"))
    talk.add(user("the question"))
    smallest = talk.compile(views=(lambda entries: [*entries[:2], entries[3], entries[5]],))
    context = talk.compile(budget=TokenBudget(smallest.token_count, action="drop"))
    assert said(context) == ["first rules", "more rules", "kept", "the question"]
    with pytest.raises(BudgetExceeded):
        talk.compile(budget=TokenBudget(smallest.token_count - 1, action="drop"))


def test_drop_leaves_out_what_is_important_only_after_the_rest():
    talk = Talk()
    talk.add(user("important"), "important")
    talk.add(user("ordinary"))
    talk.add(user("question"))
    size = talk.compile().token_count
    assert said(talk.compile(budget=TokenBudget(size - 1, action="drop"))) == [
        "important",
        "question",
    ]
    assert said(talk.compile(budget=TokenBudget(25, action="drop"))) == ["question"]


def test_drop_leaves_out_exchanges_as_a_whole():
    talk = Talk(user("u"), assistant(None, "a", "b"), result("a"), result("b"), user("v"))
    whole = talk.compile()
    spare = TokenBudget(whole.token_count - 9, action="drop")
    context = talk.compile(budget=spare)
    assert said(context) == ["v"]
    assert len(context.dropped) == 4
    pinned = talk.marked(3, "pinned")
    with pytest.raises(BudgetExceeded):
        pinned.compile(budget=TokenBudget(whole.token_count - 40, action="drop"))


def test_what_repairs_left_out_costs_nothing_and_is_not_dropped():
    talk = Talk(user("u" * 50), user("v"), assistant(None, "a"))
    context = talk.compile(budget=TokenBudget(30, action="drop"))
    assert said(context) == ["v"]
    assert [gone.commit for gone in context.dropped] == [talk.state[0].commit]


def test_a_message_that_says_nothing_is_not_dropped_for_the_budget():
    talk = Talk(user(""), user("u" * 50), user("v"))
    context = talk.compile(budget=TokenBudget(40, action="drop"))
    assert [gone.commit for gone in context.dropped] == [talk.state[1].commit]


def test_tools_count():
    talk = Talk(user("u"))
    tokens = talk.compile(tools=[TOOL]).token_count
    assert tokens == talk.compile().token_count + len('{"name":"work"}')
    with pytest.raises(BudgetExceeded):
        talk.compile(tools=[TOOL], budget=TokenBudget(tokens - 1, action="drop"))


def test_the_models_ratio_counts():
    talk = talk_of_turns()
    tally = Tally(LENGTHS, ratio=2.0, method="estimated")
    budget = TokenBudget(talk.compile().token_count, action="drop")
    context = talk.compile(tally=tally, budget=budget)
    assert context.token_count <= budget.limit
    assert context.tokens.method == "estimated"
    assert context.dropped


def test_a_callable_decides_by_returning_what_goes():
    talk = talk_of_turns()
    seen: list[Overflow] = []

    def longest(overflow):
        seen.append(overflow)
        return [entry for entry in overflow.entries if entry.text == "answer 2"]

    budget = TokenBudget(talk.compile().token_count - 1, action=longest)
    context = talk.compile(budget=budget)
    assert "answer 2" not in said(context)
    assert len(context.messages) == len(talk.state) - 1
    (overflow,) = seen
    assert (overflow.tokens, overflow.limit) == (budget.limit + 1, budget.limit)
    assert [entry.commit for entry in overflow.entries] == [slot.commit for slot in talk.state]


@pytest.mark.parametrize("name", ["entry", "entry id", "commit id"])
def test_a_callable_decides_by_dropping_and_takes_the_whole_exchange(name):
    talk = Talk(user("u"), assistant(None, "a"), result("a"), user("v"))

    def second(overflow):
        entry = overflow.entries[2]
        target = {"entry": entry, "entry id": entry.id, "commit id": entry.commit}[name]
        overflow.drop(target)

    context = talk.compile(budget=TokenBudget(talk.compile().token_count - 1, action=second))
    assert said(context) == ["u", "v"]
    assert len(context.dropped) == 2


def test_a_callable_is_asked_again_while_it_leaves_something_out():
    talk = talk_of_turns()

    def one(overflow):
        overflow.drop(overflow.entries[-1])

    context = talk.compile(budget=TokenBudget(60, action=one))
    assert context.token_count <= 60
    assert said(context)[0] == "rules"


def test_a_callable_that_leaves_too_much_in_is_an_error():
    with pytest.raises(BudgetExceeded, match="more than the 10"):
        talk_of_turns().compile(budget=TokenBudget(10, action=lambda _: None))


@pytest.mark.parametrize("member", [1, 2])
def test_a_callable_cannot_drop_what_is_pinned(member):
    talk = Talk(user("u"), assistant(None, "a"), result("a"), user("v")).marked(member, "pinned")
    budget = TokenBudget(5, action=lambda overflow: [overflow.entries[1]])
    with pytest.raises(InvalidInput, match="pinned") as caught:
        talk.compile(budget=budget)
    assert caught.value.kind == "pinned"


@pytest.mark.parametrize(
    ("given", "error"),
    [(["0" * 64], MissingEntry), ([7], InvalidInput), ("abc", InvalidInput), (3, InvalidInput)],
)
def test_a_callable_that_names_no_entry_is_told(given, error):
    with pytest.raises(error):
        talk_of_turns().compile(budget=TokenBudget(5, action=lambda _: given))


def test_with_a_compiler_of_ones_own_its_messages_count():
    class Short:
        def compile(self, entries):
            return [
                Message("user", (TextPart(entry.text[-1]),), commits=(entry.commit,))
                for entry in entries
            ]

    talk = talk_of_turns()
    small = talk.compile(compiler=Short())
    budget = TokenBudget(small.token_count, action="drop")
    assert talk.compile(compiler=Short(), budget=budget) == small
    less = talk.compile(compiler=Short(), budget=TokenBudget(small.token_count - 1, action="drop"))
    assert len(less.messages) == len(small.messages) - 1


def test_without_a_budget_nothing_is_counted_until_asked():
    class Refusing:
        name = "refusing"

        def count(self, text):
            raise AssertionError(text)

        def count_messages(self, messages, dialect):
            raise AssertionError(messages)

    talk = talk_of_turns()
    context = talk.compile(tally=Tally(Refusing()))
    context.to_openai()
    assert len(context.prefix) == len(context.messages)


@pytest.mark.parametrize(
    "fields",
    [
        {"limit": 0},
        {"limit": "8000"},
        {"limit": True},
        {"limit": 10, "reserve_output": 10},
        {"limit": 10, "reserve_output": -1},
        {"limit": 10, "warn_at": 0},
        {"limit": 10, "warn_at": 1.5},
        {"limit": 10, "action": "compress"},
        {"limit": 10, "action": None},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_by_field_and_value(fields):
    with pytest.raises(InvalidInput) as caught:
        TokenBudget(**fields)
    name, value = list(fields.items())[-1]
    assert f"{name}={value!r}" in str(caught.value)
    assert caught.value.kind == "invalid_budget"
    assert caught.value.hint


def test_a_budget_can_be_given_as_a_number():
    assert TokenBudget.of(8_000) == TokenBudget(8_000)
    budget = TokenBudget(10, reserve_output=4)
    assert TokenBudget.of(budget) is budget
    assert budget.available == 6
    values: list[Any] = ["8000", 8.5, None, True]
    for value in values:
        with pytest.raises(InvalidInput):
            TokenBudget.of(value)
