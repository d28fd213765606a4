"""The ways out: JSON for programs, text for people, a pager where a terminal would scroll away.

Nothing is written half: a command first makes all that it has to say. Colour and the pager depend
on the terminal and the environment alone, and both are decided here. What is printed as JSON is
safe on a terminal as well, since characters that steer one are written as JSON escapes.
"""

import json
import os
import re
import shutil
import sys
from typing import Any, TextIO

import click

from tract.errors import printable

Piece = str | tuple[str, str]
"""A text to paint, or a text and the name of its style."""

_PLAIN = re.compile(r"[^\n -~]")


def json_text(value: Any) -> str:
    r"""Return a value as JSON text that no terminal is steered by.

    Args:
        value: what JSON can say.

    Example:
        >>> print(json_text({"text": "caf\xe9\x9b1m"}))
        {
          "text": "café\u009b1m"
        }
    """
    return escape_json(json.dumps(value, ensure_ascii=not speaks_unicode(), indent=2))


def speaks_unicode() -> bool:
    """Return whether standard output can show every character."""
    encoding = getattr(sys.stdout, "encoding", None)
    return encoding is None or encoding.lower().startswith("utf")


def settle_streams() -> None:
    """Make sure that there are outputs, and that they show an escape for what they cannot show.

    An output that was closed by whoever started this process (`tract log >&-`) takes what it gets
    to nowhere. The number of a closed stream is taken, so that no store is opened under it.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if name != "stdin":  # who wants to read is told that there is nothing to read from
                setattr(sys, name, open(nowhere, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if callable(reconfigure):
            reconfigure(errors="backslashreplace")


def escape_json(text: str) -> str:
    """Return JSON text with everything that could steer a terminal written as JSON escapes."""
    if printable(text, limit=None, lines=True) == text:
        return text
    return _PLAIN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return character if printable(character) == character else json.dumps(character)[1:-1]


def styled(text: str, color: str) -> str:
    """Return a text in bold and in a colour; whoever prints it may take both away again."""
    return click.style(text, fg=color, bold=True)


def wants_color(stream: TextIO, *, forbidden: bool) -> bool:
    """Return whether an output is to be coloured.

    Args:
        stream: the output.
        forbidden: whether the caller said `--no-color`.
    """
    environment = os.environ
    if forbidden or environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def width() -> int | None:
    """Return the columns to write in: $COLUMNS, else the terminal's; None where nothing is cut."""
    if not os.environ.get("COLUMNS", "").isdigit() and not sys.stdout.isatty():
        return None
    return max(shutil.get_terminal_size().columns, 20)


def page(text: str, *, color: bool) -> None:
    """Print a text, through a pager where it is longer than the terminal.

    The pager is $TRACT_PAGER, else $PAGER, else `less`; `cat` or nothing means none.

    Args:
        text: whole lines.
        color: whether it is coloured.
    """
    lines = text.count("\n")
    pager = os.environ.get("TRACT_PAGER", os.environ.get("PAGER"))
    wanted = pager is None or pager.strip() not in {"", "cat"}
    if wanted and sys.stdout.isatty() and lines >= shutil.get_terminal_size().lines:
        if pager is not None:
            os.environ["PAGER"] = pager
        # As git does: leave what fits on one screen, pass colours through, keep what was shown.
        os.environ.setdefault("LESS", "FRX")
        click.echo_via_pager(text.rstrip("\n"), color=color)
    else:
        click.echo(text, nl=False, color=color)
