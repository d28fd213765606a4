"""The commands that list what there is: entries and tracts.

None of them changes anything. What they count, they count as a model would be sent it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from tract import TractInfo
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._log import short_ids
from tract.cli._out import Piece
from tract.cli._shapes import EntryShape, TractShape
from tract.cli._which import default_tract
from tract.errors import TractError

if TYPE_CHECKING:
    from tract.cli._paint import Painter

_PREVIEW_CHARS = 200


@command(
    "entries",
    "tract entries",
    "tract entries --at HEAD~5 --json",
    gives=[{"entries": list[EntryShape]}],
)
@click.option("--at", metavar="TARGET", help="The commit whose entries are listed [default: HEAD].")
def entries(call: Call, at: str | None) -> None:
    """List what the context is made of, in its order, skipped entries included."""
    with call.reading() as t:
        told = {line.entry: line for line in t.compile(at).explain()}
        listed: list[EntryShape] = []
        previews: dict[str, str] = {}
        for index, entry in enumerate(t.entries(at)):
            line = told[entry.id]
            tokens, preview = line.tokens, line.text
            if not tokens:  # it is not shown, so only its commit knows what it would take
                info = t.show(entry).info
                tokens, preview = info.tokens or 0, info.message
            listed.append(_shaped.entry(index, entry, line.status, tokens))
            previews[entry.id] = preview
        names = {} if call.json else short_ids(t, [entry["commit"] for entry in listed])
    call.give(
        lambda: {"entries": listed},
        lambda paint: _paint_entries(paint, listed, names, previews),
        paged=True,
    )


def _paint_entries(
    paint: "Painter",
    listed: Sequence[EntryShape],
    names: Mapping[str, str],
    previews: Mapping[str, str],
) -> None:
    rows: list[list[Piece]] = []
    for entry in listed:
        mark = entry["priority"]
        text = " ".join(entry["text"][: _PREVIEW_CHARS * 4].split()) or previews[entry["id"]]
        shown = entry["status"] in {"shown", "repaired"}
        # Its own mark does not hide it, but the exchange that it belongs to is not shown.
        said = mark if shown or mark == "skip" else f"({entry['status'].replace('_', ' ')})"
        rows.append(
            [
                str(entry["index"]),
                (names[entry["commit"]], "id"),
                (entry["role"], entry["role"]),
                f"{entry['tokens']:,}",
                ("" if said == "normal" else said, mark),
                (text[:_PREVIEW_CHARS], "" if shown else "dim"),
            ]
        )
    if rows:
        paint.table([">#", "commit", "role", ">tokens", "mark", "text"], rows)


@command("tracts", "tract tracts", "tract tracts --json", gives=[{"tracts": list[TractShape]}])
def tracts(call: Call) -> None:
    """List the tracts of the store, oldest first; a star marks the one that commands are about."""
    with call.session() as session:
        infos = session.list_tracts()
        try:
            default = call.tract if call.tract is not None else default_tract(infos)
        except TractError:  # none of several can be meant
            default = None
    chosen = [info for info in infos if default in {info.name, info.id}]
    call.give(
        lambda: {"tracts": [_shaped.tract(info, default=info in chosen) for info in infos]},
        lambda paint: _paint_tracts(paint, infos, chosen),
        paged=True,
    )


def _paint_tracts(
    paint: "Painter", infos: Sequence[TractInfo], chosen: Sequence[TractInfo]
) -> None:
    rows: list[list[Piece]] = []
    for info in infos:
        here = info in chosen
        made = f"{info.created_at.astimezone():%Y-%m-%d %H:%M}"
        name: Piece = (info.name, "branch" if here else "")
        counts: list[Piece] = [f"{info.commits:,}", f"{info.branches:,}"]
        rows.append(["*" if here else " ", name, *counts, made])
    if rows:
        paint.table(["", "tract", ">commits", ">branches", "made"], rows)
    else:
        paint.line("no tracts yet")
