"""Names made from what files and sources say: always allowed, always the same, never shared by mistake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract.importers import BadRecord, ImportReport, Names, name_of
from tract.objects import check_name


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("airline_60", "airline_60"),
        ("my chat (1)", "my-chat-(1)"),
        ("2024-05-15T15:00", "2024-05-15T15-00"),
        ("..hidden", "hidden"),
        ("a..b", "a.b"),
        ("-x", "x"),
        ("HEAD", "import"),
        ("refs.lock", "refs"),
        ("", "import"),
        ("日本語", "日本語"),
        (7, "7"),
    ],
)
def test_a_name_says_as_much_as_is_allowed(stem, name):
    assert name_of(stem) == name


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_gives_a_name_that_keeps_the_rules(text):
    name = name_of(text)
    assert check_name(name, "tract") == name
    assert len(name.encode()) <= 120
    assert name_of(text) == name


@given(st.text(min_size=200, max_size=300), st.text(min_size=1, max_size=3))
def test_long_names_that_differ_at_the_end_stay_different(text, end):
    left, right = name_of(f"x{text}a"), name_of(f"x{text}b{end}")
    assert left == "import" or left != right


@given(st.lists(st.sampled_from(["a", "a-2", "a-2-2", "b", "a-3"]), max_size=12))
def test_no_two_conversations_get_one_name(wanted):
    names = Names()
    given_ = [names.new(name) for name in wanted]
    assert len(set(given_)) == len(wanted)
    assert all(got.startswith(name) for got, name in zip(given_, wanted, strict=True))


def test_a_report_reads_as_a_few_lines():
    bad = tuple(BadRecord("a.jsonl", f"line {n}", "no \x1b[31mJSON") for n in range(1, 13))
    report = ImportReport("a.jsonl", "openai", ("a", "a/2"), (), 3, 1_200, 7, bad, dry_run=True)
    lines = str(report).splitlines()
    assert lines[0] == (
        "a.jsonl (openai): 3 conversations in 2 tracts, 1,200 messages, 7 new commits, "
        "12 bad records (dry run)"
    )
    assert lines[1] == "  a.jsonl, line 1: no \\x1b[31mJSON"
    assert lines[-1] == "  and 2 more"
    assert len(lines) == 12
