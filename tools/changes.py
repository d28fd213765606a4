"""Collects the fragments in ``changes/`` into ``CHANGELOG.md``.

A change that a user can notice brings its own small file, so that two changes never fight over
the same line, and a release is put together without reading the history. See
``changes/README.md`` for how a fragment is named and written.
"""

import argparse
import datetime as dt
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")

_NAME = re.compile(rf"[a-z0-9]+(?:-[a-z0-9]+)*\.(?:{'|'.join(KINDS)})\.md")
_RELEASE = re.compile(r"^## ", re.MULTILINE)


def fragments(folder: Path) -> list[Path]:
    """The fragments waiting in a folder, by name; its README is none."""
    return sorted(path for path in folder.iterdir() if path.name != "README.md")


def misnamed(folder: Path) -> list[str]:
    """What is wrong with the fragments in a folder.

    Args:
        folder: Usually ``changes/``.

    Returns:
        One line per fragment that has another name than ``SLUG.KIND.md`` or nothing to say.
    """
    found = []
    for path in fragments(folder):
        if not _NAME.fullmatch(path.name):
            found.append(f"{path.name}: not SLUG.KIND.md with KIND one of {', '.join(KINDS)}")
        elif not path.read_text(encoding="utf-8").strip():
            found.append(f"{path.name}: says nothing")
    return found


def section(folder: Path, version: str, day: str) -> str:
    """The text of a release.

    Args:
        folder: Where the fragments are.
        version: The release's version, such as ``0.2.0``.
        day: The release's date, such as ``2026-11-25``.

    Returns:
        Markdown: a heading, then per kind its fragments as list items, in order of their names.
    """
    lines = [f"## {version} ({day})", ""]
    for kind in KINDS:
        texts = [
            path.read_text(encoding="utf-8").strip()
            for path in fragments(folder)
            if path.name.endswith(f".{kind}.md")
        ]
        if texts:
            items = ["- " + text.replace("\n", "\n  ") for text in texts]
            lines += [f"### {kind.capitalize()}", "", *items, ""]
    return "\n".join(lines)


def release(root: Path, version: str, day: str) -> None:
    """Move all fragments into the changelog, above the releases before.

    Args:
        root: The folder with ``CHANGELOG.md`` and ``changes/``.
        version: The release's version.
        day: The release's date.

    Raises:
        SystemExit: If a fragment is wrong or there is none; nothing is written then.
    """
    folder, changelog = root / "changes", root / "CHANGELOG.md"
    if wrong := misnamed(folder):
        sys.exit("tools.changes: " + "\n".join(wrong))
    if not fragments(folder):
        sys.exit(f"tools.changes: no fragment is waiting for {version}")
    text = changelog.read_text(encoding="utf-8")
    newest = _RELEASE.search(text)
    at = newest.start() if newest else len(text)
    new = text[:at].rstrip() + "\n\n" + section(folder, version, day) + "\n" + text[at:]
    changelog.write_text(new.rstrip() + "\n", encoding="utf-8")
    for path in fragments(folder):
        path.unlink()


def main() -> None:
    """Show what waits for the next release, or release it."""
    parser = argparse.ArgumentParser(prog="python -m tools.changes", description=main.__doc__)
    parser.add_argument("version", nargs="?", help="release under this version")
    options = parser.parse_args()
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    if options.version:
        release(ROOT, options.version, today)
    else:
        print(section(ROOT / "changes", "next", "not released"))


if __name__ == "__main__":
    main()
