"""The demo: it holds what it claims, prints what it runs, and leaves nothing behind."""

import ast
import json
import os
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

from tract import Tract
from tract.cli import root


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, which temporary files go to as well."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def demo(*words):
    return CliRunner().invoke(root, ["demo", *words])


def told():
    result = demo("--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)["demo"]


def test_it_runs_without_network_or_key_in_a_process_of_its_own(folder):
    kept = ("PATH", "PYTHONPATH", "HOME")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tract.cli", "demo"],
        env={name: os.environ[name] for name in kept if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "All of it held" in done.stdout


def test_what_it_prints_is_a_program_that_runs_to_the_same_end(folder):
    printed = demo().stdout
    Path("pasted.py").write_text(printed, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-W", "error", "pasted.py"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    said = [line.removeprefix("#> ") for line in printed.splitlines() if line.startswith("#> ")]
    assert ran.stdout.splitlines() == said


def test_it_saves_tokens_and_says_how_many():
    found = told()
    assert found["tokens_after"] < found["tokens_before"] / 2
    assert found["saved"] == 1 - found["tokens_after"] / found["tokens_before"]
    shown = demo().stdout
    assert f"{found['tokens_before']} tokens" in shown
    assert f"{found['tokens_after']} tokens, {found['saved']:.0%} saved" in shown


def test_it_does_all_that_is_promised_of_it():
    code = "\n".join(step["code"] for step in told()["steps"])
    called = {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)}
    wanted = {"import_", "status", "edit", "pin", "skip", "branch", "switch", "compile", "check"}
    assert wanted | {"verify", "to_dicts", "to_params"} <= called


def test_it_leaves_nothing_behind(folder):
    demo()
    assert list((folder / "temporary").iterdir()) == []
    assert [path.name for path in folder.iterdir()] == ["temporary"]


def test_a_kept_store_can_be_looked_at(folder):
    result = demo("--keep", "kept.db")
    assert result.exit_code == 0
    assert "tract --db kept.db" in result.stdout
    with Tract.open("kept.db", tract="incident", create=False) as t:
        assert [branch.name for branch in t.branches.list()] == ["lunch", "main"]
    assert demo("--keep", "kept.db").exit_code == 1


def test_a_claim_that_does_not_hold_is_an_error(monkeypatch, folder):
    monkeypatch.setattr(Tract, "skip", lambda self, target, reason=None: self.pin(target))
    result = demo()
    assert result.exit_code == 1
    assert result.stderr.startswith("error: step 6 of the demo")
    assert "does not hold, at: assert " in result.stderr
    assert list((folder / "temporary").iterdir()) == []
    assert json.loads(demo("--json").stdout)["error"]["kind"] == "demo_failed"


def test_its_conversation_is_a_real_one():
    file = files("tract.cli") / "demo" / "conversation.json"
    messages = json.loads(file.read_text(encoding="utf-8"))
    calls = [call["id"] for message in messages for call in message.get("tool_calls", ())]
    answers = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert 25 <= len(messages) <= 40
    assert len(calls) >= 4
    assert calls == answers
