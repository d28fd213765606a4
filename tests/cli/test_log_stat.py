"""`tract log --stat`: how the context grew, held against the entries of each commit."""

from contextlib import closing

import pytest
from inline_snapshot import snapshot

from tract import Priority, Tract
from tract.cli._growth import growth
from tract.store import open_store
from tract.testing import Scribe


def totals(path):
    """Tokens of all entries that are not skipped, at each commit, counted one by one."""
    found = {}
    with Tract.open(path) as t:
        for info in t.log(None, all=True):
            shown = [e for e in t.entries(info.id) if e.priority is not Priority.SKIP]
            found[info.id] = sum(t.show(entry.commit).info.tokens or 0 for entry in shown)
    return found


def held(commits, counted):
    for commit in commits:
        before = counted[commit["parents"][0]] if commit["parents"] else 0
        assert commit["tokens_total"] == counted[commit["id"]], commit["message"]
        assert commit["tokens_added"] == counted[commit["id"]] - before, commit["message"]


def test_the_total_goes_up_and_down_with_edits_and_skips(ok, store):
    assert ok("log", "--stat", "--oneline", COLUMNS="60") == snapshot("""\
d8008aff  +11  67  █████████   (HEAD -> main) And when will…
f142a47c  -21  56  ███████     (idea) mark 1 entry skip
07fd41a0   +0  77  ██████████  mark 1 entry pinned
9d9a0495   +0  77  ██████████  the right number
e3efd1cb  +13  77  ██████████  It was shipped on Monday wit…
1001d73b  +21  64  ████████    {"state": "shipped", "carrie…
6a7f6844  +16  43  ██████      calls look_up
09d6d65a  +12  27  ████        Where is my order 4711?
ec387dd0  +15  15  ██          You help customers of a book…
""")
    assert ok("log", "--stat", "-n", "2", COLUMNS="80") == snapshot("""\
commit d8008aff (HEAD -> main)
user · human:ada · 2025-11-25 08:18:00 +0000
    And when will it be here?
    +11  67  ████████████████████

commit f142a47c (idea)
mark · human:ada · 2025-11-25 08:16:00 +0000
    mark 1 entry skip
    -21  56  █████████████████
""")


@pytest.mark.parametrize(
    "words",
    [
        ["-n", "0"],
        ["-n", "3"],
        ["--all"],
        ["--no-marks", "-n", "2", "HEAD~1"],
        ["--grep", "order"],
        ["--author", "model"],
    ],
)
def test_figures_are_those_of_the_entries(asked, store, words):
    with Tract.open(store) as t:
        t.switch("idea")
        t.edit("HEAD~3", "Hm.")
        t.user("quiet", priority="skip")
        t.switch("main")
    commits = asked("log", "--stat", *words)["commits"]
    assert commits
    held(commits, totals(store))


def test_entries_that_were_put_in_another_order_or_taken_out(asked, folder):
    with closing(open_store(".tract.db")) as store:
        main = Scribe(store)
        first = main.say("the first words that are said")
        second = main.say("second")
        side = main.fork("side")
        main.mark(second, "skip")
        main.edit(first, None)
        side.at = main.at
        third = side.say("a third one on the side")
        side.edit([first, second, third], "all in one")
        main.at = side.at
        main.arrange([*side.state(), *main.state()], also=[str(side.head())])
        main.say("the end")
    counted = totals(".tract.db")
    for words in (["-n", "0"], ["--all"], ["-n", "1"], ["--graph"]):
        held(asked("log", "--stat", *words)["commits"], counted)


def test_tokens_are_those_of_a_commits_own_content(asked, store):
    commits = asked("log", "--stat")["commits"]
    shown = [asked("show", commit["id"])["commit"]["tokens"] for commit in commits]
    assert [commit["tokens"] for commit in commits] == shown
    assert None in shown


def test_without_stat_there_are_no_figures(asked, store):
    assert "tokens_total" not in asked("log")["commits"][0]
    assert list(asked("log", "--stat")["commits"][0])[-3:] == [
        "tokens",
        "tokens_added",
        "tokens_total",
    ]


def test_beside_a_graph(ok, store):
    ok("switch", "idea")
    ok("commit", "only here", "--author", "human:ada")
    drawn = ok("log", "--stat", "--graph", "--oneline", "--all", "-n", "3", COLUMNS="60")
    assert [line.split()[0] for line in drawn.splitlines()] == ["●", "│", "├─╯", "●", "┆"]
    assert "█" in drawn.splitlines()[0]


def test_nothing_to_show(ok, folder):
    ok("init")
    assert ok("log", "--stat") == ""
    assert ok("log", "--stat", "--graph") == ""


def test_real_conversations_grow_as_their_entries_say(asked, ok, folder, shared_data):
    ok("init")
    words = ("import", str(shared_data / "tau-bench" / "airline_60.json"), "--json")
    tract = asked(*words)["imports"][0]["tracts"][0]
    commits = asked("log", "-t", tract, "--stat", "--all", "-n", "0")["commits"]
    with Tract.open(".tract.db", tract=tract) as t:
        infos = {info.id: info.tokens for info in t.log(None, all=True)}
        assert len(infos) == len(commits)
        for commit in commits[::25]:
            counted = sum(infos[entry.commit] or 0 for entry in t.entries(commit["id"]))
            assert commit["tokens_total"] == counted


def test_an_edit_keeps_the_mark_of_what_it_edits():
    with Tract.open() as t:
        t.user("Hello.")
        long = t.user("word " * 100)
        t.skip(long)
        before = growth(t, t.log(None))[t.log(1)[0].id].total
        t.edit(long, "word " * 200)
        assert growth(t, t.log(None))[t.log(1)[0].id].total == before
