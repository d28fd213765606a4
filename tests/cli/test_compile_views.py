"""Views and compilers from the command line: what is shown another way is asked for and explained."""

import json

import pytest
from inline_snapshot import snapshot

from tests.cli.conftest import Ticking
from tract import DedupeRepeats, MaskToolResults, Tract, TruncateLong, XmlPrompt

LOG = "the build failed again\n" * 60


@pytest.fixture
def builds(folder):
    """A store with two runs of a tool that say the same at length, and some reasoning."""
    with Tract.open(".tract.db", author="human:ada", clock=Ticking()) as t:
        t.system("You mend builds.")
        t.user("What is wrong?")
        t.reasoning("I had better look.")
        for call in ("c1", "c2"):
            t.assistant(tool_calls=[{"id": call, "name": "build", "arguments": "{}"}])
            t.tool_result(call, LOG)
        t.assistant("It fails.")
    return folder


def test_views_show_entries_another_way(ok, builds):
    printed = json.loads(ok("compile", "--view", "mask-tool-results:1", "--format", "plain"))
    with Tract.open(".tract.db") as t:
        assert printed == t.compile(views=[MaskToolResults(1)]).to_dicts()
        assert printed != t.compile().to_dicts()
    words = ("--view", "truncate-long:60", "--view", "dedupe-repeats")
    printed = json.loads(ok("compile", *words, "--format", "plain"))
    with Tract.open(".tract.db") as t:
        views = [TruncateLong(tokens=60), DedupeRepeats()]
        assert printed == t.compile(views=views).to_dicts()


def test_what_views_did_is_explained(ok, builds):
    words = ("--view", "mask-tool-results:1", "--view", "drop-reasoning:0", "--explain")
    assert ok("compile", *words, COLUMNS="160") == snapshot("""\
context of 28d9dc02: 7 of 8 entries in 7 messages, 369 tokens (exact)
    0  8d22e61f  system          8  You mend builds.  [pinned]
    1  366f2a07  user            8  What is wrong?
    -  74c7870b  assistant       0  I had better look.  [view: left out by DropReasoning]
    2  be3ff086  assistant       9  [call c1] build({})
    3  f725a276  tool           21  [Output of build left out: 1,380 characters, 61 lines]  [changed: masked by MaskToolResults: 1,380 characters, 61 lines]
    4  44de8753  assistant       9  [call c2] build({})
    5  d9929dd9  tool          304  the build failed again the build failed again the build f...
    6  28d9dc02  assistant       7  It fails.
1 entry was left out by a view, in 74c7870b
""")


def test_what_a_view_leaves_out_is_said(run, ok, builds):
    words = ("compile", "--view", "drop-reasoning:0")
    assert ok(*words).splitlines()[-1] == "1 entry was left out by a view, in 74c7870b"
    result = run(*words, "--format", "plain")
    assert result.stderr == "note: 1 entry was left out by a view, in 74c7870b\n"


def test_explained_views_are_json(asked, builds):
    words = ("compile", "--view", "dedupe-repeats", "--view", "drop-reasoning:0", "--explain")
    context = asked(*words)["context"]
    assert [line["status"] for line in context["explanation"]] == [
        *("shown", "shown", "view", "shown", "shown", "shown", "changed", "shown")
    ]
    assert [one["why"] for one in context["dropped"]] == ["view"]


def test_it_can_be_compiled_as_sections(ok, builds):
    printed = json.loads(ok("compile", "--as", "xml", "--format", "plain"))
    with Tract.open(".tract.db") as t:
        assert printed == t.compile(compiler=XmlPrompt()).to_dicts()
    printed = json.loads(ok("compile", "--as", "sections", "--format", "plain"))
    assert printed[0]["content"] == "# Instructions\n\nYou mend builds."


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("nope", "there are mask-tool-results[:KEEP], drop-reasoning[:KEEP], dedupe-repeats"),
        ("truncate-long", "write truncate-long:TOKENS"),
        ("truncate-long:many", "write truncate-long:TOKENS"),
        ("truncate-long:-50", "write truncate-long:TOKENS"),
        ("truncate-long:3", "Give tokens as an int, 50 or more"),
        ("mask-tool-results:", "write mask-tool-results[:KEEP]"),
        ("dedupe-repeats:2", "takes no value"),
        ("\x1b[31m", "\\x1b[31m"),
    ],
)
def test_a_view_that_there_is_not_is_a_usage_error(fails, builds, view, said):
    assert said in fails("compile", "--view", view, code=2)


def test_a_compiler_that_there_is_not_is_a_usage_error(fails, builds):
    assert "'xml', 'sections'" in fails("compile", "--as", "yaml", code=2)
