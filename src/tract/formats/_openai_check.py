"""What OpenAI's Chat Completions would refuse, found without sending it.

Written from the provider's rules alone, and apart from the code that renders requests. Shapes and
fields come first, then what only the order of messages shows: every call answered at once, by one
result each, and no result without a call.
"""

import re
from collections.abc import Mapping
from typing import Any

from tract.formats._findings import Findings, shown
from tract.formats._issue import Issue

_TEXT_ONLY = frozenset({"text"})
_PARTS = {
    "system": _TEXT_ONLY,
    "developer": _TEXT_ONLY,
    "tool": _TEXT_ONLY,
    "assistant": frozenset({"text", "refusal"}),
    "user": frozenset({"text", "image_url", "input_audio", "file"}),
}
_ROLES = (*_PARTS, "function")
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SPEAKER_NAME = re.compile(r"[^\s<|\\/>]{1,64}")
_ID_LENGTH_MAX = 40


def check_openai(params: Mapping[str, Any]) -> list[Issue]:
    """Return the reasons for which the request would be refused.

    Args:
        params: the request.

    Example:
        >>> check_openai({"messages": [{"role": "user", "content": "hello"}]})
        []
    """
    findings = Findings()
    messages = findings.messages_of(params)
    for index, message in enumerate(messages):
        _check_message(message, index, findings)
    _check_pairing(messages, findings)
    if isinstance(params, Mapping) and "tools" in params:
        _check_tools(params["tools"], findings)
    return sorted(findings.issues, key=lambda issue: -1 if issue.index is None else issue.index)


def _check_message(message: Any, index: int, findings: Findings) -> None:
    if not isinstance(message, Mapping):
        findings.add("message_type", f"a message is {shown(message)}", index, "Give an object.")
        return
    role = message.get("role")
    if not isinstance(role, str) or role not in _ROLES:
        rule = "unknown_role" if "role" in message else "role_missing"
        findings.add(rule, f"role {shown(role)}", index, f"Use one of {', '.join(_ROLES)}.")
        return
    findings.check_json(message, index)
    name = message.get("name")
    if name is not None and not (isinstance(name, str) and _SPEAKER_NAME.fullmatch(name)):
        fix = "Use up to 64 characters without white space and <|\\/>."
        findings.add("name_pattern", f"name {shown(name)}", index, fix)
    if role != "assistant" and message.get("tool_calls"):
        findings.add("call_role", f"role {role} calls tools", index, "Only the assistant does.")
    if role == "function":
        _check_function(message, index, findings)
        return
    _check_content(message, role, index, findings)
    if role == "assistant":
        _check_calls(message, index, findings)
        _check_function_call(message.get("function_call"), index, findings)
        if not isinstance(message.get("refusal"), str | None):
            findings.add("field_type", "refusal is no text", index, "Give text or leave it out.")
    if role == "tool":
        id = message.get("tool_call_id")
        if not isinstance(id, str) or not id:
            findings.add("result_id_missing", "a result names no call", index, "Give tool_call_id.")


def _check_function(message: Mapping[str, Any], index: int, findings: Findings) -> None:
    if not isinstance(message.get("name"), str):
        findings.add("name_missing", "role function names no function", index, "Give its name.")
    if not isinstance(message.get("content"), str | None):
        findings.add("content_type", "role function wants text or null", index, "Give text.")


def _check_content(message: Mapping[str, Any], role: str, index: int, findings: Findings) -> None:
    content = message.get("content")
    if content is None:
        instead = ("tool_calls", "function_call", "refusal", "audio")
        if role == "assistant" and any(message.get(name) for name in instead):
            return
        if "content" in message:
            text = f"content of role {role} is null"
            findings.add("null_content", text, index, "Only a message with tool calls may.")
        else:
            findings.add("content_missing", f"role {role} has no content", index, "Give text.")
    elif isinstance(content, list | tuple):
        if not content:
            findings.add("empty_content", "content is an empty list", index, "Give a text.")
        for part in content:
            _check_part(part, role, index, findings)
    elif not isinstance(content, str):
        findings.add("content_type", f"content is {shown(content)}", index, "Give text or parts.")


def _check_part(part: Any, role: str, index: int, findings: Findings) -> None:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        findings.add("part_type", "a part has no type", index, 'Use {"type": "text", ...}.')
        return
    if kind not in _PARTS[role]:
        rule = "part_role" if any(kind in kinds for kinds in _PARTS.values()) else "part_type"
        fix = f"Role {role} takes {', '.join(sorted(_PARTS[role]))}."
        findings.add(rule, f"a part of type {shown(kind)} of role {role}", index, fix)
        return
    inner = part.get(kind)
    if kind in ("text", "refusal"):
        sound = isinstance(inner, str)
    elif not isinstance(inner, Mapping):
        sound = False
    elif kind == "image_url":
        sound = isinstance(inner.get("url"), str) and bool(inner["url"])
    elif kind == "input_audio":
        sound = isinstance(inner.get("data"), str) and inner.get("format") in ("wav", "mp3")
    else:
        sound = any(isinstance(inner.get(name), str) for name in ("file_data", "file_id"))
    if not sound:
        findings.add(
            "part_field", f"a part of type {kind} is not whole", index, f"Give its {kind}."
        )


# --- calls -----------------------------------------------------------------------------------


def _check_calls(message: Mapping[str, Any], index: int, findings: Findings) -> None:
    if "tool_calls" not in message:
        return
    calls = message["tool_calls"]
    if not isinstance(calls, list | tuple) or not calls:
        text = "tool_calls is empty" if calls == [] else f"tool_calls is {shown(calls)}"
        findings.add("empty_tool_calls", text, index, "Leave it out.")
        return
    ids: set[str] = set()
    for call in calls:
        id = call.get("id") if isinstance(call, Mapping) else None
        if not isinstance(id, str) or not id:
            findings.add("call_id_missing", "a tool call has no id", index, "Give it one.")
            continue
        if len(id) > _ID_LENGTH_MAX:
            text = f"call id {shown(id)} has {len(id)} characters, over {_ID_LENGTH_MAX}"
            findings.add("call_id_length", text, index, "Map it to a shorter one.")
        if id in ids:
            text = f"call id {shown(id)} is there twice in one message"
            findings.add("call_id_repeated", text, index, "Give each call its own.")
        ids.add(id)
        _check_call(call, index, findings)


def _check_call(call: Mapping[str, Any], index: int, findings: Findings) -> None:
    kind = call.get("type")
    fields = {"function": "arguments", "custom": "input"}
    if kind not in fields:
        if not isinstance(kind, str):
            findings.add("call_type", "a tool call has no type", index, 'Use "function".')
        return
    inner = call.get(kind)
    if not isinstance(inner, Mapping):
        findings.add("call_function", f"a tool call has no {kind}", index, f"Give {kind}.")
        return
    name = inner.get("name")
    if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
        fix = "Use up to 64 letters, digits, _ and -."
        findings.add("tool_name", f"tool name {shown(name)}", index, fix)
    if not isinstance(inner.get(fields[kind]), str):
        text = f"{fields[kind]} of a tool call is {shown(inner.get(fields[kind]))}"
        findings.add("arguments_type", text, index, "Give JSON text.")


def _check_function_call(call: Any, index: int, findings: Findings) -> None:
    if call is None:
        return
    values = (
        [call.get(key) for key in ("name", "arguments")] if isinstance(call, Mapping) else [None]
    )
    if not all(isinstance(value, str) for value in values):
        text = "function_call is not whole"
        findings.add("call_function", text, index, "Give name and arguments as text.")


def _check_pairing(messages: list[Any], findings: Findings) -> None:
    waiting: dict[str, bool] = {}  # of the last message with calls: whether each was answered
    asked = -1
    for index, message in enumerate([*messages, None]):
        role = message.get("role") if isinstance(message, Mapping) else None
        if role == "tool":
            id = message.get("tool_call_id")
            if not isinstance(id, str) or not id:
                continue
            if id not in waiting:
                text = f"a result of {shown(id)}, which the message before does not call"
                findings.add("orphan_result", text, index, "Put it right behind its call.")
            elif waiting[id]:
                text = f"call {shown(id)} is answered again"
                findings.add("repeated_result", text, index, "Keep one result.")
            waiting[id] = True
            continue
        for id, answered in waiting.items():
            if not answered:
                text = f"call {shown(id)} has no result right behind it"
                findings.add("missing_result", text, asked, "Answer every call.")
        waiting = _called(message)
        asked = index


def _called(message: Any) -> dict[str, bool]:
    calls = message.get("tool_calls") if isinstance(message, Mapping) else None
    if not isinstance(calls, list | tuple) or message.get("role") != "assistant":
        return {}
    ids = (call.get("id") for call in calls if isinstance(call, Mapping))
    return {id: False for id in ids if isinstance(id, str) and id}


def _check_tools(tools: Any, findings: Findings) -> None:
    if not isinstance(tools, list | tuple) or not tools:
        findings.add("tools_empty", "tools is no list with a tool", None, "Leave it out.")
        return
    findings.check_json(tools, None)
    names: set[str] = set()
    for tool in tools:
        kind = tool.get("type") if isinstance(tool, Mapping) else None
        inner = tool.get(kind) if kind in ("function", "custom") else None
        name = inner.get("name") if isinstance(inner, Mapping) else None
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            fix = 'Give {"type": "function", "function": {"name", ...}}.'
            findings.add("tool_name", f"a tool's name is {shown(name)}", None, fix)
        elif name in names:
            findings.add("tool_repeated", f"tool {name} is there twice", None, "Keep one.")
        else:
            names.add(name)
