"""The `demo` command: a walk through a real conversation, without network or key.

What it prints is a Python program: the code of each step as it was run, with what that printed as
comments. Pasted into a file it runs and comes to the same end. A claim that does not hold ends the
command with an error.
"""

import contextlib
import io
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._demo_steps import STEPS, STORE_LINE, Step
from tract.cli._shapes_keep import DemoShape, StepShape
from tract.errors import InvalidInput, StateError, StoreError, TractError, printable

if TYPE_CHECKING:
    from tract.cli._paint import Painter


@command("demo", "tract demo", "tract demo --keep incident.db", gives=[{"demo": DemoShape}])
@click.option("--keep", metavar="PATH", help="Make the store here and keep it, to look around in.")
def demo(call: Call, keep: str | None) -> None:
    """Walk through a real conversation: import, fix, pin, skip, branch, compile, verify.

    It needs no network and no key, and prints what it does as Python code to paste.
    """
    if keep is not None:
        _check_free(keep)
    names: dict[str, Any] = {"__name__": "demo"}
    done: list[StepShape] = []
    with _cleared(names, keep=keep is not None):
        for number, step in enumerate(STEPS, start=1):
            code = step.code.replace(STORE_LINE, _store_line(keep))
            output = _run(number, step, code, names)
            done.append({"title": step.title, "code": code, "output": output})
            if not call.json:
                call.show(partial(_paint_step, number=number, step=step, done=done[-1]))
    shape: DemoShape = {
        "store": str(names["store"]),
        "kept": keep is not None,
        "steps": done,
        "tokens_before": names["before"].token_count,
        "tokens_after": names["after"].token_count,
        "saved": names["saved"],
    }
    call.give(lambda: {"demo": shape}, lambda paint: _paint_end(paint, keep))


def _store_line(keep: str | None) -> str:
    if keep is None:
        return STORE_LINE
    return f"store = Path({keep!r})"


def _check_free(keep: str) -> None:
    if Path(keep).exists():
        raise InvalidInput(
            f"{printable(keep)} is there already",
            kind="invalid_path",
            hint="Give --keep a path that is free.",
        )


@contextmanager
def _cleared(names: dict[str, Any], *, keep: bool) -> Iterator[None]:
    """Close what the steps opened, and take their folder away unless the store is kept."""
    try:
        yield
    finally:
        if "t" in names:
            names["t"].close()
        if "store" in names and not keep:
            shutil.rmtree(names["store"].parent, ignore_errors=True)


def _run(number: int, step: Step, code: str, names: dict[str, Any]) -> str:
    """Run the code of a step, and return what it printed."""
    place = f"<step {number}>"
    printed = io.StringIO()
    try:
        # With its asserts, however Python was started: they are what the demo claims.
        program = compile(code, place, "exec", optimize=0)
        with contextlib.redirect_stdout(printed):
            exec(program, names)  # noqa: S102 - the code is this package's own, a few lines above
    except (StoreError, OSError):
        raise  # the disk, or where there is none: not what the demo claims
    except Exception as error:
        if isinstance(error, TractError) and number == 1:
            raise  # it makes the store, and could not do it where it was told to
        lines = [
            at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == place
        ]
        shown = code.splitlines()[(lines[0] or 1) - 1] if lines else ""
        reason = "does not hold" if isinstance(error, AssertionError) else f"failed: {error}"
        raise StateError(
            f"step {number} of the demo ({step.title}) {reason}, at: {shown.strip()}",
            kind="demo_failed",
            hint="Run `tract verify` on a store of yours, and report what you see here.",
        ) from error
    return printed.getvalue()


def _paint_step(paint: "Painter", *, number: int, step: Step, done: StepShape) -> None:
    paint.line((f"# {number}. {step.title}", "head"), whole=True)
    paint.line((f"# {step.why}", "dim"), whole=True)
    paint.gap()
    for line in done["code"].splitlines():
        paint.line(line, whole=True)
    for line in done["output"].splitlines():
        paint.line((f"#> {line}", "good"), whole=True)
    paint.gap()


def _paint_end(paint: "Painter", keep: str | None) -> None:
    if keep is None:
        paint.line(
            (
                "# All of it held. `tract demo --keep incident.db` leaves the store to look around in.",
                "dim",
            ),
            whole=True,
        )
    else:
        paint.line(("# All of it held. Look around with:", "dim"), whole=True)
        for words in ("log --oneline", "status --budget 8000", "entries", "compile --explain"):
            paint.line((f"#   tract --db {keep} {words}", "dim"), whole=True)
