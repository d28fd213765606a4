"""From a state to what a model sees: rendering, repairs, budget, prefix hashes, tokens, explanations.

Pure: a compile is given the state, a way to get payloads, and what counts; it reads no store and
no clock, and gives the same bytes for the same input everywhere.
"""

from tract.compile._breakdown import FRAME, Piece, breakdown
from tract.compile._compile import compile_context
from tract.compile._context import CompiledContext
from tract.compile._learn import REPORTS_MIN, Fit, Report, fit
from tract.compile._materialise import ChatSections, XmlPrompt
from tract.compile._options import (
    BudgetWarning,
    CompileOptions,
    ContextCompiler,
    Overflow,
    TokenBudget,
)
from tract.compile._render import is_built_in, render
from tract.compile._report import Dropped, Explanation, ExplanationLine, PrefixReport, Repair
from tract.compile._tally import Gauge, Scale, Tally, count_message
from tract.compile._tokens import (
    Counter,
    Method,
    TiktokenCounter,
    TokenCount,
    as_counter,
    counter_for,
)
from tract.compile._views import DedupeRepeats, DropReasoning, MaskToolResults, TruncateLong

__all__ = [
    "FRAME",
    "REPORTS_MIN",
    "BudgetWarning",
    "ChatSections",
    "CompileOptions",
    "CompiledContext",
    "ContextCompiler",
    "Counter",
    "DedupeRepeats",
    "DropReasoning",
    "Dropped",
    "Explanation",
    "ExplanationLine",
    "Fit",
    "Gauge",
    "MaskToolResults",
    "Method",
    "Overflow",
    "Piece",
    "PrefixReport",
    "Repair",
    "Report",
    "Scale",
    "Tally",
    "TiktokenCounter",
    "TokenBudget",
    "TokenCount",
    "TruncateLong",
    "XmlPrompt",
    "as_counter",
    "breakdown",
    "compile_context",
    "count_message",
    "counter_for",
    "fit",
    "is_built_in",
    "render",
]
