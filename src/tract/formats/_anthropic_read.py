"""Messages of Anthropic's Messages, read into contents without losing anything.

A user's message may hold the results of several calls and text behind them: each result becomes a
content of its own, since each has its own call to answer, and the rest one more. An assistant's
message is one content with its blocks in order, thinking and its signature included. Blocks that
nobody here knows stay whole as opaque parts; media are read only where writing them gives back
what was read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.formats._anthropic_blocks import (
    MESSAGE_KEY,
    PROVIDER,
    SHAPE_KEY,
    medium_block,
    text_source,
)
from tract.formats._fields import (
    MISSING,
    arguments_text,
    extra_of,
    put_back,
    rest,
    wrong,
    wrong_role,
)
from tract.formats._media import UPLOAD
from tract.objects import (
    Content,
    DialogueContent,
    InstructionContent,
    MediaPart,
    OpaquePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCall,
    ToolResultContent,
    with_provider,
)

ROLES = ("user", "assistant", "system")


def read_anthropic(message: Mapping[str, Any]) -> list[Content]:
    """Return the contents of one message: one, and one more for each tool result.

    Args:
        message: a message of a request, or a whole reply, of which role and content are kept.

    Raises:
        InvalidInput: naming the field that is not as the format wants it.

    Example:
        >>> block = {"type": "tool_result", "tool_use_id": "a", "content": "7"}
        >>> read_anthropic({"role": "user", "content": [block]})[0].call_id
        'a'
    """
    role = message.get("role", MISSING)
    if role not in ROLES:
        raise wrong_role(role, ROLES)
    content = message.get("content", MISSING)
    # What a whole reply says of itself (id, model, usage) is no part of a message.
    is_reply = message.get("type") == "message"
    extra = {} if is_reply else extra_of(PROVIDER, rest(message, ("role", "content")))
    if role == "system":
        return [read_system(content, extra)]
    if isinstance(content, str):
        return [DialogueContent(role=role, text=content, extra=extra)]
    if not isinstance(content, list | tuple):
        raise wrong(
            "content", content, "it wants text or a list of blocks", "Give the text as a string."
        )
    if not content:
        extra[SHAPE_KEY] = {"content": "empty"}
        return [DialogueContent(role=role, extra=extra)]
    return _contents(role, content, extra)


def read_system(system: Any, extra: dict[str, Any] | None = None) -> Content:
    """Return the instructions that a request's `system` field holds.

    Args:
        system: text, or a list of text blocks.
        extra: fields to keep with it.

    Raises:
        InvalidInput: it is neither.
    """
    if isinstance(system, str):
        return InstructionContent(text=system, extra=extra or {})
    if not isinstance(system, list | tuple):
        raise wrong(
            "system", system, "it wants text or a list of text blocks", "Give the text as a string."
        )
    parts = tuple(_block(block, "system", f"system[{i}]") for i, block in enumerate(system))
    return InstructionContent(parts=parts, extra=extra or {})


def _contents(role: Any, blocks: Sequence[Any], extra: dict[str, Any]) -> list[Content]:
    found: list[Content] = []
    parts: list[Part] = []
    for place, block in enumerate(blocks):
        where = f"content[{place}]"
        if role == "user" and isinstance(block, Mapping) and block.get("type") == "tool_result":
            found.append(_result(block, where))
        else:
            parts.append(_block(block, role, where))
    if parts or not found:
        found.append(DialogueContent(role=role, parts=tuple(parts), extra=extra))
    elif extra:
        # There is no other content that could keep them.
        more = {**found[0].extra}  # type: ignore[attr-defined]  # a result, by the loop above
        more[MESSAGE_KEY] = extra[PROVIDER]
        found[0] = found[0].model_copy(update={"extra": more})
    return found


def _result(block: Mapping[str, Any], where: str) -> Content:
    call_id = block.get("tool_use_id", MISSING)
    if not isinstance(call_id, str) or not call_id:
        raise wrong(
            f"{where}.tool_use_id",
            call_id,
            "a result names the call it answers",
            "Give the call's id.",
        )
    content = block.get("content")
    known = ["type", "tool_use_id"]
    shape: dict[str, Any] = {}
    output: str | None = None
    parts: tuple[Part, ...] = ()
    if isinstance(content, str):
        output = content
        known.append("content")
    elif isinstance(content, list | tuple):
        known.append("content")
        parts = tuple(_block(b, "tool", f"{where}.content[{i}]") for i, b in enumerate(content))
        if not content:
            shape["content"] = "empty"
    elif content is not None:
        raise wrong(
            f"{where}.content",
            content,
            "it wants text or a list of blocks",
            "Give the output as a string.",
        )
    is_error = block.get("is_error")
    if not isinstance(is_error, bool | None):
        raise wrong(
            f"{where}.is_error",
            is_error,
            "it wants true or false",
            "Leave it out, or give a boolean.",
        )
    if is_error:
        known.append("is_error")
    return ToolResultContent(
        call_id=call_id,
        output=output,
        parts=parts,
        is_error=bool(is_error),
        extra=extra_of(PROVIDER, rest(block, known), shape),
    )


# --- blocks ----------------------------------------------------------------------------------


def _block(block: Any, role: str, where: str) -> Part:
    if not isinstance(block, Mapping):
        raise wrong(
            where, block, "a block is an object with a type", 'Use {"type": "text", "text": ...}.'
        )
    match block.get("type", MISSING):
        case "text":
            text = _text_of(block, "text", where)
            return TextPart(text, extra_of(PROVIDER, rest(block, ("type", "text"))) or None)
        case "tool_use" if role == "assistant":
            return _call(block, where)
        case ("tool_use" | "tool_result") as kind if role != "tool":
            rule, hint = "it stands in a message of the other role", "Give it to the other role."
            raise wrong(where, kind, rule, hint, named=True)
        case "thinking":
            return _thinking(block, where)
        case "redacted_thinking":
            sealed = _text_of(block, "data", where)
            extra = extra_of(PROVIDER, rest(block, ("type", "data"))) or None
            if sealed:
                return ReasoningPart(provider=PROVIDER, encrypted=sealed, extra=extra)
        case "image" | "document":
            part = _medium(block)
            if part is not None:
                return part
        case str():
            pass
        case other:
            raise wrong(
                f"{where}.type", other, "a block has a type", 'Use {"type": "text", "text": ...}.'
            )
    return OpaquePart(PROVIDER, dict(block))


def _text_of(block: Mapping[str, Any], key: str, where: str) -> str:
    text = block.get(key, MISSING)
    if not isinstance(text, str):
        raise wrong(f"{where}.{key}", text, "it wants text", "Give it as a string.")
    return text


def _call(block: Mapping[str, Any], where: str) -> ToolCall:
    id, name = block.get("id", MISSING), block.get("name", MISSING)
    if not isinstance(id, str) or not id:
        raise wrong(f"{where}.id", id, "a tool call has an id", "Give each call an id of its own.")
    if not isinstance(name, str):
        raise wrong(f"{where}.name", name, "a tool call names its tool", "Give the tool's name.")
    given = block.get("input", MISSING)
    if not isinstance(given, Mapping | str):
        raise wrong(
            f"{where}.input", given, "it wants an object", "Give the arguments as an object."
        )
    arguments = arguments_text(given, f"{where}.input")
    kept = rest(block, ("type", "id", "name", "input"))
    return ToolCall(id, name, arguments, extra_of(PROVIDER, kept) or None)


def _thinking(block: Mapping[str, Any], where: str) -> ReasoningPart:
    text = _text_of(block, "thinking", where)
    signature = block.get("signature")
    if not isinstance(signature, str | None):
        raise wrong(
            f"{where}.signature", signature, "it wants text", "Give the signature as it came."
        )
    extra = extra_of(PROVIDER, rest(block, ("type", "thinking", "signature"))) or None
    return ReasoningPart(text, PROVIDER, signature or None, extra=extra)


def _medium(block: Mapping[str, Any]) -> MediaPart | None:
    source = block.get("source")
    if not isinstance(source, Mapping):
        return None
    kind = source.get("type")
    values = {key: source.get(key) for key in ("media_type", "data", "url", "file_id")}
    title = block.get("title") if block.get("type") == "document" else None
    if not all(isinstance(value, str | None) for value in (*values.values(), title)):
        return None
    known = {
        "base64": ("media_type", "data"),
        "text": ("media_type", "data"),
        "url": ("url",),
        "file": ("file_id",),
    }
    names = known.get(kind) if isinstance(kind, str) else None
    if names is None:
        return None
    fields: dict[str, Any] = {name: values[name] for name in names}
    if kind == "text" and isinstance(fields["data"], str):
        fields["data"] = text_source(fields["data"])
    kept = rest(block, ("type", "source") if title is None else ("type", "source", "title"))
    if more := rest(source, ("type", *names)):
        kept["source"] = more
    part = MediaPart(
        "image" if block.get("type") == "image" else "file",
        **fields,
        name=title,
        extra=extra_of(PROVIDER, kept, UPLOAD if kind == "file" else None) or None,
    )
    return part if _written(part) == block else None


def _written(part: MediaPart) -> dict[str, Any] | None:
    block = medium_block(part)
    if block is not None:
        put_back(block, with_provider(part.extra, PROVIDER))
    return block
