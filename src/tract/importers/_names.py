"""Names for what comes without one: tracts named after files, branches after what a source says.

A name depends on the source alone, so that the same file finds its tract again, and keeps git's
rules whatever the file is called.
"""

import hashlib
import re
from collections import Counter

from tract.errors import InvalidInput, printable
from tract.objects import check_name

_FORBIDDEN = re.compile(r"[\s~^:?*\[\\/]+")
BYTES_MAX = 120
_DIGEST_CHARS = 8


def name_of(text: object, *, bytes_max: int = BYTES_MAX, fallback: str = "import") -> str:
    """Return a name that says `text` as well as git's rules allow.

    Args:
        text: a file's stem, a task's id, ...
        bytes_max: its longest form in bytes; a longer one is cut and told apart by a digest.
        fallback: the name where nothing usable is left.

    Example:
        >>> name_of("my chat (1)..json")
        'my-chat-(1).json'
    """
    plain = printable(text, limit=None).replace("@{", "@-")
    name = re.sub(r"\.{2,}", ".", _FORBIDDEN.sub("-", plain))
    name = name.strip("-.")
    if len(name.encode()) > bytes_max:
        digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARS]
        name = f"{name.encode()[: bytes_max - 1 - _DIGEST_CHARS].decode(errors='ignore')}-{digest}"
    while name.endswith(".lock"):
        name = name[: -len(".lock")].rstrip("-.")
    try:
        return check_name(name, "tract")
    except InvalidInput:
        return fallback


class Names:
    """Gives names that nobody else in a file has, in the file's order.

    Example:
        >>> names = Names()
        >>> names.new("trial-0"), names.new("trial-0")
        ('trial-0', 'trial-0-2')
    """

    def __init__(self) -> None:
        self._uses: Counter[str] = Counter()
        self._given: set[str] = set()
        self._owned: dict[str, str] = {}

    def new(self, wanted: str) -> str:
        """Return `wanted`, or with a number behind it where it was given before."""
        name = wanted
        while name in self._given:
            self._uses[wanted] += 1
            name = f"{wanted}-{self._uses[wanted] + 1}"
        self._given.add(name)
        return name

    def of(self, key: str, wanted: str) -> str:
        """Return the name that `key` has; the first time a new one."""
        if key not in self._owned:
            self._owned[key] = self.new(wanted)
        return self._owned[key]
