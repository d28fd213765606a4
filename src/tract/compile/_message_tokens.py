"""How many tokens a provider counts for a message, given what counts a text.

A request costs more than its texts: each provider frames messages, names, tool calls and the start
of the reply in control tokens of its own, and charges images and sealed reasoning by rules that no
text shows. Those rules are tables here, with their source beside each number. All of it is pure
functions of a message in the provider's own shape and of a function that counts one text. Where
nothing but a flat figure is possible, the measure says how many of its tokens are such guesses.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tract.errors import UnknownProvider, printable


class _Framing(NamedTuple):
    """Tokens that a provider adds around what is written, and flat figures for what is not text."""

    message: int
    name: int
    call: int
    result: int
    reply: int
    image: int
    document: int


# OpenAI: 3 for each message, 1 for a name, 3 for the start of the reply are the rule of OpenAI's
# cookbook, "How to count tokens with tiktoken", which calls its result an estimate. It is silent on
# tool calls; each is framed like a message of its own. An image is 1024 x 1024 pixels in high detail
# (85 + 4 tiles of 170).
# Anthropic publishes no rule. The figures were fitted, at a ratio of 1.2, to the usage that Claude
# Sonnet 4.5 reported in a recorded coding session of 435 requests: a call with its result took 51
# tokens above its texts, messages without calls next to nothing. All along that session the count
# is within 3 percent of the usage. An image is the largest that is not scaled down.
# A document is one or two pages, a minute of audio costs 600 tokens.
_OPENAI: Final = _Framing(message=3, name=1, call=3, result=0, reply=3, image=765, document=3_000)
_ANTHROPIC: Final = _Framing(
    message=2, name=1, call=35, result=10, reply=3, image=1_600, document=3_000
)
_FRAMING: Final[Mapping[str, _Framing]] = {
    "openai": _OPENAI,
    "openai_chat": _OPENAI,
    "anthropic": _ANTHROPIC,
}
_AUDIO_TOKENS: Final = 600
_LOW_DETAIL_TOKENS: Final = 85
# Sealed reasoning is base64 (4 characters for 3 bytes) of text with about 4 bytes a token.
_SEALED_CHARS_PER_TOKEN: Final = 5.3


class Measured(NamedTuple):
    """The tokens of a message, and how many of them no text stands behind (media, sealed text)."""

    tokens: int
    guessed: int = 0

    def plus(self, other: "Measured") -> "Measured":
        """Both together.

        Args:
            other: what is added.

        Returns:
            The sum of each field.

        Example:
            >>> Measured(3).plus(Measured(765, 765))
            Measured(tokens=768, guessed=765)
        """
        return Measured(self.tokens + other.tokens, self.guessed + other.guessed)


def measure_message(
    count: Callable[[str], int], message: Mapping[str, Any], dialect: str
) -> Measured:
    """The tokens that one message of a request takes.

    Counted are role, name, every text part, the name and arguments of every tool call, and the
    framing of the dialect. Ids, cache marks and signatures are not shown to a model as text.
    Parts of an unknown type count as their JSON text. No message is too odd to be counted.

    Args:
        count: the tokens of a text.
        message: a message in the provider's shape; Anthropic's `system` field as
            `{"role": "system", "content": ...}`.
        dialect: "openai" (also "openai_chat") or "anthropic".

    Returns:
        The tokens, and how many of them are flat guesses.

    Raises:
        UnknownProvider: no such dialect.

    Example:
        >>> measure_message(len, {"role": "user", "content": "hi"}, "openai")
        Measured(tokens=9, guessed=0)
    """
    framing = _framing(dialect)
    found = _measure_parts(count, message.get("content"), framing)
    tokens = framing.message + count(_text(message.get("role")))
    if message.get("name"):
        tokens += framing.name + count(_text(message["name"]))
    if message.get("refusal"):
        tokens += count(_text(message["refusal"]))
    for call in _calls(message):
        tokens += _call(count, call, ("arguments", "input"), framing)
    return found.plus(Measured(tokens))


def count_messages(
    count: Callable[[str], int], messages: list[dict[str, Any]], dialect: str
) -> int:
    """The tokens of a request with these messages.

    It is the sum of `measure_message` over them and the tokens that start the reply, so it can be
    kept up to date message by message.

    Args:
        count: the tokens of a text.
        messages: messages in the provider's shape.
        dialect: "openai" (also "openai_chat") or "anthropic".

    Returns:
        Tokens.

    Raises:
        UnknownProvider: no such dialect.

    Example:
        >>> count_messages(len, [{"role": "user", "content": "hi"}], "openai")
        12
    """
    return reply_tokens(dialect) + sum(
        measure_message(count, message, dialect).tokens for message in messages
    )


def reply_tokens(dialect: str) -> int:
    """The tokens that start the reply, once per request.

    Args:
        dialect: "openai" (also "openai_chat") or "anthropic".

    Returns:
        Tokens.

    Raises:
        UnknownProvider: no such dialect.

    Example:
        >>> reply_tokens("openai")
        3
    """
    return _framing(dialect).reply


def count_tools(count: Callable[[str], int], tools: list[dict[str, Any]]) -> int:
    """The tokens that tool definitions take in a request: those of their JSON text.

    No provider publishes how it shows tools to its models. With Claude this was within 2 percent
    of the reported usage; OpenAI's models see a shorter form, so it is too high rather than too low.

    Args:
        count: the tokens of a text.
        tools: tool definitions in the provider's shape.

    Returns:
        Tokens, an estimate.

    Example:
        >>> count_tools(len, [{"name": "clock", "input_schema": {}}])
        34
    """
    return sum(count(_text(tool)) for tool in tools)


def _framing(dialect: str) -> _Framing:
    framing = _FRAMING.get(dialect)
    if framing is None:
        raise UnknownProvider(
            f"messages of dialect {printable(repr(dialect))} cannot be counted",
            hint=f"Known are {', '.join(_FRAMING)}.",
        )
    return framing


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _calls(message: Mapping[str, Any]) -> list[object]:
    found = message.get("tool_calls") or ()
    calls = [*found] if isinstance(found, list | tuple) else [found]
    if message.get("function_call"):
        calls.append(message["function_call"])
    return [
        call.get("function") or call.get("custom") or call if isinstance(call, Mapping) else call
        for call in calls
    ]


def _call(
    count: Callable[[str], int], call: object, keys: tuple[str, ...], framing: _Framing
) -> int:
    if not isinstance(call, Mapping):
        return framing.call + count(_text(call))
    arguments = next((call[key] for key in keys if key in call), None)
    return framing.call + count(_text(call.get("name"))) + count(_text(arguments))


def _measure_parts(count: Callable[[str], int], content: object, framing: _Framing) -> Measured:
    if isinstance(content, list | tuple):
        found = Measured(0)
        for part in content:
            found = found.plus(_measure_part(count, part, framing))
        return found
    return _measure_part(count, content, framing)


def _measure_part(count: Callable[[str], int], part: object, framing: _Framing) -> Measured:
    if not isinstance(part, Mapping):
        return Measured(count(_text(part)))
    match part.get("type"):
        case "text" | "refusal" | "thinking" as kind:
            return Measured(count(_text(part.get(kind))))
        case "tool_use" | "server_tool_use":
            return Measured(_call(count, part, ("input",), framing))
        case "tool_result":
            found = _measure_parts(count, part.get("content"), framing)
            return found.plus(Measured(framing.result))
        case "image_url" if _detail(part) == "low":
            return _guess(_LOW_DETAIL_TOKENS)
        case "image_url" | "image":
            return _guess(framing.image)
        case "input_audio":
            return _guess(_AUDIO_TOKENS)
        case "redacted_thinking":
            return _guess(round(len(_text(part.get("data"))) / _SEALED_CHARS_PER_TOKEN))
        case "document":
            return _measure_document(count, part, framing)
        case "file":
            return _guess(framing.document)
        case _:
            shown = {key: value for key, value in part.items() if key != "cache_control"}
            return Measured(count(_text(shown)))


def _measure_document(
    count: Callable[[str], int], part: Mapping[str, Any], framing: _Framing
) -> Measured:
    titles = Measured(count(_text(part.get("title"))) + count(_text(part.get("context"))))
    source = part.get("source")
    kind = source.get("type") if isinstance(source, Mapping) else None
    if isinstance(source, Mapping) and kind == "text":
        return titles.plus(Measured(count(_text(source.get("data")))))
    if isinstance(source, Mapping) and kind == "content":
        return titles.plus(_measure_parts(count, source.get("content"), framing))
    return titles.plus(_guess(framing.document))


def _detail(part: Mapping[str, Any]) -> object:
    image = part.get("image_url")
    return image.get("detail") if isinstance(image, Mapping) else None


def _guess(tokens: int) -> Measured:
    return Measured(tokens, tokens)
