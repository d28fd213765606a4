"""Prefix hashes: what two contexts share from their start, as providers' caches see it.

Tools and leading system text come first in every provider's cache, so together they are the first
link of the chain; every message after them adds one link that contains the one before. Equal
hashes at one place therefore mean equal everything up to it. A message is hashed by what it says,
not by the commits it came from.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from tract.objects import Message, canonical

PREFIX_TAG = b"tract:prefix:1\n"

_SYSTEM = ("system", "developer")


def lead_count(messages: Sequence[Message]) -> int:
    """Return how many messages at the start are system or developer text."""
    count = 0
    for message in messages:
        if message.role not in _SYSTEM:
            break
        count += 1
    return count


class PrefixChain:
    """The prefix hashes of a growing list of messages, each made once.

    Args:
        tools: the tool definitions that are sent along, or None.
        known: hashes that are known to hold for the start of the messages.

    Example:
        >>> chain = PrefixChain(None)
        >>> len(chain.upto((Message("system"), Message("user"))))
        2
    """

    __slots__ = ("_hashes", "_known", "_tools")

    def __init__(self, tools: list[dict[str, Any]] | None, known: Sequence[str] = ()) -> None:
        self._tools = tools
        self._known = known
        self._hashes: list[str] | None = None

    @property
    def known(self) -> Sequence[str]:
        """The hashes that were made so far."""
        return self._known if self._hashes is None else self._hashes

    def upto(self, messages: Sequence[Message]) -> list[str]:
        """Return the hashes for these messages, which must go on from those asked about before.

        Args:
            messages: the whole list from its start.

        Returns:
            One hash for tools and leading system messages, and one for each message after them.
            The list is the chain's own: copy it to keep it.
        """
        lead = lead_count(messages)
        if lead == len(messages):  # what follows may still belong to the first link
            return [self._first(messages)]
        if self._hashes is None:
            self._hashes = list(self._known)
        hashes = self._hashes
        if not hashes:
            hashes.append(self._first(messages[:lead]))
        for message in messages[lead + len(hashes) - 1 :]:
            hashes.append(_link([hashes[-1], message.payload()]))
        return hashes

    def _first(self, lead: Sequence[Message]) -> str:
        return _link([[message.payload() for message in lead], self._tools])


def _link(value: list[Any]) -> str:
    return hashlib.sha256(PREFIX_TAG + canonical(value)).hexdigest()
