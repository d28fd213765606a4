"""One part of a message as one content block of Anthropic's Messages.

Each function here makes a block of a part and says nothing else; what stands for a part that has
no block, and in which message a block ends up, is decided by the writer of whole requests.
"""

from collections.abc import Mapping
from typing import Any

from tract.formats._fields import SHAPE
from tract.formats._media import data_of, media_type_of, text_of, upload_of
from tract.objects import MediaPart, ReasoningPart

PROVIDER = "anthropic"
SHAPE_KEY = PROVIDER + SHAPE
# Fields of a user message that holds results only; each result has fields of its own, too.
MESSAGE_KEY = f"{PROVIDER}.message{SHAPE}"
_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def medium_block(part: MediaPart) -> dict[str, Any] | None:
    """Return an image or document block, or None where there is none for this medium.

    Args:
        part: the medium; fields kept for the provider are not put back here.

    Example:
        >>> medium_block(MediaPart("image", url="https://example.org/a.png"))
        {'type': 'image', 'source': {'type': 'url', 'url': 'https://example.org/a.png'}}
    """
    if part.kind == "audio":
        return None
    source = _source(part)
    if source is None:
        return None
    block = {"type": "image" if part.kind == "image" else "document", "source": source}
    if part.kind == "file" and part.name is not None:
        block["title"] = part.name
    return block


def _source(part: MediaPart) -> dict[str, Any] | None:
    if part.data:
        return _inline(part, part.data)
    if part.url is not None and part.url.startswith(("https://", "http://")):
        return {"type": "url", "url": part.url}
    upload = upload_of(part, PROVIDER)
    return {"type": "file", "file_id": upload} if upload is not None else None


def _inline(part: MediaPart, data: str) -> dict[str, Any] | None:
    media_type = media_type_of(part)
    if media_type in _IMAGES if part.kind == "image" else media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": data}
    if part.kind == "file" and media_type is not None and media_type.startswith("text/"):
        text = text_of(data)
        if text is not None and text.strip():
            return {"type": "text", "media_type": "text/plain", "data": text}
    return None


def text_source(text: str) -> str:
    """Return what a text document's content is kept as: base64 like every other medium."""
    return data_of(text)


def reasoning_block(part: ReasoningPart, *, repair: bool) -> dict[str, Any] | None:
    """Return a thinking block, or None for reasoning that the provider did not make or sign.

    Args:
        part: the reasoning.
        repair: whether an unsigned block is left out.
    """
    if part.provider != PROVIDER:
        return None
    if part.encrypted:
        return {"type": "redacted_thinking", "data": part.encrypted}
    if part.signature or not repair:
        return {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}
    return None


def is_thinking(block: dict[str, Any]) -> bool:
    """Return whether a block is thinking, readable or not."""
    return block.get("type") in ("thinking", "redacted_thinking")


_MEDIA_FIELDS = {"base64": "data", "url": "url", "file": "file_id", "text": "data"}
_MEDIA_TYPES = {"image": _IMAGES, "document": ("application/pdf",)}
_OF_USERS = frozenset({"document", "image", "search_result", "container_upload"})
# What is read as a part of its own unless it is broken.
_READ = frozenset({"text", "thinking", "redacted_thinking", "tool_use", "tool_result"})


def is_sendable(block: Mapping[str, Any], role: str) -> bool:
    """Return whether a block that was kept as it came may be sent as it is.

    Args:
        block: the block; one of a type that is not known here is the provider's to judge.
        role: "system", "user", "assistant", or "tool" for one inside a result.
    """
    kind = block.get("type")
    if not isinstance(kind, str) or role == "system" or kind in _READ:
        return False
    if (role == "assistant" and kind in _OF_USERS) or (
        role != "assistant" and kind == "server_tool_use"
    ):
        return False
    if kind not in _MEDIA_TYPES:
        return True
    source = block.get("source")
    form = source.get("type") if isinstance(source, Mapping) else None
    if not isinstance(source, Mapping) or not isinstance(form, str):
        return False
    wanted = _MEDIA_FIELDS.get(form)
    if wanted is not None and not (isinstance(source.get(wanted), str) and source[wanted]):
        return False
    return form != "base64" or source.get("media_type") in _MEDIA_TYPES[kind]
