"""What of a context is not sent as it was committed, in lines for people.

Compiling mends what every provider would refuse and keeps a budget; rendering leaves out what one
provider cannot say. None of it is an error and none of it may go unnoticed, so each line names the
commits that it is about.
"""

from collections.abc import Iterable, Mapping, Sequence

import click

from tract import CompiledContext, Tract
from tract.cli._call import Call
from tract.cli._log import short_ids
from tract.cli._shapes import NoticeShape
from tract.errors import printable

_COMMITS_SHOWN_MAX = 5
_WHY = {"budget": "to keep the budget", "view": "by a view"}


def loss_lines(t: Tract, context: CompiledContext, notices: Sequence[NoticeShape]) -> list[str]:
    """Return a line for each thing that was mended, left out or said another way.

    Args:
        t: the tract, open, in which the commits are looked up.
        context: the compiled context.
        notices: what rendering it for a provider did.
    """
    out = {
        why: list(dict.fromkeys(one.commit for one in context.dropped if one.why == why))
        for why in _WHY
    }
    concerned = {
        *(commit for commits in out.values() for commit in commits),
        *(notice_commit for notice in notices for notice_commit in notice["commits"]),
    }
    concerned |= {repair.commit for repair in context.repairs if repair.commit is not None}
    names = short_ids(t, concerned)
    lines = []
    for why, commits in out.items():
        if commits:
            noun = "entry was" if len(commits) == 1 else "entries were"
            lines.append(f"{len(commits):,} {noun} left out {_WHY[why]}{_commits(commits, names)}")
    for repair in context.repairs:
        at = _commits([repair.commit] if repair.commit is not None else [], names)
        lines.append(f"mended: {repair.message} ({repair.rule}){at}")
    alike: dict[tuple[str, str, str], list[str]] = {}
    for notice in notices:
        key = (notice["provider"], notice["rule"], notice["message"])
        alike.setdefault(key, []).extend(notice["commits"])
    for (provider, rule, message), commits in alike.items():
        at = _commits(commits, names)
        lines.append(f"for {provider}, {rule.replace('_', ' ')}: {message}{at}")
    return lines


def _commits(ids: Iterable[str], names: Mapping[str, str]) -> str:
    known = list(dict.fromkeys(ids))
    if not known:
        return ""
    shown = ", ".join(names[id] for id in known[:_COMMITS_SHOWN_MAX])
    more = len(known) - _COMMITS_SHOWN_MAX
    return f", in {shown}" + (f" and {more:,} more" if more > 0 else "")


def warn_of_losses(call: Call, lines: Iterable[str]) -> None:
    """Say on standard error what was mended or left out, where standard output is for a program.

    Args:
        call: the call of the command; one that gives JSON has all of it there.
        lines: what `loss_lines` gave.
    """
    if not call.json:
        for line in lines:
            click.echo(f"note: {printable(line, limit=None)}", err=True)
