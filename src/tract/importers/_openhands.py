"""Logs of OpenHands: one call of a model in a file, with what was sent and what came back.

What was sent and the reply to it are a conversation. Where the model has no function calling of
its own, the log has the conversation twice: as the prompt that the model was sent, and in the form
that the agent keeps. The first is the branch "main", since the report of usage is about it, the
other one the branch "native". A log says no time for what was sent, so that part of a run's logs
which is equal has equal ids, whichever call it was logged with.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tract.errors import InvalidInput
from tract.importers._json import json_type, same
from tract.importers._layouts import Piece, numbered, pieces
from tract.importers._records import BadRecord, Conversation, Imported
from tract.importers._replies import parted
from tract.importers._source import Sample, Source
from tract.importers._speech import Speech, time_of
from tract.importers._tree import MAIN
from tract.objects import normalise_usage

_SURE = 95
NATIVE = "native"
_FACTS = frozenset(
    {
        "args",
        "context_window",
        "cost",
        "fncall_messages",
        "kwargs",
        "latency_sec",
        "raw_messages",
    }
)
_ELSEWHERE = frozenset(
    {
        "fncall_messages",
        "fncall_response",
        "messages",
        "raw_messages",
        "raw_response",
        "response",
    }
)


class OpenHands:
    """Reads logs of calls that OpenHands made."""

    name = "openhands"
    description = "OpenHands logs of calls: messages, tools, response, cost"

    def detects(self, sample: Sample) -> int:
        """Return how sure it is: sure where a request stands beside a reply and what it cost."""
        values = sample.values
        if not sample.lines and values and isinstance(values[0], list):
            values = tuple(values[0])
        return _SURE if any(map(_is_log, values)) else 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield the conversation of each call, and its other form where there is one."""
        for piece in pieces(source, _is_log):
            if isinstance(piece, BadRecord):
                yield piece
                continue
            fault = _fault(piece.value)
            if fault is not None:
                yield source.bad(piece.here, fault)
                continue
            name, log = numbered(tract, piece.number), piece.value
            forms = {b: form for b, form in _forms(log).items() if form.messages in log}
            about = _about(log)
            expected = piece.expected + len(forms) - 1 if piece.expected else 0
            for branch, form in forms.items():
                messages = _messages(source, piece, form)
                yield Conversation(name, branch, piece.here, messages, about, expected)
                about = {}


def _is_log(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("messages"), list):
        return False
    response = value.get("response")
    return isinstance(response, Mapping) and "choices" in response and not _FACTS.isdisjoint(value)


def _fault(log: Any) -> str | None:
    """Return why a value is no log of a call; None if it is one."""
    if not isinstance(log, Mapping):
        return f"no log of a call, but {json_type(log)}"
    if not isinstance(log.get("messages"), list):
        return (
            f"messages is {json_type(log['messages'])}, no list"
            if "messages" in log
            else "messages is missing"
        )
    return None if log["messages"] or log.get("response") else "the conversation has no messages"


class _Form(NamedTuple):
    """Where one form of the conversation stands in a log, and whether its call is reported there."""

    messages: str
    response: str
    reported: bool


def _forms(log: Mapping[str, Any]) -> dict[str, _Form]:
    """Return the forms that a log may have, by the names of their branches."""
    older = "fncall_messages" in log
    native = _Form("fncall_messages", "fncall_response", False)
    return {
        MAIN: _Form("messages", "response", True),
        NATIVE: native if older else _Form("raw_messages", "response", False),
    }


def _about(log: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a log with its branch: definitions of tools once."""
    about = {name: value for name, value in log.items() if name not in _ELSEWHERE}
    kwargs = about.get("kwargs")
    if isinstance(kwargs, Mapping) and "tools" in kwargs:
        rest = {name: value for name, value in kwargs.items() if name != "tools"}
        if about.get("tools") is None:
            about |= {"tools": kwargs["tools"], "kwargs": rest}
        elif same(about["tools"], kwargs["tools"]):
            about["kwargs"] = rest
    return about


def _messages(source: Source, piece: Piece, form: _Form) -> Iterator[Imported | BadRecord]:
    log = piece.value
    listed = log[form.messages]
    if not isinstance(listed, list):
        yield source.bad(piece.at(form.messages), f"no list, but {json_type(listed)}")
        return
    response = log.get(form.response)
    model = response.get("model") if isinstance(response, Mapping) else None
    speech = Speech("openai", model)
    for number, said in enumerate(listed):
        place = piece.at(f"{form.messages}[{number}]")
        is_reply = isinstance(said, Mapping) and said.get("role") == "assistant"
        message, more = parted(said) if is_reply else (said, None)
        try:
            told = speech.read(message, place, number)
        except InvalidInput as error:
            yield source.bad(place, error.message)
        else:
            yield told._replace(metadata=more or None)
    place = piece.at(form.response)
    try:
        yield _reply(log, form, speech, place, len(listed))
    except InvalidInput as error:
        yield source.bad(place, error.message)


def _reply(
    log: Mapping[str, Any], form: _Form, speech: Speech, place: str, position: int
) -> Imported:
    """Return the reply of a log.

    Raises:
        InvalidInput: there is none, or it cannot be read.
    """
    response = log.get(form.response)
    if not isinstance(response, Mapping):
        raise _unfit(f"no reply, but {json_type(response)}")
    choices = response.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choices, list) or not isinstance(choice, Mapping):
        raise _unfit("a reply without choices")
    if not isinstance(message, Mapping):
        raise _unfit("a reply whose choice has no message")
    message, metadata = parted({"role": "assistant", **message})
    told = speech.read(message, place, position)
    metadata |= _said_beside(response, choice, choices[1:])
    raw = log.get("raw_response")
    if form.reported and raw is not None and not same(raw, response):
        metadata["raw_response"] = raw
    usage = None
    if form.reported:
        usage = _usage(response.get("usage"), log.get("cost"))
        if usage is None and response.get("usage") is not None:
            metadata["usage"] = response["usage"]
    model = response.get("model")
    return told._replace(
        at=_time(log, response, position),
        made_with={"model": model} if isinstance(model, str) and model else None,
        usage=usage,
        metadata=metadata or None,
    )


def _said_beside(
    response: Mapping[str, Any], choice: Mapping[str, Any], others: list[Any]
) -> dict[str, Any]:
    """Return what a response says besides its message, usage and model."""
    about = {
        name: value
        for name, value in response.items()
        if name not in ("choices", "usage", "model") and value is not None
    }
    here = {
        name: value
        for name, value in choice.items()
        if name not in ("message", "index") and value not in (None, {})
    }
    found: dict[str, Any] = {"response": about} if about else {}
    if here:
        found["choice"] = here
    return {**found, "other_choices": others} if others else found


def _usage(reported: Any, cost: Any) -> Mapping[str, Any] | None:
    """Return usage with the cost, without it where that is no amount, or None."""
    if not isinstance(reported, Mapping):
        return None
    for paid in (cost, None):
        try:
            return normalise_usage(reported, cost=paid)
        except (InvalidInput, RecursionError):
            continue
    return None


def _time(log: Mapping[str, Any], response: Mapping[str, Any], position: int) -> int:
    for said in (log.get("timestamp"), response.get("created")):
        if (at := time_of(said)) is not None:
            return at
    return position


def _unfit(what: str) -> InvalidInput:
    return InvalidInput(
        f"the response is {what}", kind="invalid_message", hint="Mend the log, or leave it out."
    )
