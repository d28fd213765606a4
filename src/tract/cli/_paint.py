"""Paints text for people: lines, blocks, tables and a bar, cut to the terminal and coloured if asked.

This is the one door to the terminal and the only place that knows Rich. Every text that comes in
is escaped here, whatever it is: contents, names, reasons and error texts come from models, tools
and the web, and none of it may steer a terminal or be read as markup.
"""

import io
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tract.cli._out import Piece
from tract.errors import printable

STYLES = {
    "": "",
    "assistant": "cyan",
    "bad": "bold red",
    "branch": "bold green",
    "dim": "dim",
    "good": "green",
    "head": "bold cyan",
    "id": "yellow",
    "important": "bold",
    "label": "bold",
    "lane0": "red",
    "lane1": "green",
    "lane2": "yellow",
    "lane3": "blue",
    "lane4": "magenta",
    "lane5": "cyan",
    "normal": "",
    "pinned": "bold magenta",
    "skip": "dim",
    "system": "magenta",
    "developer": "magenta",
    "tool": "yellow",
    "user": "green",
    "warning": "yellow",
}
_BAR_COLUMNS_MAX = 100
_UNBOUND_COLUMNS = 80
_CODE_CHARS_MAX = 256 * 1024
"""What is coloured as code at most, in all: whoever looks at more of it does not want to wait."""
_NAME_CHARS_MAX = 40
_SHARE_SHOWN_MIN = 0.0005  # what is not 0.0% in words


class Painter:
    """Collects what is to be shown and gives it as one text.

    Args:
        width: columns that a line may take; None where nothing is cut.
        color: whether to colour.
        ascii_only: whether to draw with ASCII alone; contents are what they are.
    """

    def __init__(self, *, width: int | None, color: bool, ascii_only: bool) -> None:
        self._lines: list[Text] = []
        self._width = width
        self._color = color
        self._ascii = ascii_only
        self._code_left = _CODE_CHARS_MAX

    def line(self, *pieces: Piece, whole: bool = False) -> None:
        """Add a line; what does not fit is cut, unless all of it is wanted.

        Args:
            *pieces: texts, or texts with the name of a style.
            whole: whether the line is kept whole, however long.
        """
        text = Text()
        for piece in pieces:
            words, style = (piece, "") if isinstance(piece, str) else piece
            text.append(printable(words, limit=None), STYLES[style])
        if self._width is not None and not whole:
            text.truncate(self._width, overflow="crop" if self._ascii else "ellipsis")
        text.rstrip()
        self._lines.append(text)

    def gap(self) -> None:
        """Add an empty line."""
        self._lines.append(Text())

    def block(
        self, content: str, *, indent: int = 4, style: str = "", language: str | None = None
    ) -> None:
        """Add a content: every line of it, set in, so that it cannot be taken for anything else.

        Args:
            content: the content.
            indent: columns that it is set in.
            style: name of a style.
            language: what it is written in, to colour it by; None where that is not known.
        """
        margin = " " * indent
        safe = printable(content, limit=None, lines=True)
        for line in self._code(safe, language) or safe.split("\n"):
            words = Text(line) if isinstance(line, str) else line
            words.stylize_before(STYLES[style])
            self._lines.append(Text(margin).append_text(words))

    def _code(self, safe: str, language: str | None) -> list[Text] | None:
        """Return the lines of a code in colours, or None where it is shown plain."""
        if language is None or not self._color or len(safe) > self._code_left:
            return None
        from tract.cli._highlight import highlighted

        self._code_left -= len(safe)
        return highlighted(safe, language)

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[Piece]]) -> None:
        """Add a table: columns as wide as they must be, the last one takes what is left.

        Args:
            titles: the columns' titles; one that begins with ">" is set to the right.
            rows: a piece for each column.
        """
        names = [title.lstrip(">") for title in titles]
        cells = [[self._cell(piece) for piece in row] for row in rows]
        widths = [
            max([cell_len(name), *(cell_len(row[at][0]) for row in cells)])
            for at, name in enumerate(names)
        ]
        self._row([(name, "dim") for name in names], titles, widths)
        for row in cells:
            self._row(row, titles, widths)

    def _cell(self, piece: Piece) -> tuple[str, str]:
        words, style = (piece, "") if isinstance(piece, str) else piece
        return printable(words, limit=None), style

    def _row(
        self, row: Sequence[tuple[str, str]], titles: Sequence[str], widths: list[int]
    ) -> None:
        pieces: list[Piece] = []
        for at, (words, style) in enumerate(row):
            pad = " " * (widths[at] - cell_len(words))
            right = titles[at].startswith(">")
            between = "  " if at else ""
            behind = "" if right or at == len(row) - 1 else pad
            pieces += [between + pad if right else between, (words, style), behind]
        self.line(*pieces)

    def bar(self, share: float, *, note: str) -> None:
        """Add a bar that shows which part is used.

        Args:
            share: the part, from 0.0 up.
            note: what stands behind it.
        """
        columns = min((self._width or _UNBOUND_COLUMNS) - len(note) - 4, _BAR_COLUMNS_MAX)
        used = min(columns, round(share * columns))
        used = max(used, 1) if share > 0 else 0
        full, empty = ("#", "-") if self._ascii else ("\u2588", "\u2591")
        style = "good" if share < 0.8 else "warning" if share <= 1 else "bad"
        self.line("[", (full * used, style), (empty * (columns - used), "dim"), f"] {note}")

    def bars(self, parts: Sequence[tuple[str, int, float]]) -> None:
        """Add a bar for each part of a whole, under each other.

        Args:
            parts: a name, a number and the part of the whole, 0.0 to 1.0.
        """
        if not parts:
            return
        longest = min(_NAME_CHARS_MAX, (self._width or _UNBOUND_COLUMNS) // 3)
        shown = [(printable(name, limit=longest), n, share) for name, n, share in parts]
        names = max(cell_len(name) for name, _, _ in shown)
        numbers = max(len(f"{number:,}") for _, number, _ in shown)
        room = min((self._width or _UNBOUND_COLUMNS) - names - numbers - 15, _BAR_COLUMNS_MAX)
        full = "#" if self._ascii else "\u2588"
        most = max(share for _, _, share in shown) or 1.0
        for name, number, share in shown:
            columns = round(share / most * max(room, 0))
            bar = full * (max(columns, 1) if share >= _SHARE_SHOWN_MIN and room > 0 else 0)
            pad = " " * (names - cell_len(name))
            self.line(f"  {name}{pad}  {number:>{numbers},}  {share:>6.1%}  ", (bar, "good"))

    @property
    def columns(self) -> int | None:
        """The columns that a line may take; None where nothing is cut."""
        return self._width

    @property
    def ascii_only(self) -> bool:
        """Whether to draw with ASCII alone."""
        return self._ascii

    @property
    def dot(self) -> str:
        """What stands between two facts on one line."""
        return " - " if self._ascii else " \u00b7 "

    def text(self) -> str:
        """Return all lines as they are written to the output."""
        for line in self._lines:
            line.expand_tabs()
        if not self._color:
            return "".join([f"{line.plain}\n" for line in self._lines])
        buffer = io.StringIO()
        console = Console(
            file=buffer,
            force_terminal=True,
            highlight=False,
            markup=False,
            emoji=False,
        )
        for line in self._lines:
            console.print(line, soft_wrap=True)
        return buffer.getvalue()
