"""A conversation as a chain of commits, and the place of that chain in a store.

The chain is made without a store: its ids say what was read, who wrote it and when, and nothing
else. So where a store has a part of it already, that part is found by its ids, and only the rest
is added. A branch goes forward along the chain and never anywhere else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tract.errors import Conflict, InvalidInput, NotFound, printable
from tract.importers import BadRecord, Conversation, Imported, Source
from tract.objects import (
    APPEND,
    Actor,
    Commit,
    Limits,
    Mark,
    Priority,
    blob_id,
    check_json,
    encode_content,
    new_entry_id,
)
from tract.repo import BRANCH, make_tract
from tract.store import Draft, TractRow, Usage

METADATA = "import"


class Link(NamedTuple):
    """One commit of a chain, with its canonical bytes and those of its content."""

    commit: Commit
    data: bytes
    content: bytes


class Chain(NamedTuple):
    """A conversation as the commits that it is, whatever store they go to.

    Attributes:
        conversation: what it was made from.
        commits: from the root on.
        usages: what providers reported, by commit id.
        messages: how many messages they say.
    """

    conversation: Conversation
    commits: list[Link]
    usages: dict[str, Mapping[str, Any]]
    messages: int


class Placed(NamedTuple):
    """What was done with a chain: the tract's id, new commits, and whether anything changed."""

    tract: str
    added: int
    changed: bool


def chained(
    conversation: Conversation, limits: Limits, reject: Callable[[BadRecord], None], source: Source
) -> Chain:
    """Return a conversation as commits.

    Args:
        conversation: what was read; its messages are read here.
        limits: what is accepted.
        reject: told of each message that cannot be stored; the others are chained all the same.
        source: the file.
    """
    links: list[Link] = []
    usages: dict[str, Mapping[str, Any]] = {}
    parents: tuple[str, ...] = ()
    messages = 0
    for message in conversation.messages:
        if isinstance(message, BadRecord):
            reject(message)
            continue
        try:
            encoded = _encoded(message, limits)
        except InvalidInput as error:
            reject(source.bad(message.place, error.message))
            continue
        at, made_with = message.at, message.made_with
        for (content, author), data in zip(message.contents, encoded, strict=True):
            blob = blob_id(data)
            entry = new_entry_id(parents, (), blob, author, at)
            priority = content.default_priority
            marks = () if priority is Priority.NORMAL else ((entry, Mark(priority)),)
            commit, sealed = Commit(
                "", parents, APPEND, author, at, entry, blob, marks=marks, made_with=made_with
            ).sealed()
            links.append(Link(commit, _copied(sealed), _copied(data)))
            parents = (commit.id,)
        if message.usage is not None and parents:
            usages[parents[0]] = message.usage
        messages += 1
    return Chain(conversation, links, usages, messages)


def _copied(data: bytes) -> bytes:
    """Return the same bytes without the room that the encoder left behind them: ten times as much."""
    return bytes(memoryview(data))


def _encoded(message: Imported, limits: Limits) -> list[bytes]:
    """Return the bytes of all contents of a message.

    Raises:
        InvalidInput: one of them cannot be stored, or what they were made with.
    """
    if message.made_with is not None:
        check_json(message.made_with, "made_with")
    try:
        return [encode_content(content, limits) for content, _ in message.contents]
    except RecursionError:
        raise InvalidInput(
            "the message is nested too deeply",
            kind="too_deep",
            hint="Make it flatter, or leave it out of the file.",
        ) from None


def place(
    draft: Draft, author: Actor, at: int, limits: Limits, chain: Chain, format: str, file: str
) -> Placed:
    """Stage what a store has not yet of a chain, and the move of its branch.

    Args:
        draft: where it is staged.
        author: who imports.
        at: microseconds since the Unix epoch.
        limits: what is accepted.
        chain: the conversation.
        format: the importer's name.
        file: the file's name, without folders.

    Raises:
        Conflict: the branch went elsewhere, so it stays where it is; nothing was staged.
    """
    one = chain.conversation
    ref = BRANCH + one.branch
    ids = [link.commit.id for link in chain.commits]
    row = draft.tract(one.tract)
    if row is None:
        metadata = _described({}, format, file, one)
        row = make_tract(
            draft,
            one.tract,
            at=at,
            author=author,
            limits=limits,
            branch=one.branch,
            metadata=metadata,
        )
        tip, make, described = None, False, row
    else:
        tip, make = _tip(draft, row, ref)
        described = replace(row, metadata=_described(row.metadata, format, file, one))
    reached = _reached(draft, tip, ids, one)
    added = 0
    if reached < len(ids):
        known = max(reached, _known(draft, ids))
        for link in chain.commits[known:]:
            draft.add(link.commit, {link.commit.content or "": link.content}, link.data)
        added = len(ids) - known
        draft.move(row.id, ref, ids[-1], expected=tip, make=make)
        _report_usage(draft, row, chain)
    if described != row:
        draft.put_tract(described)
    return Placed(row.id, added, changed=reached < len(ids) or described != row)


def _described(
    known: Mapping[str, Any], format: str, file: str, one: Conversation
) -> dict[str, Any]:
    """Return a tract's metadata with what the source says about one of its branches."""
    before = known.get(METADATA, {})
    branches = before.get("branches", {}) if isinstance(before, Mapping) else None
    if not isinstance(branches, Mapping):
        return dict(known)  # somebody else's word under our name
    ours: dict[str, Any] = {**before, "format": format, "file": file}
    if one.metadata:
        ours["branches"] = {**branches, one.branch: one.metadata}
    return {**known, METADATA: ours}


def _reached(draft: Draft, tip: str | None, ids: Sequence[str], one: Conversation) -> int:
    """Return how much of a chain a branch has.

    Raises:
        Conflict: it has not all of it, and something else behind it.
    """
    if tip is None:
        return 0
    numbers = {id: number for number, id in enumerate(ids, 1)}
    if tip in numbers:
        return numbers[tip]
    where = f"branch {printable(one.branch)} of tract {printable(one.tract)}"
    if _known(draft, ids):
        for commit in draft.line(tip):
            if (number := numbers.get(commit.id)) == len(ids):
                return number  # somebody went on from there
            if number is not None:
                raise Conflict(
                    f"{where} went another way after {number} of these {len(ids)} commits, so the rest was not added; import it under another tract's name",
                    kind="diverged",
                    hint="Name another tract to import it into.",
                )
    raise Conflict(
        f"{where} holds something else; import it under another tract's name",
        kind="diverged",
        hint="Name another tract to import it into.",
    )


def _known(draft: Draft, ids: Sequence[str]) -> int:
    """Return how many commits of a chain are in the store.

    A store that has a commit has its parents, so the known ones are the first ones.
    """
    low, high = 0, len(ids)
    if not draft.present(ids[:1]):
        return 0
    while low < high:
        middle = (low + high + 1) // 2
        if draft.present(ids[middle - 1 : middle]):
            low = middle
        else:
            high = middle - 1
    return low


def _tip(draft: Draft, row: TractRow, ref: str) -> tuple[str | None, bool]:
    """Return where a branch is, and whether it has to be made."""
    try:
        return draft.ref(row.id, ref), False
    except NotFound:
        return None, True


def _report_usage(draft: Draft, row: TractRow, chain: Chain) -> None:
    """Stage what providers reported, once for each commit of a tract."""
    if not chain.usages:
        return
    recorded = {usage.commit for usage in draft.usages(row.id, list(chain.usages))}
    for link in chain.commits:
        id = link.commit.id
        if id in chain.usages and id not in recorded:
            draft.put_usage(row.id, Usage(id, link.commit.at, chain.usages[id]))
