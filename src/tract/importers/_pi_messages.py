"""What the lines of a pi session say, one at a time, as contents.

pi has roles of its own (commands that the user ran, messages of extensions, summaries) and shows
them to the model as user messages; here they are what they are: user text by its author, and
summaries. A reply that was cut off is kept and marked skip, so that it is left out of the context
as pi leaves it out, and can be brought back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import InvalidInput, printable
from tract.importers._json import json_type
from tract.importers._records import Authored, Imported
from tract.importers._speech import APPLICATION, HUMAN, actor, time_of
from tract.objects import (
    Actor,
    Content,
    DialogueContent,
    InstructionContent,
    MediaPart,
    OpaquePart,
    Part,
    Priority,
    ReasoningPart,
    SummaryContent,
    TextPart,
    ToolResultContent,
    normalise_usage,
    part_of,
)

PROVIDER = "pi"
_CUT = frozenset({"aborted", "error"})


class Teller:
    """Tells the lines of one way through a session, in order.

    Args:
        header: what the session says of itself.
        keyed: whether anything in the session may replace anything else.
    """

    def __init__(self, header: Mapping[str, Any], *, keyed: bool) -> None:
        self._keyed = keyed
        self._changes: list[dict[str, Any]] = []
        self._level = header.get("thinkingLevel")
        self._said = False
        self._prompt = _Prompt()
        self._instructions: set[int] = set()
        self._compactions: list[int] = []
        self._compacted: set[int] = set()

    def change(self, line: Mapping[str, Any]) -> None:
        """Take note of a change that goes with the next message."""
        kept = {name: value for name, value in line.items() if name not in ("id", "parentId")}
        self._changes.append(kept)
        if line.get("type") == "thinking_level_change":
            self._level = line.get("thinkingLevel")

    def told(self, line: Mapping[str, Any], place: str, position: int, number: int) -> Imported:
        """Return what a line says.

        Args:
            line: the line.
            place: where in the file it stands.
            position: its place on the way, from 0.
            number: its number in the session.

        Raises:
            InvalidInput: it says nothing that can be kept.
        """
        at = _time(line, position)
        if line.get("type") == "usage":
            return self._reported(line, place, at)
        message = _message_of(line)
        role = message.get("role")
        content, author = _content(message, role)
        replaces: tuple[str, ...] = ()
        if isinstance(content, InstructionContent):
            self._instructions.add(number)
            first, content = self._prompt.told(message, content, number)
            replaces = () if first == number else (str(first),)
        metadata = {**_said_beside(message, line), **self._taken()}
        usage = _usage(message, metadata)
        made_with, skip, reason = None, False, None
        if role == "assistant":
            made_with = self._made_with(message)
            stop = message.get("stopReason")
            skip = isinstance(stop, str) and stop in _CUT
            reason = text_in(message, "errorMessage") or text_in(message, "stopReason")
        elif role == "bashExecution" and message.get("excludeFromContext") is True:
            skip, reason = True, "kept out of the context when it was run"
        self._said = True
        return Imported(
            place,
            (Authored(content, author),),
            at,
            made_with,
            usage,
            key=self._key(number),
            replaces=replaces,
            priority=Priority.SKIP if skip else None,
            labels=("partial",) if skip and role == "assistant" else (),
            reason=reason if skip else None,
            metadata=metadata,
        )

    def _reported(self, line: Mapping[str, Any], place: str, at: int) -> Imported:
        """Return a report of tokens that no message of the session was made with."""
        if not self._said:
            raise _unfit("usage", text_in(line, "kind"), "of no message: none was before it")
        usage = normalise_usage(line.get("usage"))
        facts = {name: line[name] for name in ("kind", "provider", "model", "note") if name in line}
        return Imported(place, (), at, usage={**usage, "raw": {**usage["raw"], **facts}})

    def compaction(
        self,
        line: Mapping[str, Any],
        place: str,
        position: int,
        number: int,
        replaced: Sequence[int],
    ) -> Imported:
        """Return the summary that stands for lines from here on.

        Args:
            line: the line.
            place: where in the file it stands.
            position: its place on the way, from 0.
            number: its number in the session.
            replaced: the numbers of the lines that it may stand for.

        Raises:
            InvalidInput: it has no summary.
        """
        content, author = _summary(line)
        kept = self._instructions
        gone = [n for n in (*replaced, *self._compactions) if n not in kept and n != number]
        metadata = {**_rest(line, _COMPACTION), **self._taken()}
        self._said = True
        self._compactions.append(number)
        self._compacted.update(gone)
        return Imported(
            place,
            (Authored(content, author),),
            _time(line, position),
            usage=_usage(line, metadata),
            key=self._key(number),
            replaces=[str(n) for n in dict.fromkeys(gone)],
            metadata=metadata,
        )

    def edit(
        self, line: Mapping[str, Any], place: str, position: int, target: int | None, old: Any
    ) -> Imported:
        """Return what takes the place of an earlier line, or only takes it out.

        Args:
            line: the line.
            place: where in the file it stands.
            position: its place on the way, from 0.
            target: the number of the line that it changes; None where it is not on the way.
            old: that line.

        Raises:
            InvalidInput: there is no such line, or what it should say is no content.
        """
        if target is None or not isinstance(old, Mapping):
            raise _unfit("targetId", line.get("targetId"), "no line before it")
        at, news = _time(line, position), line.get("replacement")
        contents: tuple[Authored, ...] = ()
        if news is not None:
            if not isinstance(news, Mapping):
                raise _unfit("replacement", news, "no object")
            message = {**_message_of(old), "content": news.get("content")}
            content, _ = _content(message, message.get("role"))
            contents = (Authored(content, APPLICATION),)
        if target in self._compacted:  # a summary stands for it, which says what it said
            return Imported(place, (), at)
        metadata = self._taken()
        return Imported(place, contents, at, replaces=(str(target),), metadata=metadata)

    def _key(self, number: int) -> str | None:
        return str(number) if self._keyed else None

    def _taken(self) -> dict[str, Any]:
        """Return the changes since the last message, and forget them."""
        changes, self._changes = self._changes, []
        return {"changes": changes} if changes else {}

    def _made_with(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        config = {n: message[n] for n in ("model", "provider") if text_in(message, n)}
        level = text_in(message, "thinkingLevel") or self._level
        if config and isinstance(level, str) and level != "off":
            config["thinking_level"] = level
        return config or None


class _Prompt:
    """The system prompt, as the messages that change parts of it by name leave it."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._texts: list[str] = []
        self._sections: dict[str, str] = {}

    def told(
        self, message: Mapping[str, Any], content: InstructionContent, number: int
    ) -> tuple[int, InstructionContent]:
        """Return the line that the prompt stands at, and all of it.

        A message without sections is instructions of its own, from where it stands on.
        """
        sections = message.get("sections")
        if not isinstance(sections, Mapping):
            return number, content
        if self._first is None:
            self._first = number
        texts = [part.text for part in content.parts or () if isinstance(part, TextPart)]
        self._texts += [text for text in (content.text, *texts) if text]
        for name, text in sections.items():
            if isinstance(text, str):
                self._sections[name] = text
            elif text is None:
                self._sections.pop(name, None)
        whole = "\n\n".join([*self._texts, *self._sections.values()])
        return self._first, InstructionContent(text=whole)


def text_in(line: Mapping[str, Any], name: str) -> str:
    """Return a field that is a text; "" where it is none."""
    value = line.get(name)
    return value if isinstance(value, str) else ""


def _time(line: Mapping[str, Any], position: int) -> int:
    at = time_of(line.get("timestamp"))
    if at is None and isinstance(line.get("message"), Mapping):
        at = time_of(line["message"].get("timestamp"))
    return position if at is None else at


def _message_of(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a line as a message; lines of other types are messages without an envelope."""
    kind = line.get("type")
    if kind == "custom_message":
        return {**line, "role": "custom"}
    if kind == "branch_summary":
        return {**line, "role": "branchSummary"}
    message = line.get("message")
    if not isinstance(message, Mapping):
        raise _unfit("message", message, f"no object, but {json_type(message)}")
    return message


_ENVELOPE = frozenset({"type", "id", "parentId", "timestamp", "message"})
_COMPACTION = _ENVELOPE | {"summary", "firstKeptEntryId", "firstKeptEntryIndex", "usage"}
_UNDERSTOOD = {
    "assistant": frozenset({"model", "provider", "thinkingLevel", "usage"}),
    "toolResult": frozenset({"toolCallId", "toolName", "isError", "usage"}),
    "system": frozenset({"sections"}),
    "bashExecution": frozenset({"output"}),
    "branchSummary": frozenset({"summary", "usage"}),
    "compactionSummary": frozenset({"summary"}),
}
_ANY = frozenset({"role", "content", "type", "id", "parentId", "timestamp"})


def _said_beside(message: Mapping[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a message says besides its content, so far as nothing else keeps it."""
    role = text_in(message, "role")
    facts = _rest(message, _ANY | _UNDERSTOOD.get(role, frozenset()))
    if facts.get("stopReason") in ("stop", "toolUse"):
        del facts["stopReason"]
    # The line says when the reply was complete, the message when it was asked for.
    if role == "assistant" and message.get("timestamp") is not None and "timestamp" in line:
        facts["timestamp"] = message["timestamp"]
    return {**_rest(line, _ENVELOPE), **facts} if line.get("type") == "message" else facts


def _rest(holder: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {n: value for n, value in holder.items() if n not in known and value is not None}


def _usage(holder: Mapping[str, Any], metadata: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the provider reported; what is no report goes to the metadata."""
    if holder.get("usage") is None or holder.get("role") in ("user", "system"):
        return None
    try:
        return normalise_usage(holder["usage"])
    except InvalidInput:
        metadata["usage"] = holder["usage"]
        return None


def _content(message: Mapping[str, Any], role: object) -> tuple[Content, Actor]:
    """Return what a message says, and who wrote it.

    Raises:
        InvalidInput: naming what of it cannot be read.
    """
    match role:
        case "user":
            return _dialogue("user", _parts(message, "user")), HUMAN
        case "assistant":
            provider = text_in(message, "provider") or PROVIDER
            content = _dialogue("assistant", _parts(message, provider))
            return content, actor("model", message.get("model"))
        case "toolResult":
            return _result(message), actor("tool", message.get("toolName"))
        case "system":
            bare = message.get("content") is None and "sections" in message
            return _instructions(() if bare else _parts(message, "system")), APPLICATION
        case "bashExecution":
            return DialogueContent(role="user", text=_ran(message)), HUMAN
        case "custom" | "hookMessage":
            content = _dialogue("user", _parts(message, "user"))
            return content, actor("application", message.get("customType"))
        case "branchSummary" | "compactionSummary":
            return _summary(message)
    raise _unfit("role", role, "no role of a message")


def _dialogue(role: Any, parts: tuple[Part, ...]) -> Content:
    if len(parts) == 1 and isinstance(parts[0], TextPart):
        return DialogueContent(role=role, text=parts[0].text)
    return DialogueContent(role=role, parts=parts)


def _instructions(parts: tuple[Part, ...]) -> InstructionContent:
    if not parts:
        return InstructionContent(text="")
    if len(parts) == 1 and isinstance(parts[0], TextPart):
        return InstructionContent(text=parts[0].text)
    return InstructionContent(parts=parts)


def _summary(message: Mapping[str, Any]) -> tuple[Content, Actor]:
    text = message.get("summary")
    if not isinstance(text, str):
        raise _unfit("summary", text, "no text")
    return SummaryContent(text=text), APPLICATION if message.get("fromHook") else Actor("model")


def _result(message: Mapping[str, Any]) -> Content:
    call, name = message.get("toolCallId"), message.get("toolName")
    if not isinstance(call, str) or not call:
        raise _unfit("toolCallId", call, "no id of a call")
    fields: dict[str, Any] = {
        "call_id": call,
        "name": name if isinstance(name, str) else None,
        "is_error": message.get("isError") is True,
    }
    parts = _parts(message, "tool")
    if len(parts) == 1 and isinstance(parts[0], TextPart):
        return ToolResultContent(output=parts[0].text, **fields)
    return ToolResultContent(parts=parts, **fields) if parts else ToolResultContent(**fields)


def _ran(message: Mapping[str, Any]) -> str:
    """Return the text that pi shows the model for a command that the user ran."""
    command, output, code = message.get("command"), message.get("output"), message.get("exitCode")
    if not isinstance(command, str):
        raise _unfit("command", command, "no text")
    shown = f"```\n{output}\n```" if isinstance(output, str) and output else "(no output)"
    text = f"Ran `{command}`\n{shown}"
    if message.get("cancelled") is True:
        text += "\n\n(command cancelled)"
    elif isinstance(code, int) and code != 0:
        text += f"\n\nCommand exited with code {code}"
    if message.get("truncated") is True and text_in(message, "fullOutputPath"):
        text += f"\n\n[Output truncated. Full output: {message['fullOutputPath']}]"
    return text


def _parts(message: Mapping[str, Any], provider: str) -> tuple[Part, ...]:
    content = message.get("content")
    if isinstance(content, str):
        return (TextPart(content),)
    if not isinstance(content, list):
        raise _unfit("content", content, f"neither text nor a list, but {json_type(content)}")
    return tuple([_part(block, f"content[{n}]", provider) for n, block in enumerate(content)])


def _part(block: Any, where: str, provider: str) -> Part:
    if not isinstance(block, Mapping):
        raise _unfit(where, block, f"no block, but {json_type(block)}")
    match block.get("type"):
        case "text" if isinstance(block.get("text"), str):
            return TextPart(block["text"])
        case "thinking" if isinstance(block.get("thinking"), str):
            signature = text_in(block, "thinkingSignature") or None
            if block.get("redacted") is True:
                return ReasoningPart(provider=provider, encrypted=signature)
            return ReasoningPart(block["thinking"], provider, signature)
        case "toolCall":
            wanted = {name: block.get(name) for name in ("id", "name", "arguments")}
            if text_in(block, "thoughtSignature"):
                wanted["extra"] = {provider: {"thoughtSignature": block["thoughtSignature"]}}
            return part_of(
                {"kind": "tool_call", **{k: v for k, v in wanted.items() if v is not None}}
            )
        case "image" if isinstance(block.get("data"), str):
            return MediaPart(
                "image", media_type=text_in(block, "mimeType") or None, data=block["data"]
            )
        case str():
            return OpaquePart(PROVIDER, dict(block))
    raise _unfit(f"{where}.type", block.get("type"), "no type of a block")


def _unfit(name: str, value: object, what: str) -> InvalidInput:
    plain = value is None or isinstance(value, str | int | float)
    shown = printable(repr(value), limit=80) if plain else json_type(value)
    return InvalidInput(
        f"{name} {shown} is {what}",
        kind="invalid_message",
        hint="Mend the line, or leave it out.",
    )
