"""The doors of the room: one function for each way through it, whatever the provider.

They pick the dialect by its name, or by the shape of what came in, and hand over. Names are
checked here once, and the shapes of message that make up nearly all conversations are read
without going any further.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from tract.errors import InvalidInput, UnknownProvider, printable
from tract.formats._anthropic import wire_anthropic
from tract.formats._anthropic_check import check_anthropic
from tract.formats._anthropic_read import read_anthropic, read_system
from tract.formats._client import plain_message
from tract.formats._detect import detect
from tract.formats._fields import wrong
from tract.formats._issue import Issue, Wire
from tract.formats._openai_chat import wire_openai
from tract.formats._openai_check import check_openai
from tract.formats._openai_read import read_openai
from tract.objects import Content, DialogueContent, Message

T = TypeVar("T")

PROVIDERS = ("openai", "anthropic")
"""The providers whose dialects are spoken here."""

_ALIASES = {"openai_chat": "openai"}
_READERS = {"openai": read_openai, "anthropic": read_anthropic}


def _provider(name: object) -> str:
    found = _ALIASES.get(name, name) if isinstance(name, str) else name
    if not isinstance(found, str) or found not in PROVIDERS:
        raise UnknownProvider(
            f"provider {printable(repr(name))} is unknown",
            hint=f"Use one of {', '.join(PROVIDERS)}.",
        )
    return found


def to_wire(
    messages: Sequence[Message],
    provider: str,
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    cache: bool = True,
    repair: bool = True,
) -> Wire:
    """Render messages as the request that a provider wants.

    Args:
        messages: what the model is shown; calls are followed by their results.
        provider: "openai" (Chat Completions, also "openai_chat") or "anthropic" (Messages).
        tools: tool definitions in OpenAI's, Anthropic's or a plain form.
        cache: whether cache breakpoints are set where the provider has them (Anthropic: at most
            four; contents are block lists then). False adds none.
        repair: whether what the provider would refuse is mended, each time with a notice; False
            renders it as it is.

    Returns:
        The request, with what was changed and where each message comes from. The same messages
        and options give the same request on every machine.

    Raises:
        UnknownProvider: no such dialect.
        InvalidInput: a tool definition has no name or is no object.

    Example:
        >>> from tract.objects import TextPart
        >>> to_wire([Message("user", (TextPart("hello"),))], "openai").params
        {'messages': [{'role': 'user', 'content': 'hello'}]}
    """
    if _provider(provider) == "openai":
        return wire_openai(messages, tools, repair=repair)
    return wire_anthropic(messages, tools, cache=cache, repair=repair)


def from_wire(message: Any, provider: str | None = None) -> list[Content]:
    """Read one provider's message.

    Args:
        message: a message of a request or of a reply, in the shape of OpenAI Chat or Anthropic,
            or as `plain` gives it; also as the object that a client gives, or with such objects in
            its lists (anything with `model_dump`).
        provider: whose shape it has; None tells it by the shape.

    Returns:
        The contents: one, and for Anthropic one more for each tool result in the message. What
        has no word in the model is kept and goes back to the same provider. Of a whole reply of
        Anthropic's, role and content are kept.

    Raises:
        InvalidInput: naming the field and the rule it breaks.
        UnknownProvider: no such dialect.

    Example:
        >>> [content] = from_wire({"role": "user", "content": "hello"})
        >>> content.role, content.text
        ('user', 'hello')
    """
    return _read(plain_message(message), provider)


def _read(message: Any, provider: str | None) -> list[Content]:
    """Read a message without any object in it."""
    if not isinstance(message, Mapping):
        raise wrong("message", message, "it wants an object with role and content", "Give a dict.")
    if provider is not None:
        return _READERS[_provider(provider)](message)
    role = message.get("role")
    if role == "tool" or "tool_calls" in message:
        return read_openai(message)
    if len(message) == 2 and (role == "user" or role == "assistant"):  # noqa: PLR1714 - hot
        content = message.get("content")
        if isinstance(content, str):
            return [DialogueContent(role=role, text=content)]
    if (provider := detect(message)) == "anthropic":
        return read_anthropic(message)
    return read_openai(message)


def from_conversation(
    messages: Iterable[Any],
    provider: str | None = None,
    system: str | Sequence[Mapping[str, Any]] | None = None,
) -> list[Content]:
    """Read a whole conversation.

    Args:
        messages: the messages, oldest first; each as `from_wire` takes it.
        provider: whose shape they have; None tells it by the shapes, and where a message looks
            the same for all, by those of the others.
        system: the instructions that some providers keep beside the messages: text or blocks.

    Returns:
        The contents, instructions first.

    Raises:
        InvalidInput: naming the message's place, the field and the rule it breaks.
        UnknownProvider: no such dialect.

    Example:
        >>> [c.content_type for c in from_conversation([{"role": "user", "content": "hi"}], system="Be kind.")]
        ['instruction', 'dialogue']
    """
    found = [read_system(system)] if system is not None else []
    given = None if provider is None else _provider(provider)
    listed = [_placed(plain_message, place, message) for place, message in enumerate(messages)]
    usual = given or next(filter(None, (detect(m) for m in listed if isinstance(m, Mapping))), None)
    for place, message in enumerate(listed):
        shape = given
        if given is None and isinstance(message, Mapping) and len(message) != 2:
            shape = detect(message) or usual
        found += _placed(_read, place, message, shape)
    return found


def _placed(read: Callable[..., T], place: int, *given: Any) -> T:
    """Return what `read` makes of a message; its error names the message's place."""
    try:
        return read(*given)
    except InvalidInput as error:
        text = f"messages[{place}]: {error.message}"
        raise InvalidInput(text, kind=error.kind, hint=error.hint) from None


def check(params: Mapping[str, Any], provider: str) -> list[Issue]:
    """Say for what reasons a provider would refuse a request.

    The rules are written down a second time here, apart from the code that renders requests, so
    that neither can hide the other's mistakes. A list without any message is not judged: nothing
    was said yet, and nothing in it is wrong.

    Args:
        params: the request: "messages", and where there are any "tools" and "system".
        provider: "openai" (Chat Completions, also "openai_chat") or "anthropic" (Messages).

    Returns:
        Each reason with its place; empty for a request that is in order.

    Raises:
        UnknownProvider: no such dialect.

    Example:
        >>> [issue.rule for issue in check({"messages": [{"role": "user"}]}, "openai")]
        ['content_missing']
    """
    return check_openai(params) if _provider(provider) == "openai" else check_anthropic(params)
