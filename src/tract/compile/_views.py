"""The views that come with the library: what is shown of entries that are long, old or repeated.

A view changes nothing that is stored: it gives entries that read differently in one context. Each
is a value that does the same wherever it runs, and doing it twice is doing it once. All of them
leave alone what is pinned or important, with the whole exchange that it belongs to, instructions,
and contents of types that they do not know. A text that takes another's place says what was
there, so that a model neither takes it for the content nor asks in vain.
"""

from abc import ABC, abstractmethod
from collections import Counter as Tallied
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tract.compile._options import Value
from tract.compile._report import preview
from tract.compile._tokens import TiktokenCounter
from tract.errors import InvalidInput, printable
from tract.graph import Exchange, exchanges, facts_of
from tract.objects import Entry, Priority

SHORT_CHARS: Final = 240
"""What is not longer than this stays: the text in its place would hardly be shorter."""

TOKENS_MIN: Final = 50
"""The least that `TruncateLong` cuts to: below, the line in the middle would be most of it."""

Payload = Mapping[str, Any]


class ChangedEntry(Entry):
    """An entry that reads differently in one context, and why.

    Attributes:
        why: what was done to it, for an explanation.
    """

    __slots__ = ("why",)

    why: str

    def __init__(self, entry: Entry, payload: Payload, why: str) -> None:
        super().__init__(entry.id, entry.commit, entry.mark, payload, entry._types)  # noqa: SLF001 - it knows the same types
        object.__setattr__(self, "why", why)


class ShippedView(Value, ABC):
    """What the views here have in common: doing it again to fewer entries does it to these."""

    __slots__ = ()

    repeatable = True

    @abstractmethod
    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries as they are shown.

        Args:
            entries: what is visible, in the order of the context.
        """


# --- what all of them ask ---------------------------------------------------------------------


def stored(entry: Entry) -> Payload:
    """Return the payload of an entry, which is shared: to be read only."""
    return entry._payload  # noqa: SLF001 - a content model for each of ten thousand entries costs a second


def _exchanges(entries: Sequence[Entry]) -> list[Exchange]:
    return exchanges([facts_of(stored(entry), entry._types) for entry in entries])  # noqa: SLF001 - as above


def _held(entries: Sequence[Entry], found: Sequence[Exchange]) -> set[int]:
    """Return the places that no view touches: what is pinned or important, by whole exchanges."""
    kept = (Priority.PINNED, Priority.IMPORTANT)
    held = {place for place, entry in enumerate(entries) if entry.mark.priority in kept}
    if held:
        for exchange in found:
            if not held.isdisjoint(exchange.members):
                held.update(exchange.members)
    return held


def _tool_of(entries: Sequence[Entry], found: Sequence[Exchange]) -> dict[int, str]:
    """Return for the place of each result the name of the tool that was called."""
    names: dict[int, str] = {}
    for exchange in found:
        if not any(exchange.answers):
            continue
        payload = stored(entries[exchange.place])
        calls = [part for part in payload.get("parts", ()) if part.get("kind") == "tool_call"]
        calls += payload.get("tool_calls", ())
        for call, places in zip(calls, exchange.answers, strict=False):
            names.update(dict.fromkeys(places, call.get("name", "")))
    return names


def _tool_name(payload: Payload, called: str | None) -> str:
    """Return the name of a result's tool, short and printable; "" where nobody knows it."""
    return printable(payload.get("name") or called or "", limit=40)[:60]


def _replaced(entries: Sequence[Entry], changed: Mapping[int, Entry]) -> Sequence[Entry]:
    if not changed:
        return entries
    return [changed.get(place, entry) for place, entry in enumerate(entries)]


# The types whose text may be shortened, with the field that holds it.
_TEXT_FIELDS: Mapping[str, str] = {
    "tool_result": "output",
    "dialogue": "text",
    "artifact": "text",
    "output": "text",
}


def _texts(payload: Payload) -> list[tuple[str | int, str]]:
    """Return the texts of a payload, each with its field or the number of its part."""
    field = _TEXT_FIELDS.get(payload["content_type"])
    if field is None:
        return []
    text = payload.get(field)
    if isinstance(text, str):
        return [(field, text)]
    parts = enumerate(payload.get("parts", ()))
    return [(number, part["text"]) for number, part in parts if part["kind"] == "text"]


def _retold(payload: Payload, texts: Mapping[str | int, str]) -> Payload:
    """Return a payload with other texts in the given places."""
    told = dict(payload)
    parts = list(payload.get("parts", ()))
    for place, text in texts.items():
        if isinstance(place, str):
            told[place] = text
        else:
            parts[place] = {**parts[place], "text": text}
    if parts:
        told["parts"] = parts
    return told


def _check_count(view: Value, name: str, least: int) -> None:
    value = getattr(view, name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidInput(
            f"{type(view).__name__} {name}={printable(repr(value))} cannot be used",
            kind="invalid_view",
            hint=f"Give {name} as an int, {least} or more.",
        )


# --- tool results -----------------------------------------------------------------------------


class MaskToolResults(ShippedView):
    r"""Show a short text in place of the output of all tool results but the last.

    The text names the tool and the size of what was there. Calls, ids, names and error flags stay,
    so exchanges stay whole. Short outputs without media stay, too.

    Args:
        keep_last: how many results, counted from the end, are shown in full.

    Raises:
        InvalidInput: `keep_last` is no number from 0 on.

    Example:
        >>> from tract import MaskToolResults, Tract
        >>> with Tract.open() as t:
        ...     _ = t.assistant(tool_calls=[{"id": "c1", "name": "read", "arguments": "{}"}])
        ...     _ = t.tool_result("c1", "line\n" * 400)
        ...     context = t.compile(views=[MaskToolResults(keep_last=0)])
        >>> context.messages[-1].text
        '[Output of read left out: 2,000 characters, 401 lines]'
    """

    __slots__ = ("keep_last",)

    keep_last: int

    def __init__(self, keep_last: int = 5) -> None:
        self._set(keep_last=keep_last)
        _check_count(self, "keep_last", 0)

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries, older results masked."""
        results = [n for n, entry in enumerate(entries) if entry.content_type == "tool_result"]
        old = results[: max(0, len(results) - self.keep_last)]
        if not old:
            return entries
        found = _exchanges(entries)
        held, tools = _held(entries, found), _tool_of(entries, found)
        masked = {
            place: entry
            for place in old
            if place not in held
            and (entry := _masked(entries[place], tools.get(place))) is not None
        }
        return _replaced(entries, masked)


_MEDIA = {"image": "image", "audio": "recording", "file": "file"}


def _masked(entry: Entry, tool: str | None) -> Entry | None:
    """Return a tool result without its output; None where that is short."""
    payload = stored(entry)
    text = "\n".join(text for _, text in _texts(payload))
    parts = payload.get("parts", ())
    others = Tallied(_MEDIA.get(p["kind"], "other part") for p in parts if p["kind"] != "text")
    if len(text) <= SHORT_CHARS and not others:
        return None
    sizes = [_count(len(text), "character"), _count(text.count("\n") + 1, "line")] if text else []
    size = ", ".join(sizes + [_count(number, kind) for kind, number in others.items()])
    name = _tool_name(payload, tool)
    what = "Error" if payload.get("is_error") else "Output"
    shown = f"[{what}{f' of {name}' if name else ''} left out: {size}]"
    fields = {key: value for key, value in payload.items() if key not in ("output", "parts")}
    given = {"parts": [{"kind": "text", "text": shown}]} if parts else {"output": shown}
    return ChangedEntry(entry, {**fields, **given}, f"masked by MaskToolResults: {size}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


# --- reasoning --------------------------------------------------------------------------------


class DropReasoning(ShippedView):
    """Leave out the reasoning of all replies but the last that have some.

    A reply is a run of neighbouring entries of the assistant, so reasoning that is an entry of its
    own belongs to what follows it. An entry that says nothing but reasoning is left out whole.
    What is kept may still be left out by a repair, where its provider bound it to all before it.

    Args:
        keep_last: how many replies with reasoning, counted from the end, keep it.

    Raises:
        InvalidInput: `keep_last` is no number from 0 on.

    Example:
        >>> from tract import DropReasoning, Tract
        >>> with Tract.open() as t:
        ...     _ = t.user("How many?")
        ...     _ = t.reasoning("Let me count.")
        ...     _ = t.assistant("Three.")
        ...     t.compile(views=[DropReasoning(keep_last=0)]).to_dicts()[1:]
        [{'role': 'assistant', 'content': 'Three.'}]
    """

    __slots__ = ("keep_last",)

    keep_last: int

    def __init__(self, keep_last: int = 1) -> None:
        self._set(keep_last=keep_last)
        _check_count(self, "keep_last", 0)

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries, older reasoning left out."""
        replies: dict[int, list[int]] = {}  # of each reply with reasoning, where that is
        reply = 0
        for place, entry in enumerate(entries):
            if entry.role != "assistant":
                reply += 1
            elif _reasons(stored(entry)):
                replies.setdefault(reply, []).append(place)
        old = list(replies.values())[: max(0, len(replies) - self.keep_last)]
        if not old:
            return entries
        held = _held(entries, _exchanges(entries))
        dropping = {place for places in old for place in places} - held
        shown = [
            _unreasoned(entry) if place in dropping else entry
            for place, entry in enumerate(entries)
        ]
        return [entry for entry in shown if entry is not None]


def _reasons(payload: Payload) -> bool:
    kind = payload["content_type"]
    if kind == "dialogue":
        return any(part["kind"] == "reasoning" for part in payload.get("parts", ()))
    return bool(kind == "reasoning")


def _unreasoned(entry: Entry) -> Entry | None:
    """Return an entry without its reasoning; None where that is all it says."""
    payload = stored(entry)
    parts = [part for part in payload.get("parts", ()) if part["kind"] != "reasoning"]
    extra = payload.get("extra", {}).items()
    says = (
        any(part["kind"] not in ("text", "refusal") or part["text"] for part in parts)
        or payload.get("tool_calls")
        or payload.get("refusal")
        or any(fields for provider, fields in extra if not provider.endswith(".shape"))
    )
    if payload["content_type"] == "reasoning" or not says:
        return None
    return ChangedEntry(entry, {**payload, "parts": parts}, "reasoning dropped by DropReasoning")


# --- repeats ----------------------------------------------------------------------------------


class DedupeRepeats(ShippedView):
    """Show a text once: where it is repeated later, a line says what it is the same as.

    The first one stays, so appending never changes what is sent before. It goes for the texts of
    tool results, users, assistants, artifacts and outputs, whoever repeats them; short ones stay.
    Among several views give it last, so that what it refers to is there to be read.

    Example:
        >>> from tract import DedupeRepeats, Tract
        >>> with Tract.open() as t:
        ...     _, _ = t.user("All work and no play. " * 40), t.user("All work and no play. " * 40)
        ...     context = t.compile(views=[DedupeRepeats()])
        >>> print(context.messages[-1].text)
        [Same as the user's text above: 880 characters, from "All work and no play. All work and no..."]
    """

    __slots__ = ()

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries, each long text shown once."""
        if not _has_repeats(entries):
            return entries
        found = _exchanges(entries)
        held, tools = _held(entries, found), _tool_of(entries, found)
        firsts: dict[str, tuple[int, str | int]] = {}
        changed: dict[int, Entry] = {}
        for place in _as_sent(entries, found):
            entry = entries[place]
            payload = stored(entry)
            told: dict[str | int, str] = {}
            same: dict[str, None] = {}
            for where, text in _texts(payload):
                if len(text) <= SHORT_CHARS:
                    continue
                first = firsts.setdefault(text, (place, where))
                if place not in held and first != (place, where):
                    told[where] = _reference(entries[first[0]], tools.get(first[0]), text)
                    same[entries[first[0]].commit[:8]] = None
            if told:
                why = f"same as {', '.join(same)} by DedupeRepeats"
                changed[place] = ChangedEntry(entry, _retold(payload, told), why)
        return _replaced(entries, changed)


def _has_repeats(entries: Sequence[Entry]) -> bool:
    seen: set[str] = set()
    for entry in entries:
        for _, text in _texts(stored(entry)):
            if len(text) > SHORT_CHARS:
                if text in seen:
                    return True
                seen.add(text)
    return False


def _as_sent(entries: Sequence[Entry], found: Sequence[Exchange]) -> list[int]:
    """Return the places in the order in which they are sent, without results that never are.

    Repairs put each result behind its call and leave out those that answer none or are repeated:
    what is the same must not be said to stand above where it stands below, or nowhere.
    """
    at: dict[int, tuple[int, int]] = {}
    for place, entry in enumerate(entries):
        if entry.content_type != "tool_result":
            at[place] = (place, 0)
    for exchange in found:
        for number, places in enumerate(exchange.answers, 1):
            if places:
                at[places[-1]] = (exchange.place, number)
    return sorted(at, key=at.__getitem__)


def _reference(first: Entry, tool: str | None, text: str) -> str:
    payload = stored(first)
    kind = payload["content_type"]
    if kind == "tool_result":
        name = _tool_name(payload, tool)
        what = f"the output of {name}" if name else "the tool's output"
    elif kind == "dialogue":
        what = f"the {payload['role']}'s text"
    else:
        what = f"the {kind}"
    start = preview(text, 40)[:80]
    return f'[Same as {what} above: {len(text):,} characters, from "{start}"]'


# --- long texts -------------------------------------------------------------------------------


class TruncateLong(ShippedView):
    """Show the beginning and the end of long texts, with a line between that says what is missing.

    It goes for the texts of tool results, users, assistants, artifacts and outputs; arguments of
    calls, reasoning, summaries and instructions stay. Tokens are those of o200k_base, whatever
    the handle counts with, since a view gives the same for every model.

    Args:
        tokens: what a text may take, in tokens, the line in the middle included; 50 or more.

    Raises:
        InvalidInput: `tokens` is no number from 50 on.

    Example:
        >>> from tract import Tract, TruncateLong
        >>> with Tract.open() as t:
        ...     _ = t.user("Read this. " * 1_000)
        ...     context = t.compile(views=[TruncateLong(tokens=100)])
        >>> "characters left out ...]" in context.messages[0].text, context.token_count < 110
        (True, True)
    """

    __slots__ = ("tokens",)

    tokens: int

    def __init__(self, tokens: int) -> None:
        self._set(tokens=tokens)
        _check_count(self, "tokens", TOKENS_MIN)

    def __call__(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries, long texts cut."""
        cuts = [self._cut_entry(entry) for entry in entries]
        if not any(cuts):
            return entries
        held = _held(entries, _exchanges(entries))
        return [
            entry if cut is None or place in held else cut
            for place, (entry, cut) in enumerate(zip(entries, cuts, strict=True))
        ]

    def _cut_entry(self, entry: Entry) -> Entry | None:
        told: dict[str | int, str] = {}
        left = whole = 0
        for where, text in _texts(stored(entry)):
            cut = _cut(text, self.tokens, TiktokenCounter().count)
            if cut is not None:
                told[where] = cut[0]
                left, whole = left + cut[1], whole + len(text)
        if not told:
            return None
        why = f"truncated by TruncateLong: {left:,} of {whole:,} characters left out"
        return ChangedEntry(entry, _retold(stored(entry), told), why)


_LINE_TOKENS = 24  # more than the line in the middle takes, for any text that fits in memory
_Count = Callable[[str], int]


def _cut(text: str, tokens: int, count: _Count) -> tuple[str, int] | None:
    """Return a text cut to `tokens` and how many characters that left out; None where it fits."""
    if not _exceeds(text, tokens, count):
        return None
    size, room = len(text), tokens - _LINE_TOKENS
    while True:
        head = _fitting(lambda n: text[:n], size, room - room // 2, count)
        tail = _fitting(lambda n: text[size - n :], size, room // 2, count)
        left = size - head - tail
        cut = f"{text[:head]}\n[... {left:,} characters left out ...]\n{text[size - tail :]}"
        # What was cut has to stay as it is when it is cut again. Tokens do not quite add up where
        # texts are joined, so that is made sure of, not assumed.
        if left > 0 and not _exceeds(cut, tokens, count):
            return cut, left
        room = room * 3 // 4


def _exceeds(text: str, tokens: int, count: _Count) -> bool:
    """Return whether a text has more tokens, without counting all of a text that is far too long."""
    if 4 * len(text) <= tokens:  # no character is more than four tokens
        return False
    start = text[: 8 * tokens]
    return count(start) > tokens or (len(start) < len(text) and count(text) > tokens)


def _fitting(part: Callable[[int], str], size: int, tokens: int, count: _Count) -> int:
    """Return how many characters, of at most `size`, fit in the tokens: a few percent short of most.

    Every guess goes by what the one before took, so few texts are counted, and none that is much
    longer than what fits.
    """
    best, guess = 0, min(size, 4 * tokens)
    for _ in range(6):
        if guess <= best:
            break
        taken = count(part(guess))
        if taken <= tokens:
            best = guess
            if guess == size or taken >= tokens - tokens // 16:
                break
        guess = min(size, guess * tokens // taken, 8 * guess)
    while not best and guess:
        guess //= 2
        if count(part(guess)) <= tokens:
            best = guess
    return best
