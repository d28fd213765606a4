"""Real logs of calls: counted here with a few lines of this file's own, with their tokens and price."""

import json
import math
from collections import Counter
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Tract
from tract.formats import check
from tract.importers import name_of
from tract.store import MemoryStore, open_store


@pytest.fixture(scope="module")
def sources(shared_data):
    return sorted((shared_data / "openhands").glob("*.json"))


@pytest.fixture(scope="module")
def logs(sources):
    return {name_of(path.stem): json.loads(path.read_text(encoding="utf-8")) for path in sources}


@pytest.fixture(scope="module", params=["twin", "memory", "file"])
def store(request, sources, tmp_path_factory):
    """A store of each kind with all logs in it."""
    path = tmp_path_factory.mktemp("openhands") / "kept.db"
    opened = open_store({"twin": MemoryStore(), "memory": ":memory:", "file": path}[request.param])
    for source in sources:
        report = Tract.import_(source, opened)
        assert (report.format, report.bad) == ("openhands", ())
    yield opened
    opened.close()


def forms(log):
    """The conversations of a log by the names of their branches: what was sent, and the reply."""
    reply = log["response"]["choices"][0]["message"]
    found = {"main": [*log["messages"], reply]}
    if "raw_messages" in log:
        found["native"] = [*log["raw_messages"], reply]
    return found


def branches(store, logs):
    """Every branch with the messages that it should have."""
    for name, log in logs.items():
        for branch, messages in forms(log).items():
            with Tract.open(store, tract=name, branch=branch, create=False) as t:
                yield t, branch, log, messages


def told(content):
    """The text of a message's content in either form."""
    if isinstance(content, list):
        return "\n".join(block["text"] for block in content)
    return content or ""


def everything(store):
    with store.read() as reader:
        rows = reader.tracts()
        refs = {row.name: (reader.refs(row.id), row.metadata) for row in rows}
        usages = [one.body for row in rows for one in reader.usages(row.id)]
        return refs, usages, sorted(one.id for one in reader.commits()), sorted(reader.blobs())


def test_the_reports_count_what_is_in_the_files(sources, logs):
    for source, (name, log) in zip(sources, logs.items(), strict=True):
        report = Tract.import_(source, MemoryStore())
        assert report.branches == tuple((name, branch) for branch in forms(log))
        assert report.messages == sum(map(len, forms(log).values()))


def test_no_message_and_no_call_is_lost(store, logs):
    for t, _, _, messages in branches(store, logs):
        want: Counter[Any] = Counter()
        have: Counter[Any] = Counter()
        for n, m in enumerate(messages):
            want[n, m["role"], told(m["content"]), m.get("tool_call_id"), m.get("name")] += 1
            for call in m.get("tool_calls") or ():
                function = call["function"]
                want[n, call["id"], function["name"], function["arguments"]] += 1
        for n, entry in enumerate(t.entries()):
            c = entry.content
            role = {"instruction": "system", "tool_result": "tool"}.get(c.content_type) or c.role
            text = "\n".join(p.text for p in c.parts) if c.parts else c.text or ""
            have[n, role, text, getattr(c, "call_id", None), c.name] += 1
            for call in getattr(c, "tool_calls", ()):
                have[n, call.id, call.name, call.arguments] += 1
        assert have == want


def test_times_models_tokens_and_cost_are_those_of_the_files(store, logs):
    paid = []
    for t, branch, log, messages in branches(store, logs):
        reply, usage = t.log(1)[0], log["response"]["usage"]
        assert reply.at.timestamp() == pytest.approx(log["timestamp"], abs=1e-6)
        assert reply.author.name == reply.made_with["model"] == log["response"]["model"]
        assert reply.metadata["response"]["id"] == log["response"]["id"]
        assert [one.at.timestamp() for one in reversed(t.log(None))][:-1] == [
            n / 1_000_000 for n in range(len(messages) - 1)
        ]
        if branch == "main":
            (said,) = t.show(reply).usage
            assert (said["input"], said["output"], said["cost"], said["raw"]) == (
                usage["prompt_tokens"], usage["completion_tokens"], log["cost"], usage,
            )  # fmt: skip
            assert said["cache_read"] == usage["prompt_tokens_details"]["cached_tokens"]
            paid.append(said["cost"])
    costs = math.fsum(log["cost"] for log in logs.values())
    assert math.fsum(paid) == pytest.approx(costs, abs=1e-12)
    assert math.fsum(one["cost"] for one in everything(store)[1]) == pytest.approx(costs, abs=1e-12)


def test_what_else_the_logs_say_is_kept(store, logs):
    refs = everything(store)[0]
    for name, log in logs.items():
        about = refs[name][1]["import"]["branches"]["main"]
        rest = {key: value for key, value in log["kwargs"].items() if key != "tools"}
        assert about["kwargs"] == rest
        for key in ("tools", "context_window", "cost", "timestamp", "latency_sec"):
            assert about[key] == log[key]
    for t, branch, log, _ in branches(store, logs):
        if branch == "main":
            assert t.log(1)[0].metadata.get("raw_response") == log.get("raw_response")


def test_logs_of_one_run_share_what_is_equal(store, logs):
    """What was sent in both of two calls, up to the first reply, is there once."""
    begun: dict[str, set[str]] = {}
    for t, branch, log, _ in branches(store, logs):
        if branch == "main":
            second = list(reversed(t.log(None)))[1]
            begun.setdefault(json.dumps(log["messages"][:2]), set()).add(second.id)
    assert len(begun) < len(logs)  # two of the calls were made in one run
    assert all(len(ids) == 1 for ids in begun.values())


def test_importing_twice_adds_nothing(store, sources):
    before = everything(store)
    for source in sources:
        assert Tract.import_(source, store).added == 0
    assert everything(store) == before


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_every_state_can_be_sent(store, logs, provider):
    """By our rules and by the typed models of the provider's client."""
    for t, _, _, _ in branches(store, logs):
        for commit in t.log(None):
            context = t.compile(commit)
            params = context.to_openai() if provider == "openai" else context.to_anthropic()
            assert check(params, provider) == []
            accepted(params, provider)


def test_what_was_sent_goes_out_again(store, logs):
    for t, _, _, messages in branches(store, logs):
        sent = t.compile(on_invalid="keep").to_openai()["messages"]
        assert sent[: len(messages) - 1] == messages[:-1]


def test_the_store_is_whole(store, logs):
    for t, _, _, _ in branches(store, logs):
        assert t.verify().ok
