"""Large logs: they are read and stored a part at a time, so memory does not grow with what they say.

What is held to the end are some words about each message: its id, and for a session that may be a
tree the place of its line and what it follows. An import that is broken off between two parts has
put commits into the store that nobody sees; the next one goes on from there.
"""

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tract import InvalidInput, Session, Tract
from tract.importers import list_importers
from tract.store import MemoryStore, open_store
from tract.verbs import _chain

MIB = 1 << 20
BIG = 1 << 30
FILL = "x" * 900
BATCH = 1_000
EACH = 100
"""Messages of each conversation where there are many."""

PEAKS = {"openai": 600, "openai-many": 600, "pi": 600}
"""The most memory, in MiB, that an import of a gigabyte may take; a session of pi may be a tree, so
the place of each of its lines is held as well."""

BREAKING = """
class Breaking:
    name = "breaking"
    description = "OpenAI messages, until the file breaks off"
    error = None
    after = 0
    def detects(self, sample):
        return 0
    def read(self, source, tract):
        for one in self.whole.read(source, tract):
            yield type(one)(one.tract, one.branch, one.place, self.broken(one.messages))
    def broken(self, messages):
        for number, message in enumerate(messages):
            if self.error is not None and number == self.after:
                raise self.error
            yield message
"""

CHILD = """
import json, sys
from pathlib import Path
from tract import Tract

report = Tract.import_(sys.argv[1], sys.argv[2], tract="big", dry_run=sys.argv[3] == "dry")
status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps([report.messages, report.added, report.conversations, len(report.bad), peak / 1024]))
"""


def said(number, fill=FILL):
    return {"role": ("user", "assistant")[number % 2], "content": f"{number} {fill}"}


def lines_of(kind, number, fill=FILL):
    """Return some lines of a log, of `BATCH` messages, from a number on."""
    numbers = range(number, number + BATCH)
    if kind == "openai":
        return [json.dumps(said(n, fill)) for n in numbers]
    if kind == "pi":
        about = {"type": "message", "timestamp": "2025-01-01T00:00:00.000Z"}
        return [json.dumps({**about, "message": said(n, fill)}) for n in numbers]
    first = range(number, number + BATCH, EACH)
    return [json.dumps({"messages": [said(n, fill) for n in range(f, f + EACH)]}) for f in first]


def written(path, kind, size, fill=FILL):
    """Write a log of at least that many bytes; return how many messages it has."""
    number = 0
    with path.open("w", encoding="utf-8") as file:
        if kind == "pi":
            header = {"type": "session", "id": "s", "timestamp": "2025-01-01T00:00:00.000Z"}
            file.write(json.dumps({**header, "cwd": "x", "version": 3}) + "\n")
        while file.tell() < size:
            file.write("\n".join(lines_of(kind, number, fill)) + "\n")
            number += BATCH
    return number


def everything(store):
    """Return all commits of a store, and where its branches are."""
    with store.read() as reader:
        refs = {row.name: reader.refs(row.id) for row in reader.tracts()}
        return sorted(commit.id for commit in reader.commits()), refs


@pytest.fixture
def parts(monkeypatch):
    """Let a part of a conversation be a megabyte, so that a small file has several."""
    monkeypatch.setattr(_chain, "PART_BYTES", MIB)


@pytest.fixture
def breaking(tmp_path, monkeypatch):
    """An importer, as another package offers it, whose file breaks off when it is told to."""
    folder = tmp_path / "site"
    (folder / "breaking-1.0.dist-info").mkdir(parents=True)
    (folder / "breaking.py").write_text(BREAKING)
    about = folder / "breaking-1.0.dist-info"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: breaking\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[tract.importers]\nbreaking = breaking:Breaking\n")
    monkeypatch.syspath_prepend(folder)
    (importer,) = (one for one in list_importers() if one.name == "breaking")
    offered: Any = type(importer.importer)  # type: ignore[attr-defined]  # what was offered
    offered.whole = next(one for one in list_importers() if one.name == "openai")
    yield offered
    sys.modules.pop("breaking", None)


# --- in parts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["openai", "pi"])
def test_a_conversation_that_is_stored_in_parts_is_the_one_that_is_stored_at_once(
    kind, tmp_path, monkeypatch
):
    path, target = tmp_path / "s.jsonl", tmp_path / "s.db"
    count = written(path, kind, 8 * MIB)
    at_once = MemoryStore()
    whole = Tract.import_(path, at_once)
    monkeypatch.setattr(_chain, "PART_BYTES", MIB)
    looked = Tract.import_(path, target, dry_run=True)
    report = Tract.import_(path, target)
    assert (report.messages, report.added) == (looked.messages, looked.added) == (count, count)
    assert (report.branches, report.bad) == (whole.branches, ()) == (looked.branches, looked.bad)
    store = open_store(target)
    try:
        assert everything(store) == everything(at_once)
        with Session.open(store) as session:
            assert session.verify().ok
        assert Tract.import_(path, store).added == 0
    finally:
        store.close()


@pytest.mark.parametrize("error", [OSError("the disk is gone"), KeyboardInterrupt()])
@pytest.mark.parametrize("after", [2_500, 7_999])
def test_an_import_that_breaks_off_between_parts_is_not_seen_and_goes_on_from_there(
    error, after, parts, breaking, tmp_path
):
    path, target = tmp_path / "s.jsonl", tmp_path / "s.db"
    count = written(path, "openai", 8 * MIB)
    at_once = MemoryStore()
    Tract.import_(path, at_once, format="breaking")
    breaking.error, breaking.after = error, after
    # What another package's importer raises is told as its own fault.
    expected = InvalidInput if isinstance(error, Exception) else type(error)
    with pytest.raises(expected):
        Tract.import_(path, target, format="breaking")
    store = open_store(target)
    try:
        ids, refs = everything(store)
        assert refs == {}, "a conversation that is half there has no tract"
        assert 0 < len(ids) < after, "whole parts are there, and what was read behind them is not"
        with Session.open(store) as session:
            assert session.verify().ok
        breaking.error = None
        report = Tract.import_(path, store, format="breaking")
        assert (report.messages, report.added, report.bad) == (count, count - len(ids), ())
        assert everything(store) == everything(at_once)
        with Session.open(store) as session:
            assert session.verify().ok
    finally:
        store.close()


def test_memory_does_not_grow_with_what_a_log_says(tmp_path):
    def peak(fill):
        path = tmp_path / f"{len(fill)}.jsonl"
        count = written(path, "openai", 3_000 * (len(fill) + 30), fill)
        Tract.import_(path, MemoryStore(), dry_run=True)  # whatever is loaded but once
        tracemalloc.start()
        try:
            report = Tract.import_(path, tmp_path / f"{len(fill)}.db")
            taken = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert report.messages == count
        return taken, path.stat().st_size

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_chain, "PART_BYTES", MIB)
        small, few = peak(FILL)
        large, many = peak(FILL * 10)
    assert many > 8 * few
    assert large < 2 * small + 2 * MIB, "ten times the text takes no more than the parts do"


# --- a gigabyte ----------------------------------------------------------------------------------


def measured(path, target, how):
    """Import in a process of its own; return its tally and the most memory that it had in use."""
    command = [sys.executable, "-c", CHILD, str(path), str(target), how]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    *tally, peak = json.loads(done.stdout)
    return tally, peak


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("kind", PEAKS)
def test_a_gigabyte_is_imported_in_bounded_memory(kind, tmp_path):
    path, target = tmp_path / "big.jsonl", tmp_path / "big.db"
    try:
        count = written(path, kind, BIG)
        conversations = count // EACH if kind == "openai-many" else 1
        for how in ("dry", "whole"):
            tally, peak = measured(path, target, how)
            sys.stdout.write(f"{kind}, {how}: {peak:.0f} MiB\n")
            assert tally == [count, count, conversations, 0]
            assert peak <= PEAKS[kind], f"{how}: {peak:.0f} MiB"
            assert target.exists() == (how == "whole")
        tally, peak = measured(path, target, "whole")
        sys.stdout.write(f"{kind}, again: {peak:.0f} MiB\n")
        assert tally == [count, 0, conversations, 0]
        assert peak <= PEAKS[kind], f"again: {peak:.0f} MiB"
    finally:
        for left in tmp_path.glob("big.*"):
            left.unlink()


@pytest.mark.soak
def test_an_import_that_is_killed_leaves_nothing_half_and_goes_on(tmp_path):
    path, target = tmp_path / "big.jsonl", tmp_path / "big.db"
    count = written(path, "openai", 128 * MIB)
    command = [sys.executable, "-c", CHILD, str(path), str(target), "whole"]
    killed = subprocess.Popen(command)
    while killed.poll() is None and (not target.exists() or target.stat().st_size < 32 * MIB):
        os.sched_yield()
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    store = open_store(target)
    try:
        ids, refs = everything(store)
        assert (refs, 0 < len(ids) < count) == ({}, True)
        assert Tract.import_(path, store, tract="big").added == count - len(ids)
        with Session.open(store) as session:
            assert session.verify().ok
    finally:
        store.close()
