"""Names of refs and authors, and times: git's rules, closed lists, and zones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract.errors import InvalidInput, printable
from tract.objects import Actor, Priority, check_name, micros, moment

BAD = {
    "": "empty",
    "..": "'..'",
    "a..b": "'..'",
    "-x": "begins with '-'",
    "HEAD": "reserved",
    "@": "reserved",
    "a/b.lock": "'.lock'",
    "a.lock/b": "'.lock'",
    "x" * 201: "200 bytes",
    "\u00e9" * 101: "200 bytes",
    "x" * 300: "200 bytes",
    "a\0b": "control",
    "a\nb": "control",
    "a\x7fb": "control",
    "a\x9bb": "control",
    "a\u202eb": "control",
    "a\u200bb": "control",
    "a\u00a0b": "invisible",
    "a\u00adb": "invisible",
    "a\u3000b": "invisible",
    "a\u3164b": "invisible",
    "a\u2800b": "invisible",
    "a\U000e0062b": "invisible",
    "a@{1}": "'@{'",
    "/a": "between slashes",
    "a/": "between slashes",
    "a//b": "between slashes",
    ".a": "begins with '.'",
    "a/.b": "begins with '.'",
    "a.": "ends with '.'",
    "a b": "space",
    "a~1": "~",
    "a^": "^",
    "a:b": ":",
    "a?": "?",
    "a*": "*",
    "a[b": "[",
    "a\\b": "\\",
    "a\ud800": "surrogate",
}


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_a_bad_name_is_refused_with_the_rule_that_it_breaks(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name(name, "branch")
    assert caught.value.kind in ("invalid_name", "lone_surrogate")
    assert BAD[name] in caught.value.message
    assert caught.value.message.startswith("branch name")
    assert printable(caught.value.message, limit=None) == caught.value.message


@pytest.mark.parametrize("name", [None, 3, b"main", ["main"]])
def test_a_name_is_text(name: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name(name, "tag")
    assert caught.value.kind == "invalid_name"


@pytest.mark.parametrize(
    "name",
    ["main", "a/b/c", "a.b", "\u00e9\u6f22\U0001f600", "a-", "head", "x" * 200, "a@b", "1f2e"],
)
def test_a_good_name_is_given_back(name: str) -> None:
    assert check_name(name, "branch") == name


def test_a_longer_or_shorter_name_may_be_allowed() -> None:
    assert check_name("x" * 300, "branch", bytes_max=300)
    with pytest.raises(InvalidInput):
        check_name("xxxx", "branch", bytes_max=3)


@given(st.text(max_size=20))
def test_what_is_accepted_can_be_printed_and_means_nothing_else(name: str) -> None:
    try:
        check_name(name, "branch")
    except InvalidInput:
        return
    assert printable(name, limit=None) == name
    assert not set(name) & set("~^:?*[\\ \0")
    assert ".." not in name
    assert "@{" not in name
    assert not name.startswith("-")


@pytest.mark.parametrize(
    ("value", "actor"),
    [
        ("ada", ("human", "ada")),
        ("human:ada", ("human", "ada")),
        ("model:gpt:4", ("model", "gpt:4")),
        ("agent", ("agent", "")),
        (Actor("human", "robot:r2"), ("human", "robot:r2")),
        (Actor("tool", "t"), ("tool", "t")),
        ("", ("human", "")),
    ],
)
def test_an_author_is_a_kind_and_a_name(value: Any, actor: tuple[str, str]) -> None:
    assert Actor.of(value) == actor


@pytest.mark.parametrize(
    "value",
    [
        3,
        None,
        Actor("robot", "x"),
        Actor("human", "x" * 201),
        Actor("human", 3),  # type: ignore[arg-type]
        "\ud800",
        "agnet:planner",
        ":planner",
    ],
)
def test_another_author_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Actor.of(value)
    assert caught.value.kind in ("invalid_author", "lone_surrogate")


def test_a_misspelt_kind_of_author_is_told_the_kinds_there_are() -> None:
    with pytest.raises(InvalidInput, match="kind 'agnet' is unknown") as caught:
        Actor.of("agnet:planner")
    assert "agent" in (caught.value.hint or "")


@pytest.mark.parametrize("value", ["urgent", "PINNED", "", None, 3])
def test_another_priority_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Priority.of(value)
    assert caught.value.kind == "invalid_priority"
    assert "pinned" in (caught.value.hint or "")


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])))
def test_times_are_whole_microseconds_and_come_back(at: datetime) -> None:
    assert moment(micros(at)) == at


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        micros(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    assert caught.value.kind == "invalid_time"


def test_what_hides_in_a_text_is_shown() -> None:
    assert printable("a\u00adb\U000e0068") == "a\\xadb\\U000e0068"
    assert printable("10\u00a0km") == "10\u00a0km"  # in a text it is what it looks like


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: check_name(3, "tag"),  # type: ignore[arg-type]
        lambda: check_name("x" * 201, "tag"),
        lambda: Actor.of(3),  # type: ignore[arg-type]
        lambda: Actor.of(Actor("human", 3)),  # type: ignore[arg-type]
        lambda: Actor.of(Actor("human", "x" * 201)),
    ],
)
def test_an_error_about_a_name_says_what_to_do(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput) as caught:
        wrong()
    assert caught.value.hint
