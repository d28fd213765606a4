"""Stores written by every released schema open today, and say what they said on the day they were written."""

import json
import shutil
from pathlib import Path

import pytest

from tools.make_golden import SCHEMA, facts, fill
from tract import Tract

STORES = sorted((Path(__file__).parent / "stores").glob("*.db"))


def test_the_newest_schema_has_its_golden_store():
    assert SCHEMA in [path.stem for path in STORES]


@pytest.mark.parametrize("store", STORES, ids=lambda path: path.stem)
def test_an_old_store_reads_as_it_was_written(store, tmp_path):
    path = tmp_path / "store.db"
    shutil.copy(store, path)
    assert facts(path) == json.loads(store.with_suffix(".json").read_text("utf-8"))
    with Tract.open(path, tract="garden") as t:
        assert t.verify().problems == ()
        before = t.compile().to_dicts()
        t.user("still alive")
        assert t.compile().to_dicts() == [*before, {"role": "user", "content": "still alive"}]
        t.reset("HEAD~1")
        assert t.compile().to_dicts() == before


def test_today_the_same_steps_give_the_same_ids(tmp_path):
    path = tmp_path / "again.db"
    fill(path)
    written = (Path(__file__).parent / "stores" / f"{SCHEMA}.json").read_text("utf-8")
    assert facts(path) == json.loads(written)
