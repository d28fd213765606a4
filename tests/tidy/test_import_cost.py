"""``import tract`` loads nothing that only some uses need.

An agent's process imports the library once per start, a command once per call; what is heavy
waits behind a door until it is used.
"""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "aiohttp",
    "alembic",
    "anthropic",
    "asyncio",
    "click",
    "http.client",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "mako",
    "openai",
    "requests",
    "rich",
    "sqlalchemy",
    "tiktoken",
    "urllib.request",
    "urllib3",
)


def heavy_after(statement: str, folder: Path) -> list[str]:
    """What a fresh interpreter has loaded of the heavy modules, once it ran one statement."""
    code = (
        f"import sys; before = set(sys.modules); {statement}; "
        f"print(*sorted((set(sys.modules) - before) & {set(HEAVY)!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def test_importing_tract_loads_nothing_heavy(tmp_path: Path) -> None:
    assert heavy_after("import tract", tmp_path) == []


@pytest.mark.parametrize("name", ["asyncio", "http.client", "sqlalchemy"])
def test_a_heavy_import_would_be_seen(tmp_path: Path, name: str) -> None:
    (tmp_path / "sample.py").write_text(f"import {name}\n", encoding="utf-8")
    assert name in heavy_after("import sample", tmp_path)
