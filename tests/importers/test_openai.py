"""OpenAI Chat messages: every layout gives the same conversation, and every message its author and time."""

import json

import pytest

from tract import Actor, InvalidInput, OpaquePart, ToolCall, Tract
from tract.store import MemoryStore

MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is order 7?", "name": "ada"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "look_up", "arguments": '{"order":7}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": ""},
    {"role": "assistant", "content": "Shipped."},
]
LINES = "\n".join(json.dumps(message) for message in MESSAGES) + "\n"
LAYOUTS = {
    "list": ("chat.json", json.dumps(MESSAGES), "[1]"),
    "object": ("chat.json", json.dumps({"messages": MESSAGES}), "messages[1]"),
    "lines": ("chat.jsonl", LINES, "line 2"),
    "a conversation in a line": (
        "chat.jsonl",
        json.dumps({"messages": MESSAGES}),
        "line 1: messages[1]",
    ),
    "a list in a line": ("chat.jsonl", json.dumps(MESSAGES), "[1]"),
    "a list laid out over lines": (
        "chat.jsonl",
        "[\n" + ",\n".join(json.dumps(m) for m in MESSAGES) + "\n]\n",
        "[1]",
    ),
    "a list of conversations": (
        "chat.json",
        json.dumps([{"messages": MESSAGES}]),
        "[0].messages[1]",
    ),
    "a list of lists": ("chat.json", json.dumps([MESSAGES]), "[0][1]"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("format", ["auto", "openai"])
def test_every_layout_gives_the_same_conversation(reading, layout, format):
    name, text, place = LAYOUTS[layout]
    read = reading(text, name, format=format)
    assert read.format == "openai"
    assert read.bad == []
    assert [(one.tract, one.branch) for one in read.conversations] == [("file", "main")]
    assert [m.at for m in read.only] == [0, 1, 2, 3, 4]
    assert read.only[1].place == place
    contents = [one.content for message in read.only for one in message.contents]
    assert [c.content_type for c in contents] == [
        "instruction", "dialogue", "dialogue", "tool_result", "dialogue",
    ]  # fmt: skip
    assert contents[2].tool_calls == (ToolCall("c1", "look_up", '{"order":7}'),)
    assert contents[3].output == ""


def test_the_author_is_read_off_the_role(reading):
    authors = [one.author for message in reading(LINES, "a.jsonl").only for one in message.contents]
    assert [str(author) for author in authors] == [
        "application", "human:ada", "model", "tool:look_up", "model",
    ]  # fmt: skip


def test_a_model_names_its_replies_only(reading):
    said = [
        {"role": "developer", "content": "d"},
        {"role": "user", "content": "u", "model": "kept"},
        {"role": "assistant", "content": "a", "model": "gpt-4o-mini"},
        {"role": "assistant", "content": "b"},
    ]
    read = reading(json.dumps({"model": "gpt-4o", "messages": said, "temperature": 0.5}))
    assert [str(m.contents[0].author) for m in read.only] == [
        "application", "human", "model:gpt-4o-mini", "model:gpt-4o",
    ]  # fmt: skip
    assert [m.made_with for m in read.only] == [None, None, {"model": "gpt-4o-mini"}, None]
    assert read.only[1].contents[0].content.extra == {"openai": {"model": "kept"}}
    assert read.conversations[0].metadata == {"model": "gpt-4o", "temperature": 0.5}


@pytest.mark.parametrize("name", ["x" * 201, "\ud800", 7, None, ["a"]])
def test_a_name_that_cannot_be_an_author_is_left_out(reading, name):
    read = reading(json.dumps({"model": name, "messages": [{"role": "assistant", "content": "a"}]}))
    assert read.only[0].contents[0].author == Actor("model")


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("2024-05-15T15:00:00Z", 1715785200_000000),
        ("2024-05-15T17:00:00.250+02:00", 1715785200_250000),
        ("2024-05-15 15:00:00", 1715785200_000000),
        (1715785200, 1715785200_000000),
        (1715785200.5, 1715785200_500000),
        (1715785200123, 1715785200_123000),
        (1715785200123456, 1715785200_123456),
    ],
)
@pytest.mark.parametrize("field", ["timestamp", "created_at"])
def test_the_time_of_the_source_is_the_time_of_the_commit(reading, field, value, micros):
    read = reading(json.dumps([{"role": "user", "content": "x", field: value}]))
    assert read.only[0].at == micros
    assert read.only[0].contents[0].content.extra == {}


@pytest.mark.parametrize(
    "value", ["yesterday", "", 7, -1, 0, True, None, [], {}, 1e300, "9999-99-99"]
)
def test_what_is_no_time_stays_where_it_was(reading, value):
    read = reading(json.dumps([{"role": "user", "content": "x", "timestamp": value}]))
    assert read.only[0].at == 0
    assert read.only[0].contents[0].content.extra == {"openai": {"timestamp": value}}


@pytest.mark.parametrize("field", ["timestamp", "created_at", "usage", "model"])
@pytest.mark.parametrize("value", [10**30, 10**400, float("inf"), [10**30], "\ud800"])
def test_what_nobody_could_keep_of_a_message_is_left_out_and_said(tmp_path, field, value):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"role": "assistant", "content": "x", field: value}]))
    store = MemoryStore()
    report = Tract.import_(path, store)
    assert (report.messages, report.added) == (1, 1)
    ((place, reason),) = [(bad.place, bad.reason) for bad in report.bad]
    assert place == "[0]"
    assert reason.startswith(field)
    assert reason.endswith("it was left out")
    with pytest.raises(InvalidInput, match="left out"):
        Tract.import_(path, MemoryStore(), strict=True)


@pytest.mark.parametrize("document", [[{"a": 1}, {"b": 2}], [1, 2], [[1]], [["x"]], {"a": []}])
def test_json_that_nobody_knows_is_refused(reading, document):
    for name in ("a.json", "a.jsonl"):
        with pytest.raises(InvalidInput) as caught:
            reading(json.dumps(document), name)
        assert caught.value.kind == "unknown_format"


def test_usage_of_a_reply_is_taken_as_usage(reading):
    usage = {"prompt_tokens": 10, "completion_tokens": 2}
    said = [
        {"role": "user", "content": "x", "usage": usage},
        {"role": "assistant", "content": "y", "usage": usage},
        {"role": "assistant", "content": "z", "usage": {"prompt_tokens": -1}},
    ]
    asked, replied, odd = reading(json.dumps(said)).only
    assert (asked.usage, odd.usage) == (None, None)
    assert (replied.usage["input"], replied.usage["raw"]) == (10, usage)
    assert replied.contents[0].content.extra == {}
    assert odd.contents[0].content.extra == {"openai": {"usage": {"prompt_tokens": -1}}}


def test_several_conversations_are_several_tracts_the_first_named_as_the_file(reading):
    text = "\n".join(
        json.dumps({"messages": [{"role": "user", "content": str(n)}], "id": n}) for n in range(3)
    )
    read = reading(text, "many.jsonl", counted=True)
    assert [one.tract for one in read.conversations] == ["file", "file/2", "file/3"]
    assert [one.metadata for one in read.conversations] == [{"id": 0}, {"id": 1}, {"id": 2}]
    assert read.conversations[0].expected == 3
    document = reading("[" + text.replace("\n", ",") + "]", "many.json")
    assert [one.tract for one in document.conversations] == ["file", "file/2", "file/3"]
    assert document.conversations[0].expected == 3


def test_a_broken_conversation_does_not_rename_the_others(reading):
    good = json.dumps({"messages": [{"role": "user", "content": "x"}]})
    lines = [good, "{broken", '{"messages": 7}', '{"a": 1}', "5", good]
    read = reading("\n".join(lines), "a.jsonl")
    assert [one.tract for one in read.conversations] == ["file", "file/6"]
    assert [place for place, _ in read.bad] == ["line 2", "line 3", "line 4", "line 5"]
    assert "messages" in dict(read.bad)["line 3"]


def test_system_text_beside_the_messages_comes_first(reading):
    read = reading(
        json.dumps({"system": "Be kind.", "messages": [{"role": "user", "content": "x"}]})
    )
    assert read.texts == ["Be kind.", "x"]
    assert [m.place for m in read.only] == ["system", "messages[0]"]
    assert read.conversations[0].metadata == {}


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"role": "robot", "content": "x"}, "robot"),
        ({"content": "x"}, "role"),
        ({"role": None, "content": "x"}, "role"),
        ({"role": "user"}, "content"),
        ({"role": "user", "content": 7}, "content"),
        ({"role": "user", "content": [7]}, "content[0]"),
        ({"role": "tool", "content": "x"}, "tool_call_id"),
        ({"role": "assistant", "tool_calls": "f"}, "tool_calls"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, "id"),
        ("hello", "message"),
        (None, "message"),
        ([], "message"),
        (7, "message"),
    ],
)
def test_a_bad_message_is_reported_with_place_and_reason(reading, message, says):
    said = [{"role": "user", "content": "before"}, message, {"role": "user", "content": "after"}]
    read = reading(json.dumps({"messages": said}))
    assert read.texts == ["before", "after"]
    ((place, reason),) = read.bad
    assert place == "messages[1]"
    assert says in reason
    assert [m.at for m in read.only] == [0, 2]


@pytest.mark.parametrize("depth", [300, 900, 2_000, 50_000])
def test_deep_nesting_is_reported_or_kept_and_never_ends_the_import(reading, depth):
    deep = '{"role": "user", "content": "x", "deep": ' + "[" * depth + "]" * depth + "}"
    read = reading("\n".join([deep, json.dumps(MESSAGES[0])]), "a.jsonl")
    assert read.texts[-1] == "Be brief."
    assert len(read.bad) + len(read.only) == 2


@pytest.mark.parametrize("text", ["[]", '{"messages": []}', "[[]]", '[{"messages": []}]'])
def test_a_conversation_without_messages_is_reported(reading, text):
    read = reading(text)
    assert read.conversations == []
    assert [reason for _, reason in read.bad] == ["the conversation has no messages"]


def test_parts_that_nobody_here_knows_are_kept(reading):
    part = {"type": "hologram", "hologram": {"url": "x"}}
    read = reading(json.dumps([{"role": "user", "content": [part]}]))
    assert read.only[0].contents[0].content.parts == (OpaquePart("openai", part),)


def test_another_providers_blocks_are_reported_where_openai_was_asked_for(reading):
    use = {"type": "tool_use", "id": "a", "name": "clock", "input": {}}
    answer = {"type": "tool_result", "tool_use_id": "a", "content": "7"}
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, use]},
        {"role": "user", "content": [answer]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "s"}]},
        {"role": "assistant", "content": "Seven."},
    ]
    data = json.dumps({"system": "Be brief.", "messages": messages})
    read = reading(data, format="openai")
    assert read.texts == ["Be brief.", "What time is it?", "Seven."]
    assert [place for place, _ in read.bad] == ["messages[1]", "messages[2]", "messages[3]"]
    reasons = [reason for _, reason in read.bad]
    assert [reason.split(":")[0] for reason in reasons] == [
        "content[1].type is 'tool_use'",
        "content[0].type is 'tool_result'",
        "content[0].type is 'thinking'",
    ]
    assert all("Anthropic" in reason for reason in reasons)


def test_another_providers_messages_are_not_taken_for_openai(reading):
    blocks = [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]
    messages = [{"role": "assistant", "content": blocks}]
    for document in (messages, {"system": "s", "messages": messages}):
        assert reading(json.dumps(document)).format == "anthropic"


def test_a_single_message_is_a_conversation(reading):
    assert reading(json.dumps(MESSAGES[0])).texts == ["Be brief."]
    assert reading(json.dumps(MESSAGES[0]), "one.jsonl").texts == ["Be brief."]


def test_a_file_of_broken_lines_only_is_all_bad_records(reading):
    read = reading("{a\n{b\n7\n", "a.jsonl", format="openai")
    assert read.conversations == []
    assert [place for place, _ in read.bad] == ["line 1", "line 2", "line 3"]
