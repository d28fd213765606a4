"""The face of one tract: every method names a verb and hands over the handle, and nothing else.

There is no branching here and no state but the handle. What a method does, raises and returns is
said here, because this is where people look; how it does it is in `verbs`.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, Unpack

from tract import verbs
from tract.api._options import CommitOptions, EditOptions, OpenOptions
from tract.api._spaces import Branches
from tract.compile import CompiledContext, ContextCompiler, Counter, TokenBudget
from tract.importers import ImportReport
from tract.objects import (
    Actor,
    BranchInfo,
    CommitDetail,
    CommitInfo,
    Content,
    Entry,
    Limits,
    Priority,
    ReasoningContent,
    ToolCall,
    TractInfo,
)
from tract.repo import Repo, Target
from tract.store import Store
from tract.verbs import Status, VerifyReport


class Tract:
    """One context of a store, opened: commit to it, look at it, compile it.

    Make one with `Tract.open`. It is a context manager, may be used from several threads, and
    can be thrown away: everything that was acknowledged is in the store.

    Example:
        >>> with Tract.open() as t:
        ...     _ = t.system("You are brief.")
        ...     _ = t.user("Hello?")
        ...     t.compile().to_dicts()
        [{'role': 'system', 'content': 'You are brief.'}, {'role': 'user', 'content': 'Hello?'}]
    """

    __slots__ = ("_owner", "_repo")

    def __init__(self, repo: Repo, *, owner: bool) -> None:
        """Use `Tract.open`, or a `Session`.

        Args:
            repo: the handle.
            owner: whether closing this closes the store.
        """
        self._repo = repo
        self._owner = owner

    # Opening

    @classmethod
    def open(
        cls,
        location: "str | os.PathLike[str] | Store | None" = None,
        *,
        tract: str = "main",
        branch: str | None = None,
        create: bool = True,
        read_only: bool = False,
        durability: Literal["full", "normal"] = "full",
        busy_timeout: float = 5.0,
        model: str | None = None,
        provider: str | None = None,
        token_budget: TokenBudget | int | None = None,
        tokenizer: Counter | str | Callable[[str], int] | None = None,
        compiler: ContextCompiler | None = None,
        content_types: Iterable[type[Content]] = (),
        author: Actor | str | None = None,
        clock: Callable[[], datetime] | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """Open a tract of a store, and make both where they are missing.

        Args:
            location: None or ":memory:" for a new store in memory, a path, a URL such as
                "sqlite:///contexts.db", or an open store. None means $TRACT_DB where that is set.
            tract: name or id of the tract.
            branch: where to stand; where the tract was left, if None (the first time: "main").
            create: whether a missing store and tract are made.
            read_only: reading works, writing raises `ReadOnly`.
            durability: "full": an acknowledged commit survives power loss. "normal": it survives
                the end of the process, and writing is several times faster.
            busy_timeout: seconds that a write waits for other writers.
            model: the model that the context is for; decides how tokens are counted.
            provider: its provider; decides where the model's name does not.
            token_budget: tokens that a compiled context may use, or a `TokenBudget`.
            tokenizer: an encoding's name, a function from text to tokens, or a `Counter`.
            compiler: your own way from entries to messages.
            content_types: your own content types.
            author: who writes, unless a call says otherwise: "human:ada", "agent:planner", ..., or a
                person's name.
            clock: where times come from; must return aware datetimes.
            limits: what is accepted at most.

        Returns:
            The open tract.

        Raises:
            NotFound: the store, the tract or the branch is not there (and not to be made).
            InvalidInput: an argument cannot be used, or the file is not a store.
            Corrupt: the file is a store, but damaged.
            SchemaTooNew: a newer version of this library wrote it.
            StoreBusy: another process held it for longer than the busy timeout.

        Example:
            >>> t = Tract.open(":memory:", tract="support/42", author="agent:helper")
            >>> t.current_branch
            'main'
            >>> t.close()
        """
        repo = verbs.open_one(
            location,
            tract=tract,
            branch=branch,
            create=create,
            read_only=read_only,
            durability=durability,
            busy_timeout=busy_timeout,
            model=model,
            provider=provider,
            token_budget=token_budget,
            tokenizer=tokenizer,
            compiler=compiler,
            content_types=content_types,
            author=author,
            clock=clock,
            limits=limits,
        )
        return cls(repo, owner=repo.store is not location)

    def close(self) -> None:
        """Let go of the store; a tract that a session gave leaves the store to the session."""
        verbs.close(self._repo, owner=self._owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Tract({verbs.described(self._repo)})"

    # Writing

    def system(self, text: verbs.Said, **options: Unpack[CommitOptions]) -> CommitInfo:
        """Commit instructions to the model; they are pinned unless `priority` says otherwise.

        Args:
            text: the instructions: a text, or a list of parts in a provider's shape or as `Part`s.
                An empty text is kept in history and left out of the compiled context.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: it is neither text nor parts, or cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.system("Be brief.").role
            'system'
        """
        return verbs.commit(self._repo, verbs.instruction(text), **options)

    def user(
        self, text: verbs.Said, name: str | None = None, **options: Unpack[CommitOptions]
    ) -> CommitInfo:
        """Commit what the user said.

        Args:
            text: the words, or a list of parts (texts, images, files, ...) in a provider's shape or
                as `Part`s. An empty text is kept in history and left out of the compiled context.
            name: who of several users.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: it is neither text nor parts, or cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.user("Where is my order?").message
            'Where is my order?'
        """
        return verbs.commit(self._repo, verbs.question(text, name), **options)

    def assistant(
        self,
        text: verbs.Said | None = None,
        tool_calls: Sequence[ToolCall | Mapping[str, Any]] = (),
        reasoning: ReasoningContent | str | None = None,
        **options: Unpack[CommitOptions],
    ) -> CommitInfo:
        """Commit what the model replied: one reply, one commit.

        Args:
            text: the words, or None for a reply that only calls tools. A list of parts is kept in
                its order, with the calls that are in it. An empty text is kept in history; without
                calls it is left out of the compiled context.
            tool_calls: `ToolCall`s, or dicts with id, name and arguments.
            reasoning: the model's reasoning before the words.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: there is nothing of all this, a call has no id or name, or something
                cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.assistant(tool_calls=[ToolCall("c1", "look_up", '{"order": 7}')]).message
            'calls look_up'
        """
        return verbs.commit(self._repo, verbs.reply(text, tool_calls, reasoning), **options)

    def tool_result(
        self,
        call_id: str,
        output: str | Mapping[str, Any] | Sequence[Any] | float | bool,
        is_error: bool = False,
        *,
        name: str | None = None,
        **options: Unpack[CommitOptions],
    ) -> CommitInfo:
        """Commit what a tool gave back.

        Args:
            call_id: id of the call that it answers.
            output: the result. A text is kept as it is ("" is a result as any other), a list of
                `Part`s as parts, and any other JSON value as the text that `json.dumps` makes of it
                with `ensure_ascii=False`.
            is_error: whether the tool failed.
            name: the tool's name.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: the output is None, is bytes, has no JSON form, or cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.tool_result("c1", {"status": "shipped"}).message
            '{"status": "shipped"}'
        """
        content = verbs.result(call_id, output, is_error=is_error, name=name)
        return verbs.commit(self._repo, content, **options)

    def reasoning(
        self,
        text: str,
        *,
        provider: str | None = None,
        signature: str | None = None,
        encrypted: str | None = None,
        bound_to: dict[str, Any] | None = None,
        **options: Unpack[CommitOptions],
    ) -> CommitInfo:
        """Commit reasoning that stands by itself.

        Args:
            text: what may be read of it.
            provider: who made it.
            signature: the provider's proof that the text is unchanged.
            encrypted: the form that only the provider can read.
            bound_to: provider, model and prefix hash that it was made for.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: something cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.reasoning("First look at the order.").content_type
            'reasoning'
        """
        content = {
            "content_type": "reasoning",
            "text": text,
            "provider": provider,
            "signature": signature,
        }
        return verbs.commit(
            self._repo, {**content, "encrypted": encrypted, "bound_to": bound_to}, **options
        )

    def artifact(
        self,
        text: str,
        *,
        kind: str = "text",
        title: str = "",
        language: str | None = None,
        **options: Unpack[CommitOptions],
    ) -> CommitInfo:
        """Commit a thing that was made: a document, a program, a plan.

        Args:
            text: the thing.
            kind: what it is, in your words.
            title: what it is called.
            language: the language it is fenced with for the model.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: the text cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.artifact("print(1)", kind="program", language="python").content_type
            'artifact'
        """
        content = {
            "content_type": "artifact",
            "kind": kind,
            "title": title,
            "text": text,
            "language": language,
        }
        return verbs.commit(self._repo, content, **options)

    def output(
        self, text: str, *, format: str = "text", **options: Unpack[CommitOptions]
    ) -> CommitInfo:
        """Commit a result that was delivered.

        Args:
            text: the result.
            format: what it is written in, such as "markdown".
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: the text cannot be stored.

        Example:
            >>> with Tract.open() as t:
            ...     t.output("42").role
            'assistant'
        """
        return verbs.commit(
            self._repo, {"content_type": "output", "text": text, "format": format}, **options
        )

    def note(self, note: str | Mapping[str, Any], **options: Unpack[CommitOptions]) -> CommitInfo:
        """Commit a note of any shape.

        Args:
            note: a text, or a JSON object.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            InvalidInput: it has no JSON form.

        Example:
            >>> with Tract.open() as t:
            ...     t.note({"ticket": 7}).content_type
            'freeform'
        """
        return verbs.commit(self._repo, verbs.freeform(note), **options)

    def commit(
        self,
        content: Any,
        *,
        role: str | None = None,
        message: str | None = None,
        edit: Target | Sequence[Target] | None = None,
        tags: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        priority: Priority | str | None = None,
        made_with: Mapping[str, Any] | None = None,
        author: Actor | str | None = None,
        expect_head: Target | None = None,
        idempotency_key: str | None = None,
    ) -> CommitInfo:
        """Commit one content at the tip of the branch.

        Args:
            content: a `Content`, a text with `role`, a dict with "content_type", or a message in
                OpenAI's or Anthropic's shape: a dict, the object that the provider's client gives,
                or a dict with such objects in it.
            role: who speaks a text: "user", "assistant", "system" or "developer".
            message: your line for the log; made from the content, if None.
            edit: the entry (or entries) that the content takes the place of. A text keeps
                everything of the entry but its text.
            tags: your words for the commit.
            metadata: your data for the commit, a JSON object.
            priority: the entry's mark; its type's default (or, of an edit, the mark it has), if None.
            made_with: generation config, such as {"model": "...", "temperature": 0}.
            author: who wrote it; the handle's author, if None.
            expect_head: the commit that the branch must be at.
            idempotency_key: the same key with the same input gives the same commit again.

        Returns:
            The commit.

        Raises:
            InvalidInput: the content cannot be committed.
            MissingEntry: `edit` names no entry of the branch's state.
            StaleHead: the branch is not at `expect_head`; the same call cannot succeed later.
            IdempotencyMismatch: the key was used with other input.
            DetachedHead: HEAD is on no branch.
            ReadOnly, StoreBusy, DiskFull: the store cannot be written; nothing was.

        Example:
            >>> with Tract.open() as t:
            ...     first = t.commit("Paris is in Spain.", role="assistant")
            ...     fixed = t.commit("Paris is in France.", edit=first, message="fix a fact")
            ...     (t.compile().messages[0].text, fixed.message)
            ('Paris is in France.', 'fix a fact')
        """
        return verbs.commit(
            self._repo,
            content,
            role=role,
            message=message,
            edit=edit,
            tags=tags,
            metadata=metadata,
            priority=priority,
            made_with=made_with,
            author=author,
            expect_head=expect_head,
            idempotency_key=idempotency_key,
        )

    def edit(
        self,
        target: Target,
        content: Any,
        *,
        message: str | None = None,
        priority: Priority | str | None = None,
        **options: Unpack[EditOptions],
    ) -> CommitInfo:
        """Put a content in the place of an entry; history keeps what it was.

        Args:
            target: a commit that provided the entry, an `Entry`, or a ref.
            content: as for `commit`; a text keeps everything of the entry but its text.
            message: your line for the log.
            priority: the entry's new mark; it keeps its mark, if None.
            **options: as for `commit`.

        Returns:
            The commit.

        Raises:
            MissingEntry: the target names no entry of the branch's state.
            InvalidInput: the content cannot be committed, or a text was given where there is none.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.user("Helo")
            ...     _ = t.edit("HEAD", "Hello")
            ...     [entry.text for entry in t.entries()]
            ['Hello']
        """
        return verbs.commit(
            self._repo,
            content,
            edit=verbs.target_list(target, "edit"),
            message=message,
            priority=priority,
            **options,
        )

    def extend(
        self,
        messages: Iterable[Any] | Mapping[str, Any],
        *,
        author: Actor | str | None = None,
        expect_head: Target | None = None,
        idempotency_key: str | None = None,
    ) -> list[CommitInfo]:
        """Commit many messages in one transaction.

        Args:
            messages: messages in any provider's shape (also as their clients' objects), or
                contents; or a request with "messages" (and, for Anthropic, "system").
            author: who wrote them.
            expect_head: the commit that the branch must be at.
            idempotency_key: the same key with the same input gives the same commits again.

        Returns:
            The commits, oldest first; a message with several contents makes several.

        Raises:
            InvalidInput: a message cannot be committed; its number is named, and none is.
            StaleHead, IdempotencyMismatch, DetachedHead, ReadOnly, StoreBusy, DiskFull: as for `commit`.

        Example:
            >>> with Tract.open() as t:
            ...     len(t.extend([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]))
            2
        """
        return verbs.extend(
            self._repo,
            messages,
            author=author,
            expect_head=expect_head,
            idempotency_key=idempotency_key,
        )

    def batch(self, message: str | None = None) -> AbstractContextManager[None]:
        """Make everything that is written in the block one operation: all of it or nothing.

        Other writers wait from the block's first write to its end, so do not wait for anything
        in it. It belongs to the thread or task that opened it.

        Args:
            message: your words for the operation log.

        Returns:
            A context manager.

        Raises:
            StateError: a batch is open already.

        Example:
            >>> with Tract.open() as t:
            ...     with t.batch("a question and its answer"):
            ...         _ = t.user("2 + 2?")
            ...         _ = t.assistant("4")
            ...     len(t.log())
            2
        """
        return self._repo.batch(message)

    def annotate(
        self,
        target: Target | Sequence[Target],
        priority: Priority | str,
        *,
        reason: str | None = None,
        retain: str | None = None,
        labels: Sequence[str] = (),
        author: Actor | str | None = None,
        idempotency_key: str | None = None,
    ) -> CommitInfo:
        """Mark entries; however many there are, it is one commit.

        Args:
            target: an entry, or a list of them. A commit that marked entries stands for those entries.
            priority: "pinned", "important", "normal" or "skip".
            reason: why, in your words.
            retain: what must survive a compression, in your words.
            labels: your words for the entries.
            author: who marks; the handle's author, if None.
            idempotency_key: the same key with the same input gives the same commit again.

        Returns:
            The commit.

        Raises:
            MissingEntry: a target is no entry of the branch's state.
            InvalidInput: the priority is unknown.

        Example:
            >>> with Tract.open() as t:
            ...     c = t.user("The code word is heron.")
            ...     _ = t.annotate(c, "important", retain="the code word")
            ...     t.entries()[0].priority.value
            'important'
        """
        return verbs.annotate(
            self._repo,
            target,
            priority,
            reason=reason,
            retain=retain,
            labels=labels,
            author=author,
            idempotency_key=idempotency_key,
        )

    def pin(
        self,
        target: Target | Sequence[Target],
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> CommitInfo:
        """Mark entries as pinned: no budget and no compression ever hides or rewords them.

        Args:
            target: an entry, or a list of them. A commit that marked entries stands for those entries.
            reason: why, in your words.
            idempotency_key: the same key with the same input gives the same commit again.

        Returns:
            The commit.

        Raises:
            MissingEntry: a target is no entry of the branch's state.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.pin(t.user("My name is Ada."))
            ...     t.entries()[0].priority.value
            'pinned'
        """
        return verbs.annotate(
            self._repo, target, Priority.PINNED, reason=reason, idempotency_key=idempotency_key
        )

    def skip(
        self,
        target: Target | Sequence[Target],
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> CommitInfo:
        """Leave entries out of the compiled context; history keeps them.

        Args:
            target: an entry, or a list of them; a member of an exchange hides the whole exchange.
                A commit that marked entries stands for those entries.
            reason: why, in your words.
            idempotency_key: the same key with the same input gives the same commit again.

        Returns:
            The commit.

        Raises:
            MissingEntry: a target is no entry of the branch's state.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.skip(t.user("never mind"))
            ...     len(t.compile().messages)
            0
        """
        return verbs.annotate(
            self._repo, target, Priority.SKIP, reason=reason, idempotency_key=idempotency_key
        )

    def unmark(
        self,
        target: Target | Sequence[Target],
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> CommitInfo:
        """Give entries back the mark that they were made with.

        Args:
            target: an entry, or a list of them. A commit that marked entries stands for those entries.
            reason: why, in your words.
            idempotency_key: the same key with the same input gives the same commit again.

        Returns:
            The commit.

        Raises:
            MissingEntry: a target is no entry of the branch's state.

        Example:
            >>> with Tract.open() as t:
            ...     c = t.user("Hello")
            ...     _ = t.skip(c)
            ...     _ = t.unmark(c)
            ...     len(t.compile().messages)
            1
        """
        return verbs.unmark(self._repo, target, reason=reason, idempotency_key=idempotency_key)

    # Reading

    def log(
        self,
        limit: int | None = 20,
        *,
        start: Target | None = None,
        branch: str | None = None,
        all: bool = False,
        author: str | None = None,
        made_with: str | Mapping[str, Any] | None = None,
        content_type: str | None = None,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        grep: str | None = None,
        first_parent: bool = True,
    ) -> list[CommitInfo]:
        """Return commits, newest first.

        Args:
            limit: how many at most; None for all.
            start: where to begin; HEAD, if None.
            branch: the branch to begin at.
            all: begin at every branch and tag.
            author: only commits of this author: "human:ada", a kind or a name.
            made_with: only commits made with this model, or with these settings.
            content_type: only commits with this type of content.
            tag: only commits with this tag.
            since: only commits from this time on.
            until: only commits up to this time.
            grep: only commits whose message or text contains this, whatever the case.
            first_parent: follow first parents only.

        Returns:
            The commits.

        Raises:
            NotFound: `start` or `branch` is unknown.
            InvalidInput: an argument cannot be used.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.extend([{"role": "user", "content": word} for word in ("one", "two")])
            ...     [info.message for info in t.log()]
            ['two', 'one']
        """
        return verbs.log(
            self._repo,
            limit,
            start=start,
            branch=branch,
            all=all,
            author=author,
            made_with=made_with,
            content_type=content_type,
            tag=tag,
            since=since,
            until=until,
            grep=grep,
            first_parent=first_parent,
        )

    def show(self, target: Target) -> CommitDetail:
        """Return everything that a commit says.

        Args:
            target: the commit.

        Returns:
            The commit with its content, marks, notes and usage.

        Raises:
            NotFound: there is no such commit.
            AmbiguousRef: several commits begin so.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.user("Hello")
            ...     t.show("HEAD").text
            'Hello'
        """
        return verbs.show(self._repo, target)

    def status(self, *, detail: bool = False) -> Status:
        """Return where the tract stands and how full its context is; nothing is changed.

        Args:
            detail: whether to take the context apart as well: by role, content type and tool, the
                largest entries, what is repeated, and what the calls have cost.

        Returns:
            Branch, head, counts of entries, tokens, how they are counted, and their share of the
            budget; with `detail`, where they go.

        Raises:
            Corrupt: something stored is damaged.

        Example:
            >>> with Tract.open(token_budget=1000) as t:
            ...     _ = t.user("Hello")
            ...     _ = t.assistant("Hello to you, and a good day.")
            ...     now = t.status(detail=True)
            ...     now.entries, [(part.name, part.tokens) for part in now.detail.roles]
            (2, [('assistant', 13), ('user', 5), ('frame', 3)])
        """
        return verbs.status(self._repo, detail=detail)

    @property
    def head(self) -> CommitInfo | None:
        """The commit that HEAD is at; None before the first."""
        return verbs.head(self._repo)

    @property
    def current_branch(self) -> str | None:
        """The branch that HEAD is on; None when it is detached."""
        return self._repo.position.branch

    @property
    def id(self) -> str:
        """The tract's id, 32 hex; fixed when it was made."""
        return self._repo.tract

    @property
    def name(self) -> str:
        """The tract's name in its store."""
        return verbs.tract_info(self._repo).name

    @property
    def info(self) -> TractInfo:
        """The tract's id, name, parent, age and size."""
        return verbs.tract_info(self._repo)

    def entries(self, at: Target | None = None) -> list[Entry]:
        """Return the entries of a state, in the order of the context, skipped ones included.

        Args:
            at: the commit; HEAD, if None.

        Returns:
            The entries with their contents and marks.

        Raises:
            NotFound: there is no such commit.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.user("Hello")
            ...     [(entry.role, entry.text) for entry in t.entries()]
            [('user', 'Hello')]
        """
        return verbs.entries(self._repo, at)

    def compile(
        self,
        at: Target | None = None,
        *,
        token_budget: TokenBudget | int | None = None,
        compiler: ContextCompiler | None = None,
        views: Iterable[Callable[[Sequence[Entry]], Sequence[Entry]]] = (),
        on_invalid: Literal["repair", "raise", "keep"] = "repair",
        pending: Literal["drop", "stub"] = "drop",
        tools: Sequence[dict[str, Any]] | None = None,
    ) -> CompiledContext:
        """Return what a model would be sent; nothing is changed.

        The same commit and options give the same bytes on every machine.

        Args:
            at: the commit; HEAD, if None.
            token_budget: tokens that it may use; the handle's budget, if None.
            compiler: a way from entries to messages, such as `XmlPrompt`, `ChatSections` or your
                own; the handle's, if None.
            views: what shortens or chooses what is shown: `MaskToolResults`, `DropReasoning`,
                `DedupeRepeats`, `TruncateLong`, or your own callables on the visible entries.
            on_invalid: what becomes of what a provider would refuse: "repair" it, "raise"
                `InvalidContext`, or "keep" it.
            pending: an exchange at the very end that has no result yet is left out ("drop") or
                given a stand-in ("stub").
            tools: tool definitions that go along.

        Returns:
            The context, ready for any provider.

        Raises:
            NotFound: there is no such commit.
            InvalidContext: with `on_invalid="raise"`, listing every issue.
            BudgetExceeded: the budget's action is "error", or what is pinned alone is too much.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.user("Hello")
            ...     t.compile().to_anthropic()["messages"][0]["role"]
            'user'
        """
        return verbs.compile_at(
            self._repo,
            at,
            token_budget=token_budget,
            compiler=compiler,
            views=views,
            on_invalid=on_invalid,
            pending=pending,
            tools=tools,
        )

    # History

    def branch(self, name: str, at: Target | None = None, *, switch: bool = True) -> BranchInfo:
        """Make a branch, and stand on it.

        Args:
            name: its name, by git's rules.
            at: the commit that it begins at; HEAD, if None.
            switch: whether to stand on it.

        Returns:
            The branch.

        Raises:
            BranchExists: there is one of that name.
            InvalidInput: the name breaks a rule, which is named.
            NotFound: there is no such commit.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.user("Hello")
            ...     _ = t.branch("idea")
            ...     t.current_branch
            'idea'
        """
        return verbs.branch(self._repo, name, at, switch=switch)

    def switch(self, name: str) -> BranchInfo:
        """Stand on a branch; the next open of this tract goes on there.

        Args:
            name: the branch.

        Returns:
            The branch.

        Raises:
            NotFound: there is no such branch.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.branch("idea")
            ...     t.switch("main").name
            'main'
        """
        return verbs.switch_to(self._repo, name)

    def reset(self, to: Target, *, mode: Literal["soft", "hard"] = "soft") -> CommitInfo:
        """Set the branch to another commit.

        Args:
            to: the commit.
            mode: what may be collected later: "soft" keeps what was ahead for as long as the log
                of operations does, "hard" gives it up. Nothing is collected by the reset itself.

        Returns:
            The commit that the branch is at now.

        Raises:
            NotFound: there is no such commit.
            InvalidInput: the mode is unknown.
            DetachedHead: HEAD is on no branch.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.extend([{"role": "user", "content": word} for word in ("one", "two")])
            ...     t.reset("HEAD~1").message
            'one'
        """
        return verbs.reset(self._repo, to, mode=mode)

    @property
    def branches(self) -> Branches:
        """The branches of this tract: `list`, `get`."""
        return Branches(self._repo)

    # Keeping

    def record_usage(
        self, usage: Any, *, commit: Target | None = None, idempotency_key: str | None = None
    ) -> Mapping[str, Any]:
        """Keep what a provider reported for a call that was made elsewhere.

        Args:
            usage: OpenAI's or Anthropic's usage object or dict, or the whole reply that it is in.
            commit: the reply that it belongs to; HEAD, if None.
            idempotency_key: the same key with the same input records it once.

        Returns:
            The figures in tokens: input (cached included), output, cache_read, cache_write, reasoning, and raw.

        Raises:
            InvalidInput: it is no usage.
            NotFound: there is no such commit.

        Example:
            >>> with Tract.open() as t:
            ...     _ = t.assistant("Hello")
            ...     t.record_usage({"prompt_tokens": 12, "completion_tokens": 2})["input"]
            12
        """
        return verbs.record_usage(self._repo, usage, commit=commit, idempotency_key=idempotency_key)

    def verify(self) -> VerifyReport:
        """Recompute every hash, seal and state of the store.

        Returns:
            What is damaged (`problems`, empty if all is well) and what should be looked at (`warnings`).

        Raises:
            StoreBusy, Closed: the store cannot be read.

        Example:
            >>> with Tract.open() as t:
            ...     t.verify().ok
            True
        """
        return verbs.verify(self._repo)

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: Literal["openai", "anthropic", "markdown"],
        at: Target | None = None,
    ) -> Path:
        r"""Write the compiled context to a file, whole or not at all.

        Args:
            path: the file; an existing one is replaced.
            format: "openai" (a list of messages), "anthropic" (system and messages) or "markdown".
            at: the commit; HEAD, if None.

        Returns:
            The file's path.

        Raises:
            InvalidInput: the format is unknown.
            NotFound: there is no such commit.
            ReadOnly, StoreError: the file cannot be written.

        Example:
            >>> import tempfile
            >>> with Tract.open() as t, tempfile.TemporaryDirectory() as folder:
            ...     _ = t.user("Hello")
            ...     t.export(folder + "/chat.md", format="markdown").read_text()
            '## User\n\nHello\n'
        """
        return verbs.export(self._repo, path, format=format, at=at)

    @staticmethod
    def import_(
        path: str | os.PathLike[str],
        into: "str | os.PathLike[str] | Store | None" = None,
        *,
        format: str = "auto",
        tract: str | None = None,
        strict: bool = False,
        dry_run: bool = False,
        progress: Callable[[int, int], None] | None = None,
        **options: Unpack[OpenOptions],
    ) -> ImportReport:
        """Read conversations from a file into a store; reading the same file again adds nothing.

        Args:
            path: the file.
            into: the store, as for `open`.
            format: "auto", or the name of a format.
            tract: name of the tract; made from the file's name, if None. Where a file holds several
                conversations, their tracts' names begin with it.
            strict: whether one bad record stops the import, with nothing imported.
            dry_run: report what would be imported, and import nothing.
            progress: called with the conversations done and their number.
            **options: as for `open` (durability, limits, ...).

        Returns:
            What was imported, and every bad record with its place and reason.

        Raises:
            InvalidInput: the file is in no known format, or `strict` and a record is bad.
            Conflict: with `strict`, a branch of the store has moved away from the file's conversation.
            NotFound: there is no such file.

        Example:
            >>> import json, tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     file = Path(folder, "chat.json")
            ...     _ = file.write_text(json.dumps([{"role": "user", "content": "Hello"}]))
            ...     Tract.import_(file, into=":memory:").messages
            1
        """
        return verbs.import_file(
            path,
            into,
            format=format,
            tract=tract,
            strict=strict,
            dry_run=dry_run,
            progress=progress,
            **options,
        )
