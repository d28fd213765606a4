"""Operations: the log of acts, each with what it did to refs, so that any of them can be undone.

An operation says who did what, when, and where each ref stood before and after. It never holds
payloads. Its id is its number in the store; the group ties together what one call did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tract.objects._actor import Actor


class RefChange(NamedTuple):
    """One ref's move: None before means made, None after means removed or unborn."""

    ref: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One act in the log.

    Attributes:
        id: its number in the store, counting up; 0 before it is stored.
        tract: id of the tract.
        verb: "commit", "edit", "annotate", "branch", "reset", "import", ...
        actor: who did it.
        at: microseconds since the Unix epoch.
        refs: the refs that it changed.
        arguments: what it was asked, without payloads.
        group: id of the first operation of the same call; its own where it stands alone.
    """

    id: int
    tract: str
    verb: str
    actor: Actor
    at: int
    refs: tuple[RefChange, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    group: int = 0
