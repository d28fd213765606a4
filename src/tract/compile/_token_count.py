"""The value every count of tokens is handed out as.

A figure that decides what is sent or dropped must say what it is worth, and yet must add, compare
and print like the number it is. So it is an int that also carries how it was found.
"""

from math import isfinite
from typing import Any, Final, Literal, Self

from tract.errors import InvalidInput, printable

Method = Literal["exact", "estimated", "reported"]
"""How a count was made: by the model's own tokenizer, by another one, or by the provider."""

ESTIMATE_ERROR: Final = 0.15
"""Relative error to expect of an estimate."""


class TokenCount(int):
    """A number of tokens that knows how it was found; everywhere else it is a plain int.

    Arithmetic gives plain ints: what a sum is worth, only the one who adds can say.

    Args:
        value: tokens, at least 0.
        method: "exact" (the model's own tokenizer), "estimated" or "reported" (by the provider).
        error: relative error to expect, 0.15 for "within 15 percent"; None takes the usual one,
            `ESTIMATE_ERROR` for an estimate and 0.0 otherwise.

    Raises:
        InvalidInput: a negative value, an unknown method, an error that is negative or not finite,
            or an exact count with an error.

    Example:
        >>> tokens = TokenCount(1200, method="estimated", error=0.1)
        >>> tokens + 1, tokens.method, tokens
        (1201, 'estimated', TokenCount(1200, method='estimated', error=0.1))
    """

    method: Method
    error: float

    def __new__(cls, value: int, *, method: Method = "exact", error: float | None = None) -> Self:
        if method not in ("exact", "estimated", "reported"):
            raise InvalidInput(
                f"{printable(repr(method))} is no way to count tokens",
                kind="invalid_method",
                hint='Use "exact", "estimated" or "reported".',
            )
        if error is None:
            error = ESTIMATE_ERROR if method == "estimated" else 0.0
        if not isfinite(error) or error < 0 or (method == "exact" and error):
            raise InvalidInput(
                f"a relative error of {error} does not fit a count that is {method}",
                kind="invalid_error",
                hint="Give 0.0 for an exact count, 0.15 for within 15 percent.",
            )
        count = super().__new__(cls, value)
        if count < 0:
            raise InvalidInput(
                f"{value} is no number of tokens",
                kind="invalid_count",
                hint="Give a whole number from 0.",
            )
        count.__dict__.update(method=method, error=float(error))
        return count

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a TokenCount never changes: cannot set {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a TokenCount never changes: cannot delete {name!r}")

    def __repr__(self) -> str:
        tail = f", error={self.error:g}" if self.error else ""
        return f"TokenCount({int(self)}, method={self.method!r}{tail})"

    def __str__(self) -> str:  # int has none of its own and would show the repr in every f-string
        return int.__repr__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_token_count, (int(self), self.method, self.error))


def _token_count(value: int, method: Method, error: float) -> TokenCount:
    return TokenCount(value, method=method, error=error)
