"""The tokens of a list of messages, counted when somebody asks, and each message once.

Most compiles need no count at all, and of those that do most differ from the one before by a
message or two. So a ledger counts nothing by itself, takes over what an earlier one counted, and
asks the tally before it counts a message that is exactly what one content renders to.
"""

from collections.abc import Sequence
from typing import Any
from weakref import ref

from tract.compile._message_tokens import count_tools
from tract.compile._tally import Gauge, Scale, Tally, count_message, count_start, is_guessed
from tract.compile._token_count import TokenCount
from tract.objects import Message


class Ledger:
    """Counts of one list of messages.

    Args:
        tally: counts, and keeps counts by content id.
        messages: what is counted.
        contents: for each message the id of the content that it renders as it is, or None.
        tools: tool definitions that are sent along, or None.
        gauge: finds out what the counts become; the tally's scale, if None.
    """

    __slots__ = (
        "_gauge",
        "_scale",
        "contents",
        "guessed",
        "known",
        "known_rest",
        "messages",
        "tally",
        "tools",
    )

    def __init__(
        self,
        tally: Tally,
        messages: tuple[Message, ...],
        contents: Sequence[str | None],
        tools: list[dict[str, Any]] | None,
        gauge: Gauge | None = None,
    ) -> None:
        self.tally = tally
        # Found once: what is learned later does not change this context. The gauge is held weakly,
        # since it reads a store, and a context must not keep one alive.
        self._scale = tally.scale if gauge is None else None
        self._gauge = None if gauge is None else ref(gauge)
        self.messages = messages
        self.contents = contents
        self.tools = tools
        self.known: tuple[int, ...] = ()  # the counts of the first so many messages
        self.guessed: tuple[int, ...] = ()  # places of those whose count is partly a guess
        self.known_rest: tuple[int, int] | None = None

    @property
    def scale(self) -> Scale:
        """What the counter's tokens become."""
        if self._scale is None:
            gauge = None if self._gauge is None else self._gauge()
            self._scale = self.tally.scale if gauge is None else gauge.scale()
        return self._scale

    def after(self, earlier: "Ledger", shared: int) -> None:
        """Take over what an earlier ledger with equal tools counted.

        Args:
            earlier: the earlier ledger.
            shared: how many messages from the start both have.
        """
        if earlier.tally.counter == self.tally.counter:
            self.guessed = tuple([place for place in earlier.guessed if place < shared])
            self.known = earlier.known[:shared]
            self.known_rest = earlier.known_rest

    @property
    def counts(self) -> tuple[int, ...]:
        """The counter's tokens for each message."""
        known = self.known
        start = len(known)
        if start == len(self.messages):
            return known
        messages = self.messages[start:]
        counts = known + tuple(self._counted(messages, self.contents[start:]))
        guessed = [start + place for place, m in enumerate(messages) if is_guessed(m)]
        self.guessed = (*[place for place in self.guessed if place < start], *guessed)
        self.known = counts
        return counts

    def _counted(self, messages: Sequence[Message], contents: Sequence[str | None]) -> list[int]:
        tally = self.tally
        found = dict(tally.known([content for content in contents if content is not None]))
        learned: dict[str, int] = {}
        counts = []
        for message, content in zip(messages, contents, strict=True):
            count = None if content is None else found.get(content)
            if count is None:
                count = count_message(tally.counter, message)
                if content is not None:
                    found[content] = learned[content] = count
            counts.append(count)
        if learned:
            tally.learned(learned)
        return counts

    @property
    def rest(self) -> tuple[int, int]:
        """The counter's tokens of the tools, and those that start the reply."""
        if self.known_rest is None:
            counter, tools = self.tally.counter, self.tools
            self.known_rest = (
                count_tools(counter.count, tools) if tools else 0,
                count_start(counter),
            )
        return self.known_rest

    @property
    def total(self) -> int:
        """The counter's tokens for everything that would be sent; 0 where that is nothing."""
        if not self.messages and not self.tools:
            return 0
        return sum(self.counts) + sum(self.rest)

    @property
    def tokens(self) -> TokenCount:
        """The model's tokens for everything that would be sent."""
        return self.scaled(self.total)

    def scaled(self, tokens: int) -> TokenCount:
        """Return some of the counter's tokens as the model's."""
        return self.scale.of(tokens, guessed=bool(self.tools) or bool(self.guessed))
