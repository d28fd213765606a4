"""The commands for the store itself: init, export and verify.

A store is made by `init` alone: every other command wants one that is there, so that a mistyped
name never makes an empty store beside the real one.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tract import Problem, Session, Tract, VerifyReport
from tract.cli import _shaped
from tract.cli._call import STORE, Call, person
from tract.cli._command import command, mutates
from tract.cli._losses import loss_lines, warn_of_losses
from tract.cli._out import Piece, escape_json
from tract.cli._shapes_keep import ExportShape, StoreShape, VerifyShape
from tract.errors import Conflict, Corrupt, InvalidInput, NotFound, printable

if TYPE_CHECKING:
    from tract.cli._paint import Painter


@command(
    "init",
    "tract init",
    "tract init notes/agent.db",
    "tract init --tract planner",
    gives=[{"store": StoreShape, "dry_run": bool}],
)
@click.argument("path", required=False)
@mutates
def init(call: Call, path: str | None) -> None:
    """Make a store here, or a tract in one that is there.

    PATH is a folder that is there, which gets a .tract.db; anything else is the name of the
    store's file, so that `tract init notes` makes a file called notes. An empty file becomes a
    store. Only you can read a file that is made. Without a PATH it is the store of --db or
    $TRACT_DB, else .tract.db in this folder. The first tract is called main unless --tract says
    otherwise.
    """
    location = _place(call, path)
    name = call.tract if call.tract is not None else "main"
    author = call.author if call.author is not None else person()
    known = _tracts(location)
    shape: StoreShape = {
        "location": location,
        "created": known is None,
        "tract": name,
        "tract_created": name not in (known or ()),
    }
    if call.dry_run:
        # A store in memory refuses what the real one would refuse of names.
        Tract.open(":memory:", tract=name, author=author).close()
    elif shape["tract_created"]:
        Tract.open(location, tract=name, author=author).close()
        call.done = True
    call.give(
        lambda: {"store": shape, "dry_run": call.dry_run},
        lambda paint: _paint_store(paint, shape, dry_run=call.dry_run),
    )


def _place(call: Call, path: str | None) -> str:
    if path is None:
        return call.named_location or str(Path.cwd() / STORE)
    if call.db is not None:
        raise click.UsageError("give a PATH or --db, not both")
    return str(Path(path) / STORE) if Path(path).is_dir() or path.endswith("/") else path


def _tracts(location: str) -> set[str] | None:
    """Return the names of a store's tracts, or None where there is no store yet."""
    if _is_empty(Path(location.removeprefix("sqlite:///"))):
        return None
    try:
        with Session.open(location, create=False) as session:
            return {info.name for info in session.list_tracts()}
    except NotFound:
        return None


def _is_empty(place: Path) -> bool:
    try:
        return place.is_file() and place.stat().st_size == 0
    except (OSError, ValueError):  # opening it says what is wrong
        return False


def _paint_store(paint: "Painter", shape: StoreShape, *, dry_run: bool) -> None:
    made = "would make" if dry_run else "made"
    store: list[Piece] = [" in " if shape["tract_created"] else "", shape["location"]]
    tract: list[Piece] = ["tract ", (shape["tract"], "label")]
    if shape["created"]:
        paint.line(f"{made} the store ", shape["location"], " with ", *tract, whole=True)
    elif shape["tract_created"]:
        paint.line(f"{made} ", *tract, *store, whole=True)
    else:
        paint.line("nothing to do: ", *store, " is there, with ", *tract, whole=True)


@command(
    "export",
    "tract export chat.json --format openai",
    "tract export notes.md --format markdown --at HEAD~4",
    "tract export - --format anthropic | jq .system",
    gives=[{"export": ExportShape, "dry_run": bool}],
)
@click.argument("path", metavar="FILE")
@click.option(
    "--format",
    "form",
    type=click.Choice(["openai", "anthropic", "markdown"]),
    default="openai",
    show_default=True,
    help="A list of messages, an Anthropic request, or a document.",
)
@click.option("--at", metavar="TARGET", help="The commit whose context is written [default: HEAD].")
@click.option("--force", is_flag=True, help="Take the place of a file that is there.")
@mutates
def export(
    call: Call,
    path: str,
    form: Literal["openai", "anthropic", "markdown"],
    at: str | None,
    force: bool,
) -> None:
    """Write what a model would be sent to FILE (- for standard output), whole or not at all.

    What is mended, or left out because the format cannot say it, is listed with its commits.
    """
    with call.reading() as t, tempfile.TemporaryDirectory(prefix="tract-") as folder:
        replaced = path != "-" and _replaceable(path, force=force)
        kept = path != "-" and not call.dry_run
        context = t.compile(at)
        notices = [] if form == "markdown" else _shaped.notices(context, [form])
        losses = [] if call.json else loss_lines(t, context, notices)
        # The commit, not its name: a branch may have moved on meanwhile.
        file = t.export(path if kept else Path(folder, "export"), format=form, at=context.commit)
        data = file.read_bytes()
    text = data.decode() if path == "-" else None
    shape: ExportShape = {
        "path": None if path == "-" else path,
        "format": form,
        "bytes": len(data),
        "replaced": replaced,
        "repairs": _shaped.repairs(context.repairs),
        "notices": notices,
        "text": text,
    }
    if text is not None and not call.json and not call.dry_run:
        warn_of_losses(call, losses)
        click.echo(_shown(data, form), nl=False)
        return
    call.give(
        lambda: {"export": shape, "dry_run": call.dry_run},
        lambda paint: _paint_export(paint, shape, losses, dry_run=call.dry_run),
    )


def _replaceable(path: str, *, force: bool) -> bool:
    """Return whether a file is there that an export takes the place of.

    Raises:
        Conflict: it was not said that it may.
        InvalidInput: what is there is a device, a pipe or the like: nothing may take its place.
    """
    place = Path(path)
    if place.exists() and not place.is_file() and not place.is_dir():
        raise InvalidInput(
            f"{printable(path)} is no regular file",
            kind="invalid_path",
            hint="Give a file name, or - for standard output.",
        )
    if place.is_file() and not force:
        raise Conflict(
            f"{printable(path)} is there already",
            kind="file_exists",
            hint="Give another name, or --force to take its place.",
        )
    return place.exists()


def _shown(data: bytes, form: str) -> bytes | str:
    """Return a file as it goes to standard output: byte for byte, but to a terminal escaped."""
    if not sys.stdout.isatty():
        return data
    text = data.decode()
    return printable(text, limit=None, lines=True) if form == "markdown" else escape_json(text)


def _paint_export(
    paint: "Painter", shape: ExportShape, losses: Sequence[str], *, dry_run: bool
) -> None:
    wrote = "would write" if dry_run else "wrote"
    where = shape["path"] or "standard output"
    over = ", over the file that was there" if shape["replaced"] else ""
    paint.line(
        f"{wrote} ", where, f": {shape['format']}, {shape['bytes']:,} bytes{over}", whole=True
    )
    for line in losses:
        paint.line(("  " + line, "dim"), whole=True)


@command(
    "verify", "tract verify", "tract verify --db agent.db --json", gives=[{"verify": VerifyShape}]
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Show warnings about this machine's SQLite, too."
)
def verify(call: Call, verbose: bool) -> None:
    """Recompute every hash, seal and state of the whole store; exit code 1 if something is damaged.

    What only should be looked at is a warning, and does not change the exit code. Those about the
    machine, not the store, are shown with --verbose and --json only.
    """
    report = _verified(call)
    shown = [found for found in report.warnings if verbose or not _of_machine(found)]
    call.give(
        lambda: {"verify": _shaped.verified(report)},
        lambda paint: _paint_verify(paint, report, shown),
    )
    if not report.ok:
        click.get_current_context().exit(1)


def _verified(call: Call) -> VerifyReport:
    try:
        with call.session() as session:
            return session.verify()
    except Corrupt as error:
        # The damage is where it keeps the store from being opened; there is no looking further.
        found = Problem(error.object or call.location, error.message)
        return VerifyReport(call.location, 0, 0, (found,))


def _of_machine(found: Problem) -> bool:
    """Return whether a warning is about the machine's SQLite, and so the same for every store."""
    return found.object.startswith("SQLite ")


def _paint_verify(paint: "Painter", report: VerifyReport, warnings: Sequence[Problem]) -> None:
    for found in report.problems:
        paint.line(("damaged: ", "bad"), found.object, f": {found.message}", whole=True)
    for found in warnings:
        paint.line(("warning: ", "warning"), found.object, f": {found.message}", whole=True)
    if report.ok:
        checked = f"{report.commits:,} commits and {report.blobs:,} contents and notes"
        paint.line(("ok: ", "good"), f"{checked} are what they were when they were written")
    else:
        paint.line(f"{len(report.problems)} damaged; restore from a copy", whole=True)
