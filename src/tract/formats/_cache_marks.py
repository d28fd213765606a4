"""Where an Anthropic request is marked for the prompt cache.

Everything up to a mark is kept by the provider, and at most four may be set. Ours stand behind the
tools, behind the system text, and at the end of the last two user messages: so one request writes
what the next one reads, and the one after still finds it when that one is changed. Marks that came
in with recorded messages say where somebody else's request ended, so they are replaced by ours; a
request without ours keeps the last four.
"""

from collections.abc import Iterator
from typing import Any

from tract.formats._issue import Notice

MARKS_MAX = 4
_EPHEMERAL = "ephemeral"
_MARK = "cache_control"
# Thinking must not be marked, and of a block that nobody here knows it is not known.
_MARKABLE = frozenset({"text", "image", "document", "tool_result", "tool_use", "search_result"})
_MARKED_TURNS = 2


def mark(params: dict[str, Any]) -> None:
    """Set our marks in a request, and take out all others.

    Args:
        params: the request, changed in place; contents are block lists.
    """
    for block, _ in _marked(params):
        del block[_MARK]
    if tools := params.get("tools"):
        tools[-1][_MARK] = {"type": _EPHEMERAL}
    if system := params.get("system"):
        system[-1][_MARK] = {"type": _EPHEMERAL}
    left = _MARKED_TURNS
    for message in reversed(params["messages"]):
        if message["role"] == "user":
            _mark_last(message["content"])
            left -= 1
        if not left:
            break


def settle(params: dict[str, Any], notices: list[Notice]) -> None:
    """Take out the first of the marks that came in, where there are more than may be set.

    Args:
        params: the request, changed in place.
        notices: what was left out is added here.
    """
    marked = list(_marked(params))
    for block, index in marked[: max(0, len(marked) - MARKS_MAX)]:
        del block[_MARK]
        text = f"only the last {MARKS_MAX} cache marks are kept"
        notices.append(Notice("cache_mark_left_out", text, index))


def _mark_last(content: Any) -> None:
    for block in reversed(content):
        if block.get("type") in _MARKABLE and (block["type"] != "text" or block.get("text")):
            block[_MARK] = {"type": _EPHEMERAL}
            return


def _marked(params: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int | None]]:
    """All marked blocks, in the order in which the provider reads them."""
    for tool in params.get("tools", ()):
        if _MARK in tool:
            yield tool, None
    for block in _inside(params.get("system")):
        yield block, None
    for index, message in enumerate(params["messages"]):
        for block in _inside(message["content"]):
            yield block, index


def _inside(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, list):
        for block in content:
            if isinstance(block, dict):
                yield from _inside(block.get("content"))
                if _MARK in block:
                    yield block
