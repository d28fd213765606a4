"""What is said about a commit that a command made, or, in a dry run, would have made.

All commands that end in one commit end here, so that they say it in one way.
"""

from collections.abc import Callable

from tract import CommitInfo, Tract
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._log import kind, short_ids
from tract.cli._out import Piece


def give_commit(call: Call, make: Callable[[Tract], CommitInfo]) -> None:
    """Make a commit and say what it is.

    Args:
        call: the call of the command.
        make: makes the commit.
    """
    with call.writing() as t:
        made = make(t)
        place = f"{t.name}/{t.current_branch or ''}"
        name = "" if call.json or call.dry_run else short_ids(t, [made.id])[made.id]
    where = (f"[{place} ", (name, "id"), "] ") if name else (f"[{place}, dry run] ",)
    does: list[Piece] = [] if made.operation == "mark" else [kind(made), ": "]
    call.give(
        lambda: {"commit": _shaped.commit(made, dry_run=call.dry_run), "dry_run": call.dry_run},
        lambda paint: paint.line(*where, *does, made.message),
    )
