"""Stores in SQL databases, through SQLAlchemy Core and the driver. Entered only by the store room's door."""

from tract.store.sql._migrate import create_statements, migrate
from tract.store.sql._schema import SCHEMA_VERSION
from tract.store.sql._store import SqlStore, StoreWarning

__all__ = ["SCHEMA_VERSION", "SqlStore", "StoreWarning", "create_statements", "migrate"]
