"""Whatever is typed, a command ends with one of its exit codes and never with a bug.

The words are drawn from what people type, mistype and paste. All of them stay inside a folder of
their own: none names a place elsewhere, since commands write files where they are told to.
"""

import contextlib
import json
import tempfile
from pathlib import Path

import click
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tract import Tract
from tract.cli import root
from tract.cli._command import Command
from tract.errors import printable

CONTEXT = click.Context(root)
NAMES = [name for name in root.list_commands(CONTEXT) if name != "demo"]
WORDS = (
    *("HEAD", "HEAD~1", "HEAD~99", "HEAD^2", "main", "idea", "@{1}", "a..b", "0", "-1", "9" * 30),
    *("", "-", "--", "f.json", "m.json", "missing", "inside", ".", "x" * 300, "2025-01-01"),
    *("\x1b[31m", "[bold]", "\u00e9", "\udcff", "skip", "openai", "user", "tool", "text"),
    *("--json", "--dry-run", "--no-color", "--db", "--tract"),
)
INPUTS = ("", "text", '{"role": "user", "content": "hello"}', "\0", "[]")


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    name = draw(st.sampled_from(NAMES))
    command = root.get_command(CONTEXT, name)
    assert isinstance(command, Command)
    options = sorted({option for param in command.params for option in param.opts})
    words = st.sampled_from([*WORDS, *(option for option in options if option[0] == "-")])
    return [name, *draw(st.lists(words, max_size=5))]


@given(lines(), st.sampled_from(INPUTS))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_command_line_ends_in_a_bug(words: list[str], given_text: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with Tract.open(".tract.db", author="human:ada") as t:
            c = t.user("hello")
            t.assistant(tool_calls=[{"id": "c1", "name": "f", "arguments": "{}"}])
            t.tool_result("c1", "x")
            t.pin(c)
        Path("f.json").write_text('[{"role": "user", "content": "hello"}]')
        Path("m.json").write_text('{"role": "user", "content": "hello"}')
        Path("inside").mkdir()
        result = CliRunner().invoke(root, words, input=given_text)
        assert result.exit_code in (0, 1, 2), result.output
        assert "bug" not in result.stderr
        assert printable(result.stderr, limit=None, lines=True) == result.stderr
        if result.exit_code and result.stdout.startswith('{\n  "error"'):
            assert json.loads(result.stdout)["error"]["kind"] not in ("bug", "system")
        with Tract.open(".tract.db", create=False) as t:
            assert t.verify().ok
