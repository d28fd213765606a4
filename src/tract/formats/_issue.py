"""What the formats say about a request: what is wrong with it, what was changed in it, what it is.

An `Issue` is a reason for which a provider would refuse a request. A `Notice` is what a rendering
left out, mapped or added so that it would not. A `Wire` is the rendered request itself, with the
way back from each of its messages to the commits behind it.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Issue:
    """A reason for which a provider would refuse a request.

    Attributes:
        rule: stable snake_case name of the rule that is broken.
        message: what is wrong, on one printable line, without content.
        index: place in the request's list of messages, from 0; None for what stands outside it.
        commit: id of the commit concerned, or None where the request does not say.
        fix: what to do about it.

    Example:
        >>> Issue("unknown_role", "role 'robot' is unknown", 0, None, "Use 'user'.").rule
        'unknown_role'
    """

    rule: str
    message: str
    index: int | None = None
    commit: str | None = None
    fix: str = ""

    def __str__(self) -> str:
        place = "request" if self.index is None else f"messages[{self.index}]"
        return f"{place}: {self.message} ({self.rule})"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a rendering left out, mapped or added.

    Attributes:
        rule: stable snake_case name of what was done.
        message: what was done, on one printable line, without content.
        index: place in the rendered list of messages, from 0; None where nothing of it is there.
        commits: ids of the commits concerned, oldest first.

    Example:
        >>> str(Notice("opener_added", "a user message opens the list", 0))
        'messages[0]: a user message opens the list (opener_added)'
    """

    rule: str
    message: str
    index: int | None = None
    commits: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = "request" if self.index is None else f"messages[{self.index}]"
        return f"{place}: {self.message} ({self.rule})"


@dataclass(frozen=True, slots=True)
class Wire:
    """A request as one provider wants it.

    Attributes:
        params: what the provider's client is called with: "messages", and where there are any
            "tools" and (Anthropic) "system". It belongs to the caller: nothing else holds it.
        notices: what was left out, mapped or added, in the order of the messages.
        origins: for each of the messages, the ids of the commits that it was made from.

    Example:
        >>> Wire({"messages": []}).notices
        ()
    """

    params: dict[str, Any]
    notices: tuple[Notice, ...] = field(default=())
    origins: tuple[tuple[str, ...], ...] = field(default=())
