"""The commands that look at one thing: show, entries and tracts.

None of them changes anything. What they count, they count as a model would be sent it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tract import (
    CommitDetail,
    Content,
    DialogueContent,
    ReasoningPart,
    ToolCall,
    ToolResultContent,
    TractInfo,
)
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._log import Places, decorated, decorations, kind, local, short_ids
from tract.cli._out import Piece
from tract.cli._shapes import DetailShape, EntryShape, TractShape
from tract.cli._which import default_tract
from tract.errors import TractError

if TYPE_CHECKING:
    from tract.cli._paint import Painter

_MARKS = ("pinned", "important", "normal", "skip")
_PREVIEW_CHARS = 200


@command("show", "tract show HEAD", "tract show 9f3c2a1b --json", gives=[{"commit": DetailShape}])
@click.argument("target", default="HEAD")
def show(call: Call, target: str) -> None:
    """Show everything that the commit TARGET says (HEAD, if left out)."""
    with call.reading() as t:
        shown = t.show(target)
        tokens = shown.info.tokens
        shape = _shaped.detail(shown)
        names = short_ids(t, shown.info.parents)
        places = decorations(t)
    call.give(
        lambda: {"commit": shape},
        lambda paint: _paint_detail(paint, shown, tokens, names, places),
        paged=True,
    )


def _paint_detail(
    paint: "Painter",
    shown: CommitDetail,
    tokens: int | None,
    names: Mapping[str, str],
    places: Places,
) -> None:
    info = shown.info
    paint.line("commit ", (info.id, "id"), *decorated(places, info.id), whole=True)
    facts: list[Piece] = [kind(info)]
    if info.content_type is not None:
        facts += [paint.dot, info.content_type, paint.dot, f"{tokens:,} tokens"]
    paint.line(*facts)
    usage = [
        f"{name} {value:,}" for one in shown.usage for name, value in one.items() if name != "raw"
    ]
    rows: dict[str, str | None] = {
        **_speaker(shown.content),
        "author": str(info.author),
        "date": local(info.at),
        "parents": " ".join(names[parent] for parent in info.parents),
        "entry": info.entry_id,
        "replaces": " ".join(shown.replaces),
        "marks": ", ".join(
            f"{entry[:8]} {mark.priority.value}" for entry, mark in shown.marks.items()
        ),
        "labels": ", ".join(
            dict.fromkeys(word for mark in shown.marks.values() for word in mark.labels)
        ),
        "reason": shown.reason,
        "retain": shown.retain,
        "message": info.message if info.message not in " ".join(shown.text.split()) else None,
        "tags": ", ".join(info.tags),
        "metadata": _json(info.metadata),
        "made with": _json(info.made_with),
        "origin": shown.origin,
        "based on": shown.based_on,
        "usage": ", ".join(usage),
    }
    for name, value in rows.items():
        if value:
            paint.line((f"{name:<10}", "dim"), value, whole=True)
    if shown.content is not None:
        paint.gap()
        for thought in _reasoning(shown.content):
            paint.block(thought, style="dim")
        if shown.text:
            paint.block(shown.text)
        for tool in calls_of(shown):
            paint.block(f"{tool.name} ({tool.id})", style="tool")
            paint.block(tool.arguments, indent=8)


def _speaker(content: Content | None) -> dict[str, str | None]:
    """Return who said it, or what call it answers."""
    if isinstance(content, ToolResultContent):
        failed = "the tool failed" if content.is_error else None
        return {"call": content.call_id, "tool": content.name, "result": failed}
    return {"name": getattr(content, "name", None)}


def _reasoning(content: Content | None) -> list[str]:
    parts = getattr(content, "parts", ())
    return [part.text for part in parts if isinstance(part, ReasoningPart) and part.text]


def _json(value: Mapping[str, Any] | None) -> str | None:
    return json.dumps(dict(value), ensure_ascii=False) if value else None


def calls_of(shown: CommitDetail) -> list[ToolCall]:
    """Return the tool calls of a commit's content."""
    if not isinstance(shown.content, DialogueContent):
        return []
    return [*shown.content.tool_calls, *(p for p in shown.content.parts if isinstance(p, ToolCall))]


@command(
    "entries",
    "tract entries",
    "tract entries --at HEAD~5 --json",
    gives=[{"entries": list[EntryShape]}],
)
@click.option("--at", metavar="TARGET", help="The commit whose entries are listed [default: HEAD].")
def entries(call: Call, at: str | None) -> None:
    """List what the context is made of, in its order, skipped entries included."""
    with call.reading() as t:
        told = {line.entry: line for line in t.compile(at).explain()}
        listed: list[EntryShape] = []
        previews: dict[str, str] = {}
        for index, entry in enumerate(t.entries(at)):
            line = told[entry.id]
            tokens, preview = line.tokens, line.text
            if not tokens:  # it is not shown, so only its commit knows what it would take
                info = t.show(entry).info
                tokens, preview = info.tokens or 0, info.message
            listed.append(_shaped.entry(index, entry, line.status, tokens))
            previews[entry.id] = preview
        names = {} if call.json else short_ids(t, [entry["commit"] for entry in listed])
    call.give(
        lambda: {"entries": listed},
        lambda paint: _paint_entries(paint, listed, names, previews),
        paged=True,
    )


def _paint_entries(
    paint: "Painter",
    listed: Sequence[EntryShape],
    names: Mapping[str, str],
    previews: Mapping[str, str],
) -> None:
    rows: list[list[Piece]] = []
    for entry in listed:
        mark = entry["priority"]
        text = " ".join(entry["text"][: _PREVIEW_CHARS * 4].split()) or previews[entry["id"]]
        shown = entry["status"] in {"shown", "repaired"}
        # Its own mark does not hide it, but the exchange that it belongs to is not shown.
        said = mark if shown or mark == "skip" else f"({entry['status'].replace('_', ' ')})"
        rows.append(
            [
                str(entry["index"]),
                (names[entry["commit"]], "id"),
                (entry["role"], entry["role"]),
                f"{entry['tokens']:,}",
                ("" if said == "normal" else said, mark),
                (text[:_PREVIEW_CHARS], "" if shown else "dim"),
            ]
        )
    if rows:
        paint.table([">#", "commit", "role", ">tokens", "mark", "text"], rows)


@command("tracts", "tract tracts", "tract tracts --json", gives=[{"tracts": list[TractShape]}])
def tracts(call: Call) -> None:
    """List the tracts of the store, oldest first; a star marks the one that commands are about."""
    with call.session() as session:
        infos = session.list_tracts()
        try:
            default = call.tract if call.tract is not None else default_tract(infos)
        except TractError:  # none of several can be meant
            default = None
    chosen = [info for info in infos if default in {info.name, info.id}]
    call.give(
        lambda: {"tracts": [_shaped.tract(info, default=info in chosen) for info in infos]},
        lambda paint: _paint_tracts(paint, infos, chosen),
        paged=True,
    )


def _paint_tracts(
    paint: "Painter", infos: Sequence[TractInfo], chosen: Sequence[TractInfo]
) -> None:
    rows: list[list[Piece]] = []
    for info in infos:
        here = info in chosen
        made = f"{info.created_at.astimezone():%Y-%m-%d %H:%M}"
        name: Piece = (info.name, "branch" if here else "")
        counts: list[Piece] = [f"{info.commits:,}", f"{info.branches:,}"]
        rows.append(["*" if here else " ", name, *counts, made])
    if rows:
        paint.table(["", "tract", ">commits", ">branches", "made"], rows)
    else:
        paint.line("no tracts yet")
