"""How many tokens a text, a message or a request has, and how sure that figure is.

The two tokenizers in use are tiktoken's, built from rank tables that travel inside this package
(`ranks/`), so counting needs no network, no cache directory and no environment variable. tiktoken
is imported, and a table unpacked, when the first text is counted: that is the one door here. A
token of the model's control language (`<|endoftext|>`) is counted as the plain text it is.
Texts are counted chunk by chunk, which keeps time and memory bounded for any content. What a
provider adds around a message, and what cannot be read off a text (images, sealed reasoning), is
counted by the published or measured rules named beside the numbers. Nothing here keeps a count:
caching them, per blob and tokenizer, is the caller's.
"""

import lzma
import operator
import os
import pkgutil
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, runtime_checkable

from tract.compile._message_tokens import (
    Measured,
    count_messages,
    count_tools,
    measure_message,
    reply_tokens,
)
from tract.compile._token_count import ESTIMATE_ERROR, Method, TokenCount
from tract.errors import Corrupt, InvalidInput, printable

if TYPE_CHECKING:
    from tiktoken import Encoding

__all__ = [
    "CHUNK_CHARS",
    "CLAUDE_RATIO",
    "DEFAULT_ENCODING",
    "ENCODINGS",
    "ESTIMATE_ERROR",
    "CallableCounter",
    "Counter",
    "Measured",
    "Method",
    "TiktokenCounter",
    "TokenCount",
    "as_counter",
    "chunks",
    "count_messages",
    "count_tools",
    "counter_for",
    "encoding_for",
    "measure_message",
    "ranks",
    "reply_tokens",
]


@runtime_checkable
class Counter(Protocol):
    """What counts tokens. Bring your own by giving an object with these three.

    Example:
        >>> isinstance(TiktokenCounter(), Counter)
        True
    """

    @property
    def name(self) -> str:
        """The key under which counts of one text may be kept for good.

        Two counters of one name must agree on every text. An empty name means that counts must
        not be kept beyond the handle.
        """
        ...

    def count(self, text: str) -> int:
        """The tokens of a text; never raises for any text."""
        ...

    def count_messages(self, messages: list[dict[str, Any]], dialect: str) -> int:
        """The tokens of a request with these messages, in the provider's own shape."""
        ...


# --- texts -----------------------------------------------------------------------------------

CHUNK_CHARS: Final = 65_536
"""A text is cut after this many characters, at the first place where cutting changes nothing.

A text up to twice as long is never cut. Twice as much is also where a cut is forced when there
is no such place. The bound keeps clear of tiktoken's regex engine, which gives up (with an error
that is no `Exception`) on runs of a million white-space characters, and of lists of ids as large
as the content.
"""

# Where both patterns below end one piece and start another whatever stands around, so that the
# counts of the parts add up to the count of the whole:
# - a letter or digit before white space, punctuation or a symbol. Not before an apostrophe, which
#   can continue a word, nor before anything that Unicode may one day call a letter or mark: both
#   sides are listed, not described;
# - anything but white space before a space: only white space goes on across a space;
# - a line feed before an ASCII letter or digit: line feeds end pieces, never start a word's.
_SAFE_CUT = re.compile(
    "[0-9A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u0410-\u044f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5"
    "\uac00-\ud7a3](?=[\\t-\\r !-&(-/:-@\\[-`{-~\u3001\u3002\uff0c\uff1a\uff1b\uff01\uff1f])"
    r"|\S(?= )|\n(?=[0-9A-Za-z])"
)


def chunks(text: str) -> Iterator[str]:
    r"""Cut a text into parts that are counted one by one.

    Args:
        text: any text.

    Yields:
        Parts of at most 2 * `CHUNK_CHARS` characters that join to the text. The parts' counts add
        up to the text's unless more than `CHUNK_CHARS` characters in a row hold no place to cut (no
        letter or digit before white space or punctuation); there a cut adds about one token, at
        most a few, to the tens of thousands of its part.

    Example:
        >>> [len(part) for part in chunks("word " * 40_000)]
        [65539, 65540, 68921]
    """
    start, size = 0, len(text)
    while size - start > 2 * CHUNK_CHARS:
        limit = start + 2 * CHUNK_CHARS
        found = _SAFE_CUT.search(text, start + CHUNK_CHARS, limit)
        end = found.end() if found else limit
        yield text[start:end]
        start = end
    yield text[start:]


class _Definition(NamedTuple):
    """What makes an encoding besides its ranks, as its publisher defines it."""

    pattern: str
    special: dict[str, int]


_CONTRACTION: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
_UPPER: Final = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_LOWER: Final = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"

ENCODINGS: Final[Mapping[str, _Definition]] = {
    "o200k_base": _Definition(
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_CONTRACTION}"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_CONTRACTION}"
        r"|\p{N}{1,3}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+",
        {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    ),
    "cl100k_base": _Definition(
        r"'(?i:[sdmt]|ll|ve|re)"
        r"|[^\r\n\p{L}\p{N}]?+\p{L}++"
        r"|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        {
            "<|endoftext|>": 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
}
"""The encodings whose rank tables are shipped."""

DEFAULT_ENCODING: Final = "o200k_base"


def ranks(name: str) -> dict[bytes, int]:
    """Unpack a shipped rank table.

    Args:
        name: a key of `ENCODINGS`.

    Returns:
        Each token's bytes with its rank; ranks are 0, 1, 2 and so on.

    Raises:
        Corrupt: the installation lacks the table, or it is damaged.

    Example:
        >>> ranks("cl100k_base")[b"hello"]
        15339
    """
    try:
        data = lzma.decompress(pkgutil.get_data("tract.compile", f"ranks/{name}.xz") or b"")
    except (OSError, lzma.LZMAError) as error:
        raise Corrupt(
            f"the table of {name} that came with this package cannot be read: {error}",
            object=f"ranks/{name}.xz",
            hint="Install tract-ai again.",
        ) from error
    table: dict[bytes, int] = {}
    at = rank = 0
    while at < len(data):
        end = at + 1 + data[at]
        table[data[at + 1 : end]] = rank
        at, rank = end, rank + 1
    return table


def _build(name: str) -> "Encoding":
    from tiktoken import Encoding  # the door: 18 ms, and its own dependencies, for who counts

    definition = ENCODINGS[name]
    return Encoding(
        name,
        pat_str=definition.pattern,
        mergeable_ranks=ranks(name),
        special_tokens=definition.special,
    )


class _Loaded:
    """The encodings of this process: each is built once, by the first thread that needs it."""

    def __init__(self) -> None:
        self._found: dict[str, Encoding] = {}
        self._lock = threading.Lock()

    def get(self, name: str) -> "Encoding":
        found = self._found.get(name)
        if found is None:
            with self._lock:
                found = self._found.get(name)
                if found is None:
                    found = self._found[name] = _build(name)
        return found

    def renew_lock(self) -> None:
        self._lock = threading.Lock()


_loaded = _Loaded()
if hasattr(os, "register_at_fork"):
    # A child forked while another thread was building would wait for that thread for ever.
    os.register_at_fork(after_in_child=_loaded.renew_lock)


class TiktokenCounter:
    r"""Counts with one of the shipped encodings; safe to use from several threads.

    Args:
        encoding: "o200k_base" (GPT-4o and later) or "cl100k_base" (GPT-4, GPT-3.5).

    Raises:
        InvalidInput: no such encoding is shipped.

    Example:
        >>> TiktokenCounter().count("hello world <|endoftext|>")
        9
    """

    __slots__ = ("_name",)

    def __init__(self, encoding: str = DEFAULT_ENCODING) -> None:
        if encoding not in ENCODINGS:
            raise _unknown_encoding(encoding)
        self._name = encoding

    @property
    def name(self) -> str:
        """The encoding's name."""
        return self._name

    def __repr__(self) -> str:
        return f"TiktokenCounter({self._name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TiktokenCounter) and self._name == other._name

    def __hash__(self) -> int:
        return hash((TiktokenCounter, self._name))

    def count(self, text: str) -> int:
        """The tokens of a text, special-token text counted as plain text.

        Args:
            text: any text of any length; a lone surrogate counts as the replacement character.

        Returns:
            Tokens. Exact, but for runs that `chunks` has to cut.
        """
        encode = _loaded.get(self._name).encode_ordinary
        if len(text) <= 2 * CHUNK_CHARS:
            return len(encode(text))
        total = tokens = 0
        last = None
        for part in chunks(text):
            if part != last:  # a run of one character is the same chunk over and over
                last, tokens = part, len(encode(part))
            total += tokens
        return total

    def count_messages(self, messages: list[dict[str, Any]], dialect: str) -> int:
        """The tokens of a request with these messages; see `count_messages`."""
        return count_messages(self.count, messages, dialect)


class CallableCounter:
    """Counts texts with a function of the user's.

    Its name is empty: a function has no identity that could be trusted to mean the same counts
    tomorrow, so they are not kept. Give an object with a `name` to have them kept.

    Args:
        function: takes a text, returns its tokens.

    Example:
        >>> CallableCounter(len).count("four")
        4
    """

    __slots__ = ("_function",)

    name: Final = ""

    def __init__(self, function: Callable[[str], int]) -> None:
        self._function = function

    def __repr__(self) -> str:
        return f"CallableCounter({self._function!r})"

    def count(self, text: str) -> int:
        """The tokens of a text, as the function says.

        Args:
            text: any text.

        Returns:
            Tokens.

        Raises:
            InvalidInput: the function gave something that is no number of tokens.
        """
        value = self._function(text)
        tokens = operator.index(value) if hasattr(value, "__index__") else -1
        if tokens < 0:
            raise InvalidInput(
                f"the tokenizer gave {printable(repr(value))}, which is no number of tokens",
                kind="invalid_count",
                hint="Give a function that returns an int: lambda text: len(encode(text)).",
            )
        return tokens

    def count_messages(self, messages: list[dict[str, Any]], dialect: str) -> int:
        """The tokens of a request with these messages; see `count_messages`."""
        return count_messages(self.count, messages, dialect)


# --- models ----------------------------------------------------------------------------------

# The first prefix that fits decides, so longer ones come before what they begin with.
_OPENAI_MODELS: Final = (
    ("gpt-4o", "o200k_base"),
    ("gpt-4.1", "o200k_base"),
    ("gpt-4.5", "o200k_base"),
    ("gpt-5", "o200k_base"),
    ("gpt-oss", "o200k_base"),
    ("chatgpt-4o", "o200k_base"),
    ("o1", "o200k_base"),
    ("o3", "o200k_base"),
    ("o4", "o200k_base"),
    ("gpt-4", "cl100k_base"),
    ("gpt-3.5", "cl100k_base"),
    ("gpt-35", "cl100k_base"),  # as Azure writes it
)
CLAUDE_RATIO: Final = 1.2
"""Claude's tokens for one of o200k_base, before any usage was recorded."""


def counter_for(
    model: str | None = None, provider: str | None = None
) -> tuple[Counter, float, Method]:
    """Choose how to count for a model.

    Args:
        model: the model's name, also with a router's prefix ("openrouter/openai/gpt-4o") or of a
            fine-tuned model ("ft:gpt-4o:..."); None when none is set.
        provider: the provider's name, which decides when the model's does not.

    Returns:
        The counter; the ratio by which its counts are multiplied; "exact" for OpenAI's models and
        where no model is named (then exact in o200k_base), otherwise "estimated".

    Example:
        >>> counter_for("gpt-4o")
        (TiktokenCounter('o200k_base'), 1.0, 'exact')
        >>> counter_for("claude-sonnet-4-5")
        (TiktokenCounter('o200k_base'), 1.2, 'estimated')
    """
    default = TiktokenCounter(DEFAULT_ENCODING)
    name = (model or "").lower()
    if "claude" in name:
        return default, CLAUDE_RATIO, "estimated"
    encoding = encoding_for(name)
    if encoding is not None:
        return TiktokenCounter(encoding), 1.0, "exact"
    vendor = (provider or "").lower()
    if vendor == "anthropic":
        return default, CLAUDE_RATIO, "estimated"
    known = not name and vendor in ("", "openai")
    return default, 1.0, "exact" if known else "estimated"


def encoding_for(model: str) -> str | None:
    """The encoding of one of OpenAI's models.

    Args:
        model: the model's name, also with a router's prefix or of a fine-tuned model.

    Returns:
        A key of `ENCODINGS`, or None for a model that is not known to be OpenAI's.

    Example:
        >>> encoding_for("gpt-4-turbo"), encoding_for("llama-3-70b")
        ('cl100k_base', None)
    """
    name = model.lower().rsplit("/", 1)[-1].removeprefix("ft:").removeprefix("openai.")
    return next((encoding for start, encoding in _OPENAI_MODELS if name.startswith(start)), None)


def as_counter(tokenizer: object) -> Counter:
    """Make a counter of what a user gave as tokenizer.

    Args:
        tokenizer: an object with `name`, `count` and `count_messages`; the name of an encoding; or
            a function from a text to its tokens.

    Returns:
        The object itself, a `TiktokenCounter` or a `CallableCounter`.

    Raises:
        InvalidInput: anything else; the hint says what to give instead.

    Example:
        >>> as_counter("cl100k_base"), as_counter(len).count("four")
        (TiktokenCounter('cl100k_base'), 4)
    """
    if isinstance(tokenizer, str):
        return TiktokenCounter(tokenizer)
    if not isinstance(tokenizer, type):
        if isinstance(tokenizer, Counter) and isinstance(tokenizer.name, str):
            return tokenizer
        if callable(tokenizer):
            return CallableCounter(tokenizer)
    raise InvalidInput(
        f"{printable(repr(tokenizer))} is no tokenizer",
        kind="invalid_tokenizer",
        hint="Give an encoding's name, a function from text to a number of tokens, such as "
        "lambda text: len(encode(text)), or an object with name, count and count_messages.",
    )


def _unknown_encoding(name: str) -> InvalidInput:
    model = encoding_for(name)
    hint = f"Use one of {', '.join(ENCODINGS)}"
    return InvalidInput(
        f"no encoding {printable(repr(name))} is known",
        kind="invalid_tokenizer",
        hint=f"{hint}; that model's is {model}." if model else f"{hint}.",
    )
