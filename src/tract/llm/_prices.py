"""What a call costs, by the price lists that the genai-prices package carries.

The lists are those of the installed release: nothing is fetched, and a price is that of the day
of the call where the list knows of a change. Model names come as programs write them, with a
router's prefix or a provider's own name for the provider, so a name is tried in several forms.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_FIGURES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
}


def price_of(
    usage: Mapping[str, Any],
    model: str | None,
    provider: str | None = None,
    at: datetime | None = None,
) -> float | None:
    """Return what a call cost in US dollars by the price list; None where no price is known.

    Args:
        usage: "input", "output", "cache_read" and "cache_write" in tokens, the input with what
            was read from and written to the cache, as `normalise_usage` gives them.
        model: the model's name.
        provider: who served it, if known.
        at: when the call was made; prices change.

    Example:
        >>> price_of({"input": 1_000_000, "output": 0}, "gpt-4o", "openai")
        2.5
        >>> price_of({"input": 10, "output": 1}, "nobody-knows-me") is None
        True
    """
    if not model:
        return None
    from genai_prices import Usage, calc_price  # the door: 170 ms, an HTTP client comes along

    figures = {theirs: int(usage.get(ours) or 0) for ours, theirs in _FIGURES.items()}
    cached = figures["cache_read_tokens"] + figures["cache_write_tokens"]
    figures["input_tokens"] = max(figures["input_tokens"], cached)
    for name, served_by in _names(model, provider):
        try:
            price = calc_price(
                Usage(**figures),
                model_ref=name,
                provider_id=served_by,
                genai_request_timestamp=at,
            )
        except (LookupError, ValueError):
            continue
        return float(price.total_price)
    return None


def _names(model: str, provider: str | None) -> Iterator[tuple[str, str | None]]:
    """Yield the forms in which a price list may know a model."""
    short = model.rsplit("/", 1)[-1]
    for name in dict.fromkeys((model, short)):
        if provider:
            yield name, provider
        yield name, None
