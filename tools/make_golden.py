"""Write the golden store of this schema: a small store that every later version must read alike.

Run it once when a schema is released, never again for that schema: the point of the file is that
it was written by the code of its day. It holds every kind of row; clock and author are fixed, so
its ids are known, and the test beside it has them as literals.
"""

import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tract import Session, ToolCall, Tract

FOLDER = Path(__file__).parents[1] / "tests" / "golden" / "stores"
SCHEMA = "0001"


class Ticking:
    """A clock that counts seconds from a fixed day."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> datetime:
        """Return the next second."""
        self.count += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.count)


def fill(path: Path) -> None:
    """Make a store with every kind of row in it."""
    with Session.open(path, author="human:ada", clock=Ticking()) as session:
        t = session.create_tract("garden", metadata={"season": "spring"})
        t.system("You plan gardens. Answer in one sentence.")
        asked = t.user("What grows in the shade?", name="ada", tags=["question"], message="shade")
        t.assistant(tool_calls=[ToolCall("call_1", "find_plants", '{"light": "shade"}')])
        t.tool_result("call_1", '{"plants": ["fern", "hosta"]}', name="find_plants")
        t.commit("Ferns and hostas.", role="assistant", made_with={"model": "m1"})
        t.record_usage({"prompt_tokens": 60, "completion_tokens": 5})
        t.edit(asked, "What grows in deep shade?", message="be exact")
        t.annotate(asked, "important", reason="the question", retain="deep shade", labels=["q"])
        t.skip("HEAD~3", reason="long")
        t.branch("moss", "HEAD~4")
        t.user("And moss?", idempotency_key="moss-1")
        t.switch("main")
        for number in range(80):  # long enough for a snapshot
            t.edit(asked, f"What grows in shade, take {number}?")
        with t.batch("a last pair"):
            t.note({"bed": 3, "sun": 0.25, "tags": ["a", None, True]})
            t.output("Plant ferns.", format="text")
        session.create_tract("shed").user("Where is the rake? \U0001f9f9\0")


def facts(path: Path) -> dict[str, object]:
    """Return what the test compares."""
    found: dict[str, object] = {}
    for name in ("garden", "shed"):
        with Tract.open(path, tract=name, create=False, read_only=True) as t:
            found[name] = {
                "id": t.id,
                "branches": {branch.name: branch.commit for branch in t.branches.list()},
                "entries": [[e.id, e.commit, e.priority.value, e.text] for e in t.entries()],
                "commits": len(t.log(None)),
                "prefix": t.compile().prefix[-1],
                "messages": len(t.compile().messages),
            }
    return found


def main() -> int:
    """Write the store and its facts; refuse to write over a released one."""
    path = FOLDER / f"{SCHEMA}.db"
    if path.exists():
        print(f"{path.name} is there; a released store is never written again")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    fill(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.with_suffix(".json").write_text(
        json.dumps(facts(path), indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    for beside in ("-wal", "-shm"):  # what a look leaves; the store is one file
        path.with_name(path.name + beside).unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
