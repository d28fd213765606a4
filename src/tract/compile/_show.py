"""Messages as lines for a person.

Content comes from models, tools and the web, so everything is escaped on the way to a terminal;
line feeds and tabs of a text stand. This is for looking only: nothing parses it again.
"""

from collections.abc import Iterator

from tract.errors import printable
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
)


def shown_lines(number: int, message: Message) -> Iterator[str]:
    """Yield a heading and the parts of a message, each ready to be printed.

    Args:
        number: its place in the context.
        message: any message.

    Example:
        >>> list(shown_lines(0, Message("user", (TextPart("hi"),))))
        ['--- 0 user', 'hi']
    """
    words = [f"--- {number} {message.role}"]
    if message.name is not None:
        words.append(printable(message.name))
    if message.call_id is not None:
        words.append(f"answers {printable(message.call_id)}")
    if message.is_error:
        words.append("(error)")
    words += [f"<{commit[:8]}>" for commit in message.commits]
    yield " ".join(words)
    for part in message.parts:
        yield printable(_part_text(part), limit=None, lines=True)


def _part_text(part: Part) -> str:
    if isinstance(part, TextPart):
        return part.text
    if isinstance(part, ToolCall):
        return f"[call {part.id}] {part.name}({part.arguments})"
    if isinstance(part, ReasoningPart):
        return f"[reasoning] {part.text}" if part.text else "[reasoning, sealed]"
    if isinstance(part, RefusalPart):
        return f"[refusal] {part.text}"
    if isinstance(part, OpaquePart):
        return f"[a part that only {part.provider} knows]"
    return _media_text(part)


def _media_text(part: MediaPart) -> str:
    where = part.url or part.file_id
    size = f"{len(part.data) * 3 // 4} bytes" if part.data is not None else None
    details = [text for text in (part.media_type, part.name, where, size) if text]
    return f"[{', '.join([part.kind, *details])}]"


def message_text(message: Message) -> str:
    """Return all that a message says as one text, for previews."""
    return " ".join(_part_text(part) for part in message.parts)
