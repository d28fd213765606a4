"""How commands fail: one line, a hint, the right exit code, one JSON object, never a traceback."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tract import Tract
from tract.cli import _hints, root


def flip(path, table, column):
    """Change one byte of a stored value, as a failing disk would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (value,) = connection.execute(f"select {column} from {table} limit 1").fetchone()
        if isinstance(value, int):
            other = value ^ 1
        else:
            other = value[:5] + bytes([value[5] ^ 1]) + value[6:]
        connection.execute(f"update {table} set {column} = ? where {column} = ?", (other, value))


# --- the store -------------------------------------------------------------------------------


def test_no_store_here_says_how_to_make_one(fails, asked, folder):
    said = fails("log")
    assert "tract init" in said
    assert asked("log", code=1)["error"]["kind"] == "no_store"


@pytest.mark.parametrize("name", ["missing.db", "missing/folder.db"])
def test_a_store_that_is_not_there_is_not_made(fails, folder, name):
    assert "missing" in fails("log", "--db", name)
    assert "missing" in fails("commit", "hello", "--db", name)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_store_is_left_alone(asked, folder):
    (folder / "notes.txt").write_text("these are notes, not a store\n" * 100)
    error = asked("log", "--db", "notes.txt", code=1)["error"]
    assert error["kind"] == "not_a_store"
    assert "notes.txt" in error["message"]
    error = asked("init", "notes.txt", code=1)["error"]
    assert error["kind"] == "not_a_store"
    assert (folder / "notes.txt").read_text() == "these are notes, not a store\n" * 100


@pytest.mark.parametrize("location", ["postgresql://host/db", "", ".", ":memory:"])
def test_a_location_that_cannot_be_used_is_named(fails, store, location):
    fails("log", "--db", location)


def test_an_unknown_tract_is_named_with_those_that_there_are(asked, store):
    error = asked("log", "-t", "nobody", code=1)["error"]
    assert error["kind"] == "unknown_tract"
    assert "main" in error["hint"]


def test_a_locked_store_is_retryable(asked, store, monkeypatch):
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("begin immediate")
        error = asked("pin", "HEAD", code=1)["error"]
    assert (error["kind"], error["effect"], error["retryable"]) == ("store_busy", "none", True)
    asked("pin", "HEAD")


def test_a_damaged_store_is_found_and_named(asked, fails, run, store):
    assert asked("verify")["verify"]["ok"] is True
    flip(store, "blobs", "data")
    report = asked("verify", code=1)["verify"]
    assert report["ok"] is False
    assert "blob" in report["problems"][0]["object"]
    result = run("verify")
    assert result.exit_code == 1
    assert "damaged: blob" in result.stdout
    assert asked("compile", code=1)["error"]["kind"] == "corrupt"


@pytest.mark.parametrize("table", ["tracts", "refs"])
def test_damage_that_keeps_a_tract_from_opening_is_named_too(run, asked, store, table):
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    flip(store, table, "seal" if "seal" in columns else columns[-1])
    report = asked("verify", code=1)["verify"]
    assert report["problems"][0]["object"]
    assert asked("log", code=1)["error"]["kind"] == "corrupt"


def as_nobody(work):
    """What `work` gives when a user does it who may not write here."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            os.write(into, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return json.loads(text)


def test_a_read_only_store_can_be_read_and_not_written(run, folder):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "kept.db")
        run("init", str(path))
        run("--db", str(path), "commit", "hello")
        calls = [["log", "--oneline"], ["--json", "commit", "more"]]
        for words in calls:  # the modules are loaded while they can be read
            run("--db", str(path), "--no-color", *words)
        path.chmod(0o444)
        Path(name).chmod(0o555)
        log, refused = as_nobody(lambda: [run("--db", str(path), *words).stdout for words in calls])
        Path(name).chmod(0o755)
        assert "hello" in log
        assert json.loads(refused)["error"]["kind"] == "read_only"


# --- targets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("nothing", "unknown_target"),
        ("ffffffff", "unknown_target"),
        ("HEAD~99", "unknown_target"),
        ("", "invalid_target"),
        ("@{x", "invalid_target"),
        ("a\nb", "unknown_target"),
    ],
)
def test_a_target_that_means_nothing_is_named(asked, fails, store, target, kind):
    assert asked("show", "--", target, code=1)["error"]["kind"] == kind
    fails("show", "--", target)


def test_a_prefix_of_several_commits_lists_them(asked, folder):
    with Tract.open(".tract.db") as t, t.batch():
        for number in range(1500):
            t.user(str(number))
    with Tract.open(".tract.db") as t:
        ids = sorted(info.id for info in t.log(None))
    prefix = next(a[:4] for a, b in pairwise(ids) if a[:4] == b[:4])
    error = asked("show", prefix, code=1)["error"]
    assert error["kind"] == "ambiguous_ref"
    assert error["message"].count(prefix) >= 3


# --- hints ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("switch", "nope"), "There are: idea, main. `tract branch nope` makes it."),
        (("switch", "a$b"), "There are: idea, main. `tract branch 'a$b'` makes it."),
        (("log", "--branch", "nope"), "There are: idea, main."),
        (("branch", "idea"), "`tract switch idea` stands on it; or choose another name."),
        (("--db", "nope.db", "log"), "`tract init nope.db`"),
        (("-t", "nope", "log"), "There are: main. `tract init --tract nope` makes it."),
        (("show", "HEAD~99"), "`tract log --all --oneline` lists the commits."),
        (("show", "ffffffff"), "`tract log --all --oneline` lists the commits."),
        (("import", "x.json"), "--format"),
        (("import", "x.txt"), "--format"),
        (("import", "missing.json"), "Check the path"),
        (("commit", "--file", "missing.txt"), "Check the path"),
        (("compile", "--budget", "1", "--overflow", "drop"), "`tract skip`"),
        (("compile", "--budget", "1", "--overflow", "error"), "raise --budget"),
        (("branch", "x" * 300), "shorter name"),
        (("commit", "\ud83d"), "cut it elsewhere"),
        (("commit", "--json-message", "unknown.json"), "dialogue"),
        (("commit", "--json-message", "x.txt"), '{"role": "user", "content": "Hello"}'),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, tuple) else "",
)
def test_hints_are_for_a_shell(asked, folder, store, words, hint):
    Path("x.json").write_text('{"x": 1}')
    Path("x.txt").write_text("these are notes")
    Path("unknown.json").write_text('{"content_type": "acme.ticket"}')
    said = asked(*words, code=1)["error"]["hint"]
    assert hint in said
    assert not re.search(r"\w\(|\w=|_|compress|unpin", said)


def test_a_locked_store_hints_at_trying_again(asked, store):
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert asked("pin", "HEAD", code=1)["error"]["hint"] == "Try again in a moment."


def test_hints_name_commands_that_there_are():
    known = set(root.list_commands(click.Context(root)))
    for words in (*_hints._WORDS.values(), *_hints._WORDS_FOR_PYTHON.values()):
        assert set(re.findall(r"`tract ([\w-]+)", words)) <= known


def test_a_demo_that_cannot_be_kept_here_says_why(run, folder):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        run("demo")  # the modules are loaded while they can be read
        words = ["demo", "--keep", f"{name}/k.db", "--json"]
        error = json.loads(as_nobody(lambda: run(*words).stdout))["error"]
        Path(name).chmod(0o755)
    assert error["kind"] == "read_only"
    assert "k.db" in error["message"]
    assert "permissions" in error["hint"]
    result = run("demo", "--keep", "missing/k.db", "--json")
    assert json.loads(result.stdout)["error"]["kind"] == "folder_not_found"


# --- the command line ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lgo",), "did you mean log?"),
        (("xyzzy",), "there is no command 'xyzzy'"),
        (("log", "--onelin"), "--oneline"),
        (("log", "-n", "many"), "many"),
        (("log", "HEAD", "--all"), "not two of them"),
        (("log", "a", "b"), "unexpected extra argument"),
        (("annotate", "HEAD"), "--priority"),
        (("pin",), "TARGET"),
        (("import",), "FILE"),
        (("init", "here", "--db", "there"), "PATH or --db"),
        (("switch",), "NAME"),
        (("compile", "--overflow", "drop"), "--overflow wants a --budget"),
        (("compile", "--format", "gemini"), "gemini"),
        (("show", "\x1b[31mred", "more"), "more"),
        (("\x1b[31mred",), "\\x1b[31mred"),
    ],
)
def test_a_command_line_that_cannot_be_understood(fails, asked, store, words, said):
    assert said in fails(*words, code=2)


def test_a_usage_error_is_json_wherever_json_was_asked_for(run, store):
    for words in (("--json", "log", "--nope"), ("log", "--nope", "--json"), ("nope", "--json")):
        result = run(*words)
        assert (result.exit_code, result.stderr) == (2, "")
        assert json.loads(result.stdout)["error"]["kind"] == "usage"
    result = run("nope", "--", "--json")
    assert (result.exit_code, result.stdout) == (2, "")


def test_json_may_stand_before_or_after_the_command(run, store):
    assert run("--json", "log").stdout == run("log", "--json").stdout


@pytest.mark.parametrize("time", ["yesterday", "2025-13-01", "0001-01-01T00:00+23:00", "", "\x1b"])
def test_a_time_that_is_none_is_named(asked, store, time):
    assert asked("log", "--since", time, code=1)["error"]["kind"] == "invalid_time"


# --- what nobody expects ---------------------------------------------------------------------


def broken(monkeypatch, error):
    def log(*_, **__):
        raise error

    monkeypatch.setattr(Tract, "log", log)


def test_a_bug_is_one_line_that_says_so(fails, run, store, monkeypatch):
    broken(monkeypatch, RuntimeError("two\nlines \x1b[31m"))
    said = fails("log")
    assert "this is a bug in tract" in said
    assert "RuntimeError: two lines \\x1b[31m" in said
    assert "TRACT_DEBUG=1" in said
    monkeypatch.setenv("TRACT_DEBUG", "1")
    result = CliRunner().invoke(root, ["log"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert "\x1b" not in result.stderr


def test_an_interrupt_is_one_line(run, store, monkeypatch):
    broken(monkeypatch, KeyboardInterrupt())
    result = run("log")
    assert result.exit_code == 130
    assert result.stderr.strip() == "error: interrupted"


def test_an_interrupted_process_leaves_no_traceback(store, folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "tract.cli", "commit", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write("hello")
    process.stdin.flush()
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.strip()) == (130, "", "error: interrupted")


def test_a_reader_that_goes_away_ends_it_quietly(folder):
    with Tract.open(".tract.db") as t, t.batch():
        for number in range(3000):
            t.user(f"message {number}")
    command = f"{sys.executable} -m tract.cli log --oneline -n 0 | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_an_output_that_takes_nothing_is_one_line(store):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    for words in (["log"], ["log", "--json"], ["show", "nothing", "--json"], ["--help"]):
        with full.open("w") as out:
            done = subprocess.run(
                [sys.executable, "-m", "tract.cli", *words],
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_a_write_whose_answer_is_lost_is_not_told_as_a_failure(store):
    """Who believed it would do it twice."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    Path("chat.json").write_text('[{"role": "user", "content": "from a file"}]')
    for words in (
        ["commit", "one more"],
        ["commit", "another", "--json"],
        ["pin", "HEAD"],
        ["reset", "HEAD~1"],
        ["branch", "plan"],
        ["switch", "main"],
        ["import", "chat.json"],
        ["init", "--tract", "planner"],
    ):
        with full.open("w") as out:
            done = subprocess.run(
                [sys.executable, "-m", "tract.cli", "--tract", "main", *words]
                if words[0] not in ("import", "init")
                else [sys.executable, "-m", "tract.cli", *words],
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == 0, words
        assert done.stderr.startswith("note: done, but the answer could not be written"), words
    with Tract.open(".tract.db", tract="main") as t:
        assert [info.message for info in t.log(2)] == ["another", "one more"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_output_is_no_error(store, closed):
    command = f"{sys.executable} -W error -m tract.cli"
    for words, code in (("log", 0), ("log --json", 0), ("commit hello", 0), ("show nothing", 1)):
        done = subprocess.run(
            f"{command} {words} {closed}", shell=True, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert "Traceback" not in done.stdout + done.stderr
    with Tract.open(store) as t:
        assert t.entries()[-1].text == "hello"
        assert t.verify().ok


def test_a_closed_input_is_not_an_empty_text(store):
    for words, code in (("commit -", 1), ("edit HEAD -", 1), ("edit HEAD", 2)):
        done = subprocess.run(
            f"{sys.executable} -m tract.cli {words} <&-",
            shell=True,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr[:7]) == (code, "error: ")
    with Tract.open(store) as t:
        assert t.entries()[-1].text == "And when will it be here?"


def test_a_deleted_working_folder_is_one_line(store, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone}; {sys.executable} -m tract.cli log"
    done = subprocess.run(
        command, shell=True, cwd=gone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_every_command_fails_in_json_with_the_promised_fields(asked, folder):
    for name in root.list_commands(click.Context(root)):
        if name in ("init", "demo", "import"):
            continue
        words = {"commit": ["x"], "annotate": ["HEAD", "--priority", "skip"], "export": ["x"]}
        targets = {name: ["HEAD"] for name in ("edit", "pin", "skip", "unmark", "reset", "switch")}
        more = {**words, **targets}.get(name, [])
        more = [*more, "new text"] if name == "edit" else more
        error = asked(name, *more, code=1)["error"]
        assert error["kind"] == "no_store", name
