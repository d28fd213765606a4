"""What providers report about a call, in one shape.

Every provider counts the same things under other names, and not the same things under the same
name: OpenAI's input includes what was read from the cache, Anthropic's does not. Here `input` is
all that was sent. What was reported is kept beside it, whole.
"""

from collections.abc import Mapping
from typing import Any

from tract.errors import InvalidInput, printable
from tract.objects._canonical import check_json


def normalise_usage(
    usage: Any, *, cost: float | None = None, call: str | None = None
) -> dict[str, Any]:
    """Return a provider's usage as figures in tokens, with what was reported under "raw".

    Args:
        usage: OpenAI's or Anthropic's usage object or dict (or anything with `model_dump`), or the
            whole reply that it is in.
        cost: what the call cost, in US dollars, where it is known beside the usage.
        call: the provider's id of the call. Of several reports of one call, the last one counts.

    Returns:
        A dict with "input", "output", "cache_read", "cache_write", "reasoning" and "raw", with
        "cost" in US dollars where somebody said it, and with "call" and "model" where they were
        given or a whole reply says them.

    Raises:
        InvalidInput: it is no usage, a figure is no whole number from 0, or the cost is no amount.

    Example:
        >>> normalise_usage({"prompt_tokens": 10, "completion_tokens": 3})["input"]
        10
    """
    raw = _plain(usage)
    model = raw.get("model")
    if isinstance(raw.get("usage"), Mapping):  # a whole reply
        call = raw.get("id") if call is None and isinstance(raw.get("id"), str) else call
        raw = dict(raw["usage"])
    if "prompt_tokens" in raw or "completion_tokens" in raw:
        figures = _openai(raw, "prompt_tokens", "completion_tokens")
    elif "cache_creation_input_tokens" in raw or "cache_read_input_tokens" in raw:
        figures = _anthropic(raw)
    elif "input_tokens" in raw or "output_tokens" in raw:
        figures = _openai(raw, "input_tokens", "output_tokens")
    elif "cacheRead" in raw or "cacheWrite" in raw:
        figures = _pi(raw)
    elif "input" in raw or "output" in raw:
        names = ("input", "output", "cache_read", "cache_write", "reasoning")
        figures = {name: _figure(raw, name) for name in names}
    else:
        raise InvalidInput(
            f"usage with the fields {printable(', '.join(sorted(map(str, raw))) or 'none')} is not understood",
            kind="invalid_usage",
            hint="Pass the provider's usage object, or a dict with input and output (tokens).",
        )
    paid = _cost(raw, cost)
    if call is None and isinstance(raw.get("call"), str):
        call = raw["call"]
    if isinstance(raw.get("raw"), Mapping):  # it was in this shape already
        raw = dict(raw["raw"])
    found: dict[str, Any] = {**figures}
    if paid is not None:
        found["cost"] = paid
    if call is not None:
        found["call"] = call
    if isinstance(model, str) and model:
        found["model"] = model
    return {**found, "raw": raw}


def _plain(usage: Any) -> dict[str, Any]:
    dump = getattr(usage, "model_dump", None)
    if callable(dump) and not isinstance(usage, type):
        usage = dump(mode="json")
    if not isinstance(usage, Mapping):
        raise InvalidInput(
            f"usage is {printable(type(usage).__name__)}, no object or dict",
            kind="invalid_usage",
            hint="Pass the reply's usage, as the provider's client gave it.",
        )
    raw = dict(usage)
    check_json(raw, "usage")
    return raw


def _figure(raw: Any, *path: str) -> int:
    value = raw
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise InvalidInput(
            f"usage {'.'.join(path)} is {printable(repr(value))}, no whole number of tokens",
            kind="invalid_usage",
            hint="Give tokens as whole numbers from 0, or leave the figure out.",
        )
    return value


def _cost(raw: Mapping[str, Any], said: float | None) -> float | None:
    """Return the cost in US dollars: the caller's word, else the report's; None without either."""
    cost = raw.get("cost") if said is None else said
    if isinstance(cost, Mapping):
        cost = cost.get("total")
    if cost is None:
        return None
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < 2**53:
        raise InvalidInput(
            f"usage cost is {printable(repr(cost))}, no amount of US dollars",
            kind="invalid_usage",
            hint="Give a number from 0, or leave it out.",
        )
    return float(cost)


def _openai(raw: Mapping[str, Any], given: str, made: str) -> dict[str, int]:
    # Routers and other providers report the cache under names of their own, beside OpenAI's.
    read = _figure(raw, f"{given}_details", "cached_tokens")
    written = _figure(raw, f"{given}_details", "cache_write_tokens")
    return {
        "input": _figure(raw, given),
        "output": _figure(raw, made),
        "cache_read": read
        or _figure(raw, "cache_read_input_tokens")
        or _figure(raw, "prompt_cache_hit_tokens"),
        "cache_write": written or _figure(raw, "cache_creation_input_tokens"),
        "reasoning": _reasoning(raw, f"{made}_details"),
    }


def _anthropic(raw: Mapping[str, Any]) -> dict[str, int]:
    read, written = (
        _figure(raw, "cache_read_input_tokens"),
        _figure(raw, "cache_creation_input_tokens"),
    )
    return {
        "input": _figure(raw, "input_tokens") + read + written,
        "output": _figure(raw, "output_tokens"),
        "cache_read": read,
        "cache_write": written,
        "reasoning": _reasoning(raw, "output_tokens_details"),
    }


def _pi(raw: Mapping[str, Any]) -> dict[str, int]:
    read, written = _figure(raw, "cacheRead"), _figure(raw, "cacheWrite")
    return {
        "input": _figure(raw, "input") + read + written,
        "output": _figure(raw, "output"),
        "cache_read": read,
        "cache_write": written,
        "reasoning": _figure(raw, "reasoning"),
    }


def _reasoning(raw: Mapping[str, Any], details: str) -> int:
    # Anthropic reports thinking as part of the output, under another name; nobody reports both.
    return _figure(raw, details, "reasoning_tokens") or _figure(raw, details, "thinking_tokens")
