"""Other processes for tests: started quickly, from a clean server that has the slow imports behind it.

What is started is a function of a test module; it runs in a process of its own and is judged by
its exit code and by what it leaves in files.
"""

import multiprocessing
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

# Forked from a server with one thread and nothing open: as fast as a fork, as clean as a spawn.
FROM = multiprocessing.get_context("forkserver")
FROM.set_forkserver_preload(
    ["tract.store.sql", "tract.testing", "tests.faults.workers", "tests.store.test_files"]
)

_NOBODY = 65534

unprivileged = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can start a process that may do less",
)


def started(
    work: Callable[..., None], *args: Any, nobody: bool = False
) -> multiprocessing.process.BaseProcess:
    """Start `work` in a process of its own.

    Args:
        work: a function at the top of a module.
        args: what it is given.
        nobody: whether it runs as a user that owns nothing.
    """
    process = FROM.Process(target=_run, args=(work, args, nobody))
    process.start()
    return process


def _run(work: Callable[..., None], args: tuple[Any, ...], nobody: bool) -> None:
    if nobody:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    work(*args)
    sys.stdout.flush()
