"""Calls and results reach Anthropic with ids, names and arguments that it accepts."""

from typing import Any

import pytest

from tests.formats.samples import anthropic, said, sent
from tract.objects import Message, ToolCall

USER = said("user", "hi")


def exchange(id: str, output: str) -> list[Message]:
    return [said("assistant", ToolCall(id, "t")), said("tool", output, call_id=id)]


def ids(messages: list[Any]) -> list[tuple[str, str]]:
    """Call and result ids as they were sent, in order."""
    found = []
    for message in messages:
        for block in message["content"] if isinstance(message["content"], list) else ():
            if block["type"] == "tool_use":
                found.append(("call", block["id"]))
            elif block["type"] == "tool_result":
                found.append(("result", block["tool_use_id"]))
    return found


def test_ids_used_again_are_made_unique_and_results_follow_their_call() -> None:
    messages = sent(USER, *exchange("c1", "1"), *exchange("c1_2", "2"), *exchange("c1", "3"))
    assert ids(messages) == [
        ("call", "c1"),
        ("result", "c1"),
        ("call", "c1_2"),
        ("result", "c1_2"),
        ("call", "c1_3"),
        ("result", "c1_3"),
    ]


def test_ids_with_other_characters_are_mapped_without_collision() -> None:
    wire = anthropic(
        USER, *exchange("call.1", "1"), *exchange("call:1", "2"), *exchange("call_1", "3")
    )
    found = ids(wire.params["messages"])
    calls = [id for kind, id in found if kind == "call"]
    assert calls == [id for kind, id in found if kind == "result"]
    assert len(set(calls)) == 3
    assert calls[2] == "call_1"
    assert [n.rule for n in wire.notices] == ["call_id_mapped", "call_id_mapped"]


def test_an_id_that_looks_like_a_mapped_one_is_kept_apart() -> None:
    [(_, mapped), _] = ids(sent(USER, *exchange("call.1", "1")))
    found = ids(sent(USER, *exchange("call.1", "1"), *exchange(mapped, "2")))
    assert found == [
        ("call", mapped),
        ("result", mapped),
        ("call", f"{mapped}_2"),
        ("result", f"{mapped}_2"),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected", "wrapped"),
    [
        ('{"x": [1, null]}', {"x": [1, None]}, False),
        ("", {}, False),
        (" \n", {}, False),
        ('{"n": 123456789012345678901234567890}', {"n": 123456789012345678901234567890}, False),
        (
            '{"n": 18446744073709551616, "s": "\\ud83d\\ude00"}',
            {"n": 2**64, "s": "\U0001f600"},
            False,
        ),
        ('{"x": "\\u00e9', {"_raw": '{"x": "\\u00e9'}, True),
        ("[1]", {"_raw": "[1]"}, True),
        ("7", {"_raw": "7"}, True),
        ("null", {"_raw": "null"}, True),
        ('{"x": NaN}', {"_raw": '{"x": NaN}'}, True),
        ('{"x": 12345678901234567890123, "y": Infinity}', None, True),
        ('{"x": "\\ud800"}', {"_raw": '{"x": "\\ud800"}'}, True),
        ('{"x": "\\ud800", "n": 12345678901234567890123}', None, True),
        ("[" * 5000, {"_raw": "[" * 5000}, True),
        ('{"n": 12345678901234567890123, "x": ' + "[" * 5000, None, True),
    ],
)
def test_arguments_are_an_object(arguments: str, expected: Any, wrapped: bool) -> None:
    call = said("assistant", ToolCall("c1", "t", arguments))
    wire = anthropic(USER, call, said("tool", "7", call_id="c1"))
    expected = {"_raw": arguments} if expected is None else expected
    assert wire.params["messages"][1]["content"][0]["input"] == expected
    assert [n.rule for n in wire.notices] == (["arguments_wrapped"] if wrapped else [])


def test_a_tool_name_that_would_be_refused_is_spelt_another_way() -> None:
    call = said("assistant", ToolCall("c1", "files.read"), ToolCall("c2", ""))
    results = [said("tool", "7", call_id=id) for id in ("c1", "c2")]
    wire = anthropic(USER, call, *results, tools=[{"name": "files.read", "parameters": {}}])
    assert [b["name"] for b in wire.params["messages"][1]["content"]] == ["files_read", "tool"]
    assert wire.params["tools"][0]["name"] == "files_read"
    assert [n.rule for n in wire.notices] == ["tool_name_mapped"] * 3
