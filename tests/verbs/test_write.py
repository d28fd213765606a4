"""Committing: what goes in comes out, and what cannot go in changes nothing."""

from typing import Literal

import pytest

from tract import (
    Closed,
    Content,
    DialogueContent,
    IdempotencyMismatch,
    InvalidInput,
    Limits,
    MissingEntry,
    NotFound,
    ReadOnly,
    ReasoningContent,
    StaleHead,
    StateError,
    ToolCall,
    Tract,
    UnknownContent,
)


class Ticket(Content):
    content_type: Literal["acme.ticket"] = "acme.ticket"
    number: int
    tags: tuple[str, ...] = ()

    def render(self):
        return f"Ticket {self.number}"


def texts(t, at=None):
    return [entry.text for entry in t.entries(at)]


def test_every_shorthand_commits_its_type(t):
    made = [
        t.system("s"),
        t.user("u", name="ada"),
        t.assistant("a", [ToolCall("c1", "f", "{}"), {"id": "c2", "name": "g", "arguments": {}}]),
        t.tool_result("c1", "out", name="f"),
        t.tool_result("c2", "no", is_error=True),
        t.reasoning("r", provider="anthropic", signature="sig"),
        t.artifact("print(1)", kind="program", title="p.py", language="python"),
        t.output("42", format="markdown"),
        t.note({"k": [1, 2.5, None, True]}),
        t.note("free"),
    ]
    assert [info.content_type for info in made] == [
        "instruction", "dialogue", "dialogue", "tool_result", "tool_result",
        "reasoning", "artifact", "output", "freeform", "freeform",
    ]  # fmt: skip
    contents = [entry.content for entry in t.entries()]
    assert contents[1].name == "ada"
    assert contents[2].tool_calls[1] == ToolCall("c2", "g", "{}")
    assert contents[4].is_error
    assert contents[5].signature == "sig"
    assert contents[6].language == "python"
    assert contents[8].payload == {"k": [1, 2.5, None, True]}
    assert [info.id for info in t.log()] == [info.id for info in reversed(made)]


def test_a_reply_with_reasoning_is_one_commit_in_the_order_it_was_said(t):
    t.assistant("words", [ToolCall("c", "f", "{}")], ReasoningContent(text="think", signature="s"))
    (entry,) = t.entries()
    assert [part.kind for part in entry.content.parts] == ["reasoning", "text", "tool_call"]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
        {"content_type": "output", "text": "42"},
    ],
)  # fmt: skip
def test_a_dict_in_any_shape_is_one_commit(t, message):
    assert t.commit(message).operation == "append"
    assert len(t.entries()) == 1


def test_a_message_with_several_contents_wants_extend(t):
    message = {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "one"},
            {"type": "tool_result", "tool_use_id": "c2", "content": "two"},
        ],
    }
    with pytest.raises(InvalidInput) as caught:
        t.commit(message)
    assert caught.value.kind == "several_contents"
    assert t.head is None
    assert len(t.extend([message])) == 2


def test_what_was_said_of_a_commit_is_shown(t):
    made = t.commit(
        "hi", role="user", message="first", tags=["x", "y", "x"], metadata={"n": 1},
        made_with={"model": "m", "temperature": 0.5}, author="agent:planner",
    )  # fmt: skip
    (info,) = t.log()
    assert info == made
    assert (info.message, info.tags, info.metadata) == ("first", ("x", "y"), {"n": 1})
    assert info.made_with == {"model": "m", "temperature": 0.5}
    assert str(info.author) == "agent:planner"


def test_an_edit_replaces_in_place_and_history_keeps_what_was(t):
    t.user("one")
    two = t.user("two")
    t.user("three")
    before = t.head
    t.pin(two)
    edited = t.edit(two, "zwei", message="translate")
    assert texts(t) == ["one", "zwei", "three"]
    assert texts(t, before) == ["one", "two", "three"]
    assert edited.operation == "edit"
    assert edited.entry_id == two.entry_id
    assert t.entries()[1].priority == "pinned"
    assert t.show(edited).replaces == (two.entry_id,)


def test_an_edit_by_text_keeps_everything_but_the_text(t):
    call = t.assistant("look", [ToolCall("c", "f", "{}")])
    result = t.tool_result("c", "long", is_error=True, name="f")
    t.edit(call, "seek")
    t.edit(result, "short")
    assistant, tool = (entry.content for entry in t.entries())
    assert (assistant.text, assistant.tool_calls[0].id) == ("seek", "c")
    assert (tool.output, tool.call_id, tool.name, tool.is_error) == ("short", "c", "f", True)


def test_an_edit_by_text_where_there_is_none_is_refused(t):
    note = t.note({"a": 1})
    with pytest.raises(InvalidInput) as caught:
        t.edit(note, "text")
    assert caught.value.kind == "no_text"
    assert t.head == note


def test_an_edit_may_change_the_type_and_the_mark(t):
    made = t.user("one")
    t.edit(made, DialogueContent(role="assistant", text="eins"), priority="important")
    (entry,) = t.entries()
    assert (entry.role, entry.text, entry.priority) == ("assistant", "eins", "important")


def test_several_entries_give_way_to_one_at_the_place_of_the_first(t):
    infos = [t.user(word) for word in "abcd"]
    t.commit("BD", role="user", edit=[infos[3], infos[1]])
    assert texts(t) == ["a", "BD", "c"]
    assert t.entries()[1].priority == "normal"


def test_any_commit_that_provided_an_entry_names_it(t):
    first = t.user("one")
    second = t.edit(first, "two")
    for target, word in ((first, "a"), (second.id, "b"), (t.entries()[0], "c"), ("HEAD", "d")):
        t.edit(target, word)
        assert texts(t) == [word]


def test_a_commit_without_content_is_no_entry_and_the_hint_names_the_nearest(t):
    said = t.user("one")
    marked = t.pin(said)
    with pytest.raises(MissingEntry) as caught:
        t.edit(marked, "two")
    assert said.short in str(caught.value.hint)
    assert t.head == marked


def test_an_entry_of_another_branch_or_tract_is_missing_and_the_hint_says_where_it_is(backend):
    t = backend.open()
    t.user("here")
    t.branch("side")
    there = t.user("there")
    t.switch("main")
    with pytest.raises(MissingEntry) as caught:
        t.edit(there, "x")
    assert "side" in str(caught.value.hint)
    if backend.reopens:
        other = backend.open(tract="other")
        other.user("mine")
        with pytest.raises(MissingEntry) as caught:
            other.pin(there.id)
        assert "tract main" in str(caught.value.hint)
        assert [e.text for e in other.entries()] == ["mine"]


def test_types_of_ones_own(backend):
    t = backend.open(content_types=[Ticket])
    t.commit(Ticket(number=7, tags=("a",)))
    t.commit({"content_type": "acme.ticket", "number": 8})
    assert [m.text for m in t.compile().messages] == ["Ticket 7", "Ticket 8"]
    assert t.entries()[0].content == Ticket(number=7, tags=("a",))
    if backend.reopens:
        other = backend.open()
        unknown = other.entries()[0].content
        assert isinstance(unknown, UnknownContent)
        assert unknown.fields == {"number": 7, "tags": ["a"]}
        assert other.compile().messages[0].text == '[acme.ticket]\nnumber: 7\ntags: ["a"]'
        with pytest.raises(InvalidInput) as caught:
            other.commit(Ticket(number=9))
        assert caught.value.kind == "unknown_content_type"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("text",), "invalid_role"),
        (({"role": "robot", "content": "x"},), None),
        (({"content_type": "nope"},), "unknown_content_type"),
        (({"content_type": "dialogue", "role": "user", "texxt": "x"},), "invalid_content"),
        ((5,), "invalid_content"),
        ((None,), "invalid_content"),
        (([],), "invalid_content"),
        (({},), None),
    ],
)
def test_what_cannot_be_committed_changes_nothing(t, arguments, kind):
    t.user("one")
    before = t.head
    with pytest.raises(InvalidInput) as caught:
        t.commit(*arguments)
    assert caught.value.hint or caught.value.kind
    assert caught.value.effect == "none"
    if kind:
        assert caught.value.kind == kind
    assert t.head == before
    t.user("two")
    assert texts(t) == ["one", "two"]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"priority": "urgent"}, "invalid_priority"),
        ({"author": "x" * 201}, "invalid_author"),
        ({"metadata": {"a": float("nan")}}, "invalid_number"),
        ({"metadata": {"a": object()}}, "invalid_content"),
        ({"metadata": {"a": 2**70}}, "invalid_number"),
        ({"tags": [""]}, "invalid_tag"),
        ({"message": "\ud83d"}, "lone_surrogate"),
        ({"made_with": "gpt"}, "invalid_made_with"),
        ({"idempotency_key": ""}, "invalid_key"),
        ({"edit": "HEAD~9"}, "unknown_target"),
        ({"edit": 5}, "invalid_target"),
    ],
)
def test_a_wrong_option_is_named_and_changes_nothing(t, options, kind):
    t.user("one")
    before = t.head
    with pytest.raises((InvalidInput, NotFound)) as caught:
        t.commit("x", role="user", **options)
    assert caught.value.kind == kind
    assert t.head == before


@pytest.mark.parametrize(
    "text",
    ["", " ", "\0", "a\0b", "<|endoftext|>", "<|im_start|>", "\u202e\u2066", "e\u0301", "\U0001f468\u200d\U0001f469", "\r\n", "\u2028", "x" * 100_000],
)  # fmt: skip
def test_odd_texts_come_back_exactly(backend, text):
    t = backend.open()
    t.user(text)
    t.tool_result("c", text)
    assert texts(t) == [text, text]
    assert t.head.tokens is not None
    if backend.reopens:
        assert texts(backend.open()) == [text, text]


def test_a_cut_emoji_is_refused_with_its_position(t):
    with pytest.raises(InvalidInput) as caught:
        t.assistant("ab\ud83d", [])
    assert caught.value.kind == "lone_surrogate"
    assert "position 2" in caught.value.message
    with pytest.raises(InvalidInput):
        t.assistant(tool_calls=[ToolCall("c", "f", '{"a": "\ud83d"}')])
    assert t.head is None


def test_limits_are_kept(backend):
    t = backend.open(limits=Limits(text_bytes_max=1000, arguments_bytes_max=100))
    t.user("x" * 900)
    with pytest.raises(InvalidInput) as caught:
        t.user("x" * 1000)
    assert caught.value.kind == "too_large"
    with pytest.raises(InvalidInput) as caught:
        t.assistant(tool_calls=[ToolCall("c", "f", "x" * 101)])
    assert caught.value.kind == "too_large"
    deep = Tract.open()
    with pytest.raises(InvalidInput) as caught:
        deep.assistant(tool_calls=[ToolCall("c", "f", "[" * 101 + "]" * 101)])
    assert caught.value.kind == "too_deep"
    deep.close()


def test_expect_head_is_strict(t):
    first = t.user("one")
    t.commit("two", role="user", expect_head=first)
    with pytest.raises(StaleHead) as caught:
        t.commit("three", role="user", expect_head=first.id)
    assert (caught.value.expected, caught.value.actual) == (first.id, t.head.id)
    assert not caught.value.retryable  # the same call would fail in the same way
    assert texts(t) == ["one", "two"]


def test_an_idempotency_key_makes_a_repeated_call_harmless(backend):
    t = backend.open()
    first = t.commit("one", role="user", idempotency_key="k")
    t.user("two")
    again = t.commit("one", role="user", idempotency_key="k")
    assert again == first
    assert texts(t) == ["one", "two"]
    with pytest.raises(IdempotencyMismatch):
        t.commit("other", role="user", idempotency_key="k")
    many = t.extend([{"role": "user", "content": "x"}], idempotency_key="m")
    assert t.extend([{"role": "user", "content": "x"}], idempotency_key="m") == many
    if backend.reopens:
        other = backend.open()
        assert other.commit("one", role="user", idempotency_key="k").id == first.id


def test_extend_is_all_or_nothing_and_names_the_bad_message(t):
    with pytest.raises(InvalidInput) as caught:
        t.extend([{"role": "user", "content": "ok"}, {"role": "robot", "content": "bad"}])
    assert "message 1" in caught.value.message
    assert t.head is None
    assert t.extend([]) == []
    assert t.head is None
    request = {"system": "be brief", "messages": [{"role": "user", "content": "hi"}]}
    assert [info.role for info in t.extend(request)] == ["system", "user"]
    for wrong in ("text", 5, None, {"role": "user", "content": "one dict"}):
        with pytest.raises(InvalidInput):
            t.extend(wrong)


def test_a_batch_is_one_operation_and_sees_its_writes(t):
    with t.batch("pair"):
        first = t.user("q")
        assert t.head == first
        t.assistant("a")
        assert texts(t) == ["q", "a"]
        assert len(t.compile().messages) == 2
    with t._repo.read() as reader:
        newest, *_ = reader.operations(t.id, 1)
    assert newest.verb == "batch"
    assert newest.arguments == {"writes": 2, "message": "pair"}
    assert newest.refs[0].before is None
    assert newest.refs[0].after == t.head.id


def test_the_operation_log_keeps_what_was_asked_beside_the_content(t):
    first, second = t.user("a secret"), t.user("two", priority="pinned")
    t.edit(first, "another")
    t.commit("both", role="user", edit=[first, second], priority="skip")
    with t._repo.read() as reader:
        made = [(one.verb, one.arguments) for one in reader.operations(t.id, 4)]
    assert made == [
        ("edit", {"entries": 2, "priority": "skip"}),
        ("edit", {"entries": 1}),
        ("commit", {"priority": "pinned"}),
        ("commit", {}),
    ]


def test_a_batch_that_fails_leaves_nothing(t):
    t.user("one")
    before = t.head
    with pytest.raises(KeyboardInterrupt), t.batch():  # noqa: PT012 - all of it is undone
        t.user("two")
        t.branch("side")
        raise KeyboardInterrupt
    assert t.head == before
    assert t.current_branch == "main"
    assert [branch.name for branch in t.branches.list()] == ["main"]
    t.user("three")
    assert texts(t) == ["one", "three"]


def test_a_verb_that_fails_in_a_batch_leaves_the_rest(t):
    with t.batch():
        t.user("one")
        with pytest.raises(NotFound):
            t.edit("nowhere", "x")
        with pytest.raises(InvalidInput):
            t.user("\ud800")
        t.user("two")
    assert texts(t) == ["one", "two"]


def test_batches_do_not_nest(t):
    with t.batch():
        t.user("one")
        with pytest.raises(StateError), t.batch():
            pass
        t.user("two")
    assert texts(t) == ["one", "two"]


def test_an_empty_batch_is_nothing(t):
    with t.batch():
        pass
    with t._repo.read() as reader:
        assert [op.verb for op in reader.operations(t.id)] == ["create"]


def test_a_closed_handle_says_so(t):
    t.user("one")
    t.close()
    t.close()
    for call in (lambda: t.user("x"), t.entries, t.log, t.compile, t.status, lambda: t.head):
        with pytest.raises(Closed):
            call()


def test_a_read_only_handle_reads_and_does_not_write(tmp_path):
    with Tract.open(tmp_path / "a.db") as t:
        t.user("one")
    with Tract.open(tmp_path / "a.db", read_only=True) as t:
        assert texts(t) == ["one"]
        assert t.status().entries == 1
        t.switch("main")
        for call in (
            lambda: t.user("x"),
            lambda: t.pin("HEAD"),
            lambda: t.branch("b"),
            lambda: t.reset("HEAD"),
        ):
            with pytest.raises(ReadOnly):
                call()
        assert texts(t) == ["one"]


def test_usage_of_both_providers_is_kept_for_good(backend):
    t = backend.open()
    t.user("hi")
    reply = t.assistant("hello")
    openai = {"prompt_tokens": 100, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 60},
              "completion_tokens_details": {"reasoning_tokens": 2}}  # fmt: skip
    anthropic = {
        "input_tokens": 40,
        "output_tokens": 9,
        "cache_read_input_tokens": 50,
        "cache_creation_input_tokens": 10,
    }
    first = t.record_usage(openai)
    second = t.record_usage(anthropic, commit=reply)
    assert [first[k] for k in ("input", "output", "cache_read", "cache_write", "reasoning")] == [
        100,
        7,
        60,
        0,
        2,
    ]
    assert [second[k] for k in ("input", "output", "cache_read", "cache_write")] == [100, 9, 50, 10]
    assert [usage["raw"] for usage in t.show(reply).usage] == [openai, anthropic]
    assert t.status().last_usage["raw"] == anthropic
    for wrong in ({}, {"prompt_tokens": -1}, {"prompt_tokens": "x"}, 5, {"prompt_tokens": 1e400}):
        with pytest.raises(InvalidInput):
            t.record_usage(wrong)
    if backend.reopens:
        assert len(backend.open().show(reply.id).usage) == 2


def test_the_same_steps_give_the_same_ids_everywhere(tmp_path):
    ids = set()
    for kind in ("twin", "memory", "file"):
        from tests.verbs.conftest import Backend

        backend = Backend(kind, tmp_path)
        t = backend.open()
        t.system("s")
        call = t.assistant("a", [ToolCall("c", "f", "{}")])
        t.edit(call, "b", message="m")
        t.skip(call, reason="r")
        ids.add(t.head.id)
        t.close()
    assert len(ids) == 1
