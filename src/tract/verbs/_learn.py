"""What a tract's model makes of a counter's tokens, learned from the usage that is recorded.

Learned when a figure in tokens is first wanted, and again when a quarter more has been recorded.
Some of the recorded calls are looked at, spread over the tract's life: the context of each is
compiled as it was, counted, and held against what the provider reported. A model whose tokenizer
is at hand needs none of this, and neither does a tokenizer that the caller brought.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from tract.compile import (
    REPORTS_MIN,
    CompiledContext,
    CompileOptions,
    Fit,
    Report,
    Scale,
    compile_context,
    counter_for,
    fit,
)
from tract.errors import TractError
from tract.objects import MARK, Commit
from tract.repo import Repo, Settings
from tract.store import Reader, Store, Usage

_LOOKED_AT_MAX = 32
_ENTRIES_MAX = 200_000
_AGAIN = 4
_OTHER_TRACTS_MAX = 20
_LOOKED_BACK_MAX = 8


class Counting(NamedTuple):
    """How a tract's tokens are counted.

    Attributes:
        model: the model that they are counted for: the handle's, else that of the newest reply.
        provider: who serves it, where that is known.
        tokenizer: name of what counts; "" for a function of the caller's.
        ratio: tokens of the model for one of the tokenizer's.
        method: "exact" or "estimated".
        error: relative error to expect; 0.0 for an exact count.
        reports: how many reports of usage the ratio was learned from; 0 where it is a fixed one.
        beside: tokens that the calls had beside the context (instructions and tools that the tract
            does not hold), as far as the reports tell.
    """

    model: str | None
    provider: str | None
    tokenizer: str
    ratio: float = 1.0
    method: str = "exact"
    error: float = 0.0
    reports: int = 0
    beside: int = 0


class Learner:
    """Finds out what the counts of one handle become; see the module's top.

    Args:
        store: where usage is recorded.
        tract: id of the handle's tract.
        settings: how the handle works.
    """

    __slots__ = ("__weakref__", "_found", "_known", "_new", "_settings", "_store", "_tract")

    def __init__(self, store: Store, tract: str, settings: Settings) -> None:
        self._store = store
        self._tract = tract
        self._settings = settings
        self._found: tuple[Counting, Scale] | None = None
        self._known = 0
        self._new = 0

    def told(self, model: str | None) -> None:
        """Take note that usage of a model was recorded."""
        self._new += 1
        known = None if self._found is None else self._found[0].model
        if self._settings.model is None and model is not None and model != known:
            self._found = None

    def noticed(self, recorded: int) -> None:
        """Take note of how much is recorded by now, by whomever."""
        self._new = max(self._new, recorded - self._known)

    def settle(self) -> None:
        """Find out what is still to be had cheaply, before the store is closed."""
        if self._found is None and not self._settings.counted_by_caller:
            with suppress(TractError), self._store.read() as reader:
                self._found = self._unlearned(reader, reader.usages(self._tract))

    def scale(self) -> Scale:
        """Return what the counter's tokens become, as far as is known now."""
        return self._learned()[1]

    def counting(self) -> Counting:
        """Return how tokens are counted, as far as is known now."""
        return self._learned()[0]

    def _learned(self) -> tuple[Counting, Scale]:
        settings = self._settings
        tally = settings.tally
        if self._found is not None and self._new < max(1, self._known // _AGAIN):
            return self._found
        model, provider = settings.model, settings.provider
        given = Counting(model, provider, tally.counter.name, tally.ratio, tally.method)
        if settings.counted_by_caller:
            return given, tally.scale
        try:
            with self._store.read() as reader:
                found = self._read(reader)
        except TractError:  # counting must work on after the store is closed
            return self._found or (given, tally.scale)
        self._found, self._new = found, 0
        return found

    def _read(self, reader: Reader) -> tuple[Counting, Scale]:
        settings, tally = self._settings, self._settings.tally
        usages = reader.usages(self._tract)
        self._known = len(usages)
        counting, scale = self._unlearned(reader, usages)
        model, provider = counting.model, counting.provider
        if scale.method == "exact" or model is None:
            return counting, scale
        calls = _calls(reader, usages, model, provider, settings)
        if len(calls) < REPORTS_MIN:
            others = _calls_of_others(reader, self._tract, model, provider, settings)
            calls = _once([*others, *calls])
        learned = fit(list(_reports(reader, settings, calls)))
        if learned is None:
            return counting, scale
        scale = Scale(learned.ratio, "estimated", learned.error)
        return _counting(model, provider, tally.counter.name, learned), scale

    def _unlearned(self, reader: Reader, usages: Sequence[Usage]) -> tuple[Counting, Scale]:
        """Return how tokens are counted before anything is learned of the model."""
        settings, tally = self._settings, self._settings.tally
        model, provider = settings.model, settings.provider
        if model is None:
            model, provider = _newest(reader, usages, settings)
        counter, ratio, method = counter_for(model, provider)
        if counter.name != tally.counter.name:
            method = "estimated"  # its tokenizer is not the one that this handle counts with
        scale = Scale(ratio, method)
        error = scale.of(1_000).error
        return Counting(model, provider, tally.counter.name, ratio, method, error), scale


def _counting(model: str | None, provider: str | None, tokenizer: str, learned: Fit) -> Counting:
    return Counting(
        model,
        provider,
        tokenizer,
        learned.ratio,
        "estimated",
        learned.error,
        learned.reports,
        learned.beside,
    )


def learner(repo: Repo) -> Learner:
    """Return what learns for a handle; there is one for each."""
    found = repo.cache.gauge
    if not isinstance(found, Learner):
        found = repo.cache.gauge = Learner(repo.store, repo.tract, repo.settings)
    return found


def made_by(commit: Commit) -> tuple[str | None, str | None]:
    """Return the model and the provider that a commit was made with, as far as it says."""
    config = commit.made_with or {}
    model, provider = config.get("model"), config.get("provider")
    if not isinstance(model, str):
        model = commit.author.name or None if commit.author.kind == "model" else None
    return model, provider if isinstance(provider, str) else None


def reply_of(reader: Reader, id: str) -> Commit:
    """Return the reply that usage recorded at a commit is of: the last one up to there.

    Usage is often recorded where HEAD is: at a mark of the reply, or behind the results of its calls.
    """
    commit = at = reader.commit(id)
    for _ in range(_LOOKED_BACK_MAX):
        if made_by(at)[0] is not None and at.operation != MARK:
            return at
        if not at.parents:
            break
        at = reader.commit(at.parents[0])
    return commit


class Call(NamedTuple):
    """A call that usage was recorded for.

    Attributes:
        model: the model that was called: by the report, else the commit, else the handle.
        provider: who served it, where that is known.
        reply: the commit of the reply, or None.
        sent: the tokens that were sent.
    """

    model: str | None
    provider: str | None
    reply: Commit | None
    sent: int


def call_of(reader: Reader, usage: Usage, settings: Settings) -> Call:
    """Return the call that usage was recorded for."""
    said, sent = usage.body.get("model"), int(usage.body.get("input") or 0)
    if usage.commit is None:
        return Call(said or settings.model, settings.provider, None, sent)
    reply = reply_of(reader, usage.commit)
    model, provider = made_by(reply)
    return Call(said or model or settings.model, provider or settings.provider, reply, sent)


def _newest(
    reader: Reader, usages: Sequence[Usage], settings: Settings
) -> tuple[str | None, str | None]:
    """Return the model of the newest call that used any tokens."""
    for usage in reversed(usages):
        if usage.body.get("input"):
            call = call_of(reader, usage, settings)
            if call.model is not None:
                return call.model, call.provider
    return None, settings.provider


def _calls(
    reader: Reader,
    usages: Sequence[Usage],
    model: str,
    provider: str | None,
    settings: Settings,
) -> list[Call]:
    """Return the calls of a model that have a reply."""
    calls = []
    told: set[str] = set()
    for usage in usages:
        # The first report is the reply's own; what follows was paid for something else beside it.
        if usage.commit is not None and usage.commit not in told and usage.body.get("input"):
            told.add(usage.commit)
            call = call_of(reader, usage, settings)
            if call.model == model and (provider is None or call.provider in (None, provider)):
                calls.append(call)
    return calls


def _calls_of_others(
    reader: Reader, tract: str, model: str, provider: str | None, settings: Settings
) -> list[Call]:
    """Return a model's calls that other tracts of the store know of, the newest tracts first."""
    calls: list[Call] = []
    for row in reversed(reader.tracts()[-_OTHER_TRACTS_MAX:]):
        if row.id != tract:
            calls += _calls(reader, reader.usages(row.id), model, provider, settings)
        if len(calls) >= _LOOKED_AT_MAX:
            break
    return calls


def _once(calls: Iterable[Call]) -> list[Call]:
    """Return calls without those that several tracts know of, as copies of a session do."""
    return list({call.reply and call.reply.id: call for call in calls}.values())


def _reports(reader: Reader, settings: Settings, calls: Sequence[Call]) -> Iterator[Report]:
    """Yield what providers reported of some calls, and what the counter makes of their contexts."""
    previous: CompiledContext | None = None
    options = CompileOptions(compiler=settings.compiler)
    for call in _spread(calls):
        asked = None if call.reply is None else _asked(reader, call.reply)
        state = () if asked is None else reader.state(asked)
        if not 0 < len(state) <= _ENTRIES_MAX:
            continue
        try:
            previous = compile_context(
                asked,
                state,
                reader.payloads,
                types=settings.types,
                tally=settings.tally,
                options=options,
                previous=previous,
            )
        except TractError:  # it has something that cannot be rendered any more
            continue
        yield Report(previous.counted, call.sent)


def _spread(calls: Sequence[Call]) -> list[Call]:
    """Return some of the calls, the first and the last among them, evenly spread."""
    if len(calls) <= _LOOKED_AT_MAX:
        return list(calls)
    step = (len(calls) - 1) / (_LOOKED_AT_MAX - 1)
    return [calls[round(number * step)] for number in range(_LOOKED_AT_MAX)]


def _asked(reader: Reader, commit: Commit) -> str | None:
    """Return the commit whose context a reply answers; None where there is none."""
    while commit.operation == MARK and commit.parents:
        commit = reader.commit(commit.parents[0])
    return commit.parents[0] if commit.parents else None
