"""What programs get of stores, files and failures: the other objects that `--json` prints.

The same promise holds as for the shapes of the history: fields are added, never renamed or
removed, and none is left out.
"""

from typing import TypedDict

from tract.cli._shapes import NoticeShape, RepairShape


class ErrorShape(TypedDict):
    """What went wrong, in place of anything else.

    Attributes:
        kind: stable snake_case code.
        message: one printable line that names the offending value.
        hint: what to do about it, or null.
        effect: "none" when nothing was changed, "unknown" when something may have been.
        retryable: whether the same command may succeed later without any change.
    """

    kind: str
    message: str
    hint: str | None
    effect: str
    retryable: bool


class StoreShape(TypedDict):
    """A store that was made, or was there.

    Attributes:
        location: where it is.
        created: whether it is new.
        tract: name of the tract in it that was asked for.
        tract_created: whether that is new.
    """

    location: str
    created: bool
    tract: str
    tract_created: bool


class BadShape(TypedDict):
    """A record of a file that was not imported.

    Attributes:
        place: where in the file, such as "line 12".
        reason: what is wrong with it.
        kind: "bad_record", or "diverged" for a conversation whose branch went another way.
    """

    place: str
    reason: str
    kind: str


class BranchNameShape(TypedDict):
    """Where a conversation is.

    Attributes:
        tract: name of its tract.
        branch: name of its branch.
    """

    tract: str
    branch: str


class ImportShape(TypedDict):
    """What was read from one file.

    Attributes:
        path: the file, as it was given.
        format: the format that it was read as, or null where it could not be read.
        conversations: conversations that were read.
        messages: messages of them that were read.
        added: commits that are new in the store (would be, in a dry run).
        tracts: names of the tracts that hold the conversations.
        branches: tract and branch of each conversation.
        bad: records that were not imported; the first 10,000 of them.
        bad_more: how many there are beyond those.
        error: why nothing of the file was imported, or null.
    """

    path: str
    format: str | None
    conversations: int
    messages: int
    added: int
    tracts: list[str]
    branches: list[BranchNameShape]
    bad: list[BadShape]
    bad_more: int
    error: ErrorShape | None


class FormatShape(TypedDict):
    """A format that can be imported.

    Attributes:
        name: what `--format` calls it.
        description: what it reads.
    """

    name: str
    description: str


class ExportShape(TypedDict):
    """A context that was written to a file.

    Attributes:
        path: the file, or null where it went to standard output.
        format: "openai", "anthropic" or "markdown".
        bytes: size of the file in bytes.
        replaced: whether a file of that name was there before.
        repairs: what was mended.
        notices: what the format's provider is not sent as it was committed.
        text: the file's text where it was to go to standard output, else null.
    """

    path: str | None
    format: str
    bytes: int
    replaced: bool
    repairs: list[RepairShape]
    notices: list[NoticeShape]
    text: str | None


class ProblemShape(TypedDict):
    """Something that is wrong in the store.

    Attributes:
        object: what it is, such as "commit 1f2e3d4c...".
        message: what is wrong with it.
    """

    object: str
    message: str


class VerifyShape(TypedDict):
    """What was found in the whole store.

    Attributes:
        store: where it is.
        ok: whether nothing is damaged.
        commits: commits that were checked.
        blobs: contents and notes that were checked.
        problems: what is damaged.
        warnings: what works but should be looked at.
    """

    store: str
    ok: bool
    commits: int
    blobs: int
    problems: list[ProblemShape]
    warnings: list[ProblemShape]


class StepShape(TypedDict):
    """A step of the demo.

    Attributes:
        title: what it does.
        code: the code that was run.
        output: what that printed.
    """

    title: str
    code: str
    output: str


class DemoShape(TypedDict):
    """The demo.

    Attributes:
        store: where the store was made.
        kept: whether it is still there.
        steps: what was run.
        tokens_before: tokens of the context as it was imported.
        tokens_after: tokens of the context at the end.
        saved: part of the tokens that was saved, 0.0 to 1.0.
    """

    store: str
    kept: bool
    steps: list[StepShape]
    tokens_before: int
    tokens_after: int
    saved: float
