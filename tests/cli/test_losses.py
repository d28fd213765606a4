"""What is not sent as it was committed is said, with the commits, wherever it is compiled or exported."""

import json
import re

import pytest
from inline_snapshot import snapshot

from tests.cli.conftest import Ticking
from tract import Tract

THINKS = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        {"type": "text", "text": "Soon."},
    ],
}


@pytest.fixture
def lossy(folder):
    """A store with reasoning that one provider cannot be sent, a name, and a call without a result."""
    with Tract.open(".tract.db", author="human:ada", clock=Ticking()) as t:
        t.user("When?", name="ada")
        t.commit(THINKS)
        t.user("Where?", name="ada")
        t.assistant(tool_calls=[{"id": "c1", "name": "look_up", "arguments": "{}"}])
    return folder


OPENAI = [
    "mended: no result yet of call 'c1': left out until there is (pending_exchange), in 686e92cb",
    "for openai, reasoning left out: reasoning is not sent to OpenAI Chat, in 223e9175",
]


def test_compile_for_a_provider_says_what_it_leaves_out(run, lossy):
    openai = run("compile", "--format", "openai")
    assert openai.stderr.splitlines() == [f"note: {line}" for line in OPENAI]
    assert json.loads(openai.stdout)["messages"][1]["content"]
    anthropic = run("compile", "--format", "anthropic")
    assert anthropic.stderr == snapshot("""\
note: mended: no result yet of call 'c1': left out until there is (pending_exchange), in 686e92cb
note: for anthropic, name left out: there is no field for the speaker's name, in d1fc92f8, 0d0a4cec
""")
    assert json.loads(anthropic.stdout)["messages"]
    assert run("compile", "--format", "plain").stderr.count("note: ") == 1


def test_compile_for_people_says_it_in_the_report(ok, lossy):
    assert ok("compile").splitlines()[-1] == snapshot(
        "mended: no result yet of call 'c1': left out until there is (pending_exchange), in 686e92cb"
    )
    assert ok("compile", "--check").splitlines()[3:] == snapshot(
        [
            "mended: no result yet of call 'c1': left out until there is (pending_exchange), in 686e92cb",
            "for openai, reasoning left out: reasoning is not sent to OpenAI Chat, in 223e9175",
            "for anthropic, name left out: there is no field for the speaker's name, in d1fc92f8, 0d0a4cec",
        ]
    )
    assert "reasoning left out" in ok("compile", "--explain", "--format", "openai")


def test_compile_for_programs_has_it_all(asked, lossy):
    context = asked("compile", "--format", "openai")["context"]
    assert [(notice["provider"], notice["rule"]) for notice in context["notices"]] == [
        ("openai", "reasoning_left_out")
    ]
    with Tract.open(".tract.db") as t:
        assert context["notices"][0]["commits"] == [t.show("HEAD~2").info.id]
    providers = [notice["provider"] for notice in asked("compile")["context"]["notices"]]
    assert providers == ["openai", "anthropic", "anthropic"]


def test_export_says_what_the_format_leaves_out(asked, ok, run, lossy):
    told = [f"  {line}" for line in OPENAI]
    assert ok("export", "a.json").splitlines()[1:] == told
    assert ok("export", "b.json", "--dry-run").splitlines()[1:] == told
    assert run("export", "-").stderr.splitlines() == [f"note: {line}" for line in OPENAI]
    assert "reasoning" not in ok("export", "a.md", "--format", "markdown")
    shape = asked("export", "b.json")["export"]
    assert [repair["rule"] for repair in shape["repairs"]] == ["pending_exchange"]
    assert [notice["rule"] for notice in shape["notices"]] == ["reasoning_left_out"]


def test_many_losses_of_one_kind_are_one_line(run, folder):
    with Tract.open(".tract.db") as t, t.batch():
        for number in range(12):
            t.user(str(number), name="ada")
            t.assistant("yes")
    lines = run("compile", "--format", "anthropic").stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(" and 7 more")


def test_what_a_budget_leaves_out_is_said_where_json_is_printed(run, store):
    result = run("compile", "--format", "openai", "--budget", "45", "--overflow", "drop")
    assert re.fullmatch(
        r"note: 1 entry was left out to keep the budget, in [0-9a-f]{8}\n", result.stderr
    )
