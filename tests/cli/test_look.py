"""What people see: status, log, entries, show and compile, at the widths that terminals have."""

from inline_snapshot import snapshot

from tract import Tract


def test_status_draws_the_budget(ok, store):
    assert ok("status", "--budget", "100", COLUMNS="60") == snapshot("""\
tract main, branch main at d8008aff
store .tract.db

[█████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░] 54%
54 of 100 tokens (exact), 46 left

entries       6  2 pinned, 0 important, 3 normal, 1 skipped
messages      4
commits       9

what fills it: --by role, type, tool or entry
""")
    assert ok("status", "--budget", "100", COLUMNS="80") == snapshot("""\
tract main, branch main at d8008aff
store .tract.db

[███████████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░] 54%
54 of 100 tokens (exact), 46 left

entries       6  2 pinned, 0 important, 3 normal, 1 skipped
messages      4
commits       9

what fills it: --by role, type, tool or entry
""")
    assert ok("status", "--budget", "100", COLUMNS="140") == snapshot("""\
tract main, branch main at d8008aff
store .tract.db

[██████████████████████████████████████████████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░] 54%
54 of 100 tokens (exact), 46 left

entries       6  2 pinned, 0 important, 3 normal, 1 skipped
messages      4
commits       9

what fills it: --by role, type, tool or entry
""")


def test_status_says_how_much_is_over_the_budget(ok, store):
    assert ok("status", "--budget", "20", COLUMNS="60") == snapshot("""\
tract main, branch main at d8008aff
store .tract.db

[████████████████████████████████████████████████████] 270%
54 of 20 tokens (exact), 34 over

entries       6  2 pinned, 0 important, 3 normal, 1 skipped
messages      4
commits       9

what fills it: --by role, type, tool or entry
""")


def test_status_without_a_budget_counts_tokens(ok, store):
    assert ok("status") == snapshot("""\
tract main, branch main at d8008aff
store .tract.db

54 tokens (exact), no budget

entries       6  2 pinned, 0 important, 3 normal, 1 skipped
messages      4
commits       9

what fills it: --by role, type, tool or entry
""")


def test_status_of_a_new_store(ok, folder):
    ok("init")
    assert ok("status") == snapshot("""\
tract main, branch main, nothing committed yet
store .tract.db

0 tokens (exact), no budget

entries       0  0 pinned, 0 important, 0 normal, 0 skipped
messages      0
commits       0
""")


def test_status_of_an_empty_tract_names_the_others(ok, store):
    ok("init", "--tract", "empty")
    assert ok("status", "-t", "empty") == snapshot("""\
tract empty, branch main, nothing committed yet
store .tract.db

0 tokens (exact), no budget

entries       0  0 pinned, 0 important, 0 normal, 0 skipped
messages      0
commits       0

1 more tract is in the store: see `tract tracts`, and name one with -t
""")


def test_log_is_read_at_any_width(ok, store):
    assert ok("log", "-n", "3", COLUMNS="60") == snapshot("""\
commit d8008aff (HEAD -> main)
user · human:ada · 2025-11-25 08:18:00 +0000
    And when will it be here?

commit f142a47c (idea)
mark · human:ada · 2025-11-25 08:16:00 +0000
    mark 1 entry skip

commit 07fd41a0
mark · human:ada · 2025-11-25 08:14:00 +0000
    mark 1 entry pinned
""")
    assert ok("log", "-n", "1", COLUMNS="140") == snapshot("""\
commit d8008aff (HEAD -> main)
user · human:ada · 2025-11-25 08:18:00 +0000
    And when will it be here?
""")


def test_a_line_for_each_commit(ok, store):
    assert ok("log", "--oneline", COLUMNS="60") == snapshot("""\
d8008aff (HEAD -> main) And when will it be here?
f142a47c (idea) mark 1 entry skip
07fd41a0 mark 1 entry pinned
9d9a0495 the right number
e3efd1cb It was shipped on Monday with Blue Van.
1001d73b {"state": "shipped", "carrier": "Blue Van"}
6a7f6844 calls look_up
09d6d65a Where is my order 4711?
ec387dd0 You help customers of a bookshop. Be brief.
""")
    assert ok("log", "--oneline", COLUMNS="80") == snapshot("""\
d8008aff (HEAD -> main) And when will it be here?
f142a47c (idea) mark 1 entry skip
07fd41a0 mark 1 entry pinned
9d9a0495 the right number
e3efd1cb It was shipped on Monday with Blue Van.
1001d73b {"state": "shipped", "carrier": "Blue Van"}
6a7f6844 calls look_up
09d6d65a Where is my order 4711?
ec387dd0 You help customers of a bookshop. Be brief.
""")


def test_lines_are_whole_in_a_pipe(ok, folder):
    ok("init")
    long = "word " * 60
    ok("commit", "hello", "-m", long)
    assert ok("log", "--oneline").rstrip().endswith(long.rstrip())
    assert len(ok("log", "--oneline", COLUMNS="60").rstrip()) == 60


def test_entries_in_the_order_of_the_context(ok, store):
    assert ok("entries", COLUMNS="60") == snapshot("""\
#  commit    role       tokens  mark       text
0  ec387dd0  system         15  pinned     You help custome…
1  9d9a0495  user           12  pinned     Where is my orde…
2  6a7f6844  assistant      16  (skipped)  calls look_up
3  1001d73b  tool           21  skip       {"state": "shipp…
4  e3efd1cb  assistant      13             It was shipped o…
5  d8008aff  user           11             And when will it…
""")
    assert ok("entries", COLUMNS="80") == snapshot("""\
#  commit    role       tokens  mark       text
0  ec387dd0  system         15  pinned     You help customers of a bookshop. Be…
1  9d9a0495  user           12  pinned     Where is my order 4712?
2  6a7f6844  assistant      16  (skipped)  calls look_up
3  1001d73b  tool           21  skip       {"state": "shipped", "carrier": "Blu…
4  e3efd1cb  assistant      13             It was shipped on Monday with Blue V…
5  d8008aff  user           11             And when will it be here?
""")
    assert ok("entries", COLUMNS="140") == snapshot("""\
#  commit    role       tokens  mark       text
0  ec387dd0  system         15  pinned     You help customers of a bookshop. Be brief.
1  9d9a0495  user           12  pinned     Where is my order 4712?
2  6a7f6844  assistant      16  (skipped)  calls look_up
3  1001d73b  tool           21  skip       {"state": "shipped", "carrier": "Blue Van"}
4  e3efd1cb  assistant      13             It was shipped on Monday with Blue Van.
5  d8008aff  user           11             And when will it be here?
""")


def test_entries_of_an_earlier_commit(ok, store):
    assert ok("entries", "--at", "HEAD~6", COLUMNS="80") == snapshot("""\
#  commit    role       tokens  mark        text
0  ec387dd0  system         15  pinned      You help customers of a bookshop. B…
1  09d6d65a  user           12              Where is my order 4711?
2  6a7f6844  assistant      16  (left out)  calls look_up
""")


def test_show_says_who_spoke_what_was_thought_and_what_failed(ok, folder):
    with Tract.open(".tract.db") as t:
        t.user("hi", name="bob")
        t.assistant("Soon.", reasoning="Let me see.")
        t.tool_result("call_7", "no such file", True, name="read")
    assert "bob" in ok("show", "HEAD~2")
    assert "Let me see." in ok("show", "HEAD~1")
    said = ok("show", "HEAD")
    assert all(word in said for word in ("call_7", "read", "the tool failed", "no such file"))


def test_show_says_all_of_a_commit(ok, store):
    assert ok("show") == snapshot("""\
commit d8008affbb10c625a5556bd030d972a771cf3aab993819280836b8b8e6637e8c (HEAD -> main)
user · dialogue · 11 tokens
author    human:ada
date      2025-11-25 08:18:00 +0000
parents   f142a47c
entry     66732e2a24bfbb75f7908466c0d6f3ec
metadata  {"channel": "chat"}

    And when will it be here?
""")
    assert ok("show", "HEAD~3") == snapshot("""\
commit 9d9a049505d0b2b4f172bab33627ed83ce3e32bfd351b1bdf521f80699efcbdd
edit of user · dialogue · 12 tokens
author    human:ada
date      2025-11-25 08:12:00 +0000
parents   e3efd1cb
entry     df6e6ae21541113ee3c4cf9c36350add
replaces  df6e6ae21541113ee3c4cf9c36350add
message   the right number
tags      fix

    Where is my order 4712?
""")
    assert ok("show", "HEAD~2") == snapshot("""\
commit 07fd41a06de6d232acbb2733e00c5003574c514546e664e0f00b9170be03c847
mark
author    human:ada
date      2025-11-25 08:14:00 +0000
parents   9d9a0495
marks     df6e6ae2 pinned
reason    the number matters
message   mark 1 entry pinned
""")
    assert ok("show", "HEAD~6") == snapshot("""\
commit 6a7f684404af1a2e57231dd9bc9b0ebf0c61607a62cc50a417cf1652750f6efb
assistant · dialogue · 16 tokens
author    human:ada
date      2025-11-25 08:06:00 +0000
parents   09d6d65a
entry     8657635538895196be64e1a76f3016ae
message   calls look_up

    look_up (c1)
        {"order": 4711}
""")


def test_compile_shows_messages_set_in_below_their_headings(ok, store):
    assert ok("compile") == snapshot("""\
0 system  ec387dd0
    You help customers of a bookshop. Be brief.

1 user  9d9a0495
    Where is my order 4712?

2 assistant  e3efd1cb
    It was shipped on Monday with Blue Van.

3 user  d8008aff
    And when will it be here?

4 messages, 54 tokens (exact)
""")
    assert ok("compile", "--at", "HEAD~4") == snapshot("""\
0 system  ec387dd0
    You help customers of a bookshop. Be brief.

1 user  09d6d65a
    Where is my order 4711?

2 assistant  6a7f6844
    look_up (c1)
        {"order": 4711}

3 tool look_up answers c1  1001d73b
    {"state": "shipped", "carrier": "Blue Van"}

4 assistant  e3efd1cb
    It was shipped on Monday with Blue Van.

5 messages, 80 tokens (exact)
""")


def test_compile_explains_each_entry(ok, store):
    assert ok("compile", "--explain", COLUMNS="100") == snapshot("""\
context of d8008aff: 4 of 6 entries in 4 messages, 54 tokens (exact)
    0  ec387dd0  system         15  You help customers of a bookshop. Be brief.  [pinned]
    1  9d9a0495  user           12  Where is my order 4712?  [pinned]
    -  6a7f6844  assistant       0    [skipped: another part of its exchange is marked skip]
    -  1001d73b  tool            0  {"state": "shipped", "carrier": "Blue Van"}  [skip; skipped: ma…
    2  e3efd1cb  assistant      13  It was shipped on Monday with Blue Van.
    3  d8008aff  user           11  And when will it be here?
""")


def test_compile_checks_for_providers(ok, store):
    assert ok("compile", "--check") == snapshot("""\
openai: valid
anthropic: valid
4 messages, 54 tokens (exact)
""")
    assert ok("compile", "--check", "--format", "anthropic", "--at", "HEAD~6") == snapshot("""\
anthropic: valid
2 messages, 30 tokens (exact)
mended: no result yet of call 'c1': left out until there is (pending_exchange), in 6a7f6844
""")


def test_branches_and_tracts(ok, store):
    assert ok("branch") == snapshot("""\
   branch  commit    message
   idea    f142a47c  mark 1 entry skip
*  main    d8008aff  And when will it be here?
""")
    ok("init", "--tract", "planner")
    listed = ok("tracts")
    assert [line[3:].split()[0] for line in listed.splitlines()] == ["tract", "main", "planner"]
    assert [line[0] for line in listed.splitlines()] == [" ", "*", " "]


def test_a_narrow_list_of_tracts_still_names_them(ok, store):
    ok("init", "--tract", "planner")
    for columns in ("20", "30", "40"):
        listed = ok("tracts", COLUMNS=columns).splitlines()
        assert [line[3:].split()[0] for line in listed] == ["tract", "main", "planner"]
        assert max(len(line) for line in listed) <= int(columns)
