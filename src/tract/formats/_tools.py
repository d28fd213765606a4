"""Tool definitions, from whatever form they come in to the one that a provider wants.

Known are OpenAI's nested and flat forms, Anthropic's, and the plain `name`, `description`,
`parameters` (or `inputSchema`) that other protocols use. A tool that runs at one provider only is
passed on to it as it is and left out for the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import InvalidInput, printable
from tract.formats._fields import copied
from tract.formats._ids import tool_name
from tract.formats._issue import Notice

_SCHEMAS = ("parameters", "input_schema", "inputSchema")
OPENAI_NAME_MAX = 64
ANTHROPIC_NAME_MAX = 128


def openai_tools(tools: Sequence[Any], notices: list[Notice]) -> list[dict[str, Any]]:
    """Return tool definitions in OpenAI's nested form.

    Args:
        tools: definitions in any known form.
        notices: what was left out or mapped is added here.

    Raises:
        InvalidInput: a definition is no object or has no name.

    Example:
        >>> openai_tools([{"name": "clock", "input_schema": {"type": "object"}}], [])
        [{'type': 'function', 'function': {'name': 'clock', 'parameters': {'type': 'object'}}}]
    """
    names = _Names(OPENAI_NAME_MAX, notices)
    found = []
    for place, tool in enumerate(tools):
        kind = _kind(tool, place)
        if kind in ("openai", "custom"):
            made: dict[str, Any] = copied(tool)
            inner = made["function" if kind == "openai" else "custom"]
        elif kind in ("anthropic", "plain"):
            inner = {"name": tool["name"]}
            _take(inner, tool, "description", "strict")
            if (schema := _schema(tool)) is not None:
                inner["parameters"] = copied(schema)
            made = {"type": "function", "function": inner}
        else:
            _left_out(tool, "OpenAI Chat", notices)
            continue
        inner["name"] = names.take(inner["name"])
        found.append(made)
    return found


def anthropic_tools(tools: Sequence[Any], notices: list[Notice]) -> list[dict[str, Any]]:
    """Return tool definitions in Anthropic's form.

    Args:
        tools: definitions in any known form.
        notices: what was left out or mapped is added here.

    Raises:
        InvalidInput: a definition is no object or has no name.

    Example:
        >>> anthropic_tools([{"name": "clock", "parameters": {"type": "object"}}], [])
        [{'name': 'clock', 'input_schema': {'type': 'object'}}]
    """
    names = _Names(ANTHROPIC_NAME_MAX, notices)
    found = []
    for place, tool in enumerate(tools):
        kind = _kind(tool, place)
        if kind in ("anthropic", "server"):
            made: dict[str, Any] = copied(tool)
        elif kind in ("openai", "plain"):
            source = tool["function"] if kind == "openai" else tool
            made = {"name": source["name"]}
            _take(made, source, "description", "strict")
            schema = copied(_schema(source) or {"properties": {}})
            made["input_schema"] = schema if "type" in schema else {"type": "object", **schema}
        else:
            _left_out(tool, "Anthropic", notices)
            continue
        if kind != "server":
            made["name"] = names.take(made["name"])
        found.append(made)
    return found


def _kind(tool: Any, place: int) -> str:
    if not isinstance(tool, Mapping):
        raise InvalidInput(
            f"tools[{place}] is {printable(type(tool).__name__)}, not an object",
            kind="invalid_tool",
            hint="Give a definition with name, description and a JSON schema.",
        )
    kind = tool.get("type")
    for nested, found in (("function", "openai"), ("custom", "custom")):
        inner = tool.get(nested)
        if isinstance(inner, Mapping):
            _named(inner, f"tools[{place}].{nested}")
            return found
    if isinstance(tool.get("name"), str) and tool["name"]:
        if isinstance(tool.get("input_schema"), Mapping):
            return "anthropic"
        if _schema(tool) is not None or kind in (None, "function"):
            return "plain"
    if isinstance(kind, str) and kind not in ("function", "custom"):
        return "server"
    _named(tool, f"tools[{place}]")
    return "plain"


def _named(tool: Mapping[str, Any], where: str) -> None:
    name = tool.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidInput(
            f"{where}.name is {printable(repr(name))}, not a name",
            kind="invalid_tool",
            hint="Every tool needs a name of its own.",
        )


def _schema(tool: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for name in _SCHEMAS:
        value = tool.get(name)
        if isinstance(value, Mapping):
            return value
    return None


def _take(into: dict[str, Any], source: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if source.get(name) is not None:
            into[name] = copied(source[name])


def _left_out(tool: Mapping[str, Any], provider: str, notices: list[Notice]) -> None:
    kind = printable(repr(tool.get("type")))
    notices.append(Notice("tool_left_out", f"a tool of type {kind} is unknown to {provider}"))


class _Names:
    """The names given out so far, so that none is given twice."""

    def __init__(self, length_max: int, notices: list[Notice]) -> None:
        self._length_max = length_max
        self._notices = notices
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        wire, number = tool_name(name, self._length_max), 1
        while wire in self._taken:
            number += 1
            tail = f"_{number}"
            wire = tool_name(name, self._length_max)[: self._length_max - len(tail)] + tail
        self._taken.add(wire)
        if wire != name:
            text = f"tool {printable(repr(name))} is called {wire}"
            self._notices.append(Notice("tool_name_mapped", text))
        return wire
