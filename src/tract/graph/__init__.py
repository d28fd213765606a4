"""Pure functions over commits: what a state is, and how the graph is walked. No I/O, no clock."""

from tract.graph._exchanges import NO_FACTS, Exchange, Facts, exchanges, facts_of, message_facts
from tract.graph._state import (
    born_mark,
    expand_layout,
    further_parents,
    layout_of,
    slot_of,
    state_of,
    step,
)
from tract.graph._walk import newest_first

__all__ = [
    "NO_FACTS",
    "Exchange",
    "Facts",
    "born_mark",
    "exchanges",
    "expand_layout",
    "facts_of",
    "further_parents",
    "layout_of",
    "message_facts",
    "newest_first",
    "slot_of",
    "state_of",
    "step",
]
