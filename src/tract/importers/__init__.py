"""Foreign transcripts: files of other programs, read into conversations; nothing here knows a store."""

from tract.importers._names import Names, name_of
from tract.importers._protocol import Importer
from tract.importers._records import Authored, BadRecord, Conversation, Imported
from tract.importers._registry import importer_for, list_importers
from tract.importers._report import ImportReport
from tract.importers._source import Record, Sample, Source, Spot
from tract.importers._speech import spoken, time_of, unfit

__all__ = [
    "Authored",
    "BadRecord",
    "Conversation",
    "ImportReport",
    "Imported",
    "Importer",
    "Names",
    "Record",
    "Sample",
    "Source",
    "Spot",
    "importer_for",
    "list_importers",
    "name_of",
    "spoken",
    "time_of",
    "unfit",
]
