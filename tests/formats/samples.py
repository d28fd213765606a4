"""Conversations for the format tests: the way through storage, random messages, and two oracles.

Contents go through their stored bytes on the way to a message, as they do in a tract, so that a
field which storage would lose is seen to be lost. The random messages hold whatever the model can
say, paired as they are when a dialect gets them. The oracles are the typed models of the
providers' own clients; they check lazily, so everything in them is looked at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from anthropic.types import MessageParam, TextBlockParam, ToolUnionParam
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolUnionParam
from pydantic import TypeAdapter

from tract.compile._render import render
from tract.formats import Wire, check, from_conversation, from_wire, to_wire
from tract.objects import (
    Content,
    ContentTypes,
    Limits,
    MediaPart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    decode_payload,
    encode_content,
)

PNG = "iVBORw0KGgo="
TYPES, LIMITS = ContentTypes(), Limits()


def stored(contents: Iterable[Content]) -> list[Message]:
    """The messages of contents that were written to a store and read again."""
    return [
        render(decode_payload(encode_content(content, LIMITS)), f"{place:064x}", TYPES)
        for place, content in enumerate(contents)
    ]


def again(message: Mapping[str, Any], provider: str, *, repair: bool = True) -> list[Any]:
    """One provider message, read, stored and rendered for the same provider."""
    wire = to_wire(stored(from_wire(message)), provider, cache=False, repair=repair)
    messages: list[Any] = wire.params["messages"]
    return messages


def conversation(
    messages: Sequence[Mapping[str, Any]], provider: str, system: Any = None
) -> dict[str, Any]:
    """A conversation, read, stored and rendered for a provider."""
    read = stored(from_conversation(messages, system=system))
    return to_wire(read, provider, cache=False).params


# --- random messages -------------------------------------------------------------------------

TEXTS = st.one_of(
    st.sampled_from(["", " ", "hello", "trailing \n", "\n\n", "  both  ", "\x1c"]),
    st.text(max_size=20),
)
EXTRAS = st.one_of(
    st.none(),
    st.none(),
    st.fixed_dictionaries({"gemini": st.just({"thoughtSignature": "abc"})}),
    st.fixed_dictionaries({"anthropic": st.just({"citations": None})}),
    st.fixed_dictionaries({"openai": st.just({"weight": 1})}),
)
CALL_IDS = st.one_of(
    st.sampled_from(["a", "b", "a_2", "call.1", "x" * 41, "x" * 90, "", "é"]), st.text(max_size=60)
)
TOOL_NAMES = st.one_of(st.sampled_from(["clock", "files.read", "", "n" * 200]), st.text(max_size=9))
ARGUMENTS = st.sampled_from(
    [
        "{}",
        '{"x": 1}',
        "",
        " ",
        "not json",
        "[1]",
        "null",
        '{"x": NaN}',
        '{"n": 12345678901234567890123}',
    ]
)
MEDIA = st.builds(
    MediaPart,
    kind=st.sampled_from(["image", "audio", "file"]),
    media_type=st.sampled_from(
        [None, "image/png", "image/tiff", "audio/wav", "audio/flac", "application/pdf", "text/csv"]
    ),
    data=st.sampled_from([None, PNG, "YQ==", "not base64", ""]),
    url=st.sampled_from([None, "https://example.org/x", "ftp://example.org/x", "data:x"]),
    file_id=st.sampled_from([None, "file-1"]),
    name=st.sampled_from([None, "report.pdf"]),
)
REASONING = st.builds(
    ReasoningPart,
    text=TEXTS,
    provider=st.sampled_from([None, "anthropic", "openai"]),
    signature=st.sampled_from([None, "", "sig"]),
    encrypted=st.sampled_from([None, None, "sealed"]),
)
OPAQUE = st.sampled_from(["gemini", "acme"]).map(lambda p: OpaquePart(p, {"type": "odd", "n": 1}))
SAID = st.one_of(
    st.builds(TextPart, TEXTS, EXTRAS), MEDIA, st.builds(RefusalPart, TEXTS), REASONING, OPAQUE
)


@st.composite
def plain_messages(draw: st.DrawFn, role: str) -> Message:
    if draw(st.booleans()):
        return Message(role, (TextPart(draw(TEXTS)),), commits=(draw(st.sampled_from("cd")),))
    return Message(
        role,
        tuple(draw(st.lists(SAID, max_size=4))),
        plain=draw(st.booleans()),
        name=draw(st.sampled_from([None, None, "Ada Lovelace", "", "ada"])),
        extra=draw(EXTRAS),
        commits=("e",),
    )


@st.composite
def exchanges(draw: st.DrawFn) -> list[Message]:
    """An assistant's calls with their results, in the order of the calls."""
    said: list[Part] = draw(st.lists(SAID, max_size=2))
    calls = draw(
        st.lists(
            st.builds(ToolCall, CALL_IDS, TOOL_NAMES, ARGUMENTS),
            min_size=1,
            max_size=3,
        )
    )
    results = [
        Message(
            "tool",
            tuple(draw(st.lists(SAID, max_size=2))),
            plain=draw(st.booleans()),
            call_id=call.id,
            is_error=draw(st.booleans()),
            commits=("r",),
        )
        for call in calls
    ]
    return [Message("assistant", (*said, *calls), plain=draw(st.booleans())), *results]


@st.composite
def paired(draw: st.DrawFn) -> list[Message]:
    """A list of messages in which every call is followed by its results."""
    kinds = st.sampled_from(["system", "developer", "user", "user", "assistant", "calls", "calls"])
    messages: list[Message] = []
    for kind in draw(st.lists(kinds, max_size=8)):
        messages += draw(exchanges()) if kind == "calls" else [draw(plain_messages(kind))]
    return messages


# --- the clients' typed models ---------------------------------------------------------------

_ADAPTERS: dict[str, Any] = {
    "openai": TypeAdapter(ChatCompletionMessageParam),
    "openai tools": TypeAdapter(ChatCompletionToolUnionParam),
    "anthropic": TypeAdapter(MessageParam),
    "anthropic tools": TypeAdapter(ToolUnionParam),
    "anthropic system": TypeAdapter(TextBlockParam),
}


def accepted(params: Mapping[str, Any], provider: str) -> None:
    """Raise unless the typed models of the provider's client accept a request."""
    for message in params["messages"]:
        _all_of(_ADAPTERS[provider].validate_python(message))
    for tool in params.get("tools", ()):
        _all_of(_ADAPTERS[f"{provider} tools"].validate_python(tool))
    system = params.get("system", "")
    for block in system if isinstance(system, list) else ():
        _all_of(_ADAPTERS["anthropic system"].validate_python(block))


def _all_of(value: Any) -> None:
    # Fields typed as Iterable are validated while they are iterated, and not before.
    if isinstance(value, dict):
        for inner in value.values():
            _all_of(inner)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for inner in value:
            _all_of(inner)


# --- requests to Anthropic ------------------------------------------------------------------


def anthropic(*messages: Message, cache: bool = False, **options: Any) -> Wire:
    """The request for Anthropic, which both judges accept."""
    wire = to_wire(messages, "anthropic", cache=cache, **options)
    assert check(wire.params, "anthropic") == []
    accepted(wire.params, "anthropic")
    return wire


def sent(*messages: Message, **options: Any) -> list[Any]:
    """The messages of the request for Anthropic."""
    listed: list[Any] = anthropic(*messages, **options).params["messages"]
    return listed


def said(role: str, *parts: Part | str, commit: str = "", **fields: Any) -> Message:
    """A message of parts; a string is a text."""
    made = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Message(role, made, commits=(commit or role,), **fields)


def text(value: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": value}
