"""Writing contexts out, and looking through a store."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tract import (
    Closed,
    InvalidInput,
    NotFound,
    Session,
    StoreError,
    TokenBudget,
    ToolCall,
    Tract,
    UnknownProvider,
)


@pytest.fixture
def filled(backend):
    t = backend.open(token_budget=TokenBudget(1, action="error"))
    t.system("Be brief.")
    t.user("Where is it?")
    t.assistant("Let me look.", [ToolCall("c1", "find", '{"a": 1}')])
    t.tool_result("c1", "```\nin the shed\n```", name="find")
    t.skip(t.user("never mind"))
    return t


def test_an_export_is_the_context_whatever_the_budget(filled, tmp_path):
    openai = filled.export(tmp_path / "a.json", format="openai")
    anthropic = filled.export(tmp_path / "b.json", format="anthropic")
    assert [m["role"] for m in json.loads(openai.read_text("utf-8"))] == [
        "system",
        "user",
        "assistant",
        "tool",
    ]
    assert json.loads(anthropic.read_text("utf-8"))["system"] == "Be brief."
    earlier = filled.export(tmp_path / "c.json", format="openai", at="HEAD~4")
    assert len(json.loads(earlier.read_text("utf-8"))) == 2


def test_markdown_is_for_people(filled, tmp_path):
    text = filled.export(tmp_path / "a.md", format="markdown").read_text("utf-8")
    assert text == (
        "## System\n\nBe brief.\n\n## User\n\nWhere is it?\n\n"
        '## Assistant\n\nLet me look.\n\n`find` (c1)\n\n```json\n{"a": 1}\n```\n\n'
        "## Tool (find)\n\n````\n```\nin the shed\n```\n````\n"
    )


def test_an_export_replaces_a_file_and_follows_a_link(filled, tmp_path):
    target = tmp_path / "real.md"
    target.write_text("old")
    link = tmp_path / "link.md"
    link.symlink_to(target)
    filled.export(link, format="markdown")
    assert link.is_symlink()
    assert target.read_text("utf-8").startswith("## System")
    assert sorted(p.name for p in tmp_path.iterdir() if "contexts" not in p.name) == [
        "link.md",
        "real.md",
    ]


def test_an_export_that_cannot_be_leaves_nothing(filled, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    folder = tmp_path / "folder"
    folder.mkdir()
    for path in (pipe, folder, "a\0b", "\ud800", 5, "x" * 300):
        with pytest.raises((InvalidInput, StoreError)) as caught:
            filled.export(path, format="markdown")
        assert caught.value.hint
    with pytest.raises(StoreError):
        filled.export(folder / "no" / "where.md", format="markdown")
    with pytest.raises(UnknownProvider):
        filled.export(tmp_path / "a.xml", format="xml")
    with pytest.raises(NotFound):
        filled.export(tmp_path / "a.md", format="markdown", at="nope")
    assert pipe.is_fifo()
    assert list(folder.iterdir()) == []
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_verify_counts_what_it_checked(filled, backend):
    report = filled.verify()
    assert report.ok
    assert (report.commits, report.problems) == (6, ())
    assert report.blobs == 5
    filled.close()
    with pytest.raises(Closed):
        filled.verify()


def test_verify_counts_what_can_be_read_of_a_damaged_store(tmp_path):
    path = tmp_path / "a.db"
    with Tract.open(path) as t:
        t.extend([{"role": "user", "content": word} for word in ("one", "two", "three")])
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE blobs SET data = x'00' WHERE key = (SELECT max(key) FROM blobs)")
    with Session.open(path, read_only=True) as s:
        report = s.verify()
    assert not report.ok
    assert (report.commits, report.blobs) == (3, 2)


def test_a_session_verifies_a_store_without_opening_a_tract(tmp_path):
    with Tract.open(tmp_path / "a.db") as t:
        t.user("one")
    with Session.open(tmp_path / "a.db", read_only=True) as s:
        assert s.verify().commits == 1


def test_a_world_readable_store_is_a_warning(tmp_path):
    path = Path(tmp_path / "a.db")
    with Tract.open(path) as t:
        t.user("one")
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        report = t.verify()
    assert report.ok
    assert any("chmod" in warning.message for warning in report.warnings)
