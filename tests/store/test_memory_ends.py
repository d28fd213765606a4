"""A store in memory that is closed under its users ends for them, and takes nobody down with it."""

import threading
import time

import pytest

from tract import Closed, NotFound, ReadOnly, Tract
from tract.store import open_store


def write_until_it_ends(t: Tract, ended: list[BaseException]) -> None:
    try:
        while True:
            t.user("x")
    except BaseException as error:  # noqa: BLE001 - what it is is the result
        ended.append(error)


def test_closing_under_a_writer_ends_it_with_closed():
    for _ in range(10):
        t = Tract.open(":memory:")
        t.extend([{"role": "user", "content": f"m{i}"} for i in range(100)])
        ended: list[BaseException] = []
        thread = threading.Thread(target=write_until_it_ends, args=(t, ended))
        thread.start()
        time.sleep(0.01)
        t.close()
        thread.join(30)
        assert [type(each) for each in ended] == [Closed]


def test_closing_inside_a_batch_ends_it_with_closed():
    t = Tract.open(":memory:")
    with pytest.raises(Closed), t.batch():  # noqa: PT012 - the end of the batch is what raises
        t.user("one")
        t.close()


def test_a_new_store_in_memory_that_is_read_only_holds_nothing_and_takes_nothing():
    with pytest.raises(NotFound):
        Tract.open(":memory:", read_only=True)
    store = open_store(":memory:", read_only=True)
    with pytest.raises(ReadOnly), store.write():
        pass
    store.close()
