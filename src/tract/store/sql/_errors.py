"""What SQLite's errors mean to a caller.

SQLite has a few dozen codes; a caller can do one of a few things: wait, make room, fix a
permission, restore a copy. Every method that runs a statement translates on the spot, so that no
error of the driver is ever seen above this room.
"""

import sqlite3

from tract.errors import (
    Closed,
    Corrupt,
    DiskFull,
    InvalidInput,
    ReadOnly,
    StoreBusy,
    StoreError,
    TractError,
    printable,
)

# How a full disk, a quota and a file-size limit look when they are not SQLITE_FULL.
_NO_ROOM = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_FSYNC,
}


# What running a statement raises. The driver trips over texts of SQLite's that are no UTF-8, such
# as a message that quotes a damaged schema.
DriverError = sqlite3.Error, UnicodeDecodeError


def primary_code(error: Exception) -> int:
    """Return SQLite's primary result code of an error; 0 where it has none."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def busy(error: Exception) -> bool:
    """Return whether the database was locked, so that waiting may help."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translated(error: Exception, location: str) -> TractError:
    """Return the error of ours that an error of the driver stands for.

    Args:
        error: what the driver raised.
        location: the store, for the message.
    """
    text = str(error)
    where = printable(location, limit=200)
    match primary_code(error):
        case sqlite3.SQLITE_FULL:
            return DiskFull(f"no room left for {where}", hint=_ROOM)
        case sqlite3.SQLITE_IOERR if getattr(error, "sqlite_errorcode", 0) in _NO_ROOM:
            return DiskFull(f"the disk refused to write {where} ({text})", hint=_ROOM)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            hint = "Check the permissions of the file and its folder."
            return ReadOnly(f"{where} may not be written ({text})", hint=hint)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CONSTRAINT:
            return Corrupt(f"{where} is damaged: {text}", object=location)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(f"{where} is locked", waited=0.0)
        case sqlite3.SQLITE_TOOBIG:
            return InvalidInput(
                f"a value is too large for {where}", kind="too_large", hint="Split it."
            )
        case sqlite3.SQLITE_CANTOPEN:
            hint = "Check that you may read it and enter its folder, and that not too many files are open."
            return StoreError(f"{where} cannot be opened", kind="cannot_open", hint=hint)
    if "closed" in text:
        return Closed(f"the store {where} was closed meanwhile", hint="Open it again.")
    # A table or column that is gone, or text that is no UTF-8: the statements are fixed, so it is the file.
    if any(word in text for word in ("decode", "no such", "has no column")):
        return Corrupt(f"{where} is damaged: {text}", object=location)
    return StoreError(
        f"{where}: {text}",
        kind="store",
        hint="The store is whole; try again, and look at the disk if it stays.",
    )


_ROOM = "Make room, or raise the quota or file-size limit; the store is whole and works again then."
