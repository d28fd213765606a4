"""Messages as OpenAI's Chat Completions wants them.

The dialect keeps system text in place, tool results as messages of their own, arguments as the
text that the model wrote, and knows neither reasoning nor media outside the user's messages. What
came from this dialect goes back to it as it was, field by field. What it would refuse is mended
here, message by message, so that the bytes of a message depend on nothing that comes after it.
Pairing calls with results is not done here: that is settled before any dialect is chosen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import printable
from tract.formats._fields import SHAPE, arguments_object, copied, put_back, says_something
from tract.formats._ids import CallIds, speaker_name, tool_name
from tract.formats._issue import Notice, Wire
from tract.formats._media import data_url, media_type_of, stand_in, upload_of
from tract.formats._tools import OPENAI_NAME_MAX, openai_tools
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    with_provider,
)

PROVIDER = "openai"
_SHAPE = PROVIDER + SHAPE
CALL_ID_MAX = 40
_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/mpeg": "mp3"}
_AUDIO_FORMATS = frozenset({"wav", "mp3"})
# The parts that each role's content may have; every other role has texts only.
_TEXTS = frozenset({"text"})
_PARTS = {
    "user": frozenset({"text", "image_url", "input_audio", "file"}),
    "assistant": frozenset({"text", "refusal"}),
}


def wire_openai(messages: Sequence[Message], tools: Sequence[Any] | None, *, repair: bool) -> Wire:
    """Return the request of these messages.

    Args:
        messages: what the model is shown, calls and results already paired.
        tools: tool definitions in any known form, or None.
        repair: whether what the provider would refuse is mended.
    """
    writer = _Writer(repair=repair)
    for message in messages:
        writer.add(message)
    writer.show_media()
    params: dict[str, Any] = {"messages": writer.out}
    if tools and (definitions := openai_tools(tools, writer.notices)):
        params["tools"] = definitions
    return Wire(params, tuple(writer.notices), tuple(writer.origins))


class _Writer:
    def __init__(self, *, repair: bool) -> None:
        self.repair = repair
        self.out: list[dict[str, Any]] = []
        self.origins: list[tuple[str, ...]] = []
        self.notices: list[Notice] = []
        self._ids = CallIds(length_max=CALL_ID_MAX, plain=False, once=False)
        self._legacy: dict[str, str] = {}  # calls in the older form: call id to function name
        self._answering = ""  # the wire id of the call whose result is being rendered
        self._media: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []

    def add(self, message: Message) -> None:
        role, parts = message.role, message.parts
        if self._media and role != "tool":
            self.show_media()
        if (
            len(parts) == 1
            and type(parts[0]) is TextPart
            and message.plain
            and message.extra is None
            and message.name is None
            and role in _ROLES
            and role != "tool"
        ):
            self._append({"role": role, "content": parts[0].text}, message)
        elif (
            len(parts) == 1
            and type(parts[0]) is OpaquePart
            and message.plain  # else it is the one part of a message, whatever fields it has
            and "role" in parts[0].payload
        ):
            self._whole(parts[0], message)
        elif role == "tool":
            self._result(message)
        elif role == "assistant":
            self._assistant(message)
        else:
            self._speaker(message)

    def _append(self, wire: dict[str, Any], message: Message) -> None:
        self.out.append(wire)
        self.origins.append(message.commits)

    def _note(self, rule: str, text: str, message: Message, *, gone: bool = False) -> None:
        index = None if gone else len(self.out)
        self.notices.append(Notice(rule, text, index, message.commits))

    def _finish(self, wire: dict[str, Any], message: Message) -> None:
        """Add what every message may have besides its content, and the message itself."""
        if message.name is not None:
            self._named(wire, message.name, message)
        if message.extra:
            put_back(wire, with_provider(message.extra, PROVIDER))
            if says_something(message.extra, PROVIDER):
                self._note("extra_left_out", "fields of another provider", message)
        if self.repair and not wire.get("tool_calls", True):
            # Recorded replies have an empty list or null here; sent back, it is refused.
            del wire["tool_calls"]
            self._note("empty_tool_calls", "tool_calls without a call left out", message)
        self._append(wire, message)

    def _named(self, wire: dict[str, Any], name: str, message: Message) -> None:
        fitting = speaker_name(name) if self.repair else name
        if fitting or not self.repair:
            wire["name"] = fitting
        if self.repair and fitting != (name or None):
            self._note("name_mapped", f"name {printable(repr(name))} is spelt another way", message)

    # --- the roles ---------------------------------------------------------------------------

    def _whole(self, part: OpaquePart, message: Message) -> None:
        if part.provider != PROVIDER:
            text = f"a message that only {printable(part.provider)} understands"
            self._note("opaque_left_out", text, message, gone=True)
            return
        wire = copied(part.payload)
        content = wire.get("content")
        if self.repair and isinstance(content, list) and content:
            role = str(wire["role"])
            kept = [piece for piece in content if self._may_stand(piece, role, message)]
            wire["content"] = kept or None
            if not kept and not wire.get("tool_calls"):
                self._note(
                    "empty_message", "the message says nothing: left out", message, gone=True
                )
                return
        self._append(wire, message)

    def _speaker(self, message: Message) -> None:
        role = message.role
        if role not in _ROLES and self.repair:
            self._note("role_mapped", f"role {printable(repr(role))} is sent as user", message)
            role = "user"
        content = self._content(message, role)
        if self.repair and (content is None or content == []):
            self._note("empty_message", "the message says nothing: left out", message, gone=True)
            return
        self._finish({"role": role, "content": content}, message)

    def _assistant(self, message: Message) -> None:
        calls = [part for part in message.parts if type(part) is ToolCall]
        refusals = [
            p.text for p in message.parts if type(p) is RefusalPart and p.text and not _listed(p)
        ]
        content = self._content(message, "assistant")
        if content == [] and self.repair:
            content = None
        fields = with_provider(message.extra, PROVIDER)
        says = calls or refusals or fields.get("function_call") or fields.get("audio")
        if self.repair and content is None and not says:
            self._note("empty_message", "the message says nothing: left out", message, gone=True)
            return
        wire: dict[str, Any] = {"role": "assistant", "content": content}
        if content is None and _trait(message, "content") == "absent":
            del wire["content"]
        if refusals:
            wire["refusal"] = "\n".join(refusals)
        if calls:
            self._calls(wire, calls, message)
        self._finish(wire, message)

    def _calls(self, wire: dict[str, Any], calls: list[ToolCall], message: Message) -> None:
        self._ids.next_message()
        self._legacy = {}
        if len(calls) == 1 and _trait(calls[0], "form") == "function_call":
            self._ids.call(calls[0].id)
            name = self._tool_name(calls[0].name, message)
            self._legacy = {calls[0].id: name}
            wire["function_call"] = {"name": name, "arguments": calls[0].arguments}
            self._kept(wire["function_call"], calls[0], message)
        else:
            wire["tool_calls"] = [self._call(call, message) for call in calls]

    def _call(self, call: ToolCall, message: Message) -> dict[str, Any]:
        id, name = call.id, call.name
        if self.repair:
            id = self._ids.call(id)
            if id != call.id:
                text = f"call id {printable(repr(call.id), limit=60)} is sent as {printable(id)}"
                self._note("call_id_mapped", text, message)
        if call.extra is None:
            name = self._tool_name(name, message)
            function = {"name": name, "arguments": call.arguments}
            return {"id": id, "type": "function", "function": function}
        form = _trait(call, "form")
        if form == "whole" and (whole := arguments_object(call.arguments)) is not None:
            return {**whole, "id": id}
        name = self._tool_name(name, message)
        if form == "custom":
            custom = {"name": name, "input": call.arguments}
            wire: dict[str, Any] = {"id": id, "type": "custom", "custom": custom}
        else:
            function = {"name": name, "arguments": call.arguments}
            wire = {"id": id, "type": "function", "function": function}
            if form == "untyped" and not self.repair:
                del wire["type"]
        self._kept(wire, call, message)
        return wire

    def _tool_name(self, name: str, message: Message) -> str:
        if not self.repair:
            return name
        fitting = tool_name(name, OPENAI_NAME_MAX)
        if fitting != name:
            text = f"tool {printable(repr(name))} is called {fitting}"
            self._note("tool_name_mapped", text, message)
        return fitting

    def _result(self, message: Message) -> None:
        id = message.call_id
        if id is None and self.repair:
            self._note("orphan_result", "a result that names no call: left out", message, gone=True)
            return
        self._answering = self._ids.result(id) if self.repair and id is not None else id or ""
        content = self._content(message, "tool")
        shape = _trait(message, "content")
        if (self.repair and not content) or (content is None and shape != "null"):
            content = ""
        if message.is_error:
            self._note("error_flag_left_out", "the result's error flag has no field", message)
        legacy = self._legacy.get(id or "")
        old = _trait(message, "form") == "function" and not self._ids.knows(id or "")
        if legacy is not None or old:
            self._function_result(message, content, legacy)
            return
        wire: dict[str, Any] = {"role": "tool", "content": content}
        if content == "" and shape == "absent" and not self.repair:
            del wire["content"]
        if id is not None:
            wire["tool_call_id"] = self._answering
        self._finish(wire, message)

    def _function_result(self, message: Message, content: Any, name: str | None) -> None:
        if isinstance(content, list) and self.repair:
            content = "\n".join(piece.get("text", "") for piece in content)
        if content == "" and _trait(message, "content") == "null":
            content = None
        wire: dict[str, Any] = {"role": "function", "content": content}
        wire["name"] = name if name is not None else message.name or ""
        put_back(wire, with_provider(message.extra, PROVIDER))
        self._append(wire, message)

    # --- content -----------------------------------------------------------------------------

    def _content(self, message: Message, role: str) -> str | list[dict[str, Any]] | None:
        parts = message.parts
        if message.plain:
            texts = [part for part in parts if type(part) is not ToolCall]
            if not texts:
                return [] if _trait(message, "content") == "empty" else None
            first = texts[0]
            if len(texts) == 1 and type(first) is TextPart and not first.extra:
                return first.text
        pieces: list[dict[str, Any]] = []
        for part in parts:
            self._piece(part, role, message, pieces)
        if message.plain and len(pieces) <= 1 and all(p.keys() == {"type", "text"} for p in pieces):
            return pieces[0]["text"] if pieces else None
        if not pieces and _trait(message, "content") != "empty":
            return None
        return pieces

    def _piece(self, part: Part, role: str, message: Message, pieces: list[dict[str, Any]]) -> None:
        if isinstance(part, TextPart):
            pieces.append({"type": "text", "text": part.text})
            self._kept(pieces[-1], part, message)
        elif isinstance(part, MediaPart):
            pieces.append(self._medium(part, role, message))
        elif isinstance(part, RefusalPart):
            if role != "assistant":
                pieces.append({"type": "text", "text": part.text})
            elif _listed(part):
                pieces.append({"type": "refusal", "refusal": part.text})
                self._kept(pieces[-1], part, message)
        elif isinstance(part, OpaquePart):
            if part.provider != PROVIDER:
                text = f"a part that only {printable(part.provider)} understands"
                self._note("opaque_left_out", text, message)
            elif not self.repair or self._may_stand(part.payload, role, message):
                pieces.append(copied(part.payload))
        elif isinstance(part, ReasoningPart):
            self._note("reasoning_left_out", "reasoning is not sent to OpenAI Chat", message)
        elif role != "assistant":
            self._note("misplaced_part", "a tool call that is not the assistant's", message)

    def _may_stand(self, payload: Any, role: str, message: Message) -> bool:
        """Return whether a part that was kept whole can be sent; say so where it cannot."""
        kind = payload.get("type") if isinstance(payload, Mapping) else None
        known = isinstance(kind, str) and kind in _PARTS.get(role, _TEXTS)
        if known and _is_whole(str(kind), payload.get(kind)):
            return True
        why = "that is not whole" if known else f"that role {printable(role)} may not have"
        text = f"a part of type {printable(repr(kind))} {why}"
        self._note("opaque_left_out", text, message)
        return False

    def _kept(self, wire: dict[str, Any], part: Part, message: Message) -> None:
        extra = None if isinstance(part, OpaquePart) else part.extra
        if extra:
            put_back(wire, with_provider(extra, PROVIDER))
            if says_something(extra, PROVIDER):
                self._note("extra_left_out", "fields of another provider", message)

    def _medium(self, part: MediaPart, role: str, message: Message) -> dict[str, Any]:
        wire = openai_medium(part)
        if wire is not None and (role == "user" or not self.repair):
            self._kept(wire, part, message)
            return wire
        if wire is not None and role == "tool":
            label = f"[{part.kind} of tool result {self._answering}]"
            self._kept(wire, part, message)
            self._media.append((label, wire, message.commits))
            text = f"{part.kind} of a tool result put into a user message behind the results"
            self._note("media_moved", text, message)
            return {"type": "text", "text": f"[{part.kind}: see the next user message]"}
        text = f"{part.kind} cannot be sent here: a text stands for it"
        self._note("media_left_out", text, message)
        return {"type": "text", "text": stand_in(part)}

    def show_media(self) -> None:
        """Add the user message with what tool results showed, if there is anything."""
        if not self._media:
            return
        pieces: list[dict[str, Any]] = []
        commits: dict[str, None] = {}
        for label, wire, origin in self._media:
            pieces += [{"type": "text", "text": label}, wire]
            commits.update(dict.fromkeys(origin))
        self._media = []
        self.out.append({"role": "user", "content": pieces})
        self.origins.append(tuple(commits))


def openai_medium(part: MediaPart) -> dict[str, Any] | None:
    """Return a medium as a part of a user's message, or None where the dialect has no form for it.

    Args:
        part: the medium; fields kept for the provider are not put back here.
    """
    media_type = media_type_of(part)
    if part.kind == "image":
        url = data_url(media_type, part.data) if part.data and media_type else part.url
        return {"type": "image_url", "image_url": {"url": url}} if url else None
    if part.kind == "audio":
        if not part.data or media_type is None:
            return None
        format = _AUDIO.get(media_type, media_type.removeprefix("audio/"))
        sound = {"data": part.data, "format": format}
        return {"type": "input_audio", "input_audio": sound} if format in _AUDIO_FORMATS else None
    file: dict[str, Any] = {}
    if part.data:
        bare = not media_type or _trait(part, "bare")
        file["file_data"] = part.data if bare else data_url(media_type or "", part.data)
    if (upload := upload_of(part, PROVIDER)) is not None:
        file["file_id"] = upload
    if not file:
        return None
    if part.name is not None:
        file["filename"] = part.name
    return {"type": "file", "file": file}


def _is_whole(kind: str, inner: Any) -> bool:
    """Return whether a part of a known type has what it needs."""
    if kind in ("text", "refusal"):
        return isinstance(inner, str)
    if not isinstance(inner, Mapping):
        return False
    match kind:
        case "image_url":
            return isinstance(inner.get("url"), str) and inner["url"] != ""
        case "input_audio":
            return isinstance(inner.get("data"), str) and inner.get("format") in ("wav", "mp3")
        case _:
            return isinstance(inner.get("file_data"), str) or isinstance(inner.get("file_id"), str)


def _trait(holder: Message | ToolCall | MediaPart, name: str) -> Any:
    return with_provider(holder.extra, _SHAPE).get(name) if holder.extra else None


def _listed(part: RefusalPart) -> bool:
    return bool(with_provider(part.extra, _SHAPE).get("listed"))
