"""From a state to what a model sees: rendering, repairs, budget, prefix hashes, tokens, explanations.

Pure: a compile is given the state, a way to get payloads, and what counts; it reads no store and
no clock, and gives the same bytes for the same input everywhere.
"""

from tract.compile._compile import compile_context
from tract.compile._context import CompiledContext
from tract.compile._options import (
    BudgetWarning,
    CompileOptions,
    ContextCompiler,
    Overflow,
    TokenBudget,
)
from tract.compile._render import is_built_in, render
from tract.compile._report import Dropped, Explanation, ExplanationLine, PrefixReport, Repair
from tract.compile._tally import Scale, Tally, count_message
from tract.compile._tokens import (
    Counter,
    Method,
    TiktokenCounter,
    TokenCount,
    as_counter,
    counter_for,
)

__all__ = [
    "BudgetWarning",
    "CompileOptions",
    "CompiledContext",
    "ContextCompiler",
    "Counter",
    "Dropped",
    "Explanation",
    "ExplanationLine",
    "Method",
    "Overflow",
    "PrefixReport",
    "Repair",
    "Scale",
    "Tally",
    "TiktokenCounter",
    "TokenBudget",
    "TokenCount",
    "as_counter",
    "compile_context",
    "count_message",
    "counter_for",
    "is_built_in",
    "render",
]
