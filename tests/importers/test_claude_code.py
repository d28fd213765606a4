"""Sessions of Claude Code: replies in several lines, results of calls made at once, forks, subagents, compactions."""

import json
import random
import tracemalloc
from typing import Any

import pytest

from tests.formats.samples import accepted
from tests.importers.samples_claude_code import (
    FIRST,
    MODEL,
    PNG,
    SESSION,
    Log,
    call,
    sample,
    stream,
    text,
    usage,
)
from tract import Priority, Session, Tract
from tract.formats import check
from tract.importers import Conversation, Imported, Source, importer_for
from tract.objects import Actor, Limits, MediaPart, OpaquePart, ReasoningPart, ToolCall
from tract.store import MemoryStore

SIDE = {"isSidechain": True, "agentId": "0a9e"}


@pytest.fixture
def session(tmp_path):
    """A function that imports lines as the file `s.jsonl` and gives its store."""

    def session(log, store=None, bad=(), name="s.jsonl", format="auto"):
        path = tmp_path / name
        path.write_bytes(log.bytes() if isinstance(log, Log) else text(log))
        store = store or MemoryStore()
        report = Tract.import_(path, store, format=format)
        assert [(one.place, one.reason) for one in report.bad] == list(bad)
        assert report.format == "claude-code"
        return store

    return session


def opened(store, branch="main", tract="s"):
    return Tract.open(store, tract=tract, branch=branch, create=False)


def said(entry):
    """What an entry says, in a word: its text, or the ids of its calls, or whose result it is."""
    content = entry.content
    if content.content_type == "tool_result":
        return f"-> {content.call_id}"
    calls = [part.id for part in getattr(content, "parts", ()) if isinstance(part, ToolCall)]
    return " ".join([entry.text, *calls]).strip()


def told(store, branch="main", tract="s"):
    with opened(store, branch, tract) as t:
        return [said(entry) for entry in t.entries()]


def commits(store, branch="main", tract="s"):
    with opened(store, branch, tract) as t:
        return list(reversed(t.log(None)))


def tips(store):
    with store.read() as reader:
        return {row.name: reader.refs(row.id) for row in reader.tracts()}


def about(store, branch="main", tract="s"):
    with opened(store, branch, tract) as t:
        return t.info.metadata["import"]["branches"].get(branch, {})


def usages(store, tract="s"):
    with store.read() as reader:
        return [one.body for row in reader.tracts() if row.name == tract for one in reader.usages(row.id)]  # fmt: skip


def test_a_session_is_the_tract_of_its_file_with_authors_times_and_models(session):
    log = Log().user("u1", "Where is order 7?").reply("a1", "m1", "Shipped.")
    store = session(log)
    assert told(store) == ["Where is order 7?", "Shipped."]
    prompt, answer = commits(store)
    assert (prompt.author, answer.author) == (Actor("human"), Actor("model", MODEL))
    assert int(prompt.at.timestamp() * 1_000_000) == FIRST
    assert (answer.at - prompt.at).total_seconds() == 1
    assert answer.made_with == {"model": MODEL, "provider": "anthropic"}
    assert about(store) == {
        "session_id": SESSION, "cwd": "shop", "version": "2.1.7", "git_branch": "trunk",
    }  # fmt: skip


def test_lines_of_one_reply_are_one_message_with_its_usage_once(session):
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    log = Log().user("u1")
    log.reply("a1", "m1", thinking, usage=usage(1))
    log.line("progress", "p1", data={"type": "hook_progress"})
    log.reply("a2", "m1", "I look.", usage=usage(2))
    log.reply("a3", "m1", call("c1", command="ls"), usage=usage(9), stop_reason="tool_use")
    log.results("r1", "c1").reply("a4", "m2", "Done.", usage=usage(4))
    store = session(log)
    assert told(store) == ["Hello", "I look. c1", "-> c1", "Done."]
    with opened(store) as t:
        thought, words, made = t.entries()[1].content.parts
        assert (thought, words.text) == (ReasoningPart("Hm.", "anthropic", "c2ln"), "I look.")
        assert (made.name, json.loads(made.arguments)) == ("Bash", {"command": "ls"})
        assert [one.author for one in commits(store)][2] == Actor("tool", "Bash")
        assert t.compile().to_anthropic()["messages"][1]["content"][0] == thinking
    figures = [(one["input"], one["output"], one["cache_read"], one["cache_write"]) for one in usages(store)]  # fmt: skip
    assert sorted(figures) == [(143, 4, 100, 40), (143, 9, 100, 40)]


def test_a_line_that_repeats_the_blocks_before_it_says_only_the_new_ones(session):
    log = Log().user("u1").reply("a1", "m1", "One.").reply("a2", "m1", "One.", "Two.")
    log.reply("a3", "m1", call("c1")).reply("a4", "m1", call("c1"))
    log.results("r1", "c1")
    with opened(session(log)) as t:
        parts = t.entries()[1].content.parts
    assert [getattr(part, "text", None) or part.id for part in parts] == ["One.", "Two.", "c1"]


def test_what_an_old_version_paid_is_kept(session):
    store = session(Log().user("u1").reply("a1", "m1", "Yes.", costUSD=0.0125))
    assert [one["cost"] for one in usages(store)] == [0.0125]


@pytest.mark.parametrize("odd", [None, -1, "much", True, [], 1e400])
def test_a_cost_or_a_usage_that_makes_no_sense_takes_nothing_with_it(session, odd):
    log = Log().user("u1").reply("a1", "m1", "Yes.", costUSD=odd)
    log.reply("a2", "m2", "No.", usage={"input_tokens": odd, "output_tokens": "x"})
    log.lines[1]["costUSD"] = log.lines[2]["message"]["usage"]["input_tokens"] = (
        odd if odd != 1e400 else -(10**6)
    )
    store = session(log)
    assert told(store) == ["Hello", "Yes.", "No."]
    assert len(usages(store)) == 1
    assert commits(store)[2].metadata["usage"]["output_tokens"] == "x"


def test_results_of_calls_made_at_once_stand_behind_them_and_are_no_forks(session):
    log = Log().user("u1")
    log.reply("a1", "m1", call("c1")).reply("a2", "m1", call("c2")).reply("a3", "m1", call("c3"))
    log.results("r2", "c2", parent="a2").results("r1", "c1", parent="a1")
    log.results("r3", "c3", parent="a3").reply("a4", "m2", "Done.", parent="r1")
    store = session(log)
    assert len(tips(store)["s"]) == 1
    assert told(store) == ["Hello", "c1 c2 c3", "-> c2", "-> c1", "-> c3", "Done."]
    with opened(store) as t:
        assert {repair.rule for repair in t.compile().repairs} == {"moved_result"}


def test_results_while_the_reply_goes_on_and_progress_in_between_are_no_forks(session):
    log = Log().user("u1").reply("a1", "m1", call("c1"))
    log.line("progress", "p1", "a1", data={"type": "bash_progress"})
    log.results("r1", "c1", parent="a1")
    log.reply("a2", "m1", call("c2"), parent="p1")
    log.line("progress", "p2", "a2", data={"type": "bash_progress"})
    log.reply("a3", "m2", "Done.", parent="p2").results("r2", "c2", parent="a2")
    store = session(log)
    assert told(store) == ["Hello", "c1 c2", "-> c1", "-> c2", "Done."]
    assert len(tips(store)["s"]) == 1


def test_several_results_in_one_line_and_text_behind_them(session):
    log = Log().user("u1").reply("a1", "m1", call("c1"), call("c2")).results("r1", "c1", "c2")
    log.lines[-1]["message"]["content"].append({"type": "text", "text": "Go on."})
    assert told(session(log)) == ["Hello", "c1 c2", "-> c1", "-> c2", "Go on."]


def test_asking_anew_is_a_fork_and_the_last_one_is_open(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?")
    log.user("first-attempt", "One").reply("a2", "m2", "1")
    log.user("second-attempt", "Two", "a1").reply("a3", "m3", "2")
    log.user("0123456789ab", "From the start", None)
    log.user("third-attempt", "Three", "a1")
    store = session(log)
    assert told(store, "main") == ["Hello", "Yes?", "One", "1"]
    assert told(store, "fork-second-a") == ["Hello", "Yes?", "Two", "2"]
    assert told(store, "fork-01234567") == ["From the start"]
    assert told(store, "fork-third-at") == ["Hello", "Yes?", "Three"]
    with Tract.open(store, tract="s", create=False) as t:
        assert t.current_branch == "fork-third-at"
    assert about(store, "fork-third-at") == {"current": True}
    with store.read() as reader:
        assert sum(1 for _ in reader.commits()) == 8  # the beginning is shared


def test_a_call_that_was_answered_twice_is_a_fork(session):
    log = Log().user("u1").reply("a1", "m1", call("c1"), call("c2"))
    log.results("r1", "c1").results("r2", "c2").reply("a2", "m2", "One.")
    log.results("again-c1", "c1", parent="a1").results("r4", "c2").reply("a3", "m3", "Two.")
    store = session(log)
    assert told(store)[2:] == ["-> c1", "-> c2", "One."]
    assert told(store, "fork-again-c1")[2:] == ["-> c1", "-> c2", "Two."]


def test_a_subagent_is_a_tract_below_the_session(session):
    log = (
        Log()
        .user("u1")
        .reply(
            "a1",
            "m1",
            call("t1", "Task", subagent_type="Explore", description="Look", prompt="Find"),
        )
    )
    log.user("s1", "Find", None, **SIDE).reply("s2", "n1", "Found.")
    log.lines[-1] |= SIDE
    log.results("r1", "t1", parent="a1").reply("a2", "m2", "There.")
    log.lines[-2]["toolUseResult"] = {"agentId": "0a9e"}
    store = session(log)
    assert told(store) == ["Hello", "t1", "-> t1", "There."]
    assert told(store, tract="s/agent-0a9e") == ["Find", "Found."]
    assert about(store, tract="s/agent-0a9e") == {
        "agent": "0a9e", "agent_type": "Explore", "call": "t1", "description": "Look",
    }  # fmt: skip
    with Session.open(store) as s:
        by_name = {info.name: info for info in s.list_tracts()}
        assert by_name["s/agent-0a9e"].parent == by_name["s"].id


def test_subagents_without_ids_are_told_apart_by_their_roots_and_prompts(session):
    log = Log().user("u1")
    log.reply("a1", "m1", call("t1", "Task", subagent_type="A", prompt="One"))
    log.reply("a2", "m1", call("t2", "Task", subagent_type="B", prompt="Two"))
    side = {"isSidechain": True}
    log.user("aaaa-1", "One", None, **side).user("bbbb-1", "Two", None, **side)
    log.reply("s1", "n1", "1", parent="aaaa-1").reply("s2", "n2", "2", parent="bbbb-1")
    for line in log.lines[-2:]:
        line.update(side)
    log.results("r1", "t1", parent="a1").results("r2", "t2", parent="a2")
    store = session(log)
    assert told(store) == ["Hello", "t1 t2", "-> t1", "-> t2"]
    assert told(store, tract="s/agent-aaaa") == ["One", "1"]
    assert told(store, tract="s/agent-bbbb") == ["Two", "2"]
    assert [about(store, tract=f"s/agent-{x}")["call"] for x in ("aaaa", "bbbb")] == ["t1", "t2"]


def test_a_file_of_a_subagent_alone_is_below_its_session_where_that_is_there(session):
    store = session(Log().user("u1"), name=f"{SESSION}.jsonl")
    log = Log(**SIDE).user("s1", "Find", None).reply("s2", "n1", "Found.")
    session(log, store, name="agent-0a9e.jsonl")
    assert told(store, tract="agent-0a9e") == ["Find", "Found."]
    assert about(store, tract="agent-0a9e")["session_id"] == SESSION
    with Session.open(store) as s:
        by_name = {info.name: info for info in s.list_tracts()}
        assert by_name["agent-0a9e"].parent == by_name[SESSION].id


def test_a_compaction_is_a_summary_in_place_of_what_came_before(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?").user("u2", "More").compacted("b1", "u2")
    log.user("u3", "Go on").reply("a2", "m2", "Done.").compacted("b2", "a2", trigger="manual")
    store = session(log)
    summary = "This session is being continued. Summary of b2."
    with opened(store) as t:
        (entry,) = t.entries()
        assert (entry.content.content_type, entry.content.text) == ("summary", summary)
        before = t.entries(commits(store)[5].id)
        assert [said(one) for one in before][1:] == ["Go on", "Done."]
        assert before[0].content.content_type == "summary"
        made = t.show(commits(store)[3])
        assert made.sources["commits"] == [one.id for one in commits(store)[:3]]
    made = commits(store)[3]
    assert made.metadata == {"compaction": {"trigger": "auto", "preTokens": 167_000}}
    assert made.author == Actor("model")


@pytest.mark.parametrize("form", ["segment", "messages"])
def test_what_a_compaction_kept_stays_behind_its_summary(session, form):
    log = Log().user("u1").reply("a1", "m1", "Yes?").user("u2", "More")
    log.reply("a2", "m2", call("c1")).results("r1", "c1")
    facts: Any = {
        "segment": {"preservedSegment": {"headUuid": "u2", "anchorUuid": "b1", "tailUuid": "r1"}},
        "messages": {"preservedMessages": {"uuids": ["u2", "a2", "r1"], "anchorUuid": "b1"}},
    }[form]
    log.compacted("b1", "r1", **facts).reply("a3", "m3", "Done.")
    store = session(log)
    assert told(store)[1:] == ["More", "c1", "-> c1", "Done."]


def test_what_hangs_on_the_end_of_what_was_kept_comes_behind_the_summary(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?").user("u2", "More")
    segment = {"headUuid": "u2", "anchorUuid": "b1-summary", "tailUuid": "u2"}
    log.compacted("b1", "u2", preservedSegment=segment).reply("a2", "m2", "Done.", parent="u2")
    store = session(log)
    assert told(store)[1:] == ["More", "Done."]
    assert len(tips(store)["s"]) == 1


def test_a_boundary_may_name_what_was_written_again_behind_it(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?").user("u2", "More")
    log.compacted("b1", "a2", preservedMessages={"uuids": ["u2", "a2"]})
    log.reply("a2", "m2", "Kept.").user("u3", "Go on")
    assert told(session(log))[1:] == ["More", "Kept.", "Go on"]


def test_an_old_summary_without_a_boundary_and_one_that_begins_a_file(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?")
    log.user("u2", "So far: nothing.", None, isCompactSummary=True).user("u3", "Go on")
    store = session(log)
    assert told(store)[1:] == ["Go on"]
    assert commits(store)[2].operation == "edit"
    log = Log().compacted("b1", "elsewhere").user("u3", "Go on")
    assert told(session(log, name="t.jsonl"), tract="t")[1:] == ["Go on"]


def test_what_the_program_said_for_the_user_is_by_the_application(session):
    log = Log().user("u1", "<local-command-stdout>ok</local-command-stdout>", isMeta=True)
    log.user("u2", "Done there.", origin={"kind": "task-notification"}).user("u3", "Hi")
    found = commits(session(log))
    assert [one.author for one in found] == [
        Actor("application"),
        Actor("application"),
        Actor("human"),
    ]
    assert [one.metadata for one in found] == [{"meta": True}, {"origin": "task-notification"}, {}]


def test_what_was_typed_while_the_model_worked_is_a_prompt(session):
    log = Log().user("u1").reply("a1", "m1", call("c1")).results("r1", "c1")
    typed = {"type": "queued_command", "prompt": "And 8?", "origin": {"kind": "human"}}
    log.line("attachment", "q1", attachment={**typed, "commandMode": "prompt"})
    notice = {**typed, "commandMode": "task-notification"}
    log.line("attachment", "q2", attachment=notice).reply("a2", "m2", "Yes.")
    store = session(log)
    assert told(store) == ["Hello", "c1", "-> c1", "And 8?", "Yes."]
    assert commits(store)[3].metadata == {"queued": True}
    assert commits(store)[3].author == Actor("human")


def test_errors_of_the_api_are_kept_and_never_sent(session):
    log = Log().user("u1")
    log.reply("e1", "e1", "API Error", model="<synthetic>", isApiErrorMessage=True, error="529")
    log.reply("a1", "m1", "Yes.").reply("a2", "s2", "No response requested.", model="<synthetic>")
    store = session(log)
    with opened(store) as t:
        entries = t.entries()
        assert [entry.mark.priority is Priority.SKIP for entry in entries] == [0, 1, 0, 0]
        assert "529" in t.show(entries[1].commit).reason
        sent = json.dumps(t.compile().to_anthropic()["messages"])
    assert "API Error" not in sent
    assert "No response requested." in sent
    assert [one.author for one in commits(store)][1] == Actor("model")
    assert len(usages(store)) == 1  # nobody was paid for what the program made up


def test_images_documents_and_blocks_of_unknown_type_are_kept(session):
    document = {"type": "document", "source": {**PNG, "media_type": "application/pdf"}}
    log = Log().user("u1", [{"type": "image", "source": PNG}, document])
    log.reply("a1", "m1", {"type": "server_tool_use", "id": "x", "name": "web_search", "input": {}})
    log.reply("a2", "m2", call("c1"))
    shown = [{"type": "image", "source": PNG}, {"type": "tool_reference", "tool_name": "Glob"}]
    log.user("r1", [{"type": "tool_result", "tool_use_id": "c1", "content": shown}])
    with opened(session(log)) as t:
        prompt, answer, _, result = (entry.content.parts for entry in t.entries())
    assert prompt[0] == MediaPart("image", media_type="image/png", data=PNG["data"])
    assert prompt[1].kind == "file"
    assert isinstance(answer[0], OpaquePart)
    assert isinstance(result[0], MediaPart)
    assert isinstance(result[1], OpaquePart)


def test_lines_without_parents_follow_one_another(session):
    log = Log().user("u1").reply("a1", "m1", call("c1")).results("r1", "c1").reply("a2", "m2", "Ok")
    log.user("u2", "Thanks")
    for line in log.lines:
        line["parentUuid"] = None
    assert told(session(log)) == ["Hello", "c1", "-> c1", "Ok", "Thanks"]
    for line in log.lines:
        del line["parentUuid"], line["uuid"]
    assert told(session(log)) == ["Hello", "c1", "-> c1", "Ok", "Thanks"]


def test_a_parent_that_is_not_in_the_file_is_the_line_before(session):
    log = Log().user("u1", "Hello", "elsewhere").reply("a1", "m1", "Yes?")
    log.user("u2", "More", "nowhere").reply("a2", "m2", "Done.")
    assert told(session(log)) == ["Hello", "Yes?", "More", "Done."]


def test_a_uuid_that_comes_again_is_read_once(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?")
    log.lines += log.lines[:2]
    log.user("u2", "More")
    assert told(session(log)) == ["Hello", "Yes?", "More"]


def test_a_child_may_stand_before_its_parent(session):
    log = Log().user("u1").reply("a1", "m1", "Yes?").user("u2", "More")
    log.lines.reverse()
    assert told(session(log)) == ["Hello", "Yes?", "More"]


def test_circles_are_broken_and_reported(session):
    log = Log().user("u1").user("u2", "One", "u4").user("u3", "Two", "u2").user("u4", "Three", "u3")
    log.user("u5", "Self", "u5")
    fault = "it follows itself: its parents form a circle"
    store = session(log, bad=[("line 3", fault), ("line 5", fault)])
    with store.read() as reader:
        assert sum(1 for _ in reader.commits()) == 5


def test_what_is_no_line_is_reported_and_the_rest_imported(session):
    log = Log().user("u1").line("telepathy", "x1").line("user", "x2", message="Hello")
    odd: list[Any] = [7, {"uuid": "x"}, {"type": 3, "uuid": "x4"}]
    log.lines += odd
    log.user("u2", 5).reply("a1", "m1", {"type": "text"}).reply("a2", "m1", "Yes.")
    log.user("u3", "Wrong").lines[-1]["message"]["role"] = "robot"
    bad = [
        ("line 2", "line type 'telepathy' is not known"),
        ("line 3", "message is a text, no object"),
        ("line 4", "no line of a session, but a number"),
        ("line 5", "type is missing"),
        ("line 6", "type is a number"),
        ("line 7", "content is int: it wants text or a list of blocks"),
        ("line 10", "a line of type 'user' holds a message of role 'robot'"),
        ("line 8", "content[0].text is missing: it wants text"),
    ]
    store = session(log, bad=bad)
    assert told(store) == ["Hello", "Yes."]


def test_a_title_and_what_else_is_said_of_a_session_goes_to_the_metadata(session):
    log = Log().note("summary", summary="Order 7", leafUuid="a1").user("u1")
    log.note("ai-title", aiTitle="Seven", sessionId=SESSION).note("tag", tag="shop", sessionId="b")
    log.note("cost-state", totalCostUSD=0.5, sessionId=SESSION)
    log.user("u2", "More", forkedFrom={"sessionId": "c", "messageUuid": "u2"}, slug="calm-sea")
    found = about(session(log))
    assert found["summaries"] == [{"summary": "Order 7", "leaf": "a1"}]
    assert (found["ai_title"], found["tag"], found["total_cost_usd"]) == ("Seven", "shop", 0.5)
    assert (found["forked_from"], found["slug"]) == ("c", "calm-sea")
    assert found["sessions"] == [SESSION, "b"]


def test_a_file_with_titles_alone_has_no_messages(session):
    lines = [{"type": "summary", "summary": "Order 7", "leafUuid": "a1"}]
    session(lines, bad=[("the file", "the session has no messages")])


def test_streamed_output_is_a_session_too(session):
    store = session(stream())
    assert told(store) == ["I look. task", "-> task", "It is there."]
    assert told(store, tract="s/agent-task") == ["Find it", "inner", "-> inner"]
    assert about(store)["result"]["total_cost_usd"] == 0.25
    assert about(store, tract="s/agent-task")["agent_type"] == "Explore"
    assert [one.at.microsecond for one in commits(store)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("lines", "sure"),
    [
        (Log().user("u1").lines, True),
        (Log().note("file-history-snapshot", messageId="x", snapshot={}).lines, True),
        (Log().note("summary", summary="x", leafUuid="y").lines * 20, True),
        (Log().note("permission-mode", permissionMode="plan", sessionId="x").lines, True),
        (Log().line("system", "x", subtype="local_command").lines, True),
        ([{"type": "system", "subtype": "init", "session_id": "x"}], True),
        ([{"type": "session", "id": "x", "cwd": "shop"}], False),
        ([{"type": "message", "timestamp": "x", "message": {"role": "user"}}], False),
        ([{"type": "summary", "summary": "x"}], False),
        ([{"type": "user", "message": {"role": "user", "content": "x"}}], False),
        ([{"role": "user", "content": "Hello"}], False),
        ([{"type": "progress"}, {"type": [1]}, [], 7], False),
    ],
)
def test_a_session_is_known_by_its_lines(tmp_path, lines, sure):
    path = tmp_path / "s.jsonl"
    path.write_bytes(text(lines))
    sample = Source(path, Limits()).sample
    importer = importer_for(Source(path, Limits()), "claude-code")
    assert (importer.detects(sample) > 80) == sure
    assert importer.detects(sample) in (0, 85, 95)


@pytest.mark.parametrize("middle", [False, True])
def test_every_beginning_of_a_file_leads_to_what_the_whole_gives(tmp_path, middle):
    data = sample().splitlines(keepends=True)
    at_once, grown, path = MemoryStore(), MemoryStore(), tmp_path / "s.jsonl"
    path.write_bytes(b"".join(data))
    assert Tract.import_(path, at_once).bad == ()
    for upto in range(3, len(data) + 1):
        half = data[upto][: len(data[upto]) // 2] if middle and upto < len(data) else b""
        path.write_bytes(b"".join(data[:upto]) + half)
        bad = Tract.import_(path, grown).bad
        assert all("is not complete" in one.reason for one in bad)
        assert len(bad) == bool(half)
    assert tips(grown) == tips(at_once)
    assert Tract.import_(path, grown).added == 0
    with Session.open(grown) as s:
        assert s.verify().ok
    names = [(name, ref) for name, refs in tips(at_once).items() for ref in refs]
    assert len(names) == 3
    # A reply that was read in the middle counts once, as it was reported last.
    assert spent(grown) == spent(at_once)


def spent(store):
    """What all calls of the store came to."""
    with Session.open(store) as session:
        details = [
            session.tract(info.name).status(detail=True).detail for info in session.list_tracts()
        ]
    found = [detail.spending for detail in details if detail is not None]
    assert any(one.calls for one in found)
    return found


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_everything_can_be_sent(session, tmp_path, provider):
    path = tmp_path / "s.jsonl"
    path.write_bytes(sample())
    store = MemoryStore()
    Tract.import_(path, store)
    for tract, refs in tips(store).items():
        for ref in refs:
            with opened(store, ref.removeprefix("branch/"), tract) as t:
                for one in t.log(None):
                    context = t.compile(one)
                    params = getattr(context, f"to_{provider}")()
                    assert check(params, provider) == []
                    accepted(params, provider)


def test_a_long_session_is_read_in_little_memory(tmp_path):
    path, rng = tmp_path / "s.jsonl", random.Random(1)
    with path.open("wb") as file:
        for n in range(400):
            log = Log()
            log.last = f"r{n - 1}" if n else None
            log.user(f"u{n}", str(n)).reply(f"a{n}", f"m{n}", call(f"c{n}"))
            log.results(f"r{n}", f"c{n}", text=rng.randbytes(20_000).hex())
            file.write(log.bytes())
    size = path.stat().st_size
    source = Source(path, Limits())
    tracemalloc.start()
    (one,) = importer_for(source).read(source, "s")
    assert isinstance(one, Conversation)
    count = sum(1 for message in one.messages if isinstance(message, Imported))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 1_200
    assert peak < size / 4
