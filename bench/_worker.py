"""The process in which one task runs: `python -m bench._worker TASK JSON`.

The figures come out as one line of JSON on standard output. Nothing that one task imports, keeps
or leaves in memory is ever in another's way.
"""

import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path

from bench import _logs, _tasks, _together
from bench._tasks import Figures

TASKS: dict[str, Callable[..., Figures]] = {
    name: task
    for module in (_tasks, _together, _logs)
    for name, task in inspect.getmembers(module, inspect.isfunction)
    if task.__module__ == module.__name__ and not name.startswith("_")
}
"""Every task by its name."""


def main(name: str, arguments: str) -> None:
    """Run a task and print its figures.

    Args:
        name: the task's name.
        arguments: its arguments as a JSON object.
    """
    given = json.loads(arguments)
    folder = Path(given.pop("folder"))
    print(json.dumps(TASKS[name](folder, **given)))


if __name__ == "__main__":
    main(*sys.argv[1:])
