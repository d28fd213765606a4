"""From what providers reported to a ratio: how a model's tokens follow from a counter's.

A report says how many tokens a call sent; the counter says what the context of that call comes to.
The two differ by a factor, since the model has another tokenizer, and by what was sent beside the
context: instructions and tool definitions that a log does not have. A line through the reports
separates them. It is fitted by medians (Theil 1950, Sen 1968), so that a few calls which sent
something else, as a cut or a retried one does, do not bend it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tract.compile._token_count import ESTIMATE_ERROR

REPORTS_MIN = 5
"""Below so many reports nothing is learned: a line through three points says nothing of its error."""
RATIO_MIN, RATIO_MAX = 0.4, 4.0
"""Outside of these the reports speak of something else than the context."""
ERROR_MIN = 0.01
ERROR_MAX = ESTIMATE_ERROR
"""Above it the reports say no more than the usual ratio does."""
_SPREAD_MIN = 1.5
_ERROR_RANK = 0.9


class Report(NamedTuple):
    """One call: what the counter makes of its context, and what the provider reported, in tokens."""

    counted: int
    reported: int


class Fit(NamedTuple):
    """What reports say of a model.

    Attributes:
        ratio: tokens of the model for one of the counter's.
        error: relative error of a context's figure that nine of ten reports keep within, 0.01 to 0.15.
        beside: tokens that the calls had beside their contexts: instructions, tool definitions.
        reports: how many there were.
    """

    ratio: float
    error: float
    beside: int
    reports: int


def fit(reports: Sequence[Report]) -> Fit | None:
    """Return what reports say of a model; None where they say too little, or nothing sensible.

    Args:
        reports: those of one model, in any order; empty ones are passed over.

    Example:
        >>> fit([Report(n * 1000, n * 1300 + 500) for n in range(1, 9)])
        Fit(ratio=1.3, error=0.01, beside=500, reports=8)
    """
    known = [one for one in reports if one.counted > 0 and one.reported > 0]
    if len(known) < REPORTS_MIN:
        return None
    ratio, beside = _line(known)
    if not RATIO_MIN <= ratio <= RATIO_MAX:
        return None
    # Of the context alone: what was sent beside it is known better than what it comes to.
    off = sorted(abs(x * ratio + beside - y) / (x * ratio) for x, y in known)
    error = max(off[min(int(len(off) * _ERROR_RANK), len(off) - 1)], ERROR_MIN)
    if error > ERROR_MAX:
        return None
    return Fit(round(ratio, 4), round(error, 4), round(beside), len(known))


def _line(reports: Sequence[Report]) -> tuple[float, float]:
    """Return slope and height of the line through the reports, the height never below 0."""
    least = min(x for x, _ in reports)
    most = max(x for x, _ in reports)
    if most >= least * _SPREAD_MIN:
        slopes = [
            (b.reported - a.reported) / (b.counted - a.counted)
            for n, a in enumerate(reports)
            for b in reports[n + 1 :]
            if a.counted != b.counted
        ]
        slope = _median(slopes)
        height = _median(y - slope * x for x, y in reports)
        if slope > 0 and height >= 0:
            return slope, height
    return _median(y / x for x, y in reports), 0.0


def _median(values: Iterable[float]) -> float:
    """Return the middle value; the module of that name takes longer to import than all of this."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
