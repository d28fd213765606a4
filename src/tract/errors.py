"""Everything that can go wrong, in one tree sorted by what the caller would do about it.

Every error carries a stable `kind` for programs, a `hint` that says what to do, an `effect`
("none": nothing was changed; "unknown": the work may have been done) and `retryable`. Where
Python has an exception that a caller would expect (`KeyError`, `ValueError`), the class is one
of those, too. Texts are one printable line: they name the offending value, escaped and cut,
and never repeat content or keys. The hint is a note of the exception as well, so that a traceback
that nobody caught shows it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

__all__ = [
    "AmbiguousRef",
    "BranchExists",
    "BudgetExceeded",
    "Closed",
    "Conflict",
    "Corrupt",
    "DetachedHead",
    "DiskFull",
    "IdempotencyMismatch",
    "InvalidContext",
    "InvalidInput",
    "MissingEntry",
    "NotFound",
    "ReadOnly",
    "SchemaTooNew",
    "StaleHead",
    "StateError",
    "StoreBusy",
    "StoreError",
    "TractError",
    "TractExists",
    "UnknownProvider",
    "printable",
]

# Characters that steer a terminal or the reading direction: C0 and C1 controls, delete, the
# bidirectional controls, line separators, zero-width marks and the byte order mark. Lone
# surrogates cannot be printed at all. Soft hyphens and tag characters show nothing, so they hide
# what a model reads and a person does not.
_UNSAFE = {
    *range(0x20),
    *range(0x7F, 0xA0),
    0x00AD,
    0x061C,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
}


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_TABLE: dict[int, str] = {code: _escape(code) for code in _UNSAFE}
_LINES: dict[int, str] = {code: text for code, text in _TABLE.items() if code not in (0x09, 0x0A)}


def printable(value: object, *, limit: int | None = 80, lines: bool = False) -> str:
    r"""Return the text of `value` with everything escaped that could steer a terminal.

    Args:
        value: anything; `str(value)` is shown.
        limit: characters kept at most, the rest is replaced by "..."; None keeps all.
        lines: whether line feeds and tabs may stand (for content shown in a block).

    Returns:
        Text that is safe to print, without control, bidirectional or surrogate characters.

    Example:
        >>> printable("red\x1b[31m")
        'red\\x1b[31m'
    """
    text = str(value)
    if limit is not None and len(text) > limit:
        text = text[: max(0, limit - 3)] + "..."
    text = text.translate(_LINES if lines else _TABLE)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class TractError(Exception):
    """The root of all errors of this library.

    Attributes:
        kind: stable snake_case code for programs.
        hint: what to do about it, or None; a traceback shows it below the message.
        effect: "none" when nothing was changed, "unknown" when the work may have been done.
        retryable: whether the same call may succeed later without any change.

    Example:
        >>> try:
        ...     raise InvalidInput("role 'robot' is unknown", kind="invalid_role", hint="Use 'user'.")
        ... except TractError as error:
        ...     print(error.kind, "-", error.hint)
        invalid_role - Use 'user'.
    """

    default_kind: ClassVar[str] = "error"
    effect: str = "none"
    retryable: bool = False

    def __init__(self, message: str, *, kind: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = printable(message, limit=400)
        self.kind = kind or self.default_kind
        self._hint: str | None = None
        self.hint = hint

    @property
    def hint(self) -> str | None:
        """What to do about it, or None."""
        return self._hint

    @hint.setter
    def hint(self, hint: str | None) -> None:
        if self._hint is not None:
            stale = _note(self._hint)
            self.__notes__ = [note for note in getattr(self, "__notes__", ()) if note != stale]
        if hint is not None:
            self.add_note(_note(hint))
        self._hint = hint

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders (multiprocessing); the default would call __init__ with args only.
        state = dict(self.__dict__)
        if "__notes__" in state:
            state["__notes__"] = list(self.__notes__)  # a copy has notes of its own
        return (_rebuild, (type(self), state, self.args))


def _note(hint: str) -> str:
    return f"hint: {printable(hint, limit=None)}"


def _rebuild(cls: type[TractError], state: dict[str, Any], args: tuple[Any, ...]) -> TractError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class NotFound(TractError, KeyError):
    """A commit, branch, tag, tract, operation or entry that is not there."""

    default_kind = "not_found"

    def __str__(self) -> str:  # KeyError would show the repr
        return self.message


class MissingEntry(NotFound):
    """The target names no entry of this state; the hint says where it does exist."""

    default_kind = "missing_entry"


class AmbiguousRef(NotFound):
    """A prefix that several commits share; `candidates` lists them."""

    default_kind = "ambiguous_ref"

    def __init__(
        self, message: str, *, candidates: Sequence[str] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.candidates = tuple(candidates)


class InvalidInput(TractError, ValueError):
    """An argument that cannot be used; the message names it and the rule it breaks."""

    default_kind = "invalid_input"


class UnknownProvider(InvalidInput):
    """A provider or format name that nobody here speaks."""

    default_kind = "unknown_provider"


class Conflict(TractError):
    """What the caller expected is no longer so; look again and decide."""

    default_kind = "conflict"


class StaleHead(Conflict):
    """The branch moved: it is at `actual`, not at `expected`."""

    default_kind = "stale_head"
    retryable = True

    def __init__(
        self, message: str, *, expected: str | None, actual: str | None, hint: str | None = None
    ) -> None:
        super().__init__(
            message, hint=hint or "Read the branch again and repeat the call with its new head."
        )
        self.expected = expected
        self.actual = actual


class BranchExists(Conflict):
    """A branch of that name is there already."""

    default_kind = "branch_exists"


class TractExists(Conflict):
    """A tract of that name is there already."""

    default_kind = "tract_exists"


class IdempotencyMismatch(Conflict):
    """An idempotency key that was used before, with other input."""

    default_kind = "idempotency_mismatch"


class StateError(TractError):
    """The handle or tract is not in a state in which this can be done."""

    default_kind = "state"


class DetachedHead(StateError):
    """HEAD is at a commit, not on a branch, so there is nothing to write to."""

    default_kind = "detached_head"


class ReadOnly(StateError):
    """The store, its file or this handle may only be read."""

    default_kind = "read_only"


class Closed(StateError):
    """The handle was closed."""

    default_kind = "closed"


class BudgetExceeded(StateError):
    """The compiled context needs more tokens than the budget has."""

    default_kind = "budget_exceeded"

    def __init__(self, message: str, *, tokens: int, limit: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.tokens = tokens
        self.limit = limit


class StoreError(TractError):
    """Something is wrong with the store itself."""

    default_kind = "store"


class Corrupt(StoreError):
    """Stored bytes are not what was written; `object` names what is damaged."""

    default_kind = "corrupt"

    def __init__(self, message: str, *, object: str = "", hint: str | None = None) -> None:  # noqa: A002 - the field's word
        super().__init__(
            message, hint=hint or "Run `tract verify` for the whole extent; restore from a copy."
        )
        self.object = object


class SchemaTooNew(StoreError):
    """The store was written by a newer version of this library."""

    default_kind = "schema_too_new"

    def __init__(self, message: str, *, found: str, known: str) -> None:
        super().__init__(message, hint="Upgrade tract-ai; the store was not touched.")
        self.found = found
        self.known = known


class StoreBusy(StoreError):
    """Another writer held the store for longer than the busy timeout; `waited` is in seconds."""

    default_kind = "store_busy"
    retryable = True

    def __init__(self, message: str, *, waited: float) -> None:
        super().__init__(message, hint="Try again, or open with a longer busy_timeout (seconds).")
        self.waited = waited


class DiskFull(StoreError):
    """There was no room to write; the store is whole and works again when there is room."""

    default_kind = "disk_full"
    retryable = True


class InvalidContext(TractError):
    """A context that a provider would refuse; `issues` locates each reason."""

    default_kind = "invalid_context"

    def __init__(self, message: str, *, issues: Iterable[object] = ()) -> None:
        super().__init__(
            message, hint='Compile with on_invalid="repair", or fix the entries named in `issues`.'
        )
        self.issues = tuple(issues)
