"""What a provider reported about a call that was made elsewhere.

It is kept for good beside the commit, in one shape and as it was reported.
"""

from collections.abc import Mapping
from typing import Any

from tract.errors import NotFound
from tract.objects import canonical, normalise_usage, parse
from tract.repo import Repo, resolve
from tract.store import Draft, Usage
from tract.verbs._learn import call_of, learner
from tract.verbs._write import done_before, remember, target_name


def record_usage(
    repo: Repo, usage: Any, *, commit: Any = None, idempotency_key: str | None = None
) -> Mapping[str, Any]:
    """Keep a provider's usage with a commit (HEAD, if none is given), and return it normalised."""
    body = normalise_usage(usage)
    data = canonical(body)
    asked = ["usage", data.decode(), None if commit is None else target_name(commit)]

    def work(draft: Draft) -> str | None:
        if done_before(repo, draft, idempotency_key, asked) is not None:
            return None
        remember(repo, draft, idempotency_key, asked, [])
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
        draft.put_usage(repo.tract, usage_row := Usage(at, repo.now(), parse(data)))
        return call_of(draft, usage_row, repo.settings).model

    learner(repo).told(repo.write("record_usage", work))
    return dict(parse(data))
