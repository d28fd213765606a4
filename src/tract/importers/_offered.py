"""An importer of another package, held at arm's length.

What it raises is its own fault, and is told as such: while looking for a format it is passed over
with a warning, while reading the import ends with its name. Errors of this library's own tree pass
as they are.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from tract.errors import InvalidInput, TractError, printable
from tract.importers._protocol import Importer
from tract.importers._records import BadRecord, Conversation, Imported
from tract.importers._source import Sample, Source

T = TypeVar("T")


class Offered:
    """An importer of another package.

    Args:
        importer: what the package offers.
    """

    def __init__(self, importer: Importer) -> None:
        self.importer = importer
        self.name = importer.name
        self.description = importer.description

    def detects(self, sample: Sample) -> int:
        """Return how sure it is; 0 with a warning where it fails."""
        try:
            return int(self.importer.detects(sample))
        except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
            text = f"importer {printable(self.name)} failed on {printable(sample.name)}: {_said(error)}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
            return 0

    def read(self, source: Source, tract: str) -> Iterator[Conversation | BadRecord]:
        """Yield what it reads.

        Raises:
            InvalidInput: it failed; kind `broken_importer`.
        """
        for one in self._guarded(lambda: self.importer.read(source, tract)):
            if isinstance(one, Conversation):
                yield replace(one, messages=self._messages(one))
            else:
                yield one

    def _messages(self, one: Conversation) -> Iterator[Imported | BadRecord]:
        return self._guarded(lambda: one.messages)

    def _guarded(self, given: Callable[[], Iterable[T]]) -> Iterator[T]:
        try:
            yield from given()
        except TractError:
            raise
        except Exception as error:
            raise InvalidInput(
                f"importer {printable(self.name)} failed: {_said(error)}",
                kind="broken_importer",
                hint="Tell whoever made it; nothing of what it was reading was imported.",
            ) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {printable(error)}"
