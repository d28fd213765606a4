"""Why a context is what it is: a line for every entry of the state.

Everything is read off what the compile left behind, when somebody asks. An entry is found again
by its commit, which is on each message that was made from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tract.compile._ledger import Ledger
from tract.compile._options import CompileOptions
from tract.compile._pieces import Hidden
from tract.compile._repair import Anchor
from tract.compile._report import Explanation, ExplanationLine, Repair, preview
from tract.compile._show import message_text
from tract.objects import ContentTypes, Message, Slot, State


@dataclass(frozen=True, slots=True)
class Memo:
    """How a context came to be, and what a later compile needs to go on from it.

    Attributes:
        state: the entries it was compiled from.
        options: what was asked.
        tools: canonical bytes of the tools.
        types: the content types that were known.
        hidden: entries that are not shown.
        changed: for the commit of each entry that a view changed, which view did what.
        removed: messages that repairs left out, with their places before repairs.
        anchor: from where on a later append can change something.
        open: the messages from there on, before repairs, each with its content id.
        pins: commits of those entries among them that are pinned.
        is_linear: whether a later compile may go on from here at all.
    """

    state: State
    options: CompileOptions
    tools: bytes
    types: ContentTypes
    hidden: tuple[Hidden, ...]
    changed: Mapping[str, str]
    removed: tuple[tuple[int, Message], ...]
    anchor: Anchor
    open: tuple[tuple[Message, str | None], ...]
    pins: frozenset[str]
    is_linear: bool


def explain(
    commit: str | None,
    messages: Sequence[Message],
    repairs: Sequence[Repair],
    memo: Memo,
    ledger: Ledger,
) -> Explanation:
    """Return the explanation of a context.

    Args:
        commit: id of the commit that was compiled.
        messages: what is sent.
        repairs: what was mended.
        memo: how the context came to be.
        ledger: counts `messages`.
    """
    teller = _Teller(messages, repairs, memo, ledger)
    budget = memo.options.budget
    return Explanation(
        commit,
        tuple([teller.line(slot) for slot in memo.state]),
        len(messages),
        ledger.tokens,
        budget.available if budget is not None else None,
    )


class _Teller:
    def __init__(
        self, messages: Sequence[Message], repairs: Sequence[Repair], memo: Memo, ledger: Ledger
    ) -> None:
        self._messages = messages
        self._ledger = ledger
        self._hidden = {item.commit: item for item in memo.hidden}
        self._changed = memo.changed
        self._places: dict[str, list[int]] = {}
        for place, message in enumerate(messages):
            for commit in message.commits:
                self._places.setdefault(commit, []).append(place)
        self._removed = {commit: m for _, m in memo.removed for commit in m.commits}
        self._repairs: dict[str, list[str]] = {}
        for repair in repairs:
            if repair.commit is not None:
                self._repairs.setdefault(repair.commit, []).append(repair.message)

    def line(self, slot: Slot) -> ExplanationLine:
        why = "; ".join(self._repairs.get(slot.commit, ()))
        if slot.commit in self._places:
            return self._shown(slot, why)
        item = self._hidden.get(slot.commit)
        if item is not None:
            return _line(slot, item.role, item.status, item.why, item.text)
        message = self._removed.get(slot.commit)
        if message is not None:
            text = preview(message_text(message))
            why = why or "its exchange is left out"
            return _line(slot, message.role, "left_out", why, text)
        return _line(slot, "", "compiler", "the compiler did not use it", "")

    def _shown(self, slot: Slot, why: str) -> ExplanationLine:
        places = self._places[slot.commit]
        first = self._messages[places[0]]
        # A message made of several entries is told once, with the first of them.
        own = [place for place in places if self._messages[place].commits[0] == slot.commit]
        tokens = int(self._ledger.scaled(sum(self._ledger.counts[place] for place in own)))
        changed = self._changed.get(slot.commit, "")
        status = "repaired" if why else "changed" if changed else "shown"
        why = "; ".join(filter(None, (changed, why)))
        text = preview(message_text(first))
        return _line(slot, first.role, status, why, text, index=places[0], tokens=tokens)


def _line(slot: Slot, role: str, status: str, why: str, text: str, **place: Any) -> ExplanationLine:
    index, tokens = place.get("index"), place.get("tokens", 0)
    priority = slot.mark.priority.value
    return ExplanationLine(
        slot.entry_id, slot.commit, role, priority, status, why, index, tokens, text
    )
