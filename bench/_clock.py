"""Time, memory and the machine itself: the small instruments that all measuring shares.

A machine is never quiet. So each measurement is accompanied by a probe of how fast the machine
was just before, and the figures of a run are kept together with what the probes said.
"""

import gc
import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

_BLOCK = b"x" * (1 << 20)
_PEAK = "VmHWM:"


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Do something, and return the milliseconds that it took and what it gave.

    Args:
        work: what to do.
        *arguments: what it is given.
    """
    began = time.perf_counter()
    result = work(*arguments)
    return (time.perf_counter() - began) * 1e3, result


def typical(work: Callable[[], Any], times: int) -> float:
    """Return the median of the milliseconds that some work takes.

    Args:
        work: what to do; what it gives is let go of outside the clock.
        times: how often.
    """
    return median([timed(work)[0] for _ in range(times)])


def quantile(values: list[float], part: float) -> float:
    """Return the value that this part (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def machine(folder: Path) -> dict[str, float]:
    """Return how fast the machine is right now.

    Args:
        folder: where files are written to find out.

    Returns:
        `hash_mb_s`: SHA-256 of memory, in MB a second. `fsync_us`: the median of one flush of
        4 KiB to the disk, in microseconds. `load`: the processes that wanted to run during the
        last minute.
    """
    hashing, _ = timed(lambda: [hashlib.sha256(_BLOCK).digest() for _ in range(8)])
    flushes = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(15):
            file.write(b"y" * 4096)
            file.flush()
            flushes.append(timed(os.fsync, file.fileno())[0] * 1e3)
    return {
        "hash_mb_s": 8 * 1.048576 / hashing * 1e3,
        "fsync_us": median(flushes),
        "load": os.getloadavg()[0],
    }


def forget_peak() -> None:
    """Let the peak of this process's memory begin anew, at what is in use now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mib() -> float:
    """Return the most memory that this process had in use, in MiB, since `forget_peak`."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(_PEAK)) / 1024
