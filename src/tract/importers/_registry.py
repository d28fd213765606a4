"""The importers there are: the built-in ones, and those that installed packages offer.

Other people's importers are entry points of the group "tract.importers". They are loaded only
when the built-in ones do not do: when one of them is named, when no built-in one recognises a
file, and when somebody asks for the list.
"""

import warnings
from typing import Any, NoReturn

from tract.errors import InvalidInput, printable
from tract.importers._offered import Offered
from tract.importers._protocol import Importer
from tract.importers._records import BadRecord
from tract.importers._source import Source

GROUP = "tract.importers"
AUTO = "auto"


def list_importers() -> list[Importer]:
    """Return all importers, the built-in ones first.

    An installed one that cannot be loaded is left out with a `RuntimeWarning`.

    Example:
        >>> [importer.name for importer in list_importers()][:3]
        ['openai', 'anthropic', 'claude-code']
    """
    return [*_built_in(), *_installed()]


def importer_for(source: Source, format: str = AUTO) -> Importer:
    """Return the importer that reads a file.

    Args:
        source: the file.
        format: an importer's name, or "auto".

    Raises:
        InvalidInput: no importer has that name, or none recognises the file.
    """
    if format == AUTO:
        found = _surest(source, _built_in()) or _surest(source, tuple(_installed()))
        if found is None:
            _unrecognised(source)
        return found
    for importer in _built_in():
        if importer.name == format:
            return importer
    for importer in _installed(strict=format):
        if importer.name == format:
            return importer
    raise InvalidInput(
        f"import format {printable(repr(format))} is unknown",
        kind="unknown_format",
        hint=f"Use {AUTO}, or one of {_known()}.",
    )


def _built_in() -> tuple[Importer, ...]:
    from tract.importers._built_in import BUILT_IN  # the door: see there

    return BUILT_IN


def _surest(source: Source, importers: tuple[Importer, ...]) -> Importer | None:
    sure = [(importer.detects(source.sample), -i, importer) for i, importer in enumerate(importers)]
    best = max(sure, key=lambda one: one[:2], default=None)
    return best[2] if best is not None and best[0] > 0 else None


def _unrecognised(source: Source) -> NoReturn:
    shown = printable(source.given, limit=200)
    if not source.sample.values:
        for record in source.records() if source.sample.lines else ():
            if isinstance(record, BadRecord):
                raise InvalidInput(
                    str(record),
                    kind="not_json",
                    hint="Mend the file, or give format= the name of what it is.",
                )
        source.document()  # says why it is none
    raise InvalidInput(
        f"{shown} is in no format that is known here",
        kind="unknown_format",
        hint=f"Known are {_known()}; name one with format= if the file is of its kind.",
    )


def _known() -> str:
    return ", ".join(importer.name for importer in list_importers())


def _installed(strict: str | None = None) -> list[Importer]:
    """Return the importers of other packages; one named `strict` must load."""
    from importlib.metadata import entry_points

    found = []
    for entry in entry_points(group=GROUP):
        try:
            found.append(_loaded(entry))
        except Exception as error:  # somebody else's code may raise anything
            text = f"importer {printable(entry.name)} ({printable(entry.value)}) cannot be loaded: {printable(error)}"
            if entry.name == strict:
                raise InvalidInput(
                    text, kind="broken_importer", hint="Mend or remove the package that offers it."
                ) from error
            warnings.warn(text, RuntimeWarning, stacklevel=2)
    return found


def _loaded(entry: Any) -> Importer:
    offered = entry.load()
    importer = offered() if isinstance(offered, type) else offered
    if not isinstance(importer, Importer):
        raise TypeError("it has no name, description, detects and read")
    return Offered(importer)
