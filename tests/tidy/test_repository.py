"""The repository can be given to anyone: nothing in it points at a machine or a registry.

The lock files are part of that promise. They say what is installed, byte for byte, and leave to
each machine where it comes from.
"""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import tract
from tests.tidy import rules
from tools import changes, lock

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(text: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def locked(name: str) -> dict[str, str]:
    return pins((ROOT / "requirements" / name).read_text(encoding="utf-8"))


def unmet(wanted: list[str], pinned: dict[str, str]) -> list[str]:
    """The requirements that a lock does not fulfil."""
    asked = [Requirement(text) for text in wanted]
    return [
        str(r)
        for r in asked
        if canonicalize_name(r.name) not in pinned
        or not r.specifier.contains(pinned[canonicalize_name(r.name)], prereleases=True)
    ]


def kept_files() -> list[tuple[str, bytes]]:
    """Every file that is, or is about to be, in version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    if listed.returncode:
        pytest.skip("this is not a git checkout, so nothing says which files are kept")
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [(name, (ROOT / name).read_bytes()) for name in names if (ROOT / name).is_file()]


def test_no_kept_file_names_a_machine_or_a_registry() -> None:
    if found := rules.foreign_places(kept_files()):
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize(
    "line",
    [
        "see /wo" + "rk/main/x.py",
        'path = "/ho' + 'me/ada/x.py"',
        "C:\\Us" + "ers\\ada",
        "https://py" + "pi.org/simple",
        "--index-u" + "rl https://mirror.example/simple",
        "find-li" + "nks = /mnt/wheels",
        "file:/" + "//srv/x",
    ],
)
def test_a_place_on_a_machine_is_reported(line: str) -> None:
    (finding,) = rules.foreign_places([("a.txt", b"fine\n" + line.encode() + b"\n")])
    assert finding.startswith("a.txt:2: ")


@pytest.mark.parametrize(
    "line", ["src/wo" + "rk/x.py", "https://example.org/ho" + "me/x", "a /wo" + "rks/ b", "~/x"]
)
def test_what_only_looks_like_a_place_is_not(line: str) -> None:
    assert rules.foreign_places([("a.txt", line.encode())]) == []


@pytest.mark.parametrize("name", sorted(lock.LOCKS))
def test_locks_say_what_and_never_where(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert lock.foreign_lines(text) == []
    assert pins(text)
    assert text.count("--hash=sha256:") >= len(pins(text))


@pytest.mark.parametrize(
    "line",
    [
        "--index-u" + "rl mirror",
        "--pre",
        "click @ git+ssh:" + "//host/click",
        "    # from https:" + "//host/simple",
        "-r /etc/more.txt",
        "    # via -r ../more.txt",
    ],
)
def test_a_lock_that_says_where_is_reported(line: str) -> None:
    assert lock.foreign_lines(
        f"click==8.5.1 \\\n    --hash=sha256:00\n    # via tract-ai\n{line}\n"
    ) == [line]


def test_every_described_dependency_is_locked(described: dict[str, Any]) -> None:
    groups: dict[str, list[Any]] = described["dependency-groups"]
    runtime: list[str] = described["project"]["dependencies"]
    build: list[str] = described["build-system"]["requires"]
    everything = [text for group in groups.values() for text in group if isinstance(text, str)]
    assert unmet([*runtime, *build], locked("run.txt")) == []
    assert (
        unmet(
            [*runtime, *build, *everything],
            locked("dev.txt") | locked("lock.txt") | locked("peers.txt"),
        )
        == []
    )


def test_a_dependency_that_is_not_locked_is_reported() -> None:
    pinned = pins("Click==8.0.1 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n")
    assert unmet(["click>=8", "click>=8.1", "rich"], pinned) == ["click>=8.1", "rich"]


def test_the_locks_agree() -> None:
    assert locked("run.txt").items() <= locked("dev.txt").items()


def test_the_package_knows_its_version(described: dict[str, Any]) -> None:
    assert tract.__version__ == described["project"]["version"]


def test_make_check_runs_every_tool_that_can_compare() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^GENERATORS := (.*)$", makefile, re.MULTILINE)
    comparing = {
        f"tools.{path.stem}"
        for path in (ROOT / "tools").glob("*.py")
        if '"--check"' in path.read_text(encoding="utf-8")
    }
    assert comparing == set(listed.split())


def test_waiting_changes_are_well_named() -> None:
    assert changes.misnamed(ROOT / "changes") == []
