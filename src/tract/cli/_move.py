"""The commands that move about: branch, switch and reset.

Each call is a process of its own, so where a tract was left is kept in the store: the next call
goes on there.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import click

from tract import BranchInfo
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command, mutates
from tract.cli._log import short_ids
from tract.cli._out import Piece
from tract.cli._shapes import BranchShape, ResetShape

if TYPE_CHECKING:
    from tract.cli._paint import Painter


@command(
    "branch",
    "tract branch",
    "tract branch idea",
    "tract branch fix --at HEAD~3 --no-switch",
    gives=[{"branches": list[BranchShape]}, {"branch": BranchShape, "dry_run": bool}],
)
@click.argument("name", required=False)
@click.option("--at", metavar="TARGET", help="The commit that it begins at [default: HEAD].")
@click.option("--no-switch", is_flag=True, help="Stay on the branch that you are on.")
@mutates
def branch(call: Call, name: str | None, at: str | None, no_switch: bool) -> None:
    """List the branches, or make the branch NAME and stand on it."""
    if name is None:
        if at is not None or no_switch or call.dry_run:
            raise click.UsageError("--at, --no-switch and --dry-run want the NAME of a new branch")
        _list(call)
        return
    with call.writing() as t:
        made = t.branch(name, at, switch=not no_switch)
        tract = t.name
    _give(call, made, f"[{tract}] made branch ", ", standing on it" if made.current else "")


def _list(call: Call) -> None:
    with call.reading() as t:
        infos = t.branches.list()
        tips = {info.name: t.show(info.commit).info for info in infos if info.commit is not None}
        names = {} if call.json else short_ids(t, [tip.id for tip in tips.values()])
    lines = {name: (names.get(tip.id, ""), tip.message) for name, tip in tips.items()}
    call.give(
        lambda: {"branches": [_shaped.branch(info) for info in infos]},
        lambda paint: _paint_branches(paint, infos, lines),
        paged=True,
    )


def _paint_branches(
    paint: "Painter", infos: Sequence[BranchInfo], lines: Mapping[str, tuple[str, str]]
) -> None:
    rows: list[list[Piece]] = []
    for info in infos:
        id, message = lines.get(info.name, ("", "nothing committed yet"))
        name: Piece = (info.name, "branch" if info.current else "")
        rows.append(["*" if info.current else " ", name, (id, "id"), message])
    paint.table(["", "branch", "commit", "message"], rows)


@command("switch", "tract switch main", gives=[{"branch": BranchShape, "dry_run": bool}])
@click.argument("name")
@mutates
def switch(call: Call, name: str) -> None:
    """Stand on the branch NAME; the next command goes on there."""
    with call.writing(branch=name) as t:  # also where the branch that it was left on is gone
        found = t.switch(name)
        tract = t.name
    _give(call, found, f"[{tract}] on branch ", "")


def _give(call: Call, info: BranchInfo, before: str, after: str) -> None:
    dry = " (dry run)" if call.dry_run else ""
    at = f" at {info.commit[:8]}" if info.commit is not None else ", nothing committed yet"
    call.give(
        lambda: {"branch": _shaped.branch(info), "dry_run": call.dry_run},
        lambda paint: paint.line(before, (info.name, "branch"), f"{at}{after}{dry}"),
    )


@command(
    "reset",
    "tract reset HEAD~1",
    "tract reset 9f3c2a1b --mode hard --dry-run",
    gives=[{"reset": ResetShape, "dry_run": bool}],
)
@click.argument("target")
@click.option(
    "--mode",
    type=click.Choice(["soft", "hard"]),
    default="soft",
    show_default=True,
    help="Whether what was ahead stays protected, or may be collected at once.",
)
@mutates
def reset(call: Call, target: str, mode: Literal["soft", "hard"]) -> None:
    """Set the branch to the commit TARGET."""
    with call.writing() as t:
        before = t.head
        after = t.reset(target, mode=mode)
        branch, tract = t.current_branch, t.name
        names = short_ids(t, {after.id, before.id} if before is not None else {after.id})
    was = f", was at {names[before.id]}" if before is not None else ""
    is_at = " would be at " if call.dry_run else " is at "
    shape: ResetShape = {
        "branch": branch,
        "mode": mode,
        "before": None if before is None else before.id,
        "after": after.id,
    }
    call.give(
        lambda: {"reset": shape, "dry_run": call.dry_run},
        lambda paint: paint.line(
            f"[{tract}] branch ",
            (branch or "", "branch"),
            is_at,
            (names[after.id], "id"),
            f"{was}: {after.message}",
        ),
    )
