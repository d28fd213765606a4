"""A store opened by someone: the handle that every verb is given, and what targets mean to it."""

from tract.repo._head import BRANCH, TAG, Batch, Head, Position
from tract.repo._repo import Cache, Repo, Settings, make_tract, new_tract_id, open_tract
from tract.repo._targets import Target, resolve, slot_at

__all__ = [
    "BRANCH",
    "TAG",
    "Batch",
    "Cache",
    "Head",
    "Position",
    "Repo",
    "Settings",
    "Target",
    "make_tract",
    "new_tract_id",
    "open_tract",
    "resolve",
    "slot_at",
]
