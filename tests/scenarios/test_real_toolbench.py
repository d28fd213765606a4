"""Real ToolBench searches, imported without loss: counted here with a few lines of this file's own."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Session, Tract
from tract.formats import check
from tract.store import MemoryStore


@pytest.fixture(scope="module")
def sources(shared_data):
    found = sorted((shared_data / "toolbench").glob("*.json"))
    if not found:
        pytest.skip("no ToolBench searches here: toolbench/*.json is missing")
    return found


@pytest.fixture(scope="module")
def runs(sources):
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sources}


@pytest.fixture(scope="module")
def store(sources):
    store = MemoryStore()
    for path in sources:
        assert Tract.import_(path, store).bad == ()
    return store


def branches(store):
    """Every branch of every tract: name of the tract, name of the branch, its tip."""
    with store.read() as reader:
        return [
            (row.name, ref.removeprefix("branch/"), tip)
            for row in reader.tracts()
            for ref, tip in reader.refs(row.id).items()
        ]


def opened(store, tract, branch=None):
    return Tract.open(store, tract=tract, branch=branch, create=False)


def ways(run):
    """The nodes on the way to each leaf of a search, the root left out."""
    found: list[list[Any]] = []
    todo: list[Any] = [(child, []) for child in run["tree"]["tree"]["children"]]
    while todo:
        node, above = todo.pop()
        way = [*above, node]
        todo += [(child, way) for child in node["children"]]
        if not node["children"]:
            found.append(way)
    return found


def said(way):
    """What a way says, node by node, however it is put into messages."""
    for node in way:
        yield node["node_type"], node["description"]
        if "observation" in node:
            yield "observation", node["observation"]


def told(entries):
    """What a branch says, in the same form."""
    for content in (entry.content for entry in entries):
        if content.content_type == "tool_result":
            yield "observation", content.output
            continue
        if content.text is not None:
            yield "Thought", content.text
        for call in content.tool_calls:
            yield "Action", call.name
            yield "Action Input", call.arguments


def test_the_report_counts_what_is_in_the_file(sources, runs):
    for path in sources:
        nodes = {id(node): node for way in ways(runs[path.stem]) for node in way}
        counts = Counter(node["node_type"] for node in nodes.values())
        spoken = sum(
            node["node_type"] == "Thought" and node["expand_num"] > 0 for node in nodes.values()
        )
        report = Tract.import_(path, MemoryStore())
        assert report.format == "toolbench"
        assert report.tracts == (path.stem,)
        assert report.conversations == len(ways(runs[path.stem]))
        # What was asked, each call with its result, and the thoughts that called nothing.
        assert report.messages == report.added == 2 + 2 * counts["Action"] + spoken


def test_nothing_is_lost(store, runs):
    want: Counter[object] = Counter()
    for tract, run in runs.items():
        want.update((tract, tuple(said(way))) for way in ways(run))
    have: Counter[object] = Counter()
    for tract, branch, _ in branches(store):
        with opened(store, tract, branch) as t:
            system, user, *rest = t.entries()
            assert (system.content.content_type, user.content.role) == ("instruction", "user")
            have[tract, tuple(told(rest))] += 1
    assert have == want


def test_the_branch_that_is_opened_is_the_way_to_the_answer(store, runs):
    for tract, run in runs.items():
        answer = run["answer_generation"]
        with opened(store, tract) as t:
            *messages, end = t.compile(on_invalid="keep").to_openai()["messages"]
            hints = [info.metadata.get("hint") for info in reversed(t.log(None)) if info.metadata]
        assert end["role"] == "function"
        assert messages[-1]["function_call"]["arguments"] == answer["final_answer"]
        sent = answer["train_messages"][-1]
        assert messages == [one for one in sent if one.get("valid") is not False]
        asked = [one["content"] for one in sent if one.get("valid") is False]
        assert [hint for hint in hints if hint] == asked


def test_what_is_said_of_each_node_is_kept(store, runs):
    """How often nodes were pruned, finished, and with which code, visited when."""
    for tract, run in runs.items():
        nodes = {id(node): node for way in ways(run) for node in way}.values()
        seen: dict[str, Any] = {}
        for name, branch, _ in branches(store):
            if name == tract:
                with opened(store, tract, branch) as t:
                    seen.update((info.id, info.metadata or {}) for info in t.log(None))
        for field in ("pruned", "observation_code", "expand_num"):
            have = Counter(facts[field] for facts in seen.values() if field in facts)
            assert have == Counter(node[field] for node in nodes if node.get(field))


def test_what_the_file_says_of_the_run_is_kept(store, runs):
    with Session.open(store) as s:
        for info in s.list_tracts():
            (kept,) = info.metadata["import"]["branches"].values()
            run, answer = runs[info.name], runs[info.name]["answer_generation"]
            assert kept["win"] == run["win"]
            assert kept["forward_args"] == run["forward_args"]
            for field in ("function", "final_answer", "total_tokens", "query_count", "query"):
                assert kept["answer_generation"][field] == answer[field]


def test_importing_twice_adds_nothing(store, sources):
    before = branches(store)
    for path in sources:
        report = Tract.import_(path, store)
        assert (report.added, report.bad) == (0, ())
    assert branches(store) == before


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_every_commit_is_valid_by_our_rules_and_by_the_clients_models(store, provider):
    seen = set()
    for tract, branch, _ in branches(store):
        with opened(store, tract, branch) as t:
            for info in t.log(None):
                if info.id in seen:
                    continue
                seen.add(info.id)
                context = t.compile(info.id)
                params = context.to_openai() if provider == "openai" else context.to_anthropic()
                assert check(params, provider) == []
                accepted(params, provider)


def test_the_store_is_whole(store):
    with Session.open(store) as s:
        assert s.verify().ok
