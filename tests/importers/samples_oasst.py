"""Trees that show what the Open Assistant format can say: nested ones, and flat messages."""

import json


def message(id, role, text, *replies, **more):
    """A message of a nested tree."""
    said = {"message_id": id, "role": role, "text": text, "lang": "en", **more}
    return {**said, "replies": list(replies)}


def tree(id, prompt, **more):
    return {"message_tree_id": id, "tree_state": "ready_for_export", "prompt": prompt, **more}


def flat(tree_id, id, parent, role, text, **more):
    """A message of the flat export."""
    told = {"message_id": id, "parent_id": parent, "message_tree_id": tree_id}
    return {**told, "role": role, "text": text, "tree_state": "ready_for_export", **more}


MOTHS = tree(
    "aaaaaaaa-0001",
    message(
        "aaaaaaaa-0001",
        "prompter",
        "Tell me about moths.",
        message(
            "bbbbbbbb-0002",
            "assistant",
            "They fly at night.",
            message("cccccccc-0003", "prompter", "All of them?", deleted=True, review_count=3),
            message(
                "dddddddd-0004",
                "prompter",
                "Why?",
                message("eeeeeeee-0005", "assistant", "Fewer birds.", rank=0, emojis={"+1": 2}),
                created_date="2023-02-10T12:00:01.500000+00:00",
            ),
            rank=0,
            labels={"quality": {"value": 0.75, "count": 4}},
            created_date="2023-02-10T12:00:00+00:00",
        ),
        message(
            "ffffffff-0006",
            "assistant",
            "Moths are insects.",
            rank=1,
            synthetic=True,
            model_name="chip20b",
            events={"ranking": [{"type": "ranking", "user_id": None}]},
        ),
        user_id="u-1",
        synthetic=False,
        review_result=True,
    ),
    origin="web",
)

LINES = (
    MOTHS,
    tree("11111111-0001", message("11111111-0001", "prompter", "Grüße 🙂, wer bist du?")),
    flat("22222222-0001", "22222222-0001", None, "prompter", "Name a colour."),
    flat("22222222-0001", "22222222-0002", "22222222-0001", "assistant", "Red.", rank=1),
    flat("22222222-0001", "22222222-0003", "22222222-0001", "assistant", "Blue.", rank=0),
    flat("22222222-0001", "22222222-0004", "22222222-0003", "prompter", "Another.", deleted=True),
)


def lines(*values):
    """The values as JSON lines."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def sample():
    return lines(*LINES)
