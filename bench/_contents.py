"""The messages that are written: an agent's conversation of about 1 KB a message, made up.

A message depends on its number and a label alone, so any stretch of a conversation can be made
anywhere and compared with what was read back. The shape is OpenAI's, in the order of an agent's
turn: a question, a tool call, its result, an answer.
"""

import json
import random
from functools import cache
from typing import Any

Wire = dict[str, Any]

TURN = 4
"""Messages in one turn."""

_NAMES = "order invoice parcel customer refund ticket address payment courier depot voucher report"
_VERBS = "was arrived left failed waits changed moved doubled vanished seems looks returned"
_REST = "the a this every late early twice again never already only partly because before until by"
_WORDS = (*_NAMES.split(), *_VERBS.split(), *_REST.split())
_TOOLS = ("find_order", "read_invoice", "track_parcel", "list_refunds", "open_ticket")
_SENTENCES = 400


@cache
def _sentences() -> tuple[str, ...]:
    rng = random.Random("sentences")
    return tuple(
        f"{' '.join(rng.choices(_WORDS, k=rng.randrange(9, 18)))}.".capitalize()
        for _ in range(_SENTENCES)
    )


def tag(number: int, label: str = "") -> str:
    """Return the text that a message begins with, by which it is known again.

    Args:
        number: which message of the conversation, from 0.
        label: tells the conversations of several writers apart.

    Example:
        >>> tag(7, "a")
        '[a-7]'
    """
    return f"[{label}-{number}]"


def message(number: int, label: str = "") -> Wire:
    """Return one message of a conversation, in OpenAI's shape.

    Args:
        number: which one, from 0.
        label: tells the conversations of several writers apart.

    Example:
        >>> message(2)["role"]
        'tool'
    """
    rng = random.Random(f"{label}/{number}")
    place = number % TURN
    text = f"{tag(number, label)} {' '.join(rng.choices(_sentences(), k=9 if place == 1 else 11))}"
    if place == 0:
        return {"role": "user", "content": text}
    if place == 1:
        arguments = json.dumps({"query": text[20:70], "limit": rng.randrange(5, 60)})
        function = {"name": rng.choice(_TOOLS), "arguments": arguments}
        call = {"id": f"call_{label}{number}", "type": "function", "function": function}
        return {"role": "assistant", "content": text, "tool_calls": [call]}
    if place == 2:
        return {"role": "tool", "tool_call_id": f"call_{label}{number - 1}", "content": text}
    return {"role": "assistant", "content": text}


def messages(start: int, stop: int, label: str = "") -> list[Wire]:
    """Return a stretch of a conversation.

    Args:
        start: number of the first message.
        stop: number behind the last.
        label: tells the conversations of several writers apart.
    """
    return [message(number, label) for number in range(start, stop)]


def raw_bytes(wires: list[Wire]) -> int:
    """Return how many bytes messages take as JSON: what any store has to keep."""
    return sum(len(json.dumps(wire)) for wire in wires)


def tags_of(texts: list[str]) -> list[str]:
    """Return what each text begins with; see `tag`."""
    return [text.partition(" ")[0] for text in texts]
