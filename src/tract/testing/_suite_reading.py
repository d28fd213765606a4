"""The part of the conformance suite about what a view gives: commits, lines, states, contents.

Every promise that `Reader` makes is one test here, on whatever store the suite is given.
"""

from tract.errors import Corrupt, InvalidInput, MissingEntry, NotFound
from tract.graph import state_of
from tract.objects import (
    ARRANGE,
    Actor,
    Commit,
    Mark,
    Priority,
    Run,
    Single,
    Slot,
    blob_id,
    canonical,
)
from tract.testing._scribe import Scribe
from tract.testing._suite import Suite, damage, raises

_NOWHERE = "ab" * 32
# Ids and prefixes that are none; asking for them is asking for what is not there.
_NO_IDS = ("", "main", "AB" * 32, "ab" * 31, "ab" * 33, " " + "ab" * 32, "0x" + "ab" * 31, "\ud800")


class Reading(Suite):
    """What a view gives."""

    def test_a_commit_comes_back_with_every_field(self) -> None:
        """Every field of a commit, and the note blobs that it names, survive."""
        with self.open() as store:
            scribe = Scribe(store)
            first = scribe.say("a")
            note = canonical({"message": "why"})
            reason = canonical({"reason": "keep"})
            mark = Mark(Priority.PINNED, ("one", "two"), blob_id(reason))
            author = Actor("model", "m-1")
            with scribe.together() as draft:
                draft.add(first, {blob_id(note): note, blob_id(reason): reason})
                made = scribe.say(
                    "b",
                    mark=mark,
                    role="assistant",
                    based_on=first.id,
                    made_with={"model": "m-1", "temperature": 0.5, "stop": ["\n"]},
                    sources={"commits": [first.id], "prompt": "p"},
                    note=blob_id(note),
                )
                copied = scribe.put(
                    made._replace(
                        parents=(made.id,),
                        entry_id="e" * 32,
                        origin=made.id,
                        author=author,
                        marks=(),
                    ),
                    {},
                )
            with store.read() as view:
                assert view.commit(made.id) == made
                assert view.commit(copied.id) == copied
                assert view.payloads([blob_id(note)]) == {blob_id(note): {"message": "why"}}
                assert view.state(copied.id)[1] == Slot(
                    made.entry_id or "", made.id, made.content or "", mark
                )

    def test_what_is_not_there_is_not_found(self) -> None:
        """Unknown ids, and text that is no id at all, raise NotFound and never anything else."""
        with self.open() as store:
            Scribe(store).say("a")
            with store.read() as view:
                for id in (_NOWHERE, *_NO_IDS):
                    for ask in (view.commit, view.length, view.state):
                        with raises(NotFound):
                            ask(id)
                    with raises(NotFound):
                        list(view.line(id))
                    assert view.present([id]) == set()
                    assert view.counts([id], "words") == {}
                    with raises(Corrupt):
                        view.payloads([id])
                for id in _NO_IDS:
                    with raises(NotFound):
                        view.refs(id)
                    assert view.tract(id) is None or id == "main"

    def test_prefixes_give_commits_in_order(self) -> None:
        """A prefix gives the commits that begin with it, sorted; what is no prefix gives nothing."""
        with self.open() as store:
            scribe = Scribe(store)
            with scribe.together():
                ids = sorted(scribe.say(str(n)).id for n in range(300))
            with store.read() as view:
                for prefix in ("0", "ff", ids[7][:4], ids[9][:20], ids[11]):
                    expected = [id for id in ids if id.startswith(prefix)]
                    assert view.prefixed(prefix, 1000) == expected
                    assert view.prefixed(prefix, 2) == expected[:2]
                for prefix in _NO_IDS:
                    assert view.prefixed(prefix) == []

    def test_a_line_is_read_in_pages(self) -> None:
        """Any page of a line is the page of the whole line, across branches, too."""
        with self.open() as store:
            scribe = Scribe(store)
            line = [scribe.say(str(n)).id for n in range(5)]
            for turn in range(4):
                scribe = scribe.fork(f"b{turn}", line[-2])
                line = [*line[:-1], *(scribe.say(f"{turn} {n}").id for n in range(turn + 1))]
            newest_first = line[::-1]
            with store.read() as view:
                assert view.length(line[-1]) == len(line)
                assert view.present([*line, _NOWHERE]) == set(line)
                for skip in range(len(line) + 2):
                    for limit in (None, 0, 1, 2, 5, 100):
                        end = None if limit is None else skip + limit
                        page = [commit.id for commit in view.line(line[-1], limit, skip)]
                        assert page == newest_first[skip:end], (skip, limit)
                for at, id in enumerate(line):
                    assert view.length(id) == at + 1
                    assert next(view.line(id, 1)).id == id

    def test_states_are_what_the_model_says(self) -> None:
        """Append, edit of one, several and none, mark, and arrange, each in its place."""
        with self.open() as store:
            scribe = Scribe(store)
            a, b, c, d = (scribe.say(text) for text in "abcd")
            assert scribe.texts() == ["a", "b", "c", "d"]
            scribe.edit(b, "b2")
            assert scribe.texts() == ["a", "b2", "c", "d"]
            scribe.edit([b, c], "S")
            assert scribe.texts() == ["a", "S", "d"]
            scribe.edit(a, None)
            assert scribe.texts() == ["S", "d"]
            scribe.mark(d, "skip")
            assert scribe.texts() == ["S"]
            scribe.arrange(scribe.state()[::-1])
            scribe.mark(d, "pinned")
            assert scribe.texts() == ["d", "S"]
            assert [slot.mark.priority for slot in scribe.state()] == ["pinned", "normal"]
            assert scribe.texts(d.id) == ["a", "b", "c", "d"]
            assert [slot.commit for slot in scribe.state(d.id)] == [a.id, b.id, c.id, d.id]
            assert damage(store) == []

    def test_a_merge_takes_runs_from_all_its_parents(self) -> None:
        """Runs of several parents and single entries make the layout that was prescribed."""
        with self.open() as store:
            main = Scribe(store)
            base = main.say("base")
            side = main.fork("side")
            for n in range(3):
                main.say(f"m{n}")
                side.say(f"s{n}")
            side.edit(base, "base of the side")
            order = (*side.state()[:1], *main.state()[1:], *side.state()[2:])
            merge = main.arrange(order, [side.head() or ""])
            assert main.state() == order
            kept = order[-1]._replace(mark=Mark(Priority.PINNED))
            single = Single(kept.entry_id, kept.commit, kept.mark)
            main.put(
                Commit(
                    "",
                    (merge.id,),
                    ARRANGE,
                    main.author,
                    main.at,
                    layout=(single, Run(0, order[0].entry_id, order[1].entry_id)),
                ),
                {},
            )
            assert main.state() == (kept, *order[:2])
            assert main.texts() == ["s2", "base of the side", "m0"]
            assert damage(store) == []

    def test_merges_that_need_each_other_are_read(self) -> None:
        """Two lines that merge each other in turn, again and again, give their states."""
        with self.open() as store:
            left = Scribe(store)
            left.say("base")
            right = left.fork("right")
            for n in range(40):
                one, other = (left, right) if n % 2 else (right, left)
                one.at = other.at = max(one.at, other.at)
                other.say(f"{n}")
                mine = one.state()
                new = [s for s in other.state() if s.entry_id not in {m.entry_id for m in mine}]
                one.arrange([*mine, *new], [other.head() or ""])
            expected = ["base", *(str(n) for n in range(40))]
            assert sorted(left.texts()) == sorted(expected)
            again = self.reopen(store) or store
            with again.read() as view:
                assert view.state(left.head() or "") == left.state() if again is store else True
                tip = view.ref(left.tract, "branch/main") or ""
                fold = state_of(tip, view.commit, lambda _: None)
                assert view.state(tip) == fold
            assert damage(again) == []
            again.close()

    def test_what_does_not_fit_is_refused(self) -> None:
        """Commits that name what is not there are refused, and the draft goes on."""
        with self.open() as store:
            scribe = Scribe(store)
            a, b = scribe.say("a"), scribe.say("b")
            scribe.edit(a, None)
            ghost = Slot("d" * 32, b.id, b.content or "")
            with scribe.together() as draft:
                with raises(MissingEntry):
                    scribe.edit(a, "gone already")
                with raises(MissingEntry):
                    scribe.edit([], "nothing")
                with raises(MissingEntry):
                    scribe.mark([b, "f" * 32], "skip")
                with raises(MissingEntry):
                    scribe.arrange([ghost])
                with raises(InvalidInput, kind="duplicate_entry"):
                    scribe.arrange([*scribe.state(), *scribe.state()])
                with raises(InvalidInput, kind="duplicate_entry"):
                    scribe.put(b._replace(parents=(scribe.head() or "",), origin=b.id), {})
                with raises(InvalidInput, kind="invalid_layout"):
                    run = Run(1, b.entry_id or "", b.entry_id or "")
                    scribe.put(b._replace(operation=ARRANGE, content=None, layout=(run,)), {})
                with raises(NotFound, kind="unknown_commit"):
                    scribe.put(b._replace(parents=(_NOWHERE,)), {})
                with raises(NotFound, kind="unknown_commit"):
                    scribe.put(b._replace(parents=(b.id, _NOWHERE)), {})
                with raises(Corrupt):
                    scribe.put(b._replace(parents=(b.id,), note="0" * 64), {})
                assert len(draft.staged.commits) == 0
                scribe.say("c")
            assert scribe.texts() == ["b", "c"]
            assert damage(store) == []

    def test_contents_come_back_exactly(self) -> None:
        """NUL bytes, emoji, right-to-left text, special tokens, a megabyte: kept as they are."""
        texts = [
            "",
            "\0",
            "a\0b",
            "\U0001f600 \u202eabc\u202c",
            "<|endoftext|>",
            "%s'\";--",
            "\ufeff",
        ]
        texts.append("\u00e4\n" * 500_000)
        with self.open() as store:
            scribe = Scribe(store)
            for text in texts:
                scribe.say(text)
            assert scribe.texts() == texts
            with store.read() as view:
                ids = [slot.content for slot in scribe.state()]
                assert dict(view.blobs()).keys() == set(ids)
                assert all(blob_id(data) == id for id, data in view.blobs())
                assert [view.payloads([id])[id]["text"] for id in ids] == texts
            assert damage(store) == []

    def test_a_content_is_stored_once(self) -> None:
        """Equal contents are one blob, whoever wrote them."""
        with self.open() as store:
            one, other = Scribe(store), Scribe(store, "other")
            ids = {one.say("same").content, one.say("same").content, other.say("same").content}
            with store.read() as view:
                assert [id for id, _ in view.blobs()] == list(ids)

    def test_long_histories_read_as_they_fold(self) -> None:
        """With thousands of steps over few entries, every state is the fold of its commits."""
        with self.open() as store:
            scribe = Scribe(store)
            with scribe.together():
                tips = [scribe.say(str(n)).id for n in range(3)]
                for n in range(400):
                    slots = scribe.state()
                    tips.append(scribe.edit(slots[n % 3], f"{n}").id)
                    tips.append(scribe.mark(slots[n % 2], ("pinned", "normal")[n // 2 % 2]).id)
            again = self.reopen(store) or store
            with again.read() as view:
                for tip in tips[::37]:
                    assert view.state(tip) == state_of(tip, view.commit, lambda _: None)
                assert view.length(tips[-1]) == len(tips)
            assert damage(again) == []
            again.close()

    def test_all_commits_come_parents_first(self) -> None:
        """Walking the whole store gives each commit once, after its parents."""
        with self.open() as store:
            main = Scribe(store)
            main.say("a")
            side = main.fork("side")
            main.say("m")
            side.say("s")
            main.arrange(main.state(), [side.head() or ""])
            Scribe(store, "other").say("root of its own")
            with store.read() as view:
                seen: set[str] = set()
                for commit in view.commits():
                    assert set(commit.parents) <= seen
                    assert commit.id not in seen
                    seen.add(commit.id)
                assert len(seen) == 5

    def test_payloads_met_on_the_way_are_handed_out(self) -> None:
        """What `seen` gets are payloads of this store; a state needs no more than it shows."""
        with self.open() as store:
            scribe = Scribe(store)
            a = scribe.say("a")
            scribe.edit(a, "a2")
            again = self.reopen(store) or store
            with again.read() as view:
                tip = view.ref(scribe.tract, "branch/main") or ""
                seen: dict[str, object] = {}
                state = view.state(tip, seen)  # type: ignore[arg-type]  # payloads are objects
                for id, payload in seen.items():
                    assert view.payloads([id])[id] == payload
                assert len(state) == 1
            again.close()
