"""The content types: what can be committed, as typed, immutable models.

A content is validated once, when it is committed; what is stored is its payload: the type's name
and every field that differs from its default, so that a field added later leaves old ids alone.
A user's own types subclass `Content` and are handed to a tract, never to a global registry; what
is stored under a type that is not registered is shown through `UnknownContent`, whole.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from tract.errors import InvalidInput
from tract.objects._mark import Priority
from tract.objects._message import Message
from tract.objects._parts import Part, ReasoningPart, TextPart, ToolCall, part_of, part_payload


def _calls(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(
            part_of({"kind": "tool_call", **call} if isinstance(call, Mapping) else call)
            for call in value
        )
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
        {'number': 7, 'content_type': 'acme.ticket'}
    """

    model_config = ConfigDict(
        # Most programs use a few of the types; the others are not worth their building time.
        defer_build=True,
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="constants",
        arbitrary_types_allowed=True,
    )

    default_priority: ClassVar[Priority] = Priority.NORMAL
    default_role: ClassVar[str] = "user"

    content_type: str

    def stored(self) -> Free:
        """Return what is stored: the type and every field that differs from its default."""
        data = self.model_dump(mode="json", exclude_defaults=True, by_alias=False)
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
        return type(self).model_validate({**dict(self), **changes})


class _TextOrParts(Content):
    text: str | None = None
    parts: Parts = ()
    extra: Free = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.text is not None and self.parts:
            raise ValueError("give text or parts, not both")
        return self

    def with_text(self, text: str) -> Self:
        if not self.parts:
            return self._changed(text=text)
        kept: list[Part] = []
        placed = False
        for part in self.parts:
            if not isinstance(part, TextPart):
                kept.append(part)
            elif not placed:
                kept.append(TextPart(text, part.extra))
                placed = True
        if not placed:
            kept.insert(0, TextPart(text))
        return self._changed(parts=tuple(kept))


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

    @model_validator(mode="after")
    def _calls_by_the_assistant(self) -> Self:
        if self.role == "user" and (
            self.tool_calls or any(isinstance(part, ToolCall) for part in self.parts)
        ):
            raise ValueError("tool calls are made by the assistant, not by the user")
        return self


class ToolResultContent(Content):
    """What a tool gave back: the answer to the call with that id."""

    default_role: ClassVar[str] = "tool"

    content_type: Literal["tool_result"] = "tool_result"
    call_id: str
    name: str | None = None
    output: str | None = None
    parts: Parts = ()
    is_error: bool = False
    extra: Free = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.output is not None and self.parts:
            raise ValueError("give output or parts, not both")
        return self

    @property
    def text(self) -> str:
        """The output, or the text of its parts."""
        return (
            self.output
            if self.output is not None
            else "\n".join(p.text for p in self.parts if isinstance(p, TextPart))
        )

    def with_text(self, text: str) -> Self:
        """Return this result with another output, its call id, name and error flag kept."""
        return self._changed(output=text, parts=())


ToolIOContent = ToolResultContent


class ReasoningContent(Content):
    """A model's reasoning kept by itself, bound to the prefix that it was made for."""

    default_role: ClassVar[str] = "assistant"

    content_type: Literal["reasoning"] = "reasoning"
    text: str = ""
    provider: str | None = None
    signature: str | None = None
    encrypted: str | None = None
    bound_to: Free | None = None
    extra: Free = Field(default_factory=dict)

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


class ArtifactContent(Content):
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


class OutputContent(Content):
    """A result that an agent delivered."""

    default_role: ClassVar[str] = "assistant"

    content_type: Literal["output"] = "output"
    text: str
    format: str = "text"

    def render(self) -> str:
        """Return the text."""
        return self.text


class FreeformContent(Content):
    """Any JSON object that has no type of its own."""

    content_type: Literal["freeform"] = "freeform"
    payload: Free

    def stored(self) -> Free:
        return {"content_type": self.content_type, "payload": self.payload}

    def render(self) -> str:
        """Return the readable text of the object."""
        return readable(self.payload)


class SummaryContent(Content):
    """A summary that stands for earlier entries; shown to the model as a marked user text, never as system."""

    content_type: Literal["summary"] = "summary"
    text: str

    def render(self) -> str:
        """Return the text under a line that says what it is."""
        return f"[Summary of earlier conversation]\n{self.text}"


class SessionContent(Content):
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


class OpaqueContent(Content):
    """A whole message that only one provider understands, kept as it came and sent back only there."""

    content_type: Literal["opaque"] = "opaque"
    provider: str
    payload: Free

    def stored(self) -> Free:
        return {
            "content_type": self.content_type,
            "provider": self.provider,
            "payload": self.payload,
        }


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
