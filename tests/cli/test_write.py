"""Writing from the shell: messages from arguments, pipes, files and the editor, marks and moves."""

import json
import stat

import click
import pytest

from tract import Tract
from tract.cli import root


def texts():
    with Tract.open(".tract.db", create=False) as t:
        return [entry.text for entry in t.entries()]


def last():
    with Tract.open(".tract.db", create=False) as t:
        return t.show("HEAD")


# --- making a store --------------------------------------------------------------------------


def test_init_makes_a_store_that_only_its_owner_can_read(asked, folder):
    made = asked("init")["store"]
    assert made == {
        "location": str(folder / ".tract.db"),
        "created": True,
        "tract": "main",
        "tract_created": True,
    }
    assert stat.S_IMODE((folder / ".tract.db").stat().st_mode) == 0o600


def test_init_twice_changes_nothing(asked, ok, folder):
    asked("init")
    ok("commit", "hello")
    again = asked("init")["store"]
    assert (again["created"], again["tract_created"]) == (False, False)
    assert texts() == ["hello"]
    assert "nothing to do" in ok("init")


def test_init_makes_further_tracts(asked, ok, folder):
    asked("init")
    assert asked("init", "--tract", "planner")["store"]["tract_created"]
    ok("commit", "plan", "-t", "planner")
    assert [entry["text"] for entry in asked("entries", "-t", "planner")["entries"]] == ["plan"]


def test_init_in_a_folder_or_at_a_path(asked, folder, monkeypatch):
    (folder / "inside").mkdir()
    assert asked("init", "inside")["store"]["location"].endswith("inside/.tract.db")
    assert asked("init", "other.db")["store"]["location"] == "other.db"
    assert asked("--db", "third.db", "init")["store"]["location"] == "third.db"
    monkeypatch.setenv("TRACT_DB", "fourth.db")
    assert asked("init")["store"]["location"] == "fourth.db"
    for name in ("inside/.tract.db", "other.db", "third.db", "fourth.db"):
        assert (folder / name).is_file()


def test_an_empty_file_becomes_a_store(asked, ok, fails, folder):
    (folder / "empty").touch()
    assert "`tract init empty`" in fails("--db", "empty", "log")
    assert asked("init", "empty", "--dry-run")["store"]["created"]
    assert (folder / "empty").stat().st_size == 0
    assert asked("init", "empty")["store"]["created"]
    ok("--db", "empty", "commit", "hello")
    assert not asked("init", "empty")["store"]["created"]
    (folder / "url").touch()
    assert asked("init", "sqlite:///url")["store"]["created"]


def test_init_says_that_a_name_is_a_file(ok, folder):
    assert "a file called notes" in " ".join(ok("init", "--help").split())
    ok("init", "notes")
    assert (folder / "notes").is_file()


def test_a_dry_init_makes_no_file(asked, ok, fails, folder):
    assert asked("init", "--dry-run")["store"]["created"]
    assert ok("init", "--dry-run").startswith("would make the store ")
    assert "a..b" in fails("init", "--dry-run", "--tract", "a..b")
    assert list(folder.iterdir()) == []


def test_the_nearest_store_upwards_is_found(ok, folder, monkeypatch):
    ok("init")
    ok("commit", "above")
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert "above" in ok("log", "--oneline")
    ok("init")
    assert ok("log") == ""


# --- which tract -----------------------------------------------------------------------------


def test_the_only_tract_with_commits_is_meant(asked, ok, folder):
    ok("init")
    ok("init", "--tract", "planner")
    ok("commit", "plan", "-t", "planner")
    assert asked("status")["status"]["tract"] == "planner"
    ok("commit", "talk", "-t", "main")
    assert asked("status")["status"]["tract"] == "main"


def test_of_several_tracts_none_called_main_one_has_to_be_named(ok, run, asked, folder):
    for name in ("planner", "critic"):
        ok("init", "--tract", name)
        ok("commit", "hello", "-t", name)
    for words in (("status",), ("commit", "hello")):
        error = asked(*words, code=2)["error"]
        assert error["kind"] == "which_tract"
        assert "-t NAME: planner, critic" in error["hint"]
    assert [tract["default"] for tract in asked("tracts")["tracts"]] == [False, False]
    assert "planner" in ok("tracts")


@pytest.fixture
def imported(ok, folder):
    """A store with an empty main and two conversations beside it."""
    ok("init")
    (folder / "chat.json").write_text('[{"role": "user", "content": "Hello?"}]')
    (folder / "log.json").write_text('[{"role": "user", "content": "Who?"}]')
    ok("import", "chat.json")
    assert ok("commit", "into the chat").startswith("[chat/main ")
    ok("import", "log.json")


WRITES = [
    ("commit", "hi"),
    ("edit", "HEAD", "hi"),
    ("pin", "HEAD"),
    ("skip", "HEAD"),
    ("unmark", "HEAD"),
    ("annotate", "HEAD", "--priority", "skip"),
    ("branch", "idea"),
    ("switch", "idea"),
    ("reset", "HEAD"),
    ("commit", "hi", "--dry-run"),
]


@pytest.mark.parametrize("words", WRITES, ids=" ".join)
def test_nothing_is_written_to_a_tract_that_may_not_be_meant(asked, fails, imported, words):
    said = fails(*words, code=2)
    assert said == (
        "error: main is empty, and 2 other tracts are in use\n"
        "hint: Say which with -t NAME: chat, log, main.\n"
    )
    assert asked(*words, code=2)["error"]["kind"] == "which_tract"
    assert [tract["commits"] for tract in asked("tracts")["tracts"]] == [0, 2, 1]
    asked("commit", "hi", "-t", "main")
    asked("commit", "hi")
    assert [tract["commits"] for tract in asked("tracts")["tracts"]] == [2, 2, 1]


@pytest.mark.parametrize("words", [("log",), ("entries",), ("compile",), ("branch",)], ids=str)
def test_who_looks_at_an_empty_tract_is_told_of_the_others(asked, ok, run, imported, words):
    result = run(*words)
    assert result.exit_code == 0
    assert result.stderr == (
        "note: nothing committed in main yet; other tracts: chat, log; name one with -t\n"
    )
    assert "2 more tracts are in the store" in ok("status")
    asked(*words)
    ok(*words, "-t", "main")


def test_what_is_written_says_where_it_is(ok, store):
    ok("init", "--tract", "planner")
    assert ok("commit", "plan", "-t", "planner").startswith("[planner/main ")
    assert ok("pin", "HEAD", "-t", "planner").startswith("[planner/main ")
    assert ok("branch", "idea", "-t", "planner").startswith("[planner] made branch idea at ")
    assert ok("edit", "HEAD~1", "x", "-t", "planner", "--dry-run").startswith(
        "[planner/idea, dry run] "
    )
    assert ok("switch", "main", "-t", "planner").startswith("[planner] on branch main at ")
    assert ok("reset", "HEAD~1", "-t", "planner").startswith("[planner] branch main is at ")


# --- committing ------------------------------------------------------------------------------


def test_commit_takes_its_text_from_where_it_is(ok, folder):
    ok("init")
    (folder / "note.txt").write_bytes(b"line one\nline two\n")
    ok("commit", "from the arguments")
    ok("commit", "-", text="from a pipe\n")
    ok("commit", "--file", "note.txt")
    ok("commit", "--file", "-", text="windows\r\n")
    ok("commit", "-", text="two line ends\n\n")
    ok("commit", "")
    assert texts() == [
        "from the arguments",
        "from a pipe",
        "line one\nline two",
        "windows",
        "two line ends\n",
        "",
    ]


def test_commit_says_who_speaks_and_what_it_is(ok, asked, folder):
    ok("init")
    ok("commit", "Be brief.", "--role", "system")
    ok("commit", "Hi.", "--role", "user", "--name", "bob")
    ok("commit", "42", "--role", "tool", "--call-id", "c1", "--name", "add")
    asked("commit", "Hello.", "--role", "assistant", "-m", "greets", "--tag", "a", "--tag", "b",
          "--priority", "important", "--author", "agent:planner")  # fmt: skip
    shown = last()
    assert str(shown.info.author) == "agent:planner"
    assert (shown.info.message, shown.info.tags) == ("greets", ("a", "b"))
    entries = asked("entries")["entries"]
    assert [entry["role"] for entry in entries] == ["system", "user", "tool", "assistant"]
    assert [entry["priority"] for entry in entries] == ["pinned", "normal", "normal", "important"]
    assert entries[2]["status"] == "left_out"


def test_the_author_is_who_sits_here(ok, folder):
    ok("init")
    ok("commit", "hello")
    assert str(last().info.author) == "human:ada"


def test_commit_takes_a_message_of_a_provider(ok, folder):
    ok("init")
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    ok("commit", "--json-message", "-", text=json.dumps(message))
    (folder / "m.json").write_text('{"role": "user", "content": "hello"}')
    ok("commit", "--json-message", "m.json", "-m", "from a file")
    with Tract.open(".tract.db") as t:
        assert t.compile(on_invalid="keep").to_openai()["messages"][0] == message
    assert last().info.message == "from a file"


def test_a_message_of_several_contents_is_as_many_commits(asked, ok, run, folder):
    ok("init")
    calls = [{"type": "tool_use", "id": id, "name": "look", "input": {}} for id in "ab"]
    results = [{"type": "tool_result", "tool_use_id": id, "content": f"seen {id}"} for id in "ab"]
    ok("commit", "--json-message", "-", text=json.dumps({"role": "assistant", "content": calls}))
    message = json.dumps({"role": "user", "content": results})
    said = asked("commit", "--json-message", "-", "--dry-run", text=message)
    assert (len(said["commits"]), said["dry_run"]) == (2, True)
    assert len(texts()) == 1
    refused = run("commit", "--json-message", "-", "-m", "one line for two", text=message)
    assert (refused.exit_code, len(texts())) == (2, 1)
    lines = ok("commit", "--json-message", "-", text=message).splitlines()
    assert [line.split("] ")[1] for line in lines] == ["tool: seen a", "tool: seen b"]
    assert texts()[1:] == ["seen a", "seen b"]
    assert "seen b" in run("compile", "--format", "anthropic").stdout


def test_an_import_of_bad_records_only_fails(run, ok, folder):
    ok("init")
    (folder / "none.json").write_text("[]")
    (folder / "some.jsonl").write_text('{"role": "user", "content": "hi"}\n{"role": "robot"}\n')
    assert run("import", "none.json").exit_code == 1
    assert run("import", "some.jsonl").exit_code == 0


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ((), "usage"),
        (("a", "--file", "b"), "usage"),
        (("a", "--role", "tool"), "usage"),
        (("a", "--call-id", "c1"), "usage"),
        (("a", "--json-message", "-"), "usage"),
        (("a", "--role", "robot"), "usage"),
        (("--file", "missing.txt"), "unknown_file"),
        (("--file", "."), "unreadable_file"),
        (("--file", "a\0b"), "unreadable_file"),
        (("-",), "not_utf8"),
        (("--json-message", "-"), "not_utf8"),
        (("a", "--author", "robot\ud800"), "lone_surrogate"),
    ],
)
def test_what_cannot_be_committed_is_said_and_changes_nothing(asked, ok, folder, words, kind):
    ok("init")
    code = 2 if kind == "usage" else 1
    error = asked("commit", *words, code=code, text=b"\xff\xfe")["error"]
    assert error["kind"] == kind
    assert error["effect"] == "none"
    assert texts() == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{", "not_json"),
        ("[1]", "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"role": "robot", "content": "hi"}', None),
        ('{"content": "hi"}', None),
        ('{"role": "user", "content": "\\ud800"}', None),
        ('{"role": "user", "content": 7}', None),
    ],
)
def test_a_message_that_is_none_is_refused(asked, ok, folder, text, kind):
    ok("init")
    error = asked("commit", "--json-message", "-", code=1, text=text)["error"]
    assert kind in (None, error["kind"])
    assert error["effect"] == "none"
    assert error["kind"] not in ("bug", "usage")
    assert texts() == []


# --- editing ---------------------------------------------------------------------------------


def test_edit_keeps_all_but_the_text(ok, asked, store):
    ok("edit", "HEAD~7", "Where is my order 4713?", "-m", "again")
    ok("edit", "HEAD", "-", text="Where is my order 4714?\n")
    entry = asked("entries")["entries"][1]
    assert (entry["text"], entry["priority"]) == ("Where is my order 4714?", "pinned")
    assert [c["message"] for c in asked("log", "-n", "2")["commits"]][1] == "again"


def test_edit_without_a_text_wants_one_where_nobody_can_be_asked(fails, store):
    said = fails("edit", "HEAD", code=2)
    assert "no terminal" in said
    assert "give a TEXT, - for standard input, or --file" in said


def test_an_entry_that_is_not_there_cannot_be_edited(asked, store):
    error = asked("edit", "HEAD~2", "new", code=1)["error"]
    assert error["kind"] == "missing_entry"
    assert "9d9a0495" in error["hint"]


# --- marking ---------------------------------------------------------------------------------


def test_marks_of_several_entries_are_one_commit(ok, asked, store):
    ok("annotate", "HEAD", "HEAD~4", "--priority", "important", "--label", "x", "--reason", "y")
    shown = asked("show")["commit"]
    assert [mark["priority"] for mark in shown["marks"].values()] == ["important"] * 2
    assert shown["reason"] == "y"
    ok("unmark", "HEAD~1", "HEAD~5")
    assert [entry["priority"] for entry in asked("entries")["entries"]][-2:] == ["normal"] * 2


def test_skip_hides_a_whole_exchange_and_pin_wins(ok, asked, store):
    assert [entry["status"] for entry in asked("entries")["entries"]][2:4] == ["skipped"] * 2
    ok("pin", "6a7f6844")
    assert [entry["status"] for entry in asked("entries")["entries"]][2:4] == ["shown"] * 2


# --- moving ----------------------------------------------------------------------------------


def test_the_next_command_goes_on_where_the_last_one_left(ok, asked, process, store):
    ok("switch", "idea")
    assert "idea" in process("branch").stdout
    ok("commit", "on the idea")
    assert asked("status")["status"]["branch"] == "idea"
    ok("branch", "second", "--at", "HEAD~2")
    assert [b["name"] for b in asked("branch")["branches"] if b["current"]] == ["second"]
    ok("branch", "third", "--no-switch")
    assert asked("status")["status"]["branch"] == "second"


def test_reset_moves_the_branch_and_says_from_where(ok, asked, store):
    gone = asked("reset", "HEAD~1")["reset"]
    assert (gone["branch"], gone["mode"]) == ("main", "soft")
    assert gone["before"].startswith("d8008aff")
    assert asked("status")["status"]["head"] == gone["after"]
    assert "was at" in ok("reset", "d8008aff", "--mode", "hard")


def test_branch_options_want_a_name(fails, store):
    assert "NAME" in fails("branch", "--no-switch", code=2)


# --- dry runs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("commit", "hello"),
        ("edit", "HEAD", "hello"),
        ("annotate", "HEAD", "--priority", "pinned"),
        ("pin", "HEAD"),
        ("skip", "HEAD"),
        ("unmark", "HEAD"),
        ("reset", "HEAD~3"),
        ("branch", "new"),
        ("switch", "idea"),
        ("import", "chat.json"),
        ("export", "out.json"),
        ("init", "--tract", "new"),
    ],
    ids=lambda words: words[0],
)
def test_a_dry_run_says_what_it_would_do_and_changes_nothing(asked, ok, folder, store, words):
    (folder / "chat.json").write_text('[{"role": "user", "content": "hello"}]')

    def everything():
        with Tract.open(store) as t:
            log = [info.id for info in t.log(None, all=True)]
            return log, t.branches.list(), t.current_branch, asked("tracts")

    before = everything()
    files = {path.name for path in folder.iterdir()}
    assert asked(*words, "--dry-run")["dry_run"] is True
    assert any(word in ok(*words, "--dry-run") for word in ("dry run", "would"))
    assert everything() == before
    assert {path.name for path in folder.iterdir()} == files
    assert asked(*words)["dry_run"] is False


def test_every_command_that_changes_something_has_a_dry_run():
    looks = {"demo", "status", "log", "show", "entries", "compile", "tracts", "verify"}
    context = click.Context(root)
    for name in set(root.list_commands(context)) - looks:
        command = root.get_command(context, name)
        assert command is not None
        options = [option for param in command.params for option in param.opts]
        assert "--dry-run" in options, name


def test_a_dry_run_fails_where_the_real_call_would(asked, store):
    assert asked("branch", "idea", "--dry-run", code=1)["error"]["kind"] == "branch_exists"
    assert asked("edit", "HEAD~1", "x", "--dry-run", code=1)["error"]["kind"] == "missing_entry"


def test_a_dry_commit_has_no_id(asked, store):
    assert asked("commit", "hello", "--dry-run")["commit"]["id"] is None
