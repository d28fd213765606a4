"""The conformance suite bites: a store with one fault fails, and the test that says so is named."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tract.errors import StoreBusy
from tract.store import Draft, MemoryStore
from tract.testing import StoreConformance


class Suite(StoreConformance):
    """The suite over one kind of store."""

    def __init__(self, kind: type[MemoryStore]) -> None:
        self.kind = kind

    def make_store(self, *, busy_timeout: float = 5.0) -> MemoryStore:
        return self.kind(busy_timeout=busy_timeout)


def failures(kind: type[MemoryStore]) -> set[str]:
    suite = Suite(kind)
    failed = set()
    for name in dir(suite):
        if name.startswith("test_"):
            try:
                getattr(suite, name)()
            except Exception:  # noqa: BLE001 - whatever makes a test fail
                failed.add(name)
    return failed


class PublishesInSpiteOfErrors(MemoryStore):
    @contextmanager
    def write(self) -> Iterator[Draft]:
        error: BaseException | None = None
        with super().write() as draft:
            try:
                yield draft
            except BaseException as caught:  # noqa: BLE001 - that is the fault
                error = caught
        if error is not None:
            raise error


class ChangesItsViews(MemoryStore):
    @contextmanager
    def read(self) -> Iterator[Any]:
        with super().read() as view:
            outer = self

            class Live:
                def __getattr__(self, name: str) -> Any:
                    return getattr(type(view)(outer._open()), name)

            yield Live()


class ForgetsUsage(MemoryStore):
    @contextmanager
    def write(self) -> Iterator[Draft]:
        with super().write() as draft:
            yield draft
            draft.staged.usages.clear()


class WorksWhenClosed(MemoryStore):
    def close(self) -> None:
        pass


class NeverWaits(MemoryStore):
    def __init__(self, *, busy_timeout: float = 5.0) -> None:
        super().__init__(busy_timeout=busy_timeout)
        self._one = threading.Lock()

    @contextmanager
    def write(self) -> Iterator[Draft]:
        if not self._one.acquire(blocking=False):
            raise StoreBusy("somebody writes", waited=0.0)
        try:
            with super().write() as draft:
                yield draft
        finally:
            self._one.release()


def test_a_store_without_fault_passes() -> None:
    assert failures(MemoryStore) == set()


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (PublishesInSpiteOfErrors, "test_all_or_nothing"),
        (ChangesItsViews, "test_views_do_not_change"),
        (ForgetsUsage, "test_what_stands_beside_commits_is_kept"),
        (WorksWhenClosed, "test_a_closed_store_says_so"),
        (NeverWaits, "test_a_writer_does_not_wait_for_ever"),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_store_with_a_fault_is_caught(kind: type[MemoryStore], named: str) -> None:
    assert named in failures(kind)
