"""The figures of a recorded session: parts add up, the ratio learned from its first half holds for
the second, and the cost is the file's."""

import json
import math

import pytest

from tract import Tract
from tract.llm import price_of
from tract.store import MemoryStore

WITHIN = 0.10


@pytest.fixture(scope="module")
def session(shared_data):
    """The lines of the session, each as text and as what it says."""
    path = shared_data / "pi" / "large-session.jsonl"
    texts = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return path, [(text, json.loads(text)) for text in texts]


@pytest.fixture(scope="module")
def whole(session):
    path, _ = session
    store = MemoryStore()
    Tract.import_(path, store)
    with Tract.open(store, tract="large-session") as t:
        yield t


def sent(line):
    """Return the tokens of the prompt that a line reports, or 0."""
    usage = (line.get("message") or {}).get("usage") or {}
    return sum(usage.get(name, 0) for name in ("input", "cacheRead", "cacheWrite"))


def test_the_parts_add_up_to_the_whole(whole):
    now = whole.status(detail=True)
    for parts in (now.detail.roles, now.detail.types, now.detail.tools):
        assert sum(part.tokens for part in parts) == int(now.tokens)


def test_the_ratio_of_the_first_half_predicts_the_second(session, whole, tmp_path):
    _, lines = session
    calls = [number for number, (_, line) in enumerate(lines) if sent(line)]
    cut = calls[len(calls) // 2]
    half = tmp_path / "large-session.jsonl"
    half.write_text("".join(text for text, _ in lines[:cut]), encoding="utf-8")
    store = MemoryStore()
    Tract.import_(half, store)
    with Tract.open(store, tract="large-session") as t:
        counting = t.status().counting
        assert counting.model == "claude-sonnet-4-5"
        assert counting.reports > 0
        assert t.compile().tokens.method == "estimated"
        assert t.compile().tokens.error == counting.error < WITHIN
    checked = 0
    for info in reversed(whole.log(None)):
        for usage in whole.show(info).usage:
            raw = usage["raw"]
            reported = raw["input"] + raw["cacheRead"] + raw["cacheWrite"]
            if reported:
                checked += 1
            if reported and checked > len(calls) // 2 + 1:
                predicted = whole.compile(info.parents[0]).counted * counting.ratio
                assert predicted == pytest.approx(reported, rel=WITHIN)
    assert checked == len(calls)


def test_the_context_as_it_is_comes_to_what_was_reported_last(session, whole):
    _, lines = session
    last = next(line for _, line in reversed(lines) if sent(line))
    assert int(whole.status().tokens) == pytest.approx(sent(last), rel=0.02)


def test_cost_and_tokens_are_the_files(session, whole):
    _, lines = session
    usages = [line["message"]["usage"] for _, line in lines if "usage" in line.get("message", {})]
    spent = whole.status(detail=True).detail.spending
    assert spent.calls == len(usages)
    assert spent.cost == pytest.approx(math.fsum(u["cost"]["total"] for u in usages), abs=1e-9)
    assert spent.output == sum(u["output"] for u in usages)
    assert spent.cache_read == sum(u["cacheRead"] for u in usages)
    assert spent.cache_write == sum(u["cacheWrite"] for u in usages)
    assert spent.input == sum(map(sent, (line for _, line in lines)))
    assert spent.cache_share == pytest.approx(spent.cache_read / spent.input)
    assert (spent.listed, spent.unpriced) == (0, 0)


def test_the_price_lists_say_what_the_program_paid(session, whole):
    listed = paid = 0.0
    for info in whole.log(None):
        for usage in whole.show(info).usage:
            if info.made_with and info.made_with["provider"] == "anthropic":
                listed += price_of(usage, info.made_with["model"], "anthropic", info.at) or 0.0
                paid += usage["cost"]
    # The program prices writing to the cache as the list does; it rounds nothing.
    assert listed == pytest.approx(paid, rel=0.01)
