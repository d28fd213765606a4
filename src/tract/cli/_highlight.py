"""Colours code and data by their language; the one place that knows a highlighter.

What comes in is safe for a terminal already, and what goes out has the same characters: colours are
laid over a text, never put into it. A language that nobody knows leaves it plain. The colours are
the terminal's own sixteen, which its owner chose to be readable. This is loaded only when something
is coloured, since the lexers take longer than all the rest of a page.
"""

from rich.syntax import Syntax
from rich.text import Span, Text

_THEME = "ansi_dark"


def highlighted(safe: str, language: str) -> list[Text] | None:
    r"""Return the lines of a code in colours, or None where they would not be the same lines.

    Args:
        safe: the code, free of what could steer a terminal.
        language: what it is written in, as people write it behind a fence.

    Example:
        >>> [line.plain for line in highlighted("a = 1\nb = 2", "python") or ()]
        ['a = 1', 'b = 2']
        >>> highlighted("a = 1", "no such language") is None
        True
    """
    syntax = Syntax("", language, theme=_THEME, background_color="default", tab_size=0)
    if syntax.lexer is None:
        return None
    text = syntax.highlight(safe)
    wanted = safe.split("\n")
    lines = [Text(line.plain, spans=_inks(line)) for line in text.split("\n", allow_blank=True)]
    lines = lines[: len(wanted)]  # a lexer ends its text with a line feed of its own
    return lines if [line.plain for line in lines] == wanted else None


def _inks(line: Text) -> list[Span]:
    """Return the spans that colour something; the background stays the terminal's."""
    return [
        span
        for span in line.spans
        if not isinstance(span.style, str)
        and span.style.color is not None
        and not line.plain[span.start : span.end].isspace()
    ]
