"""From a status to what programs get of it: the library's values under the names of the shapes.

Nothing is looked up here and nothing decided, as in the conversions of the other commands.
"""

from typing import TypeVar, cast

from tract import Status, StatusDetail
from tract.cli._shaped import tokens
from tract.cli._shapes_status import (
    CountingShape,
    LargeShape,
    PartShape,
    RepeatShape,
    SpentShape,
    StatusDetailShape,
    StatusShape,
)

S = TypeVar("S")


def shaped(now: Status) -> StatusShape:
    """Return where a tract stands."""
    return {
        "store": now.location,
        "tract": now.tract,
        "tract_id": now.tract_id,
        "branch": now.branch,
        "head": now.head,
        "commits": now.commits,
        "entries": now.entries,
        "pinned": now.pinned,
        "important": now.important,
        "normal": normal(now),
        "skipped": now.skipped,
        "messages": now.messages,
        "repairs": now.repairs,
        "tokens": tokens(now.tokens),
        "counting": _as(CountingShape, now.counting),
        "budget": now.budget,
        "share": now.share,
        "usage": now.last_usage,
        "detail": None if now.detail is None else _detail(now.detail),
    }


def _detail(told: StatusDetail) -> StatusDetailShape:
    return {
        "roles": [_as(PartShape, part) for part in told.roles],
        "types": [_as(PartShape, part) for part in told.types],
        "tools": [_as(PartShape, part) for part in told.tools],
        "entries": [_as(LargeShape, entry) for entry in told.entries],
        "repeats": [
            {**_as(RepeatShape, one), "commits": list(one.commits)} for one in told.repeats
        ],
        "repeated": told.repeated,
        "spending": {
            **_as(SpentShape, told.spending),
            "models": [_as(SpentShape, one) for one in told.spending.models],
        },
    }


def _as(shape: type[S], value: object) -> S:
    """Return a value's attributes in the shape that has their names."""
    return cast(S, {name: getattr(value, name) for name in shape.__annotations__})


def normal(now: Status) -> int:
    """Return how many entries have no mark that matters."""
    return now.entries - now.pinned - now.important - now.skipped
