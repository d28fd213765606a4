"""Status: the parts of a context add up, repeats are found, usage teaches the ratio and the price."""

from datetime import datetime
from itertools import repeat
from typing import ClassVar, Literal

import pytest

from tract import Content, Session, Tract, XmlPrompt
from tract.objects import normalise_usage
from tract.store import MemoryStore

LONG = "The order was sent on Monday and will be with you by Thursday at the latest. " * 4


@pytest.fixture
def talked():
    with Tract.open() as t:
        t.system("You are a helpful assistant.")
        for number in range(4):
            t.user(f"Where is order {number}?")
            t.commit(
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "I look it up. " * 5, "signature": "s"},
                        {"type": "text", "text": "One moment."},
                        {
                            "type": "tool_use",
                            "id": f"c{number}",
                            "name": "look_up",
                            "input": {"order": number},
                        },
                    ],
                }
            )
            t.tool_result(f"c{number}", LONG)
            t.assistant("It is on its way.")
        yield t


def detail_of(t):
    detail = t.status(detail=True).detail
    assert detail is not None
    return detail


def parts(shares):
    return {part.name: part for part in shares}


def test_every_way_to_take_a_context_apart_adds_up_to_it(talked):
    detail = detail_of(talked)
    for shares in (detail.roles, detail.types, detail.tools):
        assert sum(part.tokens for part in shares) == int(talked.status().tokens)
        assert sum(part.share for part in shares) == pytest.approx(1.0)
        assert [part.tokens for part in shares] == sorted((p.tokens for p in shares), reverse=True)


def test_reasoning_and_tools_are_told_apart(talked):
    detail = detail_of(talked)
    roles, tools = parts(detail.roles), parts(detail.tools)
    assert set(roles) == {"system", "user", "assistant", "reasoning", "tool", "frame"}
    assert roles["reasoning"].messages == 4
    assert set(tools) == {"look_up", "", "frame"}
    # Its results, and the calls with their arguments.
    assert tools["look_up"].tokens > roles["tool"].tokens
    assert tools["look_up"].messages == 8
    assert set(parts(detail.types)) == {"instruction", "dialogue", "tool_result", "frame"}


def test_the_largest_entries_come_first_and_name_their_tool(talked):
    largest = detail_of(talked).entries
    assert [entry.tool for entry in largest[:4]] == ["look_up"] * 4
    assert largest[0].tokens >= largest[-1].tokens
    assert talked.show(largest[0].commit).text == LONG


def test_what_is_said_more_than_once_is_found_with_what_it_wastes(talked):
    detail = detail_of(talked)
    again = detail.repeats[0]
    assert (again.role, again.times) == ("tool", 4)
    assert again.wasted == pytest.approx(3 * again.tokens, abs=3)
    assert detail.repeated == sum(one.wasted for one in detail.repeats)
    assert all(talked.show(commit).text == LONG for commit in again.commits)


def test_the_same_words_with_other_calls_are_no_repeat():
    with Tract.open() as t:
        for number in range(3):
            text = "I look at the next file, and then I will know what is wrong with it. " * 2
            call = {"id": f"c{number}", "name": "read", "arguments": f'{{"file": {number}}}'}
            t.assistant(text, tool_calls=[call])
            t.tool_result(f"c{number}", f"file {number}")
        assert detail_of(t).repeats == ()


def test_what_is_skipped_takes_nothing(talked):
    before = int(talked.status().tokens)
    talked.skip(detail_of(talked).repeats[0].commits[0])
    assert detail_of(talked).repeats[0].times == 3
    assert int(talked.status().tokens) < before


def test_an_empty_tract_has_nothing_to_take_apart():
    with Tract.open() as t:
        detail = detail_of(t)
        assert (int(t.status().tokens), detail.roles, detail.entries) == (0, (), ())
        assert (detail.spending.calls, detail.spending.cost) == (0, None)


def test_what_another_compiler_makes_is_taken_apart_too():
    with Tract.open(compiler=XmlPrompt()) as t:
        t.user("one")
        t.assistant("two")
        assert sum(part.tokens for part in detail_of(t).types) == int(t.status().tokens)


# --- what was paid ---------------------------------------------------------------------------


def reply(t, text, model, usage, provider="anthropic"):
    t.user("go on")
    made = t.commit(text, role="assistant", made_with={"model": model, "provider": provider})
    t.record_usage(usage, commit=made)


def test_recorded_cost_counts_and_the_list_fills_in_what_was_not_recorded():
    with Tract.open() as t:
        reply(t, "a", "claude-sonnet-4-5", {"input": 1000, "output": 10, "cost": 0.5})
        reply(t, "b", "gpt-4o", {"prompt_tokens": 1_000_000, "completion_tokens": 0}, "openai")
        reply(t, "c", "home-made", {"input": 10, "output": 1}, "me")
        spent = detail_of(t).spending
    assert (spent.calls, spent.listed, spent.unpriced) == (3, 1, 1)
    assert spent.cost == pytest.approx(0.5 + 2.5)
    assert spent.input == 1_001_010
    assert [one.model for one in spent.models] == ["gpt-4o", "claude-sonnet-4-5", "home-made"]
    assert spent.models[-1].cost is None


def test_the_cache_share_is_what_was_read_of_all_that_was_sent():
    with Tract.open() as t:
        usage = {
            "input_tokens": 50,
            "cache_read_input_tokens": 900,
            "cache_creation_input_tokens": 50,
        }
        reply(t, "a", "claude-sonnet-4-5", {**usage, "output_tokens": 1})
        spent = detail_of(t).spending
    assert (spent.input, spent.cache_read, spent.cache_write) == (1000, 900, 50)
    assert spent.cache_share == pytest.approx(0.9)


def test_a_call_that_was_reported_twice_counts_once_as_it_was_reported_last():
    with Tract.open() as t:
        t.user("go on")
        made = t.commit("a", role="assistant", made_with={"model": "gpt-4o"})
        t.record_usage(normalise_usage({"input": 100, "output": 1}, call="m1"), commit=made)
        t.record_usage(
            normalise_usage({"input": 100, "output": 9, "cost": 0.2}, call="m1"), commit=made
        )
        t.record_usage(
            normalise_usage({"input": 50, "output": 5, "cost": 0.1}, call="m2"), commit=made
        )
        spent = detail_of(t).spending
    assert (spent.calls, spent.input, spent.output) == (2, 150, 14)
    assert spent.cost == pytest.approx(0.3)


# --- what tokens become ----------------------------------------------------------------------


def talk(t, turns, ratio=1.4, model="claude-sonnet-4-5", beside=0):
    """Replies with usage that a model of another tokenizer would report."""
    for number in range(turns):
        t.user(f"Tell me more about {number}. " * 30)
        counted = t.compile().counted
        made = t.commit("Well. " * 40, role="assistant", made_with={"model": model})
        t.record_usage({"input": round(counted * ratio) + beside, "output": 9}, commit=made)


def test_recorded_usage_teaches_the_ratio():
    with Tract.open() as t:
        talk(t, 12, beside=700)
        now = t.status()
        assert now.counting.model == "claude-sonnet-4-5"
        assert now.counting.ratio == pytest.approx(1.4, rel=0.02)
        assert now.counting.beside == pytest.approx(700, rel=0.1)
        assert now.counting.reports == 12
        assert (now.tokens.method, now.tokens.error) == ("estimated", now.counting.error)
        assert int(now.tokens) == round(t.compile().counted * now.counting.ratio)
        assert t.compile().tokens == now.tokens


def test_before_enough_was_recorded_the_usual_ratio_holds():
    with Tract.open(model="claude-sonnet-4-5") as t:
        talk(t, 3)
        counting = t.status().counting
        assert (counting.ratio, counting.reports, counting.error) == (1.2, 0, 0.15)


def test_a_handle_learns_on_while_usage_is_recorded():
    with Tract.open(model="claude-sonnet-4-5") as t:
        talk(t, 2)
        assert t.compile().tokens.error == 0.15
        talk(t, 10)
        assert t.compile().tokens.error < 0.15
        assert t.status().counting.ratio == pytest.approx(1.4, rel=0.02)


def test_what_was_learned_is_kept_by_the_store_not_by_the_handle():
    store = MemoryStore()
    with Tract.open(store) as t:
        talk(t, 10)
    with Tract.open(store) as t:
        assert t.status().counting.ratio == pytest.approx(1.4, rel=0.02)


def test_another_tract_of_the_store_teaches_a_new_one():
    store = MemoryStore()
    with Session.open(store) as session:
        talk(session.create_tract("old"), 10)
    with Tract.open(store, tract="new", model="claude-sonnet-4-5") as t:
        t.user("hello")
        assert t.status().counting.ratio == pytest.approx(1.4, rel=0.02)


def test_a_model_whose_tokenizer_is_at_hand_is_counted_exactly():
    with Tract.open(model="gpt-4o") as t:
        talk(t, 10, model="gpt-4o")
        now = t.status()
        assert (now.tokens.method, now.counting.ratio, now.counting.reports) == ("exact", 1.0, 0)


def test_a_tokenizer_of_your_own_needs_no_correction():
    with Tract.open(tokenizer=len) as t:
        talk(t, 10)
        assert (t.status().tokens.method, t.status().counting.ratio) == ("exact", 1.0)


def test_usage_recorded_where_head_is_belongs_to_the_last_reply():
    with Tract.open() as t:
        for number in range(8):
            t.user("word " * (100 + 50 * number))
            sent = round(t.compile().counted * 1.3)
            function = {"name": "f", "arguments": "{}"}
            call = {"id": f"c{number}", "type": "function", "function": function}
            config = {"model": "claude-sonnet-4-5", "provider": "anthropic"}
            message = {"role": "assistant", "content": "ok", "tool_calls": [call]}
            made = t.commit(message, made_with=config)
            if number % 2:
                t.pin(made)
            else:
                t.tool_result(f"c{number}", "done")
            t.record_usage({"input": sent, "output": 5})
            if number % 2:
                t.tool_result(f"c{number}", "done")
        now = t.status(detail=True)
        assert now.counting.ratio == pytest.approx(1.3, rel=0.02)
        assert now.detail is not None
        assert (now.detail.spending.unpriced, now.detail.spending.listed) == (0, 8)


def test_models_are_learned_apart():
    with Tract.open() as t:
        talk(t, 8, ratio=1.4, model="claude-sonnet-4-5")
        talk(t, 8, ratio=0.9, model="gemini-3-pro")
        assert t.status().counting.model == "gemini-3-pro"
        assert t.status().counting.ratio == pytest.approx(0.9, rel=0.05)


def test_a_context_outlives_its_handle_and_is_counted_all_the_same():
    t = Tract.open()
    talk(t, 10)
    context = t.compile()
    t.close()
    assert context.token_count > 0


def test_every_figure_in_tokens_is_of_the_same_model():
    with Tract.open() as t:
        talk(t, 10)
        ratio = t.status().counting.ratio
        info = t.log(1)[0]
        line = t.compile().explain().lines[-1]
        assert info.tokens == line.tokens
        with Tract.open(tokenizer="o200k_base") as plain:
            counted = plain.assistant("Well. " * 40).tokens
            assert counted is not None
            assert info.tokens == round(counted * ratio)


# --- at the edges ----------------------------------------------------------------------------


def test_status_counts_what_the_handles_own_compiler_sends():
    with Tract.open(compiler=XmlPrompt()) as t:
        t.user("one")
        t.assistant("two")
        assert t.status().messages == len(t.compile().messages) == 1
        assert t.status().tokens == t.compile().tokens


def test_a_call_is_priced_by_the_list_of_its_day():
    days = {"2025-05-01": 10.0, "2025-11-20": 2.0}  # o3 was made cheaper in between
    for day, dollars in days.items():
        moments = repeat(datetime.fromisoformat(f"{day}T12:00:00+00:00"))
        with Tract.open(clock=moments.__next__) as t:
            reply(t, "a", "o3", {"input": 1_000_000, "output": 0}, "openai")
            assert detail_of(t).spending.cost == pytest.approx(dollars)


def test_lists_are_short_and_sums_are_whole():
    with Tract.open() as t:
        for number in range(25):
            for _ in range(2):
                t.user(f"{number} " + "word " * (30 + number))
        detail = detail_of(t)
        assert (len(detail.entries), len(detail.repeats)) == (20, 20)
        assert detail.repeated > sum(one.wasted for one in detail.repeats)
        assert [part.messages for part in detail.roles] == [50, 0]  # nothing frames a message


def test_short_texts_are_no_repeats():
    with Tract.open() as t:
        for _ in range(5):
            t.user("yes " * 10)
        assert detail_of(t).repeats == ()
        for _ in range(2):
            t.user("yes " * 20)
        assert [one.times for one in detail_of(t).repeats] == [2]


def test_the_last_usage_is_the_newest():
    with Tract.open() as t:
        reply(t, "a", "gpt-4o", {"input": 10, "output": 1})
        reply(t, "b", "gpt-4o", {"input": 20, "output": 2})
        last = t.status().last_usage
        assert last is not None
        assert last["input"] == 20


def test_a_second_report_of_a_reply_teaches_nothing():
    with Tract.open() as t:
        talk(t, 8)
        for info in t.log(None):
            if info.made_with:
                t.record_usage({"input": 9_000_000, "output": 1}, commit=info)
        assert t.status().counting.ratio == pytest.approx(1.4, rel=0.02)
        assert t.status().counting.reports == 8


def test_calls_that_sent_nothing_name_no_model_and_teach_nothing():
    with Tract.open() as t:
        talk(t, 8)
        t.user("go on")
        made = t.commit("", role="assistant", made_with={"model": "gpt-5.1-codex"})
        t.record_usage({"input": 0, "output": 0}, commit=made)
        assert t.status().counting.model == "claude-sonnet-4-5"


def test_providers_of_one_model_are_learned_apart():
    with Tract.open(model="claude-sonnet-4-5", provider="bedrock") as t:
        for ratio, provider in ((1.4, "anthropic"), (1.8, "bedrock")):
            for number in range(8):
                t.user(f"Tell me more about {number}. " * 30)
                counted = t.compile().counted
                config = {"model": "claude-sonnet-4-5", "provider": provider}
                made = t.commit("Well. " * 40, role="assistant", made_with=config)
                t.record_usage({"input": round(counted * ratio), "output": 9}, commit=made)
        assert t.status().counting.ratio == pytest.approx(1.8, rel=0.02)


def test_a_model_of_another_tokenizer_is_an_estimate():
    with Tract.open() as t:  # counts with o200k_base, and gpt-4 has another
        talk(t, 3, model="gpt-4")
        assert (t.status().counting.model, t.status().tokens.method) == ("gpt-4", "estimated")


def test_five_reports_are_enough_and_four_are_not():
    for turns, known in ((4, 0), (5, 5)):
        with Tract.open() as t:
            talk(t, turns)
            assert t.status().counting.reports == known


def test_it_is_learned_again_when_a_quarter_more_is_known():
    with Tract.open() as t:
        talk(t, 20)
        assert t.status().counting.reports == 20
        talk(t, 4)
        assert t.status().counting.reports == 20
        talk(t, 1)
        assert t.status().counting.reports == 25


def test_32_of_many_reports_are_looked_at():
    with Tract.open() as t:
        talk(t, 40)
        assert t.status().counting.reports == 32


def test_a_handles_own_compiler_is_what_reports_are_held_against():
    with Tract.open(compiler=XmlPrompt()) as t:
        talk(t, 10, ratio=1.3)
        assert t.status().counting.ratio == pytest.approx(1.3, rel=0.02)


class Moody(Content):
    """A content that could be rendered once."""

    content_type: Literal["test.moody"] = "test.moody"
    spoilt: ClassVar[bool] = False

    def render(self):
        if Moody.spoilt:
            raise RuntimeError("not any more")
        return "moody"


def test_what_cannot_be_rendered_any_more_is_passed_over(monkeypatch):
    store = MemoryStore()
    with Tract.open(store, content_types=[Moody]) as t:
        talk(t, 6)
        odd = t.commit(Moody())
        talk(t, 2)
        t.edit(odd, Moody(), message="gone")
        t.reset("HEAD~1")
        t.edit(odd, {"content_type": "freeform", "payload": {}})
    monkeypatch.setattr(Moody, "spoilt", True)
    with Tract.open(store, content_types=[Moody]) as t:
        counting = t.status().counting
        assert (counting.model, counting.method) == ("claude-sonnet-4-5", "estimated")
        assert counting.ratio == pytest.approx(1.4, rel=0.02)


def test_a_context_that_is_counted_after_the_handle_was_closed_claims_no_more_than_is_known():
    with Tract.open() as t:
        talk(t, 10)
        context = t.compile()
    assert (context.tokens.method, context.tokens.error) == ("estimated", 0.15)


def test_a_new_model_is_noticed_at_once():
    with Tract.open() as t:
        talk(t, 40)
        assert t.status().counting.model == "claude-sonnet-4-5"
        talk(t, 1, model="gpt-4o")
        assert t.status().counting.model == "gpt-4o"


def test_usage_that_another_handle_recorded_is_noticed():
    store = MemoryStore()
    with Tract.open(store) as here, Tract.open(store) as there:
        assert here.status().counting.reports == 0
        talk(there, 8)
        assert here.status().counting.reports == 8


def test_the_handles_model_is_meant_where_a_reply_does_not_say_its_own():
    with Tract.open(model="claude-sonnet-4-5", provider="anthropic") as t:
        for number in range(8):
            t.user("word " * (50 + 50 * number))
            sent = round(t.compile().counted * 1.3)
            t.pin(t.assistant("well " * 200))  # HEAD is a mark of the reply then
            t.record_usage({"input": sent, "output": 5})
        now = t.status(detail=True)
        assert now.counting.ratio == pytest.approx(1.3, rel=0.02)
        assert now.detail is not None
        assert (now.detail.spending.unpriced, now.detail.spending.models[0].model) == (
            0,
            "claude-sonnet-4-5",
        )


def test_a_whole_reply_names_its_model_and_its_call():
    with Tract.open() as t:
        t.user("hi")
        t.assistant("hello")
        usage = {"prompt_tokens": 1_000_000, "completion_tokens": 0}
        for _ in range(2):
            t.record_usage({"id": "chatcmpl-1", "model": "gpt-4o", "usage": usage})
        spent = detail_of(t).spending
        assert (spent.calls, spent.cost, spent.models[0].model) == (1, 2.5, "gpt-4o")


def test_different_images_are_no_repeats_and_equal_ones_are():
    def image(number):
        url = {"url": f"https://example.org/{number}.png"}
        return {"role": "user", "content": [{"type": "image_url", "image_url": url}]}

    with Tract.open() as t:
        for number in (1, 2, 3, 1):
            t.commit(image(number))
        assert [one.times for one in detail_of(t).repeats] == [2]


def test_more_from_the_cache_than_was_sent_is_all_of_it():
    with Tract.open() as t:
        usage = {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 100}}
        reply(t, "a", "gpt-4o", usage)
        assert detail_of(t).spending.cache_share == 1.0


def test_what_was_learned_says_nothing_of_a_guess():
    with Tract.open() as t:
        talk(t, 10)
        assert t.compile().tokens.error < 0.15
        url = {"url": "https://example.org/a.png"}
        t.commit({"role": "user", "content": [{"type": "image_url", "image_url": url}]})
        assert t.compile().tokens.error == 0.15
