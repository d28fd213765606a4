"""Files that are wrong in every way: each importer gets thousands of changes to a file of its kind.

A change flips, cuts or puts in bytes, or takes the JSON and drops, doubles, renames, swaps or
replaces a part of it, by what other programs would write there or by what none would. Whatever the
file, it may be refused with an error of ours or reported record by record, and the store that it
went to is whole, compiles for every provider, and takes further messages.
"""

import copy
import importlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tract import Session, Tract
from tract.errors import TractError
from tract.formats import check
from tract.store import MemoryStore, open_store

CHANGES = 2_000
SOAK_SEEDS = 25
_SLOTS_MAX = 2_000
_DEEP = "\x00deep"
_MODULES = sorted(path.stem for path in Path(__file__).parent.glob("samples_*.py"))
_FORMATS = [stem.removeprefix("samples_").replace("_", "-") for stem in _MODULES]
_ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    10**30,
    float("nan"),
    "",
    "\ud800",
    "x\x00y\x1b[31m\n",
    "ü" * 300,
    _DEEP,
    [],
    {},
    [[]],
    {"role": "user", "content": "Hi"},
)


def sample_of(format):
    """The file of a format's own, as JSON lines or as a document."""
    name = f"tests.importers.samples_{format.replace('-', '_')}"
    data = importlib.import_module(name).sample()
    try:
        return data, [json.loads(data)], ".json"
    except ValueError:
        return data, [json.loads(line) for line in data.splitlines() if line.strip()], ".jsonl"


# Changes


def slots(value):
    """Every place of a value where another could be: a container and the key in it."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo and len(found) < _SLOTS_MAX:
        one = todo.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        for key in keys:
            found.append((one, key))
            if isinstance(one[key], dict | list) and one[key]:
                todo.append(one[key])
    return found


def change(value, draw):
    """Change one part of a value, in place."""
    places = slots(value)
    if not places:
        return
    inside, key = draw.choice(places)
    way = draw.randrange(8)
    if way == 0:
        del inside[key]
    elif way == 1 and isinstance(inside, dict):
        inside[draw.choice([str(key).upper(), f"{key}s", "", "id", "role"])] = inside.pop(key)
    elif way == 2 and len(places) < _SLOTS_MAX:
        twin = copy.deepcopy(inside[key])
        if isinstance(inside, list):
            inside.insert(draw.randrange(len(inside) + 1), twin)
        else:
            inside[f"{key}-2"] = twin
    elif way == 3:
        other, at = draw.choice(places)
        inside[key], other[at] = copy.deepcopy(other[at]), copy.deepcopy(inside[key])
    elif way == 4 and len(places) < _SLOTS_MAX:
        other, at = draw.choice(places)
        inside[key] = copy.deepcopy(other[at])
    elif way == 5:
        inside[key] = draw.choice([[inside[key]], {"value": inside[key]}, str(inside[key])[:80]])
    else:
        inside[key] = copy.deepcopy(draw.choice(_ODD))


def changed_bytes(data, draw):
    """The data with some of its bytes flipped, cut out or put in."""
    at, size = draw.randrange(len(data) + 1), draw.choice((1, 1, 4, 64))
    match draw.randrange(4):
        case 0:
            return data[:at] + bytes(byte ^ 1 << draw.randrange(8) for byte in data[at : at + size])
        case 1:
            return data[:at] + data[at + size :]
        case 2:
            return data[:at] + draw.randbytes(size) + data[at:]
    return data[:at]


def files(values, draw, changes):
    """Yield files until so many changes were made, each with a few or many of them."""
    while changes > 0:
        count = draw.choice((1, 2, 3, 5, 9, 20))
        changes -= count
        parts = copy.deepcopy(values)
        if len(parts) > 1 and draw.random() < 0.2:
            draw.shuffle(parts)
        torn = []
        for _ in range(count):
            at = draw.randrange(len(parts))
            if draw.random() < (0.15 if len(parts) > 1 else 0.02):
                torn.append(at)
            elif isinstance(parts[at], dict | list):
                change(parts[at], draw)
        texts = [json.dumps(part).encode() for part in parts]
        depth = draw.choice((100, 400, 3_000)) if len(parts) > 1 else draw.choice((100, 400))
        deep = b"[" * depth + b"]" * depth
        texts = [text.replace(json.dumps(_DEEP).encode(), deep) for text in texts]
        for at in torn:
            texts[at] = changed_bytes(texts[at], draw)
        yield b"\n".join(texts) + b"\n" * draw.randrange(2)


# What holds whatever the file


def fuzz(format, seed, folder):
    """Import changed files into one store, and look at what became of it."""
    _, values, suffix = sample_of(format)
    draw, store = random.Random(f"{format} {seed}"), open_store(":memory:")
    taken = number = 0
    for number, changed in enumerate(files(values, draw, CHANGES), 1):
        path = folder / f"{number}{suffix}"
        path.write_bytes(changed)
        told = f"seed {seed}, file {number}: {changed[:2_000]!r}"
        named = "auto" if number % 2 else format
        report = imported(path, store, told, format=named)
        if report is None and named == "auto":
            report = imported(path, store, told, format=format)
        taken += report is not None and report.messages > 0
        if report is not None and number % 10 == 0:
            again = imported(path, store, told, format=report.format)
            assert again is not None, told
            assert again.added == 0, told
        imported(
            path, store, told, format=_FORMATS[number % len(_FORMATS)], tract=f"other/{number}"
        )
        path.unlink()
    assert taken > number / 2  # what was changed got past the door
    look(store)
    store.close()


def imported(path, store, told, **options):
    """The report of an import, or None where the file was refused as it should be."""
    try:
        report = Tract.import_(path, store, **options)
    except TractError:
        return None
    except Exception as error:
        error.add_note(f"{options}, {told}")
        raise
    assert all("\n" not in str(bad) for bad in report.bad), told
    return report


def look(store):
    """Every branch compiles for every provider, is whole, and goes on."""
    with store.read() as reader:
        refs = {row.name: reader.refs(row.id) for row in reader.tracts()}
    seen: set[str | None] = set()
    for name, tips in refs.items():
        with Tract.open(store, tract=name, create=False) as t:
            for tip in set(tips.values()) - seen:
                seen.add(tip)
                context = t.compile(tip)
                assert check(context.to_openai(), "openai") == []
                assert check(context.to_anthropic(), "anthropic") == []
            if len(seen) % 10 == 0:
                t.user("Go on.")
    with Session.open(store) as s:
        assert s.verify().ok


@pytest.mark.parametrize("format", _FORMATS)
def test_the_file_itself_is_recognised_and_has_nothing_bad(format, tmp_path):
    data, _, suffix = sample_of(format)
    path = tmp_path / f"sample{suffix}"
    path.write_bytes(data)
    report = Tract.import_(path, MemoryStore())
    assert (report.format, report.bad) == (format, ())
    assert report.messages > 0


@pytest.mark.parametrize("format", _FORMATS)
def test_a_changed_file_is_refused_or_reported_and_never_damages_a_store(format, tmp_path):
    fuzz(format, 0, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, SOAK_SEEDS + 1))
@pytest.mark.parametrize("format", _FORMATS)
def test_many_more_changed_files(format, seed, tmp_path):
    fuzz(format, seed, tmp_path)
