"""ToolBench answers: every leaf of the search a branch, nodes told as the messages they were."""

import copy
import json

import pytest

from tests.importers.samples_toolbench import (
    ANSWER,
    CHAINS,
    FUNCTIONS,
    GIVE_UP,
    HINT,
    SAID,
    SEARCH,
    SYSTEM,
    USER,
    asked,
    call,
    node,
    result,
    run,
    sample,
    thought,
)
from tract import Tract
from tract.importers import importer_for
from tract.importers._source import Source
from tract.objects import Limits
from tract.store import MemoryStore


def said(reading, value, branch="main", tract="file"):
    return reading(json.dumps(value)).messages[tract, branch]


def sent(tmp_path, value, branch="main"):
    """The branch as it goes out to OpenAI."""
    path, store = tmp_path / "run.json", MemoryStore()
    path.write_text(json.dumps(value))
    Tract.import_(path, store)
    with Tract.open(store, tract="run", branch=branch, create=False) as t:
        return t.compile(on_invalid="keep").to_openai()["messages"]


def test_the_way_to_the_answer_is_the_conversation_that_led_to_it(tmp_path):
    assert sent(tmp_path, SEARCH, "node-7") == [*SAID, result("Finish", '{"response":"given"}')]


def test_every_leaf_is_a_branch_and_the_answer_comes_first(reading):
    read = reading(json.dumps(SEARCH))
    assert (read.format, read.bad) == ("toolbench", [])
    assert [(one.tract, one.branch, one.shared) for one in read.conversations] == [
        ("file", "node-7", 0),
        ("file", "main", 4),
    ]
    assert {branch: len(told) for (_, branch), told in read.messages.items()} == {
        "node-7": 9,
        "main": 8,
    }


def test_the_branch_that_is_opened_is_the_answers(tmp_path):
    path, store = tmp_path / "run.json", MemoryStore()
    path.write_text(json.dumps(SEARCH))
    report = Tract.import_(path, store)
    assert (report.messages, report.added) == (13, 13)
    with Tract.open(store, tract="run", create=False) as t:
        assert t.current_branch == "node-7"
        assert len(t.entries()) == 9


def test_where_no_answer_is_named_the_first_leaf_comes_first(reading):
    value = copy.deepcopy(SEARCH)
    value["answer_generation"]["final_answer"] = ""
    assert [one.branch for one in reading(json.dumps(value)).conversations] == ["main", "node-7"]


def test_of_equal_answers_the_one_that_was_not_given_up_comes_first(reading):
    value = run(
        call("Finish", ANSWER, "given", code=3, pruned=True),
        call("Finish", ANSWER, "given", code=3),
    )
    assert [one.branch for one in reading(json.dumps(value)).conversations] == ["node-3", "main"]


def test_who_wrote_a_message(reading):
    authors = [str(one.contents[0].author) for one in said(reading, SEARCH, "node-7")]
    assert authors[:6] == ["application", "human", "model", "tool:fares", "model", "tool:fares"]
    assert authors[-1] == "tool:Finish"


def test_what_is_said_of_a_node_goes_with_its_message(reading):
    answer = [one.metadata or {} for one in said(reading, SEARCH, "node-7")]
    assert answer == [
        {},
        {},
        {},
        {"expand_num": 1},
        {"node": 7, "hint": HINT["content"]},
        {"expand_num": 4},
        {"expand_num": 5},
        {},
        {"finished": True, "Elo": 1016.5, "observation_code": 3},
    ]
    other = [one.metadata or {} for one in said(reading, SEARCH)]
    assert other[4:] == [
        {},
        {"observation_code": 11, "expand_num": 2},
        {},
        {"pruned": True, "observation_code": 4, "expand_num": 3},
    ]


def test_what_is_said_of_the_run_is_told_once(reading):
    first, second = reading(json.dumps(SEARCH)).conversations
    assert second.metadata == {}
    assert set(first.metadata) == {"win", "forward_args", "answer_generation"}
    answer = first.metadata["answer_generation"]
    assert answer["function"] == FUNCTIONS
    assert answer["total_tokens"] == 2916
    assert "train_messages" not in answer
    assert "chain" not in answer


def test_an_empty_result_is_a_result(reading):
    told = said(reading, SEARCH)[5].contents[0].content
    assert (told.name, told.output) == ("fares", "")


def test_a_call_that_never_ran_has_no_result(reading):
    told = said(reading, run(node("Action", "fares", node("Action Input", "{}")), final_answer=""))
    assert len(told) == 2
    (made,) = told[1].contents[0].content.tool_calls
    assert (made.name, made.arguments) == ("fares", "{}")


def test_a_call_without_arguments_is_a_call(reading):
    told = said(reading, run(thought("Hm.", node("Action", "fares"))))
    assert told[1].contents[0].content.text == "Hm."
    assert told[1].contents[0].content.tool_calls[0].arguments == ""


def test_a_thought_that_the_search_visited_is_a_reply_of_its_own(reading):
    alone = said(reading, run(thought("Done.", call("Finish", ANSWER, "given"), expand_num=2)))
    assert [one.contents[0].content.content_type for one in alone] == [
        "dialogue",
        "dialogue",
        "dialogue",
        "tool_result",
    ]
    together = said(reading, run(thought("Done.", call("Finish", ANSWER, "given"))))
    assert len(together) == 3


def test_a_thought_with_several_calls_below_it_is_told_once(reading):
    value = run(thought("Hm.", call("a", "{}", "1"), call("b", "{}", "2")), final_answer="")
    read = reading(json.dumps(value))
    assert [len(told) for told in read.messages.values()] == [4, 4]
    assert read.conversations[1].shared == 2


def test_an_empty_thought_before_a_call_is_kept(tmp_path):
    value = run(thought("", call("fares", "{}", "2 euros")))
    assert sent(tmp_path, value)[1] == asked("fares", "{}", "")


def test_replies_that_say_the_same_stay_apart(tmp_path):
    value = run(call("fares", "{}", "none"), call("fares", "{}", "none"), final_answer="")
    path, store = tmp_path / "run.json", MemoryStore()
    path.write_text(json.dumps(value))
    report = Tract.import_(path, store)
    assert (report.messages, report.added) == (5, 5)
    assert report.branches == (("run", "main"), ("run", "node-3"))


def test_without_the_conversations_the_query_stands_for_them(reading):
    told = said(reading, run(call("fares", "{}", "2 euros"), train_messages=None))
    assert told[0].contents[0].content.text == "What does a bus cost?"
    assert (told[0].place, len(told)) == ("answer_generation.query", 3)


def test_a_hint_before_the_first_reply_is_no_question_of_the_user(reading):
    value = run(call("fares", "{}", "2"), train=[[SYSTEM, USER, HINT, asked("fares", "{}")]])
    told = said(reading, value)
    assert len(told) == 4
    assert told[2].metadata == {"hint": HINT["content"]}


def test_each_try_of_a_chain_is_a_branch(reading):
    read = reading(json.dumps(CHAINS))
    assert (read.format, read.bad) == ("toolbench", [])
    assert [(one.branch, one.shared) for one in read.conversations] == [("node-3", 0), ("main", 2)]
    assert read.conversations[0].metadata["trys"] == [{"win": False}, {"win": False}]


def test_in_a_chain_the_conversation_tells_which_thoughts_stood_alone(tmp_path):
    assert sent(tmp_path, CHAINS, "node-3") == [
        SYSTEM,
        USER,
        asked("fares", "{}", "Let me see."),
        result("fares", "2 euros"),
        {"role": "assistant", "content": "That is it."},
        asked("Finish", ANSWER),
        result("Finish", "given"),
    ]
    assert sent(tmp_path, CHAINS, "main")[2:] == [
        asked("Finish", GIVE_UP),
        result("Finish", "gave up"),
    ]


@pytest.mark.parametrize("layout", ["list", "lines"])
def test_several_runs_are_tracts_with_their_numbers(reading, layout):
    data = json.dumps([SEARCH, CHAINS])
    if layout == "lines":
        data = f"{json.dumps(SEARCH)}\n{json.dumps(CHAINS)}\n"
    read = reading(data, "runs.json" if layout == "list" else "runs.jsonl")
    assert (read.format, read.bad) == ("toolbench", [])
    assert list(read.messages) == [
        ("file", "node-7"),
        ("file", "main"),
        ("file/2", "node-3"),
        ("file/2", "main"),
    ]


def test_a_long_search_is_one_branch(reading):
    top = leaf = call("fares", "{}", "2")
    for _ in range(120):
        step = call("fares", "{}", "2")
        leaf["children"][0]["children"].append(step)
        leaf = step
    assert len(said(reading, run(top))) == 243


BROKEN = [
    (None, "no node, but null"),
    (["Action"], "no node, but a list"),
    (
        {"node_type": "Reflection", "description": ""},
        "node_type 'Reflection' is none of Thought, Action and Action Input",
    ),
    ({"description": "x"}, "node_type null is none of Thought, Action and Action Input"),
    (thought(7), "description is a number, no text"),
    (node("Action Input", "{}", observation="x"), "the Action Input follows no Action"),
]


@pytest.mark.parametrize(("broken", "reason"), BROKEN)
def test_a_broken_node_is_reported_and_the_others_are_read(reading, broken, reason):
    value = run(call("fares", "{}", "2", broken, thought("Hm.")), final_answer="")
    read = reading(json.dumps(value))
    assert read.bad == [("node 3", reason)]
    assert read.texts[-1] == "Hm."
    listed = reading(json.dumps([value, SEARCH]))
    assert listed.bad == [("[0]: node 3", reason)]


def test_what_follows_a_broken_node_follows_what_it_followed(reading):
    value = run(call("fares", "{}", "2", {"node_type": 1, "children": [thought("Hm.")]}))
    read = reading(json.dumps(value))
    assert read.bad == [
        ("node 3", "node_type a number is none of Thought, Action and Action Input")
    ]
    assert read.texts[-1] == "Hm."


def test_a_broken_result_leaves_its_call(reading):
    read = reading(json.dumps(run(call("fares", "{}", {"euros": 2}))))
    assert read.bad == [("node 2", "observation is an object, no text")]
    assert len(read.only) == 2


def test_broken_questions_are_reported(reading):
    read = reading(json.dumps(run(call("a", "{}", "1"), train=[["Hi", {"role": "robot"}, USER]])))
    assert [place for place, _ in read.bad] == [
        "answer_generation.train_messages[0][0]",
        "answer_generation.train_messages[0][1]",
    ]
    assert len(read.only) == 3


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no run: null"),
        ({"win": True}, "no run: tree is missing"),
        ({"win": True, "tree": 7}, "no run: tree is a number without nodes"),
        ({"win": True, "tree": {"tree": [1]}}, "no run: tree is an object without nodes"),
        (
            {"tree": {"node_type": "Action Input", "description": ""}},
            "the run has no messages",
        ),
    ],
)
def test_a_run_without_nodes_does_not_stop_the_others(reading, value, reason):
    read = reading(json.dumps([value, SEARCH]))
    assert read.bad == [("[0]", reason)]
    assert len(read.messages) == 2


def test_tries_and_children_that_are_none_are_reported(reading):
    value = copy.deepcopy(CHAINS)
    value["trys"] += [7, {"chain": None}]
    value["trys"][0]["chain"][0]["children"] = 3
    assert reading(json.dumps(value)).bad == [
        ("trys[2]", "the try has no chain of nodes"),
        ("trys[3]", "the try has no chain of nodes"),
        ("node 1", "children is a number, no list"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"tree": {"tree": {"children": []}}},
        {"win": True, "tree": {"size": 1}},
        {"trys": [{"chain": []}]},
        {"answer_generation": {"train_messages": []}},
        [{"role": "user", "content": "Hi"}],
        {"win": True, "trys": [7]},
        [[1]],
        {"conversations": [{"from": "user", "value": "Hi"}]},
    ],
)
def test_other_files_are_left_to_others(tmp_path, value):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(value))
    source = Source(path, Limits())
    assert importer_for(source, "toolbench").detects(source.sample) == 0


def test_importing_twice_adds_nothing(tmp_path):
    path, store = tmp_path / "run.json", MemoryStore()
    path.write_bytes(sample())
    assert Tract.import_(path, store).bad == ()
    assert Tract.import_(path, store).added == 0
