"""The screens that people look at most, whole, at 60, 80 and 140 columns.

The conversation has what makes a screen hard: tool calls, a branch, an edit, marks, code, wide
characters, and a control character that a tool gave back.
"""

from datetime import UTC, datetime, timedelta

import pytest
from inline_snapshot import snapshot
from rich.cells import cell_len

from tract import ArtifactContent, Tract

FORECAST = (
    '{"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}, '
    '{"day": "Tue", "high": 28, "sky": "rain \\u2614"}]}'
)
ANSWER = """\
It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts the figures for you, if you want them:

```python
def fahrenheit(celsius: float) -> float:
    return celsius * 9 / 5 + 32  # exact enough
```"""


@pytest.fixture
def talk(folder):
    """A conversation about the weather, always the same."""
    minutes = iter(range(1_000))

    def clock():
        return datetime(2025, 11, 25, 8, tzinfo=UTC) + timedelta(minutes=next(minutes))

    with Tract.open(".tract.db", author="human:ada", clock=clock) as t:
        t.system("You help people plan their days. Be brief.")
        asked = t.user("東京の天気は? What should I wear? 🧥")
        t.assistant(
            "Let me look.",
            tool_calls=[
                {
                    "id": "call_1",
                    "name": "forecast",
                    "arguments": '{"city":"東京","days":2,"units":{"temperature":"celsius","wind":"m/s"}}',
                },
                {"id": "call_2", "name": "alerts", "arguments": '{"city": "東京"}'},
            ],
            author="model:m-1",
        )
        t.tool_result("call_1", FORECAST, name="forecast", author="tool:forecast")
        t.tool_result("call_2", "no alerts\x1b]0;owned\x07 today", name="alerts")
        t.assistant(ANSWER, author="model:m-1")
        t.edit(asked, "東京の天気は? What should I wear on Monday? 🧥", message="ask for one day")
        t.branch("umbrella", "HEAD")
        t.user("And what about an umbrella ☂️ on Tuesday?")
        t.assistant("Take one.", author="model:m-1")
        t.switch("main")
        t.pin(asked)
        code = 'fn main() {\n    println!("31.5");\n}'
        t.commit(ArtifactContent(kind="code", title="main.rs", text=code, language="rust"))
    return folder


@pytest.fixture
def screens(ok, talk):
    """See a command at the three widths; no line is wider than its screen, unless it is content."""

    def see(*words):
        found = [ok(*words, COLUMNS=str(columns)) for columns in (60, 80, 140)]
        if words[0] != "show":
            for columns, text in zip((60, 80, 140), found, strict=True):
                assert max(cell_len(line) for line in text.splitlines()) <= columns
        return found

    return see


def test_log_graph(screens):
    narrow, usual, wide = screens("log", "--graph", "--all")
    assert narrow == snapshot("""\
● commit c690cf49 (HEAD -> main)
│ user · human:ada · 2025-11-25 08:22:00 +0000
│     fn main() { println!("31.5"); }
│
● commit b0556796
│ mark · human:ada · 2025-11-25 08:20:00 +0000
│     mark 1 entry pinned
│
│ ● commit 2691a07b (umbrella)
│ │ assistant · model:m-1 · 2025-11-25 08:18:00 +0000
│ │     Take one.
│ │
│ ● commit 5d4c2265
│ │ user · human:ada · 2025-11-25 08:16:00 +0000
│ │     And what about an umbrella ☂️ on Tuesday?
│ │
├─╯
● commit 41eec4b5
│ edit of user · human:ada · 2025-11-25 08:13:00 +0000
│     ask for one day
│
● commit 901bb1d0
│ assistant · model:m-1 · 2025-11-25 08:11:00 +0000
│     It will be hot in 東京 on Monday 🌞, and wet on Tuesd…
│
● commit 7417c4ca
│ tool · human:ada · 2025-11-25 08:09:00 +0000
│     no alerts\\x1b]0;owned\\x07 today
│
● commit 4c81264a
│ tool · tool:forecast · 2025-11-25 08:07:00 +0000
│     {"city": "東京", "days": [{"day": "Mon", "high": 31.5…
│
● commit 5acbbd07
│ assistant · model:m-1 · 2025-11-25 08:05:00 +0000
│     Let me look.
│
● commit 3969ae0c
│ user · human:ada · 2025-11-25 08:03:00 +0000
│     東京の天気は? What should I wear? 🧥
│
● commit 3892470b
  system · human:ada · 2025-11-25 08:01:00 +0000
      You help people plan their days. Be brief.
""")
    assert usual == snapshot("""\
● commit c690cf49 (HEAD -> main)
│ user · human:ada · 2025-11-25 08:22:00 +0000
│     fn main() { println!("31.5"); }
│
● commit b0556796
│ mark · human:ada · 2025-11-25 08:20:00 +0000
│     mark 1 entry pinned
│
│ ● commit 2691a07b (umbrella)
│ │ assistant · model:m-1 · 2025-11-25 08:18:00 +0000
│ │     Take one.
│ │
│ ● commit 5d4c2265
│ │ user · human:ada · 2025-11-25 08:16:00 +0000
│ │     And what about an umbrella ☂️ on Tuesday?
│ │
├─╯
● commit 41eec4b5
│ edit of user · human:ada · 2025-11-25 08:13:00 +0000
│     ask for one day
│
● commit 901bb1d0
│ assistant · model:m-1 · 2025-11-25 08:11:00 +0000
│     It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts t.…
│
● commit 7417c4ca
│ tool · human:ada · 2025-11-25 08:09:00 +0000
│     no alerts\\x1b]0;owned\\x07 today
│
● commit 4c81264a
│ tool · tool:forecast · 2025-11-25 08:07:00 +0000
│     {"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}, {...
│
● commit 5acbbd07
│ assistant · model:m-1 · 2025-11-25 08:05:00 +0000
│     Let me look.
│
● commit 3969ae0c
│ user · human:ada · 2025-11-25 08:03:00 +0000
│     東京の天気は? What should I wear? 🧥
│
● commit 3892470b
  system · human:ada · 2025-11-25 08:01:00 +0000
      You help people plan their days. Be brief.
""")
    assert wide == snapshot("""\
● commit c690cf49 (HEAD -> main)
│ user · human:ada · 2025-11-25 08:22:00 +0000
│     fn main() { println!("31.5"); }
│
● commit b0556796
│ mark · human:ada · 2025-11-25 08:20:00 +0000
│     mark 1 entry pinned
│
│ ● commit 2691a07b (umbrella)
│ │ assistant · model:m-1 · 2025-11-25 08:18:00 +0000
│ │     Take one.
│ │
│ ● commit 5d4c2265
│ │ user · human:ada · 2025-11-25 08:16:00 +0000
│ │     And what about an umbrella ☂️ on Tuesday?
│ │
├─╯
● commit 41eec4b5
│ edit of user · human:ada · 2025-11-25 08:13:00 +0000
│     ask for one day
│
● commit 901bb1d0
│ assistant · model:m-1 · 2025-11-25 08:11:00 +0000
│     It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts t...
│
● commit 7417c4ca
│ tool · human:ada · 2025-11-25 08:09:00 +0000
│     no alerts\\x1b]0;owned\\x07 today
│
● commit 4c81264a
│ tool · tool:forecast · 2025-11-25 08:07:00 +0000
│     {"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}, {...
│
● commit 5acbbd07
│ assistant · model:m-1 · 2025-11-25 08:05:00 +0000
│     Let me look.
│
● commit 3969ae0c
│ user · human:ada · 2025-11-25 08:03:00 +0000
│     東京の天気は? What should I wear? 🧥
│
● commit 3892470b
  system · human:ada · 2025-11-25 08:01:00 +0000
      You help people plan their days. Be brief.
""")


def test_log_graph_oneline(screens):
    narrow, usual, wide = screens("log", "--graph", "--all", "--oneline")
    assert narrow == snapshot("""\
● c690cf49 (HEAD -> main) fn main() { println!("31.5"); }
● b0556796 mark 1 entry pinned
│ ● 2691a07b (umbrella) Take one.
│ ● 5d4c2265 And what about an umbrella ☂️ on Tuesday?
├─╯
● 41eec4b5 ask for one day
● 901bb1d0 It will be hot in 東京 on Monday 🌞, and wet on …
● 7417c4ca no alerts\\x1b]0;owned\\x07 today
● 4c81264a {"city": "東京", "days": [{"day": "Mon", "high":…
● 5acbbd07 Let me look.
● 3969ae0c 東京の天気は? What should I wear? 🧥
● 3892470b You help people plan their days. Be brief.
""")
    assert usual == snapshot("""\
● c690cf49 (HEAD -> main) fn main() { println!("31.5"); }
● b0556796 mark 1 entry pinned
│ ● 2691a07b (umbrella) Take one.
│ ● 5d4c2265 And what about an umbrella ☂️ on Tuesday?
├─╯
● 41eec4b5 ask for one day
● 901bb1d0 It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This conver…
● 7417c4ca no alerts\\x1b]0;owned\\x07 today
● 4c81264a {"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}…
● 5acbbd07 Let me look.
● 3969ae0c 東京の天気は? What should I wear? 🧥
● 3892470b You help people plan their days. Be brief.
""")
    assert wide == snapshot("""\
● c690cf49 (HEAD -> main) fn main() { println!("31.5"); }
● b0556796 mark 1 entry pinned
│ ● 2691a07b (umbrella) Take one.
│ ● 5d4c2265 And what about an umbrella ☂️ on Tuesday?
├─╯
● 41eec4b5 ask for one day
● 901bb1d0 It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts t...
● 7417c4ca no alerts\\x1b]0;owned\\x07 today
● 4c81264a {"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}, {...
● 5acbbd07 Let me look.
● 3969ae0c 東京の天気は? What should I wear? 🧥
● 3892470b You help people plan their days. Be brief.
""")


def test_log_stat(screens):
    narrow, usual, wide = screens("log", "--stat", "--oneline")
    assert narrow == snapshot("""\
c690cf49  +26  243  ██████████  (HEAD -> main) fn main() { …
b0556796   +0  217  █████████   mark 1 entry pinned
41eec4b5   +2  217  █████████   ask for one day
901bb1d0  +65  215  █████████   It will be hot in 東京 on M…
7417c4ca  +15  150  ██████      no alerts\\x1b]0;owned\\x07 t…
4c81264a  +60  135  ██████      {"city": "東京", "days": [{…
5acbbd07  +43   75  ███         Let me look.
3969ae0c  +18   32  █           東京の天気は? What should I…
3892470b  +14   14  █           You help people plan their …
""")
    assert usual == snapshot("""\
c690cf49  +26  243  ████████████████████  (HEAD -> main) fn main() { println!("…
b0556796   +0  217  ██████████████████    mark 1 entry pinned
41eec4b5   +2  217  ██████████████████    ask for one day
901bb1d0  +65  215  ██████████████████    It will be hot in 東京 on Monday 🌞, …
7417c4ca  +15  150  ████████████          no alerts\\x1b]0;owned\\x07 today
4c81264a  +60  135  ███████████           {"city": "東京", "days": [{"day": "Mo…
5acbbd07  +43   75  ██████                Let me look.
3969ae0c  +18   32  ███                   東京の天気は? What should I wear? 🧥
3892470b  +14   14  █                     You help people plan their days. Be b…
""")
    assert wide == snapshot("""\
c690cf49  +26  243  ████████████████████  (HEAD -> main) fn main() { println!("31.5"); }
b0556796   +0  217  ██████████████████    mark 1 entry pinned
41eec4b5   +2  217  ██████████████████    ask for one day
901bb1d0  +65  215  ██████████████████    It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts t...
7417c4ca  +15  150  ████████████          no alerts\\x1b]0;owned\\x07 today
4c81264a  +60  135  ███████████           {"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}, {...
5acbbd07  +43   75  ██████                Let me look.
3969ae0c  +18   32  ███                   東京の天気は? What should I wear? 🧥
3892470b  +14   14  █                     You help people plan their days. Be brief.
""")


def test_show_tool_calls(screens):
    narrow, usual, wide = screens("show", "HEAD~6")
    assert narrow == snapshot("""\
commit 5acbbd07a686b2174113b26c0154a7f455bca755ecddd7503fe6a819b5b38343
assistant · dialogue · 43 tokens
author    model:m-1
date      2025-11-25 08:05:00 +0000
parents   3969ae0c
entry     8634fe564846be2d52cbf36debaf8056

    Let me look.
    forecast (call_1)
        {
          "city": "東京",
          "days": 2,
          "units": {
            "temperature": "celsius",
            "wind": "m/s"
          }
        }
    alerts (call_2)
        {"city": "東京"}
""")
    assert usual == wide == narrow


def test_show_a_result_in_json(screens):
    narrow, usual, wide = screens("show", "HEAD~5")
    assert narrow == snapshot("""\
commit 4c81264a6dbb5bb72f6f5509937d395f632807d83aec0be6ff6bc2df71734b0d
tool · tool_result · 60 tokens
call      call_1
tool      forecast
author    tool:forecast
date      2025-11-25 08:07:00 +0000
parents   5acbbd07
entry     19ef46e55f3e3cac8199e370017e623d

    {
      "city": "東京",
      "days": [
        {
          "day": "Mon",
          "high": 31.50,
          "sky": "☀️"
        },
        {
          "day": "Tue",
          "high": 28,
          "sky": "rain \\u2614"
        }
      ]
    }
""")
    assert usual == wide == narrow


def test_show_what_a_tool_tried_to_do_to_the_terminal(screens):
    narrow, usual, wide = screens("show", "HEAD~4")
    assert narrow == snapshot("""\
commit 7417c4ca18b8a55395b6c8784775688bee6a7f03f7fe96f9c59155e4f9aa16a9
tool · tool_result · 15 tokens
call      call_2
tool      alerts
author    human:ada
date      2025-11-25 08:09:00 +0000
parents   4c81264a
entry     8e77c8797731b3f8d3c02e20d6b3d8b1

    no alerts\\x1b]0;owned\\x07 today
""")
    assert usual == wide == narrow


def test_show_words_with_code(screens):
    narrow, usual, wide = screens("show", "HEAD~3")
    assert narrow == snapshot("""\
commit 901bb1d011d027d010ecb40c42a86e78e7ded8bf6a9602a110aea9712819ab86
assistant · dialogue · 65 tokens
author    model:m-1
date      2025-11-25 08:11:00 +0000
parents   7417c4ca
entry     f319fdda8c02b8a1116e8661ee20c147

    It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts the figures for you, if you want them:
    \n\
    ```python
    def fahrenheit(celsius: float) -> float:
        return celsius * 9 / 5 + 32  # exact enough
    ```
""")
    assert usual == wide == narrow


def test_show_in_colours(ok, talk):
    seen = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}
    assert ok("show", **seen).replace("\x1b", "ESC") == snapshot("""\
commit ESC[33mc690cf4971d7148dff47fea433dbcc0098e6998f04d826c3c227576798794193ESC[0m (ESC[1;36mHEAD -> ESC[0mESC[1;32mmainESC[0m)
ESC[32muserESC[0m · artifact · 26 tokens
ESC[2mtitle     ESC[0mmain.rs
ESC[2mlanguage  ESC[0mrust
ESC[2mauthor    ESC[0mhuman:ada
ESC[2mdate      ESC[0m2025-11-25 08:22:00 +0000
ESC[2mparents   ESC[0mb0556796
ESC[2mentry     ESC[0md5a5b56b8237eafb0283659c0504dc77

    ESC[94mfnESC[0m ESC[92mmainESC[0m() {
        ESC[92mprintln!ESC[0m(ESC[33m"ESC[0mESC[33m31.5ESC[0mESC[33m"ESC[0m);
    }
""")
    assert ok("show", "HEAD~6", **seen).replace("\x1b", "ESC") == snapshot("""\
commit ESC[33m5acbbd07a686b2174113b26c0154a7f455bca755ecddd7503fe6a819b5b38343ESC[0m
ESC[36massistantESC[0m · dialogue · 43 tokens
ESC[2mauthor    ESC[0mmodel:m-1
ESC[2mdate      ESC[0m2025-11-25 08:05:00 +0000
ESC[2mparents   ESC[0m3969ae0c
ESC[2mentry     ESC[0m8634fe564846be2d52cbf36debaf8056

    Let me look.
    ESC[33mforecast (call_1)ESC[0m
        {
          ESC[94m"city"ESC[0m: ESC[33m"東京"ESC[0m,
          ESC[94m"days"ESC[0m: ESC[94m2ESC[0m,
          ESC[94m"units"ESC[0m: {
            ESC[94m"temperature"ESC[0m: ESC[33m"celsius"ESC[0m,
            ESC[94m"wind"ESC[0m: ESC[33m"m/s"ESC[0m
          }
        }
    ESC[33malerts (call_2)ESC[0m
        {ESC[94m"city"ESC[0m: ESC[33m"東京"ESC[0m}
""")


def test_log_graph_in_colours(ok, talk):
    seen = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}
    drawn = ok("log", "--graph", "--all", "--oneline", "-n", "4", **seen)
    assert drawn.replace("\x1b", "ESC") == snapshot("""\
ESC[31m●ESC[0m ESC[33mc690cf49ESC[0m (ESC[1;36mHEAD -> ESC[0mESC[1;32mmainESC[0m) fn main() { println!("31.5"); }
ESC[31m●ESC[0m ESC[33mb0556796ESC[0m mark 1 entry pinned
ESC[31m┆ESC[0m
ESC[32m●ESC[0m ESC[33m2691a07bESC[0m (ESC[1;32mumbrellaESC[0m) Take one.
ESC[32m●ESC[0m ESC[33m5d4c2265ESC[0m And what about an umbrella ☂️ on Tuesday?
ESC[32m┆ESC[0m
""")


def test_status(screens):
    narrow, usual, wide = screens("status", "--budget", "1000")
    assert narrow == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

[█████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░] 25%
246 of 1,000 tokens (exact), 754 left

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

what fills it: --by role, type, tool or entry
""")
    assert usual == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

[██████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░] 25%
246 of 1,000 tokens (exact), 754 left

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

what fills it: --by role, type, tool or entry
""")
    assert wide == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

[█████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░] 25%
246 of 1,000 tokens (exact), 754 left

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

what fills it: --by role, type, tool or entry
""")


def test_what_fills_the_window(screens):
    narrow, usual, wide = screens("status", "--by", "tool")
    assert narrow == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

246 tokens (exact), no budget

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

by tool
  no tool   139   56.5%  ██████████████████████████████████
  forecast   82   33.3%  ████████████████████
  alerts     22    8.9%  █████
  framing     3    1.2%  █
""")
    assert usual == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

246 tokens (exact), no budget

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

by tool
  no tool   139   56.5%  ██████████████████████████████████████████████████████
  forecast   82   33.3%  ████████████████████████████████
  alerts     22    8.9%  █████████
  framing     3    1.2%  █
""")
    assert wide == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

246 tokens (exact), no budget

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

by tool
  no tool   139   56.5%  ████████████████████████████████████████████████████████████████████████████████████████████████████
  forecast   82   33.3%  ███████████████████████████████████████████████████████████
  alerts     22    8.9%  ████████████████
  framing     3    1.2%  ██
""")


def test_the_largest_entries(screens):
    narrow, usual, wide = screens("status", "--by", "entry")
    assert narrow == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

246 tokens (exact), no budget

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

by entry
tokens  share  commit    by         text
    65  26.4%  901bb1d0  assistant  It will be hot in 東京 …
    60  24.4%  4c81264a  forecast   {"city": "東京", "days"…
    43  17.5%  5acbbd07  assistant  Let me look.
    26  10.6%  c690cf49  user       fn main() { println!("3…
    20   8.1%  41eec4b5  user       東京の天気は? What shou…
    15   6.1%  7417c4ca  alerts     no alerts\\x1b]0;owned\\x…
    14   5.7%  3892470b  system     You help people plan th…
""")
    assert usual == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

246 tokens (exact), no budget

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

by entry
tokens  share  commit    by         text
    65  26.4%  901bb1d0  assistant  It will be hot in 東京 on Monday 🌞, and we…
    60  24.4%  4c81264a  forecast   {"city": "東京", "days": [{"day": "Mon", "h…
    43  17.5%  5acbbd07  assistant  Let me look.
    26  10.6%  c690cf49  user       fn main() { println!("31.5"); }
    20   8.1%  41eec4b5  user       東京の天気は? What should I wear on Monday?…
    15   6.1%  7417c4ca  alerts     no alerts\\x1b]0;owned\\x07 today
    14   5.7%  3892470b  system     You help people plan their days. Be brief.
""")
    assert wide == snapshot("""\
tract main, branch main at c690cf49
store .tract.db

246 tokens (exact), no budget

entries       7  2 pinned, 0 important, 5 normal, 0 skipped
messages      7
commits       9

by entry
tokens  share  commit    by         text
    65  26.4%  901bb1d0  assistant  It will be hot in 東京 on Monday 🌞, and wet on Tuesday. This converts the figures for you, if you want…
    60  24.4%  4c81264a  forecast   {"city": "東京", "days": [{"day": "Mon", "high": 31.50, "sky": "☀️"}, {"day": "Tue", "high": 28, "sky":…
    43  17.5%  5acbbd07  assistant  Let me look.
    26  10.6%  c690cf49  user       fn main() { println!("31.5"); }
    20   8.1%  41eec4b5  user       東京の天気は? What should I wear on Monday? 🧥
    15   6.1%  7417c4ca  alerts     no alerts\\x1b]0;owned\\x07 today
    14   5.7%  3892470b  system     You help people plan their days. Be brief.
""")


def test_long_names_of_tools_leave_room_for_the_figures(run, tmp_path):
    name = "mcp__filesystem_server__read_multiple_files_of_a_folder_" + "x" * 60
    with Tract.open(tmp_path / "long.db", tract="main") as t:
        t.user("Read.")
        t.assistant(tool_calls=[{"id": "c1", "name": name, "arguments": "{}"}])
        t.tool_result("c1", "a file " * 50)
    for columns in ("40", "60", "140"):
        words = ("--db", str(tmp_path / "long.db"), "status")
        by_tool = run(*words, "--by", "tool", COLUMNS=columns).stdout
        assert any("%" in line and "mcp__" in line for line in by_tool.splitlines())
        by_entry = run(*words, "--by", "entry", COLUMNS=columns).stdout
        if columns != "40":
            assert "a file a file" in by_entry
