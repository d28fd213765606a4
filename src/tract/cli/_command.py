"""What all commands have in common: the shared options, the examples, and dry runs.

The shared options may stand before or after the command's name, so each command takes them, too;
they are kept in the `Call` and never handed to the command's function. Help pages list them apart
from what is the command's own.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from tract import __version__
from tract.cli._call import Call
from tract.cli._shapes import CommitShape

Body = Callable[..., None]
Shape = Mapping[str, Any]
"""The type of each key of an object."""

MADE: Shape = {"commit": CommitShape, "dry_run": bool}
MADE_SEVERAL: Shape = {"commits": list[CommitShape], "dry_run": bool}


SHARED_TITLE = "Options of every command, before or after its name"


class SharedOption(click.Option):
    """An option that every command takes; its value is kept in the call."""


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and value is not False:
        setattr(ctx.ensure_object(Call), param.name or "", value)


def shared_options() -> list[click.Parameter]:
    """Return the options that every command takes."""
    made: list[click.Parameter] = [
        SharedOption(
            ["--db", "-d"],
            metavar="STORE",
            help="The store: a path or URL [default: $TRACT_DB, else the nearest .tract.db upwards].",
        ),
        SharedOption(
            ["--tract", "-t"],
            metavar="NAME",
            help="The tract [default: the only one that has commits, else main].",
        ),
        SharedOption(["--json"], is_flag=True, help="Print one JSON object."),
        SharedOption(
            ["--no-color"],
            is_flag=True,
            help="Print no colours; so does NO_COLOR in the environment.",
        ),
        SharedOption(["--no-pager"], is_flag=True, help="Never start a pager."),
    ]
    for option in made:
        option.callback = _keep
        option.expose_value = False
    return made


def write_options(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the parts of a help page that list a command's own options and the shared ones."""
    options = [param for param in ctx.command.get_params(ctx) if isinstance(param, click.Option)]
    parts: dict[str, list[click.Option]] = {
        "Options": [param for param in options if not isinstance(param, SharedOption)],
        SHARED_TITLE: [param for param in options if isinstance(param, SharedOption)],
    }
    for title, params in parts.items():
        with formatter.section(title):
            formatter.write_dl(
                [record for param in params if (record := param.get_help_record(ctx))]
            )


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """Write the part of a help page that shows what to type."""
    with formatter.section("Examples" if len(examples) > 1 else "Example"):
        for example in examples:
            formatter.write(f"{'':{formatter.current_indent}}{example}\n")


class Command(click.Command):
    """A command that takes the shared options and shows examples of its use.

    Args:
        examples: lines as they are typed in a shell.
        gives: the objects that it prints with `--json`, each as a type for each of its keys.
        **attributes: as for `click.Command`.
    """

    def __init__(
        self, *, examples: Sequence[str], gives: Sequence[Shape], **attributes: Any
    ) -> None:
        super().__init__(**attributes)
        self.examples = tuple(examples)
        self.gives = tuple(gives)
        self.params += shared_options()

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, once the call knows what it was given."""
        ctx.ensure_object(Call).asked = ctx.params
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then the shared ones."""
        write_options(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what to type."""
        write_examples(formatter, self.examples)


def command(name: str, *examples: str, gives: Sequence[Shape]) -> Callable[[Body], Command]:
    """Make a function a command; its first argument is the `Call`.

    Args:
        name: what is typed.
        *examples: what the help page shows of its use.
        gives: the objects that it prints with `--json`.
    """

    def made(body: Body) -> Command:
        return click.command(name, cls=Command, examples=examples, gives=gives)(
            click.pass_obj(body)
        )

    return made


def mutates(body: Body) -> Body:
    """Give a command that changes the store its `--dry-run` and `--author`, kept in the call."""

    @click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
    @click.option(
        "--author",
        metavar="KIND:NAME",
        help="Who does it, such as human:ada or agent:planner [default: human and your user name].",
    )
    @functools.wraps(body)
    def wrapped(call: Call, *args: Any, dry_run: bool, author: str | None, **options: Any) -> None:
        call.dry_run = dry_run
        call.author = author
        body(call, *args, **options)

    return wrapped


def print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    """Print the version and end, where that is what was asked."""
    if value and not ctx.resilient_parsing:
        click.echo(f"tract {__version__}")
        ctx.exit()
