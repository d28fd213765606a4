"""What a run of SWE-agent says besides its messages: steps, results, settings, and what it used.

Nothing of it may be trusted to have the form that it should. Much of a run's record says what its
messages say as well, or is a view of files that was made for a reviewer: what is kept of it here
is what nothing else in the record tells.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from tract.errors import InvalidInput
from tract.importers._json import parse_json
from tract.importers._layouts import LOOKED_AT_MAX
from tract.objects import normalise_usage

_ELSEWHERE = frozenset({"history", "trajectory", "attempts", "info", "replay_config"})
_VIEWS = "edited_files"
_SENT = frozenset({"query", "messages"})
_LEFT_OUT = frozenset({"api_key"})


def is_history(value: Any) -> TypeGuard[list[Any]]:
    """Return whether a value is a list with a message in it."""
    return isinstance(value, list) and any(
        isinstance(m, Mapping) and isinstance(m.get("role"), str) and "content" in m
        for m in value[:LOOKED_AT_MAX]
    )


def model_of(run: Mapping[str, Any]) -> str | None:
    """Return the name of the model that a run was made with, where its settings say it."""
    name = _inside(_settings(run), "agent", "model", "name")
    return name if isinstance(name, str) and name else None


def total_of(info: Any) -> Mapping[str, Any] | None:
    """Return what a run used, once it is over; None where that is not known, or nothing."""
    stats = _inside(info, "model_stats")
    if not isinstance(stats, Mapping) or not _inside(info, "exit_status"):
        return None
    cost = stats.get("instance_cost")
    figures = {"input": stats.get("tokens_sent"), "output": stats.get("tokens_received")}
    if not any((cost, *figures.values())):
        return None
    try:
        return normalise_usage({**stats, **figures}, cost=cost)
    except (InvalidInput, RecursionError):
        return None


def about(run: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is kept of a run with its branch.

    Args:
        run: the run.
        steps: those of its steps that no message of its history is about.
    """
    kept = {name: value for name, value in run.items() if name not in _ELSEWHERE}
    info = run.get("info")
    if isinstance(info, Mapping):
        info = {name: value for name, value in info.items() if not name.startswith(_VIEWS)}
    if info:
        kept["info"] = info
    settings = _settings(run)
    chosen: dict[str, Any] = {}
    if (model := _inside(settings, "agent", "model")) is not None:
        chosen["model"] = _without_key(model)
    for name, path in (
        ("agent", ("agent", "name")),
        ("problem_statement", ("problem_statement", "id")),
        ("env", ("env",)),
    ):
        if (value := _inside(settings, *path)) is not None:
            chosen[name] = value
    if chosen:
        kept["settings"] = chosen
    if steps:
        kept["steps"] = [dict(step) for step in steps]
    return kept


def steps_of(
    history: Sequence[Any], trajectory: Any
) -> tuple[dict[int, dict[str, Any]], list[dict[str, Any]]]:
    """Return what the steps say, by the number of the message that each is about, and the others.

    A step is a reply and its observation; it is about the observation, or about the reply where
    there is none. A reply is found by its text, in order, since failed attempts at one leave steps
    that the history does not have; where there are as many steps as replies, by its place.

    Args:
        history: the messages of the run.
        trajectory: its steps, if it has them.
    """
    steps = trajectory if isinstance(trajectory, list) else []
    replies = [n for n, m in enumerate(history) if _is_reply(m)]
    found: dict[int, dict[str, Any]] = {}
    others: list[dict[str, Any]] = []
    by_place = len(replies) == len(steps)
    at = 0
    for number, step in enumerate(steps):
        reply: int | None = None
        if by_place:
            reply = replies[number]
        elif isinstance(step, Mapping):
            place = next(
                (p for p in range(at, len(replies)) if _says(history[replies[p]], step)), None
            )
            if place is not None:
                reply, at = replies[place], place + 1
        if not isinstance(step, Mapping):
            continue
        if reply is None:
            others.append({"number": number, **_kept(step, "", "")})
            continue
        seen = reply + 1
        is_seen = seen < len(history) and _role(history[seen]) in ("tool", "user")
        after = _text(history[seen]) if is_seen else ""
        if facts := _kept(step, _text(history[reply], "action", "thought"), after):
            found[seen if is_seen else reply] = facts
    return found, others


def is_told(said: Any, text: str) -> bool:
    """Return whether a text stands in another one as lines of its own.

    Args:
        said: what may stand in it.
        text: the text that it may stand in.

    Example:
        >>> is_told("ls", "Let us look at tools."), is_told("ls", "ls")
        (False, True)
    """
    if not isinstance(said, str):
        return False
    lines, inside = (part.replace("\r\n", "\n").strip() for part in (said, text))
    return f"\n{lines}\n" in f"\n{inside}\n"


def _role(message: Any) -> Any:
    return message.get("role") if isinstance(message, Mapping) else None


def _is_reply(message: Any) -> bool:
    return _role(message) == "assistant" and not message.get("is_demo")


def _says(message: Any, step: Mapping[str, Any]) -> bool:
    """Return whether a reply is the one of a step."""
    response = step.get("response")
    return isinstance(response, str) and response.strip() == _text(message).strip()


def _kept(step: Mapping[str, Any], said: str, seen: str) -> dict[str, Any]:
    """Return what a step says that its messages do not.

    Args:
        step: the step.
        said: what its reply says.
        seen: what its observation says.
    """
    kept: dict[str, Any] = {}
    for name, value in step.items():
        if name in _SENT or value in (None, "", [], {}):
            continue
        shown = seen if name == "observation" else said
        told = name in ("action", "observation", "response", "thought")
        if not (told and is_told(value, shown)):
            kept[name] = value
    return kept


def _text(message: Any, *names: str) -> str:
    """Return the text of a message, with that of some of its other fields."""
    if not isinstance(message, Mapping):
        return ""
    texts = [message.get(name) for name in names]
    content = message.get("content")
    if isinstance(content, list):
        texts += [block.get("text") for block in content if isinstance(block, Mapping)]
    else:
        texts.insert(0, content)
    return "\n".join(text for text in texts if isinstance(text, str))


def _settings(run: Mapping[str, Any]) -> Any:
    """Return the settings that a run can be done again with; newer ones write them as text."""
    settings = run.get("replay_config")
    if isinstance(settings, str):
        try:
            return parse_json(settings.encode())
        except ValueError:
            return None
    return settings


def _inside(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _without_key(model: Any) -> Any:
    if not isinstance(model, Mapping):
        return model
    return {
        name: value for name, value in model.items() if name not in _LEFT_OUT and value is not None
    }
