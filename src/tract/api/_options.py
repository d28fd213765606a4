"""The options that several methods of the face share, by name and type.

A shorthand passes them on as they are, so they are written once here, where type checkers and
editors find them. What each of them means is said where it is a parameter: at `Tract.commit` and
`Tract.open`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict

from tract.compile import ContextCompiler, Counter, TokenBudget
from tract.objects import Actor, Content, Limits, Priority
from tract.repo import Target


class WriteOptions(TypedDict, total=False):
    """What every commit may be given beside its content."""

    tags: Sequence[str]
    metadata: Mapping[str, Any] | None
    made_with: Mapping[str, Any] | None
    author: Actor | str | None
    expect_head: Target | None
    idempotency_key: str | None


class CommitOptions(WriteOptions, total=False):
    """What the shorthands hand on to `Tract.commit`."""

    message: str | None
    edit: Target | Sequence[Target] | None
    priority: Priority | str | None


class EditOptions(WriteOptions, total=False):
    """What `Tract.edit` hands on to `Tract.commit`."""

    role: str | None


class OpenOptions(TypedDict, total=False):
    """How a store is opened, whatever tract of it is."""

    create: bool
    read_only: bool
    durability: Literal["full", "normal"]
    busy_timeout: float
    model: str | None
    provider: str | None
    token_budget: TokenBudget | int | None
    tokenizer: Counter | str | Callable[[str], int] | None
    compiler: ContextCompiler | None
    content_types: Iterable[type[Content]]
    author: Actor | str | None
    clock: Callable[[], datetime] | None
    limits: Limits | None
