"""The `tract` command itself: its list of commands, how it starts and how it ends.

A command is loaded when it is called, so that the one that runs does not wait for the others; the
list below has all that the help page needs. Whatever happens, the process ends here: one object
on standard output for programs, a line or two on standard error for people, and the exit code.
"""

import difflib
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

import click

from tract.cli._call import Call
from tract.cli._command import (
    Command,
    Shape,
    print_version,
    shared_options,
    write_examples,
    write_options,
)
from tract.cli._fail import Failure, failure_of, report
from tract.cli._out import settle_streams
from tract.cli._shapes_keep import ErrorShape
from tract.errors import printable

#: Name, module, and what the help page says; grouped as the page shows them.
COMMANDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Start": (
        ("init", "_keep", "Make a store here, or a tract in one."),
        ("import", "_import", "Read conversations from files."),
        ("demo", "_demo", "Walk through a real conversation, as code to paste."),
    ),
    "Look": (
        (
            "status",
            "_status",
            "Show where the tract stands, how full its context is, and what fills it.",
        ),
        ("log", "_log", "List commits, newest first."),
        ("show", "_show", "Show everything that a commit says."),
        ("entries", "_look", "List what the context is made of."),
        ("compile", "_compile", "Show what a model would be sent."),
        ("tracts", "_look", "List the tracts of the store."),
    ),
    "Write": (
        ("commit", "_write", "Commit a message."),
        ("edit", "_write", "Put a text in an entry's place; history keeps what it was."),
        ("annotate", "_mark", "Mark entries with a priority."),
        ("pin", "_mark", "Mark entries as pinned: nothing hides or rewords them."),
        ("skip", "_mark", "Leave entries out of the context; history keeps them."),
        ("unmark", "_mark", "Give entries back the mark they were made with."),
    ),
    "Move": (
        ("branch", "_move", "List the branches, or make one and stand on it."),
        ("switch", "_move", "Stand on another branch."),
        ("reset", "_move", "Set the branch to another commit."),
    ),
    "Keep": (
        ("export", "_keep", "Write the context to a file."),
        ("verify", "_keep", "Look for damage in the whole store."),
    ),
}

_MODULES = {name: module for group in COMMANDS.values() for name, module, _ in group}


class Root(click.Group):
    """The group of all commands, each loaded when it is called.

    Attributes:
        gives: what is printed with `--json` where a command fails.
    """

    gives: ClassVar[tuple[Shape, ...]] = ({"error": ErrorShape},)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help page."""
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, loaded."""
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        loaded = vars(importlib.import_module(f"tract.cli.{module}")).values()
        return next(c for c in loaded if isinstance(c, Command) and c.name == cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name, or say which one may have been meant."""
        if args[0] not in _MODULES and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], _MODULES, n=3, cutoff=0.5)
            also = f"; did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"there is no command {printable(repr(args[0]))}{also}", ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what they are for, then the options."""
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, _, text in group])
        write_options(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what to type first."""
        write_examples(formatter, ("tract init", "tract import chat.json", "tract log --oneline"))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that the arguments name, and always end the process with its exit code."""
        words = list(sys.argv[1:] if args is None else args)
        call = Call()
        settle_streams()
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _show_warning
            try:
                code = super().main(
                    words,
                    prog_name or "tract",
                    complete_var,
                    standalone_mode=False,
                    obj=call,
                    **extra,
                )
                sys.stdout.flush()
            except SystemExit:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, this is where it is told
                code = _ended(failure_of(error, call), words, call)
        sys.exit(code if isinstance(code, int) else 0)


def _ended(failure: Failure, words: list[str], call: Call) -> int:
    options = words[: words.index("--")] if "--" in words else words
    try:
        if not failure.quiet:
            call.no_color = call.no_color or "--no-color" in options
            report(failure, json=call.json or "--json" in options, color=call.error_color)
        sys.stdout.flush()
    except OSError:
        # Nobody can be told. What is still waiting would be written once more at exit: let it go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return failure.exit_code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"warning: {printable(message, limit=400)}", err=True)


@click.pass_context
def _alone(ctx: click.Context) -> None:
    """Show the help page where no command was named."""
    if ctx.invoked_subcommand is None:
        if ctx.ensure_object(Call).json:
            raise click.UsageError("no command was named", ctx)
        click.echo(ctx.get_help())


root = Root(
    name="tract",
    callback=_alone,
    invoke_without_command=True,
    help="git for the context of LLM agents: commit, edit, mark, branch and compile what a model sees.",
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=print_version,
            help="Print the version.",
        ),
        *shared_options(),
    ],
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line with the arguments of the process, and end the process."""
    root.main()
