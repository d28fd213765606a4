"""What is shown at all: marks on whole exchanges, views, and a compiler of one's own."""

import pytest

from tests.compile.building import LENGTHS, Talk, assistant, result, said, system, user
from tract.compile import CompileOptions, Dropped, Tally, compile_context
from tract.errors import Corrupt, InvalidInput
from tract.objects import Content, ContentTypes, Entry, Mark, Message, TextPart


def exchange_talk() -> Talk:
    return Talk(user("u"), assistant(None, "a", "b"), result("a"), result("b"), assistant("x"))


@pytest.mark.parametrize("member", [1, 2, 3])
def test_skipping_any_member_hides_the_whole_exchange(member):
    context = exchange_talk().marked(member, "skip").compile()
    assert said(context) == ["u", "x"]
    assert context.repairs == ()
    assert context.dropped == ()


@pytest.mark.parametrize(("skipped", "pinned"), [(1, 2), (2, 1), (3, 2), (1, 3)])
def test_a_pin_on_any_member_beats_a_skip_on_another(skipped, pinned):
    talk = exchange_talk().marked(skipped, "skip").marked(pinned, "pinned")
    assert said(talk.compile()) == ["u", "call a call b", "a: done", "b: done", "x"]


def test_a_late_result_is_hidden_with_its_exchange():
    talk = Talk(user("u"), assistant(None, "a"), user("v"), result("a"))
    assert said(talk.marked(1, "skip").compile()) == ["u", "v"]


def test_skipping_all_gives_an_empty_context():
    talk = Talk(user("u")).marked(0, "skip")
    assert talk.compile().messages == ()
    assert talk.compile().token_count == 0


def test_a_view_chooses_and_orders_what_is_shown():
    talk = Talk(system("s"), user("u"), assistant("x"), user("v"))

    def last_two(entries):
        assert all(isinstance(entry, Entry) for entry in entries)
        return entries[-2:]

    def turned(entries):
        return list(reversed(entries))

    context = talk.compile(views=(last_two, turned))
    assert said(context) == ["v", "x"]
    assert context.dropped == tuple(
        Dropped(slot.entry_id, slot.commit, "view") for slot in talk.state[:2]
    )


def test_a_view_sees_only_what_is_not_skipped():
    seen: list[str] = []

    def watch(entries):
        seen.extend(entry.text for entry in entries)
        return entries

    exchange_talk().marked(2, "skip").compile(views=(watch,))
    assert seen == ["u", "x"]


def test_what_a_view_tears_apart_is_repaired():
    context = exchange_talk().compile(views=(lambda entries: [*entries[:2], *entries[3:]],))
    assert said(context)[2].startswith("a: The call was interrupted")


def test_a_view_may_show_an_entry_with_other_words():
    talk = Talk(user("long text"), assistant("x"))

    def shorter(entries):
        first = entries[0]
        payload = first.content.with_text("short").stored()
        changed = Entry(first.id, first.commit, first.mark, payload, ContentTypes())
        return [changed, *entries[1:]]

    context = talk.compile(views=(shorter,))
    assert said(context) == ["short", "x"]
    assert context.dropped == ()
    assert context.sources == ((talk.state[0].commit,), (talk.state[1].commit,))


def test_the_count_of_a_changed_entry_is_not_kept_for_its_content():
    talk = Talk(user("long text"))
    full = talk.compile().token_count

    def shorter(entries):
        first = entries[0]
        payload = first.content.with_text("short").stored()
        return [Entry(first.id, first.commit, first.mark, payload, ContentTypes())]

    assert talk.compile(views=(shorter,)).token_count == full - len("long text") + len("short")
    assert talk.compile().token_count == full


@pytest.mark.parametrize("given", [None, "all", [1, 2], iter(())])
def test_a_view_that_gives_no_entries_is_named(given):
    def lazy(entries):
        return given

    with pytest.raises(InvalidInput, match="view lazy gave") as caught:
        Talk(user("u")).compile(views=(lazy,))
    assert caught.value.kind == "invalid_view"


class Merging:
    """Makes one user message of all that was said."""

    def compile(self, entries):
        text = "\n".join(entry.text for entry in entries)
        commits = tuple(entry.commit for entry in entries)
        return [Message("user", (TextPart(text),), commits=commits)]


def test_a_compiler_of_ones_own_makes_the_messages():
    talk = Talk(system("s"), user("u"), assistant("hidden")).marked(2, "skip")
    context = talk.compile(compiler=Merging())
    assert said(context) == ["s\nu"]
    assert context.sources == ((talk.state[0].commit, talk.state[1].commit),)
    lines = context.explain().lines
    assert [line.status for line in lines] == ["shown", "shown", "skipped"]
    assert [line.tokens for line in lines] == [context.token_count - 3, 0, 0]


def test_what_a_compiler_does_not_use_is_explained():
    class First:
        def compile(self, entries):
            return [Message("user", (TextPart("one"),), commits=(entries[0].commit,))]

    lines = Talk(user("u"), assistant("x")).compile(compiler=First()).explain().lines
    assert [line.status for line in lines] == ["shown", "compiler"]


@pytest.mark.parametrize("given", [None, "text", [{"role": "user"}], [Message("robot")]])
def test_a_compiler_that_gives_no_messages_is_named(given):
    class Odd:
        def compile(self, entries):
            return given

    with pytest.raises(InvalidInput, match=r"Odd\.compile\(\) gave"):
        Talk(user("u")).compile(compiler=Odd())


def test_a_compiler_and_views_are_asked_again_each_time():
    calls = []

    def counting(entries):
        calls.append(len(entries))
        return entries

    talk = Talk(user("u"))
    first = talk.compile(views=(counting,))
    talk.add(user("v"))
    assert said(talk.compile(views=(counting,), previous=first)) == ["u", "v"]
    assert calls == [1, 2]


def test_a_type_that_was_registered_since_is_shown_by_its_renderer():
    class Note(Content):
        content_type: str = "acme.note"

        def render(self):
            return "a note"

    talk = Talk(Note())
    before = talk.compile()
    assert said(before) == ["[acme.note]"]
    talk.types = ContentTypes([Note])
    assert said(talk.compile(previous=before)) == ["a note"]


def test_a_payload_that_is_not_there_is_named():
    talk = Talk(user("u"))
    with pytest.raises(Corrupt, match=talk.state[0].content[:8]):
        compile_context(
            None,
            talk.state,
            lambda _: {},
            types=talk.types,
            tally=Tally(LENGTHS),
            options=CompileOptions(),
        )


def test_marks_with_labels_and_notes_count_by_their_priority():
    talk = Talk(user("u"), user("v"))
    slot = talk.state[0]._replace(
        mark=Mark(talk.marked(0, "skip").state[0].mark.priority, ("old",))
    )
    talk.state = (slot, *talk.state[1:])
    assert said(talk.compile()) == ["v"]
