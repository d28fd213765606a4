"""Real logs in: every transcript of a folder is read into one store, and the floor does the same.

The floor parses the files with `json`, finds the messages by the few shapes that transcripts have,
and inserts one row for each, a transaction a file. It makes no ids, keeps neither trees nor
reports of usage, and compares nothing with what is there. The folder is not part of the project;
where there is none, the table says so.
"""

import json
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from bench._clock import timed
from bench._contents import messages
from bench._systems import Floor, durable, size_of
from bench._tasks import Figures, WrongDataError
from tract import ImportReport, Session, Tract, TractError

_NOT_LOGS = frozenset({"LICENSE", "README.md"})
_TIMES = 5


def _files(data: str) -> list[Path]:
    found = (path for path in Path(data).rglob("*") if path.is_file())
    return sorted(path for path in found if path.name not in _NOT_LOGS)


def logs(folder: Path, system: str, durability: str, data: str) -> Figures:
    """Import all files of a folder into one store, and then all of them again.

    Returns:
        `took_ms`, `again_ms`: the first time and the second; `messages`: how many there are;
        `source_bytes`, `disk_bytes`: all files, and the database with nothing left in its log.
    """
    files = _files(data)
    said = {path: list(_messages(path)) for path in files}
    found = {path: len(each) for path, each in said.items()}
    del said
    figures = (
        _floor(folder, durability, files)
        if system == "floor"
        else _ours(folder, durability, files, found)
    )
    source = sum(path.stat().st_size for path in files)
    seconds = figures["took_ms"] / 1e3
    return {
        **figures,
        "files": len(files),
        "source_bytes": source,
        "per_s": figures["messages"] / seconds,
        "bytes_per_s": source / seconds,
    }


def _floor(folder: Path, durability: str, files: list[Path]) -> Figures:
    small = folder / "other"
    small.mkdir()
    other = Floor(small, durability)
    other.extend(messages(0, 8))
    other.close()

    def filled() -> None:
        store = Floor(folder, durability)
        for path in files:
            store.extend(list(_messages(path)))
        store.close()

    took, _ = timed(filled)
    with sqlite3.connect(folder / "floor.db") as db:
        (rows,) = db.execute("SELECT count(*) FROM messages").fetchone()
    db.close()
    return {"took_ms": took, "messages": rows, "disk_bytes": size_of(folder) - size_of(small)}


def _ours(folder: Path, durability: str, files: list[Path], found: dict[Path, int]) -> Figures:
    first = folder / "first.json"
    first.write_text(json.dumps(messages(0, 8)), encoding="utf-8")
    Tract.import_(first, folder / "first.db")  # what a process does once is done
    target = folder / "tract.db"

    def imported() -> list[ImportReport]:
        return [_import(path, number, target, durability) for number, path in enumerate(files)]

    took, reports = timed(imported)
    again, repeated = timed(imported)
    for path, report in zip(files, reports, strict=True):
        if report.messages > found[path]:
            raise WrongDataError(
                f"logs: {path.name} has {report.messages} messages, and the floor {found[path]}"
            )
    if any(report.added for report in repeated):
        raise WrongDataError("logs: the same files added something again")
    with Session.open(target, create=False) as session:
        if not session.verify().ok:
            raise WrongDataError("logs: the store is damaged")
    db = sqlite3.connect(target)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return {
        "took_ms": took,
        "again_ms": again,
        "messages": sum(report.messages for report in reports),
        "commits": sum(report.added for report in reports),
        "conversations": sum(report.conversations for report in reports),
        "bad": sum(len(report.bad) + report.bad_more for report in reports),
        "disk_bytes": target.stat().st_size,
    }


def _import(path: Path, number: int, target: Path, durability: str = "normal") -> ImportReport:
    try:
        return Tract.import_(path, target, tract=f"log-{number}", durability=durable(durability))
    except TractError as error:
        raise WrongDataError(f"logs: {path.name} was not imported: {error.message}") from error


def look(folder: Path, data: str) -> Figures:
    """Look where the tokens of the longest log go, on new handles and on one that did it before.

    Returns:
        `first_ms`: the first time in a process, with the tokenizer's table to load; `cold_ms`: on
        a new handle; `warm_ms`: once more on the same; `messages`: how many the log has.
    """
    target = folder / "tract.db"
    reports = [_import(path, number, target) for number, path in enumerate(_files(data))]
    longest = max(reports, key=lambda report: report.messages / max(report.conversations, 1))

    cold, warm = [], []
    for _ in range(_TIMES):
        with Tract.open(target, tract=longest.tracts[0], read_only=True) as tract:
            look_at_all = partial(tract.status, detail=True)
            cold.append(timed(look_at_all)[0])
            warm.append(timed(look_at_all)[0])
    first = cold.pop(0)
    figures = {"first_ms": first, "cold_ms": median(cold), "warm_ms": median(warm)}
    return {**figures, "messages": longest.messages}


# --- what the floor knows of transcripts ---------------------------------------------------------


def _messages(path: Path) -> Iterator[Any]:
    """Yield the messages of a file, whatever kind of transcript it is."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        values = [json.loads(text)]
    except ValueError:
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
    for value in values:
        yield from _said(value)


def _said(value: Any) -> Iterator[Any]:
    """Yield the messages in a value: a message, a list, or an object that has some somewhere."""
    if isinstance(value, list):
        for item in value:
            yield from _said(item)
    elif isinstance(value, dict):
        if "role" in value or "from" in value:
            yield {name: item for name, item in value.items() if name != "replies"}
            yield from _said(value.get("replies", []))
        elif "node_type" in value:
            yield {name: item for name, item in value.items() if name not in _NOT_OF_A_NODE}
            yield from _said(value.get("children", []))
        elif "train_messages" in value:
            yield from value["train_messages"][0][:2]  # what was asked; the rest is in the tree
        else:
            names = [name for name in _HOLDERS if name in value]
            yield from (said for name in names for said in _said(value[name]))


_NOT_OF_A_NODE = frozenset({"children", "messages"})
_HOLDERS = (
    "message",
    "messages",
    "raw_messages",
    "fncall_messages",
    "history",
    "traj",
    "conversations",
    "prompt",
    "tree",
    "answer_generation",
    "response",
    "raw_response",
    "choices",
)
