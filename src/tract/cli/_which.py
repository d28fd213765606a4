"""Which tract of a store is meant where none is named.

A guess is made only where there is hardly another one: the only tract that anything was committed
to, so that a conversation that was imported into a new store is found beside the empty main that
the store came with. What is written must not land in a tract that was not meant, so in doubt a
command that writes asks.
"""

from collections.abc import Sequence

from tract import TractInfo
from tract.errors import InvalidInput, NotFound, printable

MAIN = "main"
WHICH_TRACT = "which_tract"
_SHOWN_MAX = 20


def default_tract(infos: Sequence[TractInfo], *, to_write: bool = False) -> str:
    """Return the name of the tract that is meant where none is named.

    Args:
        infos: the tracts of the store.
        to_write: whether it is to be written to.

    Raises:
        NotFound: the store has no tract.
        InvalidInput: it is not clear which of several is meant.
    """
    used = [info.name for info in infos if info.commits]
    names = [info.name for info in infos]
    if len(used) == 1 or len(names) == 1:
        return (used or names)[0]
    if not names:
        raise NotFound(
            "the store has no tract yet",
            kind="no_tract",
            hint="Make one with `tract init --tract NAME`, or `tract import` a conversation.",
        )
    if MAIN not in names:
        raise _unclear(f"the store has {len(names)} tracts, and none of them is called main", names)
    if to_write and used and MAIN not in used:
        raise _unclear(f"main is empty, and {len(used)} other tracts are in use", [*used, MAIN])
    return MAIN


def others_in_use(infos: Sequence[TractInfo], name: str) -> str:
    """Return in a line the tracts that are in use where one is not; "" where it is, or all are empty.

    Args:
        infos: the tracts of the store.
        name: the one.
    """
    used = [info.name for info in infos if info.commits]
    return "" if name in used else _listed(used)


def _unclear(what: str, names: Sequence[str]) -> InvalidInput:
    hint = f"Say which with -t NAME: {_listed(names)}."
    return InvalidInput(what, kind=WHICH_TRACT, hint=hint)


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - _SHOWN_MAX} more" if len(names) > _SHOWN_MAX else ""
    return ", ".join(printable(name, limit=60) for name in names[:_SHOWN_MAX]) + more
