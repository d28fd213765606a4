"""Importing: the same file twice adds nothing, a grown one what is new, and nobody's work is lost."""

import json
import threading
import tracemalloc

import pytest

from tract import Conflict, InvalidInput, Limits, NotFound, ReadOnly, Session, Tract
from tract.store import MemoryStore, open_store
from tract.testing import StatementCounter
from tract.verbs import import_file

SAID = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is order 7?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "name": "look_up", "content": "shipped"},
    {"role": "assistant", "content": "It has been shipped."},
]


@pytest.fixture(params=["twin", "memory", "file"])
def store(request, tmp_path):
    """A store of each kind, open for the whole test."""
    path = tmp_path / "kept.db"
    opened = open_store({"twin": MemoryStore(), "memory": ":memory:", "file": path}[request.param])
    yield opened
    opened.close()


@pytest.fixture
def write(tmp_path):
    """A function that writes messages, as JSON lines or as a document, and returns the path."""

    def write(messages, name="chat.jsonl"):
        path = tmp_path / name
        if path.suffix == ".jsonl":
            text = "".join(json.dumps(m) + "\n" for m in messages)
        else:
            text = json.dumps(messages)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def everything(store):
    """Everything that a store says, for comparing before and after."""
    with store.read() as reader:
        rows = reader.tracts()
        return (
            rows,
            {row.id: reader.refs(row.id) for row in rows},
            {row.id: reader.operations(row.id) for row in rows},
            {row.id: reader.usages(row.id) for row in rows},
            {commit.id: commit for commit in reader.commits()},
            dict(reader.blobs()),
        )


def texts(store, tract="chat", branch=None):
    with Tract.open(store, tract=tract, branch=branch, create=False) as t:
        return [entry.text for entry in t.entries()]


def tip(t):
    return t.log(1)[0]


def said(*words):
    return [{"role": "user", "content": word} for word in words]


# --- once, twice, more -----------------------------------------------------------------------


def test_a_conversation_becomes_a_tract_that_compiles_to_what_was_read(store, write):
    report = Tract.import_(write(SAID), store)
    assert (report.format, report.tracts, report.branches) == (
        "openai",
        ("chat",),
        (("chat", "main"),),
    )
    assert (report.conversations, report.messages, report.added, report.bad) == (1, 5, 5, ())
    with Tract.open(store, tract="chat", create=False) as t:
        assert t.current_branch == "main"
        assert t.compile(on_invalid="keep").to_openai()["messages"] == SAID
        assert [str(info.author) for info in t.log()][::-1] == [
            "application", "human", "model", "tool:look_up", "model",
        ]  # fmt: skip
        assert [info.at.microsecond for info in t.log()] == [4, 3, 2, 1, 0]
        assert t.entries()[0].priority == "pinned"
        assert t.verify().ok


def test_ids_depend_on_the_source_alone(write):
    tips = set()
    for name in ("chat.jsonl", "other.json"):
        for author, tract in ((None, None), ("human:ada", None), (None, "mine")):
            store = MemoryStore()
            report = Tract.import_(write(SAID, name), store, author=author, tract=tract)
            with Tract.open(store, tract=report.tracts[0], create=False) as t:
                tips.add(tip(t).id)
    assert tips == {"1544d63fd9dd8ecaac749c69930c73497e7d6608337d1e8755dc00bf54a7dd04"}


def test_the_same_file_twice_adds_nothing(store, write):
    path = write(SAID)
    first = Tract.import_(path, store)
    before = everything(store)
    again = Tract.import_(path, store)
    assert everything(store) == before
    assert (again.messages, again.added, again.bad) == (first.messages, 0, ())
    assert again.branches == first.branches


def test_a_grown_file_adds_what_is_new(store, write):
    path = write(SAID[:2])
    Tract.import_(path, store)
    with Tract.open(store, tract="chat") as t:
        early = tip(t).id
    write(SAID)
    report = Tract.import_(path, store)
    assert (report.messages, report.added, report.bad) == (5, 3, ())
    with Tract.open(store, tract="chat") as t:
        assert early in {info.id for info in t.log()}
        assert t.compile(on_invalid="keep").to_openai()["messages"] == SAID


def test_cut_anywhere_and_completed_gives_the_ids_of_at_once(write, tmp_path):
    whole = write(SAID).read_bytes()
    at_once, in_pieces = MemoryStore(), MemoryStore()
    Tract.import_(tmp_path / "chat.jsonl", at_once)
    for cut in [*range(30, len(whole), 37), len(whole)]:
        (tmp_path / "chat.jsonl").write_bytes(whole[:cut])
        report = Tract.import_(tmp_path / "chat.jsonl", in_pieces, format="openai")
        assert len(report.bad) <= 1
        assert all("may still be written" in bad.reason for bad in report.bad)
    assert everything(at_once)[4:] == everything(in_pieces)[4:]
    assert texts(in_pieces) == texts(at_once)


def test_another_file_with_the_same_beginning_shares_its_commits(store, write):
    Tract.import_(write(SAID, "one.jsonl"), store)
    report = Tract.import_(write([*SAID[:3], *said("else")], "two.jsonl"), store)
    assert (report.messages, report.added) == (4, 1)
    again = Tract.import_(write(SAID, "three.jsonl"), store)
    assert (again.tracts, again.added) == (("three",), 0)
    assert texts(store, "three") == texts(store, "one")


# --- when the branch is no longer where the import left it -----------------------------------


def test_what_somebody_went_on_with_is_left_alone(store, write):
    path = write(SAID)
    Tract.import_(path, store)
    with Tract.open(store, tract="chat") as t:
        t.user("And order 8?")
        t.skip("HEAD~1")
        moved = tip(t).id
    before = everything(store)
    report = Tract.import_(path, store)
    assert (report.added, report.bad) == (0, ())
    assert everything(store) == before
    with Tract.open(store, tract="chat") as t:
        assert tip(t).id == moved


def test_a_grown_file_and_a_branch_that_went_on_are_reported_and_nothing_is_lost(store, write):
    path = write(SAID[:2])
    Tract.import_(path, store)
    with Tract.open(store, tract="chat") as t:
        t.user("Mine.")
    before = everything(store)
    write(SAID)
    report = Tract.import_(path, store)
    assert everything(store) == before
    assert report.added == 0
    (bad,) = report.bad
    assert "went another way after 2 of these 5 commits" in bad.reason
    with pytest.raises(Conflict, match="went another way") as caught:
        Tract.import_(path, store, strict=True)
    assert caught.value.kind == "diverged"
    assert everything(store) == before
    assert Tract.import_(path, store, tract="whole").added == 3
    assert texts(store, "whole") == [*texts(store)[:2], "", "shipped", "It has been shipped."]


def test_a_branch_that_was_set_back_goes_forward_again(store, write):
    path = write(SAID)
    Tract.import_(path, store)
    with Tract.open(store, tract="chat") as t:
        t.reset("HEAD~2")
    report = Tract.import_(path, store)
    assert (report.added, report.bad) == (0, ())
    assert len(texts(store)) == 5


def test_a_tract_with_something_else_in_it_is_left_alone(store, write):
    with Tract.open(store, tract="chat") as t:
        t.user("Something else.")
    report = Tract.import_(write(SAID), store)
    assert report.added == 0
    assert "holds something else" in report.bad[0].reason
    assert texts(store) == ["Something else."]


def test_an_empty_tract_takes_a_conversation(store, write):
    with Session.open(store) as s:
        s.create_tract("mine", metadata={"owner": "ada"})
    Tract.import_(write(SAID), store, tract="mine")
    assert len(texts(store, "mine")) == 5
    with Session.open(store) as s:
        assert s.tract("mine").info.metadata == {
            "owner": "ada",
            "import": {"format": "openai", "file": "chat.jsonl"},
        }


# --- all or nothing --------------------------------------------------------------------------


def test_bad_messages_are_reported_and_the_others_imported(store, write):
    surrogate = {"role": "user", "content": "cut \ud83d"}
    long = {"role": "user", "content": "x" * 2_000}
    path = write([*said("a"), surrogate, {"role": "robot"}, long, *said("b")], "chat.json")
    report = Tract.import_(path, store, limits=Limits(text_bytes_max=1_000))
    assert texts(store) == ["a", "b"]
    assert [bad.place for bad in report.bad] == ["[1]", "[2]", "[3]"]
    assert all(bad.path == str(path) for bad in report.bad)
    reasons = [bad.reason for bad in report.bad]
    assert "lone surrogate" in reasons[0]
    assert "robot" in reasons[1]
    assert "over the limit of 1000" in reasons[2]
    assert (report.messages, report.added) == (2, 2)
    before = everything(store)
    assert Tract.import_(path, store, limits=Limits(text_bytes_max=1_000)).added == 0
    assert everything(store) == before


def test_a_message_that_was_mended_later_keeps_the_ids_of_those_before_it(store, write):
    path = write([*said("a"), {"role": "robot", "content": "b"}], "chat.json")
    Tract.import_(path, store)
    write(said("a", "b"), "chat.json")
    assert Tract.import_(path, store).added == 1
    assert texts(store) == ["a", "b"]


def test_a_strict_import_takes_all_or_nothing(store, write):
    good, broken = {"messages": said("a")}, {"messages": [*said("b"), {"role": "robot"}]}
    path = write([good, broken])
    before = everything(store)
    with pytest.raises(InvalidInput, match=r"line 2: messages\[1\]: .*robot") as caught:
        Tract.import_(path, store, strict=True)
    assert caught.value.kind == "bad_record"
    assert caught.value.hint
    assert everything(store) == before
    report = Tract.import_(write([good, good]), store, strict=True)
    assert (report.tracts, report.added) == (("chat", "chat/2"), 1)


def test_a_strict_import_that_meets_a_moved_branch_takes_nothing(store, write):
    with Tract.open(store, tract="chat/2") as t:
        t.user("Something else.")
    before = everything(store)
    path = write([{"messages": said("a")}, {"messages": said("b")}])
    with pytest.raises(Conflict):
        Tract.import_(path, store, strict=True)
    assert everything(store) == before
    assert Tract.import_(path, store).added == 1


def test_names_are_as_long_as_the_limits_of_the_import_allow(write):
    path, name = write(said("a")), "x" * 250
    with pytest.raises(InvalidInput, match="200 bytes"):
        Tract.import_(path, MemoryStore(), tract=name)
    store = MemoryStore()
    limits = Limits(name_bytes_max=300)
    assert Tract.import_(path, store, tract=name, limits=limits).tracts == (name,)
    with Tract.open(store, tract=name, create=False, limits=limits) as t:
        assert [entry.text for entry in t.entries()] == ["a"]


def test_blocks_of_another_provider_are_bad_records(store, write):
    use = {"type": "tool_use", "id": "a", "name": "clock", "input": {}}
    path = write([*said("a"), {"role": "assistant", "content": [use]}])
    report = Tract.import_(path, store, format="openai")
    assert (report.added, [bad.place for bad in report.bad]) == (1, ["line 2"])
    with pytest.raises(InvalidInput, match="tool_use"):
        Tract.import_(path, MemoryStore(), format="openai", strict=True)


def test_a_strict_import_of_several_branches_logs_each_tract_once(store, write):
    runs = [{"task_id": 0, "trial": n, "traj": said("a", str(n))} for n in range(3)]
    Tract.import_(write(runs, "runs.json"), store, strict=True)
    with store.read() as reader:
        (row,) = reader.tracts()
        last, first = reader.operations(row.id)
    assert (first.verb, last.verb) == ("create", "import")
    assert [change.ref for change in last.refs] == [
        "branch/trial-0",
        "branch/trial-1",
        "branch/trial-2",
    ]
    assert last.arguments == {"format": "tau-bench", "file": "runs.json", "messages": 6}


def test_an_interrupted_import_has_whole_conversations_and_can_be_repeated(store, write):
    path = write([{"messages": said(*"abc")} for _ in range(200)])

    def stop(done, total):
        if done == 70:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Tract.import_(path, store, progress=stop)
    with Session.open(store) as s:
        there = s.list_tracts()
        assert 70 <= len(there) < 200  # what was told to be done is there
        assert {info.commits for info in there} == {3}
    report = Tract.import_(path, store)
    assert (report.bad, report.added) == ((), 0)  # they all say the same
    with Session.open(store) as s:
        assert [info.commits for info in s.list_tracts()] == [3] * 200


def test_short_conversations_of_a_file_share_transactions(tmp_path, write):
    path = write([{"messages": said(str(n))} for n in range(200)])
    store = open_store(tmp_path / "kept.db")
    with StatementCounter(store) as counter:
        Tract.import_(path, store)
    store.close()
    assert counter.verbs["COMMIT"] <= 8


def test_progress_counts_conversations(store, write):
    seen = []
    path = write([{"messages": said(str(n))} for n in range(3)])
    Tract.import_(path, store, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    seen.clear()
    Tract.import_(path, store, strict=True, progress=lambda *figures: seen.append(figures))
    assert seen == [(3, 3)]


# --- looking only ----------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_and_writes_nothing(store, write):
    path = write(SAID)
    before = everything(store)
    report = Tract.import_(path, store, dry_run=True)
    assert (report.dry_run, report.messages, report.added) == (True, 5, 5)
    assert everything(store) == before
    Tract.import_(write(SAID[:3]), store)
    before = everything(store)
    assert Tract.import_(write(SAID), store, dry_run=True).added == 2
    assert everything(store) == before


def test_a_dry_run_makes_no_file(write, tmp_path):
    target = tmp_path / "new.db"
    assert Tract.import_(write(SAID), target, dry_run=True).added == 5
    assert not target.exists()
    assert Tract.import_(write(SAID), ":memory:", dry_run=True).added == 5
    Tract.import_(write(SAID), target)
    before = target.read_bytes()
    assert Tract.import_(write(SAID), target, dry_run=True).added == 0
    assert target.read_bytes() == before


def test_a_dry_run_of_a_store_that_is_not_to_be_made_is_refused(write, tmp_path):
    with pytest.raises(NotFound):
        Tract.import_(write(SAID), tmp_path / "none.db", dry_run=True, create=False)


def test_a_dry_run_counts_shared_messages_once(store, write):
    runs = [{"task_id": 0, "trial": n, "traj": said("a", str(n))} for n in range(3)]
    looked = Tract.import_(write(runs, "runs.json"), store, dry_run=True)
    done = Tract.import_(write(runs, "runs.json"), store)
    assert (looked.added, looked.branches) == (done.added, done.branches) == (4, looked.branches)


# --- what is kept besides --------------------------------------------------------------------


def test_what_a_source_says_about_a_conversation_is_kept_with_its_branch(store, write):
    runs = [
        {"task_id": 0, "trial": n, "reward": n / 2, "traj": said("a", str(n))} for n in range(2)
    ]
    path = write(runs, "runs.json")
    Tract.import_(path, store)
    with Session.open(store) as s:
        kept = s.tract("runs/task-0").info.metadata["import"]
    assert kept == {
        "format": "tau-bench",
        "file": "runs.json",
        "branches": {
            "trial-0": {"task_id": 0, "trial": 0, "reward": 0.0},
            "trial-1": {"task_id": 0, "trial": 1, "reward": 0.5},
        },
    }
    runs[1]["reward"] = 1.0
    report = Tract.import_(write(runs, "runs.json"), store)
    assert report.added == 0
    with Session.open(store) as s:
        branches = s.tract("runs/task-0").info.metadata["import"]["branches"]
    assert branches["trial-1"]["reward"] == 1.0


@pytest.mark.parametrize("mine", ["mine", ["mine"], {"branches": 7}])
def test_your_own_metadata_is_not_replaced(store, write, mine):
    with Session.open(store) as s:
        s.create_tract("chat", metadata={"import": mine})
    Tract.import_(write(SAID), store)
    assert len(texts(store)) == 5
    with Session.open(store) as s:
        assert s.tract("chat").info.metadata == {"import": mine}


def test_metadata_that_cannot_be_kept_is_a_bad_record(store, write):
    runs = [
        {"task_id": 0, "trial": 0, "note": "\ud83d", "traj": said("a")},
        {"task_id": 1, "trial": 0, "traj": said("b")},
    ]
    report = Tract.import_(write(runs, "runs.json"), store)
    assert report.tracts == ("runs/task-0", "runs/task-1")
    assert [(bad.place, "surrogate" in bad.reason) for bad in report.bad] == [("[0]", True)]
    with Session.open(store) as s:
        kept = [info.metadata["import"].get("branches") for info in s.list_tracts()]
    assert kept == [None, {"trial-0": {"task_id": 1, "trial": 0}}]


def test_usage_and_model_of_the_source_are_kept_once(store, write):
    reply = {
        "role": "assistant",
        "content": "b",
        "model": "gpt-4o",
        "usage": {"prompt_tokens": 9, "completion_tokens": 1},
        "timestamp": "2024-05-15T15:00:00Z",
    }
    path = write([*said("a"), reply])
    Tract.import_(path, store)
    with Tract.open(store, tract="chat") as t:
        head = tip(t)
    assert (head.made_with, str(head.author)) == ({"model": "gpt-4o"}, "model:gpt-4o")
    assert head.at.isoformat() == "2024-05-15T15:00:00+00:00"
    Tract.import_(write([*said("a"), reply, *said("c")]), store)
    with store.read() as reader:
        (row,) = reader.tracts()
        (usage,) = reader.usages(row.id)
    assert (usage.commit, usage.body["input"], usage.body["output"]) == (head.id, 9, 1)


def test_one_import_of_a_tract_is_one_operation_that_names_no_folder(store, write):
    Tract.import_(write(SAID), store, author="human:ada")
    with store.read() as reader:
        (row,) = reader.tracts()
        last = reader.operations(row.id)[0]
        tip = reader.ref(row.id, "branch/main")
    assert (last.verb, str(last.actor)) == ("import", "human:ada")
    assert last.arguments == {"format": "openai", "file": "chat.jsonl", "messages": 5}
    assert [tuple(change) for change in last.refs] == [("branch/main", None, tip)]


def test_an_import_needs_memory_in_proportion_to_the_file(write):
    path = write({"role": "user", "content": f"{n} " + "x" * 1_000} for n in range(2_000))
    Tract.import_(path, MemoryStore(), dry_run=True)  # whatever is loaded but once
    tracemalloc.start()
    try:
        Tract.import_(path, MemoryStore())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * path.stat().st_size


# --- wrong arguments and wrong places --------------------------------------------------------


def test_a_file_that_cannot_be_read_makes_no_store(tmp_path):
    target = tmp_path / "new.db"
    (tmp_path / "no.json").write_text("once upon a time")
    for path, error in [
        (tmp_path / "none.json", NotFound),
        (tmp_path, InvalidInput),
        (tmp_path / "no.json", InvalidInput),
    ]:
        with pytest.raises(error):
            Tract.import_(path, target)
    assert not target.exists()


@pytest.mark.parametrize("name", ["", "a..b", "-x", "HEAD", "x" * 201, 7])
def test_a_name_that_no_tract_can_have_is_refused(store, write, name):
    before = everything(store)
    with pytest.raises(InvalidInput) as caught:
        Tract.import_(write(SAID), store, tract=name)
    assert caught.value.kind == "invalid_name"
    assert everything(store) == before


def test_a_store_that_may_only_be_read_takes_nothing(write, tmp_path):
    Tract.open(tmp_path / "kept.db").close()
    with pytest.raises(ReadOnly):
        Tract.import_(write(SAID), tmp_path / "kept.db", read_only=True)
    assert Tract.import_(write(SAID), tmp_path / "kept.db", read_only=True, dry_run=True).added == 5


def test_a_name_that_gets_too_long_for_a_later_conversation_is_reported(store, write):
    path = write([{"messages": said("a")}, {"messages": said("b")}])
    report = Tract.import_(path, store, tract="x" * 200)
    assert report.tracts == ("x" * 200,)
    assert "longer than 200 bytes" in report.bad[0].reason


def test_many_importers_of_one_file_add_it_once(write, tmp_path):
    path, target = (
        write([{"messages": said(*"abcd", str(n))} for n in range(10)]),
        tmp_path / "s.db",
    )
    Tract.open(target).close()
    reports = []
    threads = [
        threading.Thread(target=lambda: reports.append(import_file(path, target))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 4
    assert all(report.bad == () for report in reports)
    assert sum(report.added for report in reports) == 14
    with Session.open(target) as s:
        assert [info.commits for info in s.list_tracts() if info.name != "main"] == [5] * 10
        assert s.tract("chat").verify().ok
