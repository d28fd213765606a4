"""Counting compiled messages, and where the counts are kept.

What is counted is a neutral shape of each message with OpenAI's framing: it belongs to no
dialect, so a count can be kept with the content it belongs to, whatever it is sent to later. The
difference to another provider's framing is part of the ratio that its models' counts are given. A
message is counted by itself, so the count of a context is the sum over its messages, what the
reply's start takes, and the tools: what `Counter.count_messages` says of all of them at once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from tract.compile._token_count import ESTIMATE_ERROR, Method, TokenCount
from tract.compile._tokens import Counter, TiktokenCounter
from tract.errors import InvalidInput, printable
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
)

DIALECT: Final = "openai"
"""Whose framing is counted; see the module's top."""


class Scale(NamedTuple):
    """How a counter's tokens become a model's.

    Attributes:
        ratio: tokens of the model for one of the counter's.
        method: what the figures are worth: "exact" or "estimated".
        error: relative error to expect, 0.1 for within 10 percent; None takes the usual one.
    """

    ratio: float = 1.0
    method: Method = "exact"
    error: float | None = None

    def of(self, tokens: int, *, guessed: bool = False) -> TokenCount:
        """Return a sum of the counter's tokens as the model's.

        Args:
            tokens: the counter's tokens.
            guessed: whether some of them stand for what no text shows (media, sealed reasoning) or
                for what no provider documents (tools).

        Example:
            >>> Scale(1.2, "estimated").of(100)
            TokenCount(120, method='estimated', error=0.15)
        """
        if self.method == "exact" and self.ratio == 1.0 and not guessed:
            return TokenCount(tokens)
        error = self.error
        if guessed and error is not None:
            error = max(error, ESTIMATE_ERROR)  # what was learned says nothing of a guess
        return TokenCount(round(tokens * self.ratio), method="estimated", error=error)


class Gauge(Protocol):
    """Finds out what a counter's tokens become, when somebody first wants to know."""

    def scale(self) -> Scale:
        """Return what is known now."""
        ...


class Tally:
    """Counts with a counter, and remembers what was counted by content id.

    A handle keeps one for each counter it uses. Counts are of the message that a content renders
    to, framing included, before the ratio is applied, so they hold for every model of a counter.

    Args:
        counter: what counts; o200k_base if None.
        ratio: tokens of the model for one of the counter's.
        method: what the figures are worth: "exact" or "estimated".
        error: relative error to expect, 0.1 for within 10 percent; None takes the usual one.
            Ratio, method and error are kept as `scale`.
        stored: looks up counts kept elsewhere, by content id; it may know fewer than it is asked
            for, and is asked for each id once. It must not raise when its store is closed.

    Raises:
        InvalidInput: the ratio is not above 0.

    Example:
        >>> tally = Tally()
        >>> tally.learned({"c" * 64: 12})
        >>> tally.known(["c" * 64, "d" * 64]) == {"c" * 64: 12}
        True
    """

    # Weakly held by what only sometimes asks it, so that nothing keeps a store alive.
    __slots__ = ("__weakref__", "_counts", "_fresh", "_stored", "counter", "scale")

    def __init__(
        self,
        counter: Counter | None = None,
        *,
        ratio: float = 1.0,
        method: Method = "exact",
        error: float | None = None,
        stored: Callable[[Sequence[str]], Mapping[str, int]] | None = None,
    ) -> None:
        if not 0 < ratio < float("inf"):
            raise InvalidInput(
                f"ratio {printable(repr(ratio))} is not above 0",
                kind="invalid_ratio",
                hint="Give a number above 0, such as 1.2.",
            )
        self.counter: Counter = counter if counter is not None else TiktokenCounter()
        self.scale = Scale(ratio, method, error)
        self._stored = stored
        self._counts: dict[str, int] = {}
        self._fresh: dict[str, int] = {}

    @property
    def ratio(self) -> float:
        """Tokens of the model for one of the counter's."""
        return self.scale.ratio

    @property
    def method(self) -> Method:
        """What the figures are worth: "exact" or "estimated"."""
        return self.scale.method

    def known(self, ids: Sequence[str]) -> Mapping[str, int]:
        """Return the counts that are known, by content id.

        Args:
            ids: content ids.

        Returns:
            Tokens by content id; ids without a known count are left out.
        """
        counts = self._counts
        unseen = [id_ for id_ in ids if id_ not in counts] if self._stored is not None else []
        if unseen and self._stored is not None:
            counts.update(self._stored(unseen))
        return {id_: counts[id_] for id_ in ids if id_ in counts}

    def learned(self, counts: Mapping[str, int]) -> None:
        """Remember new counts.

        Args:
            counts: tokens by content id.
        """
        self._counts.update(counts)
        self._fresh.update(counts)

    def fresh(self) -> dict[str, int]:
        """Return what was learned since the last call, for whoever keeps it for good.

        Returns:
            Tokens by content id; empty for a counter without a name, whose counts must not be
            kept beyond the handle.
        """
        fresh, self._fresh = self._fresh, {}
        return fresh if self.counter.name else {}


def count_message(counter: Counter, message: Message) -> int:
    """Return the tokens of one message, framing included and the reply's start left out.

    Args:
        counter: what counts.
        message: any message.
    """
    return counter.count_messages([counted_shape(message)], DIALECT) - count_start(counter)


def count_start(counter: Counter) -> int:
    """Return the tokens that start the reply, once for every request."""
    return counter.count_messages([], DIALECT)


def is_guessed(message: Message) -> bool:
    """Return whether some of a message's tokens are flat figures that no text shows."""
    parts = message.parts
    if len(parts) == 1 and type(parts[0]) is TextPart:
        return False
    return any(
        isinstance(part, MediaPart | OpaquePart)
        or (isinstance(part, ReasoningPart) and part.encrypted is not None)
        for part in parts
    )


def counted_shape(message: Message) -> dict[str, Any]:
    """Return a message as the dict that counters are given.

    The shape is that of OpenAI's chat messages, with flat tool calls, "thinking" blocks for
    reasoning, and media without their bytes.

    Example:
        >>> counted_shape(Message("user", (TextPart("hi"),)))
        {'role': 'user', 'content': 'hi'}
    """
    shape: dict[str, Any] = {"role": message.role}
    parts = message.parts
    if len(parts) == 1 and type(parts[0]) is TextPart:
        shape["content"] = parts[0].text
    else:
        shape["content"] = [_counted_part(p) for p in parts if not isinstance(p, ToolCall)]
        calls = [part for part in parts if isinstance(part, ToolCall)]
        if calls:
            shape["tool_calls"] = [{"name": c.name, "arguments": c.arguments} for c in calls]
    if message.name is not None:
        shape["name"] = message.name
    return shape


def _counted_part(part: Part) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, RefusalPart):
        return {"type": "refusal", "refusal": part.text}
    if isinstance(part, ReasoningPart):
        if part.encrypted is not None and not part.text:
            return {"type": "redacted_thinking", "data": part.encrypted}
        return {"type": "thinking", "thinking": part.text}
    if isinstance(part, MediaPart):
        return {"type": _MEDIA[part.kind]}
    if isinstance(part, OpaquePart):
        return dict(part.payload)
    raise InvalidInput(
        f"{printable(type(part).__name__)} is no part of a message",
        kind="invalid_message",
        hint="Give TextPart, ToolCall, MediaPart or another part.",
    )


_MEDIA: Final = {"image": "image_url", "audio": "input_audio", "file": "file"}
