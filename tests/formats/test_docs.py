"""The page on formats lists what the code does: every notice and every rule, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import tract.formats

ROOM = Path(tract.formats.__file__).parent
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "formats.md"


def named_in(paths: list[Path], callers: set[str]) -> set[str]:
    """The rules that the modules name when they call one of these."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return {rule for tree in trees for rule in _rules(tree, callers)}


def _rules(tree: ast.AST, callers: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in callers and node.args:
                yield from _texts(node.args[0])
        elif isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == ["rule"]:
            yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def listed(heading: str) -> set[str]:
    """The words in the first column of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([a-z_]+)`", row)}


def test_the_page_lists_every_notice() -> None:
    modules = [path for path in ROOM.glob("*.py") if not path.stem.endswith("_check")]
    assert listed("Rendering") == named_in(modules, {"_note", "Notice"})


def test_the_page_lists_every_rule() -> None:
    modules = [*ROOM.glob("*_check.py"), ROOM / "_findings.py"]
    assert listed("Checking") == named_in(modules, {"add"})
