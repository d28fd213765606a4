"""Sessions of the pi coding agent: lines and trees, what was cut off, replaced, summed up and paid."""

import json
import random
import tracemalloc

import pytest

from tests.formats.samples import accepted
from tests.importers.samples_pi import (
    COST,
    FIRST,
    HEADER,
    LINEAR,
    call,
    line,
    linear,
    reply,
    result,
    sample,
    text,
    tree,
    usage,
    user,
)
from tract import Priority, Session, Tract
from tract.formats import check
from tract.importers import Conversation, Source, importer_for, list_importers
from tract.objects import Actor, Limits, MediaPart, OpaquePart, ReasoningPart, ToolCall
from tract.store import MemoryStore

IMAGE = {"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}


@pytest.fixture
def session(tmp_path):
    """A function that imports lines (or text) as the file `s.jsonl` and gives its store."""

    def session(lines, store=None, bad=()):
        path = tmp_path / "s.jsonl"
        data = lines if isinstance(lines, str | bytes) else text(lines)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        store = store or MemoryStore()
        report = Tract.import_(path, store)
        assert [(one.place, one.reason) for one in report.bad] == list(bad)
        return store

    return session


def opened(store, branch=None):
    return Tract.open(store, tract="s", branch=branch, create=False)


def texts(store, branch=None, at=None):
    with opened(store, branch) as t:
        return [entry.text for entry in t.entries(at)]


def commits(store, branch=None):
    """What a branch is made of, oldest first."""
    with opened(store, branch) as t:
        return [t.show(one) for one in reversed(t.log(None))]


def figures(store):
    """What is recorded of calls, whatever they belong to."""
    with store.read() as reader:
        return [one.body for row in reader.tracts() for one in reader.usages(row.id)]


def everything(store):
    with store.read() as reader:
        rows = reader.tracts()
        return (
            {row.name: (row.metadata, reader.refs(row.id)) for row in rows},
            {row.name: len(reader.usages(row.id)) for row in rows},
            sorted(commit.id for commit in reader.commits()),
            sorted(reader.blobs()),
        )


def valid(store, branch=None):
    """Check that what a branch holds may be sent, and return the messages."""
    with opened(store, branch) as t:
        context = t.compile()
        for provider in ("openai", "anthropic"):
            params = context.to_openai() if provider == "openai" else context.to_anthropic()
            assert check(params, provider) == []
            accepted(params, provider)
        return context.to_openai()["messages"]


# --- told apart ------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [linear(user()), tree(("a", None, user())), linear(user())[1:]])
def test_a_session_is_known_by_its_lines(reading, lines):
    assert reading(text(lines), "whatever.log").format == "pi"


@pytest.mark.parametrize(
    "value",
    [
        {"type": "session", "payload": {}},
        {
            "type": "user",
            "uuid": "1",
            "message": {"role": "user", "content": "x"},
            "timestamp": "t",
        },
        {"type": "message", "uuid": "1", "message": {"role": "user"}, "timestamp": "t"},
        {"role": "user", "content": "x", "timestamp": 1},
        {"type": ["message"], "message": 5},
        {"type": "message", "message": {"content": "x"}, "timestamp": 1},
    ],
)
def test_lines_of_others_are_left_to_others(tmp_path, value):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(value) + "\n" + json.dumps(value) + "\n")
    (pi,) = [one for one in list_importers() if one.name == "pi"]
    assert pi.detects(Source(path, Limits()).sample) == 0


# --- the linear form -------------------------------------------------------------------------


def test_a_linear_session_is_one_branch_with_times_authors_and_models(session):
    store = session(
        linear(user("Hi"), reply("Look.", call(command="ls")), result(text="a b"), reply("Two."))
    )
    hi, look, found, two = commits(store)
    assert [one.info.author for one in (hi, look, found)] == [
        Actor("human"),
        Actor("model", "claude-sonnet-4-5"),
        Actor("tool", "bash"),
    ]
    stamps = [round(one.info.at.timestamp() * 1_000_000) for one in (hi, look, found, two)]
    assert stamps == [FIRST + second * 1_000_000 for second in (1, 2, 3, 4)]
    assert look.info.made_with == {"model": "claude-sonnet-4-5", "provider": "anthropic"}
    assert look.info.metadata == {"api": "anthropic-messages"}
    assert look.content.parts[1] == ToolCall("c1", "bash", '{"command": "ls"}')
    assert (found.content.call_id, found.content.name, found.text) == ("c1", "bash", "a b")
    with opened(store) as t:
        kept = t.info.metadata["import"]
    assert kept["format"] == "pi"
    assert kept["branches"]["main"] == {k: v for k, v in LINEAR.items() if k != "type"}


def test_times_come_from_the_line_else_the_message_else_the_place(session):
    lines = linear(user("a"), user("b", timestamp=1_763_632_800_123), user("c"))
    del lines[2]["timestamp"], lines[3]["timestamp"]
    stamps = [round(one.info.at.timestamp() * 1_000_000) for one in commits(session(lines))]
    assert stamps == [FIRST + 1_000_000, FIRST + 123_000, 2]


def test_a_reply_says_when_it_was_asked_for(session):
    (one,) = commits(session(linear(reply("x", timestamp=1_763_632_799_000))))
    assert one.info.metadata["timestamp"] == 1_763_632_799_000


def test_changes_of_the_model_go_with_the_next_message_and_the_level_with_the_replies(session):
    store = session(
        linear(
            user("a"),
            {"type": "model_change", "provider": "openai", "modelId": "gpt-5"},
            {"type": "thinking_level_change", "thinkingLevel": "high"},
            user("b"),
            reply("c", provider="openai", model="gpt-5"),
            {"type": "thinking_level_change", "thinkingLevel": "off"},
            reply("d"),
            reply("e", thinkingLevel="low"),
        )
    )
    _, b, c, d, e = commits(store)
    assert [change["type"] for change in b.info.metadata["changes"]] == [
        "model_change",
        "thinking_level_change",
    ]
    assert b.info.metadata["changes"][0]["modelId"] == "gpt-5"
    assert c.info.made_with == {"model": "gpt-5", "provider": "openai", "thinking_level": "high"}
    assert d.info.made_with == {"model": "claude-sonnet-4-5", "provider": "anthropic"}
    assert e.info.made_with["thinking_level"] == "low"


def test_usage_and_cost_are_those_of_the_session(session):
    store = session(linear(user(), reply("a", usage=usage(3)), reply("b", usage=usage(4))))
    first, second = figures(store)
    assert [first[name] for name in ("input", "output", "cache_read", "cache_write")] == [
        3 + 100 + 7, 5, 100, 7,
    ]  # fmt: skip
    assert (second["input"], second["cost"]) == (111, COST["total"])
    assert first["raw"] == usage(3)


def test_a_report_that_makes_no_sense_takes_no_message_with_it(session):
    store = session(linear(reply("a", usage={"input": -1, "output": 1, "cacheRead": 0})))
    (one,) = commits(store)
    assert one.info.metadata["usage"] == {"input": -1, "output": 1, "cacheRead": 0}
    assert figures(store) == []


@pytest.mark.parametrize(
    ("stop", "error", "reason"),
    [
        ("aborted", "Request was aborted", "Request was aborted"),
        ("error", "529 overloaded", "529 overloaded"),
        ("aborted", None, "aborted"),
    ],
)
def test_a_turn_that_was_cut_off_is_kept_and_left_out(session, stop, error, reason):
    cut = reply("Half", call("c7"), stopReason=stop, **({"errorMessage": error} if error else {}))
    store = session(linear(user("a"), cut, user("b"), reply("c")))
    assert texts(store) == ["a", "Half", "b", "c"]
    with opened(store) as t:
        half = t.entries()[1]
        shown = t.show(half.commit)
        assert half.mark.priority is Priority.SKIP
        assert half.mark.labels == ("partial",)
        assert (shown.reason, shown.info.metadata["stopReason"]) == (reason, stop)
    assert "Half" not in str(valid(store))


def test_a_reply_that_ran_out_of_tokens_is_a_reply(session):
    (one,) = commits(session(linear(reply("Half", stopReason="length"))))
    assert (one.info.metadata["stopReason"], dict(one.marks)) == ("length", {})


def test_calls_that_were_never_answered_are_sent_with_an_answer(session):
    store = session(linear(user(), reply("a", call("c1"), call("c2")), result("c2"), user("b")))
    sent = valid(store)
    assert [m["tool_call_id"] for m in sent if m["role"] == "tool"] == ["c1", "c2"]


def test_images_thoughts_and_blocks_of_other_kinds_are_kept(session):
    signed = {"type": "thinking", "thinking": "Hm.", "thinkingSignature": "c2ln"}
    hidden = {"type": "thinking", "thinking": "", "thinkingSignature": "ZW5j", "redacted": True}
    odd = {"type": "hologram", "beam": 3}
    google = {**call("c2"), "thoughtSignature": "Zw=="}
    store = session(
        linear(
            user([IMAGE, {"type": "text", "text": "What?"}]),
            reply(signed, hidden, "A cat.", call(), odd),
            result(content=[{"type": "text", "text": "see"}, IMAGE]),
            reply(google, provider="google", model="gemini-3"),
            result("c2", content=[]),
        )
    )
    asked, said, seen, called, empty = [one.content for one in commits(store)]
    picture = MediaPart("image", media_type="image/png", data="iVBORw0KGgo=")
    assert asked.parts[0] == seen.parts[1] == picture
    assert said.parts[0] == ReasoningPart("Hm.", "anthropic", "c2ln")
    assert said.parts[1] == ReasoningPart(provider="anthropic", encrypted="ZW5j")
    assert said.parts[4] == OpaquePart("pi", odd)
    assert called.parts[0].extra == {"google": {"thoughtSignature": "Zw=="}}
    assert (empty.output, empty.parts) == (None, ())
    valid(store)


def test_what_a_result_says_besides_is_kept(session):
    store = session(linear(reply(call()), result(details={"diff": "+a"}, isError=True)))
    one = commits(store)[1]
    assert (one.content.is_error, one.info.metadata) == (True, {"details": {"diff": "+a"}})


def test_a_call_that_a_tool_made_is_paid_too(session):
    store = session(linear(reply(call()), result(usage=usage(1))))
    assert [one["input"] for one in figures(store)] == [117, 108]
    assert commits(store)[1].usage[0]["cost"] == COST["total"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"output": "a\nb", "exitCode": 0}, "Ran `ls`\n```\na\nb\n```"),
        ({"output": "", "exitCode": 3}, "Ran `ls`\n(no output)\n\nCommand exited with code 3"),
        ({"output": "", "cancelled": True}, "Ran `ls`\n(no output)\n\n(command cancelled)"),
        (
            {"output": "a", "truncated": True, "fullOutputPath": "/tmp/o"},
            "Ran `ls`\n```\na\n```\n\n[Output truncated. Full output: /tmp/o]",
        ),
    ],
)
def test_a_command_that_the_user_ran_is_what_the_model_was_shown(session, more, said):
    (one,) = commits(session(linear({"role": "bashExecution", "command": "ls", **more})))
    assert (one.text, one.info.author, one.content.role) == (said, Actor("human"), "user")
    assert one.info.metadata["command"] == "ls"


def test_a_command_that_the_model_was_not_to_see_is_left_out(session):
    ran = {"role": "bashExecution", "command": "ls", "output": "", "excludeFromContext": True}
    store = session(linear(user("a"), ran))
    with opened(store) as t:
        assert [entry.mark.priority for entry in t.entries()] == [Priority.NORMAL, Priority.SKIP]
    assert len(valid(store)) == 1


def test_messages_of_extensions_have_the_extension_as_author(session):
    old = {"role": "hookMessage", "customType": "lint", "content": "Mind.", "display": True}
    new = {"role": "custom", "customType": "lint", "content": [{"type": "text", "text": "Mind."}]}
    own = {"type": "custom_message", "customType": "lint", "content": "x", "details": {"n": 1}}
    store = session(linear(old, new, own))
    assert {(one.info.author, one.content.role) for one in commits(store)} == {
        (Actor("application", "lint"), "user")
    }
    assert commits(store)[0].info.metadata == {"customType": "lint", "display": True}
    assert commits(store)[2].info.metadata == {"customType": "lint", "details": {"n": 1}}


# --- the system prompt -----------------------------------------------------------------------


def test_a_system_message_is_an_instruction(session):
    tool = {"name": "read", "description": "Reads", "parameters": {}}
    more = {"role": "system", "content": "And polite.", "toolsAdded": [tool]}
    store = session(linear({"role": "system", "content": "Be brief."}, user(), more))
    assert texts(store) == ["Be brief.", "Hello", "And polite."]
    assert [one.content_type for one in commits(store)[0::2] for one in [one.info]] == [
        "instruction",
        "instruction",
    ]
    assert commits(store)[2].info.metadata == {"toolsAdded": [tool]}


def test_sections_are_changed_where_the_prompt_stands(session):
    first = {"role": "system", "content": "Base.", "sections": {"cwd": "In /a.", "mode": "Plan."}}
    then = {"role": "system", "content": "", "sections": {"mode": None, "skills": "Swim."}}
    last = {"role": "system", "content": "More.", "sections": {"cwd": "In /b."}}
    store = session(linear(first, user("a"), then, user("b"), last))
    assert texts(store) == ["Base.\n\nMore.\n\nIn /b.\n\nSwim.", "a", "b"]
    made = commits(store)
    assert texts(store, at=made[1].id) == ["Base.\n\nIn /a.\n\nPlan.", "a"]
    assert texts(store, at=made[2].id) == ["Base.\n\nIn /a.\n\nSwim.", "a"]
    with opened(store) as t:
        assert t.entries()[0].mark.priority is Priority.PINNED
        assert t.entries()[0].id == t.entries(made[0].id)[0].id


# --- trees -----------------------------------------------------------------------------------

FORKED = tree(
    ("a", None, user("a")),
    ("b", "a", reply("b")),
    ("c", "b", user("c")),
    ("d", "c", reply("d")),
    ("e0e0e0e0", "b", user("e")),
    ("f", "e0e0e0e0", reply("f")),
)


def test_every_leaf_is_a_branch_and_beginnings_are_shared(session):
    store = session(FORKED)
    assert texts(store, "main") == ["a", "b", "c", "d"]
    assert texts(store, "fork-e0e0e0e0") == ["a", "b", "e", "f"]
    with store.read() as reader:
        assert sum(1 for _ in reader.commits()) == 6
    assert [one.id for one in commits(store, "main")][:2] == [
        one.id for one in commits(store, "fork-e0e0e0e0")
    ][:2]


def test_a_session_is_resumed_where_pi_was(session):
    assert opened(session(FORKED)).current_branch == "fork-e0e0e0e0"
    back = {"type": "leaf", "id": "l", "parentId": "f", "targetId": "d"}
    assert opened(session([*FORKED, back])).current_branch == "main"
    unknown = {"type": "leaf", "id": "l", "parentId": "f", "targetId": "gone"}
    assert opened(session([*FORKED, unknown])).current_branch == "fork-e0e0e0e0"


def test_going_back_makes_no_branch_of_its_own(session):
    back = {"type": "leaf", "id": "l1", "parentId": "f", "targetId": "d"}
    on = {**line(9, user("g")), "id": "g", "parentId": "d"}
    store = session([*FORKED, back, on])
    assert texts(store, "main") == ["a", "b", "c", "d", "g"]
    (metadata_and_refs,) = everything(store)[0].values()
    assert sorted(metadata_and_refs[1]) == ["branch/fork-e0e0e0e0", "branch/main"]


def test_several_roots_are_several_branches(session):
    store = session(tree(("a", None, user("a")), ("b", None, user("b"))))
    assert (texts(store, "main"), texts(store, "fork-b")) == (["a"], ["b"])


def test_a_summary_of_a_branch_stands_where_it_was_left(session):
    left = {"type": "branch_summary", "fromId": "d", "summary": "c was no use."}
    hook = {"type": "branch_summary", "fromId": "d", "summary": "Nor was d.", "fromHook": True}
    lines = tree(
        ("a", None, user("a")),
        ("c", "a", reply("c")),
        ("s", "a", {**left, "usage": usage(1)}),
        ("h", "s", hook),
        ("e", "h", user("e")),
    )
    store = session(lines)
    assert texts(store, "fork-s") == ["a", "c was no use.", "Nor was d.", "e"]
    _, one, other, _ = commits(store, "fork-s")
    assert (one.info.content_type, one.info.author) == ("summary", Actor("model"))
    assert other.info.author == Actor("application")
    assert one.info.metadata == {"fromId": "d"}
    assert one.usage[0]["input"] == 108


def test_labels_and_names_are_kept_with_the_branches(session):
    store = session(
        tree(
            ("a", None, user("a")),
            ("l", "a", {"type": "label", "targetId": "a", "label": "begin"}),
            ("m", "l", {"type": "label", "targetId": "l", "label": "gone"}),
            ("n", "m", {"type": "label", "targetId": "l"}),
            ("i", "n", {"type": "session_info", "name": "My shop"}),
            ("x", "i", {"type": "custom", "customType": "s", "data": {"n": 1}}),
            ("b", "x", reply("b")),
        )
    )
    assert texts(store) == ["a", "b"]
    with opened(store) as t:
        kept = t.info.metadata["import"]["branches"]["main"]
    assert kept["labels"] == {"a": "begin"}
    assert (kept["name"], kept["cwd"], kept["id"]) == ("My shop", "shop", HEADER["id"])


def test_a_session_that_pi_moved_to_the_tree_form_is_the_same_commits(session):
    summed = {"type": "compaction", "summary": "a and b", "tokensBefore": 9}
    said = [user("a"), reply("b"), user("c"), reply("d")]
    hook = {"role": "hookMessage", "customType": "h", "content": "x"}
    old = linear(*said, {**summed, "firstKeptEntryIndex": 3}, hook, user("e"))
    new = [HEADER]
    for number, one in enumerate(old[1:]):
        moved = {k: v for k, v in one.items() if k != "firstKeptEntryIndex"}
        moved |= {"id": f"n{number}", "parentId": f"n{number - 1}" if number else None}
        if one["type"] == "compaction":
            moved["firstKeptEntryId"] = "n2"
        if one.get("message") is hook:
            moved["message"] = {**hook, "role": "custom"}
        new.append(moved)
    store = session(old)
    before = everything(store)[2]
    session(new, store)
    assert everything(store)[2] == before


# --- compactions -----------------------------------------------------------------------------

SUMMED = {"type": "compaction", "summary": "a and b.", "tokensBefore": 900}


@pytest.mark.parametrize("form", ["linear", "tree"])
def test_a_summary_stands_at_the_place_of_what_it_replaced(session, form):
    said = [user("a"), reply("b"), user("c"), reply("d")]
    if form == "linear":
        lines = linear(*said, {**SUMMED, "firstKeptEntryIndex": 3}, user("e"))
    else:
        summed = {**SUMMED, "firstKeptEntryId": "2", "usage": usage(1), "details": {"n": 1}}
        lines = tree(
            *[
                (str(n), str(n - 1) if n else None, one)
                for n, one in enumerate([*said, summed, user("e")])
            ]
        )
    store = session(lines)
    assert texts(store) == ["a and b.", "c", "d", "e"]
    made = commits(store)
    assert made[4].sources["commits"] == [made[0].id, made[1].id]
    assert made[4].info.metadata["tokensBefore"] == 900
    assert texts(store, at=made[3].id) == ["a", "b", "c", "d"]
    if form == "tree":
        assert made[4].usage[0]["cost"] == COST["total"]
        assert made[4].info.metadata["details"] == {"n": 1}
    valid(store)


@pytest.mark.parametrize(
    "kept", [None, "k", "gone", 7, {"firstKeptEntryIndex": 0}, {"firstKeptEntryIndex": 99}]
)
def test_a_summary_may_keep_nothing(session, kept):
    where = kept if isinstance(kept, dict) else {"firstKeptEntryId": kept}
    nodes = [("a", None, user("a")), ("b", "a", reply("b")), ("k", "b", {**SUMMED, **where})]
    assert texts(session(tree(*nodes, ("c", "k", user("c"))))) == ["a and b.", "c"]


def test_a_second_summary_replaces_the_first(session):
    store = session(
        linear(
            user("a"),
            reply("b"),
            {**SUMMED, "firstKeptEntryIndex": 2},
            user("c"),
            {**SUMMED, "summary": "All of it.", "firstKeptEntryIndex": 4},
            user("d"),
        )
    )
    assert texts(store) == ["All of it.", "c", "d"]
    made = commits(store)
    assert set(made[4].sources["commits"]) == {made[2].id, made[1].id}
    # What was kept twice is not summed up twice, but the older summary goes with the newer one.
    again = {**SUMMED, "summary": "Again.", "firstKeptEntryIndex": 2}
    store = session(linear(user("a"), reply("b"), {**SUMMED, "firstKeptEntryIndex": 2}, again))
    assert texts(store) == ["Again.", "b"]


def test_instructions_outlive_a_summary(session):
    store = session(
        linear(
            {"role": "system", "content": "Be brief."},
            user("a"),
            {**SUMMED, "firstKeptEntryId": None, "systemMessage": {"role": "system"}},
            user("b"),
        )
    )
    assert texts(store) == ["Be brief.", "a and b.", "b"]
    assert commits(store)[2].info.metadata["systemMessage"] == {"role": "system"}


def test_a_summary_of_one_branch_leaves_the_other_alone(session):
    store = session(
        tree(
            ("a", None, user("a")),
            ("b", "a", reply("b")),
            ("k", "b", {**SUMMED, "firstKeptEntryId": "b"}),
            ("c", "k", user("c")),
            ("d", "b", user("d")),
        )
    )
    assert texts(store, "main") == ["a and b.", "b", "c"]
    assert texts(store, "fork-d") == ["a", "b", "d"]


# --- edits of the context --------------------------------------------------------------------


def edit(target, content=...):
    replacement = None if content is ... else {"content": content}
    return {"type": "context_edit", "targetId": target, "replacement": replacement}


def test_an_edit_tells_an_entry_anew_and_leaves_the_past_as_it_was(session):
    store = session(
        tree(
            ("a", None, reply("Look.", call())),
            ("b", "a", result(text="long " * 99)),
            ("c", "b", reply("Good.")),
            ("x", "c", edit("b", "short")),
            ("d", "x", user("d")),
            ("y", "d", edit("b", [{"type": "text", "text": "shorter"}])),
        )
    )
    assert texts(store)[1:] == ["shorter", "Good.", "d"]
    made = commits(store)
    assert texts(store, at=made[2].id)[1] == "long " * 99
    assert texts(store, at=made[4].id)[1] == "short"
    with opened(store) as t:
        now, before = t.entries()[1], t.entries(made[2].id)[1]
    assert (now.id, now.content.call_id) == (before.id, "c1")
    assert made[3].info.author == Actor("application")
    valid(store)


def test_an_edit_may_take_an_entry_out(session):
    nodes = [("a", None, user("a")), ("b", "a", reply("b")), ("x", "b", edit("a"))]
    store = session(tree(*nodes, ("c", "x", user("c"))))
    assert texts(store) == ["b", "c"]
    made = commits(store)
    assert (made[2].content, len(made[2].replaces)) == (None, 1)
    assert texts(store, at=made[1].id) == ["a", "b"]


def test_what_was_taken_out_comes_back_at_the_end(session):
    nodes = [("a", None, user("a")), ("b", "a", reply("b")), ("x", "b", edit("a"))]
    assert texts(session(tree(*nodes, ("y", "x", edit("a", "A"))))) == ["b", "A"]


def test_an_edit_of_what_a_summary_stands_for_changes_nothing(session):
    store = session(
        tree(
            ("a", None, user("a")),
            ("b", "a", reply("b")),
            ("k", "b", {**SUMMED, "firstKeptEntryId": "b"}),
            ("x", "k", edit("a", "no")),
            ("y", "x", edit("b", "B")),
            ("z", "y", edit("k")),
        )
    )
    assert texts(store) == ["B"]
    assert texts(store, at=commits(store)[3].id) == ["a and b.", "B"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (edit("gone"), "targetId 'gone' is no line before it"),
        (edit("b"), "targetId 'b' is no line before it"),
        ({"type": "context_edit"}, "targetId None is no line before it"),
        (edit("a", 5), "content 5 is neither text nor a list, but a number"),
        ({"type": "context_edit", "targetId": "a", "replacement": "b"}, "replacement 'b' is no object"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_is_reported(session, wrong, reason):
    lines = tree(("a", None, user("a")), ("x", "a", wrong), ("b", "x", user("b")))
    assert texts(session(lines, bad=[("line 3", reason)])) == ["a", "b"]


# --- reports of usage ------------------------------------------------------------------------


def test_a_report_of_usage_counts_once(session):
    warm = {"type": "usage", "kind": "cache_warm", "provider": "anthropic", "model": "m"}
    lines = tree(
        ("a", None, user("a")),
        ("b", "a", reply("b")),
        ("u", "b", {**warm, "usage": usage(0), "note": "n"}),
        ("c", "u", user("c")),
        ("d", "u", user("d")),
    )
    store = session(lines)
    assert [one["cost"] for one in figures(store)] == [COST["total"]] * 2
    said = figures(store)[1]
    assert (said["input"], said["raw"]["kind"], said["raw"]["note"]) == (107, "cache_warm", "n")
    before = everything(store)
    assert everything(session(lines, store)) == before


def test_a_report_of_nothing_is_reported(session):
    lines = linear({"type": "usage", "kind": "warm", "usage": usage()}, user("a"))
    assert figures(session(lines, bad=[("line 2", "usage 'warm' is of no message: none was before it")])) == []  # fmt: skip
    lines = linear(user("a"), {"type": "usage", "usage": [1]})
    session(lines, bad=[("line 3", "usage is list, no object or dict")])


# --- growing, and broken ---------------------------------------------------------------------

LONG = sample().decode().splitlines(keepends=True)
UNFINISHED = "the line is not complete"


def at_once(tmp_path):
    store = MemoryStore()
    path = tmp_path / "s.jsonl"
    path.write_bytes(sample())
    assert Tract.import_(path, store).bad == ()
    return store


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_cut_anywhere_and_completed_gives_the_ids_of_at_once(tmp_path, seed):
    """After every line, and in the middle of lines: one store all the way, and no conflict."""
    whole = everything(at_once(tmp_path))
    chance = random.Random(seed)
    path, store = tmp_path / "s.jsonl", MemoryStore()
    for count in range(1, len(LONG) + 1):
        data = "".join(LONG[:count])
        if seed is not None:
            data = data[: -chance.randrange(1, len(LONG[count - 1]))]
        path.write_text(data)
        if count > 2:
            report = Tract.import_(path, store)
            assert all(UNFINISHED in one.reason for one in report.bad)
    path.write_text("".join(LONG))
    assert Tract.import_(path, store).bad == ()
    grown = everything(store)
    assert grown[1:] == whole[1:]
    assert grown[0]["s"][1] == whole[0]["s"][1]
    assert Tract.import_(path, store).added == 0
    assert everything(store) == grown


def test_the_sample_is_valid_on_every_branch_and_at_every_commit(tmp_path):
    store = at_once(tmp_path)
    with Session.open(store) as s:
        (info,) = s.list_tracts()
        assert info.branches == 2
    for branch in ("main", "fork-f1"):
        valid(store, branch)
        with opened(store, branch) as t:
            assert t.verify().ok
            for one in t.log(None):
                context = t.compile(one)
                for params, provider in (
                    (context.to_openai(), "openai"),
                    (context.to_anthropic(), "anthropic"),
                ):
                    assert check(params, provider) == []
                    accepted(params, provider)


def test_a_broken_line_in_the_middle_is_reported_and_passed_over(session):
    lines = text(FORKED).splitlines(keepends=True)
    lines[2] = lines[2][:40] + "\n"
    store = session(
        "".join(lines),
        bad=[
            ("line 3", "no JSON: Unterminated string starting at (column 34)"),
            ("line 4", "its parent 'b' is not in the file"),
            ("line 6", "its parent 'b' is not in the file"),
        ],
    )
    assert texts(store, "main") == ["a", "c", "d", "e", "f"]


def test_lines_of_unknown_types_are_reported_and_are_links_all_the_same(session):
    lines = tree(("a", None, user("a")), ("x", "a", {"type": "party"}), ("b", "x", user("b")))
    lines.append({"type": [1], "id": "y", "parentId": "b"})
    store = session(
        text(lines) + "[1]\n",
        bad=[
            ("line 3", "type party is no type of a line that is known"),
            ("line 5", "type a list is no type of a line that is known"),
            ("line 6", "no line of a session, but a list"),
        ],
    )
    assert texts(store) == ["a", "b"]


def test_lines_that_are_no_objects_count_in_the_places_of_the_linear_form(session):
    lines = linear(user("a"), reply("b"), {**SUMMED, "firstKeptEntryIndex": 3})
    data = text(lines[:1]) + "[1]\n" + text(lines[1:])
    store = session(data, bad=[("line 2", "no line of a session, but a list")])
    assert texts(store) == ["a and b.", "b"]


def test_parents_that_are_missing_or_form_a_circle_are_reported(session):
    store = session(
        tree(("a", "b", user("a")), ("b", "a", user("b")), ("c", "gone", user("c"))),
        bad=[
            ("line 2", "it follows itself: its parents form a circle"),
            ("line 4", "its parent 'gone' is not in the file"),
        ],
    )
    assert texts(store) == ["a", "b", "c"]


def test_an_id_that_is_there_twice_loses_nobody(session):
    store = session(tree(("a", None, user("a")), ("b", "a", user("b")), ("b", "a", user("c"))))
    assert (texts(store, "main"), texts(store, "fork-b")) == (["a", "b"], ["a", "c"])


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (None, "message None is no object, but null"),
        ("x", "message 'x' is no object, but a text"),
        ({"content": "x"}, "role None is no role of a message"),
        (user(5), "content 5 is neither text nor a list, but a number"),
        (user([5]), "content[0] a number"),
        (user([{"type": 5}]), "content[0].type 5 is no type of a block"),
        ({"role": ["user"], "content": "x"}, "role a list is no role of a message"),
        ({**result(), "toolCallId": 5}, "toolCallId 5 is no id of a call"),
        (reply({"type": "toolCall", "id": "c"}), "name"),
        ({"role": "bashExecution", "command": None}, "command None is no text"),
        ({"role": "branchSummary"}, "summary None is no text"),
        (user("\ud800"), ""),
    ],
)
def test_a_message_of_wrong_types_is_reported_and_the_others_are_read(tmp_path, message, reason):
    path, store = tmp_path / "s.jsonl", MemoryStore()
    lines = [*linear(user("a")), {**line(5), "message": message}, line(6, user("b"))]
    path.write_text(text(lines))
    (bad,) = Tract.import_(path, store).bad
    assert bad.place == "line 3"
    assert reason.split(" a number")[0] in bad.reason
    assert texts(store) == ["a", "b"]


def test_fields_of_wrong_types_that_say_little_are_survived(session):
    odd = reply(
        "x", model=5, provider=[], stopReason={}, errorMessage=3, timestamp="soon", api=None
    )
    header = {**LINEAR, "thinkingLevel": [], "version": "x", "timestamp": 5}
    store = session([header, {"type": "message", "timestamp": {}, "message": odd}])
    (one,) = commits(store)
    assert (one.text, one.info.author, one.info.made_with) == ("x", Actor("model"), None)


def test_a_session_without_messages_is_reported(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text(text(linear()))
    report = Tract.import_(path, MemoryStore())
    assert [str(one).split(", ", 1)[1] for one in report.bad] == [
        "the file: the session has no messages"
    ]
    assert report.conversations == 0


def peak_of(work):
    """The most memory that some work held at a time, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def long_session(path, count):
    filler = "x" * 20_000
    with path.open("w") as file:
        for one in linear(*[user(f"{n} {filler}") for n in range(count)]):
            file.write(json.dumps(one) + "\n")
    return path.stat().st_size


def test_a_long_session_is_read_in_bounded_memory(tmp_path):
    """The file is read line by line, twice; of each line a few words are held."""
    path = tmp_path / "s.jsonl"
    assert long_session(path, 1_000) > 20_000_000
    source = Source(path, Limits())
    importer = importer_for(source)

    def read():
        (one,) = importer.read(source, "s")
        assert isinstance(one, Conversation)
        count = 0
        for _ in one.messages:
            count += 1
        assert count == 1_000

    assert peak_of(read) < 1_000_000


def test_a_long_session_is_imported_in_bounded_memory(tmp_path):
    """It goes into the store in parts; whatever is loaded but once is loaded by the short one."""
    short, path = tmp_path / "short.jsonl", tmp_path / "long.jsonl"
    long_session(short, 1)
    Tract.import_(short, tmp_path / "kept.db")
    size = long_session(path, 3_000)
    assert peak_of(lambda: Tract.import_(path, tmp_path / "kept.db")) < 0.75 * size


def test_a_first_line_may_follow_the_header(reading):
    header = {**HEADER, "id": "s1"}
    first = {"type": "message", "id": "a", "parentId": "s1", "timestamp": HEADER["timestamp"]}
    first["message"] = user("x")
    read = reading("".join(json.dumps(line) + "\n" for line in (header, first)), "s.jsonl")
    assert (len(read.only), read.bad) == (1, [])
