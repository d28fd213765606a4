"""The benchmarks measure what they say: every workload runs, small, and checks what it read back.

No figure is judged here. What is judged is that each row of the table gets one, and that a store
with the wrong content is reported instead of measured.
"""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench import _budgets, _logs, _report, _tasks
from bench._plan import Plan, Scale, data_folder, plan
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


def said(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": text}


SESSION = {"type": "session", "id": "s", "timestamp": "2025-01-01T00:00:00.000Z", "cwd": "x"}
TREE_NODE = {"message_id": "a", "text": "Hello", "role": "prompter", "lang": "en"}
ANSWER = {"message_id": "b", "parent_id": "a", "text": "Hi", "role": "assistant", "replies": []}
LOGS: dict[str, list[Any]] = {
    "openai/chat.json": [[said("Hello"), said("Hi", "assistant")]],
    "pi/a.jsonl": [
        SESSION,
        *(
            {"type": "message", "timestamp": "2025-01-01T00:00:01.000Z", "message": said(text)}
            for text in ("one", "two", "three")
        ),
    ],
    "oasst/trees.jsonl": [
        {
            "message_tree_id": "a",
            "tree_state": "ready_for_export",
            "prompt": {**TREE_NODE, "replies": [ANSWER, {**ANSWER, "message_id": "c"}]},
        }
    ],
    "tau/runs.json": [[{"task_id": 0, "trial": 0, "reward": 1, "traj": [said("Hello")]}]],
}
"""Files of several kinds, by their names: the values of their lines."""


def some_logs(folder: Path) -> Path:
    """Make a folder of logs, with a licence among them that is none."""
    for name, lines in LOGS.items():
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "pi" / "LICENSE").write_text("Do as you like.", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan(TINY, data=some_logs(tmp_path_factory.mktemp("logs")))


@pytest.fixture(scope="module")
def outcome(planned: Plan, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(planned, tmp_path_factory.mktemp("bench"), lambda _line: None, here)


def test_every_workload_runs_and_reads_back_what_it_wrote(planned: Plan, outcome: Outcome) -> None:
    assert outcome.failures == {}
    assert outcome.rounds.keys() == planned.groups.keys()
    run_here = {m.task for group in planned.groups.values() for m in group}
    made = {store.task for store in planned.stores.values()}
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


def test_real_logs_are_imported_once_and_the_floor_has_a_row_for_each_message(
    outcome: Outcome,
) -> None:
    (found,) = outcome.rounds["logs"]
    for name in ("tract", "tract normal"):
        assert (found[name]["messages"], found[name]["files"], found[name]["bad"]) == (9, 4, 0)
    assert found["floor"]["messages"] == found["floor normal"]["messages"] == 9
    assert found["look"]["messages"] == 3


def test_a_log_that_nobody_knows_is_named_and_not_measured(tmp_path: Path) -> None:
    logs, work = tmp_path / "logs", tmp_path / "work"
    logs.mkdir()
    work.mkdir()
    (logs / "poem.jsonl").write_text('{"verse": 1}\n{"verse": 2}\n', encoding="utf-8")
    with pytest.raises(_tasks.WrongDataError, match=r"poem\.jsonl was not imported: .*no format"):
        _logs.logs(work, "tract", "full", str(logs))


def test_where_there_are_no_real_logs_the_table_says_so(tmp_path: Path) -> None:
    planned = plan(TINY)
    found = run(replace(planned, groups={}, stores={}), tmp_path, lambda _line: None, here)
    assert found.failures == {}
    results = _budgets.results(found, _budgets.rows(TINY))
    assert {result.row.group for result in results} == {"logs"}
    assert {result.met for result in results} == {None}
    assert "| import of real logs" in _report.budget_table(results)
    assert "no real logs here" in _report.budget_table(results)
    (first, *_) = _report.as_json(found, results, quick=True)["rows"]
    assert (first["figure"], first["absent"]) == (None, "no real logs here")


def test_the_folder_of_real_logs_is_the_one_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACT_SHARED_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.setenv("TRACT_SHARED_DATA", str(tmp_path / "none"))
    assert data_folder() is None


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
