"""The rules that no off-the-shelf linter knows, as functions over parsed source.

Each rule takes what it looks at as an argument and answers a list of findings, one readable line
each, so that the tests can run it over the package and, just as well, over a few bad lines to see
that it still bites. Nothing here imports the package it judges: a rule reads text, and a broken
module is reported by whoever imports it.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
SENTENCES_MIN = 2

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Door:
    """One import inside a function that is allowed, and why.

    Attributes:
        file: The importing file, relative to the package's folder, with forward slashes.
        module: What it may import there: a module and all inside it, or ``*`` where the name is
            computed.
        reason: What the import would cost at the top of the file.
    """

    file: str
    module: str
    reason: str


@dataclass(frozen=True)
class Module:
    """One source file of a package."""

    file: str
    name: str
    is_package: bool
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.source, filename=self.file)

    @property
    def room(self) -> str:
        """The innermost package this module stands in; a package stands in itself."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


def load(package: Path) -> list[Module]:
    """Read every source file of a package, in a fixed order."""
    return [_module(package, path) for path in sorted(package.rglob("*.py"))]


def _module(package: Path, path: Path) -> Module:
    parts = path.relative_to(package.parent).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return Module(
        file=path.relative_to(package).as_posix(),
        name=".".join(parts[:-1] if is_package else parts),
        is_package=is_package,
        source=path.read_text(encoding="utf-8"),
    )


# --- imports ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Import:
    """One name brought in: the module it comes from, and the name taken out of it, if any."""

    line: int
    module: str
    taken: str | None


def imports(node: ast.AST, module: Module, known: frozenset[str]) -> Iterator[Import]:
    """What lies in ``node`` as import statements or as calls that import by name."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Import):
            yield from (Import(inner.lineno, alias.name, None) for alias in inner.names)
        elif isinstance(inner, ast.ImportFrom):
            origin = _absolute(inner, module)
            for alias in inner.names:
                inside = f"{origin}.{alias.name}"
                if inside in known:
                    yield Import(inner.lineno, inside, None)
                else:
                    yield Import(inner.lineno, origin, alias.name)
        elif isinstance(inner, ast.Call) and _called(inner) in {"import_module", "__import__"}:
            first = inner.args[0] if inner.args else None
            literal = first.value if isinstance(first, ast.Constant) else "*"
            yield Import(inner.lineno, str(literal), None)


def _absolute(node: ast.ImportFrom, module: Module) -> str:
    if not node.level:
        return node.module or ""
    base = module.room.split(".")
    base = base[: len(base) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _names(modules: Iterable[Module]) -> frozenset[str]:
    return frozenset(module.name for module in modules)


def hidden_imports(modules: list[Module], doors: Iterable[Door]) -> list[str]:
    """Imports inside functions that have no door, and doors that nobody walks through."""
    unused = set(doors)
    found: dict[tuple[str, int, str], None] = {}
    for module in modules:
        for function in _functions(module.tree):
            for item in imports(function, module, _names(modules)):
                door = next((d for d in doors if _opens(d, module.file, item.module)), None)
                unused.discard(door) if door else None
                if not door:
                    found[module.file, item.line, item.module] = None
    return [
        *(f"{file}:{line}: imports {name} inside a function" for file, line, name in found),
        *(f"{d.file}: the door to {d.module} is not used" for d in sorted(unused, key=str)),
    ]


def _opens(door: Door, file: str, name: str) -> bool:
    return door.file == file and (name == door.module or name.startswith(f"{door.module}."))


def back_doors(modules: list[Module]) -> list[str]:
    """Imports that enter a room other than through its ``__init__``.

    A room is a package. Whoever stands outside it may import the package itself and nothing
    inside; a package within a room is furniture of that room, so only the room itself may enter
    it, and it, too, only by its ``__init__``.
    """
    known = _names(modules)
    root = modules[0].name.split(".")[0] if modules else ""
    found: dict[str, None] = {}
    for module in modules:
        for item in imports(module.tree, module, known):
            if item.module.split(".")[0] != root or item.module == root:
                continue
            room = item.module.rpartition(".")[0]
            if not _within(module.name, room):
                found[f"{module.file}:{item.line}: enters {room} by {item.module}"] = None
            elif item.taken and _private(item.taken) and not _within(module.name, item.module):
                found[f"{module.file}:{item.line}: takes {item.taken} of {item.module}"] = None
    return list(found)


def _within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def _private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


# --- sizes -----------------------------------------------------------------------------------


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def long_functions(modules: list[Module], lines_max: int = FUNCTION_LINES_MAX) -> list[str]:
    """Functions with more lines than a screen holds, decorators and docstring left out.

    The docstrings of a public face say every argument, error and example; what must fit a screen
    is what a reader has to keep in mind.
    """
    return [
        f"{module.file}:{function.lineno}: {function.name} has {lines} lines, over {lines_max}"
        for module in modules
        for function in _functions(module.tree)
        if (lines := (function.end_lineno or 0) - function.lineno + 1 - _docstring_lines(function))
        > lines_max
    ]


def _docstring_lines(node: ast.AST) -> int:
    """Lines of a docstring that stand in the way of reading the code around it."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return 0
    first = node.body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return 0
    return (first.end_lineno or 0) - first.lineno + 1 if isinstance(first.value.value, str) else 0


def long_files(modules: list[Module], lines_max: int = FILE_LINES_MAX) -> list[str]:
    """Files with more lines than one sitting reads, docstrings of functions and classes left out."""
    return [
        f"{module.file}: {lines} lines, over {lines_max}"
        for module in modules
        if (
            lines := len(module.source.splitlines())
            - sum(_docstring_lines(node) for node in ast.walk(module.tree))
        )
        > lines_max
    ]


# --- words -----------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?][\"')`*]*(?=\s|$)")


def thin_docstrings(modules: list[Module], sentences_min: int = SENTENCES_MIN) -> list[str]:
    """Modules that do not open with what lives there and why.

    Two sentences at least, one in an ``__init__``: a door needs no more than a sign.
    """
    found = []
    for module in modules:
        text = ast.get_docstring(module.tree) or ""
        wanted = 1 if module.is_package else sentences_min
        sentences = len(_SENTENCE_END.findall(text))
        if sentences < wanted:
            found.append(f"{module.file}: its docstring has {sentences} sentences, under {wanted}")
    return found


_UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")


def leftovers(modules: list[Module]) -> list[str]:
    """Work put off: a reminder in a comment or a text, or a body that only says "not yet"."""
    found = []
    for module in modules:
        for token in tokenize.generate_tokens(io.StringIO(module.source).readline):
            reminder = _UNFINISHED.search(token.string)
            if reminder and token.type in {tokenize.COMMENT, tokenize.STRING}:
                found.append(f"{module.file}:{token.start[0]}: {reminder[0]}")
            elif token.type == tokenize.NAME and token.string == "NotImplementedError":
                found.append(f"{module.file}:{token.start[0]}: {token.string}")
    return found


# --- doors -----------------------------------------------------------------------------------


def inexact_exports(modules: list[Module]) -> list[str]:
    """Rooms whose ``__all__`` is not exactly what they show.

    What a room's ``__init__`` defines or takes from its own furniture under a public name is what
    it shows. Names from elsewhere may be passed on by listing them; a listed name must exist.
    """
    known = _names(modules)
    found = []
    for module in modules:
        if not module.is_package:
            continue
        listed = _listed(module.tree)
        if listed is None:
            found.append(f"{module.file}: has no __all__ that is a plain list of names")
            continue
        shown, bound = _shown(module, known)
        found += [f"{module.file}: {n} is missing in __all__" for n in sorted(shown - {*listed})]
        found += [f"{module.file}: {n} in __all__ is not there" for n in sorted({*listed} - bound)]
        twice = sorted({name for name in listed if listed.count(name) > 1})
        found += [f"{module.file}: {n} is in __all__ twice" for n in twice]
    return found


def _listed(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name) and target.id == "__all__":
            if not isinstance(value, ast.List | ast.Tuple):
                return None
            names = [e.value for e in value.elts if isinstance(e, ast.Constant)]
            texts = [name for name in names if isinstance(name, str)]
            return texts if len(texts) == len(value.elts) else None
    return None


def _shown(module: Module, known: frozenset[str]) -> tuple[set[str], set[str]]:
    """The names a package shows by defining or importing them, and all names bound in it."""
    own: set[str] = set()
    bound = {name.rpartition(".")[2] for name in known if name.rpartition(".")[0] == module.name}
    for node in _top_level(module.tree.body):
        if isinstance(node, ast.Import):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {alias.asname or alias.name for alias in node.names}
            bound |= names
            if _within(_absolute(node, module), module.name):
                own |= names
        elif isinstance(node, Function | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Assign):
            own |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            own.add(node.target.id)
    return {name for name in own if not name.startswith("_")}, own | bound


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _top_level([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _top_level([*node.body, *node.orelse, *node.finalbody])


# --- places ----------------------------------------------------------------------------------

#: Addresses of package registries, options that name one, and paths on somebody's machine. Spelt
#: in pieces, so that this file keeps its own rule.
FOREIGN = re.compile(
    "|".join(
        (
            r"\bpypi" + r"\.org\b",
            r"\bpython" + r"hosted\.org\b",
            r"\bregistry\." + r"npmjs\b",
            r"\bdeb\." + r"debian\b",
            r"(?:index-" + r"url|find-" + r"links)[\"']?[ =,]+[\"']?(?:https?:|file:|/)",
            r"(?<![\w.~-])/(?:work|root|home|Users|opt)" + r"/\w[\w./-]*",
            r"\b[A-Z]:\\" + r"Users\b",
            r"\bfile:" + r"///\w",
        )
    )
)


def foreign_places(files: Iterable[tuple[str, bytes]]) -> list[str]:
    """Lines that name a package registry or a path on somebody's machine.

    Args:
        files: Pairs of a file's name and its bytes; binary files are searched as well.
    """
    found = []
    for name, data in files:
        for number, line in enumerate(data.decode("latin-1").splitlines(), 1):
            if place := FOREIGN.search(line):
                found.append(f"{name}:{number}: {place[0]}")
    return found
