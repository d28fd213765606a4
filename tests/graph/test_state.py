"""What a context is: the examples of the model as tests, layouts both ways, and order in the graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract.errors import InvalidInput, MissingEntry
from tract.graph import born_mark, expand_layout, layout_of, newest_first, slot_of, state_of
from tract.objects import NORMAL, Actor, Commit, Mark, Priority, Run, Single, Slot

ADA = Actor("human", "ada")
PINNED = Mark(Priority.PINNED)


class History:
    """Commits by hand: entries are named by one letter, contents by a word."""

    def __init__(self):
        self.commits = {}
        self.at = 0

    def add(self, operation, parents, **fields):
        self.at += 1
        commit, _ = Commit("", tuple(parents), operation, ADA, self.at, **fields).sealed()
        self.commits[commit.id] = commit
        return commit.id

    def append(self, entry, *parents, mark=NORMAL):
        marks = () if mark == NORMAL else ((entry, mark),)
        return self.add("append", parents, entry_id=entry, content=f"{entry}1", marks=marks)

    def edit(self, parent, replaces, entry=None, content=None, **fields):
        return self.add("edit", [parent], entry_id=entry, content=content, replaces=tuple(replaces), **fields)  # fmt: skip

    def state(self, tip):
        return state_of(tip, self.commits.__getitem__, lambda _: None)

    def shown(self, tip):
        return " ".join(slot.content for slot in self.state(tip))


@pytest.fixture
def h():
    return History()


@pytest.fixture
def abc(h):
    return h.append("c", h.append("b", h.append("a")))


def test_an_append_adds_at_the_end(h, abc):
    assert h.shown(abc) == "a1 b1 c1"


def test_an_edit_of_one_replaces_in_place_and_keeps_the_mark(h):
    tip = h.append("c", h.append("b", h.append("a"), mark=PINNED))
    edited = h.edit(tip, "b", "b", "b2")
    assert h.shown(edited) == "a1 b2 c1"
    assert slot_of(h.state(edited), "b") == Slot("b", edited, "b2", PINNED)
    assert h.shown(tip) == "a1 b1 c1"


def test_an_edit_of_several_stands_at_the_place_of_the_first_with_a_normal_mark(h):
    tip = h.append("c", h.append("b", h.append("a"), mark=PINNED))
    summed = h.edit(tip, "cb", "S", "S1")
    assert h.shown(summed) == "a1 S1"
    assert h.state(summed)[1].mark == NORMAL


def test_an_edit_of_one_under_a_new_id_keeps_the_mark_too(h):
    tip = h.append("a", mark=PINNED)
    assert h.state(h.edit(tip, "a", "S", "S1"))[0].mark == PINNED


def test_an_edit_may_give_a_mark(h, abc):
    edited = h.edit(abc, "a", "a", "a2", marks=(("a", PINNED),))
    assert h.state(edited)[0].mark == PINNED


def test_an_edit_without_content_takes_entries_out(h, abc):
    assert h.shown(h.edit(abc, "ac")) == "b1"


def test_a_mark_changes_marks_alone(h, abc):
    marked = h.add("mark", [abc], marks=(("a", PINNED), ("c", Mark(Priority.SKIP))))
    assert h.shown(marked) == "a1 b1 c1"
    assert [slot.mark.priority.value for slot in h.state(marked)] == ["pinned", "normal", "skip"]


def test_an_arrange_is_its_layout(h, abc):
    turned = h.add("arrange", [abc], layout=(Run(0, "b", "c"), Single("a", h.state(abc)[0].commit, PINNED)))  # fmt: skip
    assert h.shown(turned) == "b1 c1 a1"
    assert h.state(turned)[2].mark == PINNED


def test_an_arrange_takes_runs_of_every_parent(h):
    base = h.append("a")
    ours, theirs = h.append("b", base), h.append("d", h.append("c", base))
    merged = h.add("arrange", [ours, theirs], layout=(Run(0, "a", "b"), Run(1, "c", "d")))
    assert h.shown(merged) == "a1 b1 c1 d1"
    assert h.shown(h.append("e", merged)) == "a1 b1 c1 d1 e1"


@pytest.mark.parametrize("replaces", ["x", "ax", ""])
def test_an_edit_of_what_is_not_there_is_refused(h, abc, replaces):
    with pytest.raises(MissingEntry):
        h.state(h.edit(abc, replaces, "a", "a2"))


def test_a_mark_of_what_is_not_there_is_refused(h, abc):
    with pytest.raises(MissingEntry):
        h.state(h.add("mark", [abc], marks=(("x", PINNED),)))


def test_a_layout_that_names_what_is_not_there_is_refused(h, abc):
    for layout in ((Run(0, "a", "x"),), (Run(0, "c", "a"),)):
        with pytest.raises(MissingEntry):
            h.state(h.add("arrange", [abc], layout=layout))


def test_an_entry_stands_once(h, abc):
    with pytest.raises(InvalidInput) as caught:
        h.state(h.add("arrange", [abc], layout=(Run(0, "a", "b"), Run(0, "b", "c"))))
    assert caught.value.kind == "duplicate_entry"
    with pytest.raises(InvalidInput) as caught:
        h.state(h.edit(abc, "a", "b", "b2"))
    assert caught.value.kind == "duplicate_entry"


def test_the_mark_of_birth_is_found_through_edits_and_merges(h):
    born = h.append("a", mark=PINNED)
    edited = h.edit(born, "a", "a", "a2", marks=(("a", Mark(Priority.SKIP)),))
    side = h.append("b", edited)
    assert born_mark("a", side, h.commits.__getitem__) == PINNED
    assert born_mark("b", side, h.commits.__getitem__) == NORMAL
    with pytest.raises(MissingEntry):
        born_mark("x", side, h.commits.__getitem__)


def test_a_long_history_is_no_deep_recursion(h):
    tip = h.append("a")
    for number in range(3000):
        tip = h.append(f"e{number}", tip)
    assert len(h.state(tip)) == 3001


SLOTS = st.lists(st.integers(0, 9), unique=True, max_size=8)


def slots(numbers, version=0):
    return tuple(Slot(f"e{n}", f"c{n}.{version}", f"b{n}.{version}", NORMAL) for n in numbers)


@given(SLOTS, SLOTS, SLOTS, st.integers(0, 1))
def test_a_layout_expands_to_the_state_it_was_made_of(wanted, first, second, version):
    state, parents = slots(wanted), (slots(first), slots(second, version))
    layout = layout_of(state, parents)
    lookup = {
        s.commit: Commit(s.commit, (), "append", ADA, 0, s.entry_id, s.content) for s in state
    }
    assert tuple(expand_layout(layout, dict(enumerate(parents)), lookup.__getitem__)) == state
    runs = [piece for piece in layout if isinstance(piece, Run)]
    known = {slot for parent in parents for slot in parent}
    assert len(layout) - len(runs) == sum(slot not in known for slot in state)


def test_the_canonical_layout_is_greedy_and_prefers_the_lower_parent():
    a, b, c, d = slots(range(4))
    assert layout_of([a, b, c], [(a, b, c), (a, b, c)]) == (Run(0, "e0", "e2"),)
    assert layout_of([a, b, c], [(a,), (a, b), (c,)]) == (Run(1, "e0", "e1"), Run(2, "e2", "e2"))
    assert layout_of([d, a], [(a, b)]) == (Single("e3", "c3.0", NORMAL), Run(0, "e0", "e0"))
    assert layout_of([], [(a,)]) == ()


def test_children_come_before_their_parents_whatever_the_clock_says():
    def commit(id, at, *parents):
        return Commit(id, parents, "append", ADA, at, "e", "b")

    graph = {c.id: c for c in [commit("a", 9), commit("b", 1, "a"), commit("c", 5, "a"), commit("d", 0, "b", "c")]}  # fmt: skip
    assert [c.id for c in newest_first(["d"], graph.__getitem__)] == ["d", "c", "b", "a"]
    assert [c.id for c in newest_first(["a", "c", "b"], graph.__getitem__)] == ["c", "b", "a"]
    assert list(newest_first([], graph.__getitem__)) == []
