"""A store opened by someone: the handle that every verb is given, and what targets mean to it."""

from tract.repo._head import BRANCH, Position
from tract.repo._hold import refuse_to_wait_for_oneself
from tract.repo._repo import Repo, Settings, make_tract, open_tract, time_of
from tract.repo._targets import Target, resolve, slot_at

__all__ = [
    "BRANCH",
    "Position",
    "Repo",
    "Settings",
    "Target",
    "make_tract",
    "open_tract",
    "refuse_to_wait_for_oneself",
    "resolve",
    "slot_at",
    "time_of",
]
