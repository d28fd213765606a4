"""The tables, in SQLAlchemy Core, and the checksum that guards what no hash covers.

Two tables hold the graph, keyed by hash but stored under integers: `blobs` and `commits`. A
commit's integer is `lane << 40 | position`: a lane is an unbroken run of first parents, so that
ancestry is a handful of key ranges. The columns beside a commit's canonical bytes are an index
that can be made again from them. What no hash covers is covered by `seal`, a CRC-32 over the
row's other columns, the integer keys included; a snapshot is a cached state and can be dropped at
any time.
"""

import zlib
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = "0001"
# "trct" as a big-endian number; SQLite keeps it in the file's header.
APPLICATION_ID = 0x74726374
LANE_BITS = 40
POSITION_MASK = (1 << LANE_BITS) - 1

metadata = MetaData()
# SQLite's row key must be declared INTEGER; elsewhere keys need 64 bits.
Int = BigInteger().with_variant(Integer(), "sqlite")

lanes = Table(
    "lanes",
    metadata,
    Column("id", Int, primary_key=True, comment="counting up from 1"),
    Column("base", Int, comment="key of the commit that the lane branched from; NULL for a root"),
    Column("seal", Int, nullable=False, comment="over id, base"),
)

commits = Table(
    "commits",
    metadata,
    Column("key", Int, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("blob", Int, comment="key of the content's blob"),
    Column("size", Int, nullable=False, comment="entries in the state"),
    Column("cost", Int, nullable=False, comment="steps since the last snapshot, see the cost rule"),
    Column(
        "snapshot",
        Int,
        nullable=False,
        comment="key of the nearest snapshot at or before; -1 for none",
    ),
    Column("seal", Int, nullable=False, comment="over key, blob, size, cost, snapshot"),
    Column("body", LargeBinary, nullable=False, comment="canonical bytes"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("key", Int, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("seal", Int, nullable=False, comment="over key, hash"),
    Column("data", LargeBinary, nullable=False, comment="canonical bytes"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("key", Int, primary_key=True, autoincrement=False, comment="the commit's key"),
    Column("seal", Int, nullable=False),
    Column(
        "data",
        LargeBinary,
        nullable=False,
        comment="JSON list of entry id, commit id, blob id, mark",
    ),
)

tracts = Table(
    "tracts",
    metadata,
    Column("key", Int, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("parent", Text),
    Column("created_at", Int, nullable=False, comment="microseconds since the Unix epoch"),
    Column("resume", Text, nullable=False),
    Column("metadata", Text, nullable=False, comment="JSON object"),
    Column("seal", Int, nullable=False),
)

refs = Table(
    "refs",
    metadata,
    Column("tract", Int, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("commit", Int, comment="key of the commit; NULL for an unborn branch"),
    Column("seal", Int, nullable=False),
    sqlite_with_rowid=False,
)

operations = Table(
    "operations",
    metadata,
    Column("tract", Int, primary_key=True, autoincrement=False),
    Column(
        "number",
        Int,
        primary_key=True,
        autoincrement=False,
        comment="counting up from 1 in each tract",
    ),
    Column("at", Int, nullable=False, comment="microseconds since the Unix epoch"),
    Column("verb", Text, nullable=False),
    Column(
        "body",
        LargeBinary,
        nullable=False,
        comment="JSON: actor, refs with commit keys, arguments, group",
    ),
    Column("seal", Int, nullable=False),
    sqlite_with_rowid=False,
)

counts = Table(
    "counts",
    metadata,
    Column("blob", Int, primary_key=True, autoincrement=False),
    Column("counter", Text, primary_key=True),
    Column("tokens", Int, nullable=False),
    Column("seal", Int, nullable=False, comment="over blob, its id, counter, tokens"),
    sqlite_with_rowid=False,
)

usages = Table(
    "usages",
    metadata,
    Column("key", Int, primary_key=True),
    Column("tract", Int, nullable=False),
    Column("commit", Text, comment="commit id"),
    Column("at", Int, nullable=False, comment="microseconds since the Unix epoch"),
    Column("body", LargeBinary, nullable=False, comment="JSON object"),
    Column("seal", Int, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("tract", Int, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("commits", Text, nullable=False, comment="JSON list of commit ids"),
    Column("seal", Int, nullable=False),
    sqlite_with_rowid=False,
)

# Alembic's own table, as it makes it itself.
version = Table(
    "alembic_version",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def seal(*values: Any) -> int:
    """Return the CRC-32 of a row's values: integers, text, bytes or None.

    It is taken over their ASCII text form, which is the same everywhere and tells types apart.
    """
    return zlib.crc32(ascii(values).encode())


def snapshot_seal(key: int, data: bytes) -> int:
    """Return the seal of a snapshot, whose data is too long to be spelt out."""
    return seal(key, zlib.crc32(data))
