"""A bar on the terminal's other output, for what takes long enough to be watched.

It is drawn on standard error and taken away at the end, so that what a command says stays clean.
Loaded only where somebody watches: the module behind it is the heaviest of Rich.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tract.errors import printable


@contextmanager
def progress_bar(name: str, *, color: bool) -> Iterator[Callable[[int, int], None]]:
    """Draw a bar while the block runs.

    Args:
        name: what is worked on.
        color: whether to colour.

    Returns:
        A function that takes how many are done and how many there are (0 where nobody knows).
    """
    console = Console(stderr=True, no_color=not color)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(printable(name, limit=40), total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None)

        yield advance
