"""The measured work, one function for each thing that a row of the table says.

A task runs in a process of its own, in a folder of its own that may hold a store prepared for it,
and returns figures by name; units are in the names. What was read back is always compared with
what was written, outside the clock: a figure for a wrong answer is worth nothing.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench._clock import forget_peak, peak_mib, quantile, timed, typical
from bench._contents import TURN, message, messages, raw_bytes, tag, tags_of
from bench._peers import PEERS
from bench._systems import Floor, Ours, System, size_of
from tract import Tract

Figures = dict[str, float]

SYSTEMS: dict[str, Callable[[Path, str], System]] = {"floor": Floor, "tract": Ours, **PEERS}

_WARM_UP = 20
_ENDS = 100
_FORK = 8


class WrongDataError(Exception):
    """What was read back is not what was written."""


def _compare(found: list[str], count: int, what: str, extra: list[str] | None = None) -> None:
    wanted = [tag(number) for number in range(count)] + (extra or [])
    if tags_of(found) != wanted:
        raise WrongDataError(f"{what}: {len(found)} texts, which are not the {len(wanted)} written")


def fill(folder: Path, system: str, count: int) -> Figures:
    """Make a store of `count` messages for other tasks to begin with."""
    store = SYSTEMS[system](folder, "normal")
    wires = messages(0, count)
    took, _ = timed(store.extend, wires)
    _compare(store.texts(store.load()), count, "fill")
    store.close()
    return {"took_ms": took}


def append(folder: Path, system: str, count: int, durability: str) -> Figures:
    """Append one message after the other, each committed before the next."""
    wires = messages(0, count)
    forget_peak()
    before = peak_mib()
    store = SYSTEMS[system](folder, durability)
    took = [timed(store.append, wire)[0] for wire in wires]
    loaded = store.load()
    peak = peak_mib() - before
    _compare(store.texts(loaded), count, "append")
    store.close()
    ends = min(_ENDS, (count - _WARM_UP) // 2)
    first, last = took[_WARM_UP : _WARM_UP + ends], took[-ends:]
    return {
        "p50_ms": median(took),
        "p99_ms": quantile(took, 0.99),
        "first_ms": median(first),
        "last_ms": median(last),
        "growth": median(last) / median(first),
        "disk_bytes": size_of(folder),
        "raw_bytes": raw_bytes(wires),
        "peak_mib": peak,
    }


def _use(folder: Path, system: str) -> None:
    """Use a small store beside the measured one, so that what a process does once is done."""
    other = folder / "other"
    other.mkdir()
    first = SYSTEMS[system](other, "normal")
    first.extend(messages(0, 8))
    first.load()
    first.close()


def load(folder: Path, system: str, count: int) -> Figures:
    """Open a store on a new handle and read all of it, in a process that opened another before."""
    _use(folder, system)

    def opened() -> tuple[System, Any]:
        store = SYSTEMS[system](folder, "full")
        return store, store.load()

    took = []
    for _ in range(3):
        once, (store, loaded) = timed(opened)
        took.append(once)
        _compare(store.texts(loaded), count, "load")
        store.close()
        del store, loaded
    return {"took_ms": median(took), "first_ms": took[0]}


def reload(folder: Path, system: str, count: int) -> Figures:
    """Read all of a store again after each of some appends."""
    store = SYSTEMS[system](folder, "normal")
    loaded = store.load()
    took = []
    for number in range(count, count + 20):
        store.append(message(number))
        once, loaded = timed(store.load)
        took.append(once)
    _compare(store.texts(loaded), count + 20, "reload")
    store.close()
    return {"p50_ms": median(took), "max_ms": max(took)}


def fork(folder: Path, system: str, count: int) -> Figures:
    """Go on from the middle of a conversation with some messages; the rest stays."""
    store = SYSTEMS[system](folder, "full")
    middle = count // 2 // TURN * TURN
    before = size_of(folder)
    took, _ = timed(store.fork, middle)
    for number in range(_FORK):
        store.append(message(number, "fork"))
    _compare(store.texts(store.load()), middle, "fork", [tag(n, "fork") for n in range(_FORK)])
    store.close()
    return {"took_ms": took, "bytes": size_of(folder) - before}


def extend(folder: Path, system: str, count: int) -> Figures:
    """Write many messages in one call, in a process that used another store before."""
    _use(folder, system)
    store = SYSTEMS[system](folder, "full")
    wires = messages(0, count)
    took, _ = timed(store.extend, wires)
    _compare(store.texts(store.load()), count, "extend")
    store.close()
    return {"took_ms": took, "per_s": count / took * 1e3}


def import_file(folder: Path, system: str, count: int) -> Figures:
    """Bring in a file of many messages in one call, in a process that used another store before."""
    _use(folder, system)
    path = folder / "messages.json"
    path.write_text(json.dumps(messages(0, count)), encoding="utf-8")
    took, _ = timed(_ours_from if system == "tract" else _floor_from, path, folder)
    store = SYSTEMS[system](folder, "full")
    _compare(store.texts(store.load()), count, "import")
    store.close()
    return {"took_ms": took, "per_s": count / took * 1e3}


def _ours_from(path: Path, folder: Path) -> None:
    Tract.import_(path, folder / "tract.db", tract="main")


def _floor_from(path: Path, folder: Path) -> None:
    store = Floor(folder, "full")
    store.extend(json.loads(path.read_text(encoding="utf-8")))
    store.close()


# --- what only we can do -------------------------------------------------------------------------


def branch(folder: Path, count: int) -> Figures:
    """Make a branch in the middle of a conversation and stand on it, some twenty times."""
    times, kept = 20, count // 2 // TURN * TURN
    with Tract.open(folder / "tract.db") as tract:
        middle = tract.log(1, start=f"HEAD~{count - kept}")[0]
        tract.branch("first", at=middle, switch=False)

        def forked(number: int) -> None:
            tract.branch(f"side-{number}", at=middle, switch=False)
            tract.switch(f"side-{number}")

        took = [timed(forked, number)[0] for number in range(times)]
        _compare([m.text for m in tract.compile().messages], kept, "branch")
        tract.switch("main")
    with Tract.open(folder / "tract.db") as tract:
        tract.log(1)
    before = size_of(folder)
    with Tract.open(folder / "tract.db") as tract:
        for number in range(times):
            tract.branch(f"more-{number}", at=middle, switch=False)
            tract.switch(f"more-{number}")
        tract.switch("main")
    return {"p50_ms": median(took), "bytes": (size_of(folder) - before) / times}


def log(folder: Path, count: int) -> Figures:
    """Show the newest 20 commits."""
    with Tract.open(folder / "tract.db") as tract:
        first, _ = timed(tract.log, 20)
        took = typical(lambda: tract.log(20), 50)
        shown = tract.log(20)
    newest = [info.message for info in reversed(shown)]
    if tags_of(newest) != [tag(number) for number in range(count - 20, count)]:
        raise WrongDataError("log: not the newest 20 commits")
    return {"p50_ms": took, "first_ms": first}


def moves(folder: Path, count: int, times: int = 40) -> Figures:
    """Append, mark and reset in turn, on one branch at full durability."""
    appends, marks, resets = [], [], []
    with Tract.open(folder / "tract.db") as tract:
        tract.compile()
        for wire in messages(0, times, "more"):
            took, made = timed(tract.commit, wire)
            appends.append(took)
            marks.append(timed(tract.pin, made)[0])
            resets.append(timed(tract.reset, made)[0])
        pinned = [entry for entry in tract.entries() if entry.priority.value == "pinned"]
        added = [tag(number, "more") for number in range(times)]
        _compare([m.text for m in tract.compile().messages], count, "moves", added)
    if pinned:
        raise WrongDataError("moves: a reset did not take a mark back")
    each = {"append": median(appends), "annotate": median(marks), "reset": median(resets)}
    figures = {f"{name}_ms": took for name, took in each.items()}
    figures |= {f"{name}_share": each[name] / each["append"] for name in ("annotate", "reset")}
    return figures


def compress(folder: Path, keep: int, rounds: int, between: int) -> Figures:
    """Make a store of `keep` visible entries behind a long past of edits that took many out."""
    with Tract.open(folder / "tract.db", durability="normal") as tract:
        number = 0
        for past in range(rounds):
            wires = messages(number, number + between)
            number += between
            tract.extend(wires)
            entries = tract.entries()
            cut = len(entries) if past < rounds - 1 else len(entries) - keep + 1
            tract.commit(f"{tag(past, 'summary')} so far", role="user", edit=entries[:cut])
        visible = len(tract.entries())
        commits = tract.status().commits
    if visible != keep:
        raise WrongDataError(f"compress: {visible} entries are visible, not {keep}")
    return {"commits": commits}


def visible(folder: Path, keep: int) -> Figures:
    """Compile the `keep` visible entries of a store, on a new handle each of some times."""
    with Tract.open() as other:
        other.extend(messages(0, 8))
        other.compile()
    other_folder = folder / "other"
    other_folder.mkdir(exist_ok=True)
    with Tract.open(other_folder / "tract.db") as other:
        other.compile()
    took = []
    for _ in range(5):
        with Tract.open(folder / "tract.db", read_only=True) as tract:
            once, context = timed(tract.compile)
        took.append(once)
        if len(context.messages) != keep:
            raise WrongDataError(f"visible: {len(context.messages)} messages, not {keep}")
    return {"took_ms": median(took), "first_ms": took[0]}


def export(folder: Path, count: int) -> Figures:
    """Turn a compiled context into what two providers are sent."""
    with Tract.open(folder / "tract.db") as tract:
        context = tract.compile()
        if len(context.to_openai()["messages"]) != count:
            raise WrongDataError("export: messages are missing")
        return {
            "openai_ms": typical(context.to_openai, 9),
            "anthropic_ms": typical(context.to_anthropic, 9),
        }


# --- starting ------------------------------------------------------------------------------------


def start(folder: Path, count: int) -> Figures:
    """Import the package, and run two commands, each in a process of its own."""
    path = folder / "tract.db"
    command = Path(sys.executable).with_name("tract")
    code = "import time; t = time.perf_counter(); import tract; print(time.perf_counter() - t)"
    shown = _run([str(command), "--db", str(path), "log", "--json"])
    if tag(count - 1) not in shown:
        raise WrongDataError("start: `tract log` does not show the newest commit")
    imported = float(_run([sys.executable, "-c", code])) * 1e3
    return {
        "bare_ms": timed(_run, [sys.executable, "-c", "pass"])[0],
        "import_ms": imported,
        "help_ms": timed(_run, [str(command), "--help"])[0],
        "log_ms": timed(_run, [str(command), "--db", str(path), "log"])[0],
    }


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
