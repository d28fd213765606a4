"""One call of the command line: what was asked of every command, the tract it is about, the way out.

Commands get a `Call` first and everything else from it, so that each of them is only what it does
itself. The store is open for as long as a command reads or writes, never while something is
shown: a pager that is left open over lunch holds nothing.
"""

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tract import Actor, Session, Tract
from tract.cli._out import json_text, page, speaks_unicode, wants_color, width
from tract.cli._which import default_tract, others_in_use
from tract.errors import InvalidInput, NotFound, TractError

if TYPE_CHECKING:
    from tract.cli._paint import Painter

STORE = ".tract.db"


class _Undone(Exception):
    """Ends a dry run, so that all it wrote is taken back."""


@dataclass(slots=True)
class Call:
    """What was asked, whatever the command.

    Attributes:
        db: the store that was named, or None.
        tract: the tract that was named, or None.
        json: whether a program asked.
        no_color: whether colours were forbidden.
        no_pager: whether a pager was forbidden.
        dry_run: whether nothing may change.
        author: who was named as the author, or None.
        asked: what the command was given besides, by parameter.
        done: whether what was asked for has been written to the store.
    """

    db: str | None = None
    tract: str | None = None
    json: bool = False
    no_color: bool = False
    no_pager: bool = False
    dry_run: bool = False
    author: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    done: bool = False

    # The store and the tract

    @property
    def location(self) -> str:
        """The store that the call is about.

        Raises:
            NotFound: none was named, and there is none here or in a folder above.
        """
        named = self.named_location
        if named is not None:
            return named
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / STORE).is_file():
                return str(folder / STORE)
        raise NotFound(
            f"there is no {STORE} in this folder or in one above it",
            kind="no_store",
            hint="Make one here with `tract init`, or name one with --db or $TRACT_DB.",
        )

    @property
    def named_location(self) -> str | None:
        """The store that was named, on the command line or in the environment.

        Raises:
            InvalidInput: it is one in memory, which would end with the command.
        """
        named = self.db if self.db is not None else os.environ.get("TRACT_DB") or None
        if named == ":memory:":
            raise InvalidInput(
                "a store in memory would end with this command",
                kind="invalid_location",
                hint="Name a file with --db or $TRACT_DB.",
            )
        return named

    @contextmanager
    def session(self, **options: Any) -> Iterator[Session]:
        """Open the store, which must be there.

        Args:
            **options: as for `Session.open`.
        """
        author = self.author if self.author is not None else person()
        with Session.open(self.location, create=False, author=author, **options) as session:
            yield session

    @contextmanager
    def reading(
        self, branch: str | None = None, *, to_write: bool = False, **options: Any
    ) -> Iterator[Tract]:
        """Open the tract that the call is about, which must be there.

        Args:
            branch: where to stand; where the tract was left, if None.
            to_write: whether it is read in order to write to it.
            **options: as for `Session.open`.
        """
        with self.session(**options) as session:
            yield self.chosen(session, branch, to_write=to_write)

    def chosen(
        self,
        session: Session,
        branch: str | None = None,
        *,
        to_write: bool = False,
        quiet: bool = False,
    ) -> Tract:
        """Return the tract that the call is about, opened.

        Args:
            session: the store.
            branch: where to stand; where the tract was left, if None.
            to_write: whether it is to be written to.
            quiet: whether the command itself tells of other tracts where this one is empty.

        Raises:
            InvalidInput: none was named, and it is not clear which is meant.
        """
        if self.tract is not None:
            return session.tract(self.tract, branch=branch)
        infos = session.list_tracts()
        name = default_tract(infos, to_write=to_write)
        others = others_in_use(infos, name)
        if others and not (quiet or self.json):
            text = f"nothing committed in {name} yet; other tracts: {others}; name one with -t"
            click.echo(f"note: {text}", err=True)
        return session.tract(name, branch=branch)

    @contextmanager
    def writing(self, branch: str | None = None) -> Iterator[Tract]:
        """Open the tract to write to; in a dry run everything is done, and taken back at the end.

        Args:
            branch: where to stand; where the tract was left, if None.
        """
        with self.reading(branch, to_write=True) as tract:
            if not self.dry_run:
                yield tract
                self.done = True
                return
            with suppress(_Undone), tract.batch():
                yield tract
                raise _Undone

    # The way out

    @property
    def color(self) -> bool:
        """Whether standard output is to be coloured."""
        return wants_color(sys.stdout, forbidden=self.no_color)

    @property
    def error_color(self) -> bool:
        """Whether standard error is to be coloured."""
        return wants_color(sys.stderr, forbidden=self.no_color)

    def give(
        self,
        shape: Callable[[], Mapping[str, Any]],
        draw: "Callable[[Painter], None]",
        *,
        paged: bool = False,
    ) -> None:
        """Print what a command has to say, for whoever asked.

        Args:
            shape: makes the object that programs get.
            draw: paints what people get.
            paged: whether it may be long.
        """
        if self.json:
            click.echo(json_text(shape()))
        else:
            self.show(draw, paged=paged)

    def show(self, draw: "Callable[[Painter], None]", *, paged: bool = False) -> None:
        """Print what people get.

        Args:
            draw: paints it.
            paged: whether it may be long.
        """
        painter = self.painter()
        draw(painter)
        text = painter.text()
        if paged and not self.no_pager:
            page(text, color=self.color)
        else:
            click.echo(text, nl=False, color=self.color)

    @contextmanager
    def progress(self, name: str) -> Iterator[Callable[[int, int], None] | None]:
        """Show on a terminal how far a file is read; give None where nobody is watching.

        Args:
            name: the file.
        """
        if self.json or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            yield None
            return
        from tract.cli._progress import progress_bar

        with progress_bar(name, color=self.error_color) as advance:
            yield advance

    def painter(self) -> "Painter":
        """Return a painter for standard output."""
        from tract.cli._paint import Painter

        return Painter(width=width(), color=self.color, ascii_only=not speaks_unicode())


def person() -> Actor:
    """Return whoever sits at this machine, as far as it is known."""
    try:
        return Actor.of(Actor("human", getpass.getuser()))
    except (KeyError, OSError, ImportError, TractError):
        return Actor("human")
