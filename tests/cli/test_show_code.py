"""`tract show`: JSON laid out, code in colours, and the same safe text with and without them."""

import json
import os
import re
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from tract import ArtifactContent, Tract
from tract.cli._texts import LAID_OUT_CHARS_MAX, data, laid_out, passages
from tract.store import open_store
from tract.testing import Scribe

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COLOURED = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}


@pytest.fixture
def shown(ok, folder):
    """Commit something and see it, in colours and without: the words must be the same."""

    def show(write):
        with Tract.open(".tract.db") as t:
            write(t)
        plain = ok("show")
        colours = ok("show", **COLOURED)
        assert COLOURS.sub("", colours) == plain
        assert "\x1b" not in plain
        body = colours.partition("\n\n")[2]
        return plain.partition("\n\n")[2], [line for line in body.splitlines() if "\x1b" in line]

    return show


# --- JSON ------------------------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), values, max_size=4) | st.lists(values, max_size=4), st.booleans())
def test_json_is_laid_out_and_stays_what_it_is(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    out = laid_out(text)
    assert json.loads(out) == value
    if len(text) > 60:
        assert out == json.dumps(value, ensure_ascii=ascii_only, indent=2)
    else:
        assert out == text


def test_json_keeps_its_spelling():
    text = (
        '{"a": 1.00, "a": 1e400, "n": 12345678901234567890.0, "s": "\\u00e9\\/", "b": [ ], "c": {}}'
    )
    assert laid_out(text) == snapshot("""\
{
  "a": 1.00,
  "a": 1e400,
  "n": 12345678901234567890.0,
  "s": "\\u00e9\\/",
  "b": [],
  "c": {}
}\
""")


@given(st.text())
@example("{" * 5_000)
@example("[" * 50_000)
@example('{"a": ')
@example("[1, 2,]")
def test_what_is_no_json_is_left_alone(text):
    block = data(text)
    if block.language != "json":
        assert block.text == text


def test_deep_and_huge_json_is_left_alone():
    deep = "[" * 300 + "]" * 300
    assert data(deep).text == deep
    huge = json.dumps(["x" * LAID_OUT_CHARS_MAX])
    assert data(huge) == (huge, None)


def test_tool_arguments_are_laid_out_where_they_are_long(shown):
    arguments = '{"city":"Z\\u00fcrich","days":[1,2],"note":"a note that makes this a long line"}'

    def call(t):
        t.assistant(
            tool_calls=[
                {"id": "c1", "name": "weather", "arguments": arguments},
                {"id": "c2", "name": "now", "arguments": '{"zone": "UTC"}'},
                {"id": "c3", "name": "broken", "arguments": '{"zone": '},
            ]
        )

    plain, coloured = shown(call)
    assert plain == snapshot("""\
    weather (c1)
        {
          "city": "Z\\u00fcrich",
          "days": [
            1,
            2
          ],
          "note": "a note that makes this a long line"
        }
    now (c2)
        {"zone": "UTC"}
    broken (c3)
        {"zone": \n\
""")
    assert any('"days"' in COLOURS.sub("", line) for line in coloured)


def test_programs_get_arguments_verbatim(asked, store):
    (call,) = asked("show", "HEAD~6")["commit"]["content"]["tool_calls"]
    assert call["arguments"] == '{"order": 4711}'


def test_results_that_are_json_or_a_diff(shown):
    plain, coloured = shown(lambda t: t.tool_result("c1", json.dumps({"rows": list(range(30))})))
    assert plain.splitlines()[:3] == ["    {", '      "rows": [', "        0,"]
    assert coloured
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new"
    plain, coloured = shown(lambda t: t.tool_result("c2", f"patched:\n{diff}"))
    assert "    -old\n    +new\n" in plain
    assert [COLOURS.sub("", line) for line in coloured[-2:]] == ["    -old", "    +new"]
    _, coloured = shown(lambda t: t.tool_result("c3", "done"))
    assert coloured == []


# --- code ------------------------------------------------------------------------------------


def test_fences_are_coloured_by_their_language(shown):
    plain, coloured = shown(
        lambda t: t.assistant(
            "Try\n\n```python\ndef f():\n\treturn '\x1b[31m'  # \u202e\n```\nor\n```nosuch\nx = 1\n```\n\nBye."
        )
    )
    assert plain == snapshot("""\
    Try
    \n\
    ```python
    def f():
        return '\\x1b[31m'  # \\u202e
    ```
    or
    ```nosuch
    x = 1
    ```
    \n\
    Bye.
""")
    assert [COLOURS.sub("", line).strip() for line in coloured] == [
        "def f():",
        "return '\\x1b[31m'  # \\u202e",
    ]


def test_a_fence_within_a_fence_and_one_that_is_not_closed():
    assert passages("````md\n```python\nx\n```\n````\nbye") == [
        ("````md", None),
        ("```python\nx\n```", "md"),
        ("````\nbye", None),
    ]
    assert passages("```c\nint x;") == [("```c", None), ("int x;", "c")]
    assert passages("``` \n```") == [("``` ", None), ("```", None)]
    assert passages("") == [("", None)]


@given(
    st.lists(st.sampled_from(["```", "```py", "~~~", "x", "", "  ```js x", "````"]), max_size=12)
)
def test_passages_lose_no_line(lines):
    text = "\n".join(lines)
    assert "\n".join(block.text for block in passages(text)) == text


def test_artifacts_are_coloured_by_their_language(shown):
    def code(t, language):
        t.commit(ArtifactContent(kind="code", title="hello", text="let a = 1;", language=language))

    plain, coloured = shown(lambda t: code(t, "rust"))
    assert plain == "    let a = 1;\n"
    assert coloured
    for unknown in (None, "no such language", "\x1b[31m"):
        plain, coloured = shown(lambda t, unknown=unknown: code(t, unknown))
        assert (plain, coloured) == ("    let a = 1;\n", [])


def test_too_much_code_stays_plain(shown):
    long = "x = 1\n" * 60_000
    _, coloured = shown(
        lambda t: t.commit(ArtifactContent(kind="code", text=long, language="python"))
    )
    assert coloured == []


def test_plain_words_do_not_wait_for_lexers(store):
    code = (
        "import sys\nfrom tract.cli import root\n"
        "try:\n    root.main(['show', *sys.argv[1:]])\nexcept SystemExit:\n    pass\n"
        "print('pygments.lexers' in sys.modules, file=sys.stderr)"
    )

    def loads(target):
        words = [sys.executable, "-c", code, target]
        environment = {**os.environ, **COLOURED}
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
        return done.stderr == "True\n"

    assert not loads("HEAD")
    assert loads("HEAD~6")


# --- facts -----------------------------------------------------------------------------------


def test_a_summary_says_what_it_was_made_from(ok, folder):
    with closing(open_store(".tract.db")) as store:
        scribe = Scribe(store)
        made = [scribe.say(f"message {number}").id for number in range(5)]
        scribe.say("in short", sources={"commits": made, "by": "ada"})
        scribe.say("shorter", sources={"commits": made[:1]})
        scribe.say("other", sources={"file": "log.jsonl"})
    first = " ".join(id[:8] for id in made[:3])
    assert f'sources   5 commits: {first} ..., {{"by": "ada"}}\n' in ok("show", "HEAD~2")
    assert f"sources   1 commit: {made[0][:8]}\n" in ok("show", "HEAD~1")
    assert 'sources   {"file": "log.jsonl"}\n' in ok("show")


def test_usage_is_told_with_its_cost(ok, folder):
    with Tract.open(".tract.db") as t:
        t.assistant("Hi.")
        t.record_usage({"input": 1200, "output": 3, "cache_read": 900, "cost": 0.00921})
    assert "usage     input 1,200, output 3, cache read 900, cost $0.0092\n" in ok("show")
