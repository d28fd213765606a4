"""The `import` command: conversations from files into the store.

Files are read one after the other; one that cannot be read does not stop the others, and neither
does a bad record in a file, unless that was asked for. Reading a file again adds nothing.
"""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tract import BadRecord, ImportReport, Tract, list_importers
from tract.cli import _shaped
from tract.cli._call import Call, person
from tract.cli._command import command, mutates
from tract.cli._fail import error_shape, failure_of, report
from tract.cli._shapes_keep import FormatShape, ImportShape
from tract.errors import TractError

if TYPE_CHECKING:
    from tract.cli._paint import Painter

_TRACTS_SHOWN_MAX = 5
_BAD_SHOWN_MAX = 20
DIVERGED = "diverged"


@command(
    "import",
    "tract import chat.json",
    "tract import results/*.json --format tau-bench --dry-run",
    "tract import log.jsonl --strict --tract support/42",
    "tract import --list",
    gives=[{"imports": list[ImportShape], "dry_run": bool}, {"formats": list[FormatShape]}],
)
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--format",
    "form",
    metavar="NAME",
    default="auto",
    show_default=True,
    help="What the files are.",
)
@click.option(
    "--strict", is_flag=True, help="Import nothing of a file with a bad record, and fail."
)
@click.option(
    "--list", "list_formats", is_flag=True, help="List what can be read, and do nothing else."
)
@mutates
def import_(call: Call, files: Sequence[str], form: str, strict: bool, list_formats: bool) -> None:
    """Read conversations from files into the store; reading a file again adds nothing.

    Each conversation becomes a branch of a tract, named after the file, or by --tract where the
    file holds only one. Bad records are listed with their place and do not stop the others;
    neither does one of several files that cannot be read.
    """
    if list_formats:
        _list_formats(call)
        return
    if not files:
        raise click.UsageError("missing FILE")
    location = call.location
    reports: list[ImportReport] = []
    shapes: list[ImportShape] = []
    for name in files:
        try:
            found = _read(call, location, name, form, strict=strict)
        except TractError as error:
            if len(files) == 1:
                raise
            shapes.append(_refused(call, name, error))
        else:
            call.done = call.done or not call.dry_run
            reports.append(found)
            shapes.append(_shaped.imported(found))
    call.give(
        lambda: {"imports": shapes, "dry_run": call.dry_run},
        lambda paint: _paint_imports(paint, reports, _look(call, reports)),
    )
    if len(reports) < len(files) or any(map(_failed, reports)):
        click.get_current_context().exit(1)


def _failed(found: ImportReport) -> bool:
    """Return whether a file was read in vain: nothing is in it, or a branch would not have it."""
    return bool(found.bad and not found.branches) or any(b.kind == DIVERGED for b in found.bad)


def _read(call: Call, location: str, name: str, form: str, *, strict: bool) -> ImportReport:
    with call.progress(name) as progress:
        return Tract.import_(
            name,
            location,
            format=form,
            tract=call.tract,
            strict=strict,
            dry_run=call.dry_run,
            progress=progress,
            create=False,
            author=call.author if call.author is not None else person(),
        )


def _refused(call: Call, name: str, error: TractError) -> ImportShape:
    """Say why a file was not imported, and return that as programs get it."""
    failure = failure_of(error, call)
    if not call.json:
        report(failure, json=False, color=call.error_color)
    return {
        "path": name,
        "format": None,
        "conversations": 0,
        "messages": 0,
        "added": 0,
        "tracts": [],
        "branches": [],
        "bad": [],
        "bad_more": 0,
        "error": error_shape(failure),
    }


def _look(call: Call, reports: Sequence[ImportReport]) -> str:
    """Return the line that says how to look at the first conversation that is in the store now."""
    if call.dry_run:
        return "dry run: nothing was imported"
    places = [place for found in reports for place in found.branches]
    if not places:
        return ""
    tract, branch = places[0]
    words = ["tract", *(["--db", call.db] if call.db is not None else []), "-t", tract, "log"]
    words += [] if branch == "main" else ["--branch", branch]
    return f"look at it with: {shlex.join(words)}"


def _paint_imports(paint: "Painter", reports: Sequence[ImportReport], last: str) -> None:
    for found in reports:
        facts = [
            counted(found.conversations, "conversation"),
            counted(found.messages, "message"),
            counted(found.added, "new commit"),
        ]
        paint.line((found.path, "label"), f" ({found.format}): {', '.join(facts)}", whole=True)
        shown = list(found.tracts[:_TRACTS_SHOWN_MAX])
        more = len(found.tracts) - len(shown)
        if shown:
            also = f", and {more:,} more" if more else ""
            noun = "tract" if len(found.tracts) == 1 else "tracts"
            paint.line(f"  {noun} {', '.join(shown)}{also}", whole=True)
        gone = [bad for bad in found.bad if bad.kind == DIVERGED]
        bad = [bad for bad in found.bad if bad.kind != DIVERGED]
        _paint_bad(paint, "not added", counted(len(gone), "conversation"), gone, 0)
        more = found.bad_more
        _paint_bad(paint, "not imported", counted(len(bad) + more, "bad record"), bad, more)
    if last:
        paint.line(last, whole=True)


def _paint_bad(
    paint: "Painter", what: str, count: str, records: Sequence[BadRecord], more: int
) -> None:
    if not records:
        return
    paint.line((f"  {what}: ", "warning"), count)
    for bad in records[:_BAD_SHOWN_MAX]:
        paint.line(f"    {bad.place}: {bad.reason}", whole=True)
    unshown = len(records) - _BAD_SHOWN_MAX + more
    if unshown > 0:
        paint.line((f"    and {unshown:,} more; --json tells of them", "dim"))


def counted(number: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _list_formats(call: Call) -> None:
    shapes: list[FormatShape] = [
        {"name": importer.name, "description": importer.description}
        for importer in list_importers()
    ]
    call.give(
        lambda: {"formats": shapes},
        lambda paint: paint.table(
            ["format", "what it reads"], [[shape["name"], shape["description"]] for shape in shapes]
        ),
    )
