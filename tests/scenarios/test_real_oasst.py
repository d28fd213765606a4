"""Real Open Assistant trees, imported without loss: counted here with a few lines of this file's own."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from tests.formats.samples import accepted
from tract import Session, Tract
from tract.formats import check
from tract.store import MemoryStore


@pytest.fixture(scope="module")
def source(shared_data):
    path = shared_data / "oasst" / "trees_50.jsonl"
    if not path.is_file():
        pytest.skip("no Open Assistant trees here: oasst/trees_50.jsonl is missing")
    return path


@pytest.fixture(scope="module")
def trees(source):
    return [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def store(source):
    store = MemoryStore()
    assert Tract.import_(source, store).bad == ()
    return store


def walked(tree):
    """Every message of a tree with the ids of those above it, itself included."""
    todo: list[Any] = [(tree["prompt"], ())]
    while todo:
        message, above = todo.pop()
        path = (*above, message["message_id"])
        yield message, path
        todo += [(reply, path) for reply in message["replies"]]


def branches(store):
    """Every branch of every tract: name of the tract, name of the branch, its tip."""
    with store.read() as reader:
        return [
            (row.name, ref.removeprefix("branch/"), tip)
            for row in reader.tracts()
            for ref, tip in reader.refs(row.id).items()
        ]


def opened(store, tract, branch="main"):
    return Tract.open(store, tract=tract, branch=branch, create=False)


def test_the_report_counts_what_is_in_the_file(source, trees):
    report = Tract.import_(source, MemoryStore())
    messages = [message for tree in trees for message, _ in walked(tree)]
    assert report.format == "oasst"
    assert report.messages == report.added == len(messages)
    assert report.tracts == tuple(f"trees_50/{tree['message_tree_id'][:8]}" for tree in trees)
    assert report.conversations == sum(not message["replies"] for message in messages)


def test_nothing_is_lost(store, trees):
    """Texts, roles, who follows whom, and every field: counted in the source and in the store."""
    want: Counter[Any] = Counter()
    for tree in trees:
        for message, path in walked(tree):
            fields = {k: v for k, v in message.items() if k not in ("replies", "text", "role")}
            role = {"prompter": "user"}.get(message["role"], message["role"])
            if not message["replies"]:  # each leaf tells of its whole way, so count it as that
                want[tree["message_tree_id"][:8], "way", path] += 1
            fields.pop("parent_id", None)
            want[
                message["message_id"], role, message["text"], json.dumps(fields, sort_keys=True)
            ] = 1
    have: Counter[Any] = Counter()
    for tract, branch, _ in branches(store):
        with opened(store, tract, branch) as t:
            infos = list(reversed(t.log(None)))
            contents = [entry.content for entry in t.entries()]
            ids = tuple(info.metadata["message_id"] for info in infos)
            have[tract.removeprefix("trees_50/"), "way", ids] += 1
            for info, content in zip(infos, contents, strict=True):
                told = json.dumps(dict(info.metadata), sort_keys=True)
                have[info.metadata["message_id"], content.role, content.text, told] = 1
    assert have == want


def test_a_fork_of_the_tree_is_a_fork_of_the_commits(store, trees):
    """As many commits as messages, and each follows the commit of the message that it follows."""
    parent_of = {m["message_id"]: m.get("parent_id") for tree in trees for m, _ in walked(tree)}
    id_of, found = {}, {}
    for tract, branch, _ in branches(store):
        with opened(store, tract, branch) as t:
            for info in t.log(None):
                id_of[info.id] = info.metadata["message_id"]
                found[info.id] = info.parents
    assert len(found) == len(parent_of)
    for commit, parents in found.items():
        assert [id_of[parent] for parent in parents] == [
            id for id in (parent_of[id_of[commit]],) if id
        ]


def test_who_wrote_each_message_and_when(store, trees):
    messages = {m["message_id"]: m for tree in trees for m, _ in walked(tree)}
    for tract, branch, _ in branches(store):
        with opened(store, tract, branch) as t:
            for position, info in enumerate(reversed(t.log(None))):
                message = messages[info.metadata["message_id"]]
                by = f"model:{message['model_name']}" if message["synthetic"] else "human"
                assert str(info.author) == by
                assert info.at.microsecond == position


def test_what_the_file_says_of_a_tree_is_kept(store, trees):
    with Session.open(store) as s:
        kept = {info.name: info.metadata["import"]["branches"] for info in s.list_tracts()}
    assert kept == {
        f"trees_50/{tree['message_tree_id'][:8]}": {
            "main": {k: v for k, v in tree.items() if k != "prompt"}
        }
        for tree in trees
    }


def test_importing_twice_adds_nothing(store, source):
    before = branches(store)
    report = Tract.import_(source, store)
    assert (report.added, report.bad) == (0, ())
    assert branches(store) == before


@pytest.mark.parametrize("seed", range(3))
def test_a_file_cut_at_any_line_and_completed_gives_the_same_as_at_once(
    store, source, tmp_path, seed
):
    draw = random.Random(seed)
    lines = source.read_bytes().splitlines(keepends=True)
    path, grown = tmp_path / source.name, MemoryStore()
    for end in (*sorted(draw.sample(range(1, len(lines)), 4)), len(lines)):
        half = lines[end][: len(lines[end]) // 2] if end < len(lines) else b""
        path.write_bytes(b"".join(lines[:end]) + half)
        bad = Tract.import_(path, grown).bad
        assert ["not complete" in one.reason for one in bad] == [True] * bool(half)
    assert branches(grown) == branches(store)


def flattened(trees):
    """The trees as the flat export has them: a message on each line."""
    for tree in trees:
        for message, path in walked(tree):
            parent = path[-2] if len(path) > 1 else None
            told = {k: v for k, v in message.items() if k != "replies"}
            yield {**told, "parent_id": parent, "message_tree_id": tree["message_tree_id"]}


def test_the_flat_export_of_the_same_trees_is_the_same_commits(store, trees, tmp_path):
    path = tmp_path / "trees_50.jsonl"
    messages = [json.dumps(one) + "\n" for one in flattened(trees)]
    grown = MemoryStore()
    for end in (len(messages) // 3, len(messages)):
        path.write_text("".join(messages[:end]), encoding="utf-8")
        assert Tract.import_(path, grown).bad == ()
    with store.read() as one, grown.read() as other:
        assert {commit.id for commit in other.commits()} == {commit.id for commit in one.commits()}


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
