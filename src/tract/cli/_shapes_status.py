"""What `tract status` gives to programs: where the tract stands, and what fills its context.

The names are those of the library's own values, so that one description serves for both.
"""

from typing import TypedDict

from tract.cli._shapes import Json, TokensShape


class CountingShape(TypedDict):
    """How the tokens of a tract are counted.

    Attributes:
        model: the model that they are counted for, or null.
        provider: who serves it, or null.
        tokenizer: what counts; "" for a function of the caller's.
        ratio: tokens of the model for one of the tokenizer's.
        method: "exact" or "estimated".
        error: relative error to expect; 0.0 for an exact count.
        reports: reports of usage that the ratio was learned from; 0 where it is a fixed one.
        beside: tokens that the calls had beside the context.
    """

    model: str | None
    provider: str | None
    tokenizer: str
    ratio: float
    method: str
    error: float
    reports: int
    beside: int


class PartShape(TypedDict):
    """A part of a context.

    Attributes:
        name: a role, a content type or a tool; "frame" for what belongs to no message, "" among the
            tools for what has to do with none.
        tokens: what it takes.
        share: its part of the context, 0.0 to 1.0.
        messages: how many messages have something of it.
    """

    name: str
    tokens: int
    share: float
    messages: int


class LargeShape(TypedDict):
    """A large entry.

    Attributes:
        entry: entry id.
        commit: id of the commit that its content comes from.
        role: who speaks it.
        tool: the tool that it is the result of, or "".
        tokens: what it takes.
        share: its part of the context, 0.0 to 1.0.
        text: the beginning of what it says, on one line.
    """

    entry: str
    commit: str
    role: str
    tool: str
    tokens: int
    share: float
    text: str


class RepeatShape(TypedDict):
    """A text that stands in the context more than once.

    Attributes:
        role: who speaks it.
        times: how often it stands there.
        tokens: what one of them takes.
        wasted: what all but one take.
        commits: the commits that provide it, in the order of the context.
        text: its beginning, on one line.
    """

    role: str
    times: int
    tokens: int
    wasted: int
    commits: list[str]
    text: str


class SpentShape(TypedDict):
    """What the calls of one model came to.

    Attributes:
        model: the model; null where the tract does not say.
        calls: calls that usage was recorded for.
        input: tokens sent, those from and to the cache included.
        output: tokens that came back.
        cache_read: tokens sent that were read from the cache.
        cache_write: tokens sent that were written to it.
        reasoning: tokens of the output that were reasoning.
        cost: US dollars, or null where no price is known for any call.
        listed: calls that were priced by the list, since no cost was recorded.
        unpriced: calls without a known price.
        cache_share: part of the input that was read from the cache, 0.0 to 1.0.
    """

    model: str | None
    calls: int
    input: int
    output: int
    cache_read: int
    cache_write: int
    reasoning: int
    cost: float | None
    listed: int
    unpriced: int
    cache_share: float


class SpendingShape(SpentShape):
    """What all calls came to.

    Attributes:
        models: the same by model, the dearest first.
    """

    models: list[SpentShape]


class StatusDetailShape(TypedDict):
    """Where the tokens of a context go.

    Attributes:
        roles: by who speaks; adds up to the whole, as the next two.
        types: by content type.
        tools: by tool.
        entries: the largest entries, at most 20.
        repeats: texts of 20 tokens and more that stand there more than once, at most 20.
        repeated: tokens of all repeats, one of each left out.
        spending: what the calls have cost so far.
    """

    roles: list[PartShape]
    types: list[PartShape]
    tools: list[PartShape]
    entries: list[LargeShape]
    repeats: list[RepeatShape]
    repeated: int
    spending: SpendingShape


class StatusShape(TypedDict):
    """Where the tract stands, and how full its context is.

    Attributes:
        store: where the store is.
        tract: the tract's name.
        tract_id: its id, 32 hex digits.
        branch: the branch that HEAD is on, or null when it is detached.
        head: id of the commit that HEAD is at, or null before the first.
        commits: commits on the way from HEAD back to the first.
        entries: entries of the context list, whatever their mark.
        pinned: how many of them are pinned.
        important: how many are important.
        normal: how many are neither marked nor skipped.
        skipped: how many are skipped.
        messages: messages that a model would be sent.
        repairs: how many things compiling mends.
        tokens: what would be sent.
        counting: how they are counted.
        budget: tokens that the context may use, or null without a budget.
        share: part of the budget that is used, from 0.0 up, or null.
        usage: the newest usage that a provider reported, or null.
        detail: where the tokens go, with --by or --detail; else null.
    """

    store: str
    tract: str
    tract_id: str
    branch: str | None
    head: str | None
    commits: int
    entries: int
    pinned: int
    important: int
    normal: int
    skipped: int
    messages: int
    repairs: int
    tokens: TokensShape
    counting: CountingShape
    budget: int | None
    share: float | None
    usage: Json | None
    detail: StatusDetailShape | None
