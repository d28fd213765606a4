"""Open Assistant trees: nested or flat, every leaf a branch, every message once."""

import json

import pytest

from tests.importers.samples_oasst import LINES, MOTHS, flat, lines, message, sample, tree
from tract import Tract
from tract.importers import importer_for
from tract.importers._source import Source
from tract.objects import Limits, Priority
from tract.store import MemoryStore


def branches(read):
    return {
        key: [one.contents[0].content.text for one in said] for key, said in read.messages.items()
    }


def authors(said):
    return [str(one.contents[0].author) for one in said]


def test_every_leaf_is_a_branch_that_shares_its_beginning(reading):
    read = reading(lines(MOTHS), "moths.jsonl")
    assert (read.format, read.bad) == ("oasst", [])
    asked, night = "Tell me about moths.", "They fly at night."
    assert branches(read) == {
        ("file/aaaaaaaa", "main"): [asked, night, "All of them?"],
        ("file/aaaaaaaa", "reply-dddddddd"): [asked, night, "Why?", "Fewer birds."],
        ("file/aaaaaaaa", "reply-ffffffff"): [asked, "Moths are insects."],
    }
    assert [one.shared for one in read.conversations] == [0, 2, 1]


def test_a_message_keeps_its_role_time_author_and_what_else_is_said_of_it(reading):
    read = reading(lines(MOTHS), "moths.jsonl")
    said = read.messages["file/aaaaaaaa", "reply-dddddddd"]
    assert [one.contents[0].content.role for one in said] == ["user", "assistant"] * 2
    assert [one.at for one in said] == [0, 1_676_030_400_000_000, 1_676_030_401_500_000, 3]
    assert said[0].metadata == {
        "message_id": "aaaaaaaa-0001",
        "lang": "en",
        "user_id": "u-1",
        "synthetic": False,
        "review_result": True,
    }
    assert said[1].metadata["labels"] == {"quality": {"value": 0.75, "count": 4}}
    assert "created_date" not in said[1].metadata
    assert said[3].metadata["emojis"] == {"+1": 2}
    assert authors(said) == ["human", "model", "human", "model"]


def test_who_wrote_it_is_what_the_source_says(reading):
    told = tree(
        "a",
        message(
            "a",
            "prompter",
            "Made up.",
            message("b", "assistant", "By hand.", synthetic=False),
            synthetic=True,
            model_name="chip20b",
        ),
    )
    said = reading(lines(told), "x.jsonl").only
    assert authors(said) == ["model:chip20b", "human"]
    assert said[0].made_with == {"model": "chip20b"}
    assert said[1].made_with is None


def test_a_deleted_message_is_kept_and_skipped(reading):
    said = reading(lines(MOTHS), "moths.jsonl").messages["file/aaaaaaaa", "main"]
    assert (said[2].priority, said[2].reason) == (Priority.SKIP, "deleted in the source")
    assert said[2].contents[0].content.text == "All of them?"
    assert said[0].priority is None


def test_what_is_said_of_a_tree_is_told_once(reading):
    told = [one.metadata for one in reading(lines(MOTHS), "moths.jsonl").conversations]
    about = {"message_tree_id": MOTHS["message_tree_id"], "tree_state": "ready_for_export"}
    assert told == [{**about, "origin": "web"}, {}, {}]


def test_a_time_that_is_none_is_kept_as_it_was(reading):
    told = tree("a", message("a", "prompter", "Hi", created_date="yesterday"))
    (said,) = reading(lines(told), "x.jsonl").only
    assert (said.at, said.metadata["created_date"]) == (0, "yesterday")


@pytest.mark.parametrize("layout", ["object", "list", "pretty"])
def test_a_document_with_one_tree_is_one_tract(reading, layout):
    value = [MOTHS] if layout == "list" else MOTHS
    read = reading(json.dumps(value, indent=2 if layout == "pretty" else None))
    assert (read.format, read.bad) == ("oasst", [])
    assert {tract for tract, _ in read.messages} == {"file"}


def test_trees_in_a_list_are_named_after_their_ids(reading):
    other = tree("aaaaaaaa-9999", message("x", "prompter", "Hi"))
    read = reading(json.dumps([MOTHS, other]))
    assert {tract for tract, _ in read.messages} == {"file/aaaaaaaa", "file/aaaaaaaa-2"}


def flattened(told):
    """The messages of a nested tree as the flat export has them."""
    found, todo = [], [(told["prompt"], None)]
    while todo:
        one, parent = todo.pop(0)
        more = {k: v for k, v in one.items() if k not in ("replies", "text", "role", "message_id")}
        id = one["message_id"]
        found.append(flat(told["message_tree_id"], id, parent, one["role"], one["text"], **more))
        todo += [(reply, id) for reply in one["replies"]]
    return found


@pytest.mark.parametrize("layout", ["lines", "list"])
def test_the_flat_export_gives_the_same_commits(tmp_path, layout):
    nested, told = tmp_path / "a.jsonl", flattened(MOTHS)
    nested.write_bytes(lines(MOTHS))
    other = tmp_path / ("b.jsonl" if layout == "lines" else "b.json")
    other.write_bytes(lines(*told) if layout == "lines" else json.dumps(told).encode())
    store = MemoryStore()
    first = Tract.import_(nested, store)
    again = Tract.import_(other, store)
    assert (again.format, again.bad) == ("oasst", ())
    assert (first.messages, again.messages) == (6, 6)
    assert (first.added, again.added) == (6, 0)


def test_flat_messages_of_several_trees_may_stand_mixed(reading):
    told = [flat("a", "a", None, "prompter", "A"), flat("b", "b", None, "prompter", "B")]
    told += [flat("b", "b2", "b", "assistant", "B2"), flat("a", "a2", "a", "assistant", "A2")]
    read = reading(lines(*told), "x.jsonl")
    assert branches(read) == {("file/a", "main"): ["A", "A2"], ("file/b", "main"): ["B", "B2"]}


def test_flat_messages_without_a_tree_are_told_apart_by_whom_they_follow(reading):
    told = [flat("a", "a", None, "prompter", "A"), flat("b", "b", None, "prompter", "B")]
    told.append(flat("b", "b2", "b", "assistant", "B2"))
    for one in told:
        del one["message_tree_id"]
    read = reading(lines(*told), "x.jsonl")
    assert branches(read) == {("file/a", "main"): ["A"], ("file/b", "main"): ["B", "B2"]}


def test_missing_parents_and_circles_are_reported_and_nothing_is_lost(reading):
    told = [
        flat("a", "a", None, "prompter", "A"),
        flat("a", "b", "gone", "assistant", "B"),
        flat("a", "c", "d", "prompter", "C"),
        flat("a", "d", "c", "assistant", "D"),
        flat("a", "e", 7, "assistant", "E"),
    ]
    read = reading(lines(*told), "x.jsonl")
    assert read.bad == [
        ("line 2", "its parent 'gone' is not in the file"),
        ("line 3", "it follows itself: its parents form a circle"),
        ("line 5", "its parent 'a number' is not in the file"),
    ]
    assert sorted(branches(read).values()) == [["A"], ["B"], ["C", "D"], ["E"]]


def test_thousands_of_messages_in_a_row_are_one_branch(reading):
    count = 5_000
    told = [
        flat("a", f"m{i}", f"m{i - 1}" if i else None, ("prompter", "assistant")[i % 2], str(i))
        for i in range(count)
    ]
    assert len(reading(lines(*told), "x.jsonl").only) == count


def test_a_tree_that_is_nested_too_deeply_is_reported(reading):
    text = '{"text": "x", "role": "prompter", "replies": [' * 5_000 + "]}" * 5_000
    deep = '{"message_tree_id": "d", "prompt": ' + text + "}\n"
    read = reading(lines(MOTHS) + deep.encode(), "x.jsonl")
    assert read.bad == [("line 2", "nested too deeply")]
    assert len(read.messages) == 3


BROKEN = [
    ("robot", {"role": "robot"}, "role 'robot' is neither prompter nor assistant"),
    ("no role", {"role": None}, "role null is neither prompter nor assistant"),
    ("list", {"role": ["prompter"]}, "role a list is neither prompter nor assistant"),
    ("number", {"text": 1e308}, "text is a number"),
    ("null", {"text": None}, "text is null"),
]


@pytest.mark.parametrize(("change", "reason"), [one[1:] for one in BROKEN])
def test_a_broken_message_is_reported_and_its_replies_follow_what_it_followed(
    reading, change, reason
):
    told = json.loads(json.dumps(MOTHS))
    told["prompt"]["replies"][0].update(change)
    read = reading(lines(told), "x.jsonl")
    assert read.bad == [("line 1: prompt.replies[0]", reason)]
    asked = "Tell me about moths."
    assert list(branches(read).values()) == [
        [asked, "All of them?"],
        [asked, "Why?", "Fewer birds."],
        [asked, "Moths are insects."],
    ]


@pytest.mark.parametrize(
    ("value", "place", "reason"),
    [
        (tree("a", None), "line 2: prompt", "no message, but null"),
        (tree("a", "Hi"), "line 2: prompt", "no message, but a text"),
        (["a"], "line 2", "neither a tree nor a message, but a list"),
        ({}, "line 2", "neither a tree nor a message: it has no prompt and no text"),
        ({"message_id": 1, "role": "prompter"}, "line 2", "text is missing"),
    ],
)
def test_a_line_that_is_no_tree_does_not_stop_the_others(reading, value, place, reason):
    read = reading(lines(MOTHS, value, *LINES[1:]), "x.jsonl")
    assert read.bad == [(place, reason)]
    assert len({tract for tract, _ in read.messages}) == 3


def test_replies_that_are_no_list_are_reported(reading):
    told = tree("a", {"message_id": "a", "role": "prompter", "text": "Hi", "replies": {"0": 1}})
    read = reading(lines(told), "x.jsonl")
    assert read.bad == [("line 1: prompt.replies", "no list, but an object")]
    assert read.texts == ["Hi"]


@pytest.mark.parametrize(
    "value",
    [
        {"message_tree_id": 7},
        {"prompt": "Translate:", "completion": "Fertig."},
        {"prompt": {"text": "Hi", "role": "user"}},
        [{"role": "user", "content": "Hi"}],
        {"message_id": "1", "text": "hello", "user": "bob"},
        [[[]]],
        {"message_id": None, "text": None, "role": {}},
    ],
)
def test_other_files_are_left_to_others(tmp_path, value):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(value))
    source = Source(path, Limits())
    assert importer_for(source, "oasst").detects(source.sample) == 0


def test_a_file_that_grows_adds_only_what_is_new(tmp_path):
    path, grown, at_once = tmp_path / "x.jsonl", MemoryStore(), MemoryStore()
    data = sample()
    for end in range(1, data.count(b"\n") + 1):
        path.write_bytes(b"".join(data.splitlines(keepends=True)[:end]))
        assert Tract.import_(path, grown).bad == ()
    Tract.import_(path, at_once)
    with grown.read() as one, at_once.read() as other:
        assert {row.name: one.refs(row.id) for row in one.tracts()} == {
            row.name: other.refs(row.id) for row in other.tracts()
        }
    assert Tract.import_(path, grown).added == 0


def test_a_line_that_is_still_being_written_is_reported(reading):
    read = reading(sample()[:-20], "x.jsonl")
    ((place, reason),) = read.bad
    assert place == "line 6"
    assert reason.endswith("the line is not complete, the file may still be written")
