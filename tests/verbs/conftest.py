"""A tract on each backend, with a clock that ticks and an author that is always the same."""

from datetime import UTC, datetime, timedelta

import pytest

from tract import Tract
from tract.store import MemoryStore


class Ticking:
    """A clock that counts seconds from a fixed day."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.count)


class Backend:
    """Opens tracts of one store again and again."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.location = {
            "twin": MemoryStore(),
            "memory": ":memory:",
            "file": folder / "contexts.db",
        }[kind]
        self.reopens = kind != "memory"
        self.clock = Ticking()
        self.opened = []

    def open(self, **options):
        options = {"clock": self.clock, "author": "human:ada", **options}
        tract = Tract.open(self.location, **options)
        self.opened.append(tract)
        return tract


@pytest.fixture(params=["twin", "memory", "file"])
def backend(request, tmp_path):
    backend = Backend(request.param, tmp_path)
    yield backend
    for tract in backend.opened:
        tract.close()


@pytest.fixture
def t(backend):
    return backend.open()
