"""Which parts of a text are code or data, and in what language: what `show` colours and lays out.

Only the look of a text is decided here. Laying JSON out changes the white space between its
tokens and nothing else: numbers, escapes and repeated keys stay as they were written.
"""

import json
import re
from itertools import pairwise
from typing import NamedTuple

LAID_OUT_CHARS_MAX = 64 * 1024
_LINE_CHARS = 60
_DEPTH_MAX = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}) *([\w+#.-]*)[^`]*$")
_DIFF = re.compile(r"^--- .*\n\+\+\+ .*\n@@ ", re.MULTILINE)


class Block(NamedTuple):
    """A part of a text, whole lines of it.

    Attributes:
        text: the lines.
        language: what they are written in, or None where they are plain words.
    """

    text: str
    language: str | None = None


def data(text: str) -> Block:
    """Return what a program wrote or reads: a JSON object or list laid out, a diff, or plain text.

    Args:
        text: tool arguments, or what a tool gave back.

    Example:
        >>> data('{"a": 1}')
        Block(text='{"a": 1}', language='json')
        >>> data("done")
        Block(text='done', language=None)
    """
    if _is_json(text):
        return Block(laid_out(text), "json")
    return Block(text, "diff" if _DIFF.search(text) else None)


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "[") or len(text) > LAID_OUT_CHARS_MAX:
        return False
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def laid_out(text: str) -> str:
    """Return JSON with a line for each member, unless it has a line for itself already.

    Args:
        text: a JSON object or list.

    Example:
        >>> print(laid_out('{"order": 4711, "lines": [{"title": "a book of many pages", "n": 1.0}]}'))
        {
          "order": 4711,
          "lines": [
            {
              "title": "a book of many pages",
              "n": 1.0
            }
          ]
        }
    """
    words = text.strip()
    if len(words) <= _LINE_CHARS and "\n" not in words:
        return words
    out: list[str] = []
    depth = 0
    tokens = [*_TOKEN.findall(words), ""]
    for word, after in pairwise(tokens):
        if word in ("]", "}"):
            depth -= 1
        out.append(": " if word == ":" else word)
        if word in ("[", "{"):
            depth += 1
        if depth > _DEPTH_MAX:  # its margins would be longer than itself
            return text
        opens = word in ("[", "{") and after not in ("]", "}")
        closes = after in ("]", "}") and word not in ("[", "{")
        if opens or closes or word == ",":
            out.append("\n" + "  " * (depth - closes))
    return "".join(out)


def passages(text: str) -> list[Block]:
    r"""Return what somebody said in parts: the words, and the code between fences.

    Args:
        text: any text.

    Example:
        >>> passages("Try:\n```python\nprint(1)\n```")[1]
        Block(text='print(1)', language='python')
    """
    found: list[Block] = []
    lines: list[str] = []
    fence = language = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if not fence and mark is not None:
            fence, language = mark[1], mark[2].lower()
            found.append(Block("\n".join([*lines, line])))
            lines = []
        elif fence and mark is not None and mark[1].startswith(fence) and not mark[2]:
            if lines:
                found.append(Block("\n".join(lines), language or None))
            fence, lines = "", [line]
        else:
            lines.append(line)
    if lines:
        found.append(Block("\n".join(lines), (language or None) if fence else None))
    return found
