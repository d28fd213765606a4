"""Messages of Anthropic's Messages: lists, requests, and requests with their replies.

The layouts are those of OpenAI's messages, and beside them two more: a log of calls, which has a
request and its response, and the lines of a batch, which have the request under "params". A list
of plain texts looks the same for both providers; what tells them apart are the blocks of messages
and the system text, which Anthropic keeps beside them.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from tract.formats import detect
from tract.importers._layouts import LOOKED_AT_MAX, conversations, messages_of
from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Sample, Source

_SURE, _LIKELY = 75, 65
_WRAPPERS = ("request", "params")
_BLOCKS = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking"})


class AnthropicMessages:
    """Reads messages of Anthropic's Messages."""

    name = "anthropic"
    description = 'Anthropic messages: a list, {"system": ..., "messages": [...]}, or JSON lines'

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where there are blocks that only Anthropic has."""
        found = list(chain.from_iterable(messages_of(v, _WRAPPERS) for v in sample.values))
        found += [v["response"] for v in _logs(sample)]
        said = [m for m in found if isinstance(m, Mapping) and _is_spoken(m)]
        shapes = [detect(message) for message in said]
        ours, theirs = shapes.count("anthropic"), shapes.count("openai")
        if not theirs:
            asked = said and (_asks(sample) or any(_is_reply(m) for m in said))
            return _SURE if ours else _LIKELY if asked else 0
        # Where somebody mixed them, each is read by the one that has more; marks for the cache
        # are given to OpenAI's messages as well, and say nothing.
        blocks = sum(any(map(_is_block, _listed(message))) for message in said)
        return _SURE if blocks > theirs else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield the file's conversations."""
        return conversations(source, tract, "anthropic", _WRAPPERS)


def _is_spoken(message: Mapping[str, Any]) -> bool:
    return isinstance(message.get("role"), str) and "content" in message


def _is_reply(message: Mapping[str, Any]) -> bool:
    """Return whether a message is a whole reply of the provider's."""
    return message.get("type") == "message" and message.get("role") == "assistant"


def _objects(sample: Sample) -> list[Mapping[str, Any]]:
    values = sample.values
    if not sample.lines and values and isinstance(values[0], list):
        values = tuple(values[0][:LOOKED_AT_MAX])
    return [value for value in values if isinstance(value, Mapping)]


def _logs(sample: Sample) -> list[Mapping[str, Any]]:
    """Return the values that are a request with its response."""
    return [
        value
        for value in _objects(sample)
        if isinstance(value.get("request"), Mapping) and isinstance(value.get("response"), Mapping)
    ]


def _asks(sample: Sample) -> bool:
    """Return whether any value is a request with system text beside its messages."""
    requests = _objects(sample)
    requests += [
        v[name] for v in requests for name in _WRAPPERS if isinstance(v.get(name), Mapping)
    ]
    return any(
        isinstance(v.get("messages"), list) and isinstance(v.get("system"), str | list)
        for v in requests
    )


def _listed(message: Mapping[str, Any]) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _is_block(block: Any) -> bool:
    kind = block.get("type") if isinstance(block, Mapping) else None
    return isinstance(kind, str) and kind in _BLOCKS
