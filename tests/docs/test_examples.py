"""Every example in the README and the docs runs.

Python blocks of one page share a namespace and a fresh folder, as a reader who follows along
would have it. Lines that begin with `$ tract` in console blocks are run one after the other in
another fresh folder; each must succeed. Where a page shows what is printed, behind `#>` in Python
and below the command in a console, that is what is printed, but for the ids of commits.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tract import Tract

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONCEPTS = sorted((ROOT / "docs" / "concepts").glob("*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(page.read_text("utf-8")) if kind == language]


COMMIT = re.compile(r"\b[0-9a-f]{8}\b")


def same(lines: list[str]) -> list[str]:
    """Lines without the ids of commits, which depend on when they were made."""
    return [COMMIT.sub("<commit>", line.rstrip()) for line in lines]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    for number, body in enumerate(blocks(page, "python")):
        exec(compile(body, f"{name(page)}[{number}]", "exec"), namespace)
        printed = same(capsys.readouterr().out.splitlines())
        shown = re.findall(r"^#> ?(.*)$", body, re.MULTILINE)
        assert printed == same(shown) or not shown
    for value in namespace.values():
        if callable(close := getattr(value, "close", None)) and type(value).__module__.startswith(
            "tract"
        ):
            close()


def commands(body: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines that it is said to print."""
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line, []))
        else:
            found[-1][1].append(line)
    return found


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=name)
def test_the_commands_of_a_page_succeed(page, tmp_path):
    ran = 0
    environment = {**os.environ, "HOME": str(tmp_path), "EDITOR": "true"}
    for body in blocks(page, "console"):
        for line, shown in commands(body):
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
                assert same(done.stdout.splitlines()) == same(shown) or not shown, line
                ran += 1
    assert ran


def test_the_readme_shows_what_is_printed():
    python, console = (blocks(ROOT / "README.md", kind) for kind in ("python", "console"))
    assert len(re.findall("^#> ", "".join(python), re.MULTILINE)) > 10
    assert any(shown for body in console for _, shown in commands(body))


def test_the_readme_pins_what_the_customer_was_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    body = next(body for body in blocks(ROOT / "README.md", "python") if "what we told" in body)
    namespace: dict[str, object] = {}
    exec(compile(body, "README.md", "exec"), namespace)
    t = namespace["t"]
    assert isinstance(t, Tract)
    with t:
        pinned = [entry.text for entry in t.entries() if entry.priority == "pinned"]
    assert pinned[-1] == "It has left our warehouse."


@pytest.mark.parametrize("page", [ROOT / "README.md", *CONCEPTS], ids=name)
def test_examples_leave_the_store_that_the_environment_names_alone(page):
    assert [body for body in blocks(page, "python") if "Tract.open()" in body] == []


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in PAGES:
        targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        broken += [f"{name(page)}: {to}" for to in targets if not (page.parent / to).exists()]
    assert broken == []
