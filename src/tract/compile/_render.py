"""From a stored payload to the message a model is shown.

Built-in types are read straight from their payload: ten thousand entries are rendered in a few
hundredths of a second, so nothing is validated again here. A type of the caller's own is loaded
and asked, and what it gives is checked, since it has not been through any door yet. What is
stored under a type that nobody registered is shown as readable text of its fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tract.compile._frozen import frozen
from tract.errors import InvalidInput, TractError, printable
from tract.objects import (
    ArtifactContent,
    Content,
    ContentTypes,
    FreeformContent,
    Message,
    OpaquePart,
    OutputContent,
    Part,
    ReasoningPart,
    RefusalPart,
    SessionContent,
    SummaryContent,
    TextPart,
    ToolCall,
    checked_message,
    part_of,
    payload_role,
    readable,
)

Payload = Mapping[str, Any]

# A frozen dataclass checks each field it sets, which takes half of the time of a cold compile. The
# fields' own setters do not, and what they make is the same value.
_new = object.__new__
(
    _set_role,
    _set_parts,
    _set_plain,
    _set_name,
    _set_call_id,
    _set_is_error,
    _set_extra,
    _set_commits,
) = (
    Message.__dict__[name].__set__
    for name in ("role", "parts", "plain", "name", "call_id", "is_error", "extra", "commits")
)
_set_text, _set_text_extra = (TextPart.__dict__[name].__set__ for name in ("text", "extra"))


def render(payload: Payload, commit: str, types: ContentTypes) -> Message:
    """Return the message of one stored payload.

    Args:
        payload: the stored JSON value of a content.
        commit: id of the commit that the message comes from.
        types: the content types that are known.

    Raises:
        InvalidInput: a type of the caller's own rendered to something that is no message.

    Example:
        >>> render({"content_type": "output", "text": "42"}, "c" * 64, ContentTypes()).role
        'assistant'
    """
    kind = payload["content_type"]
    make = _BUILT_IN.get(kind)
    if make is not None:
        return make(payload, (commit,))
    if types.custom(kind) is not None:
        return _own(types.load(payload), (commit,))
    return Message(payload_role(payload, types), (TextPart(readable(payload)),), commits=(commit,))


def is_built_in(payload: Payload) -> bool:
    """Return whether the rendering of a payload follows from the payload alone."""
    return payload["content_type"] in _BUILT_IN


def _own(content: Content, commits: tuple[str, ...]) -> Message:
    where = f"{printable(type(content).__name__)}.render()"
    try:
        shown = content.render()
    except TractError:
        raise
    except Exception as error:
        raise InvalidInput(
            f"{where} failed on commit {commits[0][:8]}: {printable(type(error).__name__)}",
            kind="render_failed",
            hint="Mend the type's render, or skip the entry.",
        ) from error
    if isinstance(shown, str):
        shown = Message(content.default_role, (TextPart(shown),))
    return replace(checked_message(shown, where), commits=commits)


def _message(
    role: str,
    parts: tuple[Part, ...],
    payload: Payload,
    commits: tuple[str, ...],
    call_id: str | None = None,
) -> Message:
    """Return the message of a payload with text or parts; fields by their names in the payload."""
    get = payload.get
    message = _new(Message)
    _set_role(message, role)
    _set_parts(message, parts)
    _set_plain(message, "parts" not in payload)
    _set_name(message, get("name"))
    _set_call_id(message, call_id)
    _set_is_error(message, get("is_error", False))
    extra = get("extra")
    _set_extra(message, None if extra is None else frozen(extra))
    _set_commits(message, commits)
    return message


def _text(text: str) -> TextPart:
    part = _new(TextPart)
    _set_text(part, text)
    _set_text_extra(part, None)
    return part


def _instruction(payload: Payload, commits: tuple[str, ...]) -> Message:
    return _text_or_parts(payload.get("role", "system"), payload, commits)


def _dialogue(payload: Payload, commits: tuple[str, ...]) -> Message:
    calls, refusal = payload.get("tool_calls"), payload.get("refusal")
    if not calls and refusal is None:
        return _text_or_parts(payload["role"], payload, commits)
    text = payload.get("text")
    # As in `_text_or_parts`: an empty text is a text, and no text is none.
    parts: list[Part] = [_text(text)] if text is not None else _parts(payload.get("parts", ()))
    if refusal is not None:
        parts.append(RefusalPart(refusal))
    if calls:
        parts += [_call(call) for call in calls]
    return _message(payload["role"], tuple(parts), payload, commits)


def _text_or_parts(role: str, payload: Payload, commits: tuple[str, ...]) -> Message:
    text = payload.get("text")
    if text is not None:
        return _message(role, (_text(text),), payload, commits)
    return _message(role, tuple(_parts(payload.get("parts", ()))), payload, commits)


def _tool_result(payload: Payload, commits: tuple[str, ...]) -> Message:
    output = payload.get("output")
    parts = tuple(_parts(payload.get("parts", ()))) if output is None else (_text(output),)
    return _message("tool", parts, payload, commits, payload["call_id"])


def _reasoning(payload: Payload, commits: tuple[str, ...]) -> Message:
    get = payload.get
    part = ReasoningPart(
        get("text", ""),
        get("provider"),
        get("signature"),
        get("encrypted"),
        frozen(get("bound_to")),
        frozen(get("extra")),
    )
    return Message("assistant", (part,), False, commits=commits)


def _opaque(payload: Payload, commits: tuple[str, ...]) -> Message:
    # A whole message is `plain`; an opaque part among others stands in a list and is not.
    provider = payload.get("provider")
    if provider is None:  # nobody's in particular: every model is shown its fields
        return Message("user", (TextPart(readable(payload["payload"])),), commits=commits)
    part = OpaquePart(provider, frozen(payload["payload"]))
    return Message("user", (part,), commits=commits)


def _by_model(cls: type[Content]) -> Callable[[Payload, tuple[str, ...]], Message]:
    """Render by the type's own `render`, on a model that is put together without validation."""

    def make(payload: Payload, commits: tuple[str, ...]) -> Message:
        text = cls.model_construct(**payload).render()
        assert isinstance(text, str)
        return Message(cls.default_role, (TextPart(text),), commits=commits)

    return make


_BUILT_IN: Mapping[str, Callable[[Payload, tuple[str, ...]], Message]] = {
    "instruction": _instruction,
    "dialogue": _dialogue,
    "tool_result": _tool_result,
    "reasoning": _reasoning,
    "artifact": _by_model(ArtifactContent),
    "output": _by_model(OutputContent),
    "freeform": _by_model(FreeformContent),
    "summary": _by_model(SummaryContent),
    "session": _by_model(SessionContent),
    "opaque": _opaque,
}


def _parts(payloads: Sequence[Payload]) -> list[Part]:
    return [_part(payload) for payload in payloads]


def _part(payload: Payload) -> Part:
    kind = payload["kind"]
    if kind == "text":
        return TextPart(payload.get("text", ""), frozen(payload.get("extra")))
    if kind == "tool_call":
        return _call(payload)
    return part_of(frozen(payload))


def _call(payload: Payload) -> ToolCall:
    get = payload.get
    return ToolCall(get("id", ""), get("name", ""), get("arguments", ""), frozen(get("extra")))
