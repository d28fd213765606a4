"""Hints of errors: in a traceback that nobody caught, in copies, and across processes."""

import ast
import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import tract
from tract import InvalidInput, StoreBusy, Tract, TractError, errors


def test_a_traceback_that_nobody_caught_shows_the_hint():
    code = "from tract import Tract\nTract.open(':memory:').switch('nope')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    *_, said, hint = done.stderr.splitlines()
    assert said.endswith("NotFound: branch 'nope' is unknown")
    assert hint.startswith("hint: There are: main.")


def test_every_error_that_is_raised_says_what_to_do():
    """Either where it is raised, or in its class; what wraps another error hands its hint on."""
    folder = Path(tract.__file__).parent
    known = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}
    ours = {name for name, cls in known.items() if issubclass(cls, TractError)}
    of_themselves = {"Corrupt", "InvalidContext", "SchemaTooNew", "StaleHead", "StoreBusy"}
    calls = [
        (path, node)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ours - of_themselves
    ]
    assert len(calls) > 200
    silent = [
        f"{path.relative_to(folder)}:{node.lineno}"
        for path, node in calls
        if not any(keyword.arg in ("hint", None) for keyword in node.keywords)
    ]
    assert silent == []


def test_an_error_without_a_hint_has_no_note():
    assert InvalidInput("no").hint is None
    assert not hasattr(InvalidInput("no"), "__notes__")


def test_no_hint_steers_the_terminal():
    assert InvalidInput("no", hint="red\x1b[31m").__notes__ == ["hint: red\\x1b[31m"]


def test_a_hint_that_is_set_later_takes_the_place_of_the_first():
    error = StoreBusy("held", waited=1.0)
    error.add_note("while importing")
    error.hint = "Leave the block first."
    assert error.__notes__ == ["while importing", "hint: Leave the block first."]
    error.hint = None
    assert error.__notes__ == ["while importing"]


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
def test_a_copy_has_the_hint_and_notes_of_its_own(twin):
    with Tract.open(":memory:") as t, pytest.raises(TractError) as caught:
        t.switch("nope")
    error = caught.value
    other = twin(error)
    assert (type(other), other.kind, str(other)) == (type(error), error.kind, str(error))
    assert other.hint == error.hint
    assert other.__notes__ == error.__notes__
    other.hint = "Another."
    assert error.__notes__ == [f"hint: {error.hint}"]
