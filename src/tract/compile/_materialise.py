"""Two compilers that come with the library, for use as they are and as examples of one's own.

A compiler is a value with `compile(entries)`: it gets the visible entries and gives messages, each
with the commits it was made from. Both start from what the built-in rendering makes of an entry,
so that contents of any type are shown, and both give up something: what stands in front changes
when something is added to it, and with that a provider's cached prefix.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final, Literal

from tract.compile._options import Value
from tract.compile._render import render
from tract.compile._views import stored
from tract.errors import InvalidInput, printable
from tract.objects import (
    Entry,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    check_text,
)

_LEADING = ("system", "developer")


def _rendered(entry: Entry) -> Message:
    return render(stored(entry), entry.commit, entry._types)  # noqa: SLF001 - the types it was read with


# --- one message of tagged sections -------------------------------------------------------------

_SECTIONS: Final = ("summary", "artifact", "session")
"""Types that have a tag of their own; all others have that of who speaks."""


class XmlPrompt(Value):
    """Show the whole conversation as one user message of tagged sections.

    Each entry is a section named after who speaks, or after its type for summaries, artifacts and
    sessions; calls and results are `<tool_call id= name=>` and `<tool_result id= name=>`. In texts
    and attributes `&`, `<` and `>` are escaped, so no content can close or open a section. Images
    and files stay in their places as parts of the message; what only one provider knows is named.
    The one message grows with every entry, so of a provider's cache little can be reused.

    Args:
        instructions: leading instructions are system messages in "front", as they are, or
            `<system>` sections "inside". Later ones are always sections.
        reasoning: whether reasoning that can be read is shown, as `<reasoning>`.

    Raises:
        InvalidInput: naming the option and the value that cannot be used.

    Example:
        >>> from tract import Tract, XmlPrompt
        >>> with Tract.open() as t:
        ...     _, _ = t.system("Be brief."), t.user("Is 1 < 2?")
        ...     context = t.compile(compiler=XmlPrompt())
        >>> print(context.messages[1].text)
        <conversation>
        <user>Is 1 &lt; 2?</user>
        </conversation>
    """

    __slots__ = ("instructions", "reasoning")

    instructions: Literal["front", "inside"]
    reasoning: bool

    def __init__(
        self, instructions: Literal["front", "inside"] = "front", reasoning: bool = False
    ) -> None:
        self._set(instructions=instructions, reasoning=reasoning)
        if instructions not in ("front", "inside"):
            raise _bad_option(self, "instructions", 'Use "front" or "inside".')
        if not isinstance(reasoning, bool):
            raise _bad_option(self, "reasoning", "Use True or False.")

    def compile(self, entries: Sequence[Entry]) -> list[Message]:
        """Return the messages for these entries: leading instructions, and one user message.

        Args:
            entries: what is visible, in the order of the context.
        """
        told = [(entry.content_type, _rendered(entry)) for entry in entries]
        front: list[Message] = []
        if self.instructions == "front":
            front = [m for _, m in takewhile(lambda item: item[1].role in _LEADING, told)]
        names: dict[str, str] = {}  # of the latest call with each id
        body: list[Part] = [TextPart("<conversation>\n")]
        commits: list[str] = []
        for kind, message in told[len(front) :]:
            names.update((call.id, call.name) for call in message.tool_calls)
            section = self._section(kind, message, names)
            if section:
                commits += message.commits
                body += section
        if not commits:
            return front
        body.append(TextPart("</conversation>"))
        parts = tuple(_joined(body))
        plain = len(parts) == 1
        return [*front, Message("user", parts, plain, commits=tuple(dict.fromkeys(commits)))]

    def _section(self, kind: str, message: Message, names: dict[str, str]) -> list[Part]:
        """Return the section of a message; nothing where it says nothing."""
        inner = [shown for part in message.parts for shown in self._part(part)]
        if not inner and message.role != "tool":
            return []
        tag, attributes = message.role, {"name": message.name}
        if message.role == "tool":
            call = message.call_id or ""
            name = message.name or names.get(call)
            error = "true" if message.is_error else None
            tag, attributes = "tool_result", {"id": call, "name": name, "error": error}
        elif kind in _SECTIONS:
            tag, attributes = kind, {}
        return [TextPart(_opening(tag, attributes)), *inner, TextPart(f"</{tag}>\n")]

    def _part(self, part: Part) -> Iterator[Part]:
        if isinstance(part, TextPart):
            if part.text:
                yield TextPart(_escaped(part.text))
        elif isinstance(part, ToolCall):
            opening = _opening("tool_call", {"id": part.id, "name": part.name})
            yield TextPart(f"{opening}{_escaped(part.arguments)}</tool_call>")
        elif isinstance(part, RefusalPart):
            yield TextPart(f"<refusal>{_escaped(part.text)}</refusal>")
        elif isinstance(part, ReasoningPart):
            if self.reasoning and part.text:
                yield TextPart(f"<reasoning>{_escaped(part.text)}</reasoning>")
        elif isinstance(part, MediaPart):
            yield part
        else:
            yield TextPart(f"[a part that only {_escaped(part.provider)} knows]")


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_QUOTED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;"}
)


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _opening(tag: str, attributes: dict[str, str | None]) -> str:
    given = [f' {k}="{v.translate(_QUOTED)}"' for k, v in attributes.items() if v is not None]
    return f"<{tag}{''.join(given)}>"


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts with neighbouring texts made one."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, TextPart):
            texts.append(part.text)
        else:
            yield TextPart("".join(texts))
            texts.clear()
            yield part
    yield TextPart("".join(texts))


# --- a chat with sections in front --------------------------------------------------------------

_TALK: Final = ("instruction", "dialogue", "tool_result", "reasoning", "opaque")
_GATHERED: Final = ("summary", "artifact", "session")


class ChatSections(Value):
    r"""Show instructions, then what to know, then the dialogue.

    The leading instructions are joined to one system message, each under a heading. Summaries,
    artifacts, sessions and what is pinned besides instructions and dialogue (notes, outputs,
    contents of your own types) are gathered into one user message behind it. All else follows as
    the messages that it always is, calls and results intact.

    Args:
        title: the heading of what is gathered.

    Raises:
        InvalidInput: `title` is no text of one line.

    Example:
        >>> from tract import ChatSections, Tract
        >>> with Tract.open() as t:
        ...     _, _ = t.system("Be brief."), t.user("Improve the plan.")
        ...     _ = t.artifact("1. Sleep.", kind="plan", title="Today")
        ...     context = t.compile(compiler=ChatSections())
        >>> print("\n\n".join(message.text for message in context.messages))
        # Instructions
        <BLANKLINE>
        Be brief.
        <BLANKLINE>
        # Context
        <BLANKLINE>
        ## Artifact
        <BLANKLINE>
        [plan: Today]
        1. Sleep.
        <BLANKLINE>
        Improve the plan.
    """

    __slots__ = ("title",)

    title: str

    def __init__(self, title: str = "Context") -> None:
        self._set(title=title)
        if not isinstance(title, str) or not title.strip() or printable(title, limit=None) != title:
            raise _bad_option(self, "title", "Give a text of one line.")
        check_text(title, "ChatSections title")

    def compile(self, entries: Sequence[Entry]) -> list[Message]:
        """Return the messages for these entries: instructions, what is gathered, the dialogue.

        Args:
            entries: what is visible, in the order of the context.
        """
        gathered: list[tuple[str, Message]] = []
        rest: list[Message] = []
        for entry in entries:
            message = _rendered(entry)
            if _is_known(entry) and _is_text(message) and message.role != "tool":
                gathered.append((_heading(entry), message))
            else:
                rest.append(message)
        leading = list(takewhile(lambda message: message.role in _LEADING, rest))
        messages = [*_instructions(leading)]
        if gathered:
            sections = [f"## {heading}\n\n{message.text}" for heading, message in gathered]
            text = "\n\n".join([f"# {self.title}", *sections])
            commits = _commits([message for _, message in gathered])
            messages.append(Message("user", (TextPart(text),), commits=commits))
        return [*messages, *rest[len(leading) :]]


def _is_known(entry: Entry) -> bool:
    """Return whether an entry is something to know, not something that was said."""
    kind = entry.content_type
    return kind in _GATHERED or (entry.priority == "pinned" and kind not in _TALK)


def _is_text(message: Message) -> bool:
    return bool(message.text) and all(isinstance(part, TextPart) for part in message.parts)


def _heading(entry: Entry) -> str:
    words = printable(entry.content_type, limit=60).replace("_", " ")
    return words[:1].upper() + words[1:]


def _instructions(leading: Sequence[Message]) -> Iterator[Message]:
    """Yield the leading instructions: neighbours that are all text as one message."""
    texts: list[Message] = []
    for message in leading:
        if _is_text(message):
            texts.append(message)
            continue
        yield from _as_one(texts)
        texts = []
        yield message
    yield from _as_one(texts)


def _as_one(texts: Sequence[Message]) -> Iterator[Message]:
    if texts:
        roles = {message.role for message in texts}
        role = "developer" if roles == {"developer"} else "system"
        sections = [f"# {_speaker(message)}\n\n{message.text}" for message in texts]
        text = "\n\n".join(sections)
        yield Message(role, (TextPart(text),), commits=_commits(texts))


def _speaker(message: Message) -> str:
    return printable(message.name, limit=60) if message.name else "Instructions"


def _commits(messages: Sequence[Message]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(commit for message in messages for commit in message.commits))


def _bad_option(compiler: Value, name: str, hint: str) -> InvalidInput:
    value = printable(repr(getattr(compiler, name)))
    return InvalidInput(
        f"{type(compiler).__name__} {name}={value} cannot be used",
        kind="invalid_option",
        hint=hint,
    )
