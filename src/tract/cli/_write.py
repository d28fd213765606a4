"""The commands that write messages: commit and edit, and where their text comes from.

A text is given as an argument, from standard input, from a file, or in the editor. It is kept as
it is but for the one line end at its end that a shell, a pipe or an editor puts there.
"""

import json
import sys
from pathlib import Path
from typing import Any

import click

from tract import Tract
from tract.cli._call import Call
from tract.cli._command import MADE, MADE_SEVERAL, command, mutates
from tract.cli._made import give_commit, give_commits
from tract.errors import InvalidInput, NotFound, printable

_PRIORITY = click.option(
    "--priority",
    type=click.Choice(["pinned", "important", "normal", "skip"]),
    help="How much the entry matters [default: what its type says].",
)
_MESSAGE = click.option("-m", "--message", metavar="TEXT", help="Your line for the log.")
_MESSAGE_HINT = (
    'Give one message, such as {"role": "user", "content": "Hello"}; `tract import` reads lists.'
)
_FILE = click.option("--file", "-f", metavar="FILE", help="Read the text from a file.")


@command(
    "commit",
    "tract commit 'Where is my order?'",
    "tract commit --role assistant --file reply.txt -m 'the second draft'",
    "date | tract commit - --role tool --call-id call_7",
    "tract commit --json-message message.json",
    gives=[MADE, MADE_SEVERAL],
)
@click.argument("text", required=False)
@click.option(
    "--role",
    type=click.Choice(["user", "assistant", "system", "developer", "tool"]),
    help="Who speaks [default: user].",
)
@_FILE
@click.option(
    "--json-message",
    metavar="FILE",
    help="Read a whole message in a provider's shape, as JSON; - for standard input.",
)
@click.option("--call-id", metavar="ID", help="With --role tool: the call that it answers.")
@click.option("--name", metavar="NAME", help="Who of several users, or which tool.")
@_MESSAGE
@click.option(
    "--tag", "tags", multiple=True, metavar="WORD", help="A word for the commit; may be repeated."
)
@_PRIORITY
@mutates
def commit(
    call: Call,
    text: str | None,
    role: str | None,
    file: str | None,
    json_message: str | None,
    call_id: str | None,
    name: str | None,
    message: str | None,
    tags: tuple[str, ...],
    priority: str | None,
) -> None:
    """Commit TEXT (- for standard input) as a message at the end of the branch.

    A message that holds several contents, such as the results of two tools in Anthropic's shape, is
    as many commits; all of them are made, or none.
    """
    if json_message is not None:
        if any(value is not None for value in (text, file, role, call_id, name)):
            raise click.UsageError("--json-message brings text, role, name and call with it")
        content: Any = provider_message(json_message)
    else:
        content = spoken(text_given(text, file), role or "user", call_id, name)
    try:
        give_commit(
            call, lambda t: t.commit(content, message=message, tags=tags, priority=priority)
        )
    except InvalidInput as error:
        if error.kind != "several_contents":
            raise
        if message is not None or tags or priority is not None:
            raise click.UsageError(
                "--message, --tag and --priority are for one commit, and this message is several"
            ) from None
        give_commits(call, lambda t: t.extend([content]))


def spoken(text: str, role: str, call_id: str | None, name: str | None) -> dict[str, Any]:
    """Return a text as the content that its role makes of it."""
    if role == "tool":
        if call_id is None:
            raise click.UsageError("--role tool wants the --call-id that it answers")
        return {"content_type": "tool_result", "call_id": call_id, "output": text, "name": name}
    if call_id is not None:
        raise click.UsageError("--call-id goes with --role tool")
    kind = "instruction" if role in {"system", "developer"} else "dialogue"
    return {"content_type": kind, "role": role, "text": text, "name": name}


@command(
    "edit",
    "tract edit HEAD~2 'The order number is 4711.'",
    "tract edit 9f3c2a1b --file better.txt -m 'fix the date'",
    "tract edit HEAD",
    gives=[MADE],
)
@click.argument("target")
@click.argument("text", required=False)
@_FILE
@_MESSAGE
@_PRIORITY
@mutates
def edit(
    call: Call,
    target: str,
    text: str | None,
    file: str | None,
    message: str | None,
    priority: str | None,
) -> None:
    """Put TEXT (- for standard input) in the place of the entry of the commit TARGET.

    Everything but the text is kept: role, tool calls, name and mark. History keeps what it was.
    Without a text, $EDITOR opens it.
    """
    if text is not None or file is not None:
        new = text_given(text, file)
    elif interactive():
        with call.reading(to_write=True) as t:
            now = current_text(t, target)
        new = in_editor(now)
    else:
        raise click.UsageError(
            "there is no terminal to open the editor on: give a TEXT, - for standard input, or --file"
        )
    give_commit(call, lambda t: t.edit(target, new, message=message, priority=priority))


def current_text(t: Tract, target: str) -> str:
    """Return the text that the entry of a commit reads now."""
    shown = t.show(target)
    now = (entry.text for entry in t.entries() if entry.id == shown.info.entry_id)
    return next(now, shown.text)


def in_editor(text: str) -> str:
    """Return a text as a person left it in the editor.

    Raises:
        InvalidInput: nothing was changed.
    """
    changed = click.edit(text, extension=".md", require_save=True)
    new = None if changed is None else without_line_end(changed)
    if new is None or new == text:
        hint = "Save another text, or give one as an argument."
        raise InvalidInput("nothing was changed in the editor", kind="unchanged", hint=hint)
    return new


def interactive() -> bool:
    """Return whether a person can be asked."""
    return has_stdin() and sys.stdin.isatty() and sys.stdout.isatty()


def has_stdin() -> bool:
    """Return whether there is a standard input; whoever starts a process may have closed it."""
    return sys.stdin is not None and not sys.stdin.closed


def text_given(text: str | None, file: str | None) -> str:
    """Return the text that was given, from wherever it was.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it cannot be read, or is no UTF-8.
    """
    if (text is None) == (file is None):
        raise click.UsageError(
            "give a TEXT, - for standard input, or --file" + (", and only one" if text else "")
        )
    if file is not None:
        return without_line_end(decoded(file_bytes(file), file))
    if text == "-":
        return without_line_end(decoded(stdin_bytes(), "standard input"))
    return text or ""


def without_line_end(text: str) -> str:
    """Return a text without the one line end at its end."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text


def stdin_bytes() -> bytes:
    """Return all of standard input.

    Raises:
        InvalidInput: it is closed.
    """
    if not has_stdin():
        raise InvalidInput(
            "standard input is closed",
            kind="unreadable_file",
            hint="Pipe the text in, or give it as an argument.",
        )
    return sys.stdin.buffer.read()


def file_bytes(name: str) -> bytes:
    """Return all of a file.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it cannot be read.
    """
    if name == "-":
        return stdin_bytes()
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise NotFound(
            f"there is no file {printable(name)}",
            kind="unknown_file",
            hint="Check the path; a text itself stands in the place of TEXT, without an option.",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"{printable(name)} cannot be read: {printable(reason)}",
            kind="unreadable_file",
            hint="Give a file that you may read, or - for standard input.",
        ) from None


def decoded(data: bytes, name: str) -> str:
    """Return bytes as text.

    Raises:
        InvalidInput: they are no UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{printable(name)} is no UTF-8 text: byte {error.start}",
            kind="not_utf8",
            hint="Convert it first, such as with iconv.",
        ) from None


def provider_message(name: str) -> dict[str, Any]:
    """Return the message that a file holds as JSON.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it cannot be read, or holds no JSON object.
    """
    what = "standard input" if name == "-" else name
    text = decoded(file_bytes(name), what)
    try:
        message = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{printable(what)} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}",
            kind="not_json",
            hint=_MESSAGE_HINT,
        ) from None
    except RecursionError:
        raise InvalidInput(
            f"{printable(what)} is nested too deep", kind="not_json", hint=_MESSAGE_HINT
        ) from None
    if not isinstance(message, dict):
        raise InvalidInput(
            f"{printable(what)} holds no JSON object",
            kind="not_json",
            hint=_MESSAGE_HINT,
        )
    return message
