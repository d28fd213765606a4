"""Reading a file without a store: what the importers make of bytes that a test writes."""

import pytest

from tract.importers import BadRecord, Imported, Source, importer_for
from tract.objects import Limits


class Read:
    """What one file was read as."""

    def __init__(self, path, format="auto", limits=None, counted=False):
        source = Source(path, limits or Limits(), counted=counted)
        importer = importer_for(source, format)
        self.format = importer.name
        self.conversations, self.bad = [], []
        self.messages: dict[tuple[str, str], list[Imported]] = {}
        for one in importer.read(source, "file"):
            if isinstance(one, BadRecord):
                self.bad.append((one.place, one.reason))
                continue
            self.conversations.append(one)
            said = self.messages[one.tract, one.branch] = []
            for message in one.messages:
                if isinstance(message, BadRecord):
                    self.bad.append((message.place, message.reason))
                else:
                    said.append(message)

    @property
    def only(self):
        """The messages of the only conversation."""
        (said,) = self.messages.values()
        return said

    @property
    def texts(self):
        return [
            getattr(one.content, "text", None) for message in self.only for one in message.contents
        ]


@pytest.fixture
def reading(tmp_path):
    """A function that writes bytes or text to a file and reads it."""

    def read(data, name="chat.json", **options):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return Read(path, **options)

    return read
