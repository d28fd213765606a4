"""The first schema: lanes, commits, blobs, snapshots, tracts, refs, operations, and what stands beside them.

New stores are made straight from the tables in `_schema`; a test keeps the two the same.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
destructive = False

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _graph() -> None:
    op.create_table(
        "lanes",
        sa.Column("id", Int, primary_key=True),
        sa.Column("base", Int),
        sa.Column("seal", Int, nullable=False),
    )
    op.create_table(
        "commits",
        sa.Column("key", Int, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("blob", Int),
        sa.Column("size", Int, nullable=False),
        sa.Column("cost", Int, nullable=False),
        sa.Column("snapshot", Int, nullable=False),
        sa.Column("seal", Int, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "blobs",
        sa.Column("key", Int, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("seal", Int, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "snapshots",
        sa.Column("key", Int, primary_key=True, autoincrement=False),
        sa.Column("seal", Int, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def _tracts() -> None:
    op.create_table(
        "tracts",
        sa.Column("key", Int, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("parent", sa.Text),
        sa.Column("created_at", Int, nullable=False),
        sa.Column("resume", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("seal", Int, nullable=False),
    )
    op.create_table(
        "refs",
        sa.Column("tract", Int, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("commit", Int),
        sa.Column("seal", Int, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "operations",
        sa.Column("tract", Int, primary_key=True, autoincrement=False),
        sa.Column("number", Int, primary_key=True, autoincrement=False),
        sa.Column("at", Int, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("seal", Int, nullable=False),
        sqlite_with_rowid=False,
    )


def _beside() -> None:
    op.create_table(
        "counts",
        sa.Column("blob", Int, primary_key=True, autoincrement=False),
        sa.Column("counter", sa.Text, primary_key=True),
        sa.Column("tokens", Int, nullable=False),
        sa.Column("seal", Int, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usages",
        sa.Column("key", Int, primary_key=True),
        sa.Column("tract", Int, nullable=False),
        sa.Column("commit", sa.Text),
        sa.Column("at", Int, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("seal", Int, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("tract", Int, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("commits", sa.Text, nullable=False),
        sa.Column("seal", Int, nullable=False),
        sqlite_with_rowid=False,
    )


def upgrade() -> None:
    """Make all tables."""
    _graph()
    _tracts()
    _beside()
