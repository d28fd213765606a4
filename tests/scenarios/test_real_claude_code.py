"""Real Claude Code sessions: counted here with a few lines of this file's own, and sent at every stage.

One of them was written without parents, the other with a chain; both have calls of tools, and the
program's own copies of their results, which the model never saw.
"""

import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Tract
from tract.formats import check
from tract.store import MemoryStore, open_store

STEP = 20


@pytest.fixture(scope="module")
def sources(shared_data):
    found = sorted((shared_data / "claude-code").glob("*.jsonl"))
    if not found:
        pytest.skip("there is no claude-code/*.jsonl among the real conversations here")
    return found


def lines_of(source):
    return [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines() if line]


def spoken(source):
    """The lines that hold messages, and those of one reply together."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in lines_of(source):
        if line["type"] in ("user", "assistant"):
            groups.setdefault(line["message"].get("id") or line["uuid"], []).append(line)
    return list(groups.values())


def blocks(group):
    for line in group:
        content = line["message"]["content"]
        yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


@pytest.fixture(scope="module", params=["twin", "memory", "file"])
def store(request, sources, tmp_path_factory):
    """A store of each kind with all sessions in it."""
    path = tmp_path_factory.mktemp("claude") / "kept.db"
    opened = open_store({"twin": MemoryStore(), "memory": ":memory:", "file": path}[request.param])
    for source in sources:
        assert Tract.import_(source, opened).bad == ()
    yield opened
    opened.close()


def opened(store, source):
    return Tract.open(store, tract=source.stem, create=False)


def everything(store):
    with store.read() as reader:
        rows = reader.tracts()
        refs = {row.name: (reader.refs(row.id), row.metadata) for row in rows}
        usages = [one.body for row in rows for one in reader.usages(row.id)]
        told = sorted(json.dumps(one, sort_keys=True) for one in usages)
        commits = sorted(commit.id for commit in reader.commits())
        return refs, told, commits, sorted(reader.blobs())


def test_the_report_counts_what_is_in_the_files(sources):
    for source in sources:
        report = Tract.import_(source, MemoryStore())
        assert (report.format, report.bad) == ("claude-code", ())
        assert report.branches == ((source.stem, "main"),)
        assert report.messages == len(spoken(source))


def test_nothing_that_was_said_is_lost(store, sources):
    """Roles, texts, calls with their arguments, results: counted in the source and in the store."""
    for source in sources:
        want: Counter[Any] = Counter()
        have: Counter[Any] = Counter()
        for group in spoken(source):
            for block in blocks(group):
                said = block.get("text") or block.get("content") or json.dumps(block.get("input"))
                id = block.get("id") or block.get("tool_use_id")
                role = group[0]["message"]["role"]
                want[role, block["type"], id, block.get("name"), said] += 1
        with opened(store, source) as t:
            contents = [entry.content for entry in t.entries()]
        for c in contents:
            if c.content_type == "tool_result":
                have["user", "tool_result", c.call_id, None, c.output] += 1
                continue
            if c.text is not None:
                have[c.role, "text", None, None, c.text] += 1
            for part in c.parts:
                call = part.kind == "tool_call"
                said = json.dumps(json.loads(part.arguments)) if call else part.text
                kind = "tool_use" if call else part.kind
                have[c.role, kind, *((part.id, part.name) if call else (None, None)), said] += 1
        assert have == want


def test_times_models_usage_and_titles_are_those_of_the_files(store, sources):
    for source in sources:
        groups, lines = spoken(source), lines_of(source)
        with opened(store, source) as t:
            made = list(reversed(t.log(None)))
            about = t.info.metadata["import"]["branches"]["main"]
            usages = [use["raw"] for one in made for use in t.show(one).usage]
        assert len(made) == len(groups)
        for one, group in zip(made, groups, strict=True):
            assert one.at == datetime.fromisoformat(group[0]["timestamp"]).astimezone(UTC)
            if group[0]["type"] == "assistant":
                model = group[0]["message"]["model"]
                assert one.author.name == model
                assert one.made_with == {"model": model, "provider": "anthropic"}
        assert usages == [g[-1]["message"]["usage"] for g in groups if "usage" in g[-1]["message"]]
        titles = [line["summary"] for line in lines if line["type"] == "summary"]
        assert [one["summary"] for one in about.get("summaries", [])] == titles
        assert about["session_id"] == next(line["sessionId"] for line in lines)


def test_importing_twice_adds_nothing(store, sources):
    before = everything(store)
    assert [Tract.import_(source, store).added for source in sources] == [0] * len(sources)
    assert everything(store) == before


@pytest.mark.parametrize("seed", range(5))
def test_cut_and_completed_it_is_the_store_of_at_once(store, sources, tmp_path, seed):
    grown, draw = MemoryStore(), random.Random(seed)
    for source in sources:
        data, path = source.read_bytes(), tmp_path / source.name
        first = data.index(b"\n") + 1
        for upto in sorted(draw.sample(range(first, len(data)), 8)):
            path.write_bytes(data[:upto])
            assert all("not complete" in one.reason for one in Tract.import_(path, grown).bad)
        path.write_bytes(data)
        assert Tract.import_(path, grown).bad == ()
    assert everything(grown) == everything(store)


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_it_can_be_sent_at_the_tip_and_every_twentieth_commit(store, sources, provider):
    """By our rules and by the typed models of the provider's client."""
    for source in sources:
        with opened(store, source) as t:
            for one in t.log(None)[::STEP]:
                params = getattr(t.compile(one), f"to_{provider}")()
                assert check(params, provider) == []
                accepted(params, provider)


def test_the_stores_are_whole(store, sources):
    for source in sources:
        with opened(store, source) as t:
            assert t.verify().ok
