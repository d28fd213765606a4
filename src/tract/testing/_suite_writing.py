"""The part of the conformance suite about writing: all or nothing, one after the other, for good.

Every promise that `Store.write` and the draft make is one test here, on whatever store is given.
"""

import threading
import time
from contextlib import suppress
from dataclasses import replace

from tract.errors import (
    Closed,
    IdempotencyMismatch,
    InvalidInput,
    NotFound,
    StaleHead,
    StoreBusy,
    TractExists,
)
from tract.objects import Actor
from tract.store import Store, TractRow, Usage
from tract.testing._scribe import Scribe
from tract.testing._suite import Suite, damage, raises

_ADA = Actor("human", "ada")


class Writing(Suite):
    """What a write does."""

    def test_a_new_store_is_empty(self) -> None:
        """Nothing is in it, nothing is wrong with it, and it can be written to."""
        with self.open() as store:
            assert store.read_only is False
            assert isinstance(store.location, str)
            with store.read() as view:
                assert view.tracts() == []
                assert view.tract("main") is None
                assert list(view.commits()) == []
                assert list(view.blobs()) == []
            assert damage(store) == []

    def test_tracts_are_found_by_name_and_id(self) -> None:
        """A tract keeps every field; a name goes before an id; renaming frees the old name."""
        with self.open() as store:
            first = TractRow("1" * 32, "first", 5, None, {"a": [1, None, "\u00fc"]}, "branch/x")
            other = TractRow("2" * 32, "1" * 32, -7, "1" * 32)
            with store.write() as draft:
                draft.put_tract(first)
                draft.put_tract(other)
                assert draft.tract("first") == first
                assert draft.tracts() == [first, other]
                assert draft.refs(first.id) == {}
            with store.write() as draft:
                assert draft.tract("1" * 32) == other
                draft.put_tract(replace(first, name="renamed", resume="branch/y"))
                assert draft.tract("first") is None
                assert draft.tract("renamed") is not None
            with store.read() as view:
                assert [row.name for row in view.tracts()] == ["renamed", "1" * 32]
                assert view.tract("first") is None
                assert view.tract("2" * 32) == other
                assert view.tract("renamed") == replace(first, name="renamed", resume="branch/y")
            with raises(TractExists), store.write() as draft:
                draft.put_tract(TractRow("3" * 32, "renamed", 1))
            with store.write() as draft:
                draft.put_tract(TractRow("3" * 32, "first", 1))
                for row in draft.tracts():
                    draft.move(row.id, row.resume, None, make=True)
            assert damage(store) == []

    def test_refs_move_by_compare_and_set(self) -> None:
        """A ref moves from where it is said to be, or not at all."""
        with self.open() as store:
            scribe = Scribe(store)
            ref = (scribe.tract, "branch/main")
            with store.read() as view:
                assert view.ref(*ref) is None
                with raises(NotFound, kind="unknown_ref"):
                    view.ref(scribe.tract, "branch/other")
                with raises(NotFound, kind="unknown_tract"):
                    view.refs("f" * 32)
            a, b = scribe.say("a"), scribe.say("b")
            with store.write() as draft:
                with raises(StaleHead):
                    draft.move(*ref, a.id, expected=a.id)
                with raises(NotFound):
                    draft.move(scribe.tract, "branch/other", a.id)
                draft.move(*ref, a.id, expected=b.id)
                draft.move(*ref, None)
                draft.move(*ref, b.id, expected=None)
            with store.read() as view:
                assert view.ref(*ref) == b.id
            with raises(StaleHead), store.write() as draft:
                draft.move(*ref, a.id, make=True)
            with raises(NotFound), store.write() as draft:
                draft.move(*ref, "ab" * 32)
            with store.read() as view:
                assert view.ref(*ref) == b.id

    def test_refs_are_sorted_by_the_bytes_of_their_names(self) -> None:
        """Names sort the same on every backend, whatever is in them."""
        names = [
            "branch/a",
            "branch/Z",
            "branch/\u00e9",
            "branch/\U0001f600",
            "branch/a/b",
            "tag/%_",
        ]
        with self.open() as store:
            scribe = Scribe(store)
            scribe.say("a")
            with store.write() as draft:
                for name in names:
                    draft.move(scribe.tract, name, scribe.head(), make=True)
            with store.read() as view:
                found = list(view.refs(scribe.tract))
                assert found == sorted([*names, "branch/main"], key=str.encode)
                assert view.ref(scribe.tract, "branch/\U0001f600") == scribe.head()

    def test_all_or_nothing(self) -> None:
        """Whatever ends a block, nothing of it is there afterwards, and the store works on."""

        def say_and_fail(scribe: Scribe, error: type[BaseException]) -> None:
            with scribe.together():
                scribe.say("never")
                raise error

        with self.open() as store:
            scribe = Scribe(store)
            kept = scribe.say("kept")
            for error in (ValueError, KeyboardInterrupt, SystemExit, GeneratorExit):
                with suppress(error):
                    say_and_fail(scribe, error)
                assert scribe.head() == kept.id
                assert scribe.texts() == ["kept"]
            scribe.say("works")
            assert scribe.texts() == ["kept", "works"]
            assert damage(store) == []

    def test_what_fails_at_the_end_leaves_nothing(self) -> None:
        """A block that cannot be published, because of its last row, leaves no earlier row."""
        with self.open() as store:
            scribe = Scribe(store)
            kept = scribe.say("kept")
            scribe.fork("side")
            with raises(StaleHead), scribe.together() as draft:
                scribe.say("never")
                draft.put_tract(TractRow("5" * 32, "new", 1))
                draft.move(scribe.tract, "branch/side", kept.id, make=True)
            with raises(TractExists), scribe.together() as draft:
                scribe.say("never")
                draft.put_tract(TractRow("5" * 32, "main", 1))
            assert scribe.texts() == ["kept"]
            with store.read() as view:
                assert len(view.operations(scribe.tract)) == 3
                assert len(list(view.blobs())) == 1
                assert view.tract("new") is None

    def test_views_do_not_change(self) -> None:
        """What a view shows is one moment, also while others write, and views may nest."""
        with self.open() as store:
            scribe = Scribe(store)
            a = scribe.say("a")
            with store.read() as view:
                b = scribe.say("b")
                with store.read() as newer:
                    scribe.say("c")
                    assert newer.ref(scribe.tract, "branch/main") == b.id
                    assert view.ref(scribe.tract, "branch/main") == a.id
                assert len(view.operations(scribe.tract)) == 2
                assert len(list(view.commits())) == 1
            with store.read() as view:
                assert view.length(scribe.head() or "") == 3

    def test_a_draft_reads_its_own_writes(self) -> None:
        """Inside a block everything that was staged is there already, as it will be."""
        with self.open() as store:
            scribe = Scribe(store)
            a = scribe.say("a")
            with scribe.together() as draft:
                b = scribe.say("b")
                scribe.note_usage(b.id, {"input": 3})
                scribe.note_counts({b.content or "": 7})
                scribe.remember("key", "digest", [b.id])
                assert draft.commit(b.id) == b
                assert draft.present([a.id, b.id]) == {a.id, b.id}
                assert b.id in draft.prefixed(b.id[:6])
                assert [commit.id for commit in draft.line(b.id)] == [b.id, a.id]
                assert [commit.id for commit in draft.line(b.id, 1, 1)] == [a.id]
                assert draft.length(b.id) == 2
                assert [slot.commit for slot in draft.state(b.id)] == [a.id, b.id]
                assert draft.payloads([b.content or ""])[b.content or ""]["text"] == "b"
                assert draft.usages(scribe.tract, [b.id])[0].body == {"input": 3}
                assert draft.counts([b.content or ""], "words") == {b.content: 7}
                assert {commit.id for commit in draft.commits()} == {a.id, b.id}
                assert {id for id, _ in draft.blobs()} == {a.content, b.content}
                staged = draft.operations(scribe.tract)
                done = draft.idempotent(scribe.tract, "key")
            with store.read() as view:
                assert view.operations(scribe.tract) == staged
                assert view.operations(scribe.tract, 2, 4) == staged[3:5]
                assert view.idempotent(scribe.tract, "key") == done

    def test_one_step_can_be_taken_back(self) -> None:
        """Rolling back to a savepoint forgets what came after it and keeps what was before."""
        with self.open() as store:
            scribe = Scribe(store)
            with scribe.together() as draft:
                scribe.say("kept")
                point = draft.savepoint()
                lost = scribe.say("lost")
                scribe.edit(lost, "lost, too")
                scribe.note_usage(lost.id, {})
                scribe.remember("key", "digest", [lost.id])
                draft.put_tract(TractRow("7" * 32, "lost", 1))
                draft.rollback(point)
                assert scribe.texts() == ["kept"]
                scribe.say("after")
            assert scribe.texts() == ["kept", "after"]
            with store.read() as view:
                assert view.present([lost.id]) == set()
                assert view.usages(scribe.tract) == []
                assert view.idempotent(scribe.tract, "key") is None
                assert view.tract("lost") is None
                assert [op.verb for op in view.operations(scribe.tract)] == ["append"] * 2 + [
                    "branch"
                ]
            assert damage(store) == []

    def test_operations_are_numbered_per_tract(self) -> None:
        """The log counts up from 1 in each tract, newest first, with refs before and after."""
        with self.open() as store:
            one, other = Scribe(store), Scribe(store, "other")
            a = one.say("a")
            other.say("x")
            one.reset(a.id)
            with store.write() as draft:
                draft.log(one.tract, "noted", Actor("policy", "p"), 9, {"a": [1, "\u00fc", None]})
            with store.read() as view:
                log = view.operations(one.tract)
                assert [(op.id, op.verb, op.group) for op in log] == [
                    (4, "noted", 4),
                    (3, "reset", 3),
                    (2, "append", 2),
                    (1, "branch", 1),
                ]
                assert log[0].actor == Actor("policy", "p")
                assert (log[0].at, log[0].arguments) == (9, {"a": [1, "\u00fc", None]})
                assert log[2].refs == (("branch/main", None, a.id),)
                assert log[1].refs == ()
                assert all(op.tract == one.tract for op in log)
                assert [op.id for op in view.operations(one.tract, 2)] == [4, 3]
                assert [op.id for op in view.operations(one.tract, 2, 3)] == [2, 1]
                assert view.operations(one.tract, 0) == []
                assert [op.id for op in view.operations(other.tract)] == [2, 1]

    def test_what_stands_beside_commits_is_kept(self) -> None:
        """Usage, token counts and idempotency records, each for its own tract or blob."""
        with self.open() as store:
            one, other = Scribe(store), Scribe(store, "other")
            a, b = one.say("a"), one.say("b")
            one.note_usage(a.id, {"input": 1, "raw": {"x": [1.5, None]}})
            one.note_usage(None, {"input": 2})
            one.note_counts({a.content or "": 5, "0" * 64: 9})
            one.note_counts({a.content or "": 6, b.content or "": 1})
            one.remember("key", "digest", [a.id, b.id])
            one.remember("\0 %'\U0001f600", "", [])
            with store.read() as view:
                first, second = view.usages(one.tract)
                assert (first.commit, first.body) == (a.id, {"input": 1, "raw": {"x": [1.5, None]}})
                assert isinstance(second, Usage)
                assert view.usages(one.tract, [b.id, a.id]) == [first]
                assert view.usages(one.tract, []) == []
                assert view.usages(other.tract) == []
                wanted = [a.content or "", b.content or "", "0" * 64]
                assert view.counts(wanted, "words") == {a.content: 5, b.content: 1}
                assert view.counts(wanted, "letters") == {}
                assert view.idempotent(one.tract, "key") == ("digest", (a.id, b.id))
                assert view.idempotent(one.tract, "\0 %'\U0001f600") == ("", ())
                assert view.idempotent(one.tract, "\ud800") is None
                assert view.idempotent(other.tract, "key") is None
            with raises(IdempotencyMismatch):
                one.remember("key", "digest", [])
            with raises(InvalidInput, kind="lone_surrogate"):
                one.remember("\ud800", "digest", [])
            assert damage(store) == []

    def test_writers_wait_for_each_other(self) -> None:
        """A second writer waits until the first is done, and sees what it did."""
        with self.open() as store:
            scribe = Scribe(store)
            entered, seen = threading.Event(), []

            def second() -> None:
                entered.wait()
                with store.write() as draft:
                    seen.append(draft.ref(scribe.tract, "branch/main"))

            thread = threading.Thread(target=second)
            thread.start()
            with scribe.together():
                entered.set()
                time.sleep(0.05)
                made = scribe.say("first")
            thread.join()
            assert seen == [made.id]

    def test_a_writer_does_not_wait_for_ever(self) -> None:
        """When time is up: StoreBusy with the seconds waited; reading goes on meanwhile."""
        with self.open(busy_timeout=0.05) as store:
            scribe = Scribe(store)
            scribe.say("a")
            caught: list[StoreBusy] = []

            def second() -> None:
                try:
                    with store.write():
                        pass
                except StoreBusy as error:
                    caught.append(error)

            with scribe.together():
                scribe.say("b")
                thread = threading.Thread(target=second)
                thread.start()
                thread.join()
                with store.read() as view:
                    assert view.length(view.ref(scribe.tract, "branch/main") or "") == 1
            assert len(caught) == 1
            assert caught[0].waited >= 0.05
            assert caught[0].retryable
            scribe.say("c")
            assert scribe.texts() == ["a", "b", "c"]

    def test_many_threads_lose_nothing(self) -> None:
        """Threads that write to one branch while others read: all in one line, each once."""
        with self.open() as store:
            Scribe(store).say("root")
            errors: list[BaseException] = []

            def write(name: int) -> None:
                try:
                    scribe = Scribe(store)
                    for n in range(15):
                        scribe.say(f"{name} {n}")
                except BaseException as error:  # noqa: BLE001 - shown below, in the test's own thread
                    errors.append(error)

            def read() -> None:
                try:
                    for _ in range(30):
                        with store.read() as view:
                            tip = view.ref(Scribe(store).tract, "branch/main") or ""
                            assert view.length(tip) == len(view.state(tip))
                except BaseException as error:  # noqa: BLE001 - as above
                    errors.append(error)

            threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
            threads += [threading.Thread(target=read) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert errors == []
            texts = Scribe(store).texts()
            assert sorted(texts) == sorted(
                ["root", *(f"{name} {n}" for name in range(4) for n in range(15))]
            )
            for name in range(4):
                mine = [text for text in texts if text.startswith(f"{name} ")]
                assert mine == [f"{name} {n}" for n in range(15)]
            assert damage(store) == []

    def test_nothing_staged_is_nothing_written(self) -> None:
        """A block that stages nothing leaves no trace; counts alone wait for a real write."""
        with self.open() as store:
            scribe = Scribe(store)
            a = scribe.say("a")
            with store.write():
                pass
            with store.write() as draft:
                draft.put_counts({(a.content or "", "words"): 1})
            with store.read() as view:
                assert len(view.operations(scribe.tract)) == 2
                assert view.counts([a.content or ""], "words") == {}

    def test_a_closed_store_says_so(self) -> None:
        """After closing, which may be done twice, every use raises Closed."""
        store = self.make_store()
        scribe = Scribe(store)
        scribe.say("a")
        store.close()
        store.close()
        with raises(Closed), store.read():
            pass
        with raises(Closed), store.write():
            pass
        with raises(Closed):
            list(store.damage())

    def test_closing_ends_what_is_not_yet_written(self) -> None:
        """A write that is under way when the store is closed never was; a view goes on."""
        store = self.make_store()
        scribe = Scribe(store)
        kept = scribe.say("kept")
        with store.read() as view:
            with raises(Closed), scribe.together():
                scribe.say("never")
                store.close()
            assert view.ref(scribe.tract, "branch/main") == kept.id
            assert view.length(kept.id) == 1

    def test_what_was_written_is_there_when_reopened(self) -> None:
        """Everything outlives the handle, and writing goes on where it was."""
        store = self.make_store()
        scribe = Scribe(store)
        for n in range(5):
            scribe.say(str(n))
        scribe.note_usage(scribe.head(), {"input": 1})
        before = _everything(store)
        again = self.reopen(store)
        if again is None:
            store.close()
            return
        assert _everything(again) == before
        more = Scribe(again)
        more.at = scribe.at
        more.say("more")
        assert more.texts() == ["0", "1", "2", "3", "4", "more"]
        assert damage(again) == []
        again.close()


def _everything(store: Store) -> object:
    with store.read() as view:
        tracts = view.tracts()
        refs = [view.refs(row.id) for row in tracts]
        logs = [(view.operations(row.id), view.usages(row.id)) for row in tracts]
        states = [view.state(at) for each in refs for at in each.values() if at is not None]
        return tracts, refs, logs, states, list(view.commits()), sorted(view.blobs())
