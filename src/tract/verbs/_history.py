"""Moving about: branches, where HEAD stands, and setting a branch to another commit.

A ref moves inside the write transaction only. Where a handle stands is its own affair; the resume
point tells the next open, and moving it is no operation that could be undone.
"""

from typing import Any

from tract.errors import BranchExists, InvalidInput, NotFound, printable
from tract.objects import BranchInfo, CommitInfo, check_name
from tract.repo import BRANCH, Position, Repo, resolve
from tract.store import Draft, Reader, TractRow
from tract.verbs._info import infos

RESET_MODES = ("soft", "hard")


def branch(repo: Repo, name: str, at: Any = None, *, switch: bool = True) -> BranchInfo:
    """Make a branch at a commit (HEAD, if none is given), and stand on it unless told otherwise."""
    check_name(name, "branch", bytes_max=repo.settings.limits.name_bytes_max)

    def work(draft: Draft) -> str | None:
        if BRANCH + name in draft.refs(repo.tract):
            raise BranchExists(
                f"branch {printable(repr(name))} is there already",
                hint="Use switch(name) to stand on it, or another name.",
            )
        to = repo.tip(draft) if at is None else resolve(repo, draft, at)
        draft.move(repo.tract, BRANCH + name, to, make=True)
        if switch:
            _resume(repo, draft, BRANCH + name)
        return to

    commit = repo.write("branch", work, {"name": name})
    if switch:
        repo.stand(Position(name))
    return BranchInfo(name, commit, repo.position.branch == name)


def switch_to(repo: Repo, name: str) -> BranchInfo:
    """Stand on a branch; the next open of this tract goes on there."""
    with repo.read() as reader:
        commit = branch_tip(repo, reader, name)
        row = reader.tract(repo.tract)
    if row is not None and row.resume != BRANCH + name and not repo.store.read_only:
        repo.write("switch", lambda draft: _stay(repo, draft, name), logged=False)
    repo.stand(Position(name))
    return BranchInfo(name, commit, True)


def _stay(repo: Repo, draft: Draft, name: str) -> None:
    branch_tip(repo, draft, name)  # it may have gone meanwhile
    _resume(repo, draft, BRANCH + name)


def _resume(repo: Repo, draft: Draft, resume: str) -> None:
    row = draft.tract(repo.tract)
    if row is not None and row.resume != resume:
        draft.put_tract(
            TractRow(row.id, row.name, row.created_at, row.parent, row.metadata, resume)
        )


def branch_tip(repo: Repo, reader: Reader, name: str) -> str | None:
    """Return the commit that a branch is at; None before its first.

    Raises:
        NotFound: there is no such branch; the hint lists those that there are.
    """
    if not isinstance(name, str):
        raise InvalidInput(
            f"a {printable(type(name).__name__)} is no branch name",
            kind="invalid_name",
            hint="Give a branch's name. compile(at=...) looks at a commit, branch(name, at=...) makes a branch there.",
        )
    try:
        return reader.ref(repo.tract, BRANCH + name)
    except NotFound:
        names = [
            ref.removeprefix(BRANCH) for ref in reader.refs(repo.tract) if ref.startswith(BRANCH)
        ]
        shown = ", ".join(printable(known, limit=40) for known in names[:10])
        raise NotFound(
            f"branch {printable(repr(name))} is unknown",
            kind="unknown_branch",
            hint=f"There are: {shown}. branch(name) makes one.",
        ) from None


def list_branches(repo: Repo) -> list[BranchInfo]:
    """Return all branches, sorted by name."""
    with repo.read() as reader:
        refs = reader.refs(repo.tract)
    current = repo.position.branch
    return [
        BranchInfo(name.removeprefix(BRANCH), commit, name == BRANCH + (current or ""))
        for name, commit in refs.items()
        if name.startswith(BRANCH)
    ]


def get_branch(repo: Repo, name: str) -> BranchInfo:
    """Return one branch."""
    with repo.read() as reader:
        commit = branch_tip(repo, reader, name)
    return BranchInfo(name, commit, repo.position.branch == name)


def reset(repo: Repo, to: Any, *, mode: str = "soft") -> CommitInfo:
    """Set the branch that HEAD is on to a commit."""
    if mode not in RESET_MODES:
        raise InvalidInput(
            f"reset mode {printable(repr(mode))} is unknown",
            kind="invalid_mode",
            hint='Use "soft" or "hard".',
        )
    ref = repo.branch_to_write()

    def work(draft: Draft) -> CommitInfo:
        commit = resolve(repo, draft, to)
        if commit != draft.ref(repo.tract, ref):
            draft.move(repo.tract, ref, commit)
        return infos(repo, draft, [draft.commit(commit)])[0]

    return repo.write("reset", work, {"mode": mode})
