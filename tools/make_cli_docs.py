"""Writes the reference page of the command line from the commands themselves.

What a command takes is its help page, and what it gives to programs is the type of each object
that it prints with ``--json``: both are read from the code, so that the page cannot say anything
else than the program does.
"""

import argparse
import inspect
import re
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import click

from tract.cli import root

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "cli.md"
COLUMNS = 88

HEAD = """\
# The command line

<!-- Written by `python -m tools.make_cli_docs`; change the commands, not this page. -->

`tract` does with git's habits what the Python package does. Each command is one call of the
package, so that everything said there holds here: what was acknowledged is kept, and what failed
has changed nothing.

## The store and the tract

`tract init` makes a store, a file that only you can read: `.tract.db` in this folder, or in the
folder that is named, or a file of the name that is given. Every other command looks for one: the
one that `--db` names (a path or a URL), else the one in `$TRACT_DB`, else the nearest `.tract.db`
in this folder and those above it.

A store holds tracts, each a context with branches of its own. A command is about the tract that
`--tract` (`-t`) names, by name or id. Where none is named it is

1. the only tract that has commits, such as the one that `tract import` made beside an empty `main`;
2. else `main`. Where `main` is empty and several other tracts are not, a command that reads says so
   on standard error, and one that writes is refused (exit code 2) until `-t` says which is meant;
3. where several tracts are there and none is called `main`, `-t` has to be given.

Whatever is written, the answer names tract, branch and commit: `[chat/main f1375632]`. Where a
tract was left (`branch`, `switch`) is kept in the store: the next command goes on there.

A `TARGET` is a commit id or the beginning of one (four hex digits or more), a branch, `HEAD`, or
one of these with `~3` behind it for the third commit before.

## Output

For people: contents are shown with control characters escaped (`\\x1b`), since they come from
models and tools; nothing in them can steer the terminal. Colours and the pager (`$TRACT_PAGER`,
else `$PAGER`, else `less`) are used on a terminal only; `--no-pager` and a pager called `cat` turn
the pager off, `--no-color` and `NO_COLOR` turn colours off, `FORCE_COLOR` turns them on. Lines are cut to the terminal, or to `$COLUMNS` where that is set, and are whole in
a pipe. Imported commits that came without a time say `no time`.

What is mended, left out to keep a budget, or left out or said another way because a provider's
format cannot say it, is listed with its commits: on standard error as `note: ...` where standard
output is a provider's JSON (`compile --format openai`, `export -`), else below what is shown.

For programs: with `--json`, before or after the command's name, one JSON object is printed on
standard output, whatever happens. Its keys and their types are listed with each command, and the
types [at the end](#objects). They are a promise: fields are added, never renamed or removed.

## Exit codes

| code | meaning |
|---|---|
| 0 | it was done |
| 1 | it could not be done; or `verify` found damage, `compile --check` an issue, `import` nothing but bad records in a file |
| 2 | the command line could not be understood, or does not say which tract is meant |
| 3 | kept for commands that wait for a decision |
| 130 | interrupted |

An error is a line `error: ...` on standard error, and mostly a line `hint: ...` that says what to
do. With `--json` it is an object on standard output instead, `{"error": ...}` with an
[error](#error-object). `TRACT_DEBUG=1` adds the traceback of a bug. An output that was closed
(`tract log >&-`) takes nothing, and is no error. Where the work was done but its answer could not
be written (a full disk behind `>`), a line on standard error says so, and the code is 0: doing it
again would do it twice.

Whatever changes the store takes `--dry-run`: all of it is done in a transaction that is taken
back, so that it fails where the real call would fail.

## Completion

The shell completes commands and options after one of these lines, which may go into its profile:

```sh
eval "$(_TRACT_COMPLETE=bash_source tract)"     # bash 4.4 or later
eval "$(_TRACT_COMPLETE=zsh_source tract)"      # zsh
_TRACT_COMPLETE=fish_source tract | source      # fish
```

## Commands
"""


SHARED = re.compile(r"Options of every command.*?(?=\n\n|\Z)\n*", re.DOTALL)


def page() -> str:
    """Return the whole page.

    Example:
        >>> page().startswith("# The command line")
        True
    """
    context = click.Context(
        root, info_name="tract", max_content_width=COLUMNS, **root.context_settings
    )
    context.terminal_width = COLUMNS
    parts = [HEAD, fenced(root.get_help(context))]
    shapes: dict[str, type] = {}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if command is not None:
            parts += section(name, command, context, shapes)
    parts.append("\n## Objects")
    told(root.gives[0], shapes)
    parts += [described(shape, shapes) for _, shape in walked(shapes)]
    return "\n".join(parts) + "\n"


def section(
    name: str, command: click.Command, parent: click.Context, shapes: dict[str, type]
) -> Iterator[str]:
    """Yield what the page says about one command, and note the shapes that it names."""
    context = click.Context(command, info_name=name, parent=parent)
    yield f"\n### tract {name}\n"
    yield fenced(SHARED.sub("", command.get_help(context)))
    gives = [told(keys, shapes) for keys in getattr(command, "gives", ())]
    yield f"\nWith `--json`: {', or '.join(gives)}"


def fenced(text: str) -> str:
    """Return a text as a block that is shown as it is."""
    return f"```text\n{text.rstrip()}\n```"


def told(keys: Mapping[str, Any], shapes: dict[str, type]) -> str:
    """Return an object in words, and note the shapes in it."""
    return ", ".join(f"`{key}`: {worded(kind, shapes)}" for key, kind in keys.items())


def worded(kind: Any, shapes: dict[str, type]) -> str:
    """Return a type in words, and note the shapes in it."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return " or ".join(worded(one, shapes) for one in inner)
    if origin is list:
        return f"list of {worded(inner[0], shapes)}"
    if origin is dict:
        value = inner[1]
        return "object" if value is Any else f"object of {worded(value, shapes)}"
    if is_typeddict(kind):
        title = title_of(kind)
        shapes[title] = kind
        return f"[{title}](#{title}-object)"
    return {str: "text", int: "int", float: "number", bool: "bool", type(None): "null"}[kind]


def title_of(shape: type) -> str:
    """Return what the page calls a shape.

    Example:
        >>> title_of(type("BranchNameShape", (), {}))
        'branch-name'
    """
    words = shape.__name__.removesuffix("Shape")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", words).lower()


def walked(shapes: dict[str, type]) -> Iterator[tuple[str, type]]:
    """Yield every shape by its title, those that only other shapes name included."""
    seen: set[str] = set()
    while missing := sorted(set(shapes) - seen):
        for title in missing:
            seen.add(title)
            for kind in get_type_hints(shapes[title]).values():
                worded(kind, shapes)
    for title in sorted(shapes):
        yield title, shapes[title]


def described(shape: type, shapes: dict[str, type]) -> str:
    """Return the part of the page about one shape: what it is, and a row for each field."""
    hints = get_type_hints(shape)
    says: dict[str, str] = {}
    for other in (*shapes.values(), shape):  # a shape that extends another leaves its fields to it
        if get_type_hints(other).items() <= hints.items():
            says |= fields_of(other)
    head = (inspect.getdoc(shape) or "").split("\n\n", maxsplit=1)[0]
    rows = [f"| `{name}` | {worded(kind, shapes)} | {says[name]} |" for name, kind in hints.items()]
    return "\n".join(
        [
            f"\n### {title_of(shape)} object\n",
            head,
            "",
            "| field | type | |",
            "|---|---|---|",
            *rows,
        ]
    )


def fields_of(shape: type) -> dict[str, str]:
    """Return what a shape's docstring says of its fields."""
    text = (inspect.getdoc(shape) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    return {name: " ".join(said.split()).replace("|", "\\|") for name, said in found}


def main() -> None:
    """Write the page, or compare it when told ``--check``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    text = page()
    if not check:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        name = PAGE.relative_to(ROOT).as_posix()
        sys.exit(f"{name} is not what the commands say: run `python -m tools.make_cli_docs`")


if __name__ == "__main__":
    main()
