"""The neutral message: what a state is compiled to before any provider's dialect is chosen.

It can hold whatever any provider can say, and says nothing in a provider's words. `plain` keeps
the one distinction that round trips need: whether text came as a bare string or as a list of
parts. A message knows the commits it was made from, and that is not part of what it says: two
messages that differ only there have the same canonical form.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tract.errors import InvalidInput, printable
from tract.objects._canonical import canonical
from tract.objects._parts import (
    EXTRA_HINT,
    Extra,
    Part,
    TextPart,
    ToolCall,
    is_extra,
    part_of,
    part_payload,
)

ROLES = ("system", "developer", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a compiled context.

    Attributes:
        role: "system", "developer", "user", "assistant" or "tool".
        parts: its parts, in the order they were said.
        plain: whether the text came as a bare string (else as a list of parts).
        name: the speaker's or the tool's name.
        call_id: of a tool message, the call that it answers.
        is_error: of a tool message, whether the tool failed.
        extra: fields that only the named provider knows.
        commits: the commits that it was made from, oldest first.

    Example:
        >>> Message("user", (TextPart("hello"),)).text
        'hello'
    """

    role: str
    parts: tuple[Part, ...] = ()
    plain: bool = True
    name: str | None = None
    call_id: str | None = None
    is_error: bool = False
    extra: Extra | None = None
    commits: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text parts, one after the other; "" where there are none."""
        parts = self.parts
        if len(parts) == 1 and type(parts[0]) is TextPart:
            return parts[0].text
        return "\n".join(part.text for part in parts if isinstance(part, TextPart))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls among the parts."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    def payload(self) -> dict[str, Any]:
        """Return what the message says as a JSON value, without the commits it came from."""
        data: dict[str, Any] = {
            "role": self.role,
            "parts": [part_payload(part) for part in self.parts],
        }
        if not self.plain:
            data["plain"] = False
        if self.name is not None:
            data["name"] = self.name
        if self.call_id is not None:
            data["call_id"] = self.call_id
        if self.is_error:
            data["is_error"] = True
        if self.extra:
            data["extra"] = self.extra
        return data


def checked_message(message: object, where: str) -> Message:
    """Return what somebody else's code gave as a message, once it is known to be one.

    Args:
        message: what was given.
        where: who gave it, for the error.

    Raises:
        InvalidInput: it is no `Message`, its role is unknown, a part or a field is of another
            type, or it holds what no JSON text can.
    """
    if not isinstance(message, Message):
        raise InvalidInput(
            f"{where} gave {printable(type(message).__name__)}, not a Message",
            kind="invalid_message",
            hint="Return tract.Message values (or, from Content.render, a text).",
        )
    if message.role not in ROLES:
        raise InvalidInput(
            f"{where} gave a message of role {printable(repr(message.role))}",
            kind="invalid_role",
            hint=f"Use one of {', '.join(sorted(ROLES))}.",
        )
    if not isinstance(message.parts, (tuple, list)) or any(
        isinstance(part, (str, Mapping)) for part in message.parts
    ):
        raise InvalidInput(
            f"{where} gave a message whose parts are no tuple of parts",
            kind="invalid_message",
            hint="Write Message(role, (TextPart(text),)).",
        )
    for part in message.parts:
        if part_of(part) is not part:
            raise InvalidInput(
                f"{where} gave a {part.kind} part with arguments that are no text",
                kind="invalid_message",
                hint="Give a tool call's arguments as JSON text.",
            )
    if message.extra is not None and not is_extra(message.extra):
        raise InvalidInput(
            f"{where} gave a message whose extra holds no objects by provider",
            kind="invalid_message",
            hint=EXTRA_HINT,
        )
    for name in ("name", "call_id"):
        if not isinstance(getattr(message, name), str | None):
            raise InvalidInput(
                f"{where} gave a message whose {name} is no text",
                kind="invalid_message",
                hint="Give it as text, or leave it out.",
            )
    canonical(message.payload(), where)  # raises for lone surrogates and for what is no JSON
    return message


def with_provider(extra: Extra | None, provider: str) -> Mapping[str, Any]:
    """Return the extra fields kept for one provider; empty where there are none."""
    return extra.get(provider, {}) if extra else {}
