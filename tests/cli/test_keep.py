"""Files in and out, and looking for damage, from the shell."""

import json
import os
import shlex
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from tract import Tract

GOOD = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hello!"}]


@pytest.fixture
def files(folder, ok):
    """A new store, a good file, one with bad records, and one that is none."""
    ok("init")
    Path("chat.json").write_text(json.dumps(GOOD))
    lines = [json.dumps(GOOD[0]), "not json", json.dumps({"role": "robot", "content": "x"})]
    Path("log.jsonl").write_text("\n".join([*lines, json.dumps(GOOD[1])]) + "\n")
    Path("notes.txt").write_text("these are notes")
    return folder


def test_import_and_look_is_all_it_takes(ok, files):
    assert ok("import", "chat.json") == snapshot("""\
chat.json (openai): 1 conversation, 2 messages, 2 new commits
  tract chat
look at it with: tract -t chat log
""")
    assert [line[9:] for line in ok("log", "--oneline").splitlines()] == [
        "(HEAD -> main) Hello!",
        "Hello?",
    ]


def test_importing_again_adds_nothing(asked, files):
    first = asked("import", "chat.json")["imports"][0]
    again = asked("import", "chat.json")["imports"][0]
    assert (first["added"], again["added"]) == (2, 0)
    assert first["branches"] == [{"tract": "chat", "branch": "main"}]


def test_bad_records_are_listed_with_place_and_reason(asked, ok, files):
    shown = ok("import", "log.jsonl")
    assert "2 bad records" in shown
    assert "line 2: " in shown
    assert "line 3: " in shown
    bad = asked("import", "log.jsonl")["imports"][0]["bad"]
    assert [record["place"] for record in bad] == ["line 2", "line 3"]
    assert "robot" in bad[1]["reason"]


def test_strict_imports_nothing_of_a_file_with_a_bad_record(asked, fails, files):
    assert "line 2" in fails("import", "log.jsonl", "--strict")
    assert asked("import", "log.jsonl", "--strict", code=1)["error"]["kind"]
    assert [tract["name"] for tract in asked("tracts")["tracts"]] == ["main"]


def test_a_dry_import_says_what_it_would_add(asked, ok, files):
    found = asked("import", "chat.json", "--dry-run")
    assert (found["dry_run"], found["imports"][0]["added"]) == (True, 2)
    assert "nothing was imported" in ok("import", "chat.json", "--dry-run")
    assert [tract["name"] for tract in asked("tracts")["tracts"]] == ["main"]


def test_the_tract_of_one_conversation_can_be_named(asked, files):
    asked("import", "chat.json", "-t", "support/42")
    assert [e["text"] for e in asked("entries", "-t", "support/42")["entries"]] == [
        "Hello?",
        "Hello!",
    ]


def test_one_bad_file_of_several_does_not_stop_the_others(asked, run, files):
    found = asked("import", "notes.txt", "chat.json", "missing.json", code=1)["imports"]
    assert [one["added"] for one in found] == [0, 2, 0]
    assert [one["error"] is None for one in found] == [False, True, False]
    assert "missing.json" in found[2]["error"]["message"]
    result = run("import", "notes.txt", "chat.json")
    assert (result.exit_code, result.stdout.count("chat.json")) == (1, 1)
    assert result.stderr.startswith("error: ")
    assert "notes.txt" in result.stderr


@pytest.mark.parametrize(
    "words", [("missing.json",), ("notes.txt",), (".",), ("chat.json", "--format", "nope")]
)
def test_what_cannot_be_imported_is_named(asked, fails, files, words):
    fails("import", *words)
    error = asked("import", *words, code=1)["error"]
    assert words[-1] in error["message"] or words[0] in error["message"]
    assert error["kind"] not in ("bug", "system")


def test_import_needs_a_store(asked, folder):
    Path("chat.json").write_text(json.dumps(GOOD))
    assert asked("import", "chat.json", code=1)["error"]["kind"] == "no_store"
    assert asked("import", "chat.json", "--db", "x.db", code=1)["error"]["effect"] == "none"
    assert not Path("x.db").exists()


def test_the_formats_are_listed(asked, ok, folder):
    names = [one["name"] for one in asked("import", "--list")["formats"]]
    assert {"openai", "tau-bench"} <= set(names)
    assert all(name in ok("import", "--list") for name in names)


def test_real_conversations_come_in_and_go_out_as_they_were(asked, run, ok, folder, shared_data):
    source = shared_data / "tau-bench" / "airline_60.json"
    ok("init")
    found = asked("import", str(source))["imports"][0]
    runs = json.loads(source.read_text())
    assert (found["format"], found["conversations"], found["bad"]) == ("tau-bench", len(runs), [])
    assert found["messages"] == sum(len(one["traj"]) for one in runs)
    place = found["branches"][0]
    ok("switch", place["branch"], "-t", place["tract"])
    context = asked("compile", "-t", place["tract"], "--check")["context"]
    assert context["issues"] == []
    out = run("export", "-", "-t", place["tract"]).stdout
    assert json.loads(out) == runs[0]["traj"][: len(json.loads(out))]


# --- export ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["openai", "anthropic", "markdown"])
def test_export_writes_what_the_library_writes(asked, run, ok, store, folder, form):
    told = asked("export", "out", "--format", form)["export"]
    with Tract.open(store) as t:
        wanted = t.export(folder / "wanted", format=form).read_bytes()
    assert Path("out").read_bytes() == wanted
    assert (told["bytes"], told["replaced"], told["text"]) == (len(wanted), False, None)
    assert asked("export", "out", "--format", form, "--force")["export"]["replaced"]
    assert run("export", "-", "--format", form).stdout.encode() == wanted
    assert asked("export", "-", "--format", form)["export"]["text"].encode() == wanted
    assert "over the file that was there" in ok("export", "out", "--format", form, "--force")


def test_an_export_takes_the_place_of_a_file_only_when_told(asked, fails, store, folder):
    Path("notes.md").write_text("mine")
    for words in (("notes.md",), ("notes.md", "--dry-run")):
        said = fails("export", *words)
        assert "notes.md is there already" in said
        assert "--force" in said
        assert asked("export", *words, code=1)["error"]["kind"] == "file_exists"
    assert Path("notes.md").read_text() == "mine"
    assert asked("export", "notes.md", "--force")["export"]["replaced"]
    assert Path("notes.md").read_text() != "mine"


def test_an_export_never_takes_the_place_of_the_store(asked, store):
    assert asked("export", ".tract.db", code=1)["error"]["kind"] == "file_exists"
    assert asked("export", ".tract.db", "--force", code=1)["error"]["kind"] == "invalid_path"
    assert asked("verify")["verify"]["ok"]


def test_export_of_an_earlier_commit(run, store):
    out = json.loads(run("export", "-", "--at", "HEAD~7").stdout)
    assert [message["content"] for message in out][-1] == "Where is my order 4711?"


def test_an_export_that_cannot_be_written_changes_nothing(asked, store, folder):
    Path("kept").mkdir()
    for path in ("kept", "missing/out.json"):
        error = asked("export", path, code=1)["error"]
        assert (error["effect"], error["kind"] in ("bug", "system")) == ("none", False)
    assert list(Path("kept").iterdir()) == []


def test_an_export_never_takes_the_place_of_a_pipe_or_device(asked, store, folder):
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")
    for path in ("pipe", "link"):
        assert asked("export", path, code=1)["error"]["kind"] == "invalid_path"
        assert asked("export", path, "--dry-run", code=1)["error"]["kind"] == "invalid_path"
        assert Path(path).is_fifo()
    assert Path("link").is_symlink()


# --- verify ----------------------------------------------------------------------------------


def test_verify_counts_what_it_checked(asked, ok, store):
    found = asked("verify")["verify"]
    assert (found["ok"], found["commits"], found["problems"]) == (True, 9, [])
    assert "9 commits" in ok("verify")


def test_a_warning_is_shown_and_does_not_fail(asked, ok, store):
    store.chmod(0o644)
    found = asked("verify")["verify"]
    assert found["ok"]
    assert ".tract.db" in found["warnings"][0]["object"]
    assert "warning: file .tract.db" in ok("verify")


def test_a_store_without_tracts_is_whole(asked, folder):
    with Tract.open("x.db"):
        pass
    assert asked("verify", "--db", "x.db")["verify"]["ok"]


def test_what_is_wrong_with_the_machine_is_shown_to_whoever_asks(asked, ok, store):
    warnings = asked("verify")["verify"]["warnings"]
    of_machine = [found for found in warnings if found["object"].startswith("SQLite ")]
    assert "SQLite" not in ok("verify")
    assert ok("verify", "--verbose").count("warning: SQLite ") == len(of_machine)
    store.chmod(0o644)
    assert "warning: file .tract.db" in ok("verify")


def test_import_says_how_to_look_at_what_it_made(ok, process, files):
    Path("my chat.json").write_text(json.dumps(GOOD))
    line = ok("import", "my chat.json", "chat.json").splitlines()[-1]
    words = shlex.split(line.removeprefix("look at it with: tract "))
    assert words == ["-t", "my-chat", "log"]
    assert "Hello!" in ok(*words)
    Path("runs.json").write_text(
        json.dumps([{"task_id": 3, "trial": 1, "reward": 1.0, "info": {}, "traj": GOOD}])
    )
    line = ok("--db", ".tract.db", "import", "runs.json").splitlines()[-1]
    words = shlex.split(line.removeprefix("look at it with: tract "))
    assert words[:4] == ["--db", ".tract.db", "-t", "runs/task-3"]
    assert "Hello!" in ok(*words)


def test_a_commit_that_came_without_a_time_has_none(asked, ok, files):
    timed = [{**GOOD[0], "timestamp": "2025-11-25T08:00:00Z"}, GOOD[1]]
    Path("timed.json").write_text(json.dumps(timed))
    ok("import", "timed.json")
    assert "model \u00b7 no time" in ok("log", "-t", "timed", "-n", "1")
    assert "date      no time" in ok("show", "-t", "timed")
    assert "2025-11-25 08:00:00 +0000" in ok("log", "-t", "timed")
    assert "1970" not in ok("log", "-t", "timed")
    assert asked("log", "-t", "timed")["commits"][0]["at"].startswith("1970-01-01T00:00:00.0")
