"""Where the tokens of a context go: its counts taken apart, by who speaks, what it is, which tool.

The pieces are counted with the tokenizer that the whole was counted with, then made the model's
tokens so that they add up to the context's figure exactly: what rounding leaves over goes to the
largest remainders (Hamilton's method). What belongs to no message, tool definitions and the start
of the reply, is a piece of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tract.compile._context import CompiledContext
from tract.objects import Message, ReasoningPart, ToolCall

FRAME = "frame"


class Piece(NamedTuple):
    """A part of a context, in the model's tokens.

    Attributes:
        role: "system", "developer", "user", "assistant" or "tool"; "reasoning" for an assistant's;
            "frame" for what belongs to no message.
        tool: the tool that was called or that answered; "" for everything else.
        message: the message's place in the context; -1 for what belongs to none.
        tokens: what it takes.
    """

    role: str
    tool: str
    message: int
    tokens: int


def breakdown(context: CompiledContext) -> list[Piece]:
    """Return a context in pieces whose tokens add up to the context's.

    Args:
        context: any context.
    """
    ledger = context._inner.ledger  # noqa: SLF001 - its counts are the context's own
    tools, start = ledger.rest
    counted = [Piece(FRAME, "", -1, tools + start)] if context.messages or tools else []
    called: dict[str, str] = {}
    for place, (message, tokens) in enumerate(zip(context.messages, ledger.counts, strict=True)):
        counted += _pieces(message, place, tokens, ledger.tally.counter.count, called)
    shares = apportioned([piece.tokens for piece in counted], int(context.tokens))
    return [
        piece._replace(tokens=share) for piece, share in zip(counted, shares, strict=True) if share
    ]


def _pieces(
    message: Message, place: int, tokens: int, count: Callable[[str], int], called: dict[str, str]
) -> Iterable[Piece]:
    """Yield the pieces of one message, in the counter's tokens."""
    if message.role == "tool":
        name = message.name or called.get(message.call_id or "", "")
        yield Piece("tool", name, place, tokens)
        return
    left = tokens
    for part in message.parts:
        if isinstance(part, ToolCall):
            called[part.id] = part.name
            taken = min(count(part.name) + count(part.arguments), left)
            yield Piece(message.role, part.name, place, taken)
        elif isinstance(part, ReasoningPart) and part.text:
            taken = min(count(part.text), left)
            yield Piece("reasoning", "", place, taken)
        else:
            continue
        left -= taken
    yield Piece(message.role, "", place, left)


def apportioned(parts: Sequence[int], total: int) -> list[int]:
    """Return whole numbers in the proportion of `parts` that add up to `total`.

    Example:
        >>> apportioned([1, 1, 1], 10)
        [4, 3, 3]
    """
    whole = sum(parts)
    if whole == 0:
        return [0] * len(parts)
    floors = [part * total // whole for part in parts]
    order = sorted(range(len(parts)), key=lambda n: -(parts[n] * total % whole))
    for number in order[: total - sum(floors)]:
        floors[number] += 1
    return floors
