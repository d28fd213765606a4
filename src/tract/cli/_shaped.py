"""From what the library gives to what programs get, one function for each shape.

Nothing is looked up here and nothing decided: a value goes in, a shape comes out. A test holds
each result against its type.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from tract import (
    BranchInfo,
    CommitDetail,
    CommitInfo,
    CompiledContext,
    Dropped,
    Entry,
    Explanation,
    ImportReport,
    Issue,
    Mark,
    Problem,
    Repair,
    TokenCount,
    TractInfo,
    VerifyReport,
)
from tract.cli._growth import Growth
from tract.cli._shapes import (
    BranchShape,
    CommitShape,
    DetailShape,
    DroppedShape,
    EntryShape,
    GrowthShape,
    IssueShape,
    LineShape,
    MarkShape,
    NoticeShape,
    RepairShape,
    TokensShape,
    TractShape,
)
from tract.cli._shapes_keep import ImportShape, ProblemShape, VerifyShape


def time(at: datetime) -> str:
    """Return a time as programs get it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def commit(info: CommitInfo, *, dry_run: bool = False) -> CommitShape:
    """Return a commit; one that was not really made has no id."""
    return {
        "id": None if dry_run else info.id,
        "parents": list(info.parents),
        "operation": info.operation,
        "entry": info.entry_id,
        "author": str(info.author),
        "at": time(info.at),
        "message": info.message,
        "content_type": info.content_type,
        "role": info.role,
        "made_with": None if info.made_with is None else dict(info.made_with),
        "tags": list(info.tags),
        "metadata": dict(info.metadata),
    }


def grown(info: CommitInfo, growth: Growth) -> GrowthShape:
    """Return a commit with what it does to the size of the context."""
    return {
        **commit(info),
        "tokens": growth.tokens,
        "tokens_added": growth.added,
        "tokens_total": growth.total,
    }


def detail(shown: CommitDetail) -> DetailShape:
    """Return a commit with everything that it says."""
    return {
        **commit(shown.info),
        "tokens": shown.info.tokens,
        "text": shown.text,
        "content": None if shown.content is None else shown.content.stored(),
        "replaces": list(shown.replaces),
        "marks": {entry: mark(given) for entry, given in shown.marks.items()},
        "origin": shown.origin,
        "based_on": shown.based_on,
        "sources": None if shown.sources is None else dict(shown.sources),
        "reason": shown.reason,
        "retain": shown.retain,
        "usage": [dict(usage) for usage in shown.usage],
    }


def mark(given: Mark) -> MarkShape:
    """Return a mark."""
    return {"priority": given.priority.value, "labels": list(given.labels)}


def entry(index: int, place: Entry, status: str, count: int) -> EntryShape:
    """Return an entry with what becomes of it."""
    return {
        "index": index,
        "id": place.id,
        "commit": place.commit,
        "role": place.role,
        "content_type": place.content_type,
        **mark(place.mark),
        "status": status,
        "tokens": count,
        "text": place.text,
    }


def tokens(count: TokenCount) -> TokensShape:
    """Return a number of tokens with what it is worth."""
    return {"count": int(count), "method": count.method, "error": count.error}


def repairs(mended: Iterable[Repair]) -> list[RepairShape]:
    """Return what compiling mended."""
    return [
        {"rule": one.rule, "message": one.message, "commit": one.commit, "index": one.index}
        for one in mended
    ]


def dropped(entries: Iterable[Dropped]) -> list[DroppedShape]:
    """Return what a budget left out."""
    return [{"entry": one.entry, "commit": one.commit, "why": one.why} for one in entries]


def notices(context: CompiledContext, providers: Iterable[str]) -> list[NoticeShape]:
    """Return what providers are not sent as it was committed."""
    return [
        {
            "provider": provider,
            "rule": notice.rule,
            "message": notice.message,
            "index": notice.index,
            "commits": list(notice.commits),
        }
        for provider in providers
        for notice in context.notices(provider)
    ]


def issues(found: Mapping[str, Iterable[Issue]]) -> list[IssueShape]:
    """Return what providers would refuse."""
    return [
        {
            "provider": provider,
            "rule": issue.rule,
            "message": issue.message,
            "index": issue.index,
            "commit": issue.commit,
            "fix": issue.fix,
        }
        for provider, each in found.items()
        for issue in each
    ]


def lines(explanation: Explanation) -> list[LineShape]:
    """Return what became of each entry."""
    return [
        {
            "entry": told.entry,
            "commit": told.commit,
            "role": told.role,
            "priority": told.priority,
            "status": told.status,
            "why": told.why,
            "index": told.index,
            "tokens": told.tokens,
            "text": told.text,
        }
        for told in explanation
    ]


def branch(info: BranchInfo) -> BranchShape:
    """Return a branch."""
    return {"name": info.name, "commit": info.commit, "current": info.current}


def tract(info: TractInfo, *, default: bool) -> TractShape:
    """Return a tract."""
    return {
        "id": info.id,
        "name": info.name,
        "parent": info.parent,
        "created_at": time(info.created_at),
        "branches": info.branches,
        "commits": info.commits,
        "metadata": dict(info.metadata),
        "default": default,
    }


def imported(report: ImportReport) -> ImportShape:
    """Return what was read from a file."""
    return {
        "path": report.path,
        "format": report.format,
        "conversations": report.conversations,
        "messages": report.messages,
        "added": report.added,
        "tracts": list(report.tracts),
        "branches": [{"tract": name, "branch": branch} for name, branch in report.branches],
        "bad": [{"place": bad.place, "reason": bad.reason, "kind": bad.kind} for bad in report.bad],
        "bad_more": report.bad_more,
        "error": None,
    }


def verified(report: VerifyReport) -> VerifyShape:
    """Return what was found in a store."""
    return {
        "store": report.location,
        "ok": report.ok,
        "commits": report.commits,
        "blobs": report.blobs,
        "problems": [problem(found) for found in report.problems],
        "warnings": [problem(found) for found in report.warnings],
    }


def problem(found: Problem) -> ProblemShape:
    """Return something that is wrong in a store."""
    return {"object": found.object, "message": found.message}
