"""A file to be imported: opened with care, told apart as lines or as one document, read as records.

Nothing of a file is trusted: its size, its encoding, the length of its lines. JSON lines are
read one at a time, so memory is bounded by the longest of them, and the last line may still be in
writing. A document is read whole, under a limit. What cannot be JSON is left to importers of
other kinds, which get the file's first bytes and its path.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from tract.errors import InvalidInput, NotFound, printable
from tract.importers._json import parse_json
from tract.importers._records import BadRecord
from tract.objects import Limits

HEAD_BYTES = 1 << 16
LINE_SUFFIXES = frozenset({".jsonl", ".ndjson", ".jsonlines"})
_BOM = b"\xef\xbb\xbf"
_PEEKED_LINES_MAX = 500
_PEEKED_BYTES_MAX = 1 << 20
_OTHER_FILES = (
    (b"\x1f\x8b", "gzip data", "Unpack it first."),
    (b"PK\x03\x04", "a zip archive", "Unpack it first."),
    (b"SQLite format 3\0", "an SQLite database", "A store is opened, not imported."),
    (b"\xff\xfe", "UTF-16 text", "Save it as UTF-8."),
    (b"\xfe\xff", "UTF-16 text", "Save it as UTF-8."),
)


class Record(NamedTuple):
    """One value of a file: a line that is not blank, or an item of a list.

    Attributes:
        number: its number among its like, from 0.
        place: where it stands, such as "line 12" or "[3].traj[5]".
        value: what it says.
    """

    number: int
    place: str
    value: Any


@dataclass(frozen=True, slots=True)
class Sample:
    """What an importer may look at to tell whether a file is its own.

    Attributes:
        name: the file's name, without folders.
        head: its first bytes.
        lines: whether it holds JSON lines.
        values: the document, or what the first lines say; empty where the file is no JSON.
    """

    name: str
    head: bytes
    lines: bool
    values: tuple[Any, ...]


class Spot(NamedTuple):
    """Where a line of a file is, for reading it again.

    Attributes:
        offset: the byte that it begins at.
        number: its number among its like, from 0.
        line: its number in the file, from 1.
    """

    offset: int
    number: int
    line: int


class _Line(NamedTuple):
    number: int
    data: bytes | None  # None: longer than allowed
    ended: bool
    offset: int = 0


class _Peek(NamedTuple):
    values: tuple[Any, ...]  # objects and lists that single lines are
    lines: int
    size: int
    whole: bool  # whether the first line is one

    @property
    def several(self) -> bool:
        return self.lines > 1


class Source:
    """A file, opened for importing.

    Args:
        path: the file.
        limits: how large its parts may be.
        counted: whether somebody wants to know how many records there are before they were read.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is a folder, empty, binary, or cannot be read.
    """

    def __init__(
        self, path: "str | os.PathLike[str]", limits: Limits, *, counted: bool = False
    ) -> None:
        self.given, self.path = _path(path)
        self.limits = limits
        self.counted = counted
        self._document: tuple[Any, InvalidInput | None] | None = None
        _check_file(self.path, self.given)
        with self._opened() as file:
            self._head = file.read(HEAD_BYTES)
        _refuse_binary(self._head, self.given)
        self.sample = self._sampled()

    @property
    def name(self) -> str:
        """The file's name, without folders."""
        return self.path.name

    @property
    def stem(self) -> str:
        """The file's name, without folders and without its last ending."""
        return self.path.stem

    def bad(self, place: str, reason: str) -> BadRecord:
        """Return what says that something in this file was not imported."""
        return BadRecord(self.given, place, reason)

    def document(self) -> Any:
        """Return the JSON value that the whole file is.

        Raises:
            InvalidInput: it is none, or is too large.
        """
        value, error = self._parsed()
        self._document = None  # the caller has it now; a large one need not be held twice
        if error is not None:
            raise error
        return value

    def records(self) -> Iterator[Record | BadRecord]:
        """Yield what each line says, and the lines that say nothing."""
        return (record for _, record in self.indexed())

    def indexed(self) -> Iterator[tuple[Spot, Record | BadRecord]]:
        """Yield what each line says, as `records` does, with the place to read it at again."""
        number = 0
        for line in self._lines():
            if line.data != b"":
                spot = Spot(line.offset, number, line.number)
                yield spot, self._record(line, number)
                number += 1

    def records_at(self, spots: Iterable[Spot]) -> Iterator[Record | BadRecord]:
        """Yield what the lines at these places say; the file may have grown meanwhile.

        Args:
            spots: places that `indexed` gave, in any order.
        """
        with self._opened() as file:
            for spot in spots:
                file.seek(spot.offset)
                yield self._record(self._line(file, spot.line, spot.offset), spot.number)

    def _record(self, line: _Line, number: int) -> Record | BadRecord:
        place = f"line {line.number}"
        if line.data is None:
            limit = self.limits.import_line_bytes_max
            return self.bad(place, f"the line is longer than {limit:,} bytes")
        try:
            return Record(number, place, parse_json(line.data))
        except ValueError as error:
            unfinished = "; the line is not complete, the file may still be written"
            return self.bad(place, f"{error}{'' if line.ended else unfinished}")

    def line_count(self) -> int:
        """Return how many lines the file has."""
        count, last = 0, b"\n"
        with self._opened() as file:
            while chunk := file.read(HEAD_BYTES):
                count, last = count + chunk.count(b"\n"), chunk[-1:]
        return count + (last != b"\n")

    # Reading

    def _opened(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.given, error) from None

    def _lines(self) -> Iterator[_Line]:
        with self._opened() as file:
            number = offset = 0
            while True:
                number += 1
                line = self._line(file, number, offset)
                if line.data == b"" and not line.ended:
                    return
                yield line
                if not line.ended:
                    return  # what is written to it from now on is the rest of this line
                offset = file.tell()

    def _line(self, file: BinaryIO, number: int, offset: int) -> _Line:
        """Return the next line of a file; an empty one without end where there is none."""
        limit = self.limits.import_line_bytes_max
        chunk = file.readline(limit + 2)
        if offset == 0:
            chunk = chunk.removeprefix(_BOM)
        ended = chunk.endswith(b"\n")
        data: bytes | None = chunk.strip()
        if len(chunk) > limit + ended:
            data = None
            while not ended and (more := file.readline(HEAD_BYTES)):
                ended = more.endswith(b"\n")
        return _Line(number, data, ended, offset)

    def _parsed(self) -> tuple[Any, InvalidInput | None]:
        if self._document is None:
            try:
                self._document = (parse_json(self._whole()), None)
            except InvalidInput as error:
                self._document = (None, error)
            except ValueError as error:
                text = f"{printable(self.given, limit=200)} cannot be read as JSON: {error}"
                hint = "Mend the file, or give format= the name of what it is."
                self._document = (None, InvalidInput(text, kind="not_json", hint=hint))
        return self._document

    def _whole(self) -> bytes:
        limit = self.limits.import_document_bytes_max
        with self._opened() as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise InvalidInput(
                f"{printable(self.given, limit=200)} is no JSON lines, and larger than {limit:,} bytes",
                kind="too_large",
                hint="Open with limits=Limits(import_document_bytes_max=...), or write it as JSON lines.",
            )
        return data.removeprefix(_BOM)

    # Telling lines from a document

    def _sampled(self) -> Sample:
        peek = self._peeked()
        if self._may_be_list(peek):
            value, error = self._parsed()
            if error is None:
                return Sample(self.name, self._head, False, (value,))
        if peek.values and (
            self.path.suffix.lower() in LINE_SUFFIXES or (peek.whole and peek.several)
        ):
            return Sample(self.name, self._head, True, peek.values)
        if peek.whole and peek.size <= self.limits.import_document_bytes_max:
            self._document = (peek.values[0], None)  # its one line is the document
        value, error = self._parsed()
        if error is None:
            return Sample(self.name, self._head, False, (value,))
        # Where the first line is broken and many are not, they are lines all the same; a document
        # that is laid out over lines has few that are anything by themselves.
        lines = self.path.suffix.lower() in LINE_SUFFIXES or (
            not peek.whole and 2 * len(peek.values) >= max(peek.lines, 1)
        )
        return Sample(self.name, self._head, lines, peek.values if lines else ())

    def _may_be_list(self, peek: _Peek) -> bool:
        """Return whether the file may be one list, whatever it is called: on one line, or on many."""
        if peek.whole:
            return peek.lines == 1 and isinstance(peek.values[0], list)
        return self._head.removeprefix(_BOM).lstrip().startswith(b"[")

    def _peeked(self) -> _Peek:
        """Return what the first lines say."""
        values: list[Any] = []
        lines = size = 0
        whole = False
        for line in self._lines():
            if line.data == b"":
                continue
            size += len(line.data or b"")
            if lines == _PEEKED_LINES_MAX or (lines and size > _PEEKED_BYTES_MAX):
                break
            lines += 1
            try:
                value = None if line.data is None else parse_json(line.data)
            except ValueError:
                value = None
            if isinstance(value, dict | list):
                values.append(value)
                whole = whole or lines == 1
        return _Peek(tuple(values), lines, size, whole)


def _path(path: Any) -> tuple[str, Path]:
    try:
        given = os.fspath(path)
    except TypeError:
        given = path
    if not isinstance(given, str) or not given or "\0" in given or not _encodable(given):
        raise InvalidInput(
            f"path {printable(repr(path))} is no file name",
            kind="invalid_path",
            hint="Give the file's path as text.",
        )
    try:
        return given, Path(given).expanduser()
    except RuntimeError:  # nobody is called what stands behind the tilde
        return given, Path(given)


def _encodable(name: str) -> bool:
    """Return whether the system can be asked for a file of that name."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def _check_file(path: Path, given: str) -> None:
    shown = printable(given, limit=200)
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"there is no file {shown}", kind="unknown_file", hint="Check the path."
        ) from None
    except OSError as error:
        raise _unreadable(given, error) from None
    if stat.S_ISDIR(found.st_mode):
        raise InvalidInput(
            f"{shown} is a folder", kind="invalid_path", hint="Import its files one by one."
        )
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(
            f"{shown} is no regular file",
            kind="invalid_path",
            hint="Write what it gives to a file first: a file is read twice.",
        )
    if found.st_size == 0:
        raise InvalidInput(
            f"{shown} is empty", kind="empty_file", hint="Give a file with a conversation in it."
        )


def _unreadable(given: str, error: OSError) -> InvalidInput:
    return InvalidInput(
        f"{printable(given, limit=200)} cannot be read: {error.strerror or error}",
        kind="unreadable_file",
        hint="Check its permissions.",
    )


def _begins_as_json(head: bytes) -> bool:
    """Return whether the first line is JSON: then a NUL is one line's fault, as of a torn write."""
    try:
        return isinstance(parse_json(head.removeprefix(_BOM).partition(b"\n")[0]), dict | list)
    except ValueError:
        return False


def _refuse_binary(head: bytes, given: str) -> None:
    shown = printable(given, limit=200)
    for magic, what, hint in _OTHER_FILES:
        if head.startswith(magic):
            raise InvalidInput(f"{shown} is {what}", kind="not_text", hint=hint)
    if (at := head.find(b"\0")) >= 0 and not _begins_as_json(head):
        raise InvalidInput(
            f"{shown} is binary: there is a NUL at byte {at + 1}",
            kind="not_text",
            hint="Give a transcript in text form.",
        )
    if not head.removeprefix(_BOM).strip():
        raise InvalidInput(
            f"{shown} holds white space only",
            kind="empty_file",
            hint="Give a file with a conversation in it.",
        )
