"""What the messages of a Claude Code session say, read again from their lines.

A reply of the model comes in several lines, each with some of its blocks and the usage so far;
here it is one message again. What the program put into the user's mouth (caveats, output of local
commands, notices) is kept as the user message that the model saw, by the application. Errors of
the API that were shown as replies are kept and marked skip, as the program never sends them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from tract.errors import InvalidInput, printable
from tract.formats import from_wire
from tract.importers._claude_chain import Node
from tract.importers._claude_lines import Kind, Line, queued, text
from tract.importers._records import Authored, BadRecord, Imported
from tract.importers._source import Record, Source
from tract.importers._speech import APPLICATION, Speech, time_of
from tract.objects import (
    Actor,
    Content,
    DialogueContent,
    Priority,
    SummaryContent,
    TextPart,
    check_json,
    normalise_usage,
)

PROVIDER = "anthropic"
_SYNTHETIC = "<synthetic>"
_USUAL_STOPS = frozenset({"end_turn", "tool_use", "stop_sequence"})
_DEEP = "the message is nested too deeply"


class Teller:
    """Tells the messages of one way through a session, in order.

    Args:
        source: the file.
        lines: the lines of the session.
        path: the messages on the way.
        kept: for each summary on the way, what it leaves standing: ids of nodes.
        reported: lines of replies that were found wanting, here and on the ways told before.
    """

    def __init__(
        self,
        source: Source,
        lines: Sequence[Line],
        path: Sequence[Node],
        kept: Mapping[int, set[int]],
        reported: set[str],
    ) -> None:
        self._source = source
        self._lines = lines
        self._path = path
        self._kept = kept
        self._reported = reported
        self._faults: list[BadRecord] = []
        self._speech = Speech(PROVIDER)

    def messages(self) -> Iterator[Imported | BadRecord]:
        """Yield what each of the messages says, and behind them which lines of replies say nothing."""
        spots = (self._lines[number].spot for node in self._path for number in node.lines)
        records = self._source.records_at(spots)
        for position, node in enumerate(self._path):
            found = list(islice(records, len(node.lines)))
            good = [r for r in found if isinstance(r, Record) and isinstance(r.value, Mapping)]
            if len(good) == len(found):
                yield self._told(node, good, position)
            else:
                place = f"line {self._lines[node.lines[0]].spot.line}"
                yield self._source.bad(place, "the line was changed while it was read")
        yield from self._faults

    def _told(self, node: Node, records: list[Record], position: int) -> Imported | BadRecord:
        """Return what a message says."""
        try:
            if node.kind is not Kind.ASSISTANT:
                told = self._user(node, records[0], position)
            else:
                told = self._whole(records, position)
        except InvalidInput as error:
            return self._source.bad(records[0].place, error.message)
        except RecursionError:
            return self._source.bad(records[0].place, _DEEP)
        return told._replace(key=str(node.lines[0]) if self._kept else None)

    # Users

    def _user(self, node: Node, record: Record, position: int) -> Imported:
        """Return what a user's line says: a prompt, results, a summary."""
        line = record.value
        typed = queued(line)
        content = _message(line, "user").get("content") if typed is None else typed.get("prompt")
        said = self._speech.read({"role": "user", "content": content}, record.place, position)
        metadata = _said_beside(line)
        contents = said.contents
        if metadata.keys() & {"meta", "origin"}:
            contents = tuple([_by(one, APPLICATION) for one in contents])
        replaces: list[str] = []
        if node.kind is Kind.SUMMARY and len(contents) == 1:
            contents = (Authored(_summary(contents[0].content), Actor("model")),)
            kept = self._kept.get(id(node), set())
            before = self._path[:position]
            replaces = [str(one.lines[0]) for one in before if id(one) not in kept]
            if node.boundary is not None and node.boundary.said:
                metadata["compaction"] = node.boundary.said
        return said._replace(
            contents=contents,
            at=_time(line, position),
            replaces=replaces,
            metadata=metadata or None,
        )

    # Replies

    def _whole(self, records: list[Record], position: int) -> Imported:
        """Return the reply that lines are; those of them that are none are left out and reported."""
        try:
            return self._reply(records, position)
        except (InvalidInput, RecursionError):
            sound = [record for record in records if self._is_sound(record)]
            if not sound or len(sound) == len(records):
                raise
            return self._reply(sound, position)

    def _is_sound(self, record: Record) -> bool:
        """Return whether a line is a reply by itself; take note of one that is none."""
        try:
            message = _message(record.value, "assistant")
            from_wire({"role": "assistant", "content": message.get("content")}, PROVIDER)
        except (InvalidInput, RecursionError) as error:
            if record.place not in self._reported:
                self._reported.add(record.place)
                reason = error.message if isinstance(error, InvalidInput) else _DEEP
                self._faults.append(self._source.bad(record.place, reason))
            return False
        return True

    def _reply(self, records: list[Record], position: int) -> Imported:
        messages = [_message(record.value, "assistant") for record in records]
        wire: dict[str, Any] = {"role": "assistant", "content": _merged(messages)}
        model = next((m for message in messages if (m := text(message, "model"))), None)
        if model is not None and model != _SYNTHETIC:
            wire["model"] = model
        said = self._speech.read(wire, records[0].place, position)
        failed = any(record.value.get("isApiErrorMessage") is True for record in records)
        last = messages[-1]
        stop = text(last, "stop_reason")
        metadata = {**_said_beside(records[0].value)}
        if stop is not None and stop not in _USUAL_STOPS:
            metadata["stop_reason"] = stop
        usage = None if model == _SYNTHETIC else _usage(records, messages)
        if usage is None and model != _SYNTHETIC and _is_kept(last.get("usage")):
            metadata["usage"] = last["usage"]
        reason = next((r for one in records if (r := text(one.value, "error"))), "")
        return said._replace(
            at=_time(records[0].value, position),
            made_with=None if said.made_with is None else {**said.made_with, "provider": PROVIDER},
            usage=usage,
            priority=Priority.SKIP if failed else None,
            reason=f"an error of the API, never sent to the model {reason}".strip()
            if failed
            else None,
            metadata=metadata or None,
        )


def _message(line: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """Return the message that a line holds.

    Raises:
        InvalidInput: it is one of another role.
    """
    message: Mapping[str, Any] = line["message"]
    if message.get("role", role) != role:
        shown = printable(repr(message["role"]), limit=80)
        raise InvalidInput(
            f"a line of type {role!r} holds a message of role {shown}",
            kind="invalid_message",
            hint="Give both the same role.",
        )
    return message


def _merged(messages: list[Mapping[str, Any]]) -> Any:
    """Return the content of a reply from that of its lines."""
    if len(messages) == 1:
        return messages[0].get("content")
    whole: list[Any] = []
    called: set[str] = set()
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}] if content else []
        if not isinstance(content, list):
            return content  # the reader says what is wrong with it
        if len(content) > len(whole) and whole and content[: len(whole)] == whole:
            content = content[len(whole) :]  # a line that repeats what was there so far
        for block in content:
            known = isinstance(block, Mapping) and block.get("type") == "tool_use"
            call = text(block, "id") if known else None
            if call is not None and call in called:
                continue
            if call is not None:
                called.add(call)
            whole.append(block)
    return whole


def _usage(records: list[Record], messages: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what the provider reported: every line says it for the whole reply so far."""
    for record, message in zip(reversed(records), reversed(messages), strict=True):
        reported, cost = message.get("usage"), record.value.get("costUSD")
        if not isinstance(reported, Mapping):
            continue
        paid = cost if isinstance(cost, int | float) and not isinstance(cost, bool) else None
        for said in (paid, None):
            try:
                # Named, so that it counts once where it was read before the reply was complete.
                return normalise_usage(reported, cost=said, call=text(message, "id"))
            except (InvalidInput, RecursionError):
                continue
    return None


def _is_kept(usage: object) -> bool:
    """Return whether something that is no usage can be kept all the same."""
    try:
        check_json(usage, "usage")
    except (InvalidInput, RecursionError):
        return False
    return usage is not None


def _summary(content: Content) -> Content:
    """Return a summary of a text; anything else as it is."""
    if not isinstance(content, DialogueContent):
        return content
    if content.text is not None and not content.parts:
        return SummaryContent(text=content.text)
    texts = [part.text for part in content.parts if isinstance(part, TextPart)]
    return SummaryContent(text="\n".join(texts)) if len(texts) == len(content.parts) else content


def _by(one: Authored, author: Actor) -> Authored:
    return Authored(one.content, author) if isinstance(one.content, DialogueContent) else one


def _time(line: Mapping[str, Any], position: int) -> int:
    at = time_of(line.get("timestamp"))
    return position if at is None else at


def _said_beside(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line says besides its message that is worth keeping."""
    facts: dict[str, Any] = {}
    typed = queued(line)
    if typed is not None:
        facts["queued"] = True
    inner: Mapping[str, Any] = line if typed is None else typed
    if line.get("isMeta") is True or line.get("isSynthetic") is True or inner.get("isMeta") is True:
        facts["meta"] = True
    origin = inner.get("origin")
    kind = text(origin, "kind") if isinstance(origin, Mapping) else None
    if kind is not None and kind != "human":
        facts["origin"] = kind
    return facts
