"""What Anthropic's Messages would refuse, found without sending it.

Written from the provider's rules alone, and apart from the code that renders requests. Shapes and
blocks come first, then what only the order shows: users and assistants in turn, the results of all
calls at the head of the next message, ids never used again. Blocks of a type that is not known
here are let pass, since the provider has new ones more often than anybody can list.
"""

import re
from collections.abc import Mapping
from typing import Any

from tract.formats._findings import Findings, shown
from tract.formats._issue import Issue

_ROLES = ("user", "assistant")
_USERS = frozenset({"tool_result", "image", "document", "search_result", "container_upload"})
_ASSISTANTS = frozenset({"tool_use", "thinking", "redacted_thinking", "server_tool_use"})
_IN_RESULTS = frozenset({"text", "image", "document", "search_result", "tool_reference"})
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_MARKS_MAX = 4


def check_anthropic(params: Mapping[str, Any]) -> list[Issue]:
    """Return the reasons for which the request would be refused.

    Args:
        params: the request.

    Example:
        >>> check_anthropic({"messages": [{"role": "user", "content": "hello"}]})
        []
    """
    return _Check().run(params)


class _Check(Findings):
    def __init__(self) -> None:
        super().__init__()
        self.marks = 0
        self.ids: set[str] = set()

    def run(self, params: Mapping[str, Any]) -> list[Issue]:
        messages = self.messages_of(params)
        if isinstance(params, Mapping):
            if "tools" in params:
                self.tools(params["tools"])
            if "system" in params:
                self.system(params["system"])
        for index, message in enumerate(messages):
            self.message(message, index, is_last=index == len(messages) - 1)
        self.alternation(messages)
        self.pairing(messages)
        if self.marks > _MARKS_MAX:
            text = f"{self.marks} cache_control marks, over {_MARKS_MAX}"
            self.add("cache_marks", text, None, f"Keep {_MARKS_MAX}.")
        return sorted(self.issues, key=lambda issue: -1 if issue.index is None else issue.index)

    def tools(self, tools: Any) -> None:
        if not isinstance(tools, list | tuple):
            self.add("tools_type", f"tools is {shown(tools)}", None, "Give a list.")
            return
        self.check_json(tools, None)
        names: set[str] = set()
        for tool in tools:
            name = tool.get("name") if isinstance(tool, Mapping) else None
            if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
                fix = "Use up to 128 letters, digits, _ and -."
                self.add("tool_name", f"a tool's name is {shown(name)}", None, fix)
                continue
            if name in names:
                self.add("tool_repeated", f"tool {name} is there twice", None, "Keep one.")
            names.add(name)
            schema = tool.get("input_schema")
            is_own = tool.get("type") in (None, "custom")
            if is_own and not (isinstance(schema, Mapping) and schema.get("type") == "object"):
                fix = 'Give a JSON schema of type "object".'
                self.add("tool_schema", f"tool {name} has no input_schema", None, fix)
            self.mark(tool, None)

    def system(self, system: Any) -> None:
        if isinstance(system, str):
            self.check_json(system, None)
            return
        if not isinstance(system, list | tuple):
            self.add("system_type", f"system is {shown(system)}", None, "Give text or blocks.")
            return
        self.check_json(system, None)
        for block in system:
            if not isinstance(block, Mapping) or block.get("type") != "text":
                self.add("system_type", "system has a block that is no text", None, "Give text.")
                continue
            self.text(block.get("text"), None)
            self.mark(block, None)

    def message(self, message: Any, index: int, *, is_last: bool) -> None:
        if not isinstance(message, Mapping):
            self.add("message_type", f"a message is {shown(message)}", index, "Give an object.")
            return
        role = message.get("role")
        if not isinstance(role, str) or role not in _ROLES:
            rule = "unknown_role" if "role" in message else "role_missing"
            self.add(rule, f"role {shown(role)}", index, "Use user or assistant.")
            return
        self.check_json(message, index)
        for name in message:
            if name not in ("role", "content"):
                text = f"a message has the field {shown(name)}"
                self.add("message_field", text, index, "Leave it out.")
        content = message.get("content")
        if isinstance(content, str):
            self.text(content, index)
        elif not isinstance(content, list | tuple):
            rule = "content_type" if "content" in message else "content_missing"
            self.add(rule, f"content is {shown(content)}", index, "Give text or blocks.")
        elif not content:
            self.add("empty_content", "content is an empty list", index, "Leave the message out.")
        else:
            for block in content:
                self.block(block, role, index)
        if is_last and role == "assistant":
            self.ending(content, index)

    def ending(self, content: Any, index: int) -> None:
        if isinstance(content, list | tuple) and content:
            last = content[-1]
            content = last.get("text") if isinstance(last, Mapping) else None
        if isinstance(content, str) and content != content.rstrip():
            text = "the assistant's last text ends with white space"
            self.add("trailing_space", text, index, "Trim it.")

    # --- blocks ------------------------------------------------------------------------------

    def block(self, block: Any, role: str, index: int) -> None:
        kind = block.get("type") if isinstance(block, Mapping) else None
        if not isinstance(kind, str):
            self.add("block_type", "a block has no type", index, 'Use {"type": "text", ...}.')
            return
        self.mark(block, index)
        if kind in (_ASSISTANTS if role == "user" else _USERS):
            self.add("block_role", f"a block of type {kind} of role {role}", index, "Move it.")
        if kind == "text":
            self.text(block.get("text"), index)
        elif kind == "tool_use":
            self.call(block, index)
        elif kind == "tool_result":
            self.result(block, index)
        elif kind == "thinking":
            self.thinking(block, index)
        elif kind == "redacted_thinking":
            if not block.get("data") or not isinstance(block["data"], str):
                self.add("thinking_data", "sealed thinking has no data", index, "Leave it out.")
        elif kind in ("image", "document"):
            self.medium(block, kind, index)

    def text(self, text: Any, index: int | None) -> None:
        if not isinstance(text, str):
            self.add("text_type", f"text is {shown(text)}", index, "Give a string.")
        elif not text.strip():
            said = "a text is empty" if not text else "a text is white space only"
            self.add("empty_text", said, index, "Leave the block out.")

    def mark(self, block: Mapping[str, Any], index: int | None) -> None:
        mark = block.get("cache_control")
        if mark is None:
            return
        self.marks += 1
        if not isinstance(mark, Mapping) or mark.get("type") != "ephemeral":
            fix = 'Use {"type": "ephemeral"}.'
            self.add("cache_mark_type", "cache_control is not of type ephemeral", index, fix)
        if block.get("type") in ("thinking", "redacted_thinking"):
            self.add("cache_mark_place", "thinking has a cache mark", index, "Mark another block.")

    def call(self, block: Mapping[str, Any], index: int) -> None:
        id = block.get("id")
        if not isinstance(id, str) or not _ID.fullmatch(id):
            text = f"tool_use id {shown(id)}"
            self.add("call_id_pattern", text, index, "Use letters, digits, _ and -.")
        elif id in self.ids:
            text = f"tool_use id {shown(id)} was used before"
            self.add("call_id_repeated", text, index, "Give each call its own.")
        else:
            self.ids.add(id)
        name = block.get("name")
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            fix = "Use up to 128 letters, digits, _ and -."
            self.add("tool_name", f"tool name {shown(name)}", index, fix)
        if not isinstance(block.get("input"), Mapping):
            text = f"input of tool_use is {shown(block.get('input'))}"
            self.add("input_type", text, index, "Give an object.")

    def result(self, block: Mapping[str, Any], index: int) -> None:
        id = block.get("tool_use_id")
        if not isinstance(id, str) or not _ID.fullmatch(id):
            text = f"tool_use_id {shown(id)}"
            self.add("call_id_pattern", text, index, "Use letters, digits, _ and -.")
        if not isinstance(block.get("is_error"), bool | None):
            self.add("field_type", "is_error is no boolean", index, "Give true or false.")
        content = block.get("content")
        if isinstance(content, list | tuple):
            for inner in content:
                kind = inner.get("type") if isinstance(inner, Mapping) else None
                if not isinstance(kind, str):
                    self.add(
                        "block_type", "a block has no type", index, 'Use {"type": "text", ...}.'
                    )
                elif kind in (_USERS | _ASSISTANTS) - _IN_RESULTS:
                    self.add("block_role", f"a block of type {kind} in a result", index, "Move it.")
                else:
                    self.block(inner, "user", index)
        elif not isinstance(content, str | None):
            self.add(
                "content_type", f"content of a result is {shown(content)}", index, "Give text."
            )

    def thinking(self, block: Mapping[str, Any], index: int) -> None:
        if not isinstance(block.get("thinking"), str):
            self.add("thinking_text", "thinking has no text field", index, "Leave it out.")
        signature = block.get("signature")
        if not isinstance(signature, str) or not signature:
            text = "thinking has no signature"
            self.add("thinking_signature", text, index, "Leave unsigned thinking out.")

    def medium(self, block: Mapping[str, Any], kind: str, index: int) -> None:
        source = block.get("source")
        form = source.get("type") if isinstance(source, Mapping) else None
        if not isinstance(source, Mapping) or not isinstance(form, str):
            self.add("source_missing", f"{kind} has no source", index, "Give source.")
            return
        wanted = {"base64": "data", "url": "url", "file": "file_id", "text": "data"}.get(form)
        if wanted and (not isinstance(source.get(wanted), str) or not source[wanted]):
            self.add("source_field", f"source of {kind} has no {wanted}", index, f"Give {wanted}.")
        types = _IMAGES if kind == "image" else ("application/pdf",)
        if form == "base64" and source.get("media_type") not in types:
            text = f"{kind} of type {shown(source.get('media_type'))}"
            self.add("media_type", text, index, f"Use one of {', '.join(types)}.")

    # --- order -------------------------------------------------------------------------------

    def alternation(self, messages: list[Any]) -> None:
        roles = [m.get("role") if isinstance(m, Mapping) else None for m in messages]
        if roles and roles[0] == "assistant":
            self.add("first_role", "the first message is the assistant's", 0, "Begin with a user.")
        for index in range(1, len(roles)):
            if roles[index] == roles[index - 1] and roles[index] in _ROLES:
                text = f"two messages of role {roles[index]} follow each other"
                self.add("alternation", text, index, "Make them one.")

    def pairing(self, messages: list[Any]) -> None:
        waiting: list[str] = []
        for index, message in enumerate([*messages, None]):
            blocks = _blocks(message)
            answered = self.results(blocks, waiting, index)
            for id in waiting:
                if id not in answered:
                    text = f"call {shown(id)} has no result in the next message"
                    self.add("missing_result", text, index - 1, "Answer every call.")
            waiting = [
                str(block["id"])
                for block in blocks
                if block.get("type") == "tool_use" and isinstance(block.get("id"), str)
            ]

    def results(self, blocks: list[Mapping[str, Any]], waiting: list[str], index: int) -> set[str]:
        answered: set[str] = set()
        for place, block in enumerate(blocks):
            id = block.get("tool_use_id")
            if block.get("type") != "tool_result" or not isinstance(id, str):
                continue
            if any(before.get("type") != "tool_result" for before in blocks[:place]):
                self.add("result_place", "a result behind other blocks", index, "Put it first.")
            if id not in waiting:
                text = f"a result of {shown(id)}, which the message before does not call"
                self.add("orphan_result", text, index, "Put it right behind its call.")
            elif id in answered:
                text = f"call {shown(id)} is answered again"
                self.add("repeated_result", text, index, "Keep one result.")
            answered.add(id)
        return answered


def _blocks(message: Any) -> list[Mapping[str, Any]]:
    content = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(content, list | tuple):
        return []
    return [block for block in content if isinstance(block, Mapping)]
