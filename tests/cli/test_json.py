"""What programs get: the promised objects, from every command that looks."""

import json
import time

import pytest
from inline_snapshot import snapshot

from tract import Tract


def messages(asked, *words):
    return [commit["message"] for commit in asked("log", *words)["commits"]]


def test_a_commit_in_full(asked, store):
    (commit,) = asked("log", "-n", "1", "HEAD~3")["commits"]
    assert commit == snapshot(
        {
            "id": "9d9a049505d0b2b4f172bab33627ed83ce3e32bfd351b1bdf521f80699efcbdd",
            "parents": ["e3efd1cb03fc515304a7799dd4908e6e454eec399cc3c19c31c50ef96a60417a"],
            "operation": "edit",
            "entry": "df6e6ae21541113ee3c4cf9c36350add",
            "author": "human:ada",
            "at": "2025-11-25T08:12:00.000000+00:00",
            "message": "the right number",
            "content_type": "dialogue",
            "role": "user",
            "made_with": None,
            "tags": ["fix"],
            "metadata": {},
        }
    )


def test_show_gives_content_marks_and_notes(asked, store):
    shown = asked("show", "HEAD~6")["commit"]
    assert shown["content"] == snapshot(
        {
            "role": "assistant",
            "tool_calls": [{"id": "c1", "name": "look_up", "arguments": '{"order": 4711}'}],
            "content_type": "dialogue",
        }
    )
    assert shown["tokens"] == 16
    marked = asked("show", "HEAD~2")["commit"]
    assert (marked["content"], marked["tokens"], marked["reason"]) == (
        None,
        None,
        "the number matters",
    )
    assert marked["marks"] == {
        asked("show", "HEAD~3")["commit"]["entry"]: {"priority": "pinned", "labels": []}
    }


def test_show_gives_the_usage_that_was_recorded(asked, ok, store):
    with Tract.open(store) as t:
        t.record_usage({"prompt_tokens": 12, "completion_tokens": 2}, commit="HEAD~4")
    usage = asked("show", "HEAD~4")["commit"]["usage"][0]
    assert (usage["input"], usage["output"]) == (12, 2)
    assert "input 12" in ok("show", "HEAD~4")
    assert asked("status")["status"]["usage"]["input"] == 12


def test_status(asked, store):
    status = asked("status", "--budget", "100")["status"]
    assert {key: status[key] for key in status if key not in ("store", "tract_id")} == snapshot(
        {
            "tract": "main",
            "branch": "main",
            "head": "d8008affbb10c625a5556bd030d972a771cf3aab993819280836b8b8e6637e8c",
            "commits": 9,
            "entries": 6,
            "pinned": 2,
            "important": 0,
            "normal": 3,
            "skipped": 1,
            "messages": 4,
            "repairs": 0,
            "tokens": {"count": 54, "method": "exact", "error": 0.0},
            "counting": {
                "model": None,
                "provider": None,
                "tokenizer": "o200k_base",
                "ratio": 1.0,
                "method": "exact",
                "error": 0.0,
                "reports": 0,
                "beside": 0,
            },
            "budget": 100,
            "share": 0.54,
            "usage": None,
            "detail": None,
        }
    )


def test_status_by_tool_says_where_the_tokens_go(asked, store):
    status = asked("status", "--by", "tool")["status"]
    detail = status["detail"]
    for parts in ("roles", "types", "tools"):
        assert sum(part["tokens"] for part in detail[parts]) == status["tokens"]["count"]
    assert detail["entries"][0]["tokens"] == max(entry["tokens"] for entry in detail["entries"])
    assert detail["spending"]["calls"] == 0


def test_entries_say_what_becomes_of_them(asked, store):
    entries = asked("entries")["entries"]
    assert [(e["index"], e["role"], e["status"], e["tokens"]) for e in entries] == snapshot(
        [
            (0, "system", "shown", 15),
            (1, "user", "shown", 12),
            (2, "assistant", "skipped", 16),
            (3, "tool", "skipped", 21),
            (4, "assistant", "shown", 13),
            (5, "user", "shown", 11),
        ]
    )


@pytest.mark.parametrize("form", ["text", "plain", "openai", "anthropic"])
def test_compile_gives_the_context(asked, run, store, form):
    context = asked("compile", "--format", form)["context"]
    assert [message["role"] for message in context["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert context["tokens"] == {"count": 54, "method": "exact", "error": 0.0}
    with Tract.open(store) as t:
        wanted = t.compile().to_params(form) if form in ("openai", "anthropic") else None
        assert context["request"] == wanted
        if form != "text":
            printed = json.loads(run("compile", "--format", form).stdout)
            assert printed == (wanted or t.compile().to_dicts())


def test_compile_explains_and_checks(asked, store):
    context = asked("compile", "--explain", "--check")["context"]
    assert context["issues"] == []
    assert [line["status"] for line in context["explanation"]] == [
        entry["status"] for entry in asked("entries")["entries"]
    ]


def test_compile_keeps_a_budget_or_says_so(asked, run, ok, store):
    dropped = asked("compile", "--budget", "45", "--overflow", "drop")["context"]
    assert [entry["why"] for entry in dropped["dropped"]] == ["budget"]
    assert "left out to keep the budget" in ok("compile", "--budget", "45", "--overflow", "drop")
    assert asked("compile", "--budget", "45", "--overflow", "error", code=1)["error"]["kind"] == (
        "budget_exceeded"
    )
    warned = run("compile", "--budget", "45")
    assert warned.exit_code == 0
    assert warned.stderr == "warning: the context takes 54 of 45 tokens (120%)\n"


def test_an_earlier_state_can_be_compiled(asked, store):
    texts = [m["content"] for m in asked("compile", "--at", "HEAD~7")["context"]["messages"]]
    assert texts[-1] == "Where is my order 4711?"


# --- log -------------------------------------------------------------------------------------


def test_log_begins_where_it_is_told(asked, ok, store):
    assert messages(asked, "-n", "2") == ["And when will it be here?", "mark 1 entry skip"]
    assert messages(asked, "-n", "1", "--branch", "idea") == ["mark 1 entry skip"]
    assert messages(asked, "-n", "1", "HEAD~3") == ["the right number"]
    assert len(messages(asked, "-n", "0")) == 9
    ok("switch", "idea")
    ok("commit", "only here")
    ok("switch", "main")
    assert "only here" not in messages(asked)
    assert "only here" in messages(asked, "--all")


def test_log_leaves_marks_out_and_still_finds_enough(asked, store):
    assert messages(asked, "-n", "2", "--no-marks") == [
        "And when will it be here?",
        "the right number",
    ]
    assert len(messages(asked, "-n", "0", "--no-marks")) == 7
    assert len(messages(asked, "-n", "50", "--no-marks")) == 7


def test_log_filters(asked, store):
    assert messages(asked, "--author", "model") == ["It was shipped on Monday with Blue Van."]
    assert messages(asked, "--author", "human:ada", "--grep", "ORDER 4711") == [
        "Where is my order 4711?"
    ]
    assert messages(asked, "--since", "2025-11-25T08:16") == [
        "And when will it be here?",
        "mark 1 entry skip",
    ]
    assert messages(asked, "--until", "2025-11-25T09:02+01:00") == [
        "You help customers of a bookshop. Be brief."
    ]
    assert len(messages(asked, "--since", "2025-11-25", "--until", "2025-11-25")) == 9
    assert messages(asked, "--until", "2025-11-24") == []


def test_times_without_a_zone_are_this_machines(asked, store, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    assert len(messages(asked, "--since", "2025-11-25T03:16")) == 2


def test_ids_are_as_short_as_they_are_unique(ok, folder):
    with Tract.open(".tract.db") as t, t.batch():
        for number in range(300):
            t.user(str(number))
    with Tract.open(".tract.db") as t:
        shorts = [line.split()[0] for line in ok("log", "--oneline", "-n", "0").splitlines()]
        assert [t.show(short).id for short in shorts] == [info.id for info in t.log(None)]
        assert {len(short) for short in shorts} == {8}
        newest = shorts[0]
    ok("branch", newest, "--no-switch")
    ok("branch", newest + "0", "--at", "HEAD~5", "--no-switch")
    line = ok("log", "--oneline", "-n", "1")
    assert line.startswith(newest)
    assert len(line.split()[0]) > 8
