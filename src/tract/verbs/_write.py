"""Writing: from whatever a caller holds to a commit at the tip of the branch.

Content is checked and turned to bytes before the store is locked; inside the write only what
depends on the tip is done. One function makes every content commit, so an append, an edit and an
import differ in their arguments alone.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any, NamedTuple

from tract.errors import IdempotencyMismatch, InvalidInput, NotFound, StaleHead, printable
from tract.formats import from_conversation, from_wire, is_client_object
from tract.objects import (
    APPEND,
    BULK,
    EDIT,
    NORMAL,
    Actor,
    Commit,
    CommitInfo,
    Content,
    DialogueContent,
    Entry,
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
    parse,
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
_TAG_BYTES_MAX = 200
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
        content: a content, a text (with `role`), a dict with "content_type", or a provider's message,
            as a dict or as the object that its client gives.
        role: who speaks a text.

    Raises:
        InvalidInput: it is none of these, or holds several contents.
    """
    if role is not None and not isinstance(content, str):
        raise InvalidInput(
            f"role={printable(repr(role))} goes with a text, not with a {printable(type(content).__name__)}",
            kind="invalid_role",
            hint="Leave it out; the content says who speaks.",
        )
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
    if isinstance(content, Mapping) and "content_type" in content:
        return repo.settings.types.make(content)
    if isinstance(content, Mapping) or is_client_object(content):
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
    repo: Repo,
    message: str | None = None,
    tags: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    **more: Any,
) -> Note:
    """Return the blob of a caller's free text.

    Raises:
        InvalidInput: something is no text, too long, or has no JSON form.
    """
    data: dict[str, Any] = {}
    for name, value in {"message": message, **more}.items():
        if value is not None:
            data[name] = _text(value, name)
    if tags is not None and tags != ():
        data["tags"] = _tags(tags)
    if metadata is not None:
        if not isinstance(metadata, Mapping):
            raise InvalidInput(
                f"metadata is {printable(type(metadata).__name__)}, no dict",
                kind="invalid_metadata",
                hint="Give a dict of JSON values.",
            )
        check_json(metadata, "metadata")
        if metadata:
            data["metadata"] = dict(metadata)
    if not data:
        return NO_NOTE
    encoded = canonical(data)
    longest = repo.settings.limits.text_bytes_max
    if len(encoded) > longest:
        raise InvalidInput(
            f"a note of {len(encoded)} bytes is over the limit of {longest}",
            kind="too_large",
            hint="Commit long text as content.",
        )
    return Note(blob_id(encoded), encoded)


def _tags(tags: Any) -> list[str]:
    if isinstance(tags, str):
        tags = (tags,)
    if not isinstance(tags, (list, tuple, set, frozenset)):
        raise InvalidInput(
            f"tags is {printable(type(tags).__name__)}, no list of texts",
            kind="invalid_tag",
            hint="Give a list of short texts.",
        )
    for tag in tags:
        if len(_text(tag, "tag").encode()) > _TAG_BYTES_MAX:
            raise InvalidInput(
                f"tag {printable(repr(tag))} is longer than {_TAG_BYTES_MAX} bytes",
                kind="invalid_tag",
                hint="Put long text into message= or metadata=.",
            )
    return list(dict.fromkeys(tags))


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput(
            f"{what} {printable(repr(value))} is no text",
            kind=f"invalid_{what}",
            hint="Give a text that is not empty, or leave it out.",
        )
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
        made_with=made_with,
        note=note.id,
    )
    return draft.add(commit, _blobs(item, note))


def _blobs(item: Item, note: Note) -> dict[str, bytes]:
    return {item.blob: item.data} if note.id is None else {item.blob: item.data, note.id: note.data}


class Said(NamedTuple):
    """What goes into a commit beside its content."""

    author: Actor
    at: int
    note: Note
    made_with: Mapping[str, Any] | None


def _replace(
    repo: Repo,
    draft: Draft,
    tip: str | None,
    one: Item,
    targets: Sequence[Any],
    said: Said,
    *,
    marked: bool,
) -> Commit:
    state = () if tip is None else draft.state(tip)
    slots = [slot_at(repo, draft, state, target) for target in targets]
    replaces = tuple(dict.fromkeys(slot.entry_id for slot in slots))
    parents = () if tip is None else (tip,)
    if len(replaces) == 1:
        entry = replaces[0]
    else:
        entry = new_entry_id(parents, replaces, one.blob, said.author, said.at)
    commit = Commit(
        "",
        parents,
        EDIT,
        said.author,
        said.at,
        entry,
        one.blob,
        replaces,
        marks=((entry, one.mark),) if marked else (),
        made_with=said.made_with,
        note=said.note.id,
    )
    return draft.add(commit, _blobs(one, said.note))


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
    writer = repo.settings.author if author is None else Actor.of(author)
    note = make_note(repo, message, tags, metadata)
    config = None if made_with is None else _made_with(made_with)
    targets = [] if edit is None else target_list(edit, "edit")
    retold = isinstance(content, str) and role is None and bool(targets)
    given = None if retold else item(repo, to_content(repo, content, role), priority)
    branch = repo.branch_to_write()
    asked: list[Any] = [content if given is None else given.blob, priority, note.id, config]
    asked += [list(writer), [target_name(target) for target in targets]]

    def work(draft: Draft) -> tuple[Commit, Item]:
        tip = draft.ref(repo.tract, branch)
        done = done_before(repo, draft, idempotency_key, asked)
        if done is not None:
            commit = draft.commit(done.commits[0])
            return commit, given or _stored(draft, commit)
        expect(repo, draft, expect_head, tip)
        one = given or item(repo, _retold(repo, draft, tip, targets, content), priority)
        at = repo.now()
        if targets:
            marked = priority is not None
            commit = _replace(
                repo, draft, tip, one, targets, Said(writer, at, note, config), marked=marked
            )
        else:
            commit = add_content(draft, tip, one, author=writer, at=at, note=note, made_with=config)
        draft.move(repo.tract, branch, commit.id, expected=tip)
        remember(repo, draft, idempotency_key, asked, [commit])
        return commit, one

    said = _asked(targets, priority)
    made, written = repo.write("edit" if targets else "commit", work, said, actor=writer)
    payloads: dict[str, Payload] = {written.blob: decode_payload(written.data)}
    if note.id is not None:
        payloads[note.id] = decode_payload(note.data)
    return info_of(repo, made, payloads)


def _asked(targets: Sequence[Any], priority: Priority | str | None) -> dict[str, Any]:
    """Return what the operation log keeps of a commit: what its commit does not say already."""
    said: dict[str, Any] = {"entries": len(targets)} if targets else {}
    if priority is not None:
        said["priority"] = Priority.of(priority).value
    return said


def target_list(targets: Any, verb: str) -> list[Any]:
    """Return one or several targets as a list.

    Raises:
        InvalidInput: there is none.
    """
    named = list(targets) if isinstance(targets, (list, tuple, set, frozenset)) else [targets]
    if not named:
        raise InvalidInput(
            f"no entry was named to {verb}",
            kind="invalid_target",
            hint="Give a commit, an Entry, or a list of them.",
        )
    return named


def target_name(target: Any) -> str:
    """Return what tells a target from others, for comparing inputs."""
    if isinstance(target, Entry):
        return f"entry {target.id}"
    return target if isinstance(target, str) else str(getattr(target, "id", target))


def _stored(draft: Draft, commit: Commit) -> Item:
    """Return the content of a commit that an earlier call made, as that call had it."""
    blob = commit.content or ""
    return Item(blob, canonical(draft.payloads([blob])[blob]), NORMAL)


def _made_with(value: Any) -> Mapping[str, Any]:
    dump = getattr(value, "model_dump", None)
    value = dump(mode="json", exclude_none=True) if callable(dump) else value
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"made_with is {printable(type(value).__name__)}, no dict",
            kind="invalid_made_with",
            hint='Give a dict of JSON values, such as {"model": "gpt-4o"}.',
        )
    check_json(value, "made_with")
    return dict(parse(canonical(dict(value))))  # the caller may go on changing theirs


def _retold(
    repo: Repo, draft: Draft, tip: str | None, targets: Sequence[Any], text: str
) -> Content:
    """Return the first target's content with another text, everything else kept."""
    state = () if tip is None else draft.state(tip)
    slot = slot_at(repo, draft, state, targets[0])
    return repo.settings.types.load(draft.payloads([slot.content])[slot.content]).with_text(text)


def expect(repo: Repo, draft: Draft, expected: Any, tip: str | None) -> None:
    """Check that a branch is where the caller saw it.

    Raises:
        StaleHead: it is elsewhere.
    """
    if expected is None:
        return
    try:
        wanted = resolve(repo, draft, expected)
    except NotFound:
        wanted = str(getattr(expected, "id", expected))
    if wanted != tip:
        at = "no commit" if tip is None else tip[:8]
        stale = StaleHead(
            f"the branch is at {at}, not at {printable(wanted)[:8]}", expected=wanted, actual=tip
        )
        stale.retryable = False  # the same call names the same commit again
        raise stale


def done_before(
    repo: Repo, draft: Draft, key: str | None, asked: Sequence[Any]
) -> Idempotent | None:
    """Return what was done under an idempotency key for the same input.

    Args:
        repo: the handle.
        draft: where it would be written.
        key: the caller's key, or None.
        asked: what was asked, as JSON values.

    Raises:
        InvalidInput: the key is no text of a name's length.
        IdempotencyMismatch: it was used with other input.
    """
    if key is None:
        return None
    longest = repo.settings.limits.name_bytes_max
    if not isinstance(key, str) or not 0 < len(key.encode("utf-8", "replace")) <= longest:
        raise InvalidInput(
            f"idempotency_key {printable(repr(key))} is no text of 1 to {longest} bytes",
            kind="invalid_key",
            hint="Give a short text that is new for each new request.",
        )
    check_text(key, "idempotency_key")
    done = draft.idempotent(repo.tract, key)
    if done is not None and done.digest != _digest(asked):
        raise IdempotencyMismatch(
            f"idempotency_key {printable(repr(key))} was used before with other input",
            hint="Use a new key for new input.",
        )
    return done


def remember(
    repo: Repo, draft: Draft, key: str | None, asked: Sequence[Any], made: Sequence[Commit]
) -> None:
    """Stage what was done under an idempotency key."""
    if key is not None:
        ids = tuple(commit.id for commit in made)
        draft.put_idempotent(repo.tract, key, Idempotent(_digest(asked), ids))


def _digest(asked: Sequence[Any]) -> str:
    return hashlib.sha256(canonical(list(asked))).hexdigest()


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
    ready = _items(repo, messages)
    branch = repo.branch_to_write()
    asked = ["extend", [one.blob for one in ready], list(writer)]

    def work(draft: Draft) -> list[Commit]:
        done = done_before(repo, draft, idempotency_key, asked)
        if done is not None:
            return [draft.commit(id) for id in done.commits]
        start = tip = draft.ref(repo.tract, branch)
        expect(repo, draft, expect_head, tip)
        at = repo.now()
        made = []
        for one in ready:
            made.append(add_content(draft, tip, one, author=writer, at=at))
            tip = made[-1].id
        if made:
            draft.move(repo.tract, branch, tip, expected=start)
            remember(repo, draft, idempotency_key, asked, made)
        return made

    made = repo.write("extend", work, {"contents": len(ready)}, actor=writer)
    payloads: dict[str, Payload] = {one.blob: decode_payload(one.data) for one in ready}
    return [info_of(repo, one, payloads) for one in made]


def _is_message(value: Any) -> bool:
    """Return whether a value is a provider's message, as a dict or as its client's object."""
    if isinstance(value, Mapping):
        return "content_type" not in value
    return is_client_object(value) and not isinstance(value, Content)


def _items(repo: Repo, messages: Any) -> list[Item]:
    """Return the contents of messages, ready to be written; what is wrong is named by its number."""
    ready: list[Item] = []
    if isinstance(messages, Mapping) and "messages" in messages:
        listed, system = messages["messages"], messages.get("system")
        if system is not None:
            ready += [item(repo, content) for content in from_conversation([], system=system)]
    else:
        listed = messages
    if (
        isinstance(listed, (str, bytes, Mapping))
        or is_client_object(listed)
        or not isinstance(listed, Iterable)
    ):
        raise InvalidInput(
            f"messages is {printable(type(listed).__name__)}, no list",
            kind="invalid_content",
            hint="Give a list of messages or contents.",
        )
    for number, message in enumerate(listed):
        try:
            if _is_message(message):
                ready += [item(repo, content) for content in from_wire(message)]
            else:
                ready.append(item(repo, to_content(repo, message)))
        except InvalidInput as error:
            text = f"message {number}: {error.message}"
            raise InvalidInput(text, kind=error.kind, hint=error.hint) from None
    return ready
