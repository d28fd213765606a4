"""The drawing of a graph, read back: what is drawn says which commit follows from which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract import Session, Tract
from tract.cli._graph import arranged, contracted, cut, drawn, in_ascii, runs

#: Whether a character goes on to the left, to the right, upwards and downwards.
ENDS = {
    "│": (0, 0, 1, 1),
    "─": (1, 1, 0, 0),
    "╮": (1, 0, 0, 1),
    "╭": (0, 1, 0, 1),
    "┬": (1, 1, 0, 1),
    "┤": (1, 0, 1, 1),
    "├": (0, 1, 1, 1),
    "┼": (1, 1, 1, 1),
    "╯": (1, 0, 1, 0),
    "┆": (0, 0, 1, 0),
    "●": (1, 1, 1, 1),
    " ": (0, 0, 0, 0),
}


def followed(text, start, step):
    """The columns that a line reaches which leaves a character sideways; it passes below lanes."""
    back, on = (0, 1) if step > 0 else (1, 0)
    at = start + step
    while 0 <= at < len(text) and text[at] == "─":
        at += step
        if text[at] in "─│":  # a lane that it passes below
            assert text[at + step] == "─"
            at += step
            continue
        assert ENDS[text[at]][back], (text, at)
        yield at
        if not ENDS[text[at]][on]:
            return
        at += step


def read_back(rows):
    """The edges that are drawn, and the commits of edges that lead out of the drawing."""
    edges: set[tuple[str, str]] = set()
    open_ends: set[str] = set()
    above: dict[
        int, tuple[set[str], bool]
    ] = {}  # whose edges come down into each column, and whether something has to follow
    for id, text in rows:
        reached: dict[int, set[str]] = {}
        down: dict[int, tuple[set[str], bool]] = {}
        for at, glyph in enumerate(text):
            sources, must = above.get(at, (set(), False))
            assert not must or ENDS[glyph][2], (text, at)
            if glyph == "●":
                edges |= {(source, id) for source in sources}
                for column in [*followed(text, at, 1), *followed(text, at, -1)]:
                    reached.setdefault(column, set()).add(id)
                down[at] = ({id}, False)
            elif glyph == "┆":
                open_ends |= sources
            elif glyph == "╯":
                for column in followed(text, at, -1):
                    reached.setdefault(column, set()).update(sources)
            elif ENDS[glyph][3]:
                down[at] = (sources if ENDS[glyph][2] else set(), True)
        assert not any(must for at, (_, must) in above.items() if at >= len(text))
        for column, sources in reached.items():
            down[column] = (down[column][0] | sources, True)
        above = down
    assert not any(must for _, must in above.values())
    return edges, open_ends


def told(nodes):
    """The rows of a drawing as texts."""
    return [(row.id, "".join(cell.glyph for cell in row.cells)) for row in drawn(nodes)]


def wanted(nodes):
    ids = {id for id, _ in nodes}
    edges = {(id, parent) for id, parents in nodes for parent in parents if parent in ids}
    return edges, {id for id, parents in nodes if set(parents) - ids}


@st.composite
def graphs(draw):
    """Commits before their parents: any number of them, some of which are not there."""
    count = draw(st.integers(0, 16))
    nodes = []
    for number in range(count):
        older = st.integers(number + 1, count + 1)
        few = draw(st.lists(older, max_size=draw(st.sampled_from([1, 1, 1, 2, 4]))))
        nodes.append((f"c{number}", tuple(f"c{one}" for one in few)))
    return nodes


def in_order(nodes, order):
    parents = dict(nodes)
    return [(id, parents[id]) for id in order]


@given(graphs())
def test_a_drawing_says_exactly_what_the_graph_is(nodes):
    rows = told(nodes)
    assert [id for id, _ in rows if id is not None] == [id for id, _ in nodes]
    assert all(("●" in text) == (id is not None) for id, text in rows)
    assert read_back(rows) == wanted(nodes)


@given(graphs())
def test_what_is_arranged_is_drawn_as_well(nodes):
    order = arranged(nodes)
    assert sorted(order) == sorted(id for id, _ in nodes)
    place = {id: at for at, id in enumerate(order)}
    assert all(place[child] < place[parent] for child, parent in wanted(nodes)[0])
    assert read_back(told(in_order(nodes, order))) == wanted(nodes)


@given(graphs(), st.data())
def test_what_is_left_out_is_passed_over(nodes, data):
    shown = {id for id, _ in nodes if data.draw(st.booleans())}
    parents = dict(nodes)

    def nearest(id):
        ends, seen, waiting = set(), set(), list(parents[id])
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if one in shown or one not in parents:
                ends.add(one)
            else:
                waiting += parents[one]
        return ends

    for whole in (False, True):
        kept = contracted(nodes, shown, whole=whole)
        assert [id for id, _ in kept] == [id for id, _ in nodes if id in shown]
        for id, found in kept:
            assert len(set(found)) == len(found)
            assert set(found) == {one for one in nearest(id) if not whole or one in parents}
        assert read_back(told(kept)) == wanted(kept)


@given(graphs())
def test_ascii_takes_the_same_places(nodes):
    for _, text in told(nodes):
        plain = in_ascii(text)
        assert plain.isascii()
        assert len(plain) == len(text)
        assert [at for at, one in enumerate(plain) if one == "*"] == [
            at for at, one in enumerate(text) if one == "●"
        ]


@given(graphs())
def test_a_lane_keeps_its_number_on_its_way_down(nodes):
    for row in drawn(nodes):
        for at, cell in enumerate(row.below):
            if cell.glyph == "│" and at < len(row.cells) and row.cells[at].glyph in "│●":
                assert cell.lane == row.cells[at].lane


def test_sixty_branches_of_one_prefix_take_two_lanes():
    prefix = [(f"p{n}", [f"p{n + 1}"] if n < 9 else []) for n in range(10)]
    tips = [
        (f"b{n}-{depth}", [f"b{n}-{depth + 1}" if depth < 4 else f"p{n % 10}"])
        for depth in range(5)  # newest first: all tips, then all that is behind them
        for n in range(60)
    ]
    nodes = [*tips, *prefix]
    rows = told(in_order(nodes, arranged(nodes)))
    assert read_back(rows) == wanted(nodes)
    assert max(len(text) for _, text in rows) <= 5


def test_long_lines_are_drawn_without_end():
    nodes = [(str(n), [str(n + 1)]) for n in range(5_000)]
    rows = told(in_order(nodes, arranged(nodes)))
    assert {text for _, text in rows} == {"●", "┆"}


def test_two_roots_do_not_seem_to_follow_from_each_other():
    assert told([("b", []), ("a", [])]) == [("b", "●"), (None, ""), ("a", "●")]


def test_merges_reach_into_the_lanes_that_are_there():
    rows = told(
        [
            ("c", ["x", "y", "z"]),
            ("b", ["y", "x"]),
            ("x", ["r"]),
            ("y", ["r"]),
            ("z", ["r"]),
            ("r", []),
        ]
    )
    assert [text for _, text in rows] == [
        "●─┬─╮",
        "├─│─│─●",
        "│ ├─│─╯",
        "● │ │",
        "│ ● │",
        "├─╯ │",
        "│   ●",
        "├───╯",
        "●",
    ]


def test_a_row_that_leaves_no_place_for_words_is_cut():
    wide = next(
        iter(drawn([("m", [f"p{n}" for n in range(9)]), *((f"p{n}", []) for n in range(9))]))
    )
    assert "".join(cell.glyph for cell in cut(wide.cells, 0, 6)) == "●─┬─┬…"
    assert cut(wide.cells, 0, None) == wide.cells
    assert "".join(cell.glyph for cell in cut(wide.cells[:1], 20, 6)) == "●     "
    assert len(cut(wide.cells[:1], 4, 6)) == 4


def test_colours_go_by_lanes():
    row = next(iter(drawn([("c", ["a", "b"]), ("a", []), ("b", [])])))
    assert runs(row.cells, 6, ascii_only=False) == [("●", 0), ("─╮", 1)]
    assert runs(row.cells, 6, ascii_only=True) == [("*", 0), ("-\\", 1)]


@pytest.mark.parametrize("path", ["tau-bench/airline_60.json", "oasst/trees_50.jsonl"])
def test_real_trees_are_drawn_as_they_are(tmp_path, shared_data, path):
    store = tmp_path / "store.db"
    report = Tract.import_(shared_data / path, store)
    with Session.open(store) as session:
        for name in report.tracts:
            infos = session.tract(name).log(None, all=True)
            nodes = [(info.id, info.parents) for info in infos]
            rows = told(in_order(nodes, arranged(nodes)))
            assert read_back(rows) == wanted(nodes)
            assert max(len(text) for _, text in rows) <= 12
