"""The store as a file: what is looked at before SQLite may touch it, and where it lies.

Opening a database is not harmless: SQLite takes a file of 1 to 511 bytes for an empty database,
and closing any other descriptor of a database file drops this process's locks on it. So a path is
judged by what the file system says about it, and bytes are read only of files that SQLite refused.
"""

import errno
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from tract.errors import DiskFull, InvalidInput, NotFound, ReadOnly, StoreError, printable

HEADER_BYTES = 512
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


class Identity(NamedTuple):
    """What tells a file from every other, whatever it is called."""

    device: int
    inode: int


def identity(path: str | Path) -> Identity | None:
    """Return which file is at `path`, or None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - on the way of every write; Path.stat costs twice as much
    except OSError:
        return None
    return Identity(found.st_dev, found.st_ino)


def real_path(path: Path) -> Path:
    """Return the absolute path with symbolic links followed, as SQLite names its side files.

    Raises:
        InvalidInput: it goes round in a circle of links, or is too long.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise InvalidInput(
            f"{printable(str(path))} is no path: {printable(error)}",
            kind="invalid_location",
            hint="Check the path and its links.",
        ) from None


def look(path: Path, *, create: bool) -> None:
    """Refuse what cannot be a store, and make an empty file with mode 0600 where a new one is wanted.

    Args:
        path: the file.
        create: whether a missing or empty file becomes a store.

    Raises:
        NotFound: the file or its folder is not there.
        InvalidInput: kind `not_a_store`.
        StoreError: it may not be looked at.
    """
    where = printable(str(path), limit=200)
    try:
        found = path.stat()
    except FileNotFoundError:
        _missing(path, create=create)
        return
    except NotADirectoryError:
        hint = "Check the path."
        file = next(part for part in reversed(path.parents) if part.exists() and not part.is_dir())
        raise NotFound(
            f"{printable(str(file), limit=200)} is no folder, so there is no {where}",
            kind="folder_not_found",
            hint=hint,
        ) from None
    except OSError as error:
        raise StoreError(
            f"{where} cannot be opened: {error.strerror}",
            kind="cannot_open",
            hint="Check the permissions of the folders on the way.",
        ) from None
    if stat.S_ISDIR(found.st_mode):
        raise InvalidInput(f"{where} is a folder", kind="not_a_store", hint="Give a file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"{where} is no regular file", kind="not_a_store", hint="Give a file.")
    if 0 < found.st_size < HEADER_BYTES:
        raise InvalidInput(
            f"{where} has {found.st_size} bytes, too few for a store",
            kind="not_a_store",
            hint="It may have been cut; restore it from a copy.",
        )
    if found.st_size == 0 and not create:
        raise not_yet_a_store(path)


def not_yet_a_store(path: Path) -> InvalidInput:
    """Return the error for an empty file or database that may not become a store."""
    return InvalidInput(
        f"{printable(str(path), limit=200)} is empty",
        kind="not_a_store",
        hint="Open it for writing, with create=True, to make a store of it.",
    )


def _missing(path: Path, *, create: bool) -> None:
    where = printable(str(path), limit=200)
    if not create:
        hint = "Check the path, or open it with create=True."
        raise NotFound(f"there is no store at {where}", kind="store_not_found", hint=hint)
    if not path.parent.is_dir():
        folder = printable(str(path.parent), limit=200)
        raise NotFound(
            f"the folder {folder} is not there", kind="folder_not_found", hint="Make it."
        )
    new_file(path)


def new_file(path: Path) -> None:
    """Make an empty file that only its owner may read; nothing, if another process was quicker.

    Raises:
        ReadOnly: the folder may not be written.
        DiskFull: there is no room.
    """
    where = printable(str(path), limit=200)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(f"no room left for {where}", hint="Make room.") from None
        if error.errno in _NOT_ALLOWED:
            hint = "Check the permissions of the folder."
            raise ReadOnly(f"{where} cannot be made: {error.strerror}", hint=hint) from None
        raise StoreError(
            f"{where} cannot be made: {error.strerror}",
            kind="cannot_open",
            hint="Check the path and the permissions of its folder.",
        ) from None


def raw_header(path: Path) -> bytes:
    """Return the first 100 bytes of a file that SQLite refused.

    Only for such files: closing any descriptor of a database drops this process's locks on it.
    """
    with path.open("rb") as file:
        return file.read(100)


_NETWORK = frozenset(
    [
        "9p",
        "afs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb2",
        "smb3",
        "smbfs",
    ]
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """Return the type of the network file system that `path` is on, or None.

    Args:
        path: an absolute path.
        mounts: the list of mounted file systems; where there is none, nobody can tell, so None.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    best, kind = -1, ""
    inside = f"{path}/"
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields[1])
        # A later mount hides an earlier one.
        if len(point) >= best and inside.startswith(point if point == "/" else f"{point}/"):
            best, kind = len(point), fields[2]
    return kind if kind in _NETWORK else None
