"""What is said about commits that a command made, or, in a dry run, would have made.

All commands that end in commits end here, so that they say it in one way.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tract import CommitInfo, Tract
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._log import kind, short_ids
from tract.cli._out import Piece

if TYPE_CHECKING:
    from tract.cli._paint import Painter


def give_commit(call: Call, make: Callable[[Tract], CommitInfo]) -> None:
    """Make a commit and say what it is.

    Args:
        call: the call of the command.
        make: makes the commit.
    """
    give_commits(call, lambda t: [make(t)], one=True)


def give_commits(
    call: Call, make: Callable[[Tract], Sequence[CommitInfo]], *, one: bool = False
) -> None:
    """Make commits and say what they are, a line each.

    Args:
        call: the call of the command.
        make: makes them, in one transaction.
        one: whether programs get one commit, and no list.
    """
    with call.writing() as t:
        made = make(t)
        place = f"{t.name}/{t.current_branch or ''}"
        names = {} if call.json or call.dry_run else short_ids(t, [info.id for info in made])

    def draw(paint: "Painter") -> None:
        for info in made:
            name = names.get(info.id)
            where = (f"[{place} ", (name, "id"), "] ") if name else (f"[{place}, dry run] ",)
            does: list[Piece] = [] if info.operation == "mark" else [kind(info), ": "]
            paint.line(*where, *does, info.message)

    def shape() -> dict[str, Any]:
        shapes = [_shaped.commit(info, dry_run=call.dry_run) for info in made]
        return {**({"commit": shapes[0]} if one else {"commits": shapes}), "dry_run": call.dry_run}

    call.give(shape, draw)
