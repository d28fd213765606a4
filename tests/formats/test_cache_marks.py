"""A request to Anthropic is marked for its cache where the next request will read it."""

from typing import Any

from tests.formats.samples import anthropic, said
from tract.formats import to_wire
from tract.objects import Message, OpaquePart, TextPart, ToolCall

MARK = {"type": "ephemeral"}


USER = said("user", "hi")
EXCHANGE = [said("assistant", ToolCall("c1", "t")), said("tool", "7", call_id="c1")]


def marks(params: dict[str, Any]) -> list[str]:
    """Where the request is marked."""
    found = [f"tool {i}" for i, t in enumerate(params.get("tools", ())) if "cache_control" in t]
    system = params.get("system", "")
    found += [f"system {i}" for i, b in enumerate(system) if "cache_control" in b]
    for index, message in enumerate(params["messages"]):
        found += [f"{index}.{i}" for i, b in enumerate(message["content"]) if "cache_control" in b]
    return found


def test_four_places_are_marked() -> None:
    turns = [said("user", "a"), said("assistant", "b"), said("user", "c"), said("assistant", "d")]
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in "xy"]
    wire = anthropic(said("system", "s"), *turns, said("user", "e"), cache=True, tools=tools)
    assert marks(wire.params) == ["tool 1", "system 0", "2.0", "4.0"]
    assert wire.params["system"] == [{"type": "text", "text": "s", "cache_control": MARK}]
    assert wire.params["messages"][1]["content"] == [{"type": "text", "text": "b"}]
    assert marks(anthropic(USER, cache=True).params) == ["0.0"]


def test_the_last_result_of_a_message_is_marked() -> None:
    wire = anthropic(USER, *EXCHANGE, cache=True)
    assert marks(wire.params) == ["0.0", "2.0"]


def test_a_block_nobody_knows_is_not_marked() -> None:
    odd = OpaquePart("anthropic", {"type": "hologram"})
    wire = to_wire([said("user", "hi", odd, plain=False)], "anthropic")
    assert marks(wire.params) == ["0.0"]
    assert marks(to_wire([said("user", odd, plain=False)], "anthropic").params) == []


def test_no_marks_are_set_on_demand() -> None:
    wire = anthropic(said("system", "s"), USER, *EXCHANGE, cache=False, tools=[{"name": "t"}])
    assert "cache_control" not in str(wire.params)


def recorded(count: int) -> list[Message]:
    """Turns that were recorded with a cache mark each."""
    part = TextPart("a", {"anthropic": {"cache_control": MARK}})
    roles = ["user", "assistant"] * count
    return [said(role, part, plain=False) for role in roles[:count]]


def test_recorded_marks_give_way_to_ours() -> None:
    tool = {"name": "t", "input_schema": {"type": "object"}, "cache_control": MARK}
    wire = anthropic(*recorded(7), cache=True, tools=[tool, {"name": "u"}])
    assert marks(wire.params) == ["tool 1", "4.0", "6.0"]


def test_only_the_last_four_recorded_marks_are_kept() -> None:
    wire = anthropic(*recorded(6), cache=False)
    assert marks(wire.params) == ["2.0", "3.0", "4.0", "5.0"]
    assert [(n.rule, n.index) for n in wire.notices] == [
        ("cache_mark_left_out", 0),
        ("cache_mark_left_out", 1),
    ]
    assert marks(anthropic(*recorded(4), cache=False).params) == ["0.0", "1.0", "2.0", "3.0"]
