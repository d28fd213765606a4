"""What programs get of the history: the objects that `--json` prints, as types.

These shapes are a promise: fields are added, never renamed or removed, and none is left out where
it has nothing to say (it is null, or empty). The reference page is made from the types and their
words, and the tests hold what the commands print against them.
"""

from typing import Any, TypedDict

Json = dict[str, Any]


class CommitShape(TypedDict):
    """A commit, as `log` lists it and as every command gives it that makes one.

    Attributes:
        id: 64 hex digits; null in a dry run, since the commit was not made.
        parents: commit ids.
        operation: "append", "edit", "mark" or "arrange".
        entry: the entry that it provides, 32 hex digits, or null.
        author: "kind:name", or a kind alone.
        at: when, ISO 8601 in UTC.
        message: the caller's message, or a line made from the content.
        content_type: type of its content, or null.
        role: who speaks it, or null.
        made_with: generation config, or null.
        tags: the caller's words for it.
        metadata: the caller's data.
    """

    id: str | None
    parents: list[str]
    operation: str
    entry: str | None
    author: str
    at: str
    message: str
    content_type: str | None
    role: str | None
    made_with: Json | None
    tags: list[str]
    metadata: Json


class GrowthShape(CommitShape):
    """A commit with what it does to the size of the context, as `log --stat` lists it.

    Attributes:
        tokens: tokens of the message that its content makes, or null without content.
        tokens_added: what it adds to the total; below 0 where it takes away.
        tokens_total: tokens of all entries at the commit that are not marked "skip".
    """

    tokens: int | None
    tokens_added: int
    tokens_total: int


class MarkShape(TypedDict):
    """A mark of an entry.

    Attributes:
        priority: "pinned", "important", "normal" or "skip".
        labels: the caller's words for the entry.
    """

    priority: str
    labels: list[str]


class DetailShape(CommitShape):
    """A commit with everything that it says.

    Attributes:
        tokens: tokens of the message that its content makes, or null without content.
        text: the content's text as a person would read it.
        content: the content as it is stored, with its "content_type", or null.
        replaces: ids of the entries that it took out or replaced.
        marks: the marks that it gave, by entry id.
        origin: the commit that it copies, or null.
        based_on: the commit whose context it answers, or null.
        sources: of a summary, what it was made from, or null.
        reason: why a mark was given, or null.
        retain: what must survive a compression, or null.
        usage: what providers reported for it.
    """

    tokens: int | None
    text: str
    content: Json | None
    replaces: list[str]
    marks: dict[str, MarkShape]
    origin: str | None
    based_on: str | None
    sources: Json | None
    reason: str | None
    retain: str | None
    usage: list[Json]


class EntryShape(TypedDict):
    """One place of the context list.

    Attributes:
        index: its place, from 0.
        id: the entry id, 32 hex digits; it stays the same through edits.
        commit: id of the commit that its content comes from.
        role: who speaks it.
        content_type: type of its content.
        priority: "pinned", "important", "normal" or "skip".
        labels: the caller's words for it.
        status: "shown", or why it is not in the context as it is: "changed", "repaired",
            "skipped", "view", "left_out".
        tokens: tokens of the message that it makes, shown or not.
        text: its text as a person would read it.
    """

    index: int
    id: str
    commit: str
    role: str
    content_type: str
    priority: str
    labels: list[str]
    status: str
    tokens: int
    text: str


class TokensShape(TypedDict):
    """A number of tokens.

    Attributes:
        count: the number.
        method: "exact", "estimated" or "reported".
        error: relative error to expect; 0.15 is within 15 percent.
    """

    count: int
    method: str
    error: float


class RepairShape(TypedDict):
    """One thing that compiling mended; history is not touched.

    Attributes:
        rule: stable name of the rule.
        message: what was wrong and what was done.
        commit: id of the commit concerned, or null.
        index: where the message stood before any repair.
    """

    rule: str
    message: str
    commit: str | None
    index: int


class DroppedShape(TypedDict):
    """An entry that was left out of the context, though it is not marked "skip".

    Attributes:
        entry: its id.
        commit: id of the commit that its content comes from.
        why: "budget" or "view".
    """

    entry: str
    commit: str
    why: str


class NoticeShape(TypedDict):
    """Something that a provider is not sent as it was committed.

    Attributes:
        provider: which one.
        rule: stable name of what was done, such as "reasoning_left_out".
        message: what was left out, said another way, or added.
        index: place among the request's messages, or null where nothing of it is there.
        commits: ids of the commits concerned, oldest first.
    """

    provider: str
    rule: str
    message: str
    index: int | None
    commits: list[str]


class IssueShape(TypedDict):
    """A reason for which a provider would refuse the context.

    Attributes:
        provider: which one.
        rule: stable name of the rule that is broken.
        message: what is wrong.
        index: place among the request's messages, or null.
        commit: id of the commit concerned, or null.
        fix: what to do about it.
    """

    provider: str
    rule: str
    message: str
    index: int | None
    commit: str | None
    fix: str


class LineShape(TypedDict):
    """What became of one entry.

    Attributes:
        entry: its id.
        commit: id of the commit that its content comes from.
        role: who speaks it.
        priority: its mark's priority.
        status: "shown", "changed", "repaired", "skipped", "budget", "view", "compiler" or
            "left_out".
        why: the reason in words; "" where there is nothing to say.
        index: where its message stands in the context, or null.
        tokens: tokens that it takes in the context; 0 where it is not shown.
        text: the beginning of what it says, on one printable line.
    """

    entry: str
    commit: str
    role: str
    priority: str
    status: str
    why: str
    index: int | None
    tokens: int
    text: str


class ContextShape(TypedDict):
    """What a model would be sent.

    Attributes:
        commit: id of the commit that was compiled, or null before the first.
        format: "text", "plain", "openai" or "anthropic".
        messages: the messages as plain objects that belong to no provider.
        request: in the formats "openai" and "anthropic", what the provider is sent; else null.
        tokens: what all of it takes.
        repairs: what was mended.
        dropped: what the budget left out.
        notices: what the format's provider is not sent as it was committed; without one, of each.
        issues: with `--check`, what a provider would refuse; else null.
        explanation: with `--explain`, what became of each entry; else null.
    """

    commit: str | None
    format: str
    messages: list[Json]
    request: Json | None
    tokens: TokensShape
    repairs: list[RepairShape]
    dropped: list[DroppedShape]
    notices: list[NoticeShape]
    issues: list[IssueShape] | None
    explanation: list[LineShape] | None


class BranchShape(TypedDict):
    """A branch.

    Attributes:
        name: its name.
        commit: id of the commit that it is at, or null before the first.
        current: whether HEAD is on it.
    """

    name: str
    commit: str | None
    current: bool


class ResetShape(TypedDict):
    """A branch that was set to another commit.

    Attributes:
        branch: its name.
        mode: "soft" or "hard".
        before: id of the commit that it was at, or null before the first.
        after: id of the commit that it is at now.
    """

    branch: str | None
    mode: str
    before: str | None
    after: str


class TractShape(TypedDict):
    """A tract of the store.

    Attributes:
        id: 32 hex digits.
        name: its name.
        parent: id of the tract that it was spawned from, or null.
        created_at: when, ISO 8601 in UTC.
        branches: how many branches it has.
        commits: commits on the way from the branch where it was left back to the first.
        metadata: the caller's data.
        default: whether commands are about it when no other is named.
    """

    id: str
    name: str
    parent: str | None
    created_at: str
    branches: int
    commits: int
    metadata: Json
    default: bool
