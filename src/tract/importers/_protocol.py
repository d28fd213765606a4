"""What an importer is: a name, a way to recognise its files, and a way to read them.

Importers are found by the registry; one of your own is offered to it by an entry point of the
group "tract.importers". Reading is pure: an importer sees the file and nothing else.
"""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from tract.importers._records import BadRecord, Conversation
from tract.importers._source import Sample, Source


@runtime_checkable
class Importer(Protocol):
    """Reads one kind of transcript.

    Attributes:
        name: what `format=` calls it.
        description: what it reads, in one line.
    """

    name: str
    description: str

    def detects(self, sample: Sample) -> int:
        """Return how sure it is that a file is its own: 0 (it is not) to 100.

        Args:
            sample: the file's name, its first bytes and what they say.
        """
        ...

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield the conversations of a file, and what of it is none.

        Args:
            source: the file.
            tract: the name that tracts are given, or that their names begin with.
        """
        ...
