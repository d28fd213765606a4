"""`tract log --graph`: branches, merges and roots in the terminal, whatever is left out."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from inline_snapshot import snapshot

from tract import Tract
from tract.store import open_store
from tract.testing import Scribe


def grown(path):
    """A store with a merge of two branches, and a branch of its own root."""
    with closing(open_store(path)) as store:
        main = Scribe(store)
        main.say("system words")
        main.say("question")
        side = main.fork("side")
        main.say("answer")
        side.at = main.at
        side.say("another answer")
        side.say("more of it")
        main.at = side.at
        main.arrange(main.state() + side.state()[2:], also=[str(side.head())])
        main.say("after the merge")
        other = Scribe(store, branch="other")
        other.at = main.at
        other.say("a root of its own")


def test_branches_merges_and_roots_are_drawn(ok, folder):
    grown(".tract.db")
    assert ok("log", "--graph", "--all", "--oneline", COLUMNS="60") == snapshot("""\
● 81c603a4 (other) a root of its own

● 95ec152a (HEAD -> main) after the merge
●─╮ 9d8739f1 merge
● │ 29c7b8f5 answer
│ ● 7b50c9ed (side) more of it
│ ● 9960d539 another answer
├─╯
● ad40af14 question
● 92892ac7 system words
""")
    assert ok("log", "--graph", "--all", COLUMNS="60") == snapshot("""\
● commit 81c603a4 (other)
  user · human:ada · 2023-11-14 22:13:28 +0000
      a root of its own

● commit 95ec152a (HEAD -> main)
│ user · human:ada · 2023-11-14 22:13:27 +0000
│     after the merge
│
●─╮ commit 9d8739f1
│ │ arrange · human:ada · 2023-11-14 22:13:26 +0000
│ │     merge
│ │
● │ commit 29c7b8f5
│ │ user · human:ada · 2023-11-14 22:13:23 +0000
│ │     answer
│ │
│ ● commit 7b50c9ed (side)
│ │ user · human:ada · 2023-11-14 22:13:25 +0000
│ │     more of it
│ │
│ ● commit 9960d539
│ │ user · human:ada · 2023-11-14 22:13:24 +0000
│ │     another answer
│ │
├─╯
● commit ad40af14
│ user · human:ada · 2023-11-14 22:13:21 +0000
│     question
│
● commit 92892ac7
  user · human:ada · 2023-11-14 22:13:20 +0000
      system words
""")


def test_without_all_every_parent_of_head_is_followed(ok, folder):
    grown(".tract.db")
    drawn = ok("log", "--graph", "--oneline")
    assert "more of it" in drawn
    assert "a root of its own" not in drawn
    assert "more of it" not in ok("log", "--oneline")


def test_a_line_is_drawn_as_a_line(ok, store):
    drawn = ok("log", "--graph", "--oneline")
    plain = ok("log", "--oneline")
    assert drawn == "".join(f"● {line}\n" for line in plain.splitlines())


def test_a_graph_that_goes_on_has_open_ends(ok, store):
    assert ok("log", "--graph", "--oneline", "-n", "2") == snapshot("""\
● d8008aff (HEAD -> main) And when will it be here?
● f142a47c (idea) mark 1 entry skip
┆
""")
    assert ok("log", "--graph", "-n", "1") == snapshot("""\
● commit d8008aff (HEAD -> main)
│ user · human:ada · 2025-11-25 08:18:00 +0000
│     And when will it be here?
┆
""")
    assert ok("log", "--graph", "-n", "1", "HEAD~8").splitlines()[-1] == (
        "      You help customers of a bookshop. Be brief."
    )


def test_what_a_filter_leaves_out_is_passed_over(ok, folder):
    grown(".tract.db")
    assert ok("log", "--graph", "--all", "--oneline", "--grep", "answer") == snapshot("""\
● 9960d539 another answer

● 29c7b8f5 answer
""")
    assert ok("log", "--graph", "--oneline", "--grep", "e", "-n", "3") == snapshot("""\
● 95ec152a (HEAD -> main) after the merge
●─╮ 9d8739f1 merge
┆ │
  ● 7b50c9ed (side) more of it
  ┆
""")
    assert ok("log", "--graph", "--grep", "nothing like it") == ""


def test_marks_left_out_do_not_cut_the_line(ok, store):
    drawn = ok("log", "--graph", "--oneline", "--no-marks")
    assert [line[0] for line in drawn.splitlines()] == ["●"] * 7


def test_the_clock_cannot_turn_the_graph_around(ok, folder):
    minutes = iter(range(1_000))

    def backwards():
        return datetime(2025, 11, 25, tzinfo=UTC) - timedelta(minutes=next(minutes))

    with Tract.open(".tract.db", clock=backwards) as t:
        for number in range(3):
            t.user(f"main {number}")
        t.branch("idea", "HEAD~1")
        for number in range(3):
            t.user(f"idea {number}")
    drawn = ok("log", "--graph", "--all", "--oneline")
    order = [line[-6:] for line in drawn.splitlines() if "●" in line]
    assert order == ["main 2", "idea 2", "idea 1", "idea 0", "main 1", "main 0"]


def test_programs_get_what_they_get_without(asked, store):
    assert asked("log", "--graph", "--all") == asked("log", "--all")


def test_ascii_where_the_terminal_has_nothing_else(process, folder):
    grown(".tract.db")
    done = process("log", "--graph", "--all", "--oneline", env={"PYTHONIOENCODING": "ascii"})
    assert [line[:6].rstrip() for line in done.stdout.splitlines()][:6] == snapshot(
        ["* 81c6", "", "* 95ec", "*-\\ 9d", "* | 29", "| * 7b"]
    )
    assert done.stdout.isascii()


def test_lanes_have_colours(run, folder):
    grown(".tract.db")
    seen = run("log", "--graph", "--all", "--oneline", FORCE_COLOR="1", TERM="xterm").stdout
    assert "\x1b[31m●\x1b[0m" in seen
    assert "\x1b[33m─╮\x1b[0m" in seen


def test_many_lanes_leave_room_for_words(ok, folder):
    with closing(open_store(".tract.db")) as store:
        main = Scribe(store)
        start = main.say("start")
        tips = []
        for number in range(40):
            side = main.fork(f"side-{number}")
            side.say(f"on side {number}")
            tips.append(str(side.head()))
            main.at = side.at
        main.arrange(main.state(start.id), also=tips)
    drawn = ok("log", "--graph", "--oneline", "-n", "0", COLUMNS="60")
    assert max(len(line) for line in drawn.splitlines()) <= 60
    assert "merge" in drawn.splitlines()[0]
    assert "…" in drawn.splitlines()[0]


def test_messages_of_several_lines_stay_beside_their_lane(ok, folder):
    with Tract.open(".tract.db", clock=lambda: datetime(2025, 11, 25, 8, tzinfo=UTC)) as t:
        t.user("one", author="human:ada")
        t.user("two", message="first line\nsecond line\x1b[31m", author="human:ada")
    assert [line[2:] for line in ok("log", "--graph").splitlines()][1:4] == snapshot(
        [
            "user · human:ada · 2025-11-25 08:00:00 +0000",
            "    first line",
            "    second line\\x1b[31m",
        ]
    )
