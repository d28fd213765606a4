"""Ids and names of tool calls that a provider accepts, made from those that were recorded.

What is stored keeps the id that the first provider gave. At rendering, an id that the dialect
refuses is mapped: always the same way, depending on nothing but the messages before it, and never
to an id that is taken. A result follows its call by place, so that an id which occurs again later
in a conversation cannot lead it astray.
"""

import hashlib
import re

_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_SPEAKER_FOREIGN = re.compile(r"[\s<|\\/>]")
_SPEAKER_MAX = 64


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]


class CallIds:
    """The tool-call ids of one rendering.

    Args:
        length_max: characters that an id may have.
        plain: whether only ASCII letters, digits, "_" and "-" are accepted.
        once: whether an id may be used once in the whole conversation (else once in a message).

    Example:
        >>> ids = CallIds(length_max=64, plain=True, once=True)
        >>> first, second = ids.call("a"), (ids.next_message(), ids.call("a"))[1]
        >>> first, second, ids.result("a")
        ('a', 'a_2', 'a_2')
    """

    __slots__ = ("_counts", "_length_max", "_once", "_open", "_plain", "_seen", "_used")

    def __init__(self, *, length_max: int, plain: bool, once: bool) -> None:
        self._length_max = length_max
        self._plain = plain
        self._once = once
        self._used: set[str] = set()
        self._counts: dict[str, int] = {}
        self._open: dict[str, list[str]] = {}
        self._seen: set[str] = set()

    def next_message(self) -> None:
        """Say that the calls from here on are another message's."""
        self._seen.clear()
        if not self._once:
            self._used.clear()
            self._counts.clear()

    def call(self, id: str) -> str:
        """Return the id that a call is sent with.

        Args:
            id: the id as it was recorded.
        """
        wire = self._fit(id)
        if wire in self._used:
            wire = self._free(wire)
        self._used.add(wire)
        if id in self._seen:
            self._open[id].append(wire)
        else:
            self._seen.add(id)
            self._open[id] = [wire]
        return wire

    def result(self, id: str) -> str:
        """Return the id that a result is sent with: that of the call it answers.

        Args:
            id: the call's id as it was recorded.
        """
        waiting = self._open.get(id)
        if waiting is None:
            return self._fit(id)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def knows(self, id: str) -> bool:
        """Return whether a call with that id came before."""
        return id in self._open

    def _fit(self, id: str) -> str:
        if 0 < len(id) <= self._length_max and not (self._plain and _FOREIGN.search(id)):
            return id
        # The hash keeps apart what looks the same once the foreign characters are replaced.
        name = _FOREIGN.sub("_", id) if self._plain else id
        return f"{(name or 'call')[: self._length_max - 17]}_{_digest(id, 16)}"

    def _free(self, wire: str) -> str:
        number = self._counts.get(wire, 1)
        while True:
            number += 1
            name = self._fit(f"{wire}_{number}")
            if name not in self._used:
                self._counts[wire] = number
                return name


def tool_name(name: str, length_max: int) -> str:
    """Return a tool's name as providers accept it: ASCII letters, digits, "_" and "-".

    Args:
        name: the name as it was recorded.
        length_max: characters that it may have.

    Example:
        >>> tool_name("files.read", 64)
        'files_read'
    """
    if len(name) <= length_max and _TOOL_NAME.fullmatch(name):
        return name
    return _FOREIGN.sub("_", name)[:length_max] or "tool"


def speaker_name(name: str) -> str:
    """Return a speaker's name as OpenAI accepts it, "" if nothing is left.

    White space and angle brackets, bars and slashes of both kinds are not accepted.

    Args:
        name: the name as it was recorded.

    Example:
        >>> speaker_name("Ada Lovelace")
        'Ada_Lovelace'
    """
    if len(name) <= _SPEAKER_MAX and not _SPEAKER_FOREIGN.search(name):
        return name
    return _SPEAKER_FOREIGN.sub("_", name)[:_SPEAKER_MAX]
