"""Messages of OpenAI's Chat Completions, read into contents without losing anything.

A field or part that has a word in the model gets it; every other goes into `extra`, or stays whole
as an opaque part, so that the same message comes out again. The plain form that a compiled context
is listed in is read as well, and so are tool calls that are not nested in a `function`. The older
`function_call` and role "function" become a call and its result, which remember how they were
spelt. Media are read only where writing them gives back what was read. Blocks that are another
provider's by their type are refused: kept as they are, they would be sent to the wrong one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import InvalidInput
from tract.formats._detect import RESPONSES_PARTS, is_anthropics
from tract.formats._fields import (
    MISSING,
    arguments_text,
    extra_of,
    put_back,
    rest,
    wrong,
    wrong_role,
)
from tract.formats._media import UPLOAD, split_data_url
from tract.formats._openai_chat import PROVIDER, openai_medium
from tract.objects import (
    Content,
    DialogueContent,
    InstructionContent,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResultContent,
    part_of,
    with_provider,
)

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_NEUTRAL = frozenset({"image", "audio", "file", "reasoning", "refusal", "opaque"})
_SOUNDS = {"wav": "audio/wav", "mp3": "audio/mpeg"}


def read_openai(message: Mapping[str, Any]) -> list[Content]:
    """Return the contents of one message: always one.

    Args:
        message: a message of a request, or of a reply as the client gives it.

    Raises:
        InvalidInput: naming the field that is not as the format wants it.

    Example:
        >>> read_openai({"role": "user", "content": "hello"})[0].text
        'hello'
    """
    role = message.get("role")
    match role:
        case "assistant":
            return [_assistant(message)]
        case "tool":
            return [_result(message)]
        case "user":
            return [_user(message)]
        case "system" | "developer":
            return [_instruction(message, role)]
        case "function":
            return [_function_result(message)]
    raise wrong_role(message.get("role", MISSING), ROLES)


class _Said:
    """The fields that content, name and what is unknown of a message come to."""

    __slots__ = ("extra", "name", "parts", "text")

    def __init__(
        self,
        message: Mapping[str, Any],
        known: Sequence[str],
        *,
        shape: Mapping[str, Any] | None = None,
        may_lack: bool = False,
    ) -> None:
        content = message.get("content", MISSING)
        traits = dict(shape or {})
        self.text: str | None = None
        self.parts: tuple[Part, ...] = ()
        if isinstance(content, str):
            self.text = content
        elif isinstance(content, list | tuple):
            self.parts = tuple(_part(piece, f"content[{i}]") for i, piece in enumerate(content))
            if not content:
                traits["content"] = "empty"
        elif content is MISSING and may_lack:
            traits["content"] = "absent"
        elif content is not None:
            raise wrong(
                "content",
                content,
                "it wants text, a list of parts or null",
                "Give the text as a string.",
            )
        name = message.get("name")
        if not isinstance(name, str | None):
            raise wrong("name", name, "it wants text", "Leave it out, or give a name.")
        self.name = name
        told = ("role", "content", *known) if name is None else ("role", "content", "name", *known)
        self.extra = extra_of(PROVIDER, rest(message, told), traits)


def _instruction(message: Mapping[str, Any], role: str) -> Content:
    if message.get("content", MISSING) is None:
        raise wrong("content", None, "instructions want text or a list of parts", "Give the text.")
    said = _Said(message, ())
    return InstructionContent(
        role=role,  # type: ignore[arg-type]  # one of the two, by the caller
        text=said.text,
        parts=said.parts,
        name=said.name,
        extra=said.extra,
    )


def _user(message: Mapping[str, Any]) -> Content:
    if message.get("tool_calls"):
        raise wrong(
            "tool_calls",
            message["tool_calls"],
            "only the assistant calls tools",
            "Use role 'assistant'.",
        )
    said = _Said(message, ())
    return DialogueContent(
        role="user", text=said.text, parts=said.parts, name=said.name, extra=said.extra
    )


def _assistant(message: Mapping[str, Any]) -> Content:
    known = []
    calls: tuple[ToolCall, ...] = ()
    given = message.get("tool_calls")
    if isinstance(given, list | tuple) and given:
        calls = tuple([_usual_call(e) or _call(e, i) for i, e in enumerate(given)])
        text = message.get("content", MISSING)
        if len(message) == 3 and (text is None or type(text) is str):
            return DialogueContent(role="assistant", text=text, tool_calls=calls)
        known.append("tool_calls")
    elif given is not None and not isinstance(given, list | tuple):
        raise wrong(
            "tool_calls", given, "it wants a list", "Give a list of tool calls, or leave it out."
        )
    older = message.get("function_call")
    if older is not None and not calls:
        calls = (_function_call(older),)
        known.append("function_call")
    refusal = message.get("refusal")
    if not isinstance(refusal, str | None):
        raise wrong("refusal", refusal, "it wants text or null", "Leave it out.")
    if refusal:
        known.append("refusal")
    said = _Said(message, known, may_lack=bool(calls or refusal or message.get("audio")))
    return DialogueContent(
        role="assistant",
        text=said.text,
        parts=said.parts,
        name=said.name,
        tool_calls=calls,
        refusal=refusal or None,
        extra=said.extra,
    )


def _result(message: Mapping[str, Any]) -> Content:
    call_id = message.get("tool_call_id", MISSING)
    if not isinstance(call_id, str) or not call_id:
        raise wrong(
            "tool_call_id", call_id, "a result names the call it answers", "Give the call's id."
        )
    output, name = message.get("content"), message.get("name", "")
    if type(output) is str and type(name) is str and len(message) == (4 if name else 3):
        return ToolResultContent(call_id=call_id, name=name or None, output=output)
    is_error = message.get("is_error", False)
    if not isinstance(is_error, bool):
        raise wrong(
            "is_error", is_error, "it wants true or false", "Leave it out, or give a boolean."
        )
    shape = {"content": "null"} if message.get("content", MISSING) is None else None
    said = _Said(message, ("tool_call_id", "is_error"), shape=shape, may_lack=True)
    return ToolResultContent(
        call_id=call_id,
        name=said.name,
        output=said.text,
        parts=said.parts,
        is_error=is_error,
        extra=said.extra,
    )


def _function_result(message: Mapping[str, Any]) -> Content:
    name = message.get("name", MISSING)
    if not isinstance(name, str) or not name:
        raise wrong("name", name, "role 'function' names its function", "Give the function's name.")
    shape = {"form": "function"}
    if message.get("content", MISSING) is None:
        shape["content"] = "null"
    said = _Said(message, (), shape=shape)
    return ToolResultContent(
        call_id=_older_id(name), name=name, output=said.text, parts=said.parts, extra=said.extra
    )


# --- calls -----------------------------------------------------------------------------------


def _usual_call(entry: Any) -> ToolCall | None:
    """Return the call of an entry that has what nearly all have, and nothing else; else None."""
    if type(entry) is dict and len(entry) == 3 and entry.get("type") == "function":
        function = entry.get("function")
        if type(function) is dict and len(function) == 2:
            id, name, arguments = entry.get("id"), function.get("name"), function.get("arguments")
            if type(id) is str and id and type(name) is str and type(arguments) is str:
                return ToolCall(id, name, arguments)
    return None


def _call(entry: Any, place: int) -> ToolCall:
    where = f"tool_calls[{place}]"
    if not isinstance(entry, Mapping):
        raise wrong(where, entry, "a tool call is an object", "Give id, type and function.")
    id = entry.get("id", MISSING)
    if not isinstance(id, str) or not id:
        raise wrong(f"{where}.id", id, "a tool call has an id", "Give each call an id of its own.")
    kind = entry.get("type")
    function = entry.get("function")
    if isinstance(function, Mapping) and kind in ("function", None):
        return _nested(entry, id, "function", "arguments", where)
    if isinstance(entry.get("custom"), Mapping) and kind == "custom":
        return _nested(entry, id, "custom", "input", where)
    if "name" in entry and function is None:
        return _flat(entry, id, where)
    if isinstance(kind, str) and kind != "function":
        # A kind of call that nobody here knows: it goes back whole, and its result finds it.
        whole = arguments_text(rest(entry, ("id",)), where)
        return ToolCall(id, kind, whole, extra_of(PROVIDER, {}, {"form": "whole"}))
    raise wrong(
        f"{where}.function",
        entry.get("function", MISSING),
        "a tool call has a function with name and arguments",
        'Give {"id", "type": "function", "function": {"name", "arguments"}}, or {"id", "name", "arguments"}.',
    )


def _nested(entry: Mapping[str, Any], id: str, key: str, field: str, where: str) -> ToolCall:
    inner = entry[key]
    name = _name_of(inner, f"{where}.{key}")
    arguments = _arguments_of(inner, field, f"{where}.{key}")
    kept = rest(entry, ("id", "type", key))
    if more := rest(inner, ("name", field)):
        kept[key] = more
    shape = {"form": "custom"} if key == "custom" else {}
    if "type" not in entry:
        shape["form"] = "untyped"
    return ToolCall(id, name, arguments, extra_of(PROVIDER, kept, shape) or None)


def _flat(entry: Mapping[str, Any], id: str, where: str) -> ToolCall:
    name = _name_of(entry, where)
    arguments = _arguments_of(entry, "arguments", where)
    kept = rest(entry, ("id", "type", "name", "arguments"))
    return ToolCall(id, name, arguments, extra_of(PROVIDER, kept) or None)


def _function_call(older: Any) -> ToolCall:
    if not isinstance(older, Mapping):
        raise wrong("function_call", older, "it wants an object", "Give name and arguments.")
    name = _name_of(older, "function_call")
    arguments = _arguments_of(older, "arguments", "function_call")
    extra = extra_of(PROVIDER, rest(older, ("name", "arguments")), {"form": "function_call"})
    return ToolCall(_older_id(name), name, arguments, extra)


def _older_id(name: str) -> str:
    # The older form has no ids: a result follows the call of its function.
    return f"call_{name}"


def _name_of(call: Mapping[str, Any], where: str) -> str:
    name = call.get("name", MISSING)
    if not isinstance(name, str):
        raise wrong(f"{where}.name", name, "a tool call names its tool", "Give the tool's name.")
    return name


def _arguments_of(call: Mapping[str, Any], key: str, where: str) -> str:
    arguments = call.get(key)
    if isinstance(arguments, str):
        return arguments
    if arguments is None:
        return ""
    if isinstance(arguments, Mapping | list):
        return arguments_text(arguments, f"{where}.{key}")
    raise wrong(
        f"{where}.{key}",
        arguments,
        "it wants JSON text or an object",
        "Give the arguments as JSON text.",
    )


# --- parts -----------------------------------------------------------------------------------


def _part(piece: Any, where: str) -> Part:
    if not isinstance(piece, Mapping):
        raise wrong(
            where, piece, "a part is an object with a type", 'Use {"type": "text", "text": ...}.'
        )
    kind = piece.get("type", MISSING)
    if not isinstance(kind, str):
        raise wrong(
            f"{where}.type", kind, "a part has a type", 'Use {"type": "text", "text": ...}.'
        )
    if kind == "text":
        text = piece.get("text", MISSING)
        if not isinstance(text, str):
            raise wrong(f"{where}.text", text, "a text part has text", "Give the text as a string.")
        return TextPart(text, extra_of(PROVIDER, rest(piece, ("type", "text"))) or None)
    if kind == "refusal" and isinstance(piece.get("refusal"), str):
        kept = rest(piece, ("type", "refusal"))
        return RefusalPart(piece["refusal"], extra_of(PROVIDER, kept, {"listed": True}))
    read = _MEDIA.get(kind)
    inner = piece.get(kind)
    if read is not None and isinstance(inner, Mapping):
        part = read(inner, rest(piece, ("type", kind)))
        if part is not None and _written(part) == piece:
            return part
    elif kind in _NEUTRAL:
        try:
            return part_of({"kind": kind, **rest(piece, ("type",))})
        except InvalidInput:
            pass
    if is_anthropics(piece):
        raise wrong(
            f"{where}.type",
            kind,
            "a block of Anthropic's Messages, no part of OpenAI Chat",
            "Read the message as Anthropic's.",
            named=True,
        )
    if kind in RESPONSES_PARTS:
        raise wrong(
            f"{where}.type",
            kind,
            "a part of OpenAI's Responses, no part of OpenAI Chat",
            'Give it as {"type": "text", "text": ...} or as "image_url", "file" of OpenAI Chat.',
            named=True,
        )
    return OpaquePart(PROVIDER, dict(piece))


def _written(part: MediaPart) -> dict[str, Any] | None:
    wire = openai_medium(part)
    if wire is not None:
        put_back(wire, with_provider(part.extra, PROVIDER))
    return wire


def _with(
    kept: dict[str, Any], key: str, inner: Mapping[str, Any], known: Sequence[str]
) -> dict[str, Any]:
    more = rest(inner, known)
    return {**kept, key: more} if more else kept


def _image(inner: Mapping[str, Any], kept: dict[str, Any]) -> MediaPart | None:
    url = inner.get("url")
    if not isinstance(url, str):
        return None
    extra = extra_of(PROVIDER, _with(kept, "image_url", inner, ("url",))) or None
    if (split := split_data_url(url)) is not None:
        return MediaPart("image", split[0], split[1], extra=extra)
    return MediaPart("image", url=url, extra=extra)


def _sound(inner: Mapping[str, Any], kept: dict[str, Any]) -> MediaPart | None:
    data, format = inner.get("data"), inner.get("format")
    if not isinstance(data, str) or not isinstance(format, str):
        return None
    extra = extra_of(PROVIDER, _with(kept, "input_audio", inner, ("data", "format"))) or None
    return MediaPart("audio", _SOUNDS.get(format), data, extra=extra)


def _file(inner: Mapping[str, Any], kept: dict[str, Any]) -> MediaPart | None:
    data, upload, name = (inner.get(key) for key in ("file_data", "file_id", "filename"))
    if not all(isinstance(value, str | None) for value in (data, upload, name)):
        return None
    known = [
        k
        for k, v in (("file_data", data), ("file_id", upload), ("filename", name))
        if v is not None
    ]
    split = split_data_url(data) if data is not None else None
    shape: dict[str, Any] = dict(UPLOAD) if upload is not None else {}
    if data is not None and split is None:
        shape["bare"] = True
    extra = extra_of(PROVIDER, _with(kept, "file", inner, known), shape) or None
    media_type, data = split if split is not None else (None, data)
    return MediaPart("file", media_type, data, file_id=upload, name=name, extra=extra)


_MEDIA = {"image_url": _image, "input_audio": _sound, "file": _file}
