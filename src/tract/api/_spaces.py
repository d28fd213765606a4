"""Nouns of a tract that have several verbs of their own. Small, and over the handle, never over the face."""

from tract import verbs
from tract.objects import BranchInfo
from tract.repo import Repo


class Branches:
    """The branches of a tract.

    Example:
        >>> from tract import Tract
        >>> with Tract.open() as t:
        ...     [branch.name for branch in t.branches.list()]
        ['main']
    """

    __slots__ = ("_repo",)

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def list(self) -> list[BranchInfo]:
        """Return all branches, sorted by name.

        Returns:
            Each branch with its commit, and whether HEAD is on it.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     t.branches.list()[0].current
            True
        """
        return verbs.list_branches(self._repo)

    def get(self, name: str) -> BranchInfo:
        """Return one branch.

        Args:
            name: its name.

        Returns:
            The branch.

        Raises:
            NotFound: there is none of that name.

        Example:
            >>> from tract import Tract
            >>> with Tract.open() as t:
            ...     t.branches.get("main").commit is None
            True
        """
        return verbs.get_branch(self._repo, name)
