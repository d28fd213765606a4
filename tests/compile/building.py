"""Conversations for the compile tests, made without any store.

A `Talk` is a list of entries that grows; ids are made from what is said and from its place, so that
equal talks have equal ids. Everything it compiles goes through the room's own door.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from tract.compile import CompiledContext, CompileOptions, Tally, as_counter, compile_context
from tract.objects import (
    Content,
    ContentTypes,
    DialogueContent,
    InstructionContent,
    Mark,
    Priority,
    Slot,
    State,
    ToolResultContent,
    blob_id,
    canonical,
)

LENGTHS = as_counter(len)
"""A counter whose figures can be worked out by hand: a token is a character."""


def system(text: str) -> InstructionContent:
    return InstructionContent(text=text)


def user(text: str) -> DialogueContent:
    return DialogueContent(role="user", text=text)


def assistant(text: str | None = None, *calls: str, **fields: Any) -> DialogueContent:
    """An assistant's message; each call is an id, its tool is called `work`."""
    made = [{"id": call, "name": "work", "arguments": "{}"} for call in calls]
    return DialogueContent(role="assistant", text=text, tool_calls=tuple(made), **fields)


def result(call: str, output: str | None = "done", **fields: Any) -> ToolResultContent:
    return ToolResultContent(call_id=call, output=output, **fields)


class Talk:
    """Entries one after the other, and the ways to compile them."""

    def __init__(self, *contents: Content, types: Sequence[type[Content]] = ()) -> None:
        self.types = ContentTypes(types)
        self.tally = Tally(LENGTHS)
        self.state: State = ()
        self.payloads: dict[str, Mapping[str, Any]] = {}
        for content in contents:
            self.add(content)

    def add(self, content: Content, priority: Priority | str = "normal") -> Slot:
        """Append an entry and return its slot."""
        payload = content.stored()
        blob = blob_id(canonical(payload))
        name = hashlib.sha256(f"{len(self.state)} {blob}".encode()).hexdigest()
        slot = Slot(name[:32], name, blob, Mark(Priority.of(priority)))
        self.payloads[blob] = payload
        self.state = (*self.state, slot)
        return slot

    def marked(self, place: int, priority: str) -> "Talk":
        """The same talk with another mark on one entry."""
        other = Talk()
        other.types, other.tally, other.payloads = self.types, self.tally, self.payloads
        slots = list(self.state)
        slots[place] = slots[place]._replace(mark=Mark(Priority.of(priority)))
        other.state = tuple(slots)
        return other

    def fetch(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return {blob: self.payloads[blob] for blob in ids}

    def compile(
        self,
        *,
        upto: int | None = None,
        previous: CompiledContext | None = None,
        tally: Tally | None = None,
        **options: Any,
    ) -> CompiledContext:
        """Compile all of it, or its first `upto` entries."""
        state = self.state if upto is None else self.state[:upto]
        return compile_context(
            state[-1].commit if state else None,
            state,
            self.fetch,
            types=self.types,
            tally=self.tally if tally is None else tally,
            options=CompileOptions(**options),
            previous=previous,
        )


def said(context: CompiledContext) -> list[str]:
    """What a context says, one short text a message: calls as `call a`, results as `a: done`."""
    texts = []
    for message in context.messages:
        calls = [f"call {call.id}" for call in message.tool_calls]
        words = [message.text, *calls] if message.text else calls
        prefix = f"{message.call_id}: " if message.call_id is not None else ""
        texts.append(prefix + " ".join(words))
    return texts
