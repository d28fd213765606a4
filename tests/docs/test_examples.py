"""Every example in the README and the docs runs.

Python blocks of one page share a namespace and a fresh folder, as a reader who follows along
would have it. Lines that begin with `$ tract` in console blocks are run one after the other in
another fresh folder; each must succeed.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(page.read_text("utf-8")) if kind == language]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for number, body in enumerate(blocks(page, "python")):
        exec(compile(body, f"{name(page)}[{number}]", "exec"), namespace)
    for value in namespace.values():
        if callable(close := getattr(value, "close", None)) and type(value).__module__.startswith(
            "tract"
        ):
            close()


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=name)
def test_the_commands_of_a_page_succeed(page, tmp_path):
    ran = 0
    environment = {**os.environ, "HOME": str(tmp_path), "EDITOR": "true"}
    for body in blocks(page, "console"):
        for line in body.splitlines():
            if line.startswith("$ tract"):
                words = shlex.split(line[2:], comments=True)[1:]
                done = subprocess.run(
                    [sys.executable, "-m", "tract.cli", *words],
                    cwd=tmp_path,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                ran += 1
    assert ran


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in PAGES:
        targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        broken += [f"{name(page)}: {to}" for to in targets if not (page.parent / to).exists()]
    assert broken == []
