"""Logs that are written while they are read: each import takes what is whole, and the last one all.

A program flushes its log whenever its buffer is full, so a reader sees lines that are cut anywhere,
and a line may be completed between two reads of one import. Nothing may be lost by that, nothing
may be said twice, and no branch may end up beside the one that the finished file gives.
"""

import json
import random
import threading

import pytest

from tests.importers import samples_pi
from tract import Session, Tract
from tract.importers import BadRecord, Source
from tract.objects import Limits
from tract.store import MemoryStore

TURNS = 30
AT = "2025-01-01T00:00:00.000Z"


def openai():
    """Lines of one conversation with calls of tools."""
    yield {"role": "system", "content": "Be brief."}
    for n in range(TURNS):
        call = {"id": f"c{n}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        yield {"role": "user", "content": f"Grüße {n}"}
        yield {"role": "assistant", "content": None, "tool_calls": [call]}
        yield {"role": "tool", "tool_call_id": f"c{n}", "content": f"{n} " * 40}
        yield {"role": "assistant", "content": f"It is {n}."}


def conversations():
    """Lines that are a conversation each."""
    for n in range(2 * TURNS):
        yield {"messages": [{"role": "user", "content": f"é {n}"}] * (1 + n % 3), "n": n}


def pi():
    """A session that goes back in the middle and ends with two ways."""
    yield samples_pi.HEADER
    last = None
    number = 0

    def line(message):
        nonlocal number, last
        number += 1
        parent, last = last, f"{number:08x}"
        return {
            "type": "message", "id": last, "parentId": parent, "timestamp": AT, "message": message,
        }  # fmt: skip

    for n in range(TURNS):
        yield line(samples_pi.user(f"Grüße {n}"))
        yield line(samples_pi.reply(f"I look {n}", samples_pi.call(f"c{n}")))
        yield line(samples_pi.result(f"c{n}", f"{n} " * 40))
        yield line(samples_pi.reply(f"It is {n}."))
        if n == TURNS // 2:
            last = f"{number // 2 // 4 * 4:08x}"


def claude_code():
    """A session whose replies come in several lines, with calls of tools."""
    last, number = None, 0

    def line(kind, message):
        nonlocal last, number
        number += 1
        parent, last = last, f"u{number}"
        return {
            "type": kind, "uuid": last, "parentUuid": parent, "timestamp": AT, "sessionId": "s",
            "isSidechain": False, "message": message,
        }  # fmt: skip

    def reply(id, block):
        usage = {"input_tokens": 3, "output_tokens": 4}
        message = {"id": id, "type": "message", "role": "assistant", "model": "m", "usage": usage}
        return line("assistant", {**message, "content": [block]})

    for n in range(TURNS):
        yield line("user", {"role": "user", "content": f"Grüße {n}"})
        yield reply(f"a{n}", {"type": "text", "text": f"I look {n}"})
        for k in range(2):
            call = {"type": "tool_use", "id": f"c{n}-{k}", "name": "f", "input": {"k": k}}
            yield reply(f"a{n}", call)
        for k in range(2):
            block = {"type": "tool_result", "tool_use_id": f"c{n}-{k}", "content": f"{n} " * 40}
            yield line("user", {"role": "user", "content": [block]})
        yield reply(f"b{n}", {"type": "text", "text": f"It is {n}."})


KINDS = {"openai": openai, "openai-many": conversations, "pi": pi, "claude-code": claude_code}
BEGINNINGS = {"pi": 2}
"""How many lines there are before the first import, where one is not enough for a message."""


def written(kind):
    """Return the finished file."""
    lines = (json.dumps(line, ensure_ascii=False) + "\n" for line in KINDS[kind]())
    return "".join(lines).encode()


def begun(data, lines):
    """Return where that many lines end."""
    at = 0
    for _ in range(lines):
        at = data.index(b"\n", at) + 1
    return at


def tips(store):
    """Return where each branch of each tract is."""
    with store.read() as reader:
        return {row.name: reader.refs(row.id) for row in reader.tracts()}


def in_whole(path, data, format):
    """Return the branches that the finished file gives."""
    store = MemoryStore()
    path.write_bytes(data)
    report = Tract.import_(path, store)
    assert (report.bad, report.format) == ((), format)
    return tips(store), report.messages


def pieces(data, start, rng, mean):
    """Yield the rest of a file in pieces that end anywhere."""
    while start < len(data):
        size = rng.randint(1, 2 * mean)
        yield data[start : start + size]
        start += size


def grow(path, data, start, rng, mean, store):
    """Import a file again and again while a thread writes it; return what was bad."""
    path.write_bytes(data[:start])
    done = threading.Event()

    def write():
        pause = threading.Event()
        with path.open("ab", buffering=0) as file:
            for piece in pieces(data, start, rng, mean):
                file.write(piece)
                pause.wait(rng.choice([0, 0, 0.001, 0.003]))
        done.set()

    bad: list[BadRecord] = []
    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not done.is_set():
            bad += Tract.import_(path, store).bad
    finally:
        writer.join()
    report = Tract.import_(path, store)
    assert report.bad == ()
    return bad, report


def check(path, data, start, seed, mean, format):
    wanted, messages = in_whole(path, data, format)
    store = MemoryStore()
    bad, report = grow(path, data, start, random.Random(seed), mean, store)
    assert [one for one in bad if "is not complete" not in one.reason] == []
    assert tips(store) == wanted
    assert report.messages == messages
    again = Tract.import_(path, store)
    assert (again.added, again.bad) == (0, ())
    with Session.open(store) as session:
        assert session.verify().ok


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", KINDS)
def test_a_log_that_grows_while_it_is_read_ends_as_the_finished_one(kind, seed, tmp_path):
    data = written(kind)
    start = begun(data, BEGINNINGS.get(kind, 1))
    check(tmp_path / "s.jsonl", data, start, seed, 150, kind.removesuffix("-many"))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3, 60))
@pytest.mark.parametrize("kind", KINDS)
def test_many_more_logs_that_grow(kind, seed, tmp_path):
    data = written(kind)
    start = begun(data, BEGINNINGS.get(kind, 1))
    check(tmp_path / "s.jsonl", data, start, seed, 10 + 40 * (seed % 9), kind.removesuffix("-many"))


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("claude-code/representative_messages.jsonl", 1),
        ("claude-code/todowrite_examples.jsonl", 1),
        ("pi/large-session.jsonl", 3),
    ],
)
def test_a_real_log_that_grows_while_it_is_read(file, lines, shared_data, tmp_path):
    path = shared_data / file
    if not path.is_file():
        pytest.skip(f"there is no {file} among the real conversations here")
    data = path.read_bytes()
    start = begun(data, lines)
    check(tmp_path / "s.jsonl", data, start, 0, max(60, len(data) // 150), file.partition("/")[0])


@pytest.mark.parametrize("cut", ["in a line", "at its end", "in a letter"])
def test_a_line_that_is_completed_while_it_is_read_is_one_line_or_none(cut, tmp_path):
    lines = [json.dumps({"role": "user", "content": f"é {n}"}, ensure_ascii=False) for n in "abcd"]
    data = "".join(f"{line}\n" for line in lines).encode()
    second = begun(data, 1)
    end = {
        "in a line": second + 9,
        "at its end": begun(data, 2) - 1,
        "in a letter": data.index("é".encode(), second) + 1,
    }[cut]
    path = tmp_path / "s.jsonl"
    path.write_bytes(data[:end])
    records = Source(path, Limits()).records()
    found = [next(records), next(records)]
    with path.open("ab") as file:
        file.write(data[end:])
    found += records
    bad = [one for one in found if isinstance(one, BadRecord)]
    assert [one.place for one in bad if "is not complete" not in one.reason] == []
    said = [one.value["content"][2:] for one in found if not isinstance(one, BadRecord)]
    assert said == list("abcd")[: len(said)], "what came behind an unfinished line was taken"


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_grows_between_two_conversations_of_one_import(seed, tmp_path):
    path, data = tmp_path / "s.jsonl", written("openai-many")
    wanted, messages = in_whole(path, data, "openai")
    start = begun(data, 1)
    path.write_bytes(data[:start])
    rest = pieces(data, start, random.Random(seed), 30 + 60 * seed)

    def write(done, total):
        assert 1 <= done <= total
        with path.open("ab") as file:
            file.write(next(rest, b"") + next(rest, b""))

    store, size = MemoryStore(), 0
    bad: list[BadRecord] = []
    while size < len(data):
        bad += Tract.import_(path, store, progress=write).bad
        size = path.stat().st_size
    report = Tract.import_(path, store)
    assert [one for one in bad if "is not complete" not in one.reason] == []
    assert (report.messages, report.bad) == (messages, ())
    assert tips(store) == wanted
