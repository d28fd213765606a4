"""The benchmarks measure what they say: every workload runs, small, and checks what it read back.

No figure is judged here. What is judged is that each row of the table gets one, and that a store
with the wrong content is reported instead of measured.
"""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import _budgets, _report, _tasks
from bench._plan import Scale, plan
from bench._runner import Outcome, TaskFailedError, run, run_task
from bench._together import ROOT
from bench._worker import TASKS

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="the memory figures need Linux's /proc"
)

TINY = Scale(rounds=1, short=24, long=44, keep=8, past=2, between=20, seconds=0.1)


def here(name: str, folder: Path, arguments: dict[str, Any]) -> dict[str, float]:
    """Run a task in this process, which is much quicker than in one of its own."""
    return TASKS[name](folder, **arguments)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(plan(TINY), tmp_path_factory.mktemp("bench"), lambda _line: None, here)


def test_every_workload_runs_and_reads_back_what_it_wrote(outcome: Outcome) -> None:
    assert outcome.failures == {}
    assert outcome.rounds.keys() == plan(TINY).groups.keys()
    run_here = {m.task for group in plan(TINY).groups.values() for m in group}
    made = {store.task for store in plan(TINY).stores.values()}
    assert TASKS.keys() - run_here - made <= {"fork", "write"}  # of the peers; of `together`


def test_every_row_has_a_figure_and_says_whether_its_budget_is_met(outcome: Outcome) -> None:
    rows = _budgets.rows(TINY)
    found = _budgets.results(outcome, rows)
    assert [result.row.what for result in found] == [row.what for row in rows]
    for result in found:
        assert result.figure is not None
        assert math.isfinite(result.figure)
        assert (result.met is None) == (result.row.budget == "")
    table = _report.budget_table(found)
    assert len(table.splitlines()) == len(rows) + 2
    assert json.loads(json.dumps(_report.as_json(outcome, found, quick=True)))["noise"]


def test_two_writers_lose_nothing(outcome: Outcome) -> None:
    (found,) = outcome.rounds["together"]
    assert found["two"]["lost"] == found["two"]["errors"] == 0


@pytest.mark.parametrize("system", ["floor", "tract"])
def test_wrong_data_is_reported_and_not_measured(system: str, tmp_path: Path) -> None:
    _tasks.fill(tmp_path, system, 8)
    with pytest.raises(_tasks.WrongDataError, match="8 texts"):
        _tasks.load(tmp_path, system, 9)


def test_a_task_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert run_task("fill", tmp_path, {"system": "floor", "count": 8})["took_ms"] > 0
    with pytest.raises(TaskFailedError, match=r"WrongDataError.*8 texts"):
        run_task("load", tmp_path, {"system": "floor", "count": 9})


def test_the_command_prints_the_table_and_keeps_the_figures(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    command = [sys.executable, "-m", "bench", "--quick", "--rounds", "1", "--only", "export"]
    done = subprocess.run(
        [*command, "--json", str(kept), "--work", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "to_anthropic of 1,000" in done.stdout
    assert [row["group"] for row in json.loads(kept.read_text(encoding="utf-8"))["rows"]] == [
        "export",
        "export",
    ]


@pytest.mark.parametrize(
    ("figure", "at_most", "at_least", "met"),
    [
        (1.0, 1.0, None, True),
        (1.1, 1.0, None, False),
        (0.7, None, 0.8, False),
        (0.7, None, None, None),
    ],
)
def test_a_row_is_met_at_its_budget_and_not_beyond(
    figure: float, at_most: float | None, at_least: float | None, met: bool | None
) -> None:
    row = _budgets.Row("a", "b", lambda _found: figure, "x", at_most, at_least)
    assert _budgets.Result(row, (figure,)).met is met
