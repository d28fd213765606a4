"""Whatever is in a conversation, what is rendered of it would be accepted by the provider.

Two judges that share no code with the rendering say so: the checks of this room, written from the
providers' rules, and the typed models of the providers' own clients.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.samples import accepted, paired, stored
from tract import OpaquePart, ToolCall, ToolResultContent, Tract
from tract.formats import PROVIDERS, check, from_conversation, to_wire
from tract.objects import Message

ALL = pytest.mark.parametrize("provider", PROVIDERS)


@pytest.fixture(scope="module")
def tau_bench(shared_data: Path) -> list[Any]:
    path = shared_data / "tau-bench" / "airline_60.json"
    if not path.is_file():
        pytest.skip("the tau-bench conversations are not among the shared data")
    return [run["traj"] for run in json.loads(path.read_text(encoding="utf-8"))]


@ALL
@given(messages=paired(), cache=st.booleans())
def test_any_paired_conversation_is_valid(
    provider: str, messages: list[Message], cache: bool
) -> None:
    wire = to_wire(messages, provider, cache=cache)
    assert check(wire.params, provider) == []
    accepted(wire.params, provider)
    assert len(wire.origins) == len(wire.params["messages"])
    assert all(n.index is None or 0 <= n.index <= len(wire.origins) for n in wire.notices)


@ALL
@given(messages=paired())
def test_rendering_is_a_pure_function(provider: str, messages: list[Message]) -> None:
    first = to_wire(messages, provider)
    before = copy.deepcopy(first.params)
    second = to_wire(copy.deepcopy(messages), provider)
    assert json.dumps(first.params) == json.dumps(second.params)
    assert first.notices == second.notices
    _scribble(first.params)
    assert to_wire(messages, provider).params == before


def _scribble(value: Any) -> None:
    """Change everything that can be changed, as a careless caller might."""
    if isinstance(value, dict):
        for inner in value.values():
            _scribble(inner)
        value["scribbled"] = True
    elif isinstance(value, list):
        for inner in value:
            _scribble(inner)
        value.append("scribbled")


@ALL
@given(messages=paired())
def test_what_was_mended_once_needs_no_mending(provider: str, messages: list[Message]) -> None:
    first = to_wire(messages, provider, cache=False).params
    read = stored(from_conversation(first["messages"], provider, first.get("system")))
    second = to_wire(read, provider, cache=False)
    assert second.params == first
    assert second.notices == ()


@ALL
@given(messages=paired(), data=st.data())
def test_nothing_crashes_that_is_not_paired(
    provider: str, messages: list[Message], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(messages))
    for repair in (True, False):
        wire = to_wire(mixed, provider, repair=repair)
        check(wire.params, provider)
        assert len(wire.origins) == len(wire.params["messages"])


@ALL
def test_recorded_conversations_are_valid(provider: str, tau_bench: list[Any]) -> None:
    for run in tau_bench:
        answered = {m["tool_call_id"] for m in run if m["role"] == "tool"}
        calls = run[-1].get("tool_calls") or []
        whole = run if all(call["id"] in answered for call in calls) else run[:-1]
        params = to_wire(stored(from_conversation(whole)), provider).params
        assert check(params, provider) == []
        accepted(params, provider)


@given(messages=paired())
def test_what_was_sent_to_openai_is_the_beginning_of_what_is_sent_next(
    messages: list[Message],
) -> None:
    whole = to_wire(messages, "openai").params["messages"]
    for count in range(len(messages)):
        if any(message.role == "tool" for message in messages[count : count + 1]):
            continue  # media of results stand behind the last of them
        sent = to_wire(messages[:count], "openai").params["messages"]
        assert whole[: len(sent)] == sent


@given(messages=paired(), cache=st.booleans())
def test_what_was_sent_to_anthropic_is_the_beginning_of_what_is_sent_next(
    messages: list[Message], cache: bool
) -> None:
    for count in range(len(messages)):
        before = to_wire(messages[:count], "anthropic", cache=cache).params
        after = to_wire(messages[: count + 1], "anthropic", cache=cache).params
        if not before["messages"]:
            continue  # leading system text may still grow
        sent, next_sent = _without_marks(before), _without_marks(after)
        has_grown = len(next_sent["messages"]) > len(sent["messages"])
        same = len(sent["messages"]) - (not has_grown)  # else it went into the last message
        assert next_sent["messages"][:same] == sent["messages"][:same]
        assert next_sent.get("system") == sent.get("system")


def _without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_marks(v) for k, v in value.items() if k != "cache_control"}
    if isinstance(value, list):
        return [_without_marks(inner) for inner in value]
    return value


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_an_unknown_part_with_a_role_is_a_part_and_no_message_of_its_own(provider):
    odd = {"type": "widget", "role": "tool", "content": "x"}
    with Tract.open() as t:
        t.user("go")
        t.assistant(tool_calls=[ToolCall("c1", "look", "{}")])
        t.commit(ToolResultContent(call_id="c1", parts=(OpaquePart("openai", odd),)))
        t.user("and?")
        assert t.compile().check(provider) == []
        assert "c1" in str(getattr(t.compile(), f"to_{provider}")())
