"""A folder with a store that is always the same, and ways to call the command line on it.

Most tests call it inside this process, through the same `main` that ends a real one; those that
are about processes, terminals and signals start real ones.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import click
import pytest
from click.testing import CliRunner, Result

from tract import Tract
from tract.cli import root

Run = Callable[..., Result]


class Ticking:
    """A clock that counts minutes from a fixed day."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> datetime:
        self.count += 1
        return datetime(2025, 11, 25, 8, tzinfo=UTC) + timedelta(minutes=self.count)


def misfits(value: Any, kind: Any, place: str) -> list[str]:
    """Where a JSON value is not what a type says: another type, a field too many or too few."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return []
    if origin is UnionType:
        tried = [misfits(value, one, place) for one in inner]
        return [] if [] in tried else [why for one in tried for why in one]
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        if not isinstance(value, dict) or value.keys() != hints.keys():
            return [f"{place}: {value!r} has not the fields of {kind.__name__}"]
        return [why for key in hints for why in misfits(value[key], hints[key], f"{place}.{key}")]
    if origin is list and type(value) is list:
        return [why for one in value for why in misfits(one, inner[0], f"{place}[]")]
    if origin is dict and type(value) is dict:
        return [why for one in value.values() for why in misfits(one, inner[1], f"{place}{{}}")]
    plain = NoneType if kind is None else kind
    return [] if type(value) is plain else [f"{place}: {value!r} is no {plain}"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder to stand in, with a known user, time zone and width."""
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "LINES", "TERM", "EDITOR", "VISUAL", "LESS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ada")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield tmp_path
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def run() -> Run:
    """Call the command line; the output of both kinds and the exit code come back."""

    def call(*words: str, text: str | bytes | None = None, **environment: str) -> Result:
        result = CliRunner().invoke(root, list(words), input=text, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result

    return call


@pytest.fixture
def ok(run: Run) -> Callable[..., str]:
    """Call the command line, which must succeed and say nothing on standard error."""

    def call(*words: str, **options: Any) -> str:
        result = run(*words, **options)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    return call


@pytest.fixture
def asked(run: Run) -> Callable[..., Any]:
    """Call a command with `--json`; its object comes back, held against the command's types."""

    def call(*words: str, code: int = 0, **options: Any) -> Any:
        result = run("--json", *words, **options)
        assert (result.exit_code, result.stderr) == (code, ""), result.output
        found = json.loads(result.stdout)
        context = click.Context(root)
        name = next(word for word in words if word in root.list_commands(context))
        told = root.gives if "error" in found else vars(root.get_command(context, name))["gives"]
        wrong = [
            [why for key, kind in keys.items() for why in misfits(found[key], kind, key)]
            for keys in told
            if keys.keys() == found.keys()
        ]
        assert [] in wrong, wrong
        return found

    return call


@pytest.fixture
def fails(run: Run) -> Callable[..., str]:
    """Call the command line, which must fail with a line, maybe a hint, and nothing else."""

    def call(*words: str, code: int = 1, **options: Any) -> str:
        result = run(*words, **options)
        assert (result.exit_code, result.stdout) == (code, "")
        lines = result.stderr.splitlines()
        assert lines[0].startswith("error: ")
        assert [line[:6] for line in lines[1:]] in ([], ["hint: "])
        return result.stderr

    return call


@pytest.fixture
def store(folder: Path) -> Path:
    """A store with a conversation that has all there is: calls, an edit, marks and a branch."""
    path = folder / ".tract.db"
    with Tract.open(path, author="human:ada", clock=Ticking()) as t:
        t.system("You help customers of a bookshop. Be brief.")
        first = t.user("Where is my order 4711?")
        t.assistant(tool_calls=[{"id": "c1", "name": "look_up", "arguments": '{"order": 4711}'}])
        result = t.tool_result("c1", '{"state": "shipped", "carrier": "Blue Van"}', name="look_up")
        t.assistant("It was shipped on Monday with Blue Van.", author="model:m-1")
        t.edit(first, "Where is my order 4712?", message="the right number", tags=["fix"])
        t.pin(first, reason="the number matters")
        t.skip(result)
        t.user("And when will it be here?", metadata={"channel": "chat"})
        t.branch("idea", "HEAD~1", switch=False)
    return path


@pytest.fixture
def process() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run the command line as a process of its own, with warnings as errors."""

    def start(*words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, **options.pop("env", {})}
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "tract.cli", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environment,
            **options,
        )

    return start
