"""What a provider reported about a call that was made elsewhere.

It is kept for good beside the commit, in one shape and as it was reported.
"""

from collections.abc import Mapping
from typing import Any

from tract.errors import NotFound
from tract.objects import normalise_usage
from tract.repo import Repo, resolve
from tract.store import Draft, Usage


def record_usage(repo: Repo, usage: Any, *, commit: Any = None) -> Mapping[str, Any]:
    """Keep a provider's usage with a commit (HEAD, if none is given), and return it normalised."""
    body = normalise_usage(usage)

    def work(draft: Draft) -> None:
        if commit is None:
            at = repo.tip(draft)
            if at is None:
                raise NotFound(
                    "nothing is committed yet, so there is no reply that this usage belongs to",
                    kind="unborn",
                    hint="Commit the reply first.",
                )
        else:
            at = resolve(repo, draft, commit)
        draft.put_usage(repo.tract, Usage(at, repo.now(), body))

    repo.write("record_usage", work)
    return body
