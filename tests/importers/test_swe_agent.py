"""Runs of SWE-agent: the history with its steps, older and newer, and what was tried again."""

import copy
import json
from typing import Any

import pytest

from tests.importers.samples_swe_agent import HISTORY, STATS, THOUGHT, TRAJECTORY, older, run, tried
from tract import Tract
from tract.store import MemoryStore

MODEL = {"model": "gpt-4o"}


def cost_of(t):
    detail = t.status(detail=True).detail
    assert detail is not None
    return detail.spending.cost


def test_the_history_is_the_conversation(reading):
    read = reading(json.dumps(run()), "a.traj")
    assert (read.format, read.bad) == ("swe-agent", [])
    assert [(one.tract, one.branch) for one in read.conversations] == [("file", "main")]
    assert [(m.place, m.at) for m in read.only] == [(f"history[{n}]", n) for n in range(7)]
    contents = [one for message in read.only for one in message.contents]
    assert [str(one.author) for one in contents] == [
        "application", "application", "human", "model:gpt-4o", "tool:find_file", "model:gpt-4o",
        "tool:submit",
    ]  # fmt: skip
    assert [m.made_with for m in read.only] == [None, None, None, MODEL, None, MODEL, None]
    assert contents[4].content.call_id == "call_1"
    said: Any = contents[3].content
    thought, text = said.parts
    (call,) = said.tool_calls
    assert (thought.text, thought.signature, text.text) == ("Hm.", "c2ln", THOUGHT)
    assert (call.id, call.name, call.arguments) == ("call_1", "find_file", '{"file_name":"a.py"}')


def test_of_a_messages_other_fields_those_are_kept_that_say_more(reading):
    kept = [m.metadata for m in reading(json.dumps(run())).only]
    assert kept[0] is None
    assert kept[1] == {"is_demo": True, "message_type": "demonstration"}
    assert kept[2] == {"tags": ["keep_output"]}
    assert kept[3] == {"action": "find_file a.py"}
    assert kept[5] == {"thought": "All is done.", "action": "submit", "agent": "reviewer"}


def test_demonstrations_are_labelled_and_nobody_elses_words(reading):
    told = run()
    told["history"].insert(2, {**HISTORY[3], "is_demo": True})
    read = reading(json.dumps(told))
    assert [m.labels for m in read.only][:4] == [(), ("demo",), ("demo",), ()]
    assert [str(m.contents[0].author) for m in read.only][1:3] == ["application"] * 2
    assert read.only[2].made_with is None


def test_steps_are_kept_with_their_observations_and_failed_ones_beside(reading):
    read = reading(json.dumps(run()))
    steps = [m.metadata["step"] for m in read.only if m.metadata and "step" in m.metadata]
    assert steps == [
        {"execution_time": 0.25, "state": {"open_file": "n/a"}},
        {"execution_time": 0.5, "state": {"open_file": "n/a"}},
    ]
    assert read.only[4].metadata["step"] is not None
    assert read.conversations[0].metadata["steps"] == [
        {"number": 1, "response": "No command.", "thought": "No command.", "execution_time": 0.0}
    ]


def test_a_step_without_observation_stays_with_its_reply(reading):
    read = reading(json.dumps(run(history=HISTORY[:6], trajectory=[TRAJECTORY[0], TRAJECTORY[2]])))
    assert read.only[5].metadata["step"]["observation"] == "diff --git a/a.py"


def test_the_run_is_kept_without_views_of_files_templates_and_keys(reading):
    about = reading(json.dumps(run())).conversations[0].metadata
    del about["steps"]
    assert about == {
        "environment": "main",
        "info": {
            "submission": "diff --git a/a.py",
            "exit_status": "submitted",
            "model_stats": STATS,
        },
        "settings": {
            "model": {"name": "gpt-4o", "temperature": 0.0},
            "agent": "main",
            "problem_statement": "a-1",
            "env": {"repo": {"repo_name": "a"}},
        },
    }


def test_settings_may_be_an_object_or_text(reading):
    told = run()
    told["replay_config"] = json.loads(told["replay_config"])
    assert reading(json.dumps(told)).only == reading(json.dumps(run())).only


@pytest.mark.parametrize("settings", [None, "{", "7", "\ud800", [], {"agent": []}, 7])
def test_without_settings_the_model_has_no_name(reading, settings):
    read = reading(json.dumps(run(replay_config=settings)))
    assert read.bad == []
    assert str(read.only[3].contents[0].author) == "model"
    assert read.only[3].made_with is None


def test_what_a_run_used_is_recorded_once_when_it_is_over(reading):
    read = reading(json.dumps(run()))
    used = [m.usage for m in read.only if m.usage]
    assert [(u["input"], u["output"], u["cost"]) for u in used] == [(9000, 300, 0.5)]
    assert used[0]["raw"].items() >= STATS.items()
    assert read.only[0].usage is used[0]  # no reply's own
    going_on = run()
    del going_on["info"]["exit_status"]
    assert not any(m.usage for m in reading(json.dumps(going_on)).only)


@pytest.mark.parametrize(
    "stats", [None, {}, {"tokens_sent": -1}, {"instance_cost": "x"}, {"tokens_sent": 0}, 7]
)
def test_odd_figures_are_no_usage(reading, stats):
    told = run()
    told["info"]["model_stats"] = stats
    read = reading(json.dumps(told))
    assert (read.bad, [m.usage for m in read.only if m.usage]) == ([], [])
    assert read.conversations[0].metadata["info"]["model_stats"] == stats


def test_a_run_from_before_calls_of_tools_is_read(reading):
    read = reading(json.dumps(older()))
    assert (read.format, read.bad) == ("swe-agent", [])
    assert [m.contents[0].content.role for m in read.only] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    # Its thought and its action stand in the reply, its observation in what the user says.
    assert [m.metadata for m in read.only[:3]] == [None, None, None]
    assert read.only[3].metadata == {"step": {"state": '{"open_file": "n/a"}'}}


def test_a_history_alone_is_enough(reading):
    read = reading(json.dumps({"history": HISTORY}))
    assert (read.format, len(read.only), read.conversations[0].metadata) == ("swe-agent", 7, {})


def test_attempts_are_branches_that_share_their_beginning(tmp_path):
    path, store = tmp_path / "a.traj", MemoryStore()
    path.write_text(json.dumps(tried()), encoding="utf-8")
    report = Tract.import_(path, store)
    assert (report.format, report.bad) == ("swe-agent", ())
    assert report.branches == (("a", "main"), ("a", "attempt-1"), ("a", "attempt-2"))
    assert (report.messages, report.added) == (len(HISTORY) + 1, len(HISTORY) + 1)
    tips = {}
    for branch in ("main", "attempt-1", "attempt-2"):
        with Tract.open(store, tract="a", branch=branch, create=False) as t:
            tips[branch] = t.log(1)[0].id
            assert cost_of(t) == 0.5
    assert tips["main"] == tips["attempt-2"] != tips["attempt-1"]
    assert Tract.import_(path, store).added == 0


def test_a_run_that_goes_on_adds_what_is_new(tmp_path):
    path, grown, at_once = tmp_path / "a.traj", MemoryStore(), MemoryStore()
    for upto, steps in ((3, 0), (5, 2), (7, 3)):
        over: dict[str, Any] = {} if upto == 7 else {"info": {}}
        told = run(history=HISTORY[:upto], trajectory=TRAJECTORY[:steps], **over)
        path.write_text(json.dumps(told), encoding="utf-8")
        assert Tract.import_(path, grown).bad == ()
    Tract.import_(path, at_once)
    with grown.read() as one, at_once.read() as other:
        assert {c.id for c in one.commits()} == {c.id for c in other.commits()}
    with Tract.open(grown, tract="a", create=False) as t:
        assert cost_of(t) == 0.5


def test_an_observation_of_several_calls_answers_the_first(reading):
    told = run()
    told["history"][4]["tool_call_ids"] = ["call_1", "call_9"]
    message = reading(json.dumps(told)).only[4]
    assert message.contents[0].content.call_id == "call_1"
    assert message.metadata["tool_call_ids"] == ["call_1", "call_9"]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (7, "a number"),
        (None, "null"),
        ({"role": "robot", "content": "x"}, "robot"),
        ({"role": "user"}, "content"),
        ({"role": "tool", "content": "x"}, "tool_call_id"),
        ({"role": "tool", "content": "x", "tool_call_ids": [7]}, "tool_call_id"),
        ({"role": "assistant", "content": "x", "tool_calls": "f"}, "tool_calls"),
    ],
)
def test_a_bad_message_is_reported_with_place_and_reason(reading, message, says):
    told = run()
    told["history"].insert(1, message)
    read = reading(json.dumps(told))
    assert len(read.only) == len(HISTORY)
    ((place, reason),) = read.bad
    assert place == "history[1]"
    assert says in reason


@pytest.mark.parametrize("trajectory", [None, 7, [7, None], [[]], [{"response": 7}], {}])
def test_an_odd_trajectory_does_not_cost_a_message(reading, trajectory):
    read = reading(json.dumps(run(trajectory=trajectory)))
    assert (len(read.only), read.bad) == (len(HISTORY), [])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([], "a list"),
        ({}, "missing"),
        ({"history": 7}, "a number"),
        ({"history": []}, "no messages"),
    ],
)
def test_what_is_no_run_is_reported(reading, data, says):
    read = reading(json.dumps(data), format="swe-agent")
    assert read.conversations == []
    ((place, reason),) = read.bad
    assert place == "the document"
    assert says in reason


def test_a_bad_attempt_does_not_cost_the_others(reading):
    told = tried()
    told["attempts"].insert(0, {"history": "x"})
    read = reading(json.dumps(told))
    assert [one.branch for one in read.conversations] == ["main", "attempt-2", "attempt-3"]
    assert [place for place, _ in read.bad] == ["attempts[0]"]


def test_several_runs_in_a_file_are_several_tracts(reading):
    lines = "".join(json.dumps(one) + "\n" for one in (run(), older(), run()))
    read = reading(lines, "runs.jsonl")
    assert [one.tract for one in read.conversations] == ["file", "file/2", "file/3"]


def test_extra_fields_do_not_go_out(tmp_path):
    path, store = tmp_path / "a.traj", MemoryStore()
    path.write_text(json.dumps(run()), encoding="utf-8")
    Tract.import_(path, store)
    with Tract.open(store, tract="a", create=False) as t:
        context = t.compile()
        sent = context.to_openai()["messages"]
    assert {name for message in sent for name in message} == {
        "role", "content", "tool_calls", "tool_call_id", "name",
    } - {"name"}  # fmt: skip
    assert [message["role"] for message in sent] == [message["role"] for message in HISTORY]


def test_the_samples_are_not_changed_by_reading(reading):
    before = copy.deepcopy((HISTORY, TRAJECTORY))
    reading(json.dumps(run()))
    assert before == (HISTORY, TRAJECTORY)
