"""An OpenAI Chat message that is read, stored and rendered again is the same message."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.formats.samples import PNG, accepted, again, stored
from tract.formats import check, from_conversation, from_wire, to_wire
from tract.objects import (
    DialogueContent,
    InstructionContent,
    MediaPart,
    OpaquePart,
    RefusalPart,
    TextPart,
    ToolCall,
    ToolResultContent,
)

CALL = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
WHOLE: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "system", "content": ""},
    {"role": "developer", "content": [{"type": "text", "text": "Be brief."}], "name": "ops"},
    {"role": "user", "content": "hello"},
    {"role": "user", "content": ""},
    {"role": "user", "content": "\x00 <|endoftext|> \U0001f600"},
    {"role": "user", "content": [{"type": "text", "text": "hello"}], "name": "ada"},
    {"role": "user", "content": "hello", "name": None},
    {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}]},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {
                "type": "image_url",
                "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"},
                "later": [1, None],
            },
            {"type": "image_url", "image_url": {"url": "data:image/svg+xml,<svg/>"}},
            {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "mp3"}},
            {"type": "file", "file": {"file_id": "file-1"}},
            {"type": "file", "file": {"file_data": "JVBERi0=", "filename": "a.pdf"}},
            {
                "type": "file",
                "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
            },
        ],
    },
    {"role": "assistant", "content": "hello"},
    {"role": "assistant", "content": "hello  \n"},
    {"role": "assistant", "content": ""},
    {"role": "assistant", "content": "hi", "refusal": None, "annotations": [], "audio": None},
    {"role": "assistant", "content": "hi", "function_call": None, "name": "bot"},
    {"role": "assistant", "content": "hi", "reasoning_content": "because"},
    {"role": "assistant", "content": None, "refusal": "No."},
    {"role": "assistant", "refusal": "No."},
    {"role": "assistant", "content": "Well. ", "refusal": "No."},
    {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
    {
        "role": "assistant",
        "content": [{"type": "text", "text": "Well."}, {"type": "refusal", "refusal": ""}],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "assistant", "tool_calls": [CALL]},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "assistant", "content": "text", "tool_calls": [CALL, {**CALL, "id": "c2"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "text"}], "tool_calls": [CALL]},
    {"role": "assistant", "content": None, "tool_calls": [{**CALL, "index": 0}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "clock", "arguments": "{broken", "parsed": None},
            },
            {"id": "c2", "type": "custom", "custom": {"name": "sql", "input": "select 1"}},
            {"id": "c3", "type": "search", "search": {"query": "x"}},
        ],
        "refusal": None,
    },
    {"role": "assistant", "content": None, "function_call": {"name": "clock", "arguments": "{}"}},
    {
        "role": "assistant",
        "content": "text",
        "function_call": {"name": "clock", "arguments": "", "id": 7},
    },
    {"role": "assistant", "audio": {"id": "audio_1"}, "content": None},
    {"role": "tool", "tool_call_id": "c1", "content": "7"},
    {"role": "tool", "tool_call_id": "c1", "content": "", "name": "clock"},
    {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "7"}]},
    {"role": "tool", "tool_call_id": "c1", "content": "7", "name": None, "cost": 0.5},
    {"role": "function", "name": "clock", "content": "7"},
    {"role": "function", "name": "clock", "content": ""},
    {"role": "function", "name": "clock", "content": None},
]

# Parts that Chat does not know, does not know of that role, or that are not whole.
ODD: list[dict[str, Any]] = [
    {"type": "hologram", "hologram": {"depth": 3}},
    {"type": "refusal"},
    {"type": "input_audio", "input_audio": {"data": "YQ==", "format": "flac"}},
    {"type": "image_url", "image_url": "https://example.org/odd.png"},
    {"type": "image_url", "image_url": {"url": None}},
    {"type": "input_audio", "input_audio": {"data": 7, "format": "wav"}},
    {"type": "file", "file": {"file_id": 7}},
]

# Recorded replies have these; sent back as they are they are refused, so they come out again only
# when nothing is mended.
RECORDED_ONLY: list[dict[str, Any]] = [
    {"role": "assistant", "content": "hi", "tool_calls": []},
    {"role": "assistant", "content": "hi", "tool_calls": None, "function_call": None},
    {"role": "assistant", "content": None},
    {"role": "assistant", "content": []},
    {"role": "assistant", "content": [], "tool_calls": [CALL]},
    {"role": "assistant", "content": None, "refusal": ""},
    {"role": "user", "content": None},
    {"role": "user", "content": []},
    {"role": "system", "content": []},
    {"role": "user", "content": "hi", "name": "Ada Lovelace"},
    {"role": "tool", "tool_call_id": "c1", "content": None},
    {"role": "tool", "tool_call_id": "c1", "content": []},
    {"role": "tool", "tool_call_id": "c1"},
    {"role": "user", "content": [{"type": "text", "text": "see"}, *ODD]},
    {"role": "assistant", "content": ODD},
    {"role": "assistant", "content": ODD, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": ODD},
    {"role": "function", "name": "clock", "content": [{"type": "text", "text": "7"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c" * 50, "function": {"name": "a.b", "arguments": "{}"}}],
    },
]


@pytest.mark.parametrize("message", WHOLE, ids=str)
def test_a_message_comes_out_as_it_went_in(message: dict[str, Any]) -> None:
    assert again(message, "openai") == [message]
    assert again(message, "openai", repair=False) == [message]


@pytest.mark.parametrize("message", RECORDED_ONLY, ids=str)
def test_a_message_that_would_be_refused_comes_out_unmended_on_demand(
    message: dict[str, Any],
) -> None:
    assert again(message, "openai", repair=False) == [message]
    mended = again(message, "openai")
    assert mended != [message]
    rules = {issue.rule for issue in check({"messages": mended}, "openai")}
    assert rules <= {"missing_result", "orphan_result"}  # it stands alone here


def test_recorded_conversations_come_out_as_they_went_in(shared_data: Path) -> None:
    path = shared_data / "tau-bench" / "airline_60.json"
    if not path.is_file():
        pytest.skip("the tau-bench conversations are not among the shared data")
    for run in json.loads(path.read_text(encoding="utf-8")):
        wire = to_wire(stored(from_conversation(run["traj"])), "openai")
        assert wire.params == {"messages": run["traj"]}
        assert wire.notices == ()


def test_older_function_calls_come_out_as_they_went_in(shared_data: Path) -> None:
    paths = sorted((shared_data / "toolbench").glob("*.json"))
    if not paths:
        pytest.skip("the ToolBench conversations are not among the shared data")
    for path in paths:
        run = json.loads(path.read_text(encoding="utf-8"))
        for chain in run["answer_generation"].get("train_messages", []):
            wire = to_wire(stored(from_conversation(chain)), "openai")
            assert wire.params == {"messages": chain}


# --- messages nobody thought of --------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)
TEXT = st.text(max_size=12)
LATER = st.dictionaries(st.sampled_from(["x_later", "weight", "cache_control"]), JSON, max_size=2)


def shape(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with the required and some of the optional fields, and fields of later versions."""
    fixed = {k: v if isinstance(v, st.SearchStrategy) else st.just(v) for k, v in required.items()}
    known = st.fixed_dictionaries(fixed, optional=optional)
    return st.builds(lambda later, fields: {**later, **fields}, LATER, known)


TEXT_PARTS = shape({"type": "text", "text": TEXT})
IMAGE_URLS = st.sampled_from(["https://e.org/a", f"data:image/png;base64,{PNG}", "data:,x", ""])
USER_PARTS = st.one_of(
    TEXT_PARTS,
    shape({"type": "image_url", "image_url": shape({"url": IMAGE_URLS})}),
    shape(
        {
            "type": "input_audio",
            "input_audio": shape({"data": TEXT, "format": st.sampled_from(["wav", "mp3", "x"])}),
        }
    ),
    shape(
        {
            "type": "file",
            "file": shape(
                {}, file_data=IMAGE_URLS | TEXT, file_id=TEXT | st.none(), filename=TEXT | st.none()
            ),
        }
    ),
    shape({"type": st.sampled_from(["image", "audio", "opaque", "hologram"]), "text": JSON}),
)
TEXT_LISTS = st.lists(TEXT_PARTS, min_size=1, max_size=3)
NAMES = st.text(min_size=1, max_size=9)
IDS = st.text(min_size=1, max_size=9)
FUNCTIONS = shape({"name": NAMES, "arguments": TEXT})
CALLS = st.one_of(
    shape({"id": IDS, "type": "function", "function": FUNCTIONS}),
    shape({"id": IDS, "function": FUNCTIONS}),
    shape({"id": IDS, "type": "custom", "custom": shape({"name": NAMES, "input": TEXT})}),
    shape({"id": IDS, "type": "search", "search": JSON}),
)
MESSAGES = st.one_of(
    shape(
        {"role": st.sampled_from(["system", "developer"]), "content": TEXT | TEXT_LISTS},
        name=NAMES,
    ),
    shape(
        {"role": "user", "content": TEXT | st.lists(USER_PARTS, max_size=3) | st.none()},
        name=NAMES | st.none(),
    ),
    shape(
        {"role": "assistant", "content": TEXT | TEXT_LISTS | st.none()},
        name=NAMES,
        refusal=TEXT | st.none(),
        tool_calls=st.lists(CALLS, max_size=3) | st.none(),
        annotations=JSON,
        audio=JSON,
        function_call=st.none() | FUNCTIONS,
    ),
    shape({"role": "assistant", "tool_calls": st.lists(CALLS, min_size=1, max_size=3)}),
    shape(
        {"role": "tool", "tool_call_id": IDS, "content": TEXT | TEXT_LISTS | st.none()},
        name=NAMES,
    ),
    shape({"role": "function", "name": NAMES, "content": TEXT | st.none()}),
)


@example({"role": "user", "content": [{"type": "file", "file": {"file_id": "", "filename": ""}}]})
@given(MESSAGES)
def test_any_message_comes_out_as_it_went_in(message: dict[str, Any]) -> None:
    contents = from_wire(message, "openai")
    assert len(contents) == 1
    wire = to_wire(stored(contents), "openai", repair=False)
    assert json.dumps(wire.params["messages"], sort_keys=True) == json.dumps(
        [message], sort_keys=True
    )


# --- what the fields come to -----------------------------------------------------------------


def test_fields_come_to_what_the_model_calls_them() -> None:
    assert from_wire({"role": "user", "content": "hi"}) == [DialogueContent(role="user", text="hi")]
    assert from_wire({"role": "developer", "content": "hi"}) == [
        InstructionContent(role="developer", text="hi")
    ]
    assert from_wire({"role": "assistant", "content": None, "tool_calls": [CALL]}) == [
        DialogueContent(role="assistant", tool_calls=(ToolCall("c1", "clock", "{}"),))
    ]
    assert from_wire({"role": "tool", "tool_call_id": "c1", "content": "7", "name": "clock"}) == [
        ToolResultContent(call_id="c1", name="clock", output="7")
    ]
    [reply] = from_wire({"role": "assistant", "content": None, "refusal": "No."})
    assert isinstance(reply, DialogueContent)
    assert (reply.text, reply.refusal, reply.extra) == (None, "No.", {})


def test_parts_come_to_what_the_model_calls_them() -> None:
    [content] = from_wire(WHOLE[9])
    assert isinstance(content, DialogueContent)
    text, linked, inline = content.parts[:3]
    assert isinstance(text, TextPart)
    assert linked == MediaPart("image", url="https://example.org/a.png")
    assert (inline.media_type, inline.data) == ("image/png", PNG)
    assert [type(part) for part in content.parts[3:]] == [MediaPart] * 5
    assert (content.parts[5].kind, content.parts[5].file_id) == ("file", "file-1")
    assert (content.parts[6].media_type, content.parts[6].data) == (None, "JVBERi0=")
    assert content.parts[7].media_type == "application/pdf"
    [odd] = from_wire({"role": "user", "content": ODD})
    assert isinstance(odd, DialogueContent)
    assert odd.parts == tuple(OpaquePart("openai", part) for part in ODD)
    [refused] = from_wire(WHOLE[19])
    assert isinstance(refused, DialogueContent)
    assert isinstance(refused.parts[0], RefusalPart)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "c1", "name": "clock", "arguments": {"zone": "UTC"}},
        {"id": "c1", "name": "clock", "arguments": '{"zone": "UTC"}'},
        {"id": "c1", "type": "function", "name": "clock", "arguments": {"zone": "UTC"}},
        {"id": "c1", "type": "tool_call", "name": "clock", "arguments": {"zone": "UTC"}},
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "clock", "arguments": {"zone": "UTC"}},
        },
    ],
)
def test_flat_calls_and_arguments_as_objects_are_read(entry: dict[str, Any]) -> None:
    [content] = from_wire({"role": "assistant", "content": "", "tool_calls": [entry]})
    assert isinstance(content, DialogueContent)
    assert content.tool_calls == (ToolCall("c1", "clock", '{"zone": "UTC"}'),)


def test_a_call_without_arguments_has_none() -> None:
    entry = {"id": "c1", "name": "clock"}
    [content] = from_wire({"role": "assistant", "content": "", "tool_calls": [entry]})
    assert isinstance(content, DialogueContent)
    assert content.tool_calls == (ToolCall("c1", "clock", ""),)


def test_an_older_call_and_its_result_are_an_exchange_for_every_provider() -> None:
    chain: list[dict[str, Any]] = [
        {"role": "user", "content": "What time is it?"},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "clock", "arguments": "{}"},
        },
        {"role": "function", "name": "clock", "content": "12:00"},
    ]
    messages = stored(from_conversation(chain))
    params = to_wire(messages, "anthropic", cache=False).params
    assert check(params, "anthropic") == []
    accepted(params, "anthropic")
    assert params["messages"][1:] == [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "call_clock", "name": "clock", "input": {}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "call_clock", "content": "12:00"}],
        },
    ]


def test_a_result_made_up_for_an_older_call_is_spelt_as_its_call_is() -> None:
    [call] = from_wire(
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "clock", "arguments": "{}"},
        }
    )
    made_up = ToolResultContent(call_id="call_clock", output="interrupted", is_error=True)
    messages = to_wire(stored([call, made_up]), "openai").params["messages"]
    assert messages[1] == {"role": "function", "name": "clock", "content": "interrupted"}
