"""Prices: list prices of known models, on the day of the call; nothing for what nobody lists."""

from datetime import UTC, datetime

import pytest

from tract.llm import price_of

DAY = datetime(2025, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("claude-sonnet-4-5", "anthropic"),
        ("claude-sonnet-4-5", None),
        ("litellm_proxy/claude-sonnet-4-5", None),
        ("claude-sonnet-4-5", "a-gateway-of-ours"),
    ],
)
def test_a_model_is_known_by_whatever_name_programs_give_it(model, provider):
    usage = {"input": 1_000_000, "output": 1_000_000, "cache_read": 0, "cache_write": 0}
    assert price_of(usage, model, provider, DAY) == pytest.approx(3 + 15, rel=0.6)


def test_what_was_read_from_the_cache_is_cheaper_and_writing_it_dearer():
    def price(read, written):
        usage = {"input": 100_000, "output": 0, "cache_read": read, "cache_write": written}
        return price_of(usage, "claude-sonnet-4-5", "anthropic", DAY)

    assert price(100_000, 0) == pytest.approx(0.1 * price(0, 0))
    assert price(0, 100_000) == pytest.approx(1.25 * price(0, 0))


def test_the_cache_is_a_part_of_the_input_whatever_was_reported():
    odd = {"input": 5, "output": 0, "cache_read": 1000, "cache_write": 0}
    assert price_of(odd, "claude-sonnet-4-5", "anthropic", DAY) == pytest.approx(0.0003)


@pytest.mark.parametrize("model", [None, "", "nobody-lists-me", "<synthetic>", "../../etc"])
def test_an_unknown_model_has_no_price(model):
    assert price_of({"input": 10, "output": 10}, model, "openai", DAY) is None
