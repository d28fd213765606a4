"""Every statement, written in SQLAlchemy Core and compiled to text once.

The driver runs the text: going through Core's execution for each append cost more than all else
together. Names of parameters are the keys of the dict that a call hands over.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Integer,
    and_,
    bindparam,
    column,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
    values,
)
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from tract.store.sql._schema import (
    LANE_BITS,
    blobs,
    commits,
    counts,
    idempotency,
    lanes,
    operations,
    refs,
    snapshots,
    tracts,
    usages,
    version,
)

_DIALECT = sqlite_dialect(paramstyle="named")
# Lists, and what every append runs, have their parameters by place: SQLite looks each name up among
# all, which takes 500 of them longer than the reading that they are for.
_BY_PLACE = sqlite_dialect(paramstyle="qmark")
# Sizes that lists of parameters are filled up to, so that few texts serve all lengths.
LIST_SIZES = (1, 8, 64, 500)
LIST_MAX = LIST_SIZES[-1]


def text(statement: ClauseElement) -> str:
    """Return a statement as the text that the driver runs."""
    compiled = statement.compile(dialect=_DIALECT)
    made = str(compiled)
    for name, value in compiled.params.items():
        if isinstance(value, int):  # a number that Core wrote as a parameter, such as OFFSET 0
            made = made.replace(f":{name}", str(value))
    return made


def placed(statement: ClauseElement) -> str:
    """Return a statement as text with its parameters by place; in an insert, in the table's order."""
    return str(statement.compile(dialect=_BY_PLACE))


def list_size(count: int) -> int:
    """Return the length that a list of `count` (500 at most) parameters is filled up to."""
    for size in LIST_SIZES:
        if count <= size:
            break
    return size


def filled(items: Sequence[Any]) -> tuple[Any, ...]:
    """Return up to 500 values as parameters, the last repeated up to the list's size."""
    missing = list_size(len(items)) - len(items)
    return (*items, *[items[-1]] * missing)


def filled_ranges(ranges: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return up to 500 key ranges as parameters, filled up with empty ranges."""
    size = list_size(len(ranges))
    return (*chain.from_iterable(ranges), *(0, -1) * (size - len(ranges)))


def _listed(statement: ClauseElement, item: str, size: int) -> str:
    """Return the text of a statement whose first list has one item, with a list of `size`.

    Core would take some 15 ms to compile a list of 500.
    """
    head, _, tail = placed(statement).partition(item)
    return f"{head}{', '.join([item] * size)}{tail}"


_COMMIT = (
    commits.c.key,
    commits.c.hash,
    commits.c.blob,
    commits.c.size,
    commits.c.cost,
    commits.c.snapshot,
    commits.c.seal,
)

# Refs

_THE_REF = and_(refs.c.tract == bindparam("tract"), refs.c.name == bindparam("name"))
REF = placed(select(refs.c.commit, refs.c.seal).where(_THE_REF))
REFS = text(
    select(refs.c.name, refs.c.commit, refs.c.seal).where(refs.c.tract == bindparam("tract"))
)
ALL_REFS = text(select(refs))
INSERT_REF = placed(insert(refs))
MOVE_REF = placed(
    update(refs)
    .where(_THE_REF, refs.c.commit.is_(bindparam("before")))
    .values(commit=bindparam("after"), seal=bindparam("new_seal"))
)

# Commits and lanes

COMMIT_BY_KEY = text(select(*_COMMIT, commits.c.body).where(commits.c.key == bindparam("key")))
COMMIT_BY_HASH = text(select(*_COMMIT, commits.c.body).where(commits.c.hash == bindparam("hash")))
HAS_KEY = placed(select(exists().where(commits.c.key == bindparam("key"))))
PREFIXED = text(
    select(*_COMMIT, commits.c.body)
    .where(commits.c.hash >= bindparam("low"), commits.c.hash <= bindparam("high"))
    .order_by(commits.c.hash)
    .limit(bindparam("count"))
)
COMMITS_AFTER = text(
    select(*_COMMIT, commits.c.body)
    .where(commits.c.key > bindparam("after"))
    .order_by(commits.c.key)
    .limit(bindparam("count"))
)
INSERT_COMMIT = placed(insert(commits))
LAST_LANE = text(select(func.max(lanes.c.id)))
ALL_LANES = text(select(lanes.c.id, lanes.c.base, lanes.c.seal).order_by(lanes.c.id))
INSERT_LANE = placed(insert(lanes))


def _segments() -> Any:
    """The lanes of a first-parent line: lane, its highest key, commits so far, base and seal.

    A base stands in an earlier lane, always; seeing to it here ends the walk whatever is stored.
    """
    bits: ColumnElement[int] = literal_column(str(LANE_BITS))
    one: ColumnElement[int] = literal_column("1")
    top: ColumnElement[int] = literal_column(":top")

    def lane_of(key: Any) -> Any:
        return key.op(">>")(bits)

    def commits_up_to(key: Any) -> Any:
        return key - lane_of(key).op("<<")(bits) + one

    first = select(
        lanes.c.id.label("lane"),
        bindparam("top").label("top"),
        commits_up_to(top).label("got"),
        lanes.c.base,
        lanes.c.seal,
    ).where(lanes.c.id == lane_of(top))
    line = first.cte("line", recursive=True)
    base = line.c.base
    more = (
        select(lanes.c.id, base, line.c.got + commits_up_to(base), lanes.c.base, lanes.c.seal)
        .select_from(line.join(lanes, lanes.c.id == lane_of(base)))
        .where(
            lanes.c.id < line.c.lane,
            line.c.got < bindparam("wanted"),
            line.c.lane != bindparam("stop"),
        )
    )
    line = line.union_all(more)
    return select(line.c.lane, line.c.top, line.c.got, line.c.base, line.c.seal)


SEGMENTS = text(_segments())

# Blobs and snapshots

PUT_BLOB = placed(
    sqlite_insert(blobs)
    .values({name: bindparam(name) for name in ("key", "hash", "seal", "data")})
    .on_conflict_do_nothing(index_elements=["hash"])
)
BLOB_SIZES_AFTER = text(
    select(blobs.c.key, func.length(blobs.c.data))
    .where(blobs.c.key > bindparam("after"))
    .order_by(blobs.c.key)
    .limit(bindparam("count"))
)
BLOBS_BETWEEN = text(
    select(blobs.c.key, blobs.c.hash, blobs.c.seal, blobs.c.data)
    .where(blobs.c.key >= bindparam("low"), blobs.c.key <= bindparam("high"))
    .order_by(blobs.c.key)
)
SNAPSHOT = text(
    select(snapshots.c.seal, snapshots.c.data).where(snapshots.c.key == bindparam("key"))
)
SNAPSHOT_KEYS = text(select(snapshots.c.key))
INSERT_SNAPSHOT = placed(insert(snapshots))

# What an append needs to know, in one go: the last blob, the last operation, whether a key is taken

LASTS = placed(
    select(
        select(func.max(blobs.c.key)).scalar_subquery(),
        select(func.max(operations.c.number))
        .where(operations.c.tract == bindparam("tract"))
        .scalar_subquery(),
        exists().where(commits.c.key == bindparam("key")),
    )
)

# Tracts

TRACTS = text(select(tracts).order_by(tracts.c.key))
TRACT_BY_NAME = text(select(tracts).where(tracts.c.name == bindparam("name")))
TRACT_BY_ID = text(select(tracts).where(tracts.c.id == bindparam("id")))
INSERT_TRACT = text(insert(tracts))
LAST_TRACT = text(select(func.max(tracts.c.key)))
UPDATE_TRACT = text(
    update(tracts)
    .where(tracts.c.key == bindparam("row"))
    .values({name: bindparam(name) for name in ("name", "resume", "metadata", "seal")})
)

# What stands beside them

INSERT_OPERATION = placed(insert(operations))
OPERATIONS = text(
    select(operations)
    .where(operations.c.tract == bindparam("tract"), operations.c.number < bindparam("before"))
    .order_by(operations.c.number.desc())
    .limit(bindparam("count"))
)
ALL_OPERATIONS = text(select(operations))

USAGES = text(select(usages).where(usages.c.tract == bindparam("tract")).order_by(usages.c.key))
ALL_USAGES = text(select(usages))
INSERT_USAGE = placed(insert(usages))
LAST_USAGE = text(select(func.max(usages.c.key)))

IDEMPOTENT = text(
    select(idempotency.c.digest, idempotency.c.commits, idempotency.c.seal).where(
        idempotency.c.tract == bindparam("tract"), idempotency.c.name == bindparam("name")
    )
)
ALL_IDEMPOTENT = text(select(idempotency))
INSERT_IDEMPOTENT = placed(insert(idempotency))

ALL_COUNTS = text(select(counts))
PUT_COUNT = text(
    sqlite_insert(counts)
    .values({name: bindparam(name) for name in ("blob", "counter", "tokens", "seal")})
    .on_conflict_do_nothing()
)

VERSION = text(select(version.c.version_num))
INSERT_VERSION = text(insert(version))


# Lists and ranges


def _range() -> Any:
    named = values(column("low", Integer), column("high", Integer), name="ranges")
    return named.data([(bindparam("low"), bindparam("high"))]).cte("ranges")


@cache
def folding(size: int) -> str:
    """Return the text that reads key ranges of commits with their contents, in any order."""
    ranges = _range()
    inside = and_(commits.c.key >= ranges.c.low, commits.c.key <= ranges.c.high)
    both = ranges.join(commits, inside).outerjoin(blobs, blobs.c.key == commits.c.blob)
    found = (commits.c.key, commits.c.hash, commits.c.body, blobs.c.hash, blobs.c.data)
    return _listed(select(*found).select_from(both), "(?, ?)", size)


@cache
def bodies(size: int) -> str:
    """Return the text that reads key ranges of commits, in any order."""
    ranges = _range()
    inside = and_(commits.c.key >= ranges.c.low, commits.c.key <= ranges.c.high)
    found = select(commits.c.key, commits.c.hash, commits.c.body)
    return _listed(found.select_from(ranges.join(commits, inside)), "(?, ?)", size)


@cache
def blobs_by_hash(size: int) -> str:
    """Return the text that reads blobs by a list of hashes."""
    wanted = blobs.c.hash.in_([bindparam("hash")])
    return _listed(select(blobs.c.hash, blobs.c.data).where(wanted), "?", size)


@cache
def blob_keys(size: int) -> str:
    """Return the text that reads the keys of blobs by a list of hashes."""
    wanted = blobs.c.hash.in_([bindparam("hash")])
    return _listed(select(blobs.c.hash, blobs.c.key).where(wanted), "?", size)


@cache
def commit_rows(size: int) -> str:
    """Return the text that reads commits by a list of hashes."""
    wanted = commits.c.hash.in_([bindparam("hash")])
    return _listed(select(*_COMMIT, commits.c.body).where(wanted), "?", size)


@cache
def commit_hashes(size: int) -> str:
    """Return the text that reads the hashes of commits, and what they are of, by a list of keys."""
    columns = (commits.c.key, commits.c.hash, commits.c.body)
    wanted = commits.c.key.in_([bindparam("key")])
    return _listed(select(*columns).where(wanted), "?", size)


@cache
def counts_by_hash(size: int) -> str:
    """Return the text that reads the token counts of a list of blob hashes; the counter comes last."""
    both = blobs.join(counts, counts.c.blob == blobs.c.key)
    found = select(blobs.c.hash, counts.c.blob, counts.c.tokens, counts.c.seal)
    wanted = and_(blobs.c.hash.in_([bindparam("hash")]), counts.c.counter == bindparam("counter"))
    return _listed(found.select_from(both).where(wanted), "?", size)
