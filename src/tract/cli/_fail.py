"""How a command ends when it cannot do what was asked: what is said, where, and the exit code.

Every way of failing becomes a `Failure` here, so that nothing else in this room knows of exit
codes. People get a line with the error and a line with what to do, on standard error; programs
that asked for JSON get one object on standard output, as they do when all is well.
"""

import os
import traceback
from dataclasses import dataclass

import click

from tract.cli._call import Call
from tract.cli._hints import hint_of
from tract.cli._out import json_text, styled
from tract.cli._shapes_keep import ErrorShape
from tract.cli._which import WHICH_TRACT
from tract.errors import TractError, printable

DONE, ERROR, USAGE, INTERRUPTED = 0, 1, 2, 130
_CHARS_MAX = 400
_USAGE_KINDS = frozenset({WHICH_TRACT})


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for people and for programs.

    Attributes:
        kind: stable snake_case code.
        message: one printable line.
        hint: what to do about it, or None.
        effect: "none" when nothing was changed, "unknown" when something may have been, "done" when
            all that was asked for was.
        retryable: whether the same command may succeed later.
        exit_code: what the process ends with.
        trace: the traceback of a bug, or "".
        quiet: whether nothing is said, because nobody is listening.
    """

    kind: str
    message: str
    hint: str | None = None
    effect: str = "none"
    retryable: bool = False
    exit_code: int = ERROR
    trace: str = ""
    quiet: bool = False


def failure_of(error: BaseException, call: Call) -> Failure:
    """Return what an exception means for whoever called the command.

    Args:
        error: the exception.
        call: the call of the command.
    """
    if isinstance(error, TractError):
        code = USAGE if error.kind in _USAGE_KINDS else ERROR
        hint = hint_of(error, call)
        return Failure(error.kind, error.message, hint, error.effect, error.retryable, code)
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return Failure("interrupted", "interrupted", effect="unknown", exit_code=INTERRUPTED)
    if isinstance(error, click.ClickException):
        return Failure("cannot_run", _line(error.format_message()))
    if isinstance(error, OSError) and call.done:
        return _unheard(error)
    if isinstance(error, BrokenPipeError):
        return Failure("broken_pipe", "the reader of the output is gone", quiet=True)
    if isinstance(error, OSError):
        return _system(error)
    return _bug(error)


def _line(text: object) -> str:
    return printable(" ".join(str(text).split()), limit=_CHARS_MAX)


def _usage(error: click.UsageError) -> Failure:
    message = error.format_message().rstrip(".")
    path = error.ctx.command_path if error.ctx is not None else "tract"
    text = _line(message[:1].lower() + message[1:])
    return Failure("usage", text, f"Try `{path} --help`.", exit_code=USAGE)


def _system(error: OSError) -> Failure:
    what = error.strerror or type(error).__name__
    place = "" if error.filename is None else f"{printable(os.fsdecode(error.filename))}: "
    return Failure("system", _line(f"{place}{what}"), effect="unknown")


def _unheard(error: OSError) -> Failure:
    """What was asked for is done, so only the answer is lost, and doing it again would do it twice."""
    what = error.strerror or type(error).__name__
    text = _line(f"done, but the answer could not be written: {what}")
    quiet = isinstance(error, BrokenPipeError)
    return Failure("answer_lost", text, effect="done", exit_code=DONE, quiet=quiet)


def _bug(error: BaseException) -> Failure:
    trace = "".join(traceback.format_exception(error))
    said = f": {error}" if str(error) else ""
    message = _line(f"this is a bug in tract, unexpected {type(error).__name__}{said}")
    hint = "Run it again with TRACT_DEBUG=1 to see where, and report it with what you see."
    return Failure("bug", message, hint, effect="unknown", trace=trace)


def report(failure: Failure, *, json: bool, color: bool) -> None:
    """Say what went wrong.

    Args:
        failure: what went wrong.
        json: whether a program asked.
        color: whether to colour it.
    """
    if failure.trace and os.environ.get("TRACT_DEBUG") not in (None, "", "0"):
        click.echo(printable(failure.trace, limit=None, lines=True), err=True, nl=False)
    if failure.exit_code == DONE:
        click.echo(f"{styled('note:', 'yellow')} {failure.message}", err=True, color=color)
        return
    if json:
        click.echo(json_text({"error": error_shape(failure)}))
        return
    click.echo(f"{styled('error:', 'red')} {failure.message}", err=True, color=color)
    if failure.hint:
        hint = printable(failure.hint, limit=None)
        click.echo(f"{styled('hint:', 'yellow')} {hint}", err=True, color=color)


def error_shape(failure: Failure) -> ErrorShape:
    """Return a failure as programs get it."""
    return {
        "kind": failure.kind,
        "message": failure.message,
        "hint": failure.hint,
        "effect": failure.effect,
        "retryable": failure.retryable,
    }
