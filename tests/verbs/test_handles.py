"""Handles among threads, tasks, batches and sessions: nobody sees, waits for or loses what is not theirs."""

import asyncio
import os
import threading
import time
from datetime import datetime
from typing import Any, cast

import pytest

from tract import (
    Closed,
    Entry,
    IdempotencyMismatch,
    InvalidInput,
    Limits,
    NotFound,
    OutputContent,
    Session,
    StaleHead,
    StateError,
    StoreBusy,
    Tract,
)


def verbs_logged(t):
    with t._repo.read() as reader:
        return [operation.verb for operation in reader.operations(t.id)]


def test_a_switch_that_cannot_be_kept_does_not_move(tmp_path):
    t = Tract.open(tmp_path / "a.db", busy_timeout=0.1)
    t.user("a")
    t.branch("side", switch=False)
    ready, done = threading.Event(), threading.Event()

    def hold():
        with Tract.open(tmp_path / "a.db") as other, other.batch():
            other.user("hold")
            ready.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait(10)
    with pytest.raises(StoreBusy) as caught:
        t.switch("side")
    assert caught.value.retryable
    assert t.current_branch == "main"
    done.set()
    thread.join()
    t.switch("side")
    assert t.current_branch == "side"
    t.close()


def test_where_a_batch_stands_is_its_own_until_it_is_published(backend):
    t = backend.open()
    t.user("a")
    seen = []
    with t.batch():
        t.branch("new")
        t.user("b")
        thread = threading.Thread(target=lambda: seen.append((t.current_branch, len(t.entries()))))
        thread.start()
        thread.join()
        assert (t.current_branch, len(t.entries())) == ("new", 2)
    assert seen == [("main", 1)]
    assert t.current_branch == "new"


def test_a_failing_batch_leaves_another_threads_switch_alone(t):
    t.user("a")
    t.branch("side", switch=False)

    def elsewhere():
        thread = threading.Thread(target=t.switch, args=("side",))
        thread.start()
        thread.join()

    with pytest.raises(ZeroDivisionError), t.batch():  # noqa: PT012 - all of it is undone
        elsewhere()
        1 / 0  # noqa: B018 - the failure is the point
    assert t.current_branch == "side"


def test_a_batch_that_only_switches_is_no_operation(t):
    t.user("a")
    t.branch("side", switch=False)
    before = verbs_logged(t)
    with t.batch():
        t.switch("side")
    assert t.current_branch == "side"
    assert verbs_logged(t) == before


def test_nobody_waits_for_themselves(tmp_path):
    chat = tmp_path / "chat.json"
    chat.write_text('[{"role": "user", "content": "hi"}]')
    with Session.open(tmp_path / "a.db", busy_timeout=30) as s:
        a, b = s.create_tract("a"), s.create_tract("b")
        began = time.monotonic()
        with a.batch():
            a.user("1")
            with pytest.raises(StateError) as caught:
                b.user("2")
            with pytest.raises(StateError):
                s.create_tract("c")
            with pytest.raises(StateError):
                Tract.open(tmp_path / "a.db", tract="d", busy_timeout=30)
            with pytest.raises(StateError):
                Tract.import_(chat, into=tmp_path / "a.db", busy_timeout=30)
        assert caught.value.kind == "store_held_here"
        assert time.monotonic() - began < 10
        b.user("2")


def test_two_tasks_of_one_loop_do_not_deadlock(backend):
    t = backend.open(busy_timeout=30)

    async def holder(gate):
        with t.batch():
            t.user("mine")
            gate.set()
            await asyncio.sleep(0.05)
            t.user("mine too")

    async def other(gate):
        await gate.wait()
        with pytest.raises(StateError):
            t.user("theirs")
        assert t.entries() == []

    async def both():
        gate = asyncio.Event()
        await asyncio.gather(holder(gate), other(gate))

    asyncio.run(both())
    assert [entry.text for entry in t.entries()] == ["mine", "mine too"]


def test_a_cancelled_task_leaves_nothing_of_its_batch(backend):
    t = backend.open()

    async def held():
        with t.batch():
            t.user("lost")
            await asyncio.sleep(30)

    async def cancel():
        task = asyncio.create_task(held())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert t.head is None
    t.user("kept")
    assert len(t.entries()) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_of_a_fork_is_not_in_its_parents_batch(tmp_path):
    t = Tract.open(tmp_path / "a.db", busy_timeout=0.2)
    with t.batch():
        t.user("parent")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                t.user("child")
            except (StoreBusy, StateError):
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [entry.text for entry in t.entries()] == ["parent"]
    t.close()


def test_many_threads_on_one_handle_lose_nothing(backend):
    t = backend.open(busy_timeout=60)
    threads = [
        threading.Thread(target=lambda n=n: [t.user(f"{n}-{i}") for i in range(25)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.text for entry in t.entries()) == sorted(
        f"{n}-{i}" for n in range(4) for i in range(25)
    )
    assert t.verify().ok


def test_a_closed_session_ends_all_that_it_gave(backend):
    if backend.kind != "twin":
        pytest.skip("one kind of store says it for all")
    s = Session.open(backend.location)
    t = s.create_tract("a")
    t.user("one")
    s.close()
    for call in (
        t.entries,
        t.batch().__enter__,
        s.list_tracts,
        s.create_tract,
        s.verify,
        lambda: s.tract("a"),
    ):
        with pytest.raises(Closed):
            call()
    with Session.open(backend.location) as again:
        assert len(again.tract("a").entries()) == 1


def test_what_is_handed_over_and_out_is_nobodys_to_change(t):
    config: dict[str, Any] = {"model": "m", "more": {"n": 1}}
    made = t.user("a", metadata={"k": {"n": 1}}, made_with=config)
    config["more"]["n"] = 2
    t.log()[0].metadata["k"]["n"] = 3
    usage = t.record_usage({"prompt_tokens": 5, "completion_tokens": 1})
    usage["raw"]["prompt_tokens"] = 9
    assert made.made_with["more"] == {"n": 1}
    assert t.head.metadata == {"k": {"n": 1}}
    assert t.status().last_usage["raw"]["prompt_tokens"] == 5
    t.commit({"role": "user", "content": "b", "foo": {"z": 1}})
    context = t.compile()
    with pytest.raises(TypeError):
        context.messages[1].extra["openai"]["foo"]["z"] = 2
    context.to_dicts().clear()
    context.to_openai()["messages"][1]["foo"]["z"] = 2
    assert t.compile().to_openai()["messages"][1]["foo"] == {"z": 1}


def test_an_idempotency_key_means_what_was_asked(t):
    a, b = t.user("a"), t.user("b")
    edited = t.edit(b, "bb", idempotency_key="k")
    t.commit("S", role="user", edit=[a, b])
    assert t.edit(b, "bb", idempotency_key="k").id == edited.id
    with pytest.raises(IdempotencyMismatch):
        t.edit(b, "bb", priority="normal", idempotency_key="k")
    with pytest.raises(IdempotencyMismatch):
        t.user("bb", idempotency_key="k")
    marked = t.pin("HEAD", idempotency_key="p")
    assert t.pin("HEAD", idempotency_key="p").id == marked.id
    with pytest.raises(IdempotencyMismatch):
        t.skip("HEAD", idempotency_key="p")
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    said = t.user("c")
    t.record_usage(usage, idempotency_key="u")
    t.record_usage(usage, idempotency_key="u")
    assert len(t.show(said).usage) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.commit("x", role="user", edit=[]),
        lambda t: t.edit(None, OutputContent(text="x")),
        lambda t: t.edit([], "x"),
        lambda t: t.pin([]),
        lambda t: t.annotate("HEAD", None, labels=["a"]),
        lambda t: t.user("x", tags=5),
        lambda t: t.user("x", tags=["y" * 201]),
        lambda t: t.user("x", metadata=[]),
        lambda t: t.user("x", expect_head=5),
        lambda t: t.commit({"role": "user", "content": "x"}, role="assistant"),
        lambda t: t.system("x", role="user"),
        lambda t: t.log(grep=5),
        lambda t: t.log(author=5),
        lambda t: t.log(author=""),
        lambda t: t.log(made_with=5),
        lambda t: t.log(made_with=[1]),
        lambda t: t.log(all=True, branch="main"),
        lambda t: t.log(branch=5),
        lambda t: t.compile(views=5),
        lambda t: t.compile(views=None),
        lambda t: t.extend({"messages": None}),
        lambda t: t.extend({"messages": 5}),
        lambda t: t.switch(5),
        lambda t: t.show("HEAD~\u0661"),
        lambda t: t.show("~1"),
        lambda t: t.show("HEAD~1..HEAD"),
    ],
)
def test_wrong_arguments_are_refused_with_a_hint(t, call):
    t.user("one")
    before = t.head
    with pytest.raises((InvalidInput, NotFound)) as caught:
        call(t)
    assert caught.value.hint
    assert t.head == before


@pytest.mark.parametrize(
    "options",
    [
        {"branch": 5},
        {"branch": ".."},
        {"tract": ".."},
        {"tract": 5},
        {"tract": "x" * 201},
        {"content_types": 5},
        {"content_types": OutputContent},
        {"content_types": [5]},
        {"model": 5},
        {"provider": 5},
        {"clock": 5},
        {"limits": 5},
        {"durability": "some"},
        {"busy_timeout": -1},
        {"token_budget": 0},
        {"token_budget": "many"},
        {"tokenizer": "nope"},
        {"author": 5},
        {"compiler": 5},
    ],
)
def test_a_wrong_option_of_open_makes_no_store(tmp_path, options):
    path = tmp_path / "new.db"
    with pytest.raises(InvalidInput):
        Tract.open(path, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_tells_no_time_is_refused(tmp_path):
    clocks: list[Any] = [lambda: 5, lambda: None, lambda: datetime(2026, 1, 1)]  # noqa: DTZ001 - the point
    for wrong in clocks:
        with pytest.raises(InvalidInput) as caught:
            Tract.open(tmp_path / "a.db", clock=wrong)
        assert caught.value.kind == "invalid_time"
    with Session.open(tmp_path / "a.db") as s:
        assert s.list_tracts() == []


def test_limits_bound_names_and_notes(tmp_path):
    limits = Limits(name_bytes_max=10, text_bytes_max=200)
    with pytest.raises(InvalidInput):
        Tract.open(tract="x" * 11, limits=limits)
    with Tract.open(limits=limits) as t:
        with pytest.raises(InvalidInput) as caught:
            t.user("x", message="m" * 300)
        assert caught.value.kind == "too_large"
        with pytest.raises(InvalidInput):
            t.pin(t.user("y"), reason="r" * 300)
        with pytest.raises(InvalidInput):
            t.branch("x" * 11)


def test_metadata_of_a_tract_is_json(tmp_path):
    with Session.open(tmp_path / "a.db") as s:
        wrong: list[Any] = [{"a": float("nan")}, {"a": object()}, [1], "abc"]
        for metadata in wrong:
            with pytest.raises(InvalidInput):
                s.create_tract("m", metadata=metadata)
        with pytest.raises(InvalidInput):
            s.create_tract(cast("Any", []))
        assert s.list_tracts() == []


def test_extend_names_the_message_whatever_is_wrong_with_it(t):
    good = {"role": "user", "content": "ok"}
    for bad in ({"role": "user", "content": "c\ud800"}, {"role": "zz"}, 5):
        for given in ([good, good, bad], {"system": "s", "messages": [good, good, bad]}):
            with pytest.raises(InvalidInput) as caught:
                t.extend(given)
            assert "message 2" in caught.value.message
    assert t.head is None


def test_a_stale_head_is_said_before_anything_else(t):
    first, second = t.user("a"), t.user("b")
    t.commit("S", role="user", edit=[first, second])
    with pytest.raises(StaleHead):
        t.commit("x", edit=second, expect_head=second)


def test_the_size_of_a_tract_is_that_of_the_branch_it_was_left_on(tmp_path):
    with Session.open(tmp_path / "a.db") as s:
        t = s.create_tract("a")
        t.branch("side", switch=False)
        t.user("one")
        t.switch("side")
        assert (s.list_tracts()[0].commits, t.status().commits) == (0, 0)


def test_filtering_all_of_history_is_not_kept_in_memory(t):
    first = t.user("0")
    for number in range(50):
        t.edit(first, str(number))
    t.compile()
    kept = len(t._repo.cache.payloads)
    t.log(None, grep="7")
    assert len(t._repo.cache.payloads) == kept


def test_an_entry_read_elsewhere_is_missing(t):
    with Tract.open() as other:
        other.user("x")
        entry = other.entries()[0]
    assert isinstance(entry, Entry)
    t.user("one")
    with pytest.raises(NotFound) as caught:
        t.edit(entry, "y")
    assert caught.value.hint
