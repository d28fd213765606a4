"""Keeping a context within its budget.

What counts is what would be sent, after views and repairs, tools included. Nothing is cut in
half: entries go one by one, exchanges as a whole. What is pinned stays whatever happens, and so
do the instructions at the start and the newest entry, since a context without what it is about
is of no use to anyone. If that is still too much, it is an error and nothing is sent.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence

from tract.compile._ledger import Ledger
from tract.compile._options import BudgetWarning, Overflow, Target, TokenBudget
from tract.compile._pieces import Pieces, entries_of, groups_of
from tract.errors import BudgetExceeded, InvalidInput, MissingEntry, printable
from tract.objects import ContentTypes, Entry, Message, Priority, payload_role

Group = tuple[int, ...]

_LEADING = ("system", "developer")


def is_over(budget: TokenBudget | None, ledger: Ledger) -> bool:
    """Return whether something has to be left out; warn or raise where that is the budget's action.

    Args:
        budget: the budget, or None.
        ledger: counts what would be sent.

    Raises:
        BudgetExceeded: the context is over its budget and the action is "error".
    """
    if budget is None:
        return False
    tokens, available = int(ledger.tokens), budget.available
    if budget.action == "warn":
        if tokens >= budget.warn_at * available:
            share = f"{tokens / available:.0%}"
            text = f"the context takes {tokens:,} of {available:,} tokens ({share})"
            # Up to here it is compile, verb and face: the warning belongs to the line above them.
            warnings.warn(text, BudgetWarning, stacklevel=6)
        return False
    if tokens <= available:
        return False
    if budget.action == "error":
        raise _exceeded(tokens, available, "Skip entries, or raise the budget.")
    return True


def leave_out(
    budget: TokenBudget,
    ledger: Ledger,
    messages: Sequence[Message],
    pieces: Pieces,
    types: ContentTypes,
) -> set[int]:
    """Return the places of pieces to leave out, at least one, as the budget's action says.

    Args:
        budget: the budget that is exceeded.
        ledger: counts `messages`.
        messages: what would be sent.
        pieces: what they were made from.
        types: the content types that are known.

    Raises:
        BudgetExceeded: nothing more can be left out.
        InvalidInput: the callable named a pinned entry, or gave something that is no entry.
        MissingEntry: the callable named an entry that is not visible.
    """
    if callable(budget.action):
        places = _asked(budget.action, budget, ledger, pieces, types)
    else:
        places = _oldest(budget, ledger, messages, pieces, types)
    if not places:
        hint = "What is left is pinned, leading instructions, or the newest entry: skip entries, or raise the budget."
        if callable(budget.action):
            hint = (
                "The budget's callable left nothing more out: let it drop entries, or return them."
            )
        raise _exceeded(int(ledger.tokens), budget.available, hint)
    return places


def _exceeded(tokens: int, available: int, hint: str) -> BudgetExceeded:
    return BudgetExceeded(
        f"the context takes {tokens} tokens, {tokens - available} more than the {available} it may use",
        tokens=tokens,
        limit=available,
        hint=hint,
    )


def _oldest(
    budget: TokenBudget,
    ledger: Ledger,
    messages: Sequence[Message],
    pieces: Pieces,
    types: ContentTypes,
) -> set[int]:
    groups = groups_of(pieces)
    sizes = _sizes(groups, ledger, messages, pieces)
    lead = 0
    while lead < len(pieces) and payload_role(pieces.payloads[lead], types) in _LEADING:
        lead += 1

    newest = max((group[-1] for group, size in zip(groups, sizes, strict=True) if size), default=-1)

    def rank(number: int) -> tuple[bool, int] | None:
        """Its place in the order of leaving, what is important last; None if it stays."""
        group = groups[number]
        marks = pieces.priorities(group)
        stays = group[0] < lead or group[-1] == newest or Priority.PINNED in marks
        return None if stays or not sizes[number] else (Priority.IMPORTANT in marks, number)

    leaving = sorted(place for n in range(len(groups)) if (place := rank(n)) is not None)
    left = ledger.total
    gone: set[int] = set()
    for _, number in leaving:
        if ledger.scaled(left) <= budget.available:
            break
        left -= sizes[number]
        gone.update(groups[number])
    return gone


def _sizes(
    groups: Sequence[Group], ledger: Ledger, messages: Sequence[Message], pieces: Pieces
) -> list[int]:
    """Return how many of the counter's tokens each group has in the context."""
    slots = pieces.slots
    number_of = {slots[place].commit: n for n, group in enumerate(groups) for place in group}
    sizes = [0] * len(groups)
    for message, count in zip(messages, ledger.counts, strict=True):
        numbers = {number_of[commit] for commit in message.commits if commit in number_of}
        for number in numbers:  # several where a compiler made one message of several entries
            sizes[number] += max(1, count // len(numbers))
    return sizes


def _asked(
    action: Callable[[Overflow], Iterable[Target] | None],
    budget: TokenBudget,
    ledger: Ledger,
    pieces: Pieces,
    types: ContentTypes,
) -> set[int]:
    chosen = _Chosen(pieces)
    overflow = Overflow(
        int(ledger.tokens), budget.available, tuple(entries_of(pieces, types)), chosen.drop
    )
    result = action(overflow)
    if result is not None:
        if isinstance(result, str | Entry) or not isinstance(result, Iterable):
            kind = printable(type(result).__name__)
            raise InvalidInput(
                f"the budget's callable gave {kind}, not an iterable of entries",
                kind="invalid_budget",
                hint="Return the entries to leave out as a list, or None after calling drop().",
            )
        chosen.drop(*result)
    return chosen.places


class _Chosen:
    """What a callable wants left out, widened to whole exchanges."""

    def __init__(self, pieces: Pieces) -> None:
        self.places: set[int] = set()
        self._pieces = pieces
        self._groups: dict[str, list[Group]] = {}
        for group in groups_of(pieces):
            for place in group:
                for name in {pieces.slots[place].entry_id, pieces.slots[place].commit}:
                    self._groups.setdefault(name, []).append(group)

    def drop(self, *targets: Target) -> None:
        """Leave entries out this time, each with its whole exchange.

        Args:
            targets: entries, entry ids or commit ids.

        Raises:
            InvalidInput: one is pinned, or is neither an entry nor an id.
            MissingEntry: one is not visible.
        """
        for target in targets:
            name = target.id if isinstance(target, Entry) else target
            if not isinstance(name, str):
                raise InvalidInput(
                    f"{printable(type(target).__name__)} is neither an entry nor an id",
                    kind="invalid_budget",
                    hint="Drop some of overflow.entries.",
                )
            groups = self._groups.get(name)
            if groups is None:
                raise MissingEntry(
                    f"no visible entry {printable(repr(name))}",
                    hint="Drop some of overflow.entries.",
                )
            for group in groups:
                self._drop(group, name)

    def _drop(self, group: Group, name: str) -> None:
        if Priority.PINNED in self._pieces.priorities(group):
            raise InvalidInput(
                f"entry {printable(repr(name))} is pinned, or part of an exchange that is",
                kind="pinned",
                hint="Pinned entries stay in every context: take the pin off first, or drop another.",
            )
        self.places.update(group)
