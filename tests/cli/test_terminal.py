"""On a terminal: colours, the pager, the editor and the progress bar; and nothing that steers it.

Contents come from models, tools and the web. Whatever they hold, what a command prints is text:
no escape sequence, no reading direction, no markup of the library that paints it.
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tract import Tract
from tract.errors import printable

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://x\x1b\\link",
    "\x9b31mred \x90dcs\x9c",
    "user\u202egnp.exe \u2066isolated\u2069 \u200b\u200f\ufeff",
    "[bold]markup[/] [/] [link=http://x]y[/link] [red",
    "nul \0 bell \a back \b delete \x7f",
    "carriage\rreturn \u2028line \u2029paragraph \x85next",
    ":smile: {braces} %s %(x)s \\x1b",
)
COLOURED = {"FORCE_COLOR": "1", "TERM": "xterm"}
SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def hostile(folder):
    """A store where everything that can be text is hostile."""
    with Tract.open(".tract.db", author="human:\x1b[31mada") as t:
        for text in HOSTILE:
            c = t.user(text, name=text, message=text, tags=[text], metadata={text: text})
            t.annotate(c, "important", reason=text, retain=text, labels=[text])
            t.assistant(text, tool_calls=[{"id": text, "name": text, "arguments": text}])
            t.tool_result(text, text, name=text)
    return folder


LOOKS = [
    ("log", "-n", "0"),
    ("log", "--oneline", "-n", "0"),
    ("status", "--budget", "100"),
    ("entries",),
    ("compile",),
    ("compile", "--explain"),
    ("compile", "--check"),
    ("compile", "--format", "openai"),
    ("compile", "--format", "plain"),
    ("branch",),
    ("tracts",),
    ("verify",),
]


@pytest.mark.parametrize("environment", [{}, {"COLUMNS": "40"}, COLOURED], ids=str)
def test_no_content_steers_the_terminal(run, hostile, environment):
    for words in [*LOOKS, *(("show", f"HEAD~{n}") for n in range(27))]:
        out = run(*words, **environment).stdout
        assert out
        if environment is COLOURED:
            out = SEQUENCE.sub("", out)
        assert printable(out, limit=None, lines=True) == out, words
        assert "\t" not in out


def test_markup_in_contents_is_shown_as_it_is(ok, hostile):
    shown = ok("compile")
    assert "[bold]markup[/] [/] [link=http://x]y[/link] [red" in shown
    assert ":smile: {braces} %s %(x)s \\x1b" in shown
    assert "\\x1b[31mred\\x1b[0m" in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_error_texts_are_shown_escaped(run, fails, store, text):
    for words in (
        ("show", "--", text),
        ("switch", "--", text),
        ("branch", "--", text),
        ("log", "-t", text),
        ("log", "--branch", text),
        ("import", "--", text),
        ("commit", "--file", text),
        ("--db", text, "log"),
    ):
        result = run(*words)
        assert result.exit_code == 1
        assert printable(result.stderr, limit=None, lines=True) == result.stderr
        assert len(result.stderr.splitlines()) <= 2


def test_json_is_exact_and_safe_to_look_at(run, hostile):
    out = run("log", "-n", "0", "--json").stdout
    assert printable(out, limit=None, lines=True) == out
    messages = [commit["message"] for commit in json.loads(out)["commits"]]
    assert set(HOSTILE) <= set(messages)
    out = run("compile", "--json").stdout
    assert printable(out, limit=None, lines=True) == out
    texts = [message["content"] for message in json.loads(out)["context"]["messages"]]
    assert texts[::3] == list(HOSTILE)


def test_letters_of_all_languages_stay_letters(ok, folder):
    ok("init")
    text = "Grüße, 日本語, emoji 🎉, עברית"
    ok("commit", text)
    assert text in ok("compile")
    assert text in ok("log", "--json")


def test_an_output_without_unicode_gets_escapes(folder, ok):
    ok("init")
    ok("commit", "Grüße \N{PARTY POPPER}")
    latin = {**os.environ, "PYTHONIOENCODING": "latin-1", "COLUMNS": "60"}

    def seen(*words):
        command = [sys.executable, "-W", "error", "-m", "tract.cli", *words]
        done = subprocess.run(command, env=latin, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode("latin-1")

    assert "Grüße \\U0001f389" in seen("compile")
    assert "[###" in seen("status", "--budget", "100")
    assert "human:ada - 20" in seen("log")
    assert json.loads(seen("log", "--json"))["commits"][0]["message"] == "Grüße \N{PARTY POPPER}"


# --- a real terminal -------------------------------------------------------------------------


def terminal(*words, rows=24, columns=80, **environment):
    """What a terminal gets to see of a command, and the exit code."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "tract.cli", *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", **environment},
        close_fds=True,
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        seen += data
    os.close(master)
    return seen.decode().replace("\r\n", "\n"), process.wait(timeout=60)


def test_colours_are_for_terminals_that_want_them(store, ok, run):
    assert "\x1b[" in terminal("log", "-n", "2")[0]
    assert "\x1b[" in terminal("show", "nothing")[0]
    for words, environment in (
        (("log", "-n", "2"), {"NO_COLOR": "1"}),
        (("show", "nothing", "--no-color"), {}),
        (("show", "nothing"), {"TERM": "dumb"}),
    ):
        assert "\x1b[" not in terminal(*words, **environment)[0]
    assert "\x1b[" not in ok("log")
    assert "\x1b[" in run("log", FORCE_COLOR="1", TERM="xterm").stdout
    assert "\x1b[" not in run("log", FORCE_COLOR="1", NO_COLOR="1", TERM="xterm").stdout


def test_lines_are_cut_to_the_terminal(store):
    for columns in (40, 100):
        seen, code = terminal("entries", "--no-color", columns=columns)
        assert code == 0
        assert max(len(line) for line in seen.splitlines()) <= columns


def test_a_pager_for_what_is_longer_than_the_terminal(store):
    pager = {"PAGER": "sed s/^/paged:/"}
    seen, _ = terminal("log", "--no-color", rows=10, **pager)
    assert all(line.startswith("paged:") for line in seen.rstrip("\n").splitlines())
    assert "paged:" not in terminal("log", "-n", "1", rows=10, **pager)[0]
    assert "paged:" not in terminal("log", "--json", rows=10, **pager)[0]
    assert "paged:" not in terminal("status", rows=5, **pager)[0]


def test_the_pager_can_be_another_or_none(store):
    pager = {"PAGER": "sed s/^/paged:/"}
    own = {**pager, "TRACT_PAGER": "sed s/^/own:/"}
    seen, _ = terminal("show", "--no-color", rows=5, **own)
    assert all(line.startswith("own:") for line in seen.rstrip("\n").splitlines())
    for words, environment in (
        (("log", "--no-pager"), pager),
        (("--no-pager", "show"), pager),
        (("log",), {"PAGER": "cat"}),
        (("log",), {**pager, "TRACT_PAGER": ""}),
    ):
        seen, code = terminal(*words, "--no-color", rows=5, **environment)
        assert code == 0
        assert seen.startswith("commit ")


def test_the_editor_opens_the_text_of_an_entry(store, asked):
    seen, code = terminal("edit", "HEAD~7", EDITOR="sed -i s/4712/4800/")
    assert code == 0, seen
    assert asked("entries")["entries"][1]["text"] == "Where is my order 4800?"
    seen, code = terminal("edit", "HEAD", EDITOR="true")
    assert (code, "nothing was changed" in seen) == (1, True)
    seen, code = terminal("edit", "HEAD", EDITOR="no-such-editor")
    assert code == 1
    assert "Traceback" not in seen
    assert asked("entries")["entries"][1]["text"] == "Where is my order 4800?"


def test_progress_is_shown_on_a_terminal_and_nowhere_else(folder, run, ok):
    ok("init")
    lines = [json.dumps([{"role": "user", "content": f"chat {n}"}]) for n in range(40)]
    Path("chats.jsonl").write_text("\n".join(lines))
    seen, code = terminal("import", "chats.jsonl")
    assert code == 0
    assert "40/40" in seen
    assert "40 conversations" in seen
    Path("more.jsonl").write_text("\n".join(lines))
    assert run("import", "more.jsonl").stderr == ""


def test_an_export_is_exact_in_a_pipe_and_escaped_on_a_terminal(process, folder):
    with Tract.open(".tract.db") as t:
        t.user("a\x1b[31mred\u202e")
    for form in ("openai", "markdown"):
        assert "\u202e" in process("export", "-", "--format", form).stdout
        seen, _ = terminal("export", "-", "--format", form)
        assert "\x1b" not in seen
        assert "\u202e" not in seen
    seen, _ = terminal("export", "-")
    assert json.loads(seen)[0]["content"] == "a\x1b[31mred\u202e"
