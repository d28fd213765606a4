"""The compiled context: what a model sees, with everything that can be asked about it.

A context is a frozen value. What costs something (tokens, prefix hashes, a provider's dialect) is
made when it is asked for; what can be changed by its holder is made anew each time. It privately
remembers how far a later compile of the same history can go on from it.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

from tract.compile._explain import Memo, explain
from tract.compile._ledger import Ledger
from tract.compile._prefix import PrefixChain, lead_count
from tract.compile._report import Dropped, Explanation, PrefixReport, Repair
from tract.compile._show import shown_lines
from tract.compile._token_count import TokenCount
from tract.errors import InvalidInput, printable
from tract.formats import Issue, Notice, Wire, check, plain, to_wire
from tract.objects import Message, canonical


@dataclass(slots=True)
class Inner:
    """What a context keeps to itself.

    Attributes:
        tools: tool definitions that are sent along, or None.
        ledger: counts the messages.
        memo: how the context came to be.
        prefix: the prefix hashes of the start of the messages, as far as they were made.
    """

    tools: list[dict[str, Any]] | None
    ledger: Ledger
    memo: Memo
    prefix: Sequence[str] = ()


@dataclass(frozen=True, eq=False, repr=False)
class CompiledContext:
    """What a model sees: the state of a commit as messages.

    Attributes:
        commit: id of the commit that was compiled; None for an unborn branch.
        messages: the messages, in the order in which they are sent.
        repairs: what was mended so that a provider accepts them; history is not touched.
        dropped: entries that a budget or a view left out.

    Example:
        >>> from tract import Tract
        >>> with Tract.open() as t:
        ...     hello = t.user("hello")
        ...     context = t.compile()
        >>> context.to_openai(), context.token_count, context.sources == ((hello.id,),)
        ({'messages': [{'role': 'user', 'content': 'hello'}]}, 8, True)
    """

    commit: str | None
    messages: tuple[Message, ...]
    repairs: tuple[Repair, ...]
    dropped: tuple[Dropped, ...]
    _inner: Inner = field(repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CompiledContext):
            return NotImplemented
        return self._said() == other._said()

    def __hash__(self) -> int:
        return hash((self.commit, len(self.messages)))

    def __repr__(self) -> str:
        commit = self.commit[:8] if self.commit else None
        return f"CompiledContext({len(self.messages)} messages of commit {commit})"

    def _said(self) -> tuple[Any, ...]:
        return (self.commit, self.messages, self.repairs, self.dropped, self._inner.tools)

    @property
    def tools(self) -> list[dict[str, Any]] | None:
        """The tool definitions that are sent along, or None; a copy of your own."""
        tools = self._inner.tools
        return None if tools is None else copied(tools)

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """For each message the ids of the commits that it was made from."""
        return tuple([message.commits for message in self.messages])

    # --- size ------------------------------------------------------------------------------

    @property
    def tokens(self) -> TokenCount:
        """The tokens of all that would be sent, tools included; 0 for an empty context.

        Counted when first asked for: the sum over the messages, each counted by itself in a shape
        that is no provider's own, what the reply's start takes, and the tools. What the model's
        ratio is learned from is read then, so ask while the handle is open.
        """
        return self._inner.ledger.tokens

    @property
    def token_count(self) -> int:
        """The same as a plain int."""
        return int(self.tokens)

    @property
    def counted(self) -> int:
        """The tokenizer's own tokens of the same, before they become the model's."""
        return self._inner.ledger.total

    @property
    def prefix(self) -> tuple[str, ...]:
        """Hashes of what is sent, 64 hex each: of tools and leading system text, then after each message.

        Contexts with an equal hash at one place are equal up to it, and appending to a context
        keeps the hashes it had (a first message behind leading system text settles these).
        """
        inner = self._inner
        lead = lead_count(self.messages)
        if len(inner.prefix) != len(self.messages) - lead + 1:
            inner.prefix = tuple(PrefixChain(inner.tools, inner.prefix).upto(self.messages))
        return tuple(inner.prefix)

    def stable_prefix(self, other: "CompiledContext") -> PrefixReport:
        """Return what this context shares with another from the start.

        Args:
            other: a context that is sent before or after this one.

        Returns:
            How many messages and tokens both begin with, and that part of this one's tokens.

        Raises:
            InvalidInput: `other` is no compiled context.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     before = t.compile()
            ...     _ = t.user("still there?")
            ...     report = before.stable_prefix(t.compile())
            >>> report.messages, report.share
            (1, 1.0)
        """
        if not isinstance(other, CompiledContext):
            raise InvalidInput(
                f"{printable(type(other).__name__)} is no compiled context",
                kind="invalid_context",
                hint="Give what compile() returned.",
            )
        messages, total = self._shared(other), self.token_count
        if not total:
            return PrefixReport(0, 0, 1.0)
        if not self._same_tools(other):
            return PrefixReport(0, 0, 0.0)
        if messages == len(self.messages):
            return PrefixReport(messages, total, 1.0)
        ledger = self._inner.ledger
        tokens = int(ledger.scaled(sum(ledger.counts[:messages]) + ledger.rest[0]))
        return PrefixReport(messages, tokens, tokens / total)

    def _same_tools(self, other: "CompiledContext") -> bool:
        return canonical(self._inner.tools) == canonical(other.tools)

    def _shared(self, other: "CompiledContext") -> int:
        if not self._same_tools(other):
            return 0
        mine, others = self.prefix, other.prefix
        if mine[0] == others[0]:
            pairs = zip(mine, others, strict=False)
            return lead_count(self.messages) - 1 + _equal_count(a == b for a, b in pairs)
        both = zip(self.messages, other.messages, strict=False)
        return _equal_count(a.payload() == b.payload() for a, b in both)

    # --- dialects --------------------------------------------------------------------------

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the messages as plain dicts that belong to no provider.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     context = t.compile()
            >>> context.to_dicts()
            [{'role': 'user', 'content': 'hello'}]
        """
        return plain(self.messages)

    def to_openai(self) -> dict[str, Any]:
        """Return keyword arguments for OpenAI's Chat Completions.

        Returns:
            `messages`, and `tools` where there are some.

        Raises:
            InvalidInput: the tools cannot be rendered.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     context = t.compile()
            >>> context.to_openai()
            {'messages': [{'role': 'user', 'content': 'hello'}]}
        """
        return self._wire("openai").params

    def to_anthropic(self, *, cache: bool = True) -> dict[str, Any]:
        """Return keyword arguments for Anthropic's Messages.

        Args:
            cache: whether cache breakpoints are set.

        Returns:
            `messages`, and `system` and `tools` where there are some.

        Raises:
            InvalidInput: the tools cannot be rendered.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     context = t.compile()
            >>> context.to_anthropic(cache=False)
            {'messages': [{'role': 'user', 'content': 'hello'}]}
        """
        return self._wire("anthropic", cache=cache).params

    def to_params(self, provider: str, model: str | None = None) -> dict[str, Any]:
        """Return keyword arguments for a provider's call.

        Args:
            provider: "openai" or "anthropic".
            model: the model's name, if it shall be among them.

        Raises:
            UnknownProvider: nobody here speaks to that provider.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     context = t.compile()
            >>> context.to_params("openai", "gpt-4o")["model"]
            'gpt-4o'
        """
        params = self._wire(provider).params
        return params if model is None else {"model": model, **params}

    def check(self, provider: str) -> list[Issue]:
        """Return what the provider would refuse, each located; empty when it is accepted.

        Args:
            provider: "openai" or "anthropic".

        Raises:
            UnknownProvider: nobody here speaks to that provider.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     context = t.compile()
            >>> context.check("anthropic")
            []
        """
        wire = self._wire(provider)
        return [_located(issue, wire) for issue in check(wire.params, provider)]

    def notices(self, provider: str) -> list[Notice]:
        """Return what the provider's dialect cannot say as it is: left out, mapped or added.

        Args:
            provider: "openai" or "anthropic".

        Raises:
            UnknownProvider: nobody here speaks to that provider.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.assistant("I begin.")
            ...     context = t.compile()
            >>> len(context.notices("openai")), len(context.notices("anthropic"))
            (0, 1)
        """
        return list(self._wire(provider).notices)

    def _wire(self, provider: str, *, cache: bool = True) -> Wire:
        keep = self._inner.memo.options.on_invalid == "keep"
        return to_wire(self.messages, provider, tools=self.tools, cache=cache, repair=not keep)

    # --- reading ---------------------------------------------------------------------------

    def explain(self) -> Explanation:
        """Return what became of each entry, and why; `str()` of it is a table to read.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     hello = t.user("hello")
            ...     _ = t.skip(hello)
            ...     [line] = t.compile().explain()
            >>> line.status, line.why, line.tokens
            ('skipped', 'marked skip', 0)
        """
        inner = self._inner
        return explain(self.commit, self.messages, self.repairs, inner.memo, inner.ledger)

    def pprint(self, file: TextIO | None = None) -> None:
        """Print the messages for a person, with control characters of the content escaped.

        Args:
            file: where to; standard output if None.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     _ = t.user("hello")
            ...     t.compile().pprint()  # doctest: +ELLIPSIS
            --- 0 user <...>
            hello
        """
        out = sys.stdout if file is None else file
        for number, message in enumerate(self.messages):
            out.writelines(f"{line}\n" for line in shown_lines(number, message))


def _equal_count(equal: Iterable[bool]) -> int:
    count = 0
    for is_equal in equal:
        if not is_equal:
            break
        count += 1
    return count


def _located(issue: Issue, wire: Wire) -> Issue:
    if issue.commit is not None or issue.index is None or issue.index >= len(wire.origins):
        return issue
    commits = wire.origins[issue.index]
    return replace(issue, commit=commits[-1]) if commits else issue


def copied(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return tool definitions made of dicts and lists of their own, in the same order."""
    return [{key: _copied(value) for key, value in tool.items()} for tool in tools]


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(inner) for inner in value]
    return value
