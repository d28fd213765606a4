"""Writing: from whatever a caller holds to a commit at the tip of the branch.

Content is checked and turned to bytes before the store is locked; inside the write only what
depends on the tip is done. One function makes every content commit, so an append, an edit and an
import differ in their arguments alone.
"""

import hashlib
from collections.abc import Mapping, Sequence, Sized
from typing import Any, NamedTuple

from tract.errors import IdempotencyMismatch, InvalidInput, StaleHead, TractError, printable
from tract.formats import from_conversation, from_wire
from tract.objects import (
    APPEND,
    BULK,
    EDIT,
    Actor,
    Commit,
    CommitInfo,
    Content,
    DialogueContent,
    InstructionContent,
    Mark,
    Priority,
    blob_id,
    canonical,
    check_json,
    check_text,
    decode_payload,
    encode_content,
    new_entry_id,
    uncollected,
)
from tract.repo import Repo, resolve, slot_at
from tract.store import Draft, Idempotent, Payload
from tract.verbs._info import info_of


class Note(NamedTuple):
    """The caller's free text: its blob id and bytes, or None where there is none."""

    id: str | None
    data: bytes


NO_NOTE = Note(None, b"")
_BORN = {priority: Mark(priority) for priority in Priority}


class Item(NamedTuple):
    """A content ready to be written."""

    blob: str
    data: bytes
    mark: Mark


def to_content(repo: Repo, content: Any, role: str | None = None) -> Content:
    """Return what a caller handed over as one content.

    Args:
        repo: the handle.
        content: a content, a text (with `role`), a dict with "content_type", or a provider's message.
        role: who speaks a text.

    Raises:
        InvalidInput: it is none of these, or holds several contents.
    """
    if isinstance(content, Content):
        if type(content) is not repo.settings.types.class_of(content.content_type):
            raise InvalidInput(
                f"content type {printable(repr(content.content_type))} is not known to this tract",
                kind="unknown_content_type",
                hint="Open the tract with content_types=(YourType,).",
            )
        return content
    if isinstance(content, str):
        return _spoken(content, role)
    if isinstance(content, Mapping):
        if "content_type" in content:
            return repo.settings.types.make(content)
        contents = from_wire(content)
        if len(contents) != 1:
            raise InvalidInput(
                f"the message holds {len(contents)} contents",
                kind="several_contents",
                hint="Use extend([message]), which commits each of them.",
            )
        return contents[0]
    raise InvalidInput(
        f"{printable(type(content).__name__)} cannot be committed",
        kind="invalid_content",
        hint="Give a Content, a text with role=, a dict with content_type, or a provider's message.",
    )


def _spoken(text: str, role: str | None) -> Content:
    if role in ("user", "assistant"):
        return DialogueContent.model_construct(role=role, text=text)
    if role in ("system", "developer"):
        return InstructionContent.model_construct(role=role, text=text)
    raise InvalidInput(
        f"a text needs a role, and {printable(repr(role))} is none for it",
        kind="invalid_role",
        hint='Give role="user", "assistant", "system" or "developer"; for a tool\'s result use tool_result(call_id, output).',
    )


def item(repo: Repo, content: Content, priority: Priority | str | None = None) -> Item:
    """Return a content's bytes, its blob id, and the mark of an entry made from it."""
    data = encode_content(content, repo.settings.limits)
    if priority is None:
        return Item(blob_id(data), data, _BORN[content.default_priority])
    return Item(blob_id(data), data, Mark(Priority.of(priority)))


def make_note(
    message: str | None = None,
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    **more: Any,
) -> Note:
    """Return the blob of a caller's free text."""
    data: dict[str, Any] = {name: value for name, value in more.items() if value is not None}
    if message is not None:
        data["message"] = _text(message, "message")
    if tags:
        data["tags"] = list(
            dict.fromkeys(_text(tag, "tag") for tag in ((tags,) if isinstance(tags, str) else tags))
        )
    if metadata:
        if not isinstance(metadata, Mapping):
            raise InvalidInput(
                f"metadata is {printable(type(metadata).__name__)}, no dict",
                kind="invalid_metadata",
            )
        check_json(metadata, "metadata")
        data["metadata"] = dict(metadata)
    if not data:
        return NO_NOTE
    encoded = canonical(data)
    return Note(blob_id(encoded), encoded)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"{what} {printable(repr(value))} is no text", kind=f"invalid_{what}")
    check_text(value, what)
    return value


def add_content(
    draft: Draft,
    parent: str | None,
    item: Item,
    *,
    author: Actor,
    at: int,
    note: Note = NO_NOTE,
    made_with: Mapping[str, Any] | None = None,
    based_on: str | None = None,
) -> Commit:
    """Stage the append of one content behind `parent`, and return its commit."""
    parents = () if parent is None else (parent,)
    entry = new_entry_id(parents, (), item.blob, author, at)
    # The mark is written unless it is the normal one: a state must not depend on what a type's default is today.
    marks = () if item.mark.priority is Priority.NORMAL else ((entry, item.mark),)
    commit = Commit(
        "",
        parents,
        APPEND,
        author,
        at,
        entry,
        item.blob,
        marks=marks,
        based_on=based_on,
        made_with=made_with,
        note=note.id,
    )
    return draft.add(commit, _blobs(item, note))


def _blobs(item: Item, note: Note) -> dict[str, bytes]:
    return {item.blob: item.data} if note.id is None else {item.blob: item.data, note.id: note.data}


def _replace(
    repo: Repo,
    draft: Draft,
    tip: str | None,
    item: Item,
    targets: Sequence[Any],
    mark: bool,
    **fields: Any,
) -> Commit:
    state = () if tip is None else draft.state(tip)
    slots = [slot_at(repo, draft, state, target) for target in targets]
    replaces = tuple(dict.fromkeys(slot.entry_id for slot in slots))
    parents = () if tip is None else (tip,)
    if len(replaces) == 1:
        entry = replaces[0]
    else:
        entry = new_entry_id(parents, replaces, item.blob, fields["author"], fields["at"])
    note: Note = fields.pop("note")
    marks = ((entry, item.mark),) if mark else ()
    commit = Commit(
        "",
        parents,
        EDIT,
        entry_id=entry,
        content=item.blob,
        replaces=replaces,
        marks=marks,
        note=note.id,
        **fields,
    )
    return draft.add(commit, _blobs(item, note))


def commit(
    repo: Repo,
    content: Any,
    *,
    role: str | None = None,
    message: str | None = None,
    edit: Any = None,
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    priority: Priority | str | None = None,
    made_with: Mapping[str, Any] | None = None,
    author: Actor | str | None = None,
    expect_head: Any = None,
    idempotency_key: str | None = None,
) -> CommitInfo:
    """Commit one content: append it, or put it in the place of the entries that `edit` names."""
    settings = repo.settings
    writer = settings.author if author is None else Actor.of(author)
    note = make_note(message, tags, metadata)
    if made_with is not None:
        made_with = _made_with(made_with)
    targets = [] if edit is None else list(edit) if isinstance(edit, (list, tuple)) else [edit]
    ready = (
        None
        if targets and isinstance(content, str) and role is None
        else item(repo, to_content(repo, content, role), priority)
    )
    branch = repo.branch_to_write()

    def work(draft: Draft) -> tuple[Commit, Item]:
        tip = draft.ref(repo.tract, branch)
        made = ready or item(repo, _retold(repo, draft, tip, targets, content), priority)
        digest = "" if idempotency_key is None else _digest(made, note, made_with, writer, targets)
        done = _done_before(repo, draft, idempotency_key, digest)
        if done is not None:
            return draft.commit(done.commits[0]), made
        _expect(repo, draft, expect_head, tip)
        at = repo.now()
        if targets:
            fields: dict[str, Any] = {
                "author": writer,
                "at": at,
                "made_with": made_with,
                "note": note,
            }
            new = _replace(repo, draft, tip, made, targets, priority is not None, **fields)
        else:
            new = add_content(
                draft, tip, made, author=writer, at=at, note=note, made_with=made_with
            )
        draft.move(repo.tract, branch, new.id, expected=tip)
        _remember(repo, draft, idempotency_key, digest, [new])
        return new, made

    made, ready = repo.write("edit" if targets else "commit", work, actor=writer)
    payloads: dict[str, Payload] = {ready.blob: decode_payload(ready.data)}
    if note.id is not None:
        payloads[note.id] = decode_payload(note.data)
    return info_of(repo, made, payloads)


def _made_with(value: Any) -> Mapping[str, Any]:
    dump = getattr(value, "model_dump", None)
    value = dump(mode="json", exclude_none=True) if callable(dump) else value
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"made_with is {printable(type(value).__name__)}, no dict", kind="invalid_made_with"
        )
    check_json(value, "made_with")
    return dict(value)


def _retold(
    repo: Repo, draft: Draft, tip: str | None, targets: Sequence[Any], text: str
) -> Content:
    """Return the first target's content with another text, everything else kept."""
    state = () if tip is None else draft.state(tip)
    slot = slot_at(repo, draft, state, targets[0])
    return repo.settings.types.load(draft.payloads([slot.content])[slot.content]).with_text(text)


def _expect(repo: Repo, draft: Draft, expected: Any, tip: str | None) -> None:
    if expected is None:
        return
    try:
        wanted = resolve(repo, draft, expected)
    except TractError:
        wanted = str(expected)
    if wanted != tip:
        at = "no commit" if tip is None else tip[:8]
        raise StaleHead(
            f"the branch is at {at}, not at {printable(wanted)[:8]}", expected=wanted, actual=tip
        )


def _digest(ready: Item, note: Note, made_with: Any, author: Actor, targets: Sequence[Any]) -> str:
    names = [target if isinstance(target, str) else target.id for target in targets]
    data = [ready.blob, ready.mark.encode(), note.id, made_with, list(author), names]
    return hashlib.sha256(canonical(data)).hexdigest()


def _done_before(repo: Repo, draft: Draft, key: str | None, digest: str) -> Idempotent | None:
    if key is None:
        return None
    if (
        not isinstance(key, str)
        or not 0 < len(key.encode("utf-8", "replace")) <= repo.settings.limits.name_bytes_max
    ):
        raise InvalidInput(
            f"idempotency_key {printable(repr(key))} is no text of 1 to {repo.settings.limits.name_bytes_max} bytes",
            kind="invalid_key",
        )
    check_text(key, "idempotency_key")
    done = draft.idempotent(repo.tract, key)
    if done is not None and done.digest != digest:
        raise IdempotencyMismatch(
            f"idempotency_key {printable(repr(key))} was used before with other input",
            hint="Use a new key for new input.",
        )
    return done


def _remember(
    repo: Repo, draft: Draft, key: str | None, digest: str, made: Sequence[Commit]
) -> None:
    if key is not None:
        draft.put_idempotent(
            repo.tract, key, Idempotent(digest, tuple(commit.id for commit in made))
        )


def extend(
    repo: Repo,
    messages: Any,
    *,
    author: Actor | str | None = None,
    expect_head: Any = None,
    idempotency_key: str | None = None,
) -> list[CommitInfo]:
    """Append many contents in one transaction."""
    with uncollected(len(messages) if isinstance(messages, Sized) else BULK):
        return _extend(repo, messages, author, expect_head, idempotency_key)


def _extend(
    repo: Repo,
    messages: Any,
    author: Actor | str | None,
    expect_head: Any,
    idempotency_key: str | None,
) -> list[CommitInfo]:
    writer = repo.settings.author if author is None else Actor.of(author)
    ready = [item(repo, content) for content in _contents(repo, messages)]
    branch = repo.branch_to_write()
    digest = hashlib.sha256(canonical([[one.blob for one in ready], list(writer)])).hexdigest()

    def work(draft: Draft) -> list[Commit]:
        done = _done_before(repo, draft, idempotency_key, digest)
        if done is not None:
            return [draft.commit(id) for id in done.commits]
        start = tip = draft.ref(repo.tract, branch)
        _expect(repo, draft, expect_head, tip)
        at = repo.now()
        made = []
        for one in ready:
            made.append(add_content(draft, tip, one, author=writer, at=at))
            tip = made[-1].id
        if made:
            draft.move(repo.tract, branch, tip, expected=start)
            _remember(repo, draft, idempotency_key, digest, made)
        return made

    made = repo.write("extend", work, {"contents": len(ready)}, actor=writer)
    payloads: dict[str, Payload] = {one.blob: decode_payload(one.data) for one in ready}
    return [info_of(repo, one, payloads) for one in made]


def _contents(repo: Repo, messages: Any) -> list[Content]:
    if isinstance(messages, Mapping) and "messages" in messages:
        return from_conversation(messages["messages"], system=messages.get("system"))
    if isinstance(messages, (str, bytes, Mapping)) or not hasattr(messages, "__iter__"):
        raise InvalidInput(
            f"messages is {printable(type(messages).__name__)}, no list",
            kind="invalid_content",
            hint="Give a list of messages or contents.",
        )
    contents: list[Content] = []
    for number, message in enumerate(messages):
        try:
            if isinstance(message, Mapping) and "content_type" not in message:
                contents += from_wire(message)
            else:
                contents.append(to_content(repo, message))
        except InvalidInput as error:
            raise InvalidInput(
                f"message {number}: {error.message}", kind=error.kind, hint=error.hint
            ) from None
    return contents
