"""Looking: log, show, entries, status, targets. Reading changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from tract import AmbiguousRef, DetachedHead, InvalidInput, NotFound, TokenBudget
from tract.repo import Position


def messages(t, **options):
    return [info.message for info in t.log(**options)]


@pytest.fixture
def filled(t):
    t.system("be brief")
    t.user("one", author="human:bob", tags=["q"])
    t.assistant("two", made_with={"model": "m1", "temperature": 0})
    t.user("three")
    return t


def test_a_limit_may_be_as_large_as_it_likes(filled):
    assert len(filled.log(10**20)) == len(filled.log(10**20, grep="e")) + 1 == 4
    with pytest.raises(InvalidInput) as caught:
        filled.log(-1)
    assert caught.value.hint


def test_log_is_newest_first_and_bounded(filled):
    assert messages(filled) == ["three", "two", "one", "be brief"]
    assert messages(filled, limit=2) == ["three", "two"]
    assert messages(filled, limit=None) == messages(filled)
    assert messages(filled, limit=0) == []
    for wrong in (-1, "5", True, 1.5):
        with pytest.raises(InvalidInput):
            filled.log(wrong)


def test_log_begins_where_it_is_told(filled):
    assert messages(filled, start="HEAD~1") == ["two", "one", "be brief"]
    filled.branch("side", "HEAD~2")
    filled.user("aside")
    assert messages(filled, branch="main")[0] == "three"
    assert messages(filled) == ["aside", "one", "be brief"]
    assert sorted(messages(filled, all=True)) == sorted(
        ["aside", "one", "be brief", "three", "two"]
    )
    with pytest.raises(NotFound):
        filled.log(branch="nope")
    with pytest.raises(InvalidInput):
        filled.log(branch="main", start="HEAD")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"author": "human:bob"}, ["one"]),
        ({"author": "bob"}, ["one"]),
        ({"author": "human"}, ["three", "two", "one", "be brief"]),
        ({"made_with": "m1"}, ["two"]),
        ({"made_with": {"temperature": 0}}, ["two"]),
        ({"content_type": "instruction"}, ["be brief"]),
        ({"tag": "q"}, ["one"]),
        ({"grep": "TWO"}, ["two"]),
        ({"grep": "(.*"}, []),
        ({"author": "human", "limit": 1}, ["three"]),
        ({"since": datetime(2026, 1, 1, 0, 1, tzinfo=UTC)}, []),
        ({"until": datetime(2025, 1, 1, tzinfo=UTC)}, []),
    ],
)
def test_log_filters(filled, options, expected):
    assert messages(filled, **options) == expected


def test_times_need_a_zone(filled):
    at = filled.log(1)[0].at
    assert messages(filled, since=at) == ["three"]
    assert messages(filled, until=at - timedelta(microseconds=1))[0] == "two"
    with pytest.raises(InvalidInput):
        filled.log(since=datetime(2026, 1, 1))  # noqa: DTZ001 - the point
    with pytest.raises(InvalidInput):
        filled.log(until="yesterday")


def test_targets_of_every_kind(filled):
    head = filled.head
    first = filled.log(limit=None)[-1]
    for target in (
        "HEAD",
        "@",
        "main",
        head.id,
        head.id[:4],
        head.id[:20],
        head,
        filled.entries()[-1],
        "HEAD~0",
        "main~0",
    ):
        assert filled.show(target).id == head.id
    for target in (
        "HEAD~3",
        "HEAD~1~2",
        "HEAD^^^",
        "main~3",
        "HEAD^1~2",
        filled.show("HEAD~3"),
    ):
        assert filled.show(target).id == first.id


@pytest.mark.parametrize(
    ("target", "error", "kind"),
    [
        ("nope", NotFound, "unknown_target"),
        ("abc", NotFound, "unknown_target"),
        ("0000", NotFound, "unknown_target"),
        ("HEAD~4", NotFound, "unknown_target"),
        ("HEAD~99999999999999999999", NotFound, "unknown_target"),
        ("HEAD^2", NotFound, "unknown_target"),
        ("", InvalidInput, "invalid_target"),
        ("HEAD~x", InvalidInput, "invalid_target"),
        ("main@{yesterday}", InvalidInput, "invalid_target"),
        ("HEAD~\x1b[31m", InvalidInput, "invalid_target"),
        (None, InvalidInput, "invalid_target"),
        (5, InvalidInput, "invalid_target"),
        (b"HEAD", InvalidInput, "invalid_target"),
    ],
)
def test_targets_that_mean_nothing(filled, target, error, kind):
    with pytest.raises(error) as caught:
        filled.show(target)
    assert caught.value.kind == kind
    assert caught.value.hint
    assert "\x1b" not in str(caught.value)


def test_a_prefix_that_several_commits_share_is_ambiguous(t):
    ids = []
    while True:
        ids.append(t.user("x").id)
        shared = [id for id in ids if id[:4] == ids[-1][:4]]
        if len(shared) > 1:
            break
    with pytest.raises(AmbiguousRef) as caught:
        t.show(ids[-1][:4])
    assert sorted(caught.value.candidates) == sorted(shared)
    assert t.show(ids[-1][:12]).id == ids[-1]


def test_a_name_that_is_also_a_prefix_means_the_name(filled):
    other = filled.log()[1]
    filled.branch(filled.head.id[:6], other, switch=False)
    assert filled.show(filled.head.id[:6]).id == other.id


def test_nothing_committed_yet(t):
    assert t.head is None
    assert t.log() == []
    assert t.entries() == []
    assert t.compile().messages == ()
    assert t.compile().commit is None
    status = t.status()
    assert (status.head, status.commits, status.entries, int(status.tokens)) == (
        None,
        0,
        0,
        int(t.compile().tokens),
    )
    with pytest.raises(NotFound) as caught:
        t.show("HEAD")
    assert caught.value.kind == "unborn"
    with pytest.raises(NotFound):
        t.record_usage({"prompt_tokens": 1})
    t.branch("side")
    assert t.branches.get("side").commit is None
    t.user("first")
    assert t.branches.get("main").commit is None


def test_show_says_everything(filled):
    target = filled.log()[1]
    marked = filled.annotate(target, "important", reason="why", retain="the number", labels=["l"])
    detail = filled.show(marked)
    assert (detail.reason, detail.retain) == ("why", "the number")
    assert detail.marks[target.entry_id].labels == ("l",)
    assert filled.show(target).text == "two"
    assert filled.show(target).content.role == "assistant"


def test_status_counts_without_doing_anything(backend):
    t = backend.open(token_budget=TokenBudget(100, reserve_output=20, action="error"))
    t.system("s")
    t.annotate(t.user("a"), "important")
    t.skip(t.user("b"))
    t.user("word " * 200)
    before = t.log(limit=None)
    status = t.status()
    assert (status.entries, status.pinned, status.important, status.skipped) == (4, 1, 1, 1)
    assert status.budget == 80
    assert status.share > 1
    assert status.action == "error"
    assert int(status.tokens) == int(t.compile(token_budget=10_000).tokens)
    assert t.log(limit=None) == before


def test_status_is_of_one_moment(filled, monkeypatch):
    filled.status()  # from here on every count is known
    views = []
    read = type(filled._repo.store).read

    def seen(store):
        views.append(store)
        return read(store)

    monkeypatch.setattr(type(filled._repo.store), "read", seen)
    filled.status()
    assert len(views) == 1


def test_a_detached_handle_reads_and_does_not_write(filled):
    filled._repo.head.position = Position(None, filled.log()[2].id)
    assert filled.current_branch is None
    assert [entry.text for entry in filled.entries()] == ["be brief", "one"]
    with pytest.raises(DetachedHead):
        filled.user("x")
    with pytest.raises(DetachedHead):
        filled.reset("main")
    filled.branch("out")
    filled.user("x")
    assert messages(filled) == ["x", "one", "be brief"]
