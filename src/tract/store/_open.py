"""Finding a store: what a location means, and the door to the SQL backends.

They load SQLAlchemy, which takes longer than all the rest, so they wait behind the door until a
store is opened.
"""

import os
import re
from pathlib import Path
from typing import Any, cast

from tract.errors import InvalidInput, printable
from tract.store._store import Store

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def open_store(
    location: "str | os.PathLike[str] | Store | None",
    *,
    create: bool = True,
    read_only: bool = False,
    durability: str = "full",
    busy_timeout: float = 5.0,
) -> Store:
    """Return the store that a location names.

    Args:
        location: None or ":memory:" for a new store in memory, a path, a URL such as
            "sqlite:///contexts.db", or a store. None means $TRACT_DB where that is set.
        create: whether a missing file is made.
        read_only: open for reading only.
        durability: "full" (an acknowledged write survives power loss) or "normal" (the end of the process).
        busy_timeout: seconds that a writer waits for another.

    Raises:
        InvalidInput: an argument cannot be used, or the file is something else.
        NotFound: there is no store and `create` is false.
        StoreError: see its subclasses.
    """
    if durability not in ("full", "normal"):
        raise InvalidInput(
            f"durability {printable(repr(durability))} is unknown",
            kind="invalid_config",
            hint='Use "full" or "normal".',
        )
    for name, flag in (("create", create), ("read_only", read_only)):
        if not isinstance(flag, bool):
            raise InvalidInput(
                f"{name} {printable(repr(flag))} is neither True nor False",
                kind="invalid_config",
                hint="Give True or False.",
            )
    if (
        isinstance(busy_timeout, bool)
        or not isinstance(busy_timeout, (int, float))
        or not 0 <= busy_timeout <= 3600
    ):
        raise InvalidInput(
            f"busy_timeout {printable(repr(busy_timeout))} is not a number of seconds from 0 to 3600",
            kind="invalid_config",
            hint="Give seconds, such as 5.0.",
        )
    if location is None:
        location = os.environ.get("TRACT_DB") or ":memory:"
    if not isinstance(location, (str, os.PathLike)):
        if callable(getattr(location, "read", None)) and callable(getattr(location, "write", None)):
            return location
        raise InvalidInput(
            f"location {printable(repr(location))} is no path, URL or store",
            kind="invalid_location",
            hint='Give a file name, ":memory:", or an open store.',
        )
    path = _path(os.fspath(location))
    from tract.store.sql import SqlStore

    store = SqlStore(
        path,
        create=create,
        read_only=read_only,
        durability=durability,
        busy_timeout=float(busy_timeout),
    )
    return cast("Store", store)


def _path(location: Any) -> Path | None:
    if not isinstance(location, str):
        raise InvalidInput(
            f"location {printable(repr(location))} is not text",
            kind="invalid_location",
            hint="Give a file name as text.",
        )
    if location == ":memory:":
        return None
    if not location or "\0" in location or not _encodable(location):
        raise InvalidInput(
            f"location {printable(repr(location))} is no path",
            kind="invalid_location",
            hint="Give a file name.",
        )
    if not _URL.match(location):
        try:
            return Path(location).expanduser()
        except RuntimeError as error:
            raise InvalidInput(
                f"location {printable(repr(location))} is no path: {printable(error)}",
                kind="invalid_location",
                hint="Write the folder's whole name.",
            ) from None
    scheme, _, rest = location.partition("://")
    if scheme not in ("sqlite", "sqlite+pysqlite"):
        raise InvalidInput(
            f"database {printable(repr(scheme))} is not supported",
            kind="unknown_database",
            hint='Use a path, or "sqlite:///relative.db" or "sqlite:////absolute.db".',
        )
    if rest in ("", "/", "/:memory:"):
        return None
    if not rest.startswith("/"):
        raise InvalidInput(
            f"URL {printable(location)} names a host",
            kind="invalid_location",
            hint="Write sqlite:/// with three slashes.",
        )
    if "?" in rest or "#" in rest:
        raise InvalidInput(
            f"URL {printable(location)} has options, which are not understood",
            kind="invalid_location",
            hint="Give a plain path, and options as arguments, such as read_only=True.",
        )
    return Path(rest[1:])


def _encodable(name: str) -> bool:
    """Return whether the system can be asked for a file of that name."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True
