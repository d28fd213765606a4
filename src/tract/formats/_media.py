"""What images, sounds and files are made of, in words that no provider owns.

Providers spell a medium as a data URL, as base64 beside a type, as an address or as the id of an
upload, and each accepts other types. Here is what their spellings have in common. An id of an
upload means something only to the provider that gave it, so the part remembers whose it is.
"""

import base64
import binascii
import re

from tract.errors import printable
from tract.formats._fields import SHAPE
from tract.objects import MediaPart

_DATA_URL = re.compile(r"data:([^;,]+);base64,(.*)", re.DOTALL)

# The first bytes of a file, in base64, tell what it is where nobody said.
_MAGIC = {
    "image": (
        ("iVBORw0KGgo", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGOD", "image/gif"),
        ("UklGR", "image/webp"),
    ),
    "audio": (("UklGR", "audio/wav"), ("SUQz", "audio/mpeg"), ("//", "audio/mpeg")),
    "file": (("JVBERi", "application/pdf"),),
}

UPLOAD = {"upload": True}
"""The trait of a part whose `file_id` the provider of that shape gave."""


def split_data_url(url: str) -> tuple[str, str] | None:
    """Return type and base64 text of a data URL, or None where it is none."""
    found = _DATA_URL.fullmatch(url)
    return (found[1], found[2]) if found else None


def data_url(media_type: str, data: str) -> str:
    """Return the data URL of base64 text."""
    return f"data:{media_type};base64,{data}"


def media_type_of(part: MediaPart) -> str | None:
    """Return a part's type: as given, else as its first bytes say, else None."""
    if part.media_type:
        return part.media_type
    for start, media_type in _MAGIC[part.kind]:
        if part.data and part.data.startswith(start):
            return media_type
    return None


def upload_of(part: MediaPart, provider: str) -> str | None:
    """Return the id of a part's upload where it means something to that provider, else None."""
    for owner, shape in (part.extra or {}).items():
        if owner.endswith(SHAPE) and owner != provider + SHAPE and shape.get("upload"):
            return None
    return part.file_id


def text_of(data: str) -> str | None:
    """Return the UTF-8 text that base64 text stands for, or None where it stands for none."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None


def data_of(text: str) -> str:
    """Return the base64 text of a text."""
    return base64.b64encode(text.encode()).decode()


def stand_in(part: MediaPart) -> str:
    """Return the text that stands for a medium which cannot be sent.

    Example:
        >>> stand_in(MediaPart("audio", media_type="audio/flac", data="ZkxhQw=="))
        '[audio left out: audio/flac]'
    """
    what = [part.name, part.media_type, part.url if part.url and len(part.url) <= 500 else None]
    known = ", ".join(printable(word, limit=500) for word in what if word)
    return f"[{part.kind} left out: {known}]" if known else f"[{part.kind} left out]"
