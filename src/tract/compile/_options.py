"""What a caller can ask of a compile: budget, repairs, tools, views, a compiler of their own.

Options are checked when they are made, so that nothing fails half-way through a context, and they
are values: two compiles of one commit with equal options give equal bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, runtime_checkable

from tract.errors import InvalidInput, printable
from tract.objects import Entry, Message, check_json

View = Callable[[Sequence[Entry]], Sequence[Entry]]
"""Takes the visible entries and gives those to show, in the order to show them.

An explanation names it by its `__name__`, or by its class. Where all views have an attribute
`repeatable` that is true, they are asked again with those entries that a budget leaves.
"""

Target = Entry | str
"""An entry, or the id of one or of the commit that provides it."""


class Value:
    """A frozen value with options: equal to another of its type with equal options.

    What a data class would be; making one takes longer than all else here, for each program that
    imports the library. A subclass names its options in `__slots__`, in the order in which its
    constructor takes them, and gives them to `_set`.
    """

    __slots__: tuple[str, ...] = ()

    def _set(self, **options: object) -> None:
        for name, value in options.items():
            object.__setattr__(self, name, value)

    def _options(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in type(self).__slots__)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed: {name!r} is fixed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed: {name!r} is fixed")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._options() == other._options()

    def __hash__(self) -> int:
        return hash((type(self), self._options()))

    def __repr__(self) -> str:
        pairs = zip(type(self).__slots__, self._options(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._options()


class BudgetWarning(UserWarning):
    """The context takes more of its budget than was asked to be told about."""


@runtime_checkable
class ContextCompiler(Protocol):
    """What turns visible entries into messages; bring your own by giving an object with `compile`.

    Give each message the ids of the commits it was made from (`Message.commits`): budget,
    sources and explanations follow them. Repairs are applied to what comes back.

    Example:
        >>> from tract import Message, TextPart, Tract
        >>> class Newest:
        ...     def compile(self, entries):
        ...         last = entries[-1]
        ...         return [Message(last.role, (TextPart(last.text),), commits=(last.commit,))]
        >>> with Tract.open() as t:
        ...     _, _ = t.user("one"), t.user("two")
        ...     t.compile(compiler=Newest()).to_dicts()
        [{'role': 'user', 'content': 'two'}]
    """

    def compile(self, entries: Sequence[Entry]) -> Sequence[Message]:
        """Return the messages for these entries.

        Args:
            entries: what is visible, in the order of the context.

        Returns:
            The messages in the order in which they are sent.
        """
        ...


@dataclass(frozen=True, slots=True)
class Overflow:
    """A context that is over its budget, for a callable that decides what to leave out.

    Attributes:
        tokens: what would be sent, in tokens.
        limit: what may be used, in tokens.
        entries: the visible entries, in the order of the context.
        drop: leaves entries out this time; takes entries, entry ids or commit ids. An exchange
            goes as a whole, a pinned entry stays: naming one raises `InvalidInput`.

    Example:
        >>> from tract import TokenBudget, Tract
        >>> budget = TokenBudget(9, action=lambda overflow: overflow.entries[:1])
        >>> with Tract.open() as t:
        ...     _, _ = t.user("one"), t.user("two")
        ...     t.compile(token_budget=budget).to_dicts()
        [{'role': 'user', 'content': 'two'}]
    """

    tokens: int
    limit: int
    entries: tuple[Entry, ...]
    drop: Callable[..., None]


Action = Literal["error", "warn", "drop"] | Callable[[Overflow], Iterable[Target] | None]
ACTIONS: Final = ("error", "warn", "drop")


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """How many tokens a context may take, and what happens when it takes more.

    Attributes:
        limit: tokens of the model's window, or those you want to use of it.
        reserve_output: tokens of it that are kept free for the reply.
        warn_at: share of what is left from which the action "warn" warns, above 0.0, at most 1.0.
        action: "error" raises `BudgetExceeded`; "warn" issues a `BudgetWarning` and sends all;
            "drop" leaves out the oldest unpinned entries and whole exchanges; a callable gets an
            `Overflow` and leaves out what it likes, by its `drop` or by returning it.

    Raises:
        InvalidInput: naming the field and the value that cannot be used.

    Example:
        >>> TokenBudget(200_000, reserve_output=8_000).available
        192000
    """

    limit: int
    reserve_output: int = 0
    warn_at: float = 0.8
    action: Action = "warn"

    def __post_init__(self) -> None:
        if not _is_int(self.limit) or self.limit <= 0:
            raise _bad_budget(
                "limit", self.limit, "Give the tokens of the model's window, above 0."
            )
        if not _is_int(self.reserve_output) or not 0 <= self.reserve_output < self.limit:
            raise _bad_budget(
                "reserve_output", self.reserve_output, f"Give tokens from 0 to below {self.limit}."
            )
        if not isinstance(self.warn_at, int | float) or not 0 < self.warn_at <= 1:
            raise _bad_budget("warn_at", self.warn_at, "Give a share above 0.0, at most 1.0.")
        known = isinstance(self.action, str) and self.action in ACTIONS
        if not known and not callable(self.action):
            raise _bad_budget("action", self.action, f"Use {', '.join(ACTIONS)} or a function.")

    @property
    def available(self) -> int:
        """The tokens that the context may take."""
        return self.limit - self.reserve_output

    @classmethod
    def of(cls, value: "TokenBudget | int") -> "TokenBudget":
        """Return the budget that `value` stands for: itself, or a limit in tokens.

        Raises:
            InvalidInput: it is neither.

        Example:
            >>> TokenBudget.of(8_000).limit
            8000
        """
        if isinstance(value, TokenBudget):
            return value
        if _is_int(value):
            return cls(value)
        raise InvalidInput(
            f"token_budget {printable(repr(value))} is no number of tokens",
            kind="invalid_budget",
            hint="Give an int or a TokenBudget(limit, ...).",
        )


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bad_budget(name: str, value: object, hint: str) -> InvalidInput:
    return InvalidInput(
        f"TokenBudget {name}={printable(repr(value))} cannot be used",
        kind="invalid_budget",
        hint=hint,
    )


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """Everything that decides, with the commit, what a context looks like.

    Attributes:
        on_invalid: "repair" mends what a provider would refuse, "raise" raises `InvalidContext`
            with every issue located, "keep" leaves it as it is.
        pending: an exchange at the very end that has no result yet is left out ("drop") or shown
            with a result that says so ("stub").
        tools: tool definitions that are sent along, or None.
        budget: how many tokens the context may take, or None for no bound.
        views: callables that choose, from the visible entries, what is shown.
        compiler: turns entries into messages instead of the built-in rendering.

    Raises:
        InvalidInput: naming the option and the value that cannot be used.

    Example:
        >>> CompileOptions(pending="stub").on_invalid
        'repair'
    """

    on_invalid: Literal["repair", "raise", "keep"] = "repair"
    pending: Literal["drop", "stub"] = "drop"
    tools: Sequence[dict[str, Any]] | None = field(default=None)
    budget: TokenBudget | None = None
    views: tuple[View, ...] = ()
    compiler: ContextCompiler | None = None

    def __post_init__(self) -> None:
        if self.on_invalid not in ("repair", "raise", "keep"):
            raise _bad_option("on_invalid", self.on_invalid, 'Use "repair", "raise" or "keep".')
        if self.pending not in ("drop", "stub"):
            raise _bad_option("pending", self.pending, 'Use "drop" or "stub".')
        if self.tools is not None:
            _check_tools(self.tools)
        if self.budget is not None and not isinstance(self.budget, TokenBudget):
            raise _bad_option("budget", self.budget, "Give a TokenBudget(limit, ...).")
        if not isinstance(self.views, tuple) or not all(callable(view) for view in self.views):
            raise _bad_option("views", self.views, "Give a tuple of callables on entries.")
        if self.compiler is not None and (
            isinstance(self.compiler, type) or not isinstance(self.compiler, ContextCompiler)
        ):
            hint = "Give an object with compile(entries), such as XmlPrompt()."
            raise _bad_option("compiler", self.compiler, hint)


def _check_tools(tools: object) -> None:
    if not isinstance(tools, list | tuple) or not all(isinstance(tool, dict) for tool in tools):
        raise _bad_option("tools", tools, "Give a list of tool definitions, each a dict.")
    check_json(tools, "tools")


def _bad_option(name: str, value: object, hint: str) -> InvalidInput:
    return InvalidInput(
        f"compile option {name}={printable(repr(value))} cannot be used",
        kind="invalid_option",
        hint=hint,
    )
