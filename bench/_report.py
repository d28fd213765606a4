"""What a run says: a table for people, JSON for later, and how noisy the machine was.

The JSON of each release is kept beside this package. It holds nothing of the machine but what a
reader needs to judge the figures: processors, Python, SQLite, and the probes.
"""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import tract
from bench._budgets import Result, shown
from bench._runner import Outcome, Round

_WORDS = {True: "met", False: "NOT met", None: ""}
_PEER_COLUMNS = (
    ("append p50", "peers append", "p50_ms", "ms"),
    ("growth", "peers append", "growth", "x"),
    ("fresh load", "peers load", "took_ms", "ms"),
    ("read after append", "peers reload", "p50_ms", "ms"),
    ("fork in the middle", "peers fork", "took_ms", "ms"),
)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, its columns in line.

    Args:
        head: the names of the columns.
        lines: the cells of each line.
    """
    widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]

    def drawn(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    return "\n".join([drawn(head), drawn(["-" * width for width in widths]), *map(drawn, lines)])


def budget_table(found: Sequence[Result]) -> str:
    """Return the table of budgets: what, figure, spread over the rounds, budget, met."""
    lines = []
    for result in found:
        row = result.row
        if result.absence:
            lines.append((row.what, result.absence, "", row.budget, ""))
            continue
        if result.failure:
            lines.append((row.what, "failed", "", row.budget, ""))
            continue
        figure = shown(result.figure or 0.0, row.unit)
        low, high = (shown(end(result.figures), row.unit) for end in (min, max))
        lines.append((row.what, figure, f"{low} to {high}", row.budget, _WORDS[result.met]))
    return table(("what", "figure", "over the rounds", "budget", "met?"), lines)


def peer_table(outcome: Outcome) -> str:
    """Return what each library takes for the same work, or "" where none was measured."""
    appended = outcome.rounds.get("peers append", [])
    names = list(dict.fromkeys(name for found in appended for name in sorted(found)))
    lines = []
    for name in names:
        cells = [
            _cell(outcome.rounds.get(group, []), name, key, unit)
            for _, group, key, unit in _PEER_COLUMNS
        ]
        lines.append((name, *cells, _over_raw(appended, name)))
    heads = ("durability full", *(column[0] for column in _PEER_COLUMNS), "disk / raw")
    return table(heads, lines) if lines else ""


def _cell(rounds: Sequence[Round], name: str, key: str, unit: str) -> str:
    values = [found[name][key] for found in rounds if name in found]
    return shown(median(values), unit) if values else "-"


def _over_raw(rounds: Sequence[Round], name: str) -> str:
    return shown(median([r[name]["disk_bytes"] / r[name]["raw_bytes"] for r in rounds]), "x")


def noise(outcome: Outcome) -> dict[str, dict[str, float]]:
    """Return for each figure of the probes its least, median and greatest value."""
    names = outcome.probes[0] if outcome.probes else {}
    made = {}
    for name in names:
        values = [probe[name] for probe in outcome.probes]
        made[name] = {"min": min(values), "median": median(values), "max": max(values)}
    return made


def noise_line(outcome: Outcome) -> str:
    """Return the noise in one line."""
    said = [
        f"{name} {values['median']:.4g} ({values['min']:.4g} to {values['max']:.4g})"
        for name, values in noise(outcome).items()
    ]
    return f"machine, before {len(outcome.probes)} measurements: {', '.join(said)}"


def as_json(outcome: Outcome, found: Sequence[Result], *, quick: bool) -> dict[str, Any]:
    """Return all that a run found, for keeping.

    Args:
        outcome: the run.
        found: its rows.
        quick: whether it was a quick run, whose figures are rough.
    """
    return {
        "version": tract.__version__,
        "quick": quick,
        "seconds": round(outcome.seconds),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "noise": _rounded(noise(outcome)),
        "rows": [
            {
                "what": result.row.what.strip(),
                "group": result.row.group,
                "figure": _rounded(result.figure),
                "rounds": _rounded(list(result.figures)),
                "unit": result.row.unit,
                "budget": result.row.budget,
                "met": result.met,
                **({"failure": result.failure} if result.failure else {}),
                **({"absent": result.absence} if result.absence else {}),
            }
            for result in found
        ],
        "groups": _rounded(outcome.rounds),
        "failures": outcome.failures,
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a run's findings to a file.

    Args:
        path: the file.
        value: what `as_json` gave.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
