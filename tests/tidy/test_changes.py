"""A release's notes are put together from one small file per change."""

from pathlib import Path

import pytest

from tools import changes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "changes").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nIntro.\n", encoding="utf-8")
    (tmp_path / "changes" / "README.md").write_text("How to.\n", encoding="utf-8")
    return tmp_path


def add(root: Path, name: str, text: str) -> None:
    (root / "changes" / name).write_text(text, encoding="utf-8")


def test_releases_stand_newest_first_and_use_their_fragments_up(root: Path) -> None:
    add(root, "log-page.added.md", "`log` pages.\nOn a terminal.\n")
    add(root, "odd-names.fixed.md", "Odd names work.\n")
    changes.release(root, "0.1.0", "2026-01-02")
    add(root, "merge.added.md", "`merge`.\n")
    changes.release(root, "0.2.0", "2026-02-03")

    assert (root / "CHANGELOG.md").read_text(encoding="utf-8") == (
        "# Changelog\n\nIntro.\n\n"
        "## 0.2.0 (2026-02-03)\n\n### Added\n\n- `merge`.\n\n"
        "## 0.1.0 (2026-01-02)\n\n### Added\n\n- `log` pages.\n  On a terminal.\n\n"
        "### Fixed\n\n- Odd names work.\n"
    )
    assert changes.fragments(root / "changes") == []


@pytest.mark.parametrize(
    ("name", "text"),
    [("log.new.md", "x"), ("Log.added.md", "x"), ("log.added", "x"), ("log.added.md", " \n")],
)
def test_a_wrong_fragment_is_named_and_stops_the_release(root: Path, name: str, text: str) -> None:
    add(root, name, text)
    (finding,) = changes.misnamed(root / "changes")
    assert finding.startswith(f"{name}: ")
    with pytest.raises(SystemExit, match=name):
        changes.release(root, "0.1.0", "2026-01-02")
    assert "0.1.0" not in (root / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_release_of_nothing_is_refused(root: Path) -> None:
    with pytest.raises(SystemExit, match="no fragment"):
        changes.release(root, "0.1.0", "2026-01-02")
