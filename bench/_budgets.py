"""The rows of the table: each says what it compares, out of which group, and what is allowed.

The numbers are the design's, and are never changed to fit a figure. A row whose budget is not met
is printed as such and explained on the reference page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench._peers import PEERS
from bench._plan import Scale
from bench._runner import Outcome, Round

_KIB, _MIB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: what is measured.
        group: the group that the figure comes from.
        value: makes the figure out of one round of that group.
        unit: what the figure is counted in; "x" for a ratio.
        at_most: the budget, where less is better.
        at_least: the budget, where more is better.
    """

    what: str
    group: str
    value: Callable[[Round], float]
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def budget(self) -> str:
        """The budget in words, or "" for a figure that has none."""
        if self.at_most is not None:
            return f"<= {shown(self.at_most, self.unit)}"
        return "" if self.at_least is None else f">= {shown(self.at_least, self.unit)}"


@dataclass(frozen=True, slots=True)
class Result:
    """A row with its figure.

    Attributes:
        row: the row.
        figures: the figure of each round.
        failure: why there are none although they were to be measured, or "".
        absence: why they could not be measured here, or "".
    """

    row: Row
    figures: tuple[float, ...]
    failure: str = ""
    absence: str = ""

    @property
    def figure(self) -> float | None:
        """The median over the rounds, or None where there is none."""
        return median(self.figures) if self.figures else None

    @property
    def met(self) -> bool | None:
        """Whether the budget is met; None where there is no budget or no figure."""
        figure, row = self.figure, self.row
        if figure is None:
            return None
        if row.at_most is not None:
            return figure <= row.at_most
        return None if row.at_least is None else figure >= row.at_least


def shown(value: float, unit: str) -> str:
    """Return a figure with its unit.

    Example:
        >>> shown(0.1234, "ms"), shown(1.5, "x"), shown(5000.0, "/s")
        ('0.123 ms', '1.50x', '5000/s')
    """
    if unit == "x":
        return f"{value:.2f}x"
    if unit.startswith("/") or value >= 1000:
        return f"{value:.0f}{unit if unit.startswith('/') else ' ' + unit}"
    digits = 3 if value < 1 else 2 if value < 10 else 1
    text = f"{value:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}".rstrip()


def _ratio(figure: str, over: str = "floor", of: str = "tract") -> Callable[[Round], float]:
    return lambda found: found[of][figure] / found[over][figure]


def _plain(figure: str, of: str = "tract", divide: float = 1) -> Callable[[Round], float]:
    return lambda found: found[of][figure] / divide


def rows(scale: Scale, *, peers: bool = False) -> list[Row]:
    """Return the rows of the table.

    Args:
        scale: how large the run was.
        peers: whether rows that compare with other libraries are among them.
    """
    return [
        *_append_rows(scale.long),
        *(_peer_rows() if peers else []),
        *_read_rows(scale),
        *_look_rows(scale.short, scale.long),
        *_other_rows(scale.short, scale.long),
        *_log_rows(),
    ]


def _append_rows(long: int) -> list[Row]:
    return [
        Row("append, durability full", "append full", _ratio("p50_ms"), "x", 2.0),
        Row("  in time", "append full", _plain("p50_ms"), "ms"),
        Row("append, durability normal", "append normal", _plain("p50_ms"), "ms", 0.25),
        Row("  against the floor", "append normal", _ratio("p50_ms"), "x"),
        Row(f"growth of append over {long:,}", "append many", _plain("growth"), "x", 1.15),
        Row("  growth of the floor", "append many", _plain("growth", "floor"), "x"),
    ]


def _peer_rows() -> list[Row]:
    session, *others = PEERS
    made = [
        Row(
            f"append, durability full, against {session}",
            "peers append",
            _ratio("p50_ms", session),
            "x",
            1.3,
        )
    ]
    return made + [
        Row(f"  against {name}", "peers append", _ratio("p50_ms", name), "x", 1.0)
        for name in others
    ]


def _read_rows(scale: Scale) -> list[Row]:
    made = []
    for count, limit in ((scale.short, 1.0), (scale.long, 2.0)):
        fresh, warm = f"load {count}", f"reload {count}"
        made += [
            Row(f"fresh open and compile of {count:,}", fresh, _ratio("took_ms"), "x", 3.0),
            Row("  in time", fresh, _plain("took_ms"), "ms"),
            Row(f"compile after one append, warm, {count:,}", warm, _plain("p50_ms"), "ms", limit),
            Row("  the floor reads all of it again", warm, _plain("p50_ms", "floor"), "ms"),
        ]
    behind = scale.past * scale.between
    cold = f"cold compile of {scale.keep} behind {behind:,} commits, against {scale.keep} alone"
    return [
        *made,
        Row(cold, "visible", _ratio("took_ms", "no past", "long past"), "x", 1.5),
        Row("  in time", "visible", _plain("took_ms", "long past"), "ms"),
    ]


def _look_rows(short: int, long: int) -> list[Row]:
    return [
        Row(f"branch and switch at {long:,}", "branch", _plain("p50_ms"), "ms", 3.0),
        Row("  on disk", "branch", _plain("bytes", divide=_KIB), "KiB", 8.0),
        Row(f"log(20) at {long:,}, warm", "log", _plain("p50_ms"), "ms", 1.0),
        Row("annotate, against an append", "moves", _plain("annotate_share"), "x", 2.0),
        Row("reset, against an append", "moves", _plain("reset_share"), "x", 2.0),
        Row(f"to_openai of {short:,}", "export", _plain("openai_ms"), "ms", 5.0),
        Row(f"to_anthropic of {short:,}", "export", _plain("anthropic_ms"), "ms", 5.0),
    ]


def _other_rows(short: int, long: int) -> list[Row]:
    return [
        Row(f"disk after {long:,}, against raw content", "append many", _disk, "x", 1.8),
        Row(f"import of {short:,} by extend", "import", _ratio("took_ms"), "x", 5.0),
        Row("  messages", "import", _plain("per_s"), "/s", at_least=5000),
        Row(f"import of {short:,} from a file", "import a file", _ratio("took_ms"), "x", 5.0),
        Row("  messages", "import a file", _plain("per_s"), "/s", at_least=5000),
        Row(
            "two processes on one branch", "together", _ratio("per_s", "one", "two"), "x", None, 0.8
        ),
        Row("  lost or refused", "together", _troubles, "", 0),
        Row("  slower against quicker", "together", _plain("fair", "two"), "x"),
        Row(f"peak memory, {long:,} read", "memory", _plain("peak_mib"), "MiB", 60),
        Row(f"peak memory, {long:,} written", "append many", _plain("peak_mib"), "MiB", 60),
        Row("import tract", "start", _plain("import_ms"), "ms", 150),
        Row("tract --help", "start", _plain("help_ms"), "ms", 250),
        Row("tract log", "start", _plain("log_ms"), "ms", 550),
    ]


def _log_rows() -> list[Row]:
    return [
        Row("import of real logs", "logs", _ratio("took_ms"), "x", 5.0),
        Row("  in time", "logs", _plain("took_ms"), "ms"),
        Row("  messages", "logs", _plain("per_s"), "/s", at_least=5000),
        Row("  of their files", "logs", _plain("bytes_per_s", divide=_MIB), "MiB/s"),
        Row("  bad records", "logs", _plain("bad"), ""),
        Row("  all of it again, which adds nothing", "logs", _plain("again_ms"), "ms"),
        Row("  on disk, against the files", "logs", _over_source, "x", 1.8),
        Row("  durability normal", "logs", _normal, "x"),
        Row("    in time", "logs", _plain("took_ms", "tract normal"), "ms"),
        Row("status with detail of the longest log", "logs", _plain("cold_ms", "look"), "ms"),
        Row("  for the first time in a process", "logs", _plain("first_ms", "look"), "ms"),
        Row("  once more on one handle", "logs", _plain("warm_ms", "look"), "ms"),
    ]


def _disk(found: Round) -> float:
    return found["tract"]["disk_bytes"] / found["tract"]["raw_bytes"]


def _over_source(found: Round) -> float:
    return found["tract"]["disk_bytes"] / found["tract"]["source_bytes"]


_normal = _ratio("took_ms", "floor normal", "tract normal")


def _troubles(found: Round) -> float:
    return found["two"]["lost"] + found["two"]["errors"]


def results(outcome: Outcome, wanted: list[Row]) -> list[Result]:
    """Return the rows with their figures.

    Args:
        outcome: what a run found.
        wanted: the rows; those of groups that were not part of the run are left out.
    """
    made = []
    for row in wanted:
        failure = outcome.failures.get(row.group, "")
        absence = outcome.absent.get(row.group, "")
        found = outcome.rounds.get(row.group, [])
        if found or failure or absence:
            figures = () if failure else tuple(row.value(one) for one in found)
            made.append(Result(row, figures, failure, absence))
    return made
