"""Taking a store from one schema to the next, with Alembic.

This is the only place that imports Alembic, and it is entered only when there is something to
do. Each file in `versions` is one step; its number is the schema's. The connection is the
driver's own, already inside the transaction that the caller commits.
"""

import sqlite3
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script, ScriptDirectory
from sqlalchemy import create_engine, delete, insert
from sqlalchemy.pool import StaticPool

from tract.store.sql._schema import version

__all__ = ["destructive", "pending", "upgrade"]


def pending(found: str, folder: Path | None = None) -> list[Script] | None:
    """Return the steps from schema `found` to the newest, first one first; None if it never was.

    Args:
        found: the store's schema; "" for one without tables.
        folder: where the steps are; the shipped ones, if left out.
    """
    scripts = ScriptDirectory(str(folder or Path(__file__).parent))
    steps = list(scripts.walk_revisions())[::-1]
    if found and found not in {script.revision for script in steps}:
        return None
    return [script for script in steps if script.revision > found]


def destructive(step: Script) -> bool:
    """Return whether a step loses data, so that a copy is kept first."""
    return bool(getattr(step.module, "destructive", False))


def upgrade(connection: sqlite3.Connection, steps: list[Script]) -> None:
    """Carry out steps on a connection that is inside a transaction; the caller commits."""
    engine = create_engine("sqlite://", creator=lambda: _Held(connection), poolclass=StaticPool)
    with engine.connect() as bound:
        context = MigrationContext.configure(bound)
        with Operations.context(context):
            for step in steps:
                step.module.upgrade()
        bound.execute(delete(version))
        bound.execute(insert(version).values(version_num=steps[-1].revision))


class _Held:
    """A driver connection whose transaction belongs to somebody else."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None:
        """Leave the transaction to its owner."""

    def rollback(self) -> None:
        """Leave the transaction to its owner."""

    def close(self) -> None:
        """Leave the connection to its owner."""
