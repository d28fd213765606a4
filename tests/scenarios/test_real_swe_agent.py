"""Real runs of a software agent: counted here with a few lines of this file's own."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Tract
from tract.formats import check
from tract.store import MemoryStore, open_store


@pytest.fixture(scope="module")
def sources(shared_data):
    return sorted((shared_data / "swe-agent").glob("*.traj"))


@pytest.fixture(scope="module")
def runs(sources):
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sources}


@pytest.fixture(scope="module", params=["twin", "memory", "file"])
def store(request, sources, tmp_path_factory):
    """A store of each kind with all runs in it."""
    path = tmp_path_factory.mktemp("swe-agent") / "kept.db"
    opened = open_store({"twin": MemoryStore(), "memory": ":memory:", "file": path}[request.param])
    for source in sources:
        report = Tract.import_(source, opened)
        assert (report.format, report.bad) == ("swe-agent", ())
    yield opened
    opened.close()


def each(store, runs):
    for name, run in runs.items():
        with Tract.open(store, tract=name, create=False) as t:
            yield t, run


def everything(store):
    with store.read() as reader:
        rows = reader.tracts()
        refs = {row.name: (reader.refs(row.id), row.metadata) for row in rows}
        return refs, sorted(one.id for one in reader.commits()), sorted(reader.blobs())


def test_the_reports_count_what_is_in_the_files(sources, runs):
    for source in sources:
        report = Tract.import_(source, MemoryStore())
        assert report.branches == ((source.stem, "main"),)
        assert report.messages == report.added == len(runs[source.stem]["history"])


def test_no_message_and_no_call_is_lost(store, runs):
    """Roles, texts, calls with their ids, and what they were answered: counted here and there."""
    for t, run in each(store, runs):
        want: Counter[Any] = Counter()
        have: Counter[Any] = Counter()
        for n, m in enumerate(run["history"]):
            want[n, m["role"], m["content"], (m.get("tool_call_ids") or [None])[0]] += 1
            for call in m.get("tool_calls") or ():
                function = call["function"]
                want[n, call["id"], function["name"], function["arguments"]] += 1
        for n, entry in enumerate(t.entries()):
            c = entry.content
            role = {"instruction": "system", "tool_result": "tool"}.get(c.content_type) or c.role
            text = c.output if role == "tool" else c.text
            have[n, role, text, getattr(c, "call_id", None)] += 1
            for call in getattr(c, "tool_calls", ()):
                have[n, call.id, call.name, call.arguments] += 1
        assert have == want


def test_what_the_files_say_beside_is_kept(store, runs):
    refs = everything(store)[0]
    for t, run in each(store, runs):
        commits = list(reversed(t.log(None)))
        assert [round(one.at.timestamp() * 1_000_000) for one in commits] == list(
            range(len(run["history"]))
        )
        for one, m in zip(commits, run["history"], strict=True):
            if m.get("action") and m["action"] not in m["content"]:
                assert one.metadata["action"] == m["action"]
        steps = [one.metadata["step"] for one in commits if "step" in one.metadata]
        told = run.get("trajectory", [])
        assert [s["execution_time"] for s in steps] == [s["execution_time"] for s in told]
        assert [s["state"] for s in steps] == [s["state"] for s in told]
        if "info" in run:
            about = refs[t.status().tract][1]["import"]["branches"]["main"]
            for name in ("submission", "exit_status", "model_stats"):
                assert about["info"][name] == run["info"][name]
            model = run["replay_config"]["agent"]["model"]["name"]
            assert about["settings"]["model"]["name"] == model
            replies = [one for one in commits if one.author.kind == "model"]
            assert {one.made_with["model"] for one in replies} == {model}


def test_importing_twice_adds_nothing(store, sources):
    before = everything(store)
    for source in sources:
        assert Tract.import_(source, store).added == 0
    assert everything(store) == before


def test_a_run_that_goes_on_gives_the_store_of_at_once(runs, sources, tmp_path):
    """The agent writes the whole file anew after each step."""
    grown, at_once = MemoryStore(), MemoryStore()
    for source in sources:
        run = runs[source.stem]
        path = tmp_path / source.name
        for upto in range(2, len(run["history"]) + 1, 4):
            steps = {"trajectory": run["trajectory"][: (upto - 2) // 2]} if "info" in run else {}
            part = {**run, "history": run["history"][:upto], **steps}
            path.write_text(json.dumps(part), encoding="utf-8")
            assert Tract.import_(path, grown).bad == ()
        Tract.import_(source, grown)
        Tract.import_(source, at_once)
    assert everything(grown) == everything(at_once)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_every_state_can_be_sent(store, runs, provider):
    """By our rules and by the typed models of the provider's client."""
    for t, _ in each(store, runs):
        for commit in t.log(None):
            context = t.compile(commit)
            params = context.to_openai() if provider == "openai" else context.to_anthropic()
            assert check(params, provider) == []
            accepted(params, provider)


def test_what_the_agent_sent_goes_out_again(store, runs):
    for t, run in each(store, runs):
        sent = t.compile().to_openai()["messages"]
        assert [m["role"] for m in sent] == [m["role"] for m in run["history"]]
        assert [m["content"] for m in sent] == [m["content"] for m in run["history"]]
        assert all({"role", "content", "tool_calls", "tool_call_id"} >= set(m) for m in sent)


def test_the_store_is_whole(store, runs):
    for t, _ in each(store, runs):
        assert t.verify().ok
