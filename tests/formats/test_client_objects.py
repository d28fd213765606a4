"""What a provider's client gives can be read as it is, and nothing of the client's own is sent back."""

from typing import Any

import pytest
from anthropic.types import Message as Reply
from openai.types.chat import ChatCompletion, ParsedChatCompletionMessage
from pydantic import BaseModel

from tests.formats.samples import accepted, stored
from tract.errors import InvalidInput
from tract.formats import check, from_conversation, from_wire, to_wire
from tract.objects import DialogueContent, TextPart, ToolCall

USE = {"type": "tool_use", "id": "toolu_1", "name": "clock", "input": {"zone": None}}
REPLY = Reply.model_validate(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
            {"type": "text", "text": "Let me look."},
            USE,
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
)
CALL = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
COMPLETION = ChatCompletion.model_validate(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {"role": "assistant", "content": None, "tool_calls": [CALL]},
            }
        ],
    }
)
SAID = COMPLETION.choices[0].message
QUESTION = {"role": "user", "content": "What time is it?"}


def request(provider: str, *messages: Any) -> list[Any]:
    """The messages of a request that both judges accept."""
    params = to_wire(stored(from_conversation(messages)), provider, cache=False).params
    assert check(params, provider) == []
    accepted(params, provider)
    listed: list[Any] = params["messages"]
    return listed


@pytest.mark.parametrize(
    "reply",
    [
        REPLY,
        REPLY.model_dump(),
        REPLY.model_dump(mode="json"),
        REPLY.to_dict(),
        {"role": "assistant", "content": REPLY.content},
        {"role": "assistant", "content": [block.model_dump() for block in REPLY.content]},
    ],
    ids=["object", "dump", "json", "dict", "blocks", "dumped blocks"],
)
def test_an_anthropic_reply_goes_back_as_role_and_blocks(reply: Any) -> None:
    answer = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "12:00"}
    sent = request("anthropic", QUESTION, reply, {"role": "user", "content": [answer]})
    assert sent[1] == {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
            {"type": "text", "text": "Let me look."},
            USE,
        ],
    }


@pytest.mark.parametrize(
    "reply",
    [
        SAID,
        SAID.model_dump(),
        {"role": "assistant", "content": SAID.content, "tool_calls": SAID.tool_calls},
    ],
    ids=["object", "dump", "calls"],
)
def test_an_openai_reply_is_a_message(reply: Any) -> None:
    [content] = from_wire(reply)
    assert isinstance(content, DialogueContent)
    assert content.tool_calls == (ToolCall("c1", "clock", "{}"),)
    answer = {"role": "tool", "tool_call_id": "c1", "content": "12:00"}
    sent = request("openai", QUESTION, reply, answer)
    assert (sent[1]["content"], sent[1]["tool_calls"]) == (None, [CALL])
    assert request("anthropic", QUESTION, reply, answer)[1]["content"][0]["name"] == "clock"


def test_blocks_may_be_objects_inside_a_result_too() -> None:
    text = REPLY.content[1]
    block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [text]}
    [content] = from_wire({"role": "user", "content": [block]})
    assert content.parts == (TextPart("Let me look."),)  # type: ignore[attr-defined]


def test_what_a_client_worked_out_itself_is_not_sent_back() -> None:
    class Answer(BaseModel):
        hour: int

    parsed = ParsedChatCompletionMessage[Answer](
        role="assistant", content='{"hour": 12}', parsed=Answer(hour=12)
    )
    assert request("openai", QUESTION, parsed)[1] == {
        "role": "assistant",
        "content": '{"hour": 12}',
    }


def test_a_whole_response_is_refused_with_the_way_to_its_message() -> None:
    with pytest.raises(InvalidInput, match="ChatCompletion is no message") as caught:
        from_wire(COMPLETION)
    assert "choices[0].message" in (caught.value.hint or "")
    with pytest.raises(InvalidInput, match=r"messages\[1\]: ChatCompletion is no message"):
        from_conversation([QUESTION, COMPLETION])


def test_an_object_that_cannot_say_what_it_is_is_refused() -> None:
    class Broken:
        def model_dump(self, **options: Any) -> Any:
            raise RuntimeError("secret")

    class Odd:
        def model_dump(self, **options: Any) -> Any:
            return ["role"]

    for thing, why in ((Broken(), "raised RuntimeError"), (Odd(), "gave no dict")):
        for message in (thing, {"role": "user", "content": [thing]}):
            with pytest.raises(InvalidInput, match=why) as caught:
                from_wire(message)
            assert "secret" not in str(caught.value)
    with pytest.raises(InvalidInput):
        from_wire(Reply)
