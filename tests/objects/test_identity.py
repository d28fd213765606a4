"""Ids are a contract: the same values give the same bytes and ids for good, on every machine.

The literals here were written down once. If one of them changes, stores in the field no longer
verify: that wants a new version tag and a reader for the old one, never a new literal.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tract.errors import InvalidInput
from tract.objects import (
    Actor,
    ArtifactContent,
    Commit,
    DialogueContent,
    FreeformContent,
    InstructionContent,
    Limits,
    Mark,
    OpaqueContent,
    OutputContent,
    Priority,
    ReasoningContent,
    Run,
    SessionContent,
    Single,
    SummaryContent,
    TextPart,
    ToolCall,
    ToolResultContent,
    blob_id,
    canonical,
    check_json,
    decode_commit,
    encode_content,
    new_entry_id,
    parse,
)

ADA = Actor("human", "ada")
AT = 1_767_225_600_000_000
P, Q = "1" * 64, "2" * 64
E1, E2, E3 = "a" * 32, "b" * 32, "c" * 32
BLOB = "d" * 64

CONTENTS = [
    (
        InstructionContent(text="Be brief."),
        "e87944fb7e268497c8a377def1b7002a4ac74fd8dc805f6eec1be20804dcff39",
    ),
    (
        DialogueContent(role="user", text="héllo\n\0"),
        "ca6833e0c74ebf8ba22813c9e43b4e55bb8bedc2bcaee8957a14afc866e2c7ab",
    ),
    (
        DialogueContent(role="assistant", tool_calls=(ToolCall("c1", "f", '{"a": 1}'),)),
        "2ab0aa3460548f725679c2c97dfa79d19b35643323577709fa8938ed7d72a21e",
    ),
    (
        DialogueContent(role="assistant", parts=(TextPart("x"), ToolCall("c", "f"))),
        "e5ad38495a3aafd9df769257acbd832e435d056c879a759f34ebad490d0353e8",
    ),
    (
        ToolResultContent(call_id="c1", output="", is_error=True, name="f"),
        "6ee64d4939400d2e4dda89b3f49eec6df9e35f32223051bc084071d6be9d0978",
    ),
    (
        ReasoningContent(text="hm", provider="anthropic", signature="s"),
        "f430150b196be3dd4b7f5a459030eb540b38959bc49888ea2cec961e39330cad",
    ),
    (
        ArtifactContent(kind="code", title="a.py", text="1", language="python"),
        "ea2b037b71f0bc839e4b0c36d2baf029229304516333b99867465adf7009271f",
    ),
    (
        OutputContent(text="42", format="markdown"),
        "a9714d06f7164a2fafd4220e1b3c9412e3eb433669134bc7794aa40eab477c15",
    ),
    (
        FreeformContent(payload={"b": [1, 2.5, None, True], "a": {}}),
        "477f2786ce393e8b60b3f22866600b92adc503a68c78fcab6cc50b71ed7a2b7b",
    ),
    (
        SummaryContent(text="short"),
        "7741c1ee2d8efc3329b138e4d38847c0ac6c5f243edb116c40b514eacc8519e9",
    ),
    (
        SessionContent(summary="done", decisions=("x",), next_steps=("y",)),
        "faa34722138b03808d2dc158e520a3bdb64fc1dd499ebb5fd6ac67668fca5003",
    ),
    (
        OpaqueContent(provider="acme", payload={"k": "v"}),
        "0be56f2b93a2daf4a40cf13fe08e8cc01a2c0332e38e086e8133aea2870d6adf",
    ),
]

COMMITS = [
    (Commit("", (), "append", ADA, AT, E1, BLOB), "a907905f2b323be9a38ab08f14b8113a11facfc2c7ea6f3a15ce06418fcec43e"),
    (Commit("", (P,), "append", ADA, AT, E1, BLOB, marks=((E1, Mark(Priority.PINNED)),), note=Q), "3b37ccb509d051bf9f6165b112370eaf8db673f22b3bb7736d8be1f06b305618"),
    (Commit("", (P,), "edit", ADA, AT, E1, BLOB, replaces=(E1,), made_with={"model": "m", "temperature": 0.5}), "89a258cd100205012b8466c45f9f075bb67162e46e661d50d954ff9d75cdd46d"),
    (Commit("", (P,), "edit", ADA, AT, None, None, replaces=(E1, E2)), "54ec95dcaeff460adfbd12202739a571d8bff735bf3f37459e7e93ce524f6699"),
    (Commit("", (P,), "mark", ADA, AT, marks=((E1, Mark(Priority.SKIP, ("x",), Q)), (E2, Mark()))), "7b5126f026f028438c5a84bcc4f3b2bfecea3510f21d1e2155f5df04b0b79bca"),
    (Commit("", (P, Q), "arrange", ADA, AT, layout=(Run(0, E1, E2), Single(E3, Q, Mark(Priority.IMPORTANT)))), "6e79d7ac3a2bb247f27e3237f7188604ed7b2323227c096a4be9260c253e296b"),
    (Commit("", (P,), "append", ADA, AT, E1, BLOB, based_on=Q, origin=P, sources={"commits": [P]}), "58a7046ae6311fa801b13e4293b0624f432a65b1f75f7b00ed2db99c831528ec"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "id"), CONTENTS, ids=lambda v: getattr(v, "content_type", None)
)
def test_the_ids_of_contents_are_what_they_always_were(content, id):
    assert blob_id(encode_content(content, Limits())) == id


@pytest.mark.parametrize(("commit", "id"), COMMITS)
def test_the_ids_of_commits_are_what_they_always_were(commit, id):
    sealed, data = commit.sealed()
    assert sealed.id == id
    assert decode_commit(sealed.id, data) == sealed


def test_the_ids_of_entries_are_what_they_always_were():
    assert new_entry_id((), (), BLOB, ADA, AT) == "35d963fa4d424c64a2e056f431d3a2d5"
    assert new_entry_id((P,), (E1, E2), BLOB, ADA, AT) == "89266775f4ad1a733d4484a8d0a3670c"


def test_the_canonical_form_of_a_commit_says_only_what_it_has_to_say():
    _, data = COMMITS[0][0].sealed()
    assert data == (
        b'{"at":1767225600000000,"author":["human","ada"],"content":"' + BLOB.encode() + b'",'
        b'"entry_id":"' + E1.encode() + b'","operation":"append","parents":[]}'
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_canonical_bytes_give_the_value_back_and_do_not_depend_on_order(value):
    check_json(value)
    data = canonical(value)
    assert parse(data) == value
    assert canonical(parse(data)) == data
    assert canonical(_turned(value)) == data


def _turned(value):
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value


def nested(depth):
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "kind", "place"),
    [
        ({"a": [float("nan")]}, "invalid_number", "value.a[0]"),
        (float("inf"), "invalid_number", "value"),
        ({"a": 2**64}, "invalid_number", "value.a"),
        (-(2**63) - 1, "invalid_number", "value"),
        ({"a": "x\udc00"}, "lone_surrogate", "position 1"),
        ({"\ud800": 1}, "lone_surrogate", "position 0"),
        ({1: 2}, "invalid_content", "1"),
        ({"a": {1, 2}}, "invalid_content", "set"),
        (b"x", "invalid_content", "bytes"),
        (nested(101), "too_deep", "100"),
        (nested(100_000), "too_deep", "100"),
    ],
)
def test_what_has_no_canonical_form_is_refused_with_its_place(value, kind, place):
    with pytest.raises(InvalidInput) as caught:
        check_json(value)
    assert caught.value.kind == kind
    assert place in caught.value.message


def test_what_cannot_be_encoded_is_refused_where_it_is():
    with pytest.raises(InvalidInput) as caught:
        canonical({"a": ["x\udc00"]}, "metadata")
    assert "metadata.a[0]" in caught.value.message
    assert canonical({"a": (1, 2.5)}) == b'{"a":[1,2.5]}'
