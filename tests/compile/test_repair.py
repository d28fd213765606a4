"""Every repair: what a provider would refuse, what is sent instead, and what is told about it."""

from typing import Any

import pytest

from tests.compile.building import Talk, assistant, result, said, system, user
from tract.compile import CompiledContext, Repair, as_counter
from tract.errors import InvalidContext
from tract.objects import (
    DialogueContent,
    Message,
    ReasoningContent,
    ReasoningPart,
    TextPart,
    ToolCall,
)

STUB = "The call was interrupted and gave no result."


def rules(context: CompiledContext) -> list[tuple[str, int]]:
    return [(repair.rule, repair.index) for repair in context.repairs]


def test_what_needs_no_repair_gets_none():
    talk = Talk(system("s"), user("u"), assistant(None, "a"), result("a", ""), assistant("x"))
    context = talk.compile()
    assert said(context) == ["s", "u", "call a", "a: ", "x"]
    assert context.repairs == ()


def test_a_call_that_nobody_answered_gets_a_result_that_says_so():
    talk = Talk(user("u"), assistant(None, "a", "b"), result("b"), user("go on"))
    context = talk.compile()
    assert said(context) == ["u", "call a call b", f"a: {STUB}", "b: done", "go on"]
    assert context.messages[2].is_error
    assert context.sources[2] == (talk.state[1].commit,)
    assert rules(context) == [("missing_result", 1)]
    assert "'a'" in context.repairs[0].message
    assert context.repairs[0].commit == talk.state[1].commit


def test_an_unfinished_exchange_at_the_end_waits_until_it_is_complete():
    talk = Talk(user("u"), assistant(None, "a", "b"), result("b"))
    context = talk.compile()
    assert said(context) == ["u"]
    assert rules(context) == [("pending_exchange", 1)]
    talk.add(result("a"))
    assert said(talk.compile()) == ["u", "call a call b", "a: done", "b: done"]


def test_an_unfinished_exchange_at_the_end_can_be_shown_as_such():
    talk = Talk(user("u"), assistant(None, "a"))
    assert said(talk.compile(pending="stub")) == ["u", "call a", f"a: {STUB}"]


def test_an_unfinished_exchange_with_a_pinned_member_is_shown_though_it_is_pending():
    talk = Talk(user("u"), assistant(None, "a", "b"))
    talk.add(result("b"), "pinned")
    assert said(talk.compile()) == ["u", "call a call b", f"a: {STUB}", "b: done"]


def test_a_result_without_a_call_is_left_out():
    talk = Talk(user("u"), result("a"), assistant(None, "a"), result("a"), result("z"))
    context = talk.compile()
    assert said(context) == ["u", "call a", "a: done"]
    assert rules(context) == [("orphan_result", 1), ("orphan_result", 4)]


def test_results_are_put_behind_their_call_in_its_order():
    talk = Talk(
        user("u"), assistant(None, "a", "b"), result("b"), user("wait"), result("a"), user("on")
    )
    context = talk.compile()
    assert said(context) == ["u", "call a call b", "a: done", "b: done", "wait", "on"]
    assert rules(context) == [("moved_result", 4)]


def test_two_results_in_the_wrong_order_change_places():
    talk = Talk(user("u"), assistant(None, "a", "b"), result("b"), result("a"))
    context = talk.compile()
    assert said(context)[2:] == ["a: done", "b: done"]
    assert rules(context) == [("moved_result", 3)]


def test_what_stands_in_place_once_another_has_moved_is_not_told_as_moved():
    talk = Talk(user("u"), assistant(None, "a"), assistant(None, "b"), result("a"), result("b"))
    context = talk.compile()
    assert said(context) == ["u", "call a", "a: done", "call b", "b: done"]
    assert rules(context) == [("moved_result", 3)]


def test_of_two_results_for_one_call_the_last_is_sent_even_if_it_is_empty():
    talk = Talk(user("u"), assistant(None, "a"), result("a", "first"), result("a", ""))
    context = talk.compile()
    assert said(context) == ["u", "call a", "a: "]
    assert rules(context) == [("repeated_result", 2)]


def test_an_id_that_is_used_again_is_answered_by_place():
    talk = Talk(
        user("u"),
        assistant(None, "a"),
        result("a", "one"),
        assistant(None, "a"),
        result("a", "two"),
    )
    context = talk.compile()
    assert said(context) == ["u", "call a", "a: one", "call a", "a: two"]
    assert context.repairs == ()


def test_arguments_and_empty_results_stay_as_they_are():
    call = ToolCall("a", "f", "{not json")
    talk = Talk(user("u"), DialogueContent(role="assistant", tool_calls=(call,)), result("a", None))
    context = talk.compile()
    assert context.messages[1].tool_calls == (call,)
    assert context.messages[2].parts == ()


def test_messages_that_say_nothing_are_left_out_but_results_never():
    talk = Talk(
        system(""),
        user(""),
        assistant(""),
        DialogueContent(role="assistant", refusal=""),
        user("u"),
    )
    context = talk.compile()
    assert said(context) == ["u"]
    assert rules(context) == [("empty_message", place) for place in range(4)]


def test_a_message_whose_only_word_is_a_provider_field_is_no_empty_one():
    legacy = {"openai": {"function_call": {"name": "f", "arguments": "{}"}}}
    talk = Talk(user("u"), assistant(None, extra=legacy))
    assert len(talk.compile().messages) == 2
    silent = {"openai": {"annotations": [], "refusal": None}, "openai.shape": {"content": "null"}}
    talk = Talk(user("u"), assistant("", extra=silent))
    assert len(talk.compile().messages) == 1


def with_reasoning(prefix: str | None, text: str = "so") -> DialogueContent:
    bound = None if prefix is None else {"provider": "anthropic", "prefix": prefix}
    part = ReasoningPart("hm", "anthropic", "sig", bound_to=bound)
    return DialogueContent(role="assistant", parts=(part, text))


def has_reasoning(context: CompiledContext) -> list[bool]:
    return [
        any(isinstance(part, ReasoningPart) for part in message.parts)
        for message in context.messages
    ]


def test_reasoning_stays_while_what_it_was_made_for_is_sent_again():
    talk = Talk(system("s"), user("u"))
    talk.add(with_reasoning(talk.compile().prefix[-1]))
    talk.add(user("v"))
    talk.add(with_reasoning(talk.compile().prefix[-1]))
    assert has_reasoning(talk.compile()) == [False, False, True, False, True]
    assert talk.compile().repairs == ()


def test_reasoning_goes_with_all_that_hangs_on_it_when_something_before_it_changes():
    talk = Talk(system("s"), user("u"), user("v"))
    talk.add(with_reasoning(talk.compile().prefix[-1], "one"))
    talk.add(with_reasoning(None, "two"))
    talk.add(user("w"))
    talk.add(with_reasoning(talk.compile().prefix[-1], "three"))
    changed = talk.marked(1, "skip")
    context = changed.compile()
    assert said(context) == ["s", "v", "one", "two", "w", "three"]
    assert has_reasoning(context) == [False] * 6
    assert rules(context) == [("broken_reasoning", index) for index in (2, 3, 5)]


def test_reasoning_made_for_the_repaired_context_holds():
    talk = Talk(user("u"), user("v"))
    talk.add(with_reasoning(talk.compile().prefix[-1], "one"))
    talk.add(user("w"))
    changed = talk.marked(0, "skip")
    changed.add(with_reasoning(changed.compile().prefix[-1], "two"))
    assert has_reasoning(changed.compile()) == [False, False, False, True]


def test_reasoning_is_bound_to_the_tools_too():
    talk = Talk(user("u"))
    tools = [{"name": "work"}]
    talk.add(with_reasoning(talk.compile(tools=tools).prefix[-1]))
    assert has_reasoning(talk.compile(tools=tools)) == [False, True]
    assert has_reasoning(talk.compile(tools=[{"name": "rest"}])) == [False, False]


def test_reasoning_and_answer_of_one_reply_may_be_two_entries():
    talk = Talk(user("u"))
    bound = {"prefix": talk.compile().prefix[-1]}
    talk.add(ReasoningContent(text="hm", bound_to=bound))
    talk.add(ReasoningContent(text="hm again", bound_to=bound))
    talk.add(assistant("so"))
    assert has_reasoning(talk.compile()) == [False, True, True, False]


def test_a_message_of_nothing_but_broken_reasoning_is_left_out_and_told_once():
    talk = Talk(user("u"), ReasoningContent(text="hm", bound_to={"prefix": "0" * 64}), user("v"))
    context = talk.compile()
    assert said(context) == ["u", "v"]
    assert rules(context) == [("broken_reasoning", 1)]


def test_a_message_that_is_left_out_does_not_end_the_leading_text():
    broken = ReasoningContent(text="hm", bound_to={"prefix": "0" * 64})
    talk = Talk(system("s"), broken, system("t"), user("u"))
    assert talk.compile().prefix == Talk(system("s"), system("t"), user("u")).compile().prefix


def test_calls_and_reasoning_are_the_assistants_alone():
    class Odd:
        def compile(self, entries):
            return [Message("user", (TextPart("u"), ToolCall("a", "f"), ReasoningPart("hm")))]

    context = Talk(user("u")).compile(compiler=Odd())
    assert context.messages[0].parts == (TextPart("u"),)
    assert rules(context) == [("misplaced_part", 0)]
    assert context.repairs[0].commit is None


def test_kept_as_it_is_nothing_is_mended():
    talk = Talk(user(""), result("z"), assistant(None, "a"))
    context = talk.compile(on_invalid="keep")
    assert said(context) == ["", "z: done", "call a"]
    assert context.repairs == ()
    assert context.check("openai") != []


def test_who_wants_nothing_mended_is_told_where_and_how_to_fix_it():
    talk = Talk(user("u"), result("z"), assistant(None, "a", "b"), result("b"), user(""))
    with pytest.raises(InvalidContext) as caught:
        talk.compile(on_invalid="raise")
    error = caught.value
    issues: list[Any] = list(error.issues)
    assert [(issue.rule, issue.index) for issue in issues] == [
        ("orphan_result", 1),
        ("missing_result", 2),
        ("empty_message", 4),
    ]
    assert [issue.commit for issue in issues] == [talk.state[n].commit for n in (1, 2, 4)]
    assert all(issue.fix for issue in issues)
    assert "message 1" in str(error)
    assert "2 more" in str(error)


def test_who_wants_nothing_mended_is_told_of_a_pending_exchange_too():
    talk = Talk(user("u"), assistant(None, "a"))
    with pytest.raises(InvalidContext):
        talk.compile(on_invalid="raise", previous=Talk(user("u")).compile(on_invalid="raise"))
    talk.add(result("a"))
    assert len(talk.compile(on_invalid="raise").messages) == 3


def test_a_repair_names_ids_safely():
    talk = Talk(user("u"), result("a\x1b[31m"))
    (repair,) = talk.compile().repairs
    assert repair == Repair("orphan_result", repair.message, talk.state[1].commit, 1)
    assert "\x1b" not in repair.message


def test_repairs_do_not_depend_on_how_tokens_are_counted():
    talk = Talk(user("u"), result("z"))
    other = Talk(user("u"), result("z"))
    other.tally.counter = as_counter("cl100k_base")
    assert talk.compile() == other.compile()
