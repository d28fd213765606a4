"""Who did something, and the clock that says when.

An actor is a kind from a closed list and a free name. Kinds are kept for good, because what a
summary or an answer is worth depends on who wrote it. Time is whole microseconds since the Unix
epoch, in UTC, and always comes from a clock that was handed in: nothing here looks at the wall.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from tract.errors import InvalidInput, printable
from tract.objects._canonical import check_text

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HINT = 'Give Actor(kind, name), "kind:name", or a name.'
_NAME_BYTES_MAX = 200


class ActorKind(StrEnum):
    """What kind of author wrote something."""

    HUMAN = "human"
    APPLICATION = "application"
    AGENT = "agent"
    MODEL = "model"
    TOOL = "tool"
    POLICY = "policy"
    IMPORT = "import"
    SYSTEM = "system"


class Actor(NamedTuple):
    """An author: a kind and a name.

    Example:
        >>> str(Actor.of("human:ada"))
        'human:ada'
    """

    kind: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @classmethod
    def of(cls, value: "Actor | str") -> "Actor":
        """Return the actor that `value` names: an `Actor`, "kind", "kind:name", or a person's name.

        Raises:
            InvalidInput: the kind is unknown (of a text: what stands before its first colon), or
                the name is longer than 200 bytes.
        """
        if isinstance(value, Actor):
            actor = value
        elif isinstance(value, str):
            kind, colon, name = value.partition(":")
            is_kind = bool(colon) or kind in _KINDS
            actor = cls(kind, name) if is_kind else cls(ActorKind.HUMAN.value, value)
        else:
            raise InvalidInput(
                f"author {printable(repr(value))} is neither an Actor nor text",
                kind="invalid_author",
                hint=_HINT,
            )
        if actor.kind not in _KINDS:
            raise InvalidInput(
                f"author kind {printable(repr(actor.kind))} is unknown",
                kind="invalid_author",
                hint=f'Use one of {", ".join(_KINDS)}; Actor("human", name) may have a colon in its name.',
            )
        if not isinstance(actor.name, str):
            raise InvalidInput(
                f"author name {printable(repr(actor.name))} is not text",
                kind="invalid_author",
                hint=_HINT,
            )
        check_text(actor.name, "author name")
        if len(actor.name.encode()) > _NAME_BYTES_MAX:
            raise InvalidInput(
                f"author name {printable(repr(actor.name))} is longer than {_NAME_BYTES_MAX} bytes",
                kind="invalid_author",
                hint="Use a short name, and keep the rest in the commit's metadata.",
            )
        return cls(str(actor.kind), actor.name)


_KINDS = tuple(kind.value for kind in ActorKind)


def utc_now() -> datetime:
    """Return the present time in UTC: the default clock."""
    return datetime.now(UTC)


def micros(at: datetime) -> int:
    """Return a time as microseconds since the Unix epoch.

    Raises:
        InvalidInput: the time has no zone.
    """
    if at.tzinfo is None:
        raise InvalidInput(
            f"time {at} has no zone",
            kind="invalid_time",
            hint="Use an aware datetime, such as datetime.now(UTC).",
        )
    return (at - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)  # what is written at once has one time
def moment(at: int) -> datetime:
    """Return microseconds since the Unix epoch as a UTC time."""
    return _EPOCH + timedelta(microseconds=at)
