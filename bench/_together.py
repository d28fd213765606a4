"""Several processes on one store, and what one process takes in memory.

Writers are started first and let go together; each appends for the same time and says how much
was acknowledged. Then a process that took no part counts what is there.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from bench._clock import forget_peak, peak_mib, timed
from bench._contents import TURN, message, tag, tags_of
from bench._tasks import SYSTEMS, Figures, WrongDataError
from tract import Tract

ROOT = Path(__file__).resolve().parent.parent

_LABELS = "abcdefgh"


def write(folder: Path, system: str, durability: str, label: str, seconds: float) -> Figures:
    """Append for a while, once a line comes in on standard input."""
    store = SYSTEMS[system](folder, durability)
    store.load()
    print("ready", flush=True)  # the one who started this waits for it
    sys.stdin.readline()
    done = errors = 0
    longest = 0.0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        wire = message(done * TURN, label)  # no tools: a call and its result might be parted
        try:
            took, _ = timed(store.append, wire)
        except Exception:  # noqa: BLE001 - whatever it is, it is counted
            errors += 1
            continue
        longest = max(longest, took)
        done += 1
    store.close()
    return {"done": done, "errors": errors, "longest_ms": longest}


def together(folder: Path, system: str, durability: str, writers: int, seconds: float) -> Figures:
    """Let several processes append to one conversation at the same time.

    Returns:
        `per_s`: acknowledged appends a second, of all together; `errors`; `lost`: acknowledged
        but not there; `fair`: what the slowest wrote over what the quickest wrote.
    """
    SYSTEMS[system](folder, durability).close()
    labels = _LABELS[:writers]
    job = {"folder": str(folder), "system": system, "durability": durability, "seconds": seconds}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench._worker", "write", json.dumps({**job, "label": label})],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for label in labels
    ]
    outs = [_pipe(child.stdout) for child in started]
    for out in outs:
        out.readline()
    for child in started:
        _pipe(child.stdin).write("go\n")
        _pipe(child.stdin).flush()
    said = [json.loads(out.read()) for out in outs]
    for child in started:
        child.wait()
        _pipe(child.stdin).close()
        _pipe(child.stdout).close()
    done = [int(one["done"]) for one in said]
    lost = _lost(folder, system, dict(zip(labels, done, strict=True)))
    return {
        "per_s": sum(done) / seconds,
        "errors": sum(one["errors"] for one in said),
        "lost": lost,
        "fair": min(done) / max(1, *done),
        "longest_ms": max(one["longest_ms"] for one in said),
    }


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # it was asked for when the process was started
    return pipe


def _lost(folder: Path, system: str, done: dict[str, int]) -> int:
    """Return how many acknowledged messages are missing; each writer's stand in its order."""
    store = SYSTEMS[system](folder, "normal")
    found = tags_of(store.texts(store.load()))
    store.close()
    lost = 0
    for label, count in done.items():
        mine = [text for text in found if text.startswith(f"[{label}-")]
        wanted = [tag(number * TURN, label) for number in range(count)]
        lost += len(set(wanted) - set(mine))
        if lost == 0 and mine != wanted:
            raise WrongDataError(f"together: what writer {label} wrote stands in another order")
    return lost


def memory(folder: Path, count: int) -> Figures:
    """Open a store, compile it and turn it into what a provider is sent, and then count tokens.

    Returns:
        `peak_mib`: the most that was in use beyond what importing the package takes;
        `counted_mib`: the same with a count of all tokens, its tables included.
    """
    forget_peak()
    before = peak_mib()
    with Tract.open(folder / "tract.db") as tract:
        context = tract.compile()
        sent: dict[str, Any] = context.to_openai()
        peak = peak_mib()
        context.tokens  # noqa: B018 - counted when it is asked for
        counted = peak_mib()
    if len(sent["messages"]) != count:
        raise WrongDataError("memory: messages are missing")
    return {"peak_mib": peak - before, "counted_mib": counted - before}
