"""Writes the lock files in ``requirements/`` from ``pyproject.toml``.

There is one file per thing a person may want to install: ``run.txt`` (what ``tract`` needs, and
the build backend that installs it), ``dev.txt`` (that, and all that ``make check`` runs),
``peers.txt`` (what ``run.txt`` has, and the libraries that the benchmarks compare us with) and
``lock.txt`` (the resolver behind this very tool). The files hold for every platform and every
Python we support, each release is pinned by its hashes, and none says where it comes from: the
place to download from is a matter of the machine, so a lock works behind any mirror.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON_MINIMUM = "3.11"

#: What goes into each file; `dev.txt` comes first because it binds the others.
LOCKS: dict[str, list[str]] = {
    "dev.txt": ["pyproject.toml", "--group", "dev"],
    "run.txt": ["pyproject.toml", "--group", "build", "--constraints", "requirements/dev.txt"],
    "lock.txt": ["--group", "lock"],
    "peers.txt": [
        *("pyproject.toml", "--group", "build", "--group", "peers"),
        *("--constraints", "requirements/dev.txt"),
    ],
}

#: An address, a host's name or a path on somebody's machine: none belongs into a lock.
FOREIGN = re.compile(
    r"://"  # any address
    r"|(?:^|\s)--(?!hash=)\S+"  # any option but a hash, such as one that names an index
    r"|\s@\s"  # a direct reference
    r"|(?:^|\s)(?:[A-Za-z]:\\|\.{0,2}/)\S+",  # an absolute or relative path
)


def foreign_lines(text: str) -> list[str]:
    """The lines of a lock that say where something lies.

    Args:
        text: A lock file's content.

    Returns:
        The offending lines as they stand, in order; empty for a good lock.

    Example:
        >>> foreign_lines("--pre")
        ['--pre']
    """
    return [line for line in text.splitlines() if FOREIGN.search(line)]


def write(name: str, inputs: list[str], *, upgrade: bool) -> None:
    """Resolve one lock file and write it.

    Args:
        name: The file's name inside ``requirements/``.
        inputs: What the resolver reads, as its arguments.
        upgrade: Take the newest releases instead of keeping what is pinned already.

    Raises:
        SystemExit: If the resolver fails, or its answer names a place.
    """
    target = ROOT / "requirements" / name
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", *inputs),
        *("--universal", "--python-version", PYTHON_MINIMUM),
        *("--generate-hashes", "--no-emit-index-url", "--no-header"),
        *("--no-config", "--quiet", "--output-file", str(target)),
        *(["--upgrade"] if upgrade else []),
    ]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"tools.lock: cannot resolve {name}:\n{done.stderr}")
    if found := foreign_lines(target.read_text(encoding="utf-8")):
        sys.exit(f"tools.lock: {name} says where something lies: {found[0].strip()!r}")
    print(f"requirements/{name}")


def main() -> None:
    """Write every lock file."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=main.__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest releases")
    options = parser.parse_args()
    for name, inputs in LOCKS.items():
        write(name, inputs, upgrade=options.upgrade)


if __name__ == "__main__":
    main()
