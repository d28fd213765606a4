"""tau-bench results: a tract for each task, a branch for each trial, and nothing that has no messages."""

import json

import pytest


def run(task, trial, *texts, **more):
    said = [{"role": "user", "content": text} for text in texts]
    return {"task_id": task, "trial": trial, "reward": 0.0, "traj": said, **more}


def places(read):
    return [(one.tract, one.branch) for one in read.conversations]


def test_tasks_are_tracts_and_trials_are_branches(reading):
    read = reading(json.dumps([run(0, 0, "a"), run(1, 0, "b"), run(0, 1, "a", "c", info={"x": 1})]))
    assert read.format == "tau-bench"
    assert places(read) == [
        ("file/task-0", "trial-0"),
        ("file/task-1", "trial-0"),
        ("file/task-0", "trial-1"),
    ]
    assert read.conversations[2].metadata == {
        "task_id": 0, "trial": 1, "reward": 0.0, "info": {"x": 1},
    }  # fmt: skip
    assert [m.place for m in read.messages["file/task-0", "trial-1"]] == [
        "[2].traj[0]",
        "[2].traj[1]",
    ]
    assert read.conversations[0].expected == 3
    assert read.bad == []


def test_lines_and_a_single_run_are_read_too(reading):
    lines = "\n".join(json.dumps(run(0, n, "a")) for n in range(2))
    read = reading(lines, "runs.jsonl", counted=True)
    assert places(read) == [("file/task-0", "trial-0"), ("file/task-0", "trial-1")]
    assert [m.place for m in read.messages["file/task-0", "trial-1"]] == ["line 2: traj[0]"]
    assert places(reading(json.dumps(run(3, 1, "a")))) == [("file/task-3", "trial-1")]


def test_each_run_has_a_branch_of_its_own(reading):
    read = reading(
        json.dumps([run(0, 0, "a"), run(0, 0, "b"), run(0, None, "c"), run(0, "0-2", "d")])
    )
    assert [branch for _, branch in places(read)] == [
        "trial-0", "trial-0-2", "trial-0-3", "trial-0-2-2",
    ]  # fmt: skip


def test_odd_task_ids_become_names(reading):
    tasks = ["flight/../ x", "", "é" * 300, "é" * 299 + "e", "-HEAD", 7]
    read = reading(json.dumps([run(task, 0, "a") for task in tasks]))
    names = [tract for tract, _ in places(read)]
    assert names[0] == "file/task-flight-.-x"
    assert len(set(names)) == len(tasks)
    assert all(len(name.encode()) <= 100 for name in names)


@pytest.mark.parametrize(
    ("record", "place", "reason"),
    [
        (7, "[1]", "no run, but a number"),
        ([], "[1]", "no run, but a list"),
        ({"task_id": 1}, "[1]", "traj is missing"),
        ({"task_id": 1, "traj": None}, "[1]", "traj is null, no list"),
        ({"task_id": 1, "traj": []}, "[1]", "the conversation has no messages"),
        ({"traj": [{"role": "user", "content": "x"}]}, "[1]", "task_id is missing"),
        ({"task_id": [1], "traj": [{}]}, "[1]", "task_id is a list"),
    ],
)
def test_a_bad_run_is_reported_and_the_others_read(reading, record, place, reason):
    read = reading(json.dumps([run(0, 0, "a"), record, run(2, 0, "b")]))
    assert places(read) == [("file/task-0", "trial-0"), ("file/task-2", "trial-0")]
    assert read.bad == [(place, reason)]


def test_a_bad_message_of_a_run_is_named_by_its_place(reading):
    broken = run(0, 0, "a", "b")
    broken["traj"].insert(1, {"role": "robot", "content": "x"})
    assert [place for place, _ in reading(json.dumps([broken])).bad] == ["[0].traj[1]"]
