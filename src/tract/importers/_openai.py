"""OpenAI Chat messages: as a list, under "messages", or as lines, one message or conversation each.

What layouts there are is told elsewhere, since other providers' messages have the same ones; here
is how OpenAI's are told from theirs. Messages that look the same everywhere are taken for OpenAI's.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from tract.formats import detect
from tract.importers._layouts import conversations, messages_of
from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Sample, Source

_SURE, _MAYBE = 60, 10


class OpenAIMessages:
    """Reads OpenAI Chat messages."""

    name = "openai"
    description = 'OpenAI chat messages: a list, {"messages": [...]}, or JSON lines of either'

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: not at all where another provider's blocks are in use."""
        messages = chain.from_iterable(messages_of(value) for value in sample.values)
        spoken = [m for m in messages if isinstance(m, Mapping) and isinstance(m.get("role"), str)]
        if not spoken:
            return _MAYBE if any(map(_is_empty, sample.values)) else 0
        shapes = {detect(message) for message in spoken}
        return 0 if "anthropic" in shapes and "openai" not in shapes else _SURE

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield the file's conversations."""
        return conversations(source, tract, "openai")


def _is_empty(value: Any) -> bool:
    """Return whether a value is a conversation without messages, or a list of such."""
    if isinstance(value, Mapping):
        return value.get("messages") == []
    return isinstance(value, list) and all(map(_is_empty, value))
