"""Real customer-service runs, imported without loss: counted here with a few lines of this file's own."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Session, Tract
from tract.formats import check
from tract.store import MemoryStore, open_store


@pytest.fixture(scope="module")
def source(shared_data):
    return shared_data / "tau-bench" / "airline_60.json"


@pytest.fixture(scope="module")
def runs(source):
    return json.loads(source.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["twin", "memory", "file"])
def store(request, source, tmp_path_factory):
    """A store of each kind with the whole file in it."""
    path = tmp_path_factory.mktemp("tau") / "kept.db"
    opened = open_store({"twin": MemoryStore(), "memory": ":memory:", "file": path}[request.param])
    report = Tract.import_(source, opened)
    assert report.bad == ()
    yield opened
    opened.close()


def place(run):
    return f"airline_60/task-{run['task_id']}", f"trial-{run['trial']}"


def opened(store, run):
    tract, branch = place(run)
    return Tract.open(store, tract=tract, branch=branch, create=False)


def contents(store, run):
    with opened(store, run) as t:
        return [entry.content for entry in t.entries()]


def everything(store):
    with store.read() as reader:
        rows = reader.tracts()
        refs = {row.id: reader.refs(row.id) for row in rows}
        operations = {row.id: reader.operations(row.id) for row in rows}
        return rows, refs, operations, list(reader.commits()), sorted(reader.blobs())


def test_the_report_counts_what_is_in_the_file(source, runs):
    report = Tract.import_(source, MemoryStore())
    assert report.format == "tau-bench"
    assert report.branches == tuple(place(run) for run in runs)
    assert report.conversations == len(runs)
    assert len(report.tracts) == len({run["task_id"] for run in runs})
    assert report.messages == sum(len(run["traj"]) for run in runs)


def test_nothing_is_lost(store, runs):
    """Roles, texts, calls, results, call ids used again, empty results: counted in the source and in the store."""
    want: Counter[Any] = Counter()
    have: Counter[Any] = Counter()
    for run in runs:
        where = place(run)
        for n, m in enumerate(run["traj"]):
            want[where, n, m["role"], m["content"], m.get("tool_call_id"), m.get("name")] += 1
            for call in m.get("tool_calls") or ():
                want[
                    where, n, call["id"], call["function"]["name"], call["function"]["arguments"]
                ] += 1
        for n, c in enumerate(contents(store, run)):
            role = {"instruction": "system", "tool_result": "tool"}.get(c.content_type) or c.role
            text = c.output if role == "tool" else c.text
            have[where, n, role, text, getattr(c, "call_id", None), c.name] += 1
            for call in getattr(c, "tool_calls", ()):
                have[where, n, call.id, call.name, call.arguments] += 1
    assert have == want
    assert any(key[2] == "tool" and key[3] == "" for key in have)  # empty results are there
    ids = Counter((key[0], key[2]) for key in have if len(key) == 5)
    assert max(ids.values()) > 1  # and ids that a conversation uses again


def test_every_trial_is_a_branch_of_its_task_and_shares_its_beginning(store, runs):
    tasks = {run["task_id"] for run in runs}
    with Session.open(store) as s, store.read() as reader:
        infos = {info.name: info for info in s.list_tracts()}
        assert set(infos) == {f"airline_60/task-{task}" for task in tasks}
        for info in infos.values():
            refs = reader.refs(info.id)
            assert len(refs) == info.branches == 4
            assert all(tip is not None for tip in refs.values())
            first = {list(reader.line(tip))[-1].id for tip in refs.values()}
            assert len(first) == 1  # the policy, the same in all trials
    shared = {json.dumps(run["traj"][: n + 1]) for run in runs for n in range(len(run["traj"]))}
    with store.read() as reader:
        assert sum(1 for _ in reader.commits()) == len(shared)


def test_what_the_file_says_of_a_run_is_kept(store, runs):
    with Session.open(store) as s:
        kept = {info.name: info.metadata["import"]["branches"] for info in s.list_tracts()}
    for run in runs:
        tract, branch = place(run)
        assert kept[tract][branch] == {key: run[key] for key in ("task_id", "trial", "reward")}


def test_it_goes_out_as_it_came_in(store, runs, tmp_path):
    for number, run in enumerate(runs):
        with opened(store, run) as t:
            assert t.compile(on_invalid="keep").to_openai()["messages"] == run["traj"]
            # Nothing in this file needs mending, so the default gives the same.
            context = t.compile()
            assert context.repairs == ()
            assert context.to_openai()["messages"] == run["traj"]
            if number % 10 == 0:
                path = t.export(tmp_path / f"{number}.json", format="openai")
                assert json.loads(path.read_text(encoding="utf-8")) == run["traj"]


def test_what_was_exported_is_imported_as_the_same_commits(store, runs, tmp_path):
    for run in runs[::20]:
        with opened(store, run) as t:
            path = t.export(tmp_path / "again.json", format="openai")
            tip = t.log(1)[0].id
        fresh = MemoryStore()
        Tract.import_(path, fresh)
        with Tract.open(fresh, tract="again", create=False) as t:
            assert t.log(1)[0].id == tip


def test_importing_twice_adds_nothing(store, source):
    before = everything(store)
    report = Tract.import_(source, store)
    assert (report.added, report.bad) == (0, ())
    assert everything(store) == before


def test_a_file_that_grows_by_a_trial_gives_the_store_of_at_once(runs, tmp_path):
    path = tmp_path / "airline_60.json"
    grown, at_once = MemoryStore(), MemoryStore()
    for upto in (15, 31, len(runs)):
        path.write_text(json.dumps(runs[:upto]), encoding="utf-8")
        assert Tract.import_(path, grown).bad == ()
    Tract.import_(path, at_once)
    assert everything(grown)[3:] == everything(at_once)[3:]
    for run in runs:
        assert contents(grown, run) == contents(at_once, run)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_every_tip_is_valid_by_our_rules_and_by_the_clients_models(store, runs, provider):
    for run in runs:
        with opened(store, run) as t:
            context = t.compile()
            params = context.to_openai() if provider == "openai" else context.to_anthropic()
        assert check(params, provider) == []
        accepted(params, provider)


def test_the_store_is_whole(store, runs):
    with opened(store, runs[0]) as t:
        assert t.verify().ok
