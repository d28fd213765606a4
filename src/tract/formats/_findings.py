"""What the checks of all dialects have in common: a list of issues, and whether a value is JSON.

Nothing that renders a request is used here, and nothing of this is used to render one.
"""

import json
from collections.abc import Mapping
from typing import Any

from tract.errors import printable
from tract.formats._issue import Issue


class Findings:
    """The issues found so far in one request."""

    __slots__ = ("issues",)

    def __init__(self) -> None:
        self.issues: list[Issue] = []

    def add(self, rule: str, message: str, index: int | None, fix: str) -> None:
        """Add an issue.

        Args:
            rule: the rule that is broken.
            message: what is wrong.
            index: the message's place, or None.
            fix: what to do.
        """
        self.issues.append(Issue(rule, message, index, None, fix))

    def messages_of(self, params: Any) -> list[Any]:
        """Return the request's messages; none, with an issue, where there is no list of them."""
        messages = params.get("messages") if isinstance(params, Mapping) else None
        if isinstance(messages, list | tuple):
            return list(messages)
        self.add("messages_missing", "there is no list of messages", None, 'Give "messages".')
        return []

    def check_json(self, value: Any, index: int | None) -> None:
        """Say where a value cannot be sent as JSON."""
        try:
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError as error:
            text = f"text with a lone surrogate at position {error.start} of its JSON"
            self.add("lone_surrogate", text, index, "Cut text between characters.")
        except (TypeError, ValueError, RecursionError) as error:
            text = f"the value has no JSON form: {printable(error)}"
            self.add("not_json", text, index, "Use text, numbers, booleans, null, lists, objects.")


def shown(value: object) -> str:
    """Return a value for a message: short text as it is, of anything else only the type."""
    if isinstance(value, str):
        return printable(repr(value), limit=60)
    return printable(type(value).__name__)
