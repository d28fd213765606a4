"""A long real coding session: counted here with a few lines of this file's own, and sent at every stage.

It has what tidy examples have not: turns that were cut off, calls that nobody answered, and a
report of usage and cost with every reply.
"""

import json
import math
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Priority, Tract
from tract.formats import check
from tract.store import MemoryStore, open_store

NAME = "large-session"


@pytest.fixture(scope="module")
def source(shared_data):
    return shared_data / "pi" / f"{NAME}.jsonl"


@pytest.fixture(scope="module")
def lines(source):
    return [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def messages(lines):
    return [(line, line["message"]) for line in lines if line["type"] == "message"]


@pytest.fixture(scope="module", params=["twin", "memory", "file"])
def store(request, source, tmp_path_factory):
    """A store of each kind with the whole session in it."""
    path = tmp_path_factory.mktemp("pi") / "kept.db"
    opened = open_store({"twin": MemoryStore(), "memory": ":memory:", "file": path}[request.param])
    assert Tract.import_(source, opened).bad == ()
    yield opened
    opened.close()


def opened(store):
    return Tract.open(store, tract=NAME, create=False)


def commits(t):
    return list(reversed(t.log(None)))


def everything(store):
    with store.read() as reader:
        rows = reader.tracts()
        refs = {row.name: (reader.refs(row.id), row.metadata) for row in rows}
        usages = [one.body for row in rows for one in reader.usages(row.id)]
        return refs, usages, sorted(one.id for one in reader.commits()), sorted(reader.blobs())


def counted(values):
    return Counter(json.dumps(value, sort_keys=True) for value in values)


def test_the_report_counts_what_is_in_the_file(source, messages):
    report = Tract.import_(source, MemoryStore())
    assert (report.format, report.branches) == ("pi", ((NAME, "main"),))
    assert (report.messages, report.added, report.bad) == (len(messages), len(messages), ())


def test_no_message_and_no_call_is_lost(store, messages):
    """Roles, texts, thoughts, calls with their arguments, results: counted here and there."""
    want: Counter[Any] = Counter()
    have: Counter[Any] = Counter()
    for n, (_, m) in enumerate(messages):
        want[n, m["role"], m.get("toolCallId"), m.get("toolName"), m.get("isError")] += 1
        for block in m["content"]:
            said = block.get("text") or block.get("thinking") or json.dumps(block.get("arguments"))
            want[n, block["type"], block.get("id"), block.get("name"), said] += 1
    with opened(store) as t:
        contents = [entry.content for entry in t.entries()]
    for n, c in enumerate(contents):
        result = c.content_type == "tool_result"
        role = "toolResult" if result else c.role
        answers = (c.call_id, c.name, c.is_error) if result else (None, None, None)
        have[n, role, *answers] += 1
        text = c.output if result else c.text
        if text is not None:
            have[n, "text", None, None, text or "null"] += 1
        for part in c.parts:
            kind = {"reasoning": "thinking", "tool_call": "toolCall"}.get(part.kind, part.kind)
            said = json.dumps(json.loads(part.arguments)) if kind == "toolCall" else part.text
            have[n, kind, getattr(part, "id", None), getattr(part, "name", None), said] += 1
    assert have == want
    answered = {m.get("toolCallId") for _, m in messages}
    calls = [key[2] for key in have if key[1] == "toolCall"]
    assert any(id not in answered for id in calls)  # the session has calls without an answer


def test_times_models_and_cut_turns_are_those_of_the_file(store, messages):
    with opened(store) as t:
        made = commits(t)
        marks = [entry.mark for entry in t.entries()]
    for one, mark, (line, m) in zip(made, marks, messages, strict=True):
        assert one.at == datetime.fromisoformat(line["timestamp"]).astimezone(UTC)
        cut = m.get("stopReason") in ("aborted", "error")
        assert (mark.priority is Priority.SKIP) == cut == ("partial" in mark.labels)
        if m["role"] == "assistant":
            assert one.author.name == one.made_with["model"] == m["model"]
            assert one.made_with["provider"] == m["provider"]
            assert one.metadata["timestamp"] == m["timestamp"]
        assert one.metadata.get("details") == m.get("details")
        assert one.metadata.get("errorMessage") == m.get("errorMessage")


def test_changes_between_messages_are_kept(store, lines):
    changes = [line for line in lines if line["type"].endswith("_change")]
    while lines[-1]["type"] != "message" and changes and changes[-1] is lines[-1]:
        changes.pop()  # what nobody said anything after goes with nobody's message
        lines = lines[:-1]
    with opened(store) as t:
        kept = [change for one in commits(t) for change in one.metadata.get("changes", ())]
    assert kept == changes


def test_tokens_and_cost_add_up_to_those_of_the_file(store, messages):
    paid = [m["usage"] for _, m in messages if m["role"] == "assistant"]
    _, usages, _, _ = everything(store)
    sums = {
        "input": sum(u["input"] + u["cacheRead"] + u["cacheWrite"] for u in paid),
        "output": sum(u["output"] for u in paid),
        "cache_read": sum(u["cacheRead"] for u in paid),
        "cache_write": sum(u["cacheWrite"] for u in paid),
    }
    assert {name: sum(one[name] for one in usages) for name in sums} == sums
    cost = math.fsum(u["cost"]["total"] for u in paid)
    assert cost > 0
    assert math.fsum(one["cost"] for one in usages) == pytest.approx(cost, abs=1e-9)
    assert counted(one["raw"] for one in usages) == counted(paid)
    with opened(store) as t:
        for one, (_, m) in zip(commits(t), messages, strict=True):
            if m["role"] == "assistant" and m["usage"]["output"]:
                assert [u["raw"] for u in t.show(one).usage] == [m["usage"]]


def test_importing_twice_adds_nothing(store, source):
    before = everything(store)
    assert Tract.import_(source, store).added == 0
    assert everything(store) == before


def test_cut_and_completed_it_is_the_store_of_at_once(store, source, tmp_path):
    data = source.read_bytes().splitlines(keepends=True)
    path, grown = tmp_path / source.name, MemoryStore()
    for upto in sorted(random.Random(5).sample(range(2, len(data)), 12)):
        half = data[upto][: len(data[upto]) // 2] if upto % 2 else b""
        path.write_bytes(b"".join(data[:upto]) + half)
        assert all("not complete" in one.reason for one in Tract.import_(path, grown).bad)
    path.write_bytes(b"".join(data))
    assert Tract.import_(path, grown).bad == ()
    (refs, usages, *rest), (had, said, *others) = everything(grown), everything(store)
    assert (rest, refs) == (others, had)
    assert counted(usages) == counted(said)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_it_can_be_sent_at_every_twentieth_commit(source, provider):
    """By our rules and by the typed models of the provider's client."""
    store = MemoryStore()
    Tract.import_(source, store)
    with opened(store) as t:
        made = commits(t)
        for one in [*made[::20], made[-1]]:
            context = t.compile(one)
            params = context.to_openai() if provider == "openai" else context.to_anthropic()
            assert check(params, provider) == []
            accepted(params, provider)
            assert params["messages"]


def test_the_store_is_whole(store):
    with opened(store) as t:
        assert t.verify().ok
