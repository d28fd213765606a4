"""The content types: what can be committed, as typed, immutable models.

A content is validated once, when it is committed; what is stored is its payload: the type's name
and the fields. Of a built-in type only those that differ from their defaults are written, so that
a field added later leaves old ids alone; of a caller's own type all are, because its defaults may
change while what was said must not.
A user's own types subclass `Content` and are handed to a tract, never to a global registry; what
is stored under a type that is not registered is shown through `UnknownContent`, whole.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from tract.errors import InvalidInput, TractError
from tract.objects._fields import written
from tract.objects._mark import Priority
from tract.objects._message import Message
from tract.objects._parts import (
    EXTRA_HINT,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    call_of,
    is_extra,
    part_of,
    part_payload,
)

C = TypeVar("C", bound="Content")


def validated(cls: type[C], data: Mapping[str, Any]) -> C:
    """Return `data` as a content of that class.

    Raises:
        InvalidInput: naming the first field that does not fit.
    """
    try:
        return cls.model_validate(dict(data))
    except ValidationError as error:
        raise _refusal(cls, error) from None
    except TractError:
        raise
    except Exception as error:  # a validator of the caller's own
        raise InvalidInput(
            f"{cls.__name__} could not be made: its validators raised {type(error).__name__}",
            kind="invalid_content",
            hint="Raise ValueError in a validator for what it refuses.",
        ) from error


def _refusal(cls: type[BaseModel], error: ValidationError) -> InvalidInput:
    # The offending input may be content, so only its type is named, never its value.
    detail = error.errors(include_url=False)[0]
    place = ".".join([cls.__name__, *(str(step) for step in detail["loc"])])
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, TractError):
        return InvalidInput(f"{place}: {cause.message}", kind=cause.kind, hint=cause.hint)
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if detail["type"] not in ("value_error", "assertion_error", "missing", "extra_forbidden"):
        said = f"{said} (got {type(detail['input']).__name__})"
    names = ", ".join(name for name in cls.model_fields if name != "content_type")
    hint = f"The fields of {cls.__name__} are {names}." if names else "Give it no fields."
    return InvalidInput(f"{place}: {said}", kind="invalid_content", hint=hint)


def _calls(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(call_of(call) for call in value)
    return value


def _parts(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(part_of(part) for part in value)
    return value


def _call_payloads(calls: tuple[ToolCall, ...]) -> list[dict[str, Any]]:
    return [{k: v for k, v in part_payload(call).items() if k != "kind"} for call in calls]


Parts = Annotated[
    tuple[Any, ...],
    BeforeValidator(_parts),
    PlainSerializer(lambda parts: [part_payload(part) for part in parts], return_type=list[Any]),
]
Calls = Annotated[
    tuple[Any, ...], BeforeValidator(_calls), PlainSerializer(_call_payloads, return_type=list[Any])
]
Free = dict[str, Any]


def _by_provider(value: Free) -> Free:
    if not is_extra(value):
        raise InvalidInput("it holds no objects by provider", hint=EXTRA_HINT)
    return value


Extras = Annotated[Free, AfterValidator(_by_provider)]


class Content(BaseModel):
    """The root of all content types; subclass it for your own.

    A subclass gives `content_type` a literal default, may set `default_priority` (the mark of
    new entries) and `default_role` (who speaks in the compiled context), and may override `render`.

    Example:
        >>> class Ticket(Content):
        ...     content_type: Literal["acme.ticket"] = "acme.ticket"
        ...     number: int
        ...     def render(self) -> str:
        ...         return f"Ticket {self.number}"
        >>> Ticket(number=7).stored()
        {'content_type': 'acme.ticket', 'number': 7}
    """

    model_config = ConfigDict(
        # Most programs use a few of the types; the others are not worth their building time.
        defer_build=True,
        frozen=True,
        extra="forbid",
        # Stored by the fields' names, so that an alias may change.
        populate_by_name=True,
        ser_json_inf_nan="constants",
        arbitrary_types_allowed=True,
    )

    default_priority: ClassVar[Priority] = Priority.NORMAL
    default_role: ClassVar[str] = "user"

    content_type: str

    def stored(self) -> Free:
        """Return what is stored: the type and every field."""
        computed = set(type(self).model_computed_fields)
        data = self.model_dump(mode="json", by_alias=False, exclude=computed or None)
        data["content_type"] = self.content_type
        return data

    def render(self) -> str | Message:
        """Return what a model is shown: a text, or a whole message.

        Returns:
            A text, spoken by the type's `default_role`; by default the readable text of the fields.
        """
        return readable(self.stored())

    def with_text(self, text: str) -> Self:
        """Return this content with its text replaced and everything else kept.

        Raises:
            InvalidInput: the type has no text.
        """
        if "text" not in type(self).model_fields:
            raise InvalidInput(
                f"{self.content_type} has no text to replace",
                kind="no_text",
                hint="Give a whole content of that type instead.",
            )
        return self._changed(text=text)

    def _changed(self, **changes: Any) -> Self:
        return validated(type(self), {**dict(self), **changes})


class _BuiltIn(Content):
    """What the types of this library share: how they are written, and rules across fields."""

    def stored(self) -> Free:
        """Return what is stored: the type and every field that differs from its default."""
        return written(self)

    def clash(self) -> str | None:
        """Return which rule across its fields it breaks, or None."""
        return None

    @model_validator(mode="after")
    def _without_clash(self) -> Self:
        if (clash := self.clash()) is not None:
            raise ValueError(clash)
        return self


def _retold(parts: tuple[Part, ...], text: str) -> tuple[Part, ...]:
    """Return parts with their text replaced: it stands where the first piece of it stood."""
    replaced: type[Part] = TextPart
    if not any(isinstance(part, TextPart) for part in parts):
        replaced = RefusalPart
    kept: list[Part] = []
    placed = False
    for part in parts:
        if not isinstance(part, replaced):
            kept.append(part)
        elif not placed:
            kept.append(TextPart(text, part.extra if isinstance(part, TextPart) else None))
            placed = True
    if not placed:
        kept.insert(0, TextPart(text))
    return tuple(kept)


class _TextOrParts(_BuiltIn):
    text: str | None = None
    parts: Parts = ()
    extra: Extras = Field(default_factory=dict)

    def clash(self) -> str | None:
        if self.text is not None and self.parts:
            return "give text or parts, not both"
        return None

    def with_text(self, text: str) -> Self:
        """Return this content with its text replaced and everything else kept."""
        if self.parts:
            return self._changed(parts=_retold(self.parts, text))
        return self._changed(text=text)


class InstructionContent(_TextOrParts):
    """Instructions to the model: system or developer text. Pinned unless said otherwise."""

    default_priority: ClassVar[Priority] = Priority.PINNED

    content_type: Literal["instruction"] = "instruction"
    role: Literal["system", "developer"] = "system"
    name: str | None = None


class DialogueContent(_TextOrParts):
    """What a user or an assistant said: text or parts, and the tool calls.

    One reply of a model is one `DialogueContent`, its parts in the provider's order.
    """

    content_type: Literal["dialogue"] = "dialogue"
    role: Literal["user", "assistant"]
    name: str | None = None
    tool_calls: Calls = ()
    refusal: str | None = None

    def clash(self) -> str | None:
        if self.role == "user" and (
            self.tool_calls
            or (self.parts and any(isinstance(part, ToolCall) for part in self.parts))
        ):
            return "tool calls are made by the assistant, not by the user"
        return super().clash()

    def with_text(self, text: str) -> Self:
        """Return this content with its text replaced; where it only refuses, the refusal is."""
        told = super().with_text(text)
        says = self.text or any(isinstance(part, TextPart) for part in self.parts)
        if self.refusal is None or says:
            return told
        return validated(type(self), {**dict(told), "refusal": None})


class ToolResultContent(_BuiltIn):
    """What a tool gave back: the answer to the call with that id."""

    default_role: ClassVar[str] = "tool"

    content_type: Literal["tool_result"] = "tool_result"
    call_id: str
    name: str | None = None
    output: str | None = None
    parts: Parts = ()
    is_error: bool = False
    extra: Extras = Field(default_factory=dict)

    def clash(self) -> str | None:
        if self.output is not None and self.parts:
            return "give output or parts, not both"
        return None

    @property
    def text(self) -> str:
        """The output, or the text of its parts."""
        return (
            self.output
            if self.output is not None
            else "\n".join(p.text for p in self.parts if isinstance(p, TextPart))
        )

    def with_text(self, text: str) -> Self:
        """Return this result with another text, its media, call id, name and error flag kept."""
        if all(isinstance(part, TextPart) for part in self.parts):
            return self._changed(output=text, parts=())
        return self._changed(parts=_retold(self.parts, text))


ToolIOContent = ToolResultContent


class ReasoningContent(_BuiltIn):
    """A model's reasoning kept by itself, bound to the prefix that it was made for."""

    default_role: ClassVar[str] = "assistant"

    content_type: Literal["reasoning"] = "reasoning"
    text: str = ""
    provider: str | None = None
    signature: str | None = None
    encrypted: str | None = None
    bound_to: Free | None = None
    extra: Extras = Field(default_factory=dict)

    def with_text(self, text: str) -> Self:
        """Return this reasoning with another text; its signature held for the old one and goes."""
        return self._changed(text=text, signature=None, encrypted=None)

    def part(self) -> ReasoningPart:
        """Return it as the part of a message."""
        return ReasoningPart(
            self.text,
            self.provider,
            self.signature,
            self.encrypted,
            self.bound_to,
            self.extra or None,
        )


class ArtifactContent(_BuiltIn):
    """A thing that was made: a document, a program, a plan."""

    content_type: Literal["artifact"] = "artifact"
    kind: str = "text"
    title: str = ""
    text: str
    language: str | None = None

    def render(self) -> str:
        """Return the title line and the text, fenced where it has a language."""
        head = f"[{self.kind}: {self.title}]" if self.title else f"[{self.kind}]"
        if self.language is None:
            return f"{head}\n{self.text}"
        fence = "```"
        while fence in self.text:
            fence += "`"
        return f"{head}\n{fence}{self.language}\n{self.text}\n{fence}"


class OutputContent(_BuiltIn):
    """A result that an agent delivered."""

    default_role: ClassVar[str] = "assistant"

    content_type: Literal["output"] = "output"
    text: str
    format: str = "text"

    def render(self) -> str:
        """Return the text."""
        return self.text


class FreeformContent(_BuiltIn):
    """Any JSON object that has no type of its own."""

    content_type: Literal["freeform"] = "freeform"
    payload: Free

    def render(self) -> str:
        """Return the readable text of the object."""
        return readable(self.payload)


class SummaryContent(_BuiltIn):
    """A summary that stands for earlier entries; shown to the model as a marked user text, never as system."""

    content_type: Literal["summary"] = "summary"
    text: str

    def render(self) -> str:
        """Return the text under a line that says what it is."""
        return f"[Summary of earlier conversation]\n{self.text}"


class SessionContent(_BuiltIn):
    """The boundary of a working session: what was decided and what comes next. Pinned unless said otherwise."""

    default_priority: ClassVar[Priority] = Priority.PINNED

    content_type: Literal["session"] = "session"
    session_type: str = "handoff"
    summary: str = ""
    decisions: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()

    def render(self) -> str:
        """Return the fields that say something as short titled lists."""
        lines = [f"[Session: {self.session_type}]"]
        if self.summary:
            lines.append(self.summary)
        for title, items in (
            ("Decisions", self.decisions),
            ("Next steps", self.next_steps),
            ("Open questions", self.open_questions),
        ):
            if items:
                lines += [f"{title}:", *(f"- {item}" for item in items)]
        return "\n".join(lines)


class OpaqueContent(_BuiltIn):
    """A whole message that nobody here understands, kept as it came.

    With a provider's name it is sent back only there; without one every model is shown its fields
    as text.
    """

    content_type: Literal["opaque"] = "opaque"
    provider: str | None = None
    payload: Free

    def render(self) -> str:
        """Return the readable text of its fields."""
        return readable(self.stored() if self.provider is not None else self.payload)


class UnknownContent(Content):
    """What is stored under a type that this tract was not told about: kept, copied and shown as text."""

    fields: Free = Field(default_factory=dict)

    def stored(self) -> Free:
        return {**self.fields, "content_type": self.content_type}


BUILT_IN: tuple[type[Content], ...] = (
    InstructionContent,
    DialogueContent,
    ToolResultContent,
    ReasoningContent,
    ArtifactContent,
    OutputContent,
    FreeformContent,
    SummaryContent,
    SessionContent,
    OpaqueContent,
)


def readable(payload: Mapping[str, Any]) -> str:
    r"""Return the fields of a payload as text: one line a field, deeper values as JSON.

    Example:
        >>> readable({"content_type": "acme.ticket", "number": 7, "tags": ["a"]})
        '[acme.ticket]\nnumber: 7\ntags: ["a"]'
    """
    lines = [f"[{payload['content_type']}]"] if "content_type" in payload else []
    for name in sorted(payload):
        if name == "content_type":
            continue
        value = payload[name]
        text = (
            value
            if isinstance(value, str)
            else json.dumps(value, ensure_ascii=False, sort_keys=True)
        )
        lines.append(f"{name}: {text}")
    return "\n".join(lines)
