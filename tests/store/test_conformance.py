"""Every store keeps every promise of the protocol: the twin, SQLite in memory, SQLite in a file."""

from pathlib import Path

import pytest

from tract.store import MemoryStore, Store, open_store
from tract.testing import StoreConformance


class TestMemoryTwin(StoreConformance):
    def make_store(self, *, busy_timeout: float = 5.0) -> Store:
        return MemoryStore(busy_timeout=busy_timeout)


class TestSqliteInMemory(StoreConformance):
    def make_store(self, *, busy_timeout: float = 5.0) -> Store:
        return open_store(":memory:", busy_timeout=busy_timeout)


class TestSqliteFile(StoreConformance):
    durability = "normal"

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_store(self, *, busy_timeout: float = 5.0) -> Store:
        count = len(list(self.folder.iterdir()))
        return open_store(
            self.folder / f"{count}.db", durability=self.durability, busy_timeout=busy_timeout
        )

    def reopen(self, store: Store) -> Store:
        store.close()
        return open_store(store.location, durability=self.durability)


class TestSqliteFileAtFullDurability(TestSqliteFile):
    durability = "full"
