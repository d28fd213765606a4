"""Write the golden rows of the present schema: ``python -m tools.make_golden_rows``.

Beside the golden store that is written through the public face there is one that is written row
by row, by a scribe: it holds what a face may never write, such as merges by hand and runs of
several parents, and its ids depend on nothing above the store. A golden store is written once and
never again: the tool refuses to replace one.
"""

import sys
from pathlib import Path

from tract.objects import Actor, Mark, Priority, blob_id, canonical
from tract.store import Store, open_store
from tract.store.sql import SCHEMA_VERSION
from tract.testing import Scribe

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "golden" / "rows"


def build(store: Store) -> None:
    """Put everything that a store can hold into a new store."""
    main = Scribe(store, "main", author=Actor("human", "ada"))
    system = main.say(
        "You book flights. Ask before you pay.", role="system", mark=Mark(Priority.PINNED)
    )
    main.say("Two seats to Lisbon on the 3rd, please. \u2708\ufe0f")
    wrong = main.say("The 3rd is sold out.", role="assistant", made_with={"model": "m-1"})
    noise = main.say("HTTP/1.1 200 OK\r\n\0\u202enoise\u202c <|endoftext|>")
    main.note_usage(wrong.id, {"input_tokens": 31, "output_tokens": 7, "raw": {"id": "r-1"}})
    fixed = main.edit(wrong, "There are seats on the 3rd.")
    main.mark(noise, "skip", "nobody needs the headers")
    main.note_counts({fixed.content or "": 8, noise.content or "": 12})
    main.remember("turn-1", blob_id(canonical(["book"])), [fixed.id])

    plan = main.fork("plan", wrong.id)
    plan.author = Actor("agent", "planner")
    plan.say("Compare with the 4th.")
    plan.say("The 4th is cheaper: 88 EUR instead of 120.", based_on=plan.head())
    main.at = plan.at
    order = [*main.state(), *plan.state()[-1:]]
    main.arrange(order, [plan.head() or ""])
    with main.together() as draft:  # enough unrest for a snapshot, logged as one operation
        for n in range(70):
            main.mark(order[-1], ("important", "normal")[n % 2])
        del draft.staged.operations[:-1]
    main.edit([slot.entry_id for slot in main.state()[1:3]], "Lisbon on the 3rd, two seats.")
    main.edit(main.state()[-1], None)

    child = Scribe(store, "child", author=Actor("import", "old log"))
    child.at = main.at
    child.say("A tract of its own.")
    child.reset(system.id)
    child.say("On top of what the parent began with.")


def main() -> int:
    """Write the store of the present schema, if there is none yet."""
    path = FOLDER / f"{SCHEMA_VERSION}.db"
    if path.exists():
        print(f"{path.name} is there already, and golden stores are never made again")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    store = open_store(path)
    build(store)
    store.close()  # the last handle leaves one file
    print(f"wrote {path.name}, {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
