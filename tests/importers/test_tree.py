"""Trees: every leaf is a branch, nothing is lost, and names stay when a file grows."""

from hypothesis import given
from hypothesis import strategies as st

from tract.importers._tree import ROOT, leaves, linked


def named(number):
    return f"fork-{number}"


@st.composite
def trees(draw):
    """Parents of nodes, each before what follows it."""
    size = draw(st.integers(1, 30))
    return [draw(st.integers(ROOT, number - 1)) for number in range(size)]


def test_a_line_is_one_branch():
    assert [leaf[:2] for leaf in leaves([ROOT, 0, 1], named)] == [("main", [0, 1, 2])]


def test_the_first_reply_goes_on_and_the_others_begin_branches():
    found = list(leaves([ROOT, 0, 1, 0, 3, 3], named))
    assert [leaf.branch for leaf in found] == ["main", "fork-3", "fork-5"]
    assert [leaf.path for leaf in found] == [[0, 1, 2], [0, 3, 4], [0, 3, 5]]
    assert [leaf.shared for leaf in found] == [0, 1, 2]


def test_the_place_that_a_program_was_at_comes_first():
    found = list(leaves([ROOT, 0, 1, 0, 3], named, first=4))
    assert [leaf.branch for leaf in found] == ["fork-3", "main"]


@given(trees())
def test_every_node_is_on_a_way_and_every_leaf_has_one_branch(parents):
    found = list(leaves(parents, named))
    assert {number for leaf in found for number in leaf.path} == set(range(len(parents)))
    assert (
        len({leaf.branch for leaf in found})
        == len(found)
        == len(set(range(len(parents))) - set(parents))
    )
    for leaf in found:
        assert [parents[number] for number in leaf.path] == [ROOT, *leaf.path[:-1]]


@given(trees(), st.data())
def test_a_branch_keeps_its_name_and_goes_forward_when_the_file_grows(parents, data):
    cut = data.draw(st.integers(1, len(parents)))
    before = {leaf.branch: leaf.path for leaf in leaves(parents[:cut], named)}
    after = {leaf.branch: leaf.path for leaf in leaves(parents, named)}
    for branch, path in before.items():
        assert after[branch][: len(path)] == path


@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from([None, *"abcdefg"])), max_size=12)
)
def test_odd_parents_lose_nothing_and_are_told(nodes):
    ids, parents = [id for id, _ in nodes], [parent for _, parent in nodes]
    links = linked(ids, parents)
    told = {number for number, _ in links.faults}
    assert {number for leaf in leaves(links.parents, named) for number in leaf.path} == set(
        range(len(nodes))
    )
    for number, parent in enumerate(parents):
        right = ROOT if parent is None else ids.index(parent) if parent in ids else None
        assert links.parents[number] == right or number in told


def test_a_circle_is_broken_at_its_first_line():
    links = linked(["a", "b", "c"], ["c", "a", "b"])
    assert links.parents == [ROOT, 0, 1]
    assert links.faults == [(0, "it follows itself: its parents form a circle")]
