"""What is measured: our library as its users use it, and the floor that no library can go below.

The floor is plain `sqlite3`: one INSERT a message, each in a transaction of its own, JSON text in
and JSON text out, with the durability that is asked for. It keeps no history, no hashes, no
marks and no branches. A system is given a folder of its own and is asked for nothing that its
users could not ask for.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any, Protocol

from bench._contents import Wire
from tract import Tract


class System(Protocol):
    """A place for one conversation."""

    def append(self, wire: Wire) -> None:
        """Keep one message; when this returns, it is committed."""
        ...

    def extend(self, wires: list[Wire]) -> None:
        """Keep many messages by the quickest way that there is."""
        ...

    def load(self) -> Any:
        """Return the whole conversation in the system's own form."""
        ...

    def texts(self, loaded: Any) -> list[str]:
        """Return the texts of what `load` gave."""
        ...

    def fork(self, at: int) -> None:
        """Go on behind the first `at` messages, and leave the rest as it is."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class Floor:
    """One table in SQLite.

    Args:
        folder: where the file is, or is made.
        durability: "full" or "normal", as of `Tract.open`.
    """

    def __init__(self, folder: Path, durability: str) -> None:
        path = folder / "floor.db"
        self.db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute(f"PRAGMA synchronous={durability}")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS messages(id INTEGER PRIMARY KEY, body TEXT NOT NULL)"
        )
        self._last: int | None = None

    def append(self, wire: Wire) -> None:
        self.db.execute("INSERT INTO messages(body) VALUES (?)", (json.dumps(wire),))

    def extend(self, wires: list[Wire]) -> None:
        self.db.execute("BEGIN")
        rows = ((json.dumps(wire),) for wire in wires)
        self.db.executemany("INSERT INTO messages(body) VALUES (?)", rows)
        self.db.execute("COMMIT")

    def load(self) -> Any:
        rows = self.db.execute("SELECT body FROM messages ORDER BY id")
        return [json.loads(body) for (body,) in rows]

    def texts(self, loaded: Any) -> list[str]:
        return [wire["content"] for wire in loaded]

    def fork(self, at: int) -> None:
        raise LookupError("the floor has no branches")

    def close(self) -> None:
        self.db.close()


class Ours:
    """A tract.

    Args:
        folder: where the file is, or is made.
        durability: "full" or "normal".
    """

    def __init__(self, folder: Path, durability: str) -> None:
        self.tract = Tract.open(folder / "tract.db", durability=durable(durability))

    def append(self, wire: Wire) -> None:
        self.tract.commit(wire)

    def extend(self, wires: list[Wire]) -> None:
        self.tract.extend(wires)

    def load(self) -> Any:
        return self.tract.compile()

    def texts(self, loaded: Any) -> list[str]:
        return [message.text for message in loaded.messages]

    def fork(self, at: int) -> None:
        self.tract.branch("fork", at=self.tract.entries()[at - 1])

    def close(self) -> None:
        self.tract.close()


def durable(word: str) -> Any:
    """Return the word for how durable a store is, as its type wants it."""
    return word


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder and below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
