"""Provider dialects as pure functions: messages to requests, provider messages to contents, checks."""

from tract.formats._client import is_client_object
from tract.formats._detect import detect
from tract.formats._dialects import PROVIDERS, check, from_conversation, from_wire, to_wire
from tract.formats._issue import Issue, Notice, Wire
from tract.formats._plain import plain

__all__ = [
    "PROVIDERS",
    "Issue",
    "Notice",
    "Wire",
    "check",
    "detect",
    "from_conversation",
    "from_wire",
    "is_client_object",
    "plain",
    "to_wire",
]
