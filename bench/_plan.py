"""What is measured in one round, and which measurements stand beside each other.

A group is a handful of measurements that are compared: they run one right after the other, in an
order that changes from round to round, and a ratio is formed inside one group of one round only.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from bench._peers import PEERS


class Store(NamedTuple):
    """A store that is made once, by a task, and copied for each measurement that begins with it."""

    task: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One task, once.

    Attributes:
        name: what it is called in its group.
        task: the task's name.
        arguments: what the task is given.
        store: name of the store that it begins with, or None for an empty folder.
        in_place: whether the store is not copied, because the task only reads it.
    """

    name: str
    task: str
    arguments: dict[str, Any]
    store: str | None = None
    in_place: bool = False


Group = tuple[Measurement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a run is. Conversations end with a turn: what is pending is not compiled.

    Attributes:
        rounds: how often each group is measured.
        short: messages of a short conversation.
        long: messages of a long one.
        keep: visible entries of the store with a long past.
        past: how often nearly everything in that store was taken out.
        between: messages written before each time.
        seconds: how long the writers of one store write.
    """

    rounds: int
    short: int
    long: int
    keep: int
    past: int
    between: int
    seconds: float


FULL = Scale(rounds=5, short=1_000, long=10_000, keep=200, past=100, between=1_000, seconds=2.0)
QUICK = replace(FULL, rounds=2, past=5, seconds=0.3)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run.

    Attributes:
        scale: how large it is.
        groups: what is measured, by the group's name.
        stores: what is prepared, by the store's name.
        absent: the groups that cannot be measured here, each with the reason.
    """

    scale: Scale
    groups: dict[str, Group]
    stores: dict[str, Store] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


def data_folder() -> Path | None:
    """Return the folder of real transcripts: $TRACT_SHARED_DATA, or `shared/data` beside the project.

    Returns:
        The folder; None where there is none.
    """
    named = os.environ.get("TRACT_SHARED_DATA")
    beside = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(named) if named else beside
    return folder if folder.is_dir() else None


def plan(scale: Scale, *, peers: bool = False, data: Path | None = None) -> Plan:
    """Return what a run measures.

    Args:
        scale: how large it is.
        peers: whether other libraries are measured, too.
        data: the folder of real transcripts; where it is None, they are not measured.
    """
    names = list(PEERS) if peers else []
    groups = {**_appending(scale), **_reading(scale), **_moving(scale)}
    if peers:
        groups |= _beside(scale.short, names)
    if data is None:
        absent = {"logs": "no real logs here"}
    else:
        absent = {}
        groups["logs"] = _logs(str(data.resolve()))
    return Plan(scale, groups, _stores(scale, names), absent)


def _stores(scale: Scale, names: list[str]) -> dict[str, Store]:
    short, long, keep = scale.short, scale.long, scale.keep
    made = {
        f"{system} {count}": Store("fill", {"system": system, "count": count})
        for system in ("floor", "tract")
        for count in (short, long)
    }
    made |= {f"{name} {short}": Store("fill", {"system": name, "count": short}) for name in names}
    past = {"keep": keep, "between": scale.between, "rounds": scale.past}
    made["long past"] = Store("compress", past)
    made["no past"] = Store("fill", {"system": "tract", "count": keep})
    return made


def _pair(task: str, names: tuple[str, ...] = ("floor", "tract"), **arguments: Any) -> Group:
    return tuple(Measurement(name, task, {"system": name, **arguments}) for name in names)


def _appending(scale: Scale) -> dict[str, Group]:
    short, long, seconds = scale.short, scale.long, scale.seconds
    two = {"system": "tract", "durability": "full", "seconds": seconds}
    return {
        "append full": _pair("append", count=short, durability="full"),
        "append normal": _pair("append", count=short, durability="normal"),
        "append many": _pair("append", count=long, durability="normal"),
        "import": _pair("extend", count=short),
        "import a file": _pair("import_file", count=short),
        "together": (
            Measurement("one", "together", {**two, "writers": 1}),
            Measurement("two", "together", {**two, "writers": 2}),
            Measurement("floor two", "together", {**two, "system": "floor", "writers": 2}),
        ),
    }


def _reading(scale: Scale) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for count in (scale.short, scale.long):
        for task in ("load", "reload"):
            groups[f"{task} {count}"] = tuple(
                Measurement(name, task, {"system": name, "count": count}, store=f"{name} {count}")
                for name in ("floor", "tract")
            )
    groups["visible"] = tuple(
        Measurement(name, "visible", {"keep": scale.keep}, store=name, in_place=True)
        for name in ("long past", "no past")
    )
    return groups


def _moving(scale: Scale) -> dict[str, Group]:
    short, long = scale.short, scale.long

    def ours(task: str, count: int) -> Group:
        return (Measurement("tract", task, {"count": count}, store=f"tract {count}"),)

    return {
        "branch": ours("branch", long),
        "log": ours("log", long),
        "moves": ours("moves", short),
        "memory": ours("memory", long),
        "export": ours("export", short),
        "start": ours("start", short),
    }


def _logs(data: str) -> Group:
    normal = {"durability": "normal", "data": data}
    return (
        *_pair("logs", durability="full", data=data),
        Measurement("floor normal", "logs", {"system": "floor", **normal}),
        Measurement("tract normal", "logs", {"system": "tract", **normal}),
        Measurement("look", "look", {"data": data}),
    )


def _beside(short: int, names: list[str]) -> dict[str, Group]:
    everyone = ("floor", "tract", *names)
    groups: dict[str, Group] = {
        "peers append": _pair("append", everyone, count=short, durability="full")
    }
    for task in ("load", "reload", "fork"):
        forking = task == "fork"
        groups[f"peers {task}"] = tuple(
            Measurement(name, task, {"system": name, "count": short}, store=f"{name} {short}")
            for name in everyone
            if not (forking and name == "floor")
        )
    return groups
