"""A store as a file: what becomes one, what is refused as it was found, and what may happen to it."""

import os
import shutil
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.workers import started, unprivileged
from tract.errors import (
    Corrupt,
    InvalidInput,
    NotFound,
    ReadOnly,
    SchemaTooNew,
    StoreBusy,
    StoreError,
    TractError,
)
from tract.store import open_store
from tract.store.sql import StoreWarning
from tract.store.sql._files import network_file_system
from tract.testing import Scribe


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two entries, closed."""
    path = tmp_path / "a store.db"
    store = open_store(path)
    scribe = Scribe(store)
    scribe.say("a")
    scribe.say("b")
    store.close()
    return path


@pytest.fixture
def open_path(path: Path) -> Iterator[Path]:
    """The same in a folder that every user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        inner = Path(folder) / "inner"
        inner.mkdir()
        yield Path(shutil.copy(path, inner))
        inner.chmod(0o755)


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder, but for the empty log and its index that SQLite leaves after reading."""
    found = {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}
    return {
        name: data
        for name, data in found.items()
        if not (name.endswith("-wal") and not data)
        and not (name.endswith("-shm") and not found[name.removesuffix("-shm") + "-wal"])
    }


def texts(path: Path, **options: Any) -> list[str]:
    store = open_store(path, **options)
    try:
        with store.read() as view:
            state = view.state(view.ref(view.tracts()[0].id, "branch/main") or "")
            payloads = view.payloads([slot.content for slot in state])
        return [str(payloads[slot.content]["text"]) for slot in state]
    finally:
        store.close()


# --- new ones ----------------------------------------------------------------------------------


def test_a_new_store_and_what_stands_beside_it_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_store(tmp_path / "new.db")
        Scribe(store).say("secret")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}
    assert [file.name for file in tmp_path.iterdir()] == ["new.db"]


def test_a_store_that_others_may_read_is_a_warning(path: Path) -> None:
    path.chmod(0o644)
    store = open_store(path)
    found = [problem for problem in store.damage() if "chmod" in problem.message]
    store.close()
    assert {problem.severity for problem in found} == {"warning"}
    assert {problem.object for problem in found} == {
        f"file a store.db{beside}" for beside in ("", "-shm", "-wal")
    }


def test_links_to_nowhere_beside_a_store_are_nobodys_business(path: Path) -> None:
    for name in (f"{path.name}.bak", f"{path.name}-old"):
        path.with_name(name).symlink_to(path.with_name("nowhere"))
    store = open_store(path)
    assert [problem for problem in store.damage() if problem.severity == "error"] == []
    store.close()


@pytest.mark.parametrize(
    "location", ["~nobody-of-that-name/x.db", "sqlite:///x.db?mode=ro", "sqlite:///x.db#a"]
)
def test_a_location_that_means_something_else_is_refused(location: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_store(location)
    assert caught.value.kind == "invalid_location"
    assert caught.value.hint


@pytest.mark.parametrize("option", ["read_only", "create"])
def test_yes_and_no_are_not_given_as_text(path: Path, option: str) -> None:
    with pytest.raises(InvalidInput, match=option):
        open_store(path, **{option: "no"})  # type: ignore[arg-type]


def test_a_file_where_a_folder_should_be_is_named(path: Path) -> None:
    with pytest.raises(NotFound, match=f"{path.name} is no folder"):
        open_store(path / "deeper" / "x.db")


def test_names_that_mean_something_in_a_uri_are_just_names(tmp_path: Path) -> None:
    for name in ("a?mode=memory", "b#c", "100%", "%41", " ", "\u00e9\U0001f600", "'; --"):
        store = open_store(tmp_path / name)
        Scribe(store).say(name)
        store.close()
        assert (tmp_path / name).stat().st_size > 0
        assert texts(tmp_path / name) == [name]


def test_a_link_leads_to_one_store_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "real" / "store.db")
    linked = open_store(tmp_path / "link.db")
    Scribe(linked).say("through the link")
    real = open_store(tmp_path / "real" / "store.db")
    later = Scribe(real)
    later.at += 1
    later.say("through the name")
    assert Scribe(linked).texts() == ["through the link", "through the name"]
    linked.close()
    real.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.db", "real"]
    assert sorted(file.name for file in (tmp_path / "real").iterdir()) == ["store.db"]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises((InvalidInput, StoreError)):
        open_store(tmp_path / "a")


def test_many_at_once_make_one_store(tmp_path: Path) -> None:
    for turn in range(10):
        path = tmp_path / f"{turn}.db"
        barrier = threading.Barrier(6)
        errors: list[BaseException] = []

        def make(
            name: str, path: Path, barrier: threading.Barrier, errors: list[BaseException]
        ) -> None:
            try:
                barrier.wait()
                store = open_store(path, durability="normal")
                scribe = Scribe(store, name)
                scribe.say(name)
                store.close()
            except Exception as error:  # noqa: BLE001 - shown below, in the test's own thread
                errors.append(error)

        threads = [
            threading.Thread(target=make, args=(str(n), path, barrier, errors)) for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        store = open_store(path)
        with store.read() as view:
            assert sorted(row.name for row in view.tracts()) == [str(n) for n in range(6)]
        store.close()


def make_and_write(path: Path, name: str) -> None:
    store = open_store(path, durability="normal")
    Scribe(store, name).say(name)
    store.close()


def test_processes_that_make_the_same_store_at_once_all_find_it(tmp_path: Path) -> None:
    for turn in range(4):
        path = tmp_path / f"{turn}.db"
        children = [started(make_and_write, path, str(n)) for n in range(4)]
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0] * 4
        store = open_store(path)
        with store.read() as view:
            assert sorted(row.name for row in view.tracts()) == list("0123")
        store.close()


def test_a_store_whose_making_was_cut_off_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    cut = tmp_path / "cut.db"
    connection = sqlite3.connect(cut)  # what is there after WAL mode was set and before the tables
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    for path in (tmp_path / "empty.db", cut):
        refusing: list[dict[str, Any]] = [{"create": False}, {"read_only": True}]
        for options in refusing:
            with pytest.raises(InvalidInput) as caught:
                open_store(path, **options)
            assert caught.value.kind == "not_a_store"
        store = open_store(path)
        Scribe(store).say("a")
        store.close()
        assert texts(path, create=False) == ["a"]


# --- refused -----------------------------------------------------------------------------------


def text_file(path: Path) -> None:
    path.write_text("just some text, long enough to be taken for a database\n" * 100)


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE commits(x)")
    connection.commit()
    connection.close()


def foreign_database_in_wal_mode(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE other(x)")
    connection.commit()
    connection.close()


def marked_foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA application_id=7")
    connection.commit()
    connection.close()


def of_size(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(b"SQLite format 3\0".ljust(size, b"x")[:size])

    return make


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        text_file,
        foreign_database,
        foreign_database_in_wal_mode,
        marked_foreign_database,
        *(of_size(size) for size in (1, 2, 15, 16, 99, 100, 511, 512, 5000)),
    ],
)
def test_what_is_no_store_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], read_only: bool
) -> None:
    path = tmp_path / "thing"
    make(path)
    before = files(tmp_path)
    for _ in range(2):
        with pytest.raises(InvalidInput) as caught:
            open_store(path, read_only=read_only)
        assert caught.value.kind == "not_a_store"
        assert "thing" in caught.value.message
        assert caught.value.hint
        assert files(tmp_path) == before


def test_a_foreign_database_with_a_full_log_keeps_both_files(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE other(x)")
    connection.commit()
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tmp_path.glob("live.db*"):
        shutil.copy(file, copy)
    connection.close()
    before = files(copy)
    assert before["live.db-wal"]
    with pytest.raises(InvalidInput):
        open_store(copy / "live.db")
    after = files(copy)
    assert after["live.db"] == before["live.db"]
    assert after["live.db-wal"] == before["live.db-wal"]


def test_folders_and_devices_are_no_stores(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(InvalidInput) as caught:
            open_store(path)
        assert caught.value.kind == "not_a_store"


def test_what_is_not_there_is_not_found(path: Path, tmp_path: Path) -> None:
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (tmp_path / "no.db", {"create": False}, "store_not_found"),
        (tmp_path / "no.db", {"read_only": True}, "store_not_found"),
        (tmp_path / "no" / "store.db", {}, "folder_not_found"),
        (path / "store.db", {}, "folder_not_found"),
    ]
    for missing, options, kind in cases:
        with pytest.raises(NotFound) as caught:
            open_store(missing, **options)
        assert caught.value.kind == kind
        assert caught.value.hint
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a store.db"]
    with pytest.raises(TractError):
        open_store(tmp_path / ("x" * 300))


def test_a_store_that_was_cut_says_so(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    for size in range(512, len(whole), len(whole) // 40):
        cut = tmp_path / "cut.db"
        cut.write_bytes(whole[:size])
        try:
            store = open_store(cut)
        except (Corrupt, InvalidInput):
            assert cut.stat().st_size == size
            continue
        # The end of a page may hold nothing.
        found = [problem for problem in store.damage() if problem.severity == "error"]
        store.close()
        assert found or not whole[size:].strip(b"\0")


@pytest.mark.parametrize("place", [0, 5, 15, 16, 17, 18, 19, 21, 68, 71])
def test_a_damaged_header_is_never_taken_for_something_else(path: Path, place: int) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 0x55
    path.write_bytes(damaged)
    try:
        assert texts(path) == ["a", "b"]
    except Corrupt as error:
        named = error.object
        assert named
    assert path.read_bytes()[: len(damaged)] == damaged or place in (18, 19)


def test_a_newer_schema_is_not_touched(path: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0417'")
    connection.commit()
    connection.close()
    before = files(tmp_path)
    for read_only in (False, True):
        with pytest.raises(SchemaTooNew) as caught:
            open_store(path, read_only=read_only)
        assert (caught.value.found, caught.value.known) == ("0417", "0001")
        assert files(tmp_path) == before


@pytest.mark.parametrize("version", ["0000", "", "abcd", "0001x", None])
def test_a_schema_that_never_was_is_damage(path: Path, tmp_path: Path, version: str | None) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM alembic_version")
    if version is not None:
        connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    connection.commit()
    connection.close()
    before = files(tmp_path)
    with pytest.raises(Corrupt) as caught:
        open_store(path)
    assert caught.value.object == "schema version"
    assert files(tmp_path) == before


def test_a_store_that_is_migrated_while_open_is_left_alone(path: Path) -> None:
    store = open_store(path)
    scribe = Scribe(store)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaTooNew):
        scribe.say("c")
    with pytest.raises(SchemaTooNew):
        scribe.head()
    store.close()


# --- what may not be written -------------------------------------------------------------------


def read_but_not_write(path: Path, read_only: bool) -> None:
    store = open_store(path, read_only=read_only, busy_timeout=0.2)
    for _ in range(2):
        scribe = Scribe.__new__(Scribe)  # a scribe writes when it is made; this one only reads
        scribe.store, scribe._draft, scribe.branch = store, None, "main"
        with store.read() as view:
            scribe.tract = view.tracts()[0].id
        assert scribe.texts() == ["a", "b"]
        with pytest.raises(ReadOnly) as caught, store.write() as draft:
            draft.move(scribe.tract, "branch/new", scribe.head(), make=True)
        assert caught.value.hint
    assert [problem for problem in store.damage() if problem.severity == "error"] == []
    store.close()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("file_mode", "folder_mode"), [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555)]
)
@unprivileged
def test_what_may_not_be_written_can_be_read(
    open_path: Path, file_mode: int, folder_mode: int, read_only: bool
) -> None:
    before = open_path.read_bytes()
    open_path.chmod(file_mode)
    open_path.parent.chmod(folder_mode)
    child = started(read_but_not_write, open_path, read_only, nobody=True)
    child.join()
    assert child.exitcode == 0
    assert open_path.read_bytes() == before


def open_and_fail(path: Path) -> None:
    for read_only in (False, True):
        with pytest.raises(StoreError) as caught:
            open_store(path, read_only=read_only)
        assert caught.value.kind == "cannot_open"
    with pytest.raises((ReadOnly, StoreError)):
        open_store(path.with_name("new.db"))


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o000, 0o555), (0o666, 0o000)])
@unprivileged
def test_what_may_not_be_read_is_an_error(
    open_path: Path, file_mode: int, folder_mode: int
) -> None:
    open_path.chmod(file_mode)
    open_path.parent.chmod(folder_mode)
    child = started(open_and_fail, open_path, nobody=True)
    child.join()
    assert child.exitcode == 0


def watch_a_store_change(path: Path, ready: Path, changed: Path) -> None:
    store = open_store(path, read_only=True)

    def count() -> int:
        with store.read() as view:
            return view.length(view.ref(view.tracts()[0].id, "branch/main") or "")

    assert count() == 2
    ready.touch()
    while not changed.exists():
        pass
    assert count() == 3
    store.close()


@unprivileged
def test_a_reader_that_cannot_lock_sees_what_others_write(open_path: Path, tmp_path: Path) -> None:
    signals = open_path.parent.parent / "signals"
    signals.mkdir()
    signals.chmod(0o777)
    open_path.chmod(0o644)
    open_path.parent.chmod(0o555)
    child = started(
        watch_a_store_change, open_path, signals / "ready", signals / "changed", nobody=True
    )
    while not (signals / "ready").exists() and child.exitcode is None:
        pass
    store = open_store(open_path)
    scribe = Scribe(store)
    scribe.at += 9
    scribe.say("c")
    store.close()
    (signals / "changed").touch()
    child.join()
    assert child.exitcode == 0


# --- what may happen while it is open ----------------------------------------------------------


def move(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def remove(path: Path) -> None:
    path.unlink()


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy.db"))
    path.with_name("copy.db").replace(path)


def remove_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def replace_log(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    log.unlink()
    log.touch()


@pytest.mark.parametrize("happening", [move, remove, replace, remove_log, replace_log])
def test_no_write_goes_to_a_file_that_nobody_will_find(
    path: Path, happening: Callable[[Path], None]
) -> None:
    store = open_store(path)
    scribe = Scribe(store)
    scribe.at += 9
    scribe.say("c")
    happening(path)
    for _ in range(2):
        with pytest.raises(StoreError) as caught:
            scribe.say("never")
        assert caught.value.kind == "store_replaced"
        assert caught.value.effect == "none"
    store.close()


def test_a_new_connection_is_not_made_to_another_file(path: Path) -> None:
    store = open_store(path)
    with store.read() as view:  # takes the only connection, so the next view needs a new one
        replace(path)
        with pytest.raises(StoreError) as caught, store.read():
            pass
        assert caught.value.kind == "store_replaced"
        assert len(view.tracts()) == 1
    store.close()


def test_a_store_left_in_another_journal_mode_is_put_right(path: Path) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    connection.close()
    assert texts(path, read_only=True) == ["a", "b"]
    assert texts(path) == ["a", "b"]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_store_that_another_program_locks_is_busy_and_then_is_not(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy) as caught:
        open_store(path, busy_timeout=0.05)
    assert caught.value.waited >= 0.05
    other.close()
    assert texts(path) == ["a", "b"]


# --- network file systems ----------------------------------------------------------------------

MOUNTS = """\
/dev/root / ext4 rw 0 0
server:/home /mnt/home nfs4 rw 0 0
tmpfs /mnt/home/local tmpfs rw 0 0
//win/share /mnt/with\\040space cifs rw 0 0
host:/x /mnt/over nfs rw 0 0
/dev/sdb /mnt/over ext4 rw 0 0
nonsense
C:\\134 /mnt/c 9p rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/var/x.db", None),
        ("/mnt/home/x.db", "nfs4"),
        ("/mnt/homely/x.db", None),
        ("/mnt/home/local/x.db", None),
        ("/mnt/with space/x.db", "cifs"),
        ("/mnt/over/x.db", None),
        ("/mnt/c/x.db", "9p"),
    ],
)
def test_network_file_systems_are_known(tmp_path: Path, place: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_file_system(Path(place), mounts) == kind
    assert network_file_system(Path(place), tmp_path / "none") is None


def test_a_store_on_a_network_file_system_is_a_warning(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mounts").write_text(f"server:/x {tmp_path} nfs4 rw 0 0\n".replace(" ", " ", 1))
    monkeypatch.setattr(
        "tract.store.sql._store.network_file_system",
        lambda path: network_file_system(path, tmp_path / "mounts"),
    )
    with pytest.warns(StoreWarning, match="network file system"):
        open_store(path).close()
