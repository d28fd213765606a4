"""Going on from the context before looks at what is new and at nothing else."""

import pytest

from tests.compile.building import Talk, assistant, result, said, system, user
from tract.compile import CompiledContext, CompileOptions, TokenBudget, compile_context
from tract.objects import DialogueContent, ReasoningPart, TextPart, ToolCall


class Reading(Talk):
    """A talk that remembers which payloads were read."""

    def __init__(self, *contents):
        self.read: list[list[str]] = []
        super().__init__(*contents)

    def fetch(self, ids):
        self.read.append(list(ids))
        return super().fetch(ids)

    def reads(self, previous: CompiledContext, **options) -> tuple[CompiledContext, int]:
        """Compile, and say how many payloads that took."""
        self.read.clear()
        context = self.compile(previous=previous, **options)
        return context, sum(len(ids) for ids in self.read)


@pytest.mark.parametrize("on_invalid", ["repair", "raise", "keep"])
def test_after_an_append_only_the_new_payload_is_read(on_invalid):
    talk = Reading(*[user(f"message {number}") for number in range(30)])
    context = talk.compile(on_invalid=on_invalid)
    talk.add(user("new"))
    context, count = talk.reads(context, on_invalid=on_invalid)
    assert count == 1
    assert said(context)[-1] == "new"


def test_through_a_whole_exchange_only_new_payloads_are_read():
    talk = Reading(user("u"))
    context = talk.compile()
    shown = []
    for content in (assistant(None, "a", "b"), result("b"), result("a"), assistant("x")):
        talk.add(content)
        context, count = talk.reads(context)
        assert count == 1
        shown.append(len(context.messages))
    assert shown == [1, 1, 4, 5]


def test_a_result_for_an_older_call_makes_everything_be_read():
    talk = Reading(user("u"), assistant(None, "a"), user("v"))
    context = talk.compile()
    talk.add(result("a"))
    context, count = talk.reads(context)
    assert count >= 4
    assert said(context) == ["u", "call a", "a: done", "v"]
    talk.add(user("w"))
    assert talk.reads(context)[1] == 1


def test_a_result_for_a_hidden_call_stays_hidden():
    talk = Talk(user("u"), assistant(None, "a")).marked(1, "skip")
    for on_invalid in ("repair", "keep"):
        context = talk.compile(on_invalid=on_invalid)
        talk.add(result("a"))
        assert said(talk.compile(previous=context, on_invalid=on_invalid)) == ["u"]


def test_a_hidden_call_takes_its_result_from_an_older_open_one():
    talk = Talk(user("u"), assistant(None, "a"), assistant(None, "a")).marked(2, "skip")
    context = talk.compile(pending="stub")
    talk.add(result("a"))
    warm = talk.compile(previous=context, pending="stub")
    assert warm == talk.compile(pending="stub")
    assert said(warm)[2].startswith("a: The call was interrupted")


def test_a_repeated_result_may_be_that_of_an_older_open_call():
    talk = Talk(user("u"), assistant(None, "a"), assistant(None, "a", "b"), result("a", "new"))
    context = talk.compile(pending="stub")
    talk.add(result("a", "old"))
    warm = talk.compile(previous=context, pending="stub")
    assert said(warm)[1:5] == ["call a", "a: old", "call a call b", "a: new"]


def test_a_pin_on_an_open_call_is_remembered():
    talk = Talk(user("u"))
    talk.add(assistant(None, "a", "b"), "pinned")
    context = talk.compile()
    talk.add(result("b"))
    warm = talk.compile(previous=context)
    assert said(warm)[1:] == [
        "call a call b",
        "a: The call was interrupted and gave no result.",
        "b: done",
    ]


@pytest.mark.parametrize("pending", ["drop", "stub"])
def test_figures_of_an_open_exchange_are_made_anew_when_it_is_answered(pending):
    talk = Talk(user("u"), assistant(None, "a"))
    context = talk.compile(pending="stub")
    figures = (context.tokens, context.prefix)
    talk.add(result("a", "7"))
    for more in (None, user("v")):
        if more is not None:
            talk.add(more)
        context = talk.compile(previous=context, pending=pending)
        cold = talk.compile(pending=pending)
        assert (context.tokens, context.prefix) == (cold.tokens, cold.prefix) != figures


def test_what_an_open_exchange_made_an_estimate_is_forgotten_with_it():
    sealed = ReasoningPart(encrypted="x")
    call = DialogueContent(role="assistant", parts=(sealed, ToolCall("a", "work")))
    talk = Talk(user("u"), call)
    context = talk.compile(pending="stub")
    assert context.tokens.method == "estimated"
    assert talk.compile(previous=context).tokens.method == "exact"


def test_prefix_hashes_wait_for_the_end_of_the_leading_text():
    talk = Talk(system("s"))
    context = talk.compile()
    assert len(context.prefix) == 1
    talk.add(system("t"))
    talk.add(user("u"))
    assert talk.compile(previous=context).prefix == talk.compile().prefix


def test_reasoning_goes_with_a_chain_that_was_broken_long_before():
    broken = DialogueContent(
        role="assistant",
        parts=(ReasoningPart("hm", bound_to={"prefix": "0" * 64}), TextPart("so")),
    )
    loose = DialogueContent(role="assistant", parts=(ReasoningPart("hm"), TextPart("so")))
    talk = Talk(user("u"), broken, user("v"), assistant(None, "a"))
    context = talk.compile()
    for content in (result("a"), loose, user("w"), loose):
        talk.add(content)
        context = talk.compile(previous=context)
        assert context == talk.compile()
    assert not any(isinstance(p, ReasoningPart) for m in context.messages for p in m.parts)


def test_other_tools_break_reasoning_that_was_made_with_the_ones_before():
    tools = [{"name": "work"}]
    talk = Talk(user("u"))
    bound = {"prefix": talk.compile(tools=tools).prefix[-1]}
    talk.add(
        DialogueContent(
            role="assistant", parts=(ReasoningPart("hm", bound_to=bound), TextPart("so"))
        )
    )
    context = talk.compile(tools=tools)
    assert context.repairs == ()
    assert len(talk.compile(previous=context).repairs) == 1
    assert talk.compile(previous=talk.compile(), tools=tools).repairs == ()


def test_what_a_budget_left_out_comes_back_with_a_larger_one():
    talk = Talk(user("u" * 50), user("v"))
    context = talk.compile(budget=TokenBudget(40, action="drop"))
    assert said(context) == ["v"]
    assert said(talk.compile(previous=context)) == ["u" * 50, "v"]
    assert said(talk.compile(previous=context, budget=TokenBudget(400, action="drop")))[1:] == ["v"]


def test_a_mark_or_an_edit_or_fewer_entries_makes_everything_be_read():
    talk = Reading(user("u"), user("v"), user("w"))
    context = talk.compile()
    marked = talk.marked(0, "skip")
    assert said(marked.compile(previous=context)) == ["v", "w"]
    assert said(talk.compile(previous=context, upto=2)) == ["u", "v"]


def test_an_equal_state_that_was_read_again_is_known():
    talk = Reading(user("u"), user("v"))
    context = talk.compile()
    again = Reading(user("u"), user("v"), user("w"))
    context = compile_context(
        again.state[-1].commit,
        again.state,
        again.fetch,
        types=talk.types,
        tally=talk.tally,
        options=CompileOptions(),
        previous=context,
    )
    assert again.read == [[again.state[2].content]]
    assert said(context) == ["u", "v", "w"]


def test_the_same_state_needs_no_payload_at_all():
    talk = Reading(user("u"), assistant(None, "a"))
    context = talk.compile()
    again, count = talk.reads(context)
    assert (again, count) == (context, 0)


def test_prefix_hashes_go_on_too():
    talk = Talk(user("u"))
    context = talk.compile()
    for number in range(4):
        assert context.prefix == talk.compile().prefix
        talk.add(user(f"message {number}"))
        context = talk.compile(previous=context)
    assert context.prefix == talk.compile().prefix
