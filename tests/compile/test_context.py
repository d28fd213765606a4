"""A compiled context: a frozen value that can be sent, compared, explained and looked at."""

import copy
import io
import json
import pickle
from typing import Any

import pytest

from tests.compile.building import Talk, assistant, result, said, system, user
from tract.compile import PrefixReport, Tally, TokenBudget
from tract.errors import InvalidInput, UnknownProvider
from tract.objects import (
    DialogueContent,
    MediaPart,
    OpaqueContent,
    ReasoningContent,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResultContent,
)

TOOL = {
    "type": "function",
    "function": {"name": "work", "parameters": {"type": "object", "properties": {}}},
}


def small_talk() -> Talk:
    return Talk(
        system("Be kind."),
        user("hi"),
        assistant("let me", "a"),
        result("a", "7"),
        assistant("seven"),
    )


# --- the value --------------------------------------------------------------------------------


def test_an_unborn_branch_gives_an_empty_context():
    context = Talk().compile()
    assert context.commit is None
    for listed in (context.messages, context.repairs, context.dropped, context.sources):
        assert listed == ()
    assert context.to_dicts() == []
    assert context.to_openai() == {"messages": []}
    assert (context.tokens, context.token_count, len(context.prefix)) == (0, 0, 1)
    assert context.explain().lines == ()
    assert "unborn" in str(context.explain())


def test_nothing_of_it_can_be_set():
    context = small_talk().compile()
    for name in ("messages", "commit", "tools", "anything"):
        with pytest.raises(AttributeError):
            setattr(context, name, ())


def test_equal_contexts_are_equal_and_can_be_keys():
    first, second = small_talk().compile(), small_talk().compile()
    assert first == second
    assert {first: 1}[second] == 1
    assert first != small_talk().compile(tools=[TOOL])
    assert first != small_talk().compile(upto=3)
    assert first != "context"
    assert repr(first) == f"CompiledContext(5 messages of commit {(first.commit or '')[:8]})"


def test_it_knows_what_each_message_was_made_from():
    talk = small_talk()
    context = talk.compile()
    assert context.commit == talk.state[-1].commit
    assert context.sources == tuple((slot.commit,) for slot in talk.state)


def test_it_stays_what_it_was_while_the_talk_goes_on():
    talk = small_talk()
    context = talk.compile()
    before = (context.messages, context.prefix, context.tokens)
    talk.add(user("more"))
    talk.compile(previous=context)
    talk.add(assistant("and more"))
    talk.compile(previous=context)
    assert (context.messages, context.prefix, context.tokens) == before


# --- dialects ---------------------------------------------------------------------------------


def test_it_is_ready_for_openai():
    params = small_talk().compile(tools=[TOOL]).to_openai()
    assert params["tools"] == [TOOL]
    assert params["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": "let me",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "work", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "7"},
        {"role": "assistant", "content": "seven"},
    ]


def test_it_is_ready_for_anthropic():
    params = small_talk().compile(tools=[TOOL]).to_anthropic(cache=False)
    assert params["system"] == "Be kind."
    assert [message["role"] for message in params["messages"]] == [
        "user",
        "assistant",
        "user",
        "assistant",
    ]
    assert params["tools"][0]["name"] == "work"
    cached = small_talk().compile().to_anthropic()
    assert "cache_control" in json.dumps(cached)
    assert "cache_control" not in json.dumps(params)


def test_it_is_ready_for_whoever_is_named():
    context = small_talk().compile()
    assert context.to_params("openai") == context.to_openai()
    assert context.to_params("anthropic", "claude-x") == {
        "model": "claude-x",
        **context.to_anthropic(),
    }
    for ask in (context.to_params, context.check, context.notices):
        with pytest.raises(UnknownProvider):
            ask("nobody")


def test_plain_dicts_say_what_a_person_would_want_to_read():
    assert small_talk().compile().to_dicts()[2:4] == [
        {
            "role": "assistant",
            "content": "let me",
            "tool_calls": [{"id": "a", "name": "work", "arguments": "{}"}],
        },
        {"role": "tool", "content": "7", "tool_call_id": "a"},
    ]


def test_every_result_is_its_holders_own():
    extra = {"openai": {"annotations": [{"deep": ["x"]}]}}
    talk = Talk(user("hi"), assistant("yes", extra=extra))
    context = talk.compile(tools=[TOOL])
    for make in (context.to_openai, context.to_anthropic, context.to_dicts, lambda: context.tools):
        first = make()
        spoilt = copy.deepcopy(first)
        spoil(make())
        assert make() == first == spoilt
    assert talk.compile(tools=[TOOL]).to_openai() == context.to_openai()


def spoil(value: object) -> None:
    """Change everything that can be changed, as deep as it goes."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in list(inner):
        spoil(item)
    if isinstance(value, dict | list):
        value.clear()


def test_tools_of_the_caller_may_change_afterwards():
    tools: list[Any] = copy.deepcopy([TOOL])
    context = small_talk().compile(tools=tools)
    tools[0]["function"]["name"] = "other"
    assert context.tools == [TOOL]
    assert context.to_openai()["tools"] == [TOOL]
    assert small_talk().compile(tools=[]).tools is None


def test_what_a_provider_would_refuse_is_located():
    talk = Talk(user("hi"), result("z"))
    assert talk.compile().check("openai") == []
    issues = talk.compile(on_invalid="keep").check("openai")
    assert [(issue.index, issue.commit) for issue in issues] == [(1, talk.state[1].commit)]


def test_what_a_dialect_cannot_say_is_noticed():
    talk = Talk(user("hi"), OpaqueContent(provider="elsewhere", payload={"role": "user"}))
    context = talk.compile()
    assert any(talk.state[1].commit in notice.commits for notice in context.notices("openai"))
    assert small_talk().compile().notices("openai") == []


# --- tokens and prefixes ----------------------------------------------------------------------


def test_tokens_are_those_of_the_messages_the_reply_and_the_tools():
    context = small_talk().compile()
    assert context.token_count == context.tokens
    assert type(context.token_count) is int
    assert context.tokens.method == "exact"
    with_tools = small_talk().compile(tools=[TOOL]).tokens
    assert with_tools == context.tokens + len(json.dumps(TOOL, separators=(",", ":")))
    assert with_tools.method == "estimated"


def test_media_and_sealed_reasoning_make_a_count_an_estimate():
    image = DialogueContent(role="user", parts=(MediaPart("image", data="AAAA" * 10_000),))
    assert Talk(image).compile().tokens.method == "estimated"
    assert Talk(image).compile().tokens < 2_000
    sealed = Talk(user("u"), ReasoningContent(encrypted="x" * 530))
    assert sealed.compile().tokens.method == "estimated"
    assert 100 < sealed.compile().tokens - Talk(user("u")).compile().tokens < 150


def test_a_count_is_that_of_the_time_of_the_compile():
    talk = small_talk()
    tally = Tally(talk.tally.counter)
    context = talk.compile(tally=tally)
    tally.scale = tally.scale._replace(ratio=3.0)
    assert talk.compile(tally=tally).tokens == 3 * context.tokens


def test_a_prefix_hash_stands_for_all_before_it():
    talk = Talk(system("s"), system("t"), user("u"), assistant("x"))
    context = talk.compile()
    assert len(context.prefix) == 3
    assert all(len(link) == 64 for link in context.prefix)
    other = Talk(system("s"), system("t"), user("other"), assistant("x")).compile()
    assert other.prefix[0] == context.prefix[0]
    assert other.prefix[1] != context.prefix[1]
    assert other.prefix[2] != context.prefix[2]
    assert talk.compile(tools=[TOOL]).prefix[0] != context.prefix[0]


def test_prefix_hashes_are_the_same_on_every_machine():
    context = Talk(system("s"), user("u")).compile()
    assert context.prefix == (
        "a6423ab2d524d650724fb815585fac5dabb37d22fa8ea0d37688541a8e959e4f",
        "c646439fbb9c9036a9ba7bd17043a073502a86aa40c837cdbfb6a0fa2e2208d8",
    )


def test_what_two_contexts_share_is_counted_from_the_start():
    talk = Talk(system("s"), user("u"), assistant("x"), user("v"))
    whole, start = talk.compile(), talk.compile(upto=3)
    assert start.stable_prefix(whole) == PrefixReport(3, start.token_count, 1.0)
    report = whole.stable_prefix(start)
    assert report.messages == 3
    assert report.tokens == start.token_count - 3
    assert report.share == report.tokens / whole.token_count


def test_only_contexts_share_a_prefix():
    with pytest.raises(InvalidInput, match="str is no compiled context"):
        Talk(user("u")).compile().stable_prefix("hello")  # type: ignore[arg-type]


def test_a_change_early_on_leaves_little_to_share():
    talk = Talk(system("s"), user("u"), assistant("x"), user("v"))
    changed = talk.marked(1, "skip").compile()
    assert talk.compile().stable_prefix(changed).messages == 1
    first, second = (Talk(system("s"), system(text), user("u")).compile() for text in "tw")
    assert first.stable_prefix(second).messages == 1


def test_other_tools_leave_nothing_to_share():
    talk = small_talk()
    report = talk.compile().stable_prefix(talk.compile(tools=[TOOL]))
    assert report == PrefixReport(0, 0, 0.0)
    shared = talk.compile(tools=[TOOL]).stable_prefix(talk.compile(tools=[TOOL], upto=2))
    assert shared.messages == 2
    assert shared.tokens > talk.compile(upto=2).token_count


def test_an_empty_context_loses_nothing():
    assert Talk().compile().stable_prefix(small_talk().compile()) == PrefixReport(0, 0, 1.0)
    assert small_talk().compile().stable_prefix(Talk().compile()).messages == 0


# --- reading ----------------------------------------------------------------------------------


def test_every_entry_is_explained():
    talk = Talk()
    talk.add(system("Be kind."), "pinned")
    talk.add(user("first question"))
    talk.add(assistant("first answer"), "skip")
    talk.add(assistant(None, "a"))
    talk.add(user("second\nquestion"))
    talk.add(result("z"))
    talk.add(assistant(None, "b"))
    context = talk.compile()
    explanation = context.explain()
    assert [(line.status, line.index) for line in explanation] == [
        ("shown", 0),
        ("shown", 1),
        ("skipped", None),
        ("repaired", 2),
        ("shown", 4),
        ("left_out", None),
        ("left_out", None),
    ]
    assert [line.role for line in explanation][:3] == ["system", "user", "assistant"]
    assert explanation.lines[2].why == "marked skip"
    assert "no call before it" in explanation.lines[5].why
    assert "no result yet" in explanation.lines[6].why
    assert explanation.lines[4].text == "second question"
    assert explanation.lines[0].priority == "pinned"
    assert [line.tokens > 0 for line in explanation][2:6] == [False, True, True, False]
    assert explanation.tokens == context.tokens
    text = str(explanation)
    assert "4 of 7 entries in 5 messages" in text
    assert len(text.splitlines()) == 8


def test_an_explanation_names_the_budget_and_what_it_cost():
    talk = Talk(user("u" * 60), user("v"))
    from_budget = talk.compile(budget=TokenBudget(40, action="drop")).explain()
    assert from_budget.limit == 40
    assert [line.status for line in from_budget] == ["budget", "shown"]
    assert "of 40 tokens" in str(from_budget)


def test_members_of_an_exchange_that_is_left_out_are_explained():
    talk = Talk(user("u"), assistant(None, "a", "b"), result("a"))
    lines = talk.compile().explain().lines
    assert [line.status for line in lines] == ["shown", "left_out", "left_out"]
    assert all(line.why for line in lines[1:])


def test_it_can_be_looked_at_without_harm():
    parts = (
        ReasoningPart("thinking"),
        ReasoningPart(encrypted="x"),
        TextPart("two\nlines \x1b[31m"),
        MediaPart("image", "image/png", data="AAAA"),
        MediaPart("file", url="https://x.y/z.pdf", name="z.pdf"),
        ToolCall("a", "work", '{"x": 1}'),
    )
    talk = Talk(
        user("hi"),
        DialogueContent(role="assistant", parts=parts, name="bot"),
        ToolResultContent(call_id="a", output="no", is_error=True),
        DialogueContent(role="assistant", parts=(RefusalPart("never"),)),
        OpaqueContent(provider="else", payload={"role": "x"}),
    )
    out = io.StringIO()
    context = talk.compile()
    context.pprint(file=out)
    marks = [f"<{slot.commit[:8]}>" for slot in talk.state]
    assert out.getvalue().splitlines() == [
        f"--- 0 user {marks[0]}",
        "hi",
        f"--- 1 assistant bot {marks[1]}",
        "[reasoning] thinking",
        "[reasoning, sealed]",
        "two",
        "lines \\x1b[31m",
        "[image, image/png, 3 bytes]",
        "[file, z.pdf, https://x.y/z.pdf]",
        '[call a] work({"x": 1})',
        f"--- 2 tool answers a (error) {marks[2]}",
        "no",
        f"--- 3 assistant {marks[3]}",
        "[refusal] never",
        f"--- 4 user {marks[4]}",
        "[a part that only else knows]",
    ]


def test_it_prints_to_standard_output(capsys):
    Talk(user("hi")).compile().pprint()
    assert capsys.readouterr().out.splitlines()[1] == "hi"


def test_what_it_reports_can_be_kept():
    talk = Talk(user("u"), result("z"))
    report = (talk.compile().repairs, talk.compile().explain())
    assert pickle.loads(pickle.dumps(report)) == report


def test_messages_are_said_once_however_they_are_asked_for():
    context = small_talk().compile()
    assert said(context) == ["Be kind.", "hi", "let me call a", "a: 7", "seven"]
    assert [message["role"] for message in context.to_dicts()] == [
        message.role for message in context.messages
    ]
