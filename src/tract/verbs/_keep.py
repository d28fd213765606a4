"""Keeping: looking through the store, and writing contexts out.

A file is written beside its place and moved there, so that it is whole or not there at all.
"""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tract.compile import CompiledContext
from tract.errors import (
    Corrupt,
    DiskFull,
    InvalidInput,
    ReadOnly,
    StoreError,
    UnknownProvider,
    printable,
)
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
)
from tract.repo import Repo, Settings
from tract.store import Problem, Store
from tract.verbs._read import compile_at, without_budget

FORMATS = ("openai", "anthropic", "markdown")


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found.

    Attributes:
        location: the store that was looked through.
        commits: how many commits could be read; where one is damaged, those that stand before it.
        blobs: how many blobs could be read, counted in the same way.
        problems: what is damaged.
        warnings: what works but should be looked at.
    """

    location: str
    commits: int
    blobs: int
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.problems


def verify(repo: Repo) -> VerifyReport:
    """Recompute every hash, seal and state of the handle's whole store."""
    repo.batch_here()  # a closed handle says so
    return verify_store(repo.store, repo.settings)


def verify_store(store: Store, settings: Settings) -> VerifyReport:
    """Recompute every hash, seal and state of a store, also of one whose tracts cannot be opened."""
    settings.check_open()
    found = list(store.damage())
    errors = tuple(problem for problem in found if problem.severity == "error")
    with store.read() as reader:
        commits = _readable(reader.commits(), damaged=bool(errors))
        blobs = _readable(reader.blobs(), damaged=bool(errors))
    return VerifyReport(
        store.location,
        commits,
        blobs,
        errors,
        tuple(problem for problem in found if problem.severity != "error"),
    )


def _readable(listed: Iterable[Any], *, damaged: bool) -> int:
    """Return how many of something can be read, up to the first that is damaged."""
    count = 0
    try:
        for _ in listed:
            count += 1
    except Corrupt:
        if not damaged:
            raise
    return count


def exported(repo: Repo, format: str, at: Any = None) -> str:
    """Return the compiled context of a commit as the text of a file."""
    if format not in FORMATS:
        raise UnknownProvider(
            f"export format {printable(repr(format))} is unknown",
            kind="unknown_format",
            hint=f"Use one of {', '.join(FORMATS)}.",
        )
    context = compile_at(without_budget(repo), at)
    if format == "markdown":
        return markdown(context)
    data: Any = (
        context.to_openai()["messages"] if format == "openai" else context.to_anthropic(cache=False)
    )
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def export(repo: Repo, path: str | os.PathLike[str], *, format: str, at: Any = None) -> Path:
    """Write the compiled context of a commit to a file, whole or not at all."""
    text = exported(repo, format, at)
    target = _writable(repo, path)
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="\n",
            dir=target.parent,
            prefix=".tract-export-",
            delete=False,
        ) as file:
            try:
                file.write(text)
                file.close()
                if target.exists():
                    shutil.copymode(target, file.name)
                Path(file.name).replace(target)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except PermissionError as error:
        raise ReadOnly(
            f"{printable(str(target))} cannot be written: {error.strerror}",
            hint="Check the permissions of the folder.",
        ) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(
                f"no room left for {printable(str(target))}", hint="Make room."
            ) from None
        raise StoreError(
            f"{printable(str(target))} cannot be written: {error.strerror}",
            kind="cannot_write",
            hint="Check that the folder exists.",
        ) from None
    return target


def _writable(repo: Repo, path: str | os.PathLike[str]) -> Path:
    """Return where an export goes: behind symbolic links, and only to a file.

    Raises:
        InvalidInput: it is no path, or names a folder, a device or a pipe.
    """
    try:
        target = Path(path).expanduser().resolve()
        target.exists()
        os.fsencode(target)
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise InvalidInput(
            f"{printable(repr(path))} is no path: {printable(error)}",
            kind="invalid_path",
            hint="Give a file name.",
        ) from None
    if target.exists() and not target.is_file():
        what = "a folder" if target.is_dir() else "no ordinary file"
        raise InvalidInput(
            f"{printable(str(target))} is {what}", kind="invalid_path", hint="Give a file name."
        )
    if str(target) == repo.store.location:
        raise InvalidInput(
            f"{printable(str(target))} is the store itself",
            kind="invalid_path",
            hint="Give another file.",
        )
    return target


def markdown(context: CompiledContext) -> str:
    """Return a context as a Markdown document, a heading for each message."""
    blocks = []
    for message in context.messages:
        title = message.role.capitalize()
        if message.name or message.call_id:
            title += f" ({message.name or message.call_id})"
        blocks.append(f"## {title}\n\n{_body(message)}".rstrip())
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _body(message: Message) -> str:
    pieces = []
    for part in message.parts:
        match part:
            case TextPart() | RefusalPart():
                pieces.append(_fenced(part.text, "") if message.role == "tool" else part.text)
            case ReasoningPart():
                pieces.append("\n".join(f"> {line}" for line in part.text.splitlines()))
            case ToolCall():
                pieces.append(f"`{part.name}` ({part.id})\n\n{_fenced(part.arguments, 'json')}")
            case MediaPart():
                pieces.append(
                    f"[{part.kind}: {part.name or part.url or part.file_id or part.media_type or 'inline'}]"
                )
            case OpaquePart():
                pieces.append(
                    _fenced(json.dumps(part.payload, ensure_ascii=False, indent=2), "json")
                )
    return "\n\n".join(pieces)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
