"""Runs a plan: prepares stores, starts a process for each measurement, and keeps what it said.

Before each measurement the machine is probed, and the probe is kept beside the figures. A task
that found wrong data ends the run for its group with the reason; it is never measured around.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench._clock import machine
from bench._plan import Group, Measurement, Plan, Store
from bench._tasks import Figures
from bench._together import ROOT

_TASK_SECONDS_MAX = 600

Round = dict[str, Figures]
"""What the measurements of one group said, by their names."""


@dataclass(slots=True)
class Outcome:
    """What a run found.

    Attributes:
        rounds: for each group what each round said.
        failures: what went wrong, by the name of the group or store.
        absent: groups that could not be measured here, each with the reason; that is no failure.
        probes: how fast the machine was before each measurement.
        seconds: how long the run took.
    """

    rounds: dict[str, list[Round]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    probes: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0


RunTask = Callable[[str, Path, dict[str, Any]], Figures]


class TaskFailedError(Exception):
    """A task ended without figures; the message is the last line that it said."""


def run_task(name: str, folder: Path, arguments: dict[str, Any]) -> Figures:
    """Run a task in a process of its own and return its figures.

    Args:
        name: the task's name.
        folder: the folder that it works in.
        arguments: what else it is given.

    Raises:
        TaskFailedError: it read back what was not written, or broke, or took over ten minutes.
    """
    given = json.dumps({"folder": str(folder), **arguments})
    command = [sys.executable, "-m", "bench._worker", name, given]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(),
            check=False,
            capture_output=True,
            text=True,
            timeout=_TASK_SECONDS_MAX,
        )
    except subprocess.TimeoutExpired:
        raise TaskFailedError(f"{name} took over {_TASK_SECONDS_MAX} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{name} ended with {done.returncode}"]
        raise TaskFailedError(lines[-1])
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def environment() -> dict[str, str]:
    """Return the environment of a task: as it is here, but for settings of the library itself.

    Compiled modules are kept, as an installed package's are, whatever this shell wants.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACT_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept


def run(plan: Plan, work: Path, say: Callable[[str], None], run_one: RunTask = run_task) -> Outcome:
    """Carry out a plan.

    Args:
        plan: what to measure.
        work: an empty folder for all files.
        say: is told how it goes, a line at a time.
        run_one: runs one task.

    Returns:
        The figures, and what went wrong.
    """
    outcome = Outcome(absent=dict(plan.absent))
    began = time.monotonic()
    bench = _Bench(work, run_one, outcome)
    bench.prepare(plan.stores)
    say(f"{len(plan.stores)} stores prepared: {time.monotonic() - began:.0f} s")
    rounds = plan.scale.rounds
    for number in range(rounds):
        for name, group in plan.groups.items():
            if name not in outcome.failures:
                bench.measure(name, _turned(group, number))
        say(f"round {number + 1} of {rounds}: {time.monotonic() - began:.0f} s")
    outcome.seconds = time.monotonic() - began
    return outcome


def _turned(group: Group, number: int) -> Group:
    """Return a group in another order for each round, the same in every run."""
    turned = list(group)
    random.Random(number).shuffle(turned)
    return tuple(turned)


class _Bench:
    """The folders of a run, and what happens in them."""

    def __init__(self, work: Path, run_one: RunTask, outcome: Outcome) -> None:
        self._work = work
        self._run = run_one
        self._outcome = outcome

    def _folder(self, store: str) -> Path:
        return self._work / "stores" / store

    def prepare(self, stores: dict[str, Store]) -> None:
        """Make the stores that measurements begin with."""
        for name, store in stores.items():
            folder = self._folder(name)
            folder.mkdir(parents=True)
            try:
                self._run(store.task, folder, store.arguments)
            except TaskFailedError as error:
                self._outcome.failures[name] = str(error)

    def measure(self, name: str, group: Group) -> None:
        """Run the measurements of one group, one right after the other."""
        found: Round = {}
        for measurement in group:
            self._outcome.probes.append(machine(self._work))
            try:
                found[measurement.name] = self._one(measurement)
            except TaskFailedError as error:
                self._outcome.failures[name] = f"{measurement.name}: {error}"
                return
        self._outcome.rounds.setdefault(name, []).append(found)

    def _one(self, measurement: Measurement) -> Figures:
        task, given = measurement.task, measurement.arguments
        if (why := self._outcome.failures.get(measurement.store or "")) is not None:
            raise TaskFailedError(f"its store could not be made: {why}")
        if measurement.store is not None and measurement.in_place:
            return self._run(task, self._folder(measurement.store), given)
        folder = self._work / "measured"
        if measurement.store is None:
            folder.mkdir()
        else:
            shutil.copytree(self._folder(measurement.store), folder)
        try:
            return self._run(task, folder, given)
        finally:
            shutil.rmtree(folder)
