"""What providers report about a call comes in one shape, whichever words they use."""

from typing import Any

import pytest

from tract.errors import InvalidInput
from tract.objects import normalise_usage


class Reported:
    """What a client gives: an object that can be dumped."""

    def model_dump(self, mode: str) -> dict[str, int]:
        return {"prompt_tokens": 4, "completion_tokens": 2}


def test_a_whole_reply_is_understood_by_the_usage_in_it() -> None:
    usage = {"input_tokens": 12, "output_tokens": 3}
    reply = {"id": "r", "model": "m", "content": "hi", "usage": usage}
    assert normalise_usage(reply) == {**normalise_usage(usage, call="r"), "model": "m"}


@pytest.mark.parametrize(
    ("usage", "figures"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 3}, (10, 3, 0, 0, 0)),
        ({"completion_tokens": 5}, (0, 5, 0, 0, 0)),
        ({"output_tokens": 5}, (0, 5, 0, 0, 0)),
        ({"input": 5}, (5, 0, 0, 0, 0)),
        (Reported(), (4, 2, 0, 0, 0)),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 3,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 1},
            },
            (10, 3, 4, 2, 1),
        ),
        (
            {
                "input_tokens": 10,
                "output_tokens": 3,
                "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "output_tokens_details": {"reasoning_tokens": 1},
            },
            (10, 3, 4, 2, 1),
        ),
        (
            {
                "input_tokens": 1,
                "output_tokens": 3,
                "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": None,
                "output_tokens_details": {"thinking_tokens": 2},
            },
            (5, 3, 4, 0, 2),
        ),
        (
            {
                "input_tokens": 1,
                "output_tokens": 3,
                "output_tokens_details": {"thinking_tokens": 2},
            },
            (1, 3, 0, 0, 2),
        ),
    ],
)
def test_every_figure_that_is_reported_is_kept(usage: Any, figures: tuple[int, ...]) -> None:
    made = normalise_usage(usage)
    names = ("input", "output", "cache_read", "cache_write", "reasoning")
    assert tuple(made[name] for name in names) == figures


@pytest.mark.parametrize(
    "usage", [Reported, None, 5, {}, {"tokens": 5}, {"input": -1}, {"input": 1.5}, {"output": True}]
)
def test_what_is_no_usage_is_refused_with_what_to_do(usage: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalise_usage(usage)
    assert caught.value.kind == "invalid_usage"
    assert caught.value.hint


def test_cost_and_call_are_kept_and_what_is_in_shape_stays_as_it_is():
    usage = {"prompt_tokens": 10, "completion_tokens": 3}
    once = normalise_usage(usage, cost=0.25, call="chatcmpl-1")
    assert (once["cost"], once["call"], once["raw"]) == (0.25, "chatcmpl-1", usage)
    assert normalise_usage(once) == once


@pytest.mark.parametrize(
    ("reported", "cost"),
    [
        ({"prompt_tokens": 1, "cost": 0.5}, 0.5),
        ({"input": 1, "cacheRead": 2, "cacheWrite": 3, "cost": {"input": 1, "total": 2}}, 2.0),
        ({"prompt_tokens": 1}, None),
    ],
)
def test_the_cost_that_a_report_tells_is_taken(reported, cost):
    assert normalise_usage(reported).get("cost") == cost


def test_input_without_the_cache_becomes_all_that_was_sent():
    usage = {"input": 3, "output": 191, "cacheRead": 10, "cacheWrite": 1684}
    found = normalise_usage(usage)
    assert [found[n] for n in ("input", "cache_read", "cache_write")] == [1697, 10, 1684]


@pytest.mark.parametrize("cost", [-1, True, "1", float("nan"), float("inf"), 10**30, {"total": -1}])
def test_what_is_no_amount_is_refused(cost):
    with pytest.raises(InvalidInput) as caught:
        normalise_usage({"input": 1, "cost": cost})
    assert caught.value.kind in ("invalid_usage", "invalid_number")


def test_caches_are_read_by_the_names_that_routers_give_them():
    deepseek = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 4}
    litellm = {
        "prompt_tokens": 9,
        "completion_tokens": 1,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 2,
    }
    assert normalise_usage(deepseek)["cache_read"] == 4
    found = normalise_usage(litellm)
    assert (found["cache_read"], found["cache_write"], found["input"]) == (3, 2, 9)
