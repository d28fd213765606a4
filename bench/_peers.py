"""What users would pick instead of us, each driven the way its own documentation shows.

None of these packages is needed to run anything else, so each is imported when its system is
made, and a system whose package is missing is left out with the reason. A message is turned into
the peer's own type inside the measured call, because its user would pay for that too.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import Any

from bench._contents import TURN, Wire
from bench._systems import System


class AgentsSession:
    """`SQLiteSession` of openai-agents; a fork copies what it keeps."""

    def __init__(self, folder: Path, _durability: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._folder = folder
        self._session = self.make("main")

    def make(self, name: str) -> Any:
        """Return the session of that name."""
        return import_module("agents").SQLiteSession(name, self._folder / "agents.db")

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Wait for what a session does."""
        return self._loop.run_until_complete(work)

    def append(self, wire: Wire) -> None:
        self.run(self._session.add_items(_items(wire)))

    def extend(self, wires: list[Wire]) -> None:
        self.run(self._session.add_items([item for wire in wires for item in _items(wire)]))

    def load(self) -> Any:
        return self.run(self._session.get_items())

    def texts(self, loaded: Any) -> list[str]:
        return [_item_text(item) for item in loaded if item.get("type") != "function_call"]

    def fork(self, at: int) -> None:
        kept: list[Any] = []
        messages = 0
        for item in self.load():
            messages += item.get("type") != "function_call"
            if messages > at:
                break
            kept.append(item)
        self._session = self.make("fork")
        self.run(self._session.add_items(kept))

    def close(self) -> None:
        self._session.close()
        self.run(self._loop.shutdown_default_executor())
        self._loop.close()


def _items(wire: Wire) -> list[dict[str, Any]]:
    if wire["role"] == "tool":
        call_id, output = wire["tool_call_id"], wire["content"]
        return [{"type": "function_call_output", "call_id": call_id, "output": output}]
    calls = [
        {"type": "function_call", "call_id": call["id"], **call["function"]}
        for call in wire.get("tool_calls", ())
    ]
    return [{"role": wire["role"], "content": wire["content"]}, *calls]


def _item_text(item: dict[str, Any]) -> str:
    return str(item["output"] if item.get("type") == "function_call_output" else item["content"])


class AgentsAdvanced(AgentsSession):
    """`AdvancedSQLiteSession` of openai-agents: it has branches, by turns of the user."""

    def make(self, name: str) -> Any:
        made = import_module("agents.extensions.memory").AdvancedSQLiteSession
        return made(session_id=name, db_path=self._folder / "agents.db", create_tables=True)

    def fork(self, at: int) -> None:
        self.run(self._session.create_branch_from_turn(at // TURN + 1, "fork"))


class LlmStore:
    """The message store of llm, a tree of hashed messages in SQLite."""

    def __init__(self, folder: Path, _durability: str) -> None:
        self._parts = import_module("llm.parts")
        self._db = import_module("sqlite_utils").Database(folder / "logs.db")
        self._store = import_module("llm.logs").LogStore(self._db)
        self._thread = self._store.ensure_thread("main")

    def _native(self, wire: Wire) -> Any:
        parts = self._parts
        text = wire["content"]
        if wire["role"] == "tool":
            result = parts.ToolResultPart(
                name="tool", output=text, tool_call_id=wire["tool_call_id"]
            )
            return parts.Message("tool", [result])
        calls = [
            parts.ToolCallPart(
                name=call["function"]["name"],
                arguments=json.loads(call["function"]["arguments"]),
                tool_call_id=call["id"],
            )
            for call in wire.get("tool_calls", ())
        ]
        return parts.Message(wire["role"], [parts.TextPart(text), *calls])

    def append(self, wire: Wire) -> None:
        self._store.append(self._thread, [self._native(wire)])

    def extend(self, wires: list[Wire]) -> None:
        self._store.append(self._thread, [self._native(wire) for wire in wires])

    def load(self) -> Any:
        return self._store.thread_messages(self._thread)

    def texts(self, loaded: Any) -> list[str]:
        return [m.parts[0].output if m.role == "tool" else m.parts[0].text for m in loaded]

    def fork(self, at: int) -> None:
        # A thread does not know its n-th message, so its user walks back from the tip.
        hashes = [self._store.thread_tip(self._thread)]
        while (found := self._parent(hashes[-1])) is not None:
            hashes.append(found)
        self._thread = self._store.fork(hashes[-at], name="fork", forked_from=self._thread)

    def _parent(self, tip: str) -> str | None:
        row = next(self._db.query("select parent_hash from messages where hash = ?", [tip]))
        parent: str | None = row["parent_hash"]
        return parent

    def close(self) -> None:
        self._db.close()


class LanggraphPut:
    """LangGraph's SQLite saver without a graph: the least that its checkpoints can cost."""

    def __init__(self, folder: Path, _durability: str) -> None:
        self._base = import_module("langgraph.checkpoint.base")
        self._types = import_module("langchain_core.messages")
        saver = import_module("langgraph.checkpoint.sqlite").SqliteSaver
        self._connection = sqlite3.connect(folder / "langgraph.db", check_same_thread=False)
        self._saver = saver(self._connection)
        self._saver.setup()
        self._thread = {"configurable": {"thread_id": "main", "checkpoint_ns": ""}}
        self._stand_on(self._saver.get_tuple(self._thread))

    def _stand_on(self, found: Any) -> None:
        self._config = found.config if found else self._thread
        values = found.checkpoint["channel_values"] if found else {}
        self._messages = list(values.get("messages", ()))

    def _native(self, wire: Wire) -> Any:
        text = wire["content"]
        if wire["role"] == "user":
            return self._types.HumanMessage(text)
        if wire["role"] == "tool":
            return self._types.ToolMessage(text, tool_call_id=wire["tool_call_id"])
        calls = [
            {
                "id": call["id"],
                "name": call["function"]["name"],
                "args": json.loads(call["function"]["arguments"]),
            }
            for call in wire.get("tool_calls", ())
        ]
        return self._types.AIMessage(text, tool_calls=calls)

    def append(self, wire: Wire) -> None:
        self._put([wire])

    def extend(self, wires: list[Wire]) -> None:
        # A fork begins at a checkpoint, so there is one in the middle.
        middle = len(wires) // 2 // TURN * TURN
        self._put(wires[:middle])
        self._put(wires[middle:])

    def _put(self, wires: list[Wire]) -> None:
        self._messages += [self._native(wire) for wire in wires]
        count = len(self._messages)
        checkpoint = self._base.empty_checkpoint()
        checkpoint["channel_values"] = {"messages": self._messages}
        checkpoint["channel_versions"] = {"messages": count}
        about = {"source": "update", "step": count, "count": count}
        self._config = self._saver.put(self._config, checkpoint, about, {"messages": count})

    def load(self) -> Any:
        found = self._saver.get_tuple(self._thread)
        return found.checkpoint["channel_values"]["messages"] if found else []

    def texts(self, loaded: Any) -> list[str]:
        return [message.content for message in loaded]

    def fork(self, at: int) -> None:
        self._stand_on(next(self._saver.list(self._thread, filter={"count": at}, limit=1)))

    def close(self) -> None:
        self._connection.close()


PEERS: dict[str, Callable[[Path, str], System]] = {
    "openai-agents SQLiteSession": AgentsSession,
    "openai-agents AdvancedSQLiteSession": AgentsAdvanced,
    "llm message store": LlmStore,
    "LangGraph SqliteSaver.put": LanggraphPut,
}

NEEDS = {
    "openai-agents SQLiteSession": ("agents",),
    "openai-agents AdvancedSQLiteSession": ("agents",),
    "llm message store": ("llm", "sqlite_utils"),
    "LangGraph SqliteSaver.put": ("langgraph.checkpoint.sqlite", "langchain_core"),
}
"""The modules that each peer is driven through."""
