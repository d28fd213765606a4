"""Names of branches, tags and tracts: git's rules, so that a name can never be taken for anything else.

What a target may say (`~`, `^`, `:`, `@{`, `..`) can stand in no name, and a name that looks like
an option or a path trick is refused with the rule that it breaks.
"""

import re
import unicodedata
from collections.abc import Callable

from tract.errors import InvalidInput, printable
from tract.objects._canonical import check_text

# Characters that leave no mark, or none that tells them from a space: other spaces, formatting, fillers.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def _hidden(name: str) -> bool:
    return not name.isascii() and any(
        char in _FILLERS or unicodedata.category(char) in _UNSEEN for char in name
    )


_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda n: not n, "is empty"),
    (lambda n: n.startswith("-"), "begins with '-'"),
    (lambda n: n in {"HEAD", "@"}, "is reserved"),
    (lambda n: ".." in n, "contains '..'"),
    (lambda n: "@{" in n, "contains '@{'"),
    (
        lambda n: n.startswith("/") or n.endswith("/") or "//" in n,
        "has an empty part between slashes",
    ),
    (lambda n: n.endswith("."), "ends with '.'"),
    (
        lambda n: any(part.startswith(".") for part in n.split("/")),
        "has a part that begins with '.'",
    ),
    (
        lambda n: any(part.endswith(".lock") for part in n.split("/")),
        "has a part that ends with '.lock'",
    ),
    (
        lambda n: re.search(r"[ ~^:?*\[\\]", n) is not None,
        "contains a space or one of ~ ^ : ? * [ \\",
    ),
    (
        lambda n: printable(n, limit=None) != n or _hidden(n),
        "contains a control or invisible character",
    ),
)


def check_name(name: str, what: str, *, bytes_max: int = 200) -> str:
    """Return `name` if it can name a branch, tag or tract.

    Args:
        name: the name.
        what: "branch", "tag" or "tract", for the message.
        bytes_max: longest name, in UTF-8 bytes.

    Raises:
        InvalidInput: kind `invalid_name`, with the rule that it breaks.
    """
    if not isinstance(name, str):
        raise InvalidInput(
            f"{what} name {printable(repr(name))} is not text",
            kind="invalid_name",
            hint="Give the name as text.",
        )
    check_text(name, f"{what} name")
    for broken, rule in _RULES:
        if broken(name):
            raise InvalidInput(
                f"{what} name {printable(repr(name))} {rule}",
                kind="invalid_name",
                hint="Use letters, digits, '-', '_', '.' and '/'.",
            )
    if len(name.encode()) > bytes_max:
        raise InvalidInput(
            f"{what} name {printable(repr(name))} is longer than {bytes_max} bytes",
            kind="invalid_name",
            hint="Use a shorter name, or open with limits=Limits(name_bytes_max=...).",
        )
    return name
