"""The options that shorthands hand on are those of the method they hand them to, by name and type."""

import inspect
from typing import Any, Unpack, get_args, get_origin, get_type_hints

import pytest

from tract import Session, Tract, verbs

SHORTHANDS = (
    "system",
    "user",
    "assistant",
    "tool_result",
    "reasoning",
    "artifact",
    "output",
    "note",
)


def options_of(function: Any) -> dict[str, Any]:
    """The names and types that a method accepts beyond its own parameters."""
    unpacked = get_type_hints(function)["options"]
    assert get_origin(unpacked) is Unpack
    return get_type_hints(get_args(unpacked)[0])


def own(function: Any) -> dict[str, Any]:
    """The names and types of a method's own parameters that have a default."""
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return {p.name: hints[p.name] for p in parameters if p.default is not p.empty}


@pytest.mark.parametrize("name", SHORTHANDS)
def test_a_shorthand_takes_the_options_of_commit(name: str) -> None:
    wanted = own(Tract.commit)
    del wanted["role"]  # the shorthand's name says who speaks
    assert options_of(getattr(Tract, name)) == wanted


def test_edit_takes_the_options_of_commit() -> None:
    wanted = own(Tract.commit)
    for name in ("edit", "message", "priority"):  # its own
        del wanted[name]
    assert options_of(Tract.edit) == wanted


@pytest.mark.parametrize("function", [Session.open, Tract.import_])
def test_a_store_is_opened_with_the_options_of_open(function: Any) -> None:
    wanted = own(Tract.open)
    for name in ("location", "tract", "branch"):  # they choose a tract of it
        del wanted[name]
    options = options_of(function)
    assert options == wanted
    assert options.keys() == own(verbs.open_at).keys()


def test_an_option_that_there_is_not_is_a_type_error() -> None:
    with Tract.open() as t, pytest.raises(TypeError, match="colour"):
        t.user("x", colour="red")  # type: ignore[call-arg]
