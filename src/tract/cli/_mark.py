"""The commands that mark entries: annotate, pin, skip and unmark.

However many entries are named, it is one commit; a mark is part of the state, so it holds on this
branch and from this commit on.
"""

from collections.abc import Sequence

import click

from tract.cli._call import Call
from tract.cli._command import MADE, command, mutates
from tract.cli._made import give_commit

_TARGETS = click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
_REASON = click.option("--reason", metavar="TEXT", help="Why, in your words.")


@command(
    "annotate",
    "tract annotate HEAD~2 --priority important --retain 'the order number'",
    "tract annotate 9f3c2a1b 41d0c7e2 --priority skip --reason 'noise' --label logs",
    gives=[MADE],
)
@_TARGETS
@click.option(
    "--priority",
    type=click.Choice(["pinned", "important", "normal", "skip"]),
    required=True,
    help="How much the entries matter.",
)
@_REASON
@click.option("--retain", metavar="TEXT", help="What must survive a compression, in your words.")
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="WORD",
    help="A word for the entries; may be repeated.",
)
@mutates
def annotate(
    call: Call,
    targets: Sequence[str],
    priority: str,
    reason: str | None,
    retain: str | None,
    labels: Sequence[str],
) -> None:
    """Mark the entries of the commits TARGET with a priority."""
    give_commit(
        call,
        lambda t: t.annotate(targets, priority, reason=reason, retain=retain, labels=labels),
    )


@command(
    "pin", "tract pin HEAD", "tract pin 9f3c2a1b --reason 'the requirement' --dry-run", gives=[MADE]
)
@_TARGETS
@_REASON
@mutates
def pin(call: Call, targets: Sequence[str], reason: str | None) -> None:
    """Mark the entries of the commits TARGET as pinned: nothing hides or rewords them."""
    give_commit(call, lambda t: t.pin(targets, reason=reason))


@command(
    "skip",
    "tract skip HEAD~1",
    "tract skip 9f3c2a1b 41d0c7e2 --reason 'noisy output'",
    gives=[MADE],
)
@_TARGETS
@_REASON
@mutates
def skip(call: Call, targets: Sequence[str], reason: str | None) -> None:
    """Leave the entries of the commits TARGET out of the context; history keeps them.

    An exchange, which is a reply that calls tools and their results, is left out as a whole.
    """
    give_commit(call, lambda t: t.skip(targets, reason=reason))


@command("unmark", "tract unmark HEAD~1", gives=[MADE])
@_TARGETS
@_REASON
@mutates
def unmark(call: Call, targets: Sequence[str], reason: str | None) -> None:
    """Give the entries of the commits TARGET back the mark that they were made with."""
    give_commit(call, lambda t: t.unmark(targets, reason=reason))
