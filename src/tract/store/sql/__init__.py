"""Stores in SQL databases, through SQLAlchemy Core and the driver. Entered only by the store room's door."""

from tract.store.sql._migrate import migrate
from tract.store.sql._store import SqlStore, StoreWarning

__all__ = ["SqlStore", "StoreWarning", "migrate"]
