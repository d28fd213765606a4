"""Options are checked when they are made: the option and the value are named."""

from collections.abc import Sequence

import pytest

from tract.compile import CompileOptions, ContextCompiler, TokenBudget
from tract.errors import InvalidInput
from tract.objects import Entry


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("on_invalid", "fix"),
        ("pending", "wait"),
        ("tools", "work"),
        ("tools", ["work"]),
        ("tools", {"name": "work"}),
        ("budget", 8_000),
        ("views", ("newest",)),
        ("views", [len]),
        ("compiler", len),
    ],
)
def test_an_option_that_cannot_be_used_is_named_with_its_value(name, value):
    with pytest.raises(InvalidInput) as caught:
        CompileOptions(**{name: value})
    assert caught.value.kind == "invalid_option"
    assert f"{name}=" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("value", [float("nan"), object(), {1: "x"}, "cut \ud83d"])
def test_tools_that_are_no_json_are_refused(value):
    with pytest.raises(InvalidInput, match="tools"):
        CompileOptions(tools=[{"name": "work", "parameters": value}])


def test_options_are_values():
    budget = TokenBudget(8_000)

    def newest(entries: Sequence[Entry]) -> Sequence[Entry]:
        return entries[-1:]

    assert CompileOptions(budget=budget, views=(newest,)) == CompileOptions(
        budget=budget, views=(newest,)
    )


def test_anything_that_can_compile_is_a_compiler():
    class Mine:
        def compile(self, entries):
            return []

    assert isinstance(Mine(), ContextCompiler)
    assert CompileOptions(compiler=Mine()).compiler is not None
