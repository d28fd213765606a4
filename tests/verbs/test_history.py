"""Branches, where a handle stands, reset, marks: each branch has its own, and nothing is lost."""

import pytest

from tract import BranchExists, InvalidInput, MissingEntry, NotFound, Session, Tract, TractExists

BAD_NAMES = ["", "..", "a..b", "-x", "HEAD", "@", "a/b.lock", "x" * 300, "a\x07b", "a@{b", "a b", "a~1", "a^", "a:b", "/a", "a/", "a//b", ".a", "a.", "a/.b", "a\\b", "\u202eb", 5, None]  # fmt: skip


def texts(t, at=None):
    return [entry.text for entry in t.entries(at)]


def test_branches_share_what_was_and_part_from_there(t):
    t.user("one")
    made = t.branch("side")
    assert (made.name, made.current, t.current_branch) == ("side", True, "side")
    t.user("two")
    t.switch("main")
    t.user("zwei")
    assert texts(t) == ["one", "zwei"]
    assert texts(t, "side") == ["one", "two"]
    assert [(b.name, b.current) for b in t.branches.list()] == [("main", True), ("side", False)]
    t.branch("old", "side~1", switch=False)
    assert t.current_branch == "main"
    assert texts(t, "old") == ["one"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_break_a_rule_are_refused_and_the_rule_is_named(t, name):
    with pytest.raises(InvalidInput) as caught:
        t.branch(name)
    assert caught.value.kind == "invalid_name"
    assert [b.name for b in t.branches.list()] == ["main"]
    with pytest.raises((InvalidInput, NotFound)):
        Tract.open(tract=name)


@pytest.mark.parametrize("name", ["a/b/c", "ünï-cödé", "日本語", "a.b", "x" * 200, "a-b_c", "1"])
def test_other_names_are_fine(t, name):
    t.user("one")
    t.branch(name)
    assert t.branches.get(name).current
    assert t.show(name).text == "one"


def test_a_branch_that_is_there_is_not_made_again(t):
    t.user("one")
    with pytest.raises(BranchExists):
        t.branch("main")
    for call in (t.switch, t.branches.get):
        with pytest.raises(NotFound) as caught:
            call("nope")
        assert "main" in str(caught.value.hint)
    with pytest.raises(NotFound):
        t.branch("x", "nope")
    assert t.current_branch == "main"


def test_a_handle_goes_on_where_the_last_one_stood(backend):
    if not backend.reopens:
        pytest.skip("a database in memory cannot be opened twice")
    t = backend.open()
    t.user("one")
    t.branch("side")
    other = backend.open()
    assert other.current_branch == "side"
    other.switch("main")
    assert t.current_branch == "side"
    assert backend.open().current_branch == "main"
    assert backend.open(branch="side").current_branch == "side"
    assert backend.open().current_branch == "main"
    with pytest.raises(NotFound):
        backend.open(branch="nope")
    assert backend.open(tract="new", branch="start").current_branch == "start"
    with pytest.raises(NotFound):
        backend.open(tract="nope", create=False)


def test_reset_moves_the_branch_and_what_was_ahead_stays_readable(t):
    infos = [t.user(word) for word in ("one", "two", "three")]
    assert t.reset("HEAD~2").id == infos[0].id
    assert texts(t) == ["one"]
    assert texts(t, infos[2]) == ["one", "two", "three"]
    t.reset(infos[2], mode="hard")
    assert texts(t) == ["one", "two", "three"]
    with pytest.raises(InvalidInput):
        t.reset("HEAD", mode="mixed")
    with pytest.raises(NotFound):
        t.reset("nope")
    assert t.head == infos[2]


def test_marks_belong_to_the_branch(t):
    one, two = t.user("one"), t.user("two")
    t.branch("side")
    t.skip([one, two], reason="off topic")
    assert [m.text for m in t.compile().messages] == []
    t.switch("main")
    assert [m.text for m in t.compile().messages] == ["one", "two"]
    assert [m.text for m in t.compile(at="side~1").messages] == ["one", "two"]


def test_unmark_returns_to_the_mark_an_entry_was_made_with(t):
    system = t.system("s")
    important = t.user("a", priority="important")
    plain = t.user("b")
    t.skip([system, important, plain])
    t.edit(important, "a2")
    t.unmark([system, important, plain])
    assert [entry.priority for entry in t.entries()] == ["pinned", "important", "normal"]
    t.edit(plain, "b2", priority="pinned")
    t.unmark(plain)
    assert t.entries()[2].priority == "normal"


def test_a_commit_that_marked_stands_for_what_it_marked(t):
    one, two = t.user("one"), t.user("two")
    t.skip([one, two])
    t.unmark("HEAD")
    assert [entry.priority for entry in t.entries()] == ["normal", "normal"]
    marked = t.pin(two)
    t.user("three")
    t.annotate([marked, one], "important")
    assert [entry.priority for entry in t.entries()] == ["important", "important", "normal"]


def test_a_commit_that_marked_what_has_gone_since_marks_nothing(t):
    one, two = t.user("one"), t.user("two")
    marked = t.pin([one, two])
    t.commit("both", role="user", edit=[one, two])
    head = t.head
    with pytest.raises(MissingEntry):
        t.unmark(marked)
    assert t.head == head
    with pytest.raises(MissingEntry, match="provides no entry"):
        t.edit(marked, "x")  # an edit takes the place of an entry, and needs to be told of which


def test_a_switch_to_a_commit_says_what_to_do_instead(t):
    commit = t.user("one")
    for given, name in ((commit, "CommitInfo"), (t.entries()[0], "Entry"), (None, "NoneType")):
        with pytest.raises(InvalidInput) as caught:
            t.switch(given)
        assert caught.value.message == f"a {name} is no branch name"
        assert "compile(at=...)" in (caught.value.hint or "")
        assert "branch(name, at=...)" in (caught.value.hint or "")


def test_marking_what_is_not_there(t):
    said = t.user("one")
    t.reset(said)
    gone = t.user("two")
    t.reset(said)
    with pytest.raises(MissingEntry):
        t.pin(gone)
    with pytest.raises(MissingEntry):
        t.pin([said, gone])
    targets: list[object] = [[], "priority"]
    for wrong in targets:
        with pytest.raises((InvalidInput, NotFound)):
            t.annotate(wrong, "pinned")
    with pytest.raises(InvalidInput):
        t.annotate(said, "high")
    with pytest.raises(InvalidInput):
        t.annotate(said, "pinned", labels=[""])
    assert t.entries()[0].priority == "normal"
    assert t.head == said


def test_a_session_keeps_several_tracts_apart(tmp_path):
    with Session.open(tmp_path / "s.db") as s:
        a, b = s.create_tract("a", metadata={"k": 1}), s.create_tract()
        a.user("in a")
        b.user("in b")
        b.user("more")
        assert [(i.name, i.commits, i.branches) for i in s.list_tracts()] == [
            ("a", 1, 1),
            ("tract-1", 2, 1),
        ]
        assert s.list_tracts()[0].metadata == {"k": 1}
        assert texts(s.tract("a")) == ["in a"]
        assert s.tract(b.id).name == "tract-1"
        with pytest.raises(TractExists):
            s.create_tract("a")
        with pytest.raises(NotFound) as caught:
            s.tract("c")
        assert "a, tract-1" in str(caught.value.hint)
        s.release(a)
        assert texts(s.tract("a")) == ["in a"]
        assert b.reset("HEAD~1").message == "in b"
    with Tract.open(tmp_path / "s.db", tract="a") as t:
        assert texts(t) == ["in a"]
