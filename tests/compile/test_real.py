"""Real conversations: compiled without repairs, sent back as they came, gone on with at every step."""

import json

import pytest

from tests.compile.building import Talk
from tract.formats import from_conversation


@pytest.fixture(scope="module")
def conversations(shared_data):
    file = shared_data / "tau-bench" / "airline_60.json"
    return [run["traj"] for run in json.loads(file.read_text(encoding="utf-8"))]


def test_real_conversations_go_back_to_openai_as_they_came(conversations):
    for messages in conversations:
        context = Talk(*from_conversation(messages)).compile()
        assert context.repairs == ()
        assert context.to_openai()["messages"] == messages


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_real_conversations_are_accepted_wherever_they_are_cut(conversations, provider):
    for messages in conversations[::6]:
        talk = Talk(*from_conversation(messages))
        for upto in range(len(talk.state) + 1):
            for pending in ("drop", "stub"):
                assert talk.compile(upto=upto, pending=pending).check(provider) == []


def test_real_conversations_compile_step_by_step_as_at_once(conversations):
    for messages in conversations[::6]:
        talk = Talk(*from_conversation(messages))
        context = None
        for upto in range(len(talk.state) + 1):
            context = talk.compile(upto=upto, previous=context)
            assert context == talk.compile(upto=upto)
