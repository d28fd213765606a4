"""tau-bench results: runs of tasks, each a trajectory of OpenAI Chat messages with a reward.

A task is a tract and each of its trials a branch, so that trials share the commits of what they
have in common. What the run says besides its messages (task, trial, reward) is kept with the
branch's name in the tract's metadata, where it does not touch the ids of commits.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tract.importers._json import json_type
from tract.importers._names import Names, name_of
from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Record, Sample, Source
from tract.importers._speech import spoken

_SURE = 90
_PART_BYTES_MAX = 60


class TauBench:
    """Reads results of tau-bench."""

    name = "tau-bench"
    description = "tau-bench results: a list of {task_id, trial, reward, traj}"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where any record has a task and a trajectory."""
        values = sample.values
        if not sample.lines and values and isinstance(values[0], list):
            values = tuple(values[0])
        return _SURE if any(_is_run(value) for value in values) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield a conversation for each run."""
        tasks, trials = Names(), defaultdict[str, Names](Names)
        runs, expected = _runs(source)
        for run in runs:
            if isinstance(run, BadRecord):
                yield run
                continue
            fault = _fault(run.value)
            if fault is not None:
                yield source.bad(run.place, fault)
                continue
            task = _part(run.value["task_id"])
            name = f"{tract}/{tasks.of(str(run.value['task_id']), f'task-{task}')}"
            trial = run.value.get("trial")
            branch = trials[name].new(f"trial-{0 if trial is None else _part(trial)}")
            metadata = {key: item for key, item in run.value.items() if key != "traj"}
            messages = spoken(source, _messages(source, run), "openai")
            yield Conversation(name, branch, run.place, messages, metadata, expected)


def _is_run(value: Any) -> bool:
    return isinstance(value, Mapping) and "traj" in value and "task_id" in value


def _runs(source: Source) -> tuple[Iterator[Record | BadRecord], int]:
    if source.sample.lines:
        return source.records(), source.line_count() if source.counted else 0
    document = source.document()
    items = document if isinstance(document, list) else [document]
    return (Record(i, f"[{i}]", item) for i, item in enumerate(items)), len(items)


def _fault(value: Any) -> str | None:
    """Return why a value is no run with messages; None if it is one."""
    if not isinstance(value, Mapping):
        return f"no run, but {json_type(value)}"
    if not isinstance(value.get("traj"), list):
        return (
            f"traj is {json_type(value['traj'])}, no list" if "traj" in value else "traj is missing"
        )
    task = value.get("task_id")
    if isinstance(task, bool) or not isinstance(task, int | str):
        return f"task_id is {json_type(task)}" if "task_id" in value else "task_id is missing"
    return None if value["traj"] else "the conversation has no messages"


def _part(id: object) -> str:
    return name_of(id, bytes_max=_PART_BYTES_MAX)


def _messages(source: Source, run: Record) -> Iterator[Record]:
    inside = f"{run.place}: traj" if source.sample.lines else f"{run.place}.traj"
    for i, message in enumerate(run.value["traj"]):
        yield Record(i, f"{inside}[{i}]", message)
