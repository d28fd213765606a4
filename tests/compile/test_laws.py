"""What holds for every conversation, whatever was said in it and however it is compiled."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.compile.building import LENGTHS, Talk, assistant, result, system, user
from tract.compile import CompiledContext, Tally, TokenBudget
from tract.compile._prefix import PrefixChain, lead_count
from tract.compile._repair import repair
from tract.errors import BudgetExceeded
from tract.formats import check
from tract.graph import exchanges, facts_of, message_facts
from tract.objects import (
    Content,
    DialogueContent,
    OutputContent,
    ReasoningContent,
    ReasoningPart,
    SummaryContent,
    TextPart,
    ToolCall,
)

IDS = st.sampled_from("abc")
TEXTS = st.sampled_from(["", "hello", "  spaced ", "one more"])
# Some bindings hold for no prefix at all, some are none.
BINDINGS = st.sampled_from([None, {"prefix": "0" * 64}, {"provider": "anthropic"}])

plain = st.one_of(
    TEXTS.map(user),
    TEXTS.map(assistant),
    st.sampled_from(["be kind", "be brief"]).map(system),
    TEXTS.map(lambda text: OutputContent(text=text)),
    TEXTS.map(lambda text: SummaryContent(text=text)),
)
calling = st.lists(IDS, min_size=1, max_size=3).map(lambda ids: assistant(None, *ids))
answering = st.builds(result, IDS, st.sampled_from(["", "done", None]))
reasoning = st.one_of(
    st.builds(ReasoningContent, text=TEXTS, bound_to=BINDINGS),
    st.builds(
        lambda binding, calls: DialogueContent(
            role="assistant",
            parts=(
                ReasoningPart("hm", "anthropic", "c2ln", bound_to=binding),
                TextPart("so"),
                *(ToolCall(call, "work") for call in calls),
            ),
        ),
        BINDINGS,
        st.lists(IDS, max_size=2),
    ),
)
contents = st.one_of(plain, calling, answering, answering, reasoning)
marks = st.sampled_from(["normal"] * 8 + ["important", "pinned", "skip"])
OPTIONS = st.fixed_dictionaries(
    {
        "on_invalid": st.sampled_from(["repair", "keep"]),
        "pending": st.sampled_from(["drop", "stub"]),
        "tools": st.sampled_from([None, [{"name": "work", "description": "d"}]]),
        "budget": st.sampled_from(
            [None, TokenBudget(120, action="drop"), TokenBudget(400, action="drop")]
        ),
    }
)


@st.composite
def talks(draw: st.DrawFn, max_size: int = 14) -> Talk:
    talk = Talk()
    for content, mark in draw(st.lists(st.tuples(contents, marks), max_size=max_size)):
        talk.add(content, mark)
    return talk


def attempt(talk: Talk, **options: Any) -> CompiledContext | None:
    """A compile, or None where the budget leaves no context at all."""
    try:
        return talk.compile(**options)
    except BudgetExceeded:
        return None


def every(context: CompiledContext) -> tuple[Any, ...]:
    """Everything that a context says about itself."""
    return (
        context,
        context.tokens,
        context.prefix,
        context.explain(),
        context.to_dicts(),
        context.sources,
    )


def bound(content: Content, prefix: str) -> Content:
    """The content with its reasoning bound to a prefix that is right at the time."""
    if isinstance(content, ReasoningContent):
        return content.model_copy(update={"bound_to": {"prefix": prefix}})
    return content


@given(talks(), OPTIONS, st.data())
def test_going_on_from_an_earlier_context_gives_what_a_compile_from_nothing_gives(
    talk, options, data
):
    size = len(talk.state)
    previous = None
    for upto in sorted(data.draw(st.lists(st.integers(0, size), max_size=6))):
        cold = attempt(talk, upto=upto, **options)
        warm = attempt(talk, upto=upto, previous=previous, **options)
        assert (cold is None) == (warm is None)
        if cold is not None and warm is not None:
            if data.draw(st.booleans()):
                assert every(warm) == every(cold)
            assert warm == cold
            assert warm.explain() == cold.explain()
            previous = warm


@st.composite
def sensible_talks(draw: st.DrawFn) -> Talk:
    """Talks as agents have them: mostly answers to what was asked, few marks, little disorder."""
    talk, waiting = Talk(), list[str]()
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(
            st.sampled_from(["plain", "plain", "call", "answer", "answer", "reason", "any"])
        )
        if kind == "answer" and waiting:
            place = draw(st.integers(0, len(waiting) - 1))
            content: Content = result(waiting.pop(place))
        elif kind == "call":
            waiting = draw(st.lists(IDS, min_size=1, max_size=2))
            content = assistant(None, *waiting)
        elif kind == "reason":
            content = draw(reasoning)
        else:
            content = draw(contents if kind == "any" else plain)
        talk.add(content, draw(st.sampled_from(["normal"] * 6 + ["pinned"])))
    return talk


@given(sensible_talks(), st.data())
def test_going_on_step_by_step_gives_what_compiles_from_nothing_give(talk, data):
    previous = None
    steps = st.integers(1, 3)
    upto = 0
    while upto < len(talk.state):
        upto = min(len(talk.state), upto + data.draw(steps))
        pending = data.draw(st.sampled_from(["drop", "stub"]))
        budget = data.draw(st.sampled_from([None, TokenBudget(200, action="drop")]))
        cold = attempt(talk, upto=upto, pending=pending, budget=budget)
        warm = attempt(talk, upto=upto, pending=pending, budget=budget, previous=previous)
        assert (cold is None) == (warm is None)
        if cold is not None and warm is not None:
            assert warm == cold
            assert data.draw(st.booleans()) or every(warm) == every(cold)
            previous = warm


@given(talks(), OPTIONS, OPTIONS, st.integers(0, 14), st.integers(0, 14), st.data())
def test_going_on_from_a_context_of_something_else_never_shows(
    talk, before, after, first, second, data
):
    previous = attempt(talk, upto=first, **before)
    if talk.state and data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(talk.state) - 1))
        talk = talk.marked(place, data.draw(marks))
    cold = attempt(talk, upto=second, **after)
    warm = attempt(talk, upto=second, previous=previous, **after)
    assert (cold is None) == (warm is None)
    if cold is not None and warm is not None:
        assert every(warm) == every(cold)


@given(st.lists(contents, max_size=10), st.lists(contents, max_size=6))
def test_reasoning_that_was_bound_to_what_was_sent_stays_while_only_appending(start, more):
    talk = Talk()
    context = talk.compile()
    for content in [*start, *more]:
        talk.add(bound(content, context.prefix[-1]))
        warm = talk.compile(previous=context)
        assert every(warm) == every(talk.compile())
        context = warm


complete = st.lists(IDS, min_size=1, max_size=3, unique=True).flatmap(
    lambda ids: st.permutations(ids).map(
        lambda order: [assistant(None, *ids), *(result(call) for call in order)]
    )
)


@given(talks(), st.lists(st.one_of(plain.map(lambda content: [content]), complete), max_size=4))
def test_appending_messages_or_whole_exchanges_only_extends_what_is_sent(talk, more):
    before = talk.compile()
    # Until something else is said, more system text belongs to the beginning.
    assume(lead_count(before.messages) < len(before.messages) or not before.messages)
    for group in more:
        for content in group:
            talk.add(content)
        after = talk.compile()
        assert after.messages[: len(before.messages)] == before.messages
        if before.messages:
            assert after.prefix[: len(before.prefix)] == before.prefix
            assert before.stable_prefix(after).messages == len(before.messages)
            assert before.stable_prefix(after).share == 1.0
        if lead_count(after.messages) < len(after.messages):
            before = after


@given(talks(), st.sampled_from(["drop", "stub"]))
def test_repairing_what_is_repaired_changes_nothing(talk, pending):
    messages = talk.compile(pending=pending).messages
    again = repair(
        messages,
        [message_facts(message) for message in messages],
        pending=pending,
        pinned=lambda _: False,
        chain=PrefixChain(None),
    )
    assert again.repairs == []
    assert tuple(again.messages) == messages


@given(talks(), st.sampled_from(["drop", "stub"]), st.sampled_from(["openai", "anthropic"]))
def test_what_is_repaired_is_accepted_by_every_provider(talk, pending, provider):
    context = talk.compile(pending=pending)
    assert context.check(provider) == []
    assert check(context.to_params(provider, "some-model"), provider) == []


@given(talks(), st.integers(40, 400))
def test_what_is_pinned_is_in_the_context_whatever_the_budget(talk, limit):
    context = attempt(talk, budget=TokenBudget(limit, action="drop"))
    assume(context is not None)
    assert context is not None
    shown = {commit for commits in context.sources for commit in commits}
    whole = {commit for commits in talk.compile().sources for commit in commits}
    pinned = {slot.commit for slot in talk.state if slot.mark.priority == "pinned"}
    assert pinned & whole <= shown
    assert context.token_count <= limit


@given(talks(), st.integers(40, 400))
def test_neither_skip_nor_budget_tears_an_exchange(talk, limit):
    context = attempt(talk, budget=TokenBudget(limit, action="drop"))
    assume(context is not None)
    assert context is not None
    hidden = {line.commit for line in context.explain() if line.status in ("skipped", "budget")}
    facts = [facts_of(talk.payloads[slot.content], talk.types) for slot in talk.state]
    for exchange in exchanges(facts):
        members = {talk.state[place].commit for place in exchange.members}
        assert not members & hidden or members <= hidden


@given(talks())
def test_a_context_counts_as_its_messages_and_the_start_of_the_reply(talk):
    context = talk.compile()
    counted = Tally(LENGTHS).counter.count_messages(context.to_dicts(), "openai")
    text_only = all(
        isinstance(part, TextPart | ToolCall) for m in context.messages for part in m.parts
    )
    if context.messages and text_only:
        assert context.token_count == counted
    assert context.tokens == sum(line.tokens for line in context.explain()) + (
        3 if context.messages else 0
    )


@given(talks(max_size=8), OPTIONS)
def test_the_same_state_and_options_give_the_same_bytes(talk, options):
    first, second = attempt(talk, **options), attempt(talk, **options)
    assert (first is None) == (second is None)
    if first is not None and second is not None:
        assert repr(first.messages) == repr(second.messages)
        assert first.to_openai() == second.to_openai()
        assert first.to_anthropic() == second.to_anthropic()
