"""The `show` command: everything that one commit says, laid out for people.

Facts come first, a line for each; then the content, set in. Code and data are coloured by their
language, and JSON is laid out; what a program needs verbatim it gets with `--json`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from tract import (
    ArtifactContent,
    CommitDetail,
    Content,
    DialogueContent,
    FreeformContent,
    ReasoningPart,
    ToolCall,
    ToolResultContent,
)
from tract.cli import _shaped
from tract.cli._call import Call
from tract.cli._command import command
from tract.cli._log import Places, decorated, decorations, kind, local, short_ids
from tract.cli._out import Piece
from tract.cli._shapes import DetailShape
from tract.cli._texts import Block, data, passages
from tract.errors import printable

if TYPE_CHECKING:
    from tract.cli._paint import Painter

_SOURCES_SHOWN_MAX = 3
_FULL_DOLLARS = 1.0
_FIGURES = ("input", "output", "cache_read", "cache_write", "reasoning")


@command("show", "tract show HEAD", "tract show 9f3c2a1b --json", gives=[{"commit": DetailShape}])
@click.argument("target", default="HEAD")
def show(call: Call, target: str) -> None:
    """Show everything that the commit TARGET says (HEAD, if left out).

    For people, JSON in tool arguments and results is laid out, and code is coloured by its
    language where there are colours; --json gives all of it as it was committed.
    """
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
    for name, value in _rows(shown, names).items():
        if value:
            paint.line((f"{name:<10}", "dim"), value, whole=True)
    if shown.content is not None:
        paint.gap()
        for thought in _reasoning(shown.content):
            paint.block(thought, style="dim")
        for block in _blocks(shown):
            paint.block(block.text, language=block.language)
        for tool in _calls(shown.content):
            paint.block(f"{tool.name} ({tool.id})", style="tool")
            arguments = data(tool.arguments)
            paint.block(arguments.text, indent=8, language=arguments.language)


def _rows(shown: CommitDetail, names: Mapping[str, str]) -> dict[str, str | None]:
    """Return the facts about a commit, by what they are called."""
    info = shown.info
    return {
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
        "message": None if _is_beginning(info.message, shown.text) else info.message,
        "tags": ", ".join(info.tags),
        "metadata": _json(info.metadata),
        "made with": _json(info.made_with),
        "origin": shown.origin,
        "based on": shown.based_on,
        "sources": _sources(shown.sources),
        "usage": ", ".join(_usage(shown.usage)),
    }


def _is_beginning(message: str, text: str) -> bool:
    """Return whether a message only says again what the text says."""
    words = " ".join(text.split())
    return message in words or message.removesuffix("...") in printable(words, limit=None)


def _speaker(content: Content | None) -> dict[str, str | None]:
    """Return who said it, or what call it answers."""
    if isinstance(content, ToolResultContent):
        failed = "the tool failed" if content.is_error else None
        return {"call": content.call_id, "tool": content.name, "result": failed}
    if isinstance(content, ArtifactContent):
        return {"title": content.title, "language": content.language}
    return {"name": getattr(content, "name", None)}


def _sources(sources: Mapping[str, Any] | None) -> str | None:
    """Return what a summary was made from: the first commits and how many there are."""
    if sources is None:
        return None
    rest = dict(sources)
    commits = rest.pop("commits", None)
    if not isinstance(commits, list) or not all(isinstance(id, str) for id in commits):
        return _json(sources)
    words = [f"{len(commits):,} commit{'s' * (len(commits) != 1)}"]
    if commits:
        more = " ..." if len(commits) > _SOURCES_SHOWN_MAX else ""
        words.append(f"{' '.join(id[:8] for id in commits[:_SOURCES_SHOWN_MAX])}{more}")
    return ": ".join(words) + (f", {_json(rest)}" if rest else "")


def _usage(usage: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what providers reported, in words; figures that are 0 have nothing to say."""
    words = []
    for one in usage:
        for name, value in sorted(one.items(), key=lambda item: _place(item[0])):
            if name == "raw" or isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if name == "cost":
                digits = 2 if value >= _FULL_DOLLARS else 4
                words.append(f"cost ${value:,.{digits}f}")
            elif value or name in ("input", "output"):
                words.append(f"{name.replace('_', ' ')} {value:,}")
    return words


def _place(name: str) -> tuple[int, str]:
    """Return where a figure of usage stands: tokens as they flow, then what else there is."""
    return (_FIGURES.index(name) if name in _FIGURES else len(_FIGURES), name)


def _blocks(shown: CommitDetail) -> list[Block]:
    """Return a content's text in parts that are each in one language."""
    content = shown.content
    if isinstance(content, ArtifactContent):
        return [Block(content.text, content.language)]
    if not shown.text:
        return []
    if isinstance(content, ToolResultContent | FreeformContent):
        return [data(shown.text)]
    return passages(shown.text)


def _reasoning(content: Content | None) -> list[str]:
    parts = getattr(content, "parts", ())
    return [part.text for part in parts if isinstance(part, ReasoningPart) and part.text]


def _json(value: Mapping[str, Any] | None) -> str | None:
    return json.dumps(dict(value), ensure_ascii=False) if value else None


def _calls(content: Content | None) -> list[ToolCall]:
    """Return the tool calls of a content."""
    if not isinstance(content, DialogueContent):
        return []
    return [*content.tool_calls, *(p for p in content.parts if isinstance(p, ToolCall))]
