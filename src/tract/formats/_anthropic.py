"""Messages as Anthropic's Messages wants them.

System text before everything else goes into a field of its own, users and assistants alternate,
results open the user message behind their calls, arguments are objects, and no text is empty. What
would be refused is mended here: neighbours of one role are merged, ids mapped, text that only one
of two readings allows is given its place. A message's bytes depend on nothing that comes after it,
but where two are merged, so that what was cached stays cached.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tract.errors import printable
from tract.formats._anthropic_blocks import (
    MESSAGE_KEY,
    PROVIDER,
    SHAPE_KEY,
    is_sendable,
    is_thinking,
    medium_block,
    reasoning_block,
)
from tract.formats._cache_marks import mark, settle
from tract.formats._fields import arguments_object, copied, put_back, says_something
from tract.formats._ids import CallIds, tool_name
from tract.formats._issue import Notice, Wire
from tract.formats._media import stand_in
from tract.formats._tools import ANTHROPIC_NAME_MAX, anthropic_tools
from tract.objects import (
    MediaPart,
    Message,
    OpaquePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCall,
    with_provider,
)

OPENER = "(continued)"
SYSTEM_LABEL = "[System message]"
_CALL_ID_MAX = 64
_LEADING = frozenset({"system", "developer"})
# What a reply says of itself: the provider refuses it in a request.
ENVELOPE = frozenset(
    {
        "id",
        "type",
        "model",
        "stop_reason",
        "stop_sequence",
        "stop_details",
        "usage",
        "container",
        "context_management",
    }
)

Block = dict[str, Any]


def wire_anthropic(
    messages: Sequence[Message], tools: Sequence[Any] | None, *, cache: bool, repair: bool
) -> Wire:
    """Return the request of these messages.

    Args:
        messages: what the model is shown, calls and results already paired.
        tools: tool definitions in any known form, or None.
        cache: whether cache breakpoints are set; contents are block lists then.
        repair: whether what the provider would refuse is mended.
    """
    writer = _Writer(repair=repair)
    leading = 0
    while leading < len(messages) and messages[leading].role in _LEADING:
        if _whole_of(messages[leading]) is not None:
            break
        writer.add_system(messages[leading])
        leading += 1
    for place in range(leading, len(messages)):
        writer.add(messages[place])
    if repair and writer.turns and writer.turns[0].role != "user":
        writer.open_with_user()
    definitions = anthropic_tools(tools, writer.notices) if tools else []
    params: dict[str, Any] = {}
    if writer.system:
        bare = writer.system_bare and not cache and len(writer.system) == 1
        params["system"] = writer.system[0]["text"] if bare else writer.system
    params["messages"] = [turn.wire(bare_allowed=not cache) for turn in writer.turns]
    if definitions:
        params["tools"] = definitions
    if cache:
        mark(params)
    elif repair:
        settle(params, writer.notices)
    return Wire(params, tuple(writer.notices), tuple(turn.origin for turn in writer.turns))


class _Turn:
    """A message of the request while it is put together."""

    __slots__ = ("bare", "blocks", "fields", "origin", "results", "role")

    def __init__(self, role: str, blocks: list[Block], origin: tuple[str, ...]) -> None:
        self.role = role
        self.blocks = blocks
        self.origin = origin
        self.bare = False  # whether the content may be a plain string
        self.results = 0  # how many blocks at its head are tool results
        self.fields: Mapping[str, Any] | None = None

    def wire(self, *, bare_allowed: bool) -> dict[str, Any]:
        content = self.blocks[0]["text"] if self.bare and bare_allowed else self.blocks
        message: dict[str, Any] = {"role": self.role, "content": content}
        if self.fields:
            put_back(message, self.fields)
        return message


class _Writer:
    def __init__(self, *, repair: bool) -> None:
        self.repair = repair
        self.system: list[Block] = []
        self.system_bare = False
        self.turns: list[_Turn] = []
        self.notices: list[Notice] = []
        self._ids = CallIds(length_max=_CALL_ID_MAX, plain=True, once=True)
        self._at: int | None = 0  # where notices of the message at hand point

    def _note(self, rule: str, text: str, message: Message, *, gone: bool = False) -> None:
        self.notices.append(Notice(rule, text, None if gone else self._at, message.commits))

    # --- the roles ---------------------------------------------------------------------------

    def add_system(self, message: Message) -> None:
        """Add a message of the leading system text."""
        self._at = None
        blocks = self._blocks(message, "system")
        if not blocks and self.repair:
            self._note("empty_message", "the message says nothing: left out", message, gone=True)
        if blocks:
            self.system_bare = not self.system and message.plain and _is_bare(blocks)
            self.system += blocks
        self._foreign(message)

    def add(self, message: Message) -> None:
        """Add any other message."""
        role = message.role
        if self._usual(role, message):
            return
        self._at = self._place(role)
        whole = _whole_of(message)
        if whole is not None:
            self._whole(whole, message)
            return
        if role == "tool":
            self._result(message)
            return
        if role in _LEADING:
            blocks = self._inner_system(message)
            role = "user" if self.repair else "system"
        else:
            if role == "assistant":
                self._ids.next_message()
            elif role != "user" and self.repair:
                self._note("role_mapped", f"role {printable(repr(role))} is sent as user", message)
                role = "user"
            blocks = self._blocks(message, role)
        if role == "assistant" and self.repair:
            self._trim(blocks, message)
        if message.name is not None:
            self._note("name_left_out", "there is no field for the speaker's name", message)
        if message.extra:
            self._foreign(message)
        if not blocks and self.repair:
            self._note("empty_message", "the message says nothing: left out", message, gone=True)
            return
        bare = message.plain and _is_bare(blocks)
        fields = with_provider(message.extra, PROVIDER)
        self._append(role, blocks, message, fields=fields, bare=bare)

    def _usual(self, role: str, message: Message) -> bool:
        """Add a message that is one text and needs nothing done; say whether it was one."""
        part = message.parts[0] if len(message.parts) == 1 else None
        if type(part) is not TextPart or part.extra or message.extra or message.name is not None:
            return False
        if role not in ("user", "assistant") or (self.turns and self.turns[-1].role == role):
            return False
        text = part.text
        if not text or text.isspace() or (role == "assistant" and text[-1].isspace()):
            return False
        turn = _Turn(role, [{"type": "text", "text": text}], message.commits)
        turn.bare = message.plain
        self.turns.append(turn)
        return True

    def _place(self, role: str) -> int:
        """Where a message of that role would end up."""
        wire = "assistant" if role == "assistant" else "user"
        last = self.turns[-1] if self.turns else None
        return len(self.turns) - 1 if last and last.role == wire else len(self.turns)

    def _foreign(self, message: Message) -> None:
        if message.extra and says_something(message.extra, PROVIDER):
            self._note("extra_left_out", "fields of another provider", message)

    def _whole(self, part: OpaquePart, message: Message) -> None:
        if part.provider != PROVIDER:
            text = f"a message that only {printable(part.provider)} understands"
            self._note("opaque_left_out", text, message, gone=True)
            return
        payload = copied(part.payload)
        role, content = str(payload.pop("role")), payload.pop("content", None)
        is_text = isinstance(content, str)
        blocks = [{"type": "text", "text": content}] if is_text and content else content
        if not isinstance(blocks, list) or not blocks:
            self._note("empty_message", "the message says nothing: left out", message, gone=True)
            return
        self._append(role, blocks, message, fields=payload, bare=is_text)

    def _sent(self, fields: Mapping[str, Any] | None, message: Message) -> Mapping[str, Any] | None:
        """Return which fields of its own a message is sent with: mended, none at all."""
        fields = {k: v for k, v in fields.items() if k not in ENVELOPE} if fields else None
        if not self.repair or not fields:
            return fields
        if any(value is not None for value in fields.values()):
            self._note("extra_left_out", "a message has role and content only", message)
        return None

    def _inner_system(self, message: Message) -> list[Block]:
        blocks = self._blocks(message, "user" if self.repair else "system")
        if not self.repair or not blocks:
            return blocks
        if blocks[0].get("type") == "text":
            blocks[0]["text"] = f"{SYSTEM_LABEL}\n{blocks[0]['text']}"
        else:
            blocks.insert(0, {"type": "text", "text": SYSTEM_LABEL})
        self._note("system_in_place", "system text stays in place as marked user text", message)
        return blocks

    def _trim(self, blocks: list[Block], message: Message) -> None:
        if blocks and blocks[-1].get("type") == "text":
            text = blocks[-1].get("text")
            if isinstance(text, str) and text[-1:].isspace():
                blocks[-1]["text"] = text.rstrip()
                self._note(
                    "text_trimmed", "white space at the end of the assistant's text", message
                )

    def _result(self, message: Message) -> None:
        if message.call_id is None and self.repair:
            self._note("orphan_result", "a result that names no call: left out", message, gone=True)
            return
        id = message.call_id or ""
        block: Block = {"type": "tool_result", "tool_use_id": self._result_id(id, message)}
        parts = message.parts
        if message.plain and len(parts) == 1 and type(parts[0]) is TextPart and not parts[0].extra:
            block["content"] = parts[0].text
        elif parts or with_provider(message.extra, SHAPE_KEY).get("content") == "empty":
            content = self._blocks(message, "tool")
            if content or not parts:
                block["content"] = content
        if message.is_error:
            block["is_error"] = True
        if message.extra:
            self._put_back(block, with_provider(message.extra, PROVIDER))
            self._foreign(message)
        fields = with_provider(message.extra, MESSAGE_KEY)
        self._append("user", [block], message, is_result=True, fields=fields)

    def _result_id(self, id: str, message: Message) -> str:
        if not self.repair:
            return id
        is_known = self._ids.knows(id)
        wire = self._ids.result(id)
        if wire != id and not is_known:  # else it was told with the call
            self._note_id(id, wire, message)
        return wire

    def _note_id(self, id: str, wire: str, message: Message) -> None:
        text = f"call id {printable(repr(id), limit=60)} is sent as {printable(wire)}"
        self._note("call_id_mapped", text, message)

    # --- turns -------------------------------------------------------------------------------

    def _append(
        self,
        role: str,
        blocks: list[Block],
        message: Message,
        *,
        is_result: bool = False,
        fields: Mapping[str, Any] | None = None,
        bare: bool = False,
    ) -> None:
        fields = self._sent(fields, message)
        last = self.turns[-1] if self.turns else None
        if last is not None and last.role == role and self._may_merge(last):
            self._merge(last, blocks, message, is_result=is_result)
            last.fields = {**(fields or {}), **(last.fields or {})}
            return
        turn = _Turn(role, blocks, message.commits)
        turn.results = len(blocks) if is_result else 0
        turn.bare = bare
        turn.fields = fields
        self.turns.append(turn)

    def _may_merge(self, last: _Turn) -> bool:
        # Results and the text behind them are one message of the provider's even as it is.
        return self.repair or (last.role == "user" and 0 < last.results == len(last.blocks))

    def _merge(
        self, last: _Turn, blocks: list[Block], message: Message, *, is_result: bool
    ) -> None:
        last.bare = False
        last.origin += tuple(commit for commit in message.commits if commit not in last.origin)
        if is_result:
            if last.results < len(last.blocks):
                self._note("moved_result", "a result put before the text around it", message)
            last.blocks[last.results : last.results] = blocks
            last.results += len(blocks)
            return
        if last.results < len(last.blocks):
            self._note("messages_merged", f"two neighbours of role {last.role} are one", message)
        if blocks and is_thinking(blocks[0]) and not (last.blocks and is_thinking(last.blocks[0])):
            # A message that thinks has to begin with it.
            count = next((i for i, b in enumerate(blocks) if not is_thinking(b)), len(blocks))
            last.blocks[:0] = blocks[:count]
            blocks = blocks[count:]
            self._note("thinking_moved", "thinking put before the text around it", message)
        last.blocks += blocks

    def open_with_user(self) -> None:
        """Put a neutral user message before everything else."""
        turn = _Turn("user", [{"type": "text", "text": OPENER}], ())
        turn.bare = True
        self.turns.insert(0, turn)
        self.notices = [
            n if n.index is None else Notice(n.rule, n.message, n.index + 1, n.commits)
            for n in self.notices
        ]
        self.notices.insert(0, Notice("opener_added", "a user message has to open the list", 0))

    # --- blocks ------------------------------------------------------------------------------

    def _blocks(self, message: Message, role: str) -> list[Block]:
        blocks: list[Block] = []
        for part in message.parts:
            if type(part) is TextPart:
                if not self.repair or (part.text and not part.text.isspace()):
                    block: Block = {"type": "text", "text": part.text}
                    if part.extra:
                        self._kept(block, part, message)
                    blocks.append(block)
                elif len(message.parts) > 1:
                    self._note("empty_text", "a text without a word: left out", message)
            else:
                block_or_none = self._block(part, role, message)
                if block_or_none is not None:
                    blocks.append(block_or_none)
        return blocks

    def _block(self, part: Part, role: str, message: Message) -> Block | None:
        if isinstance(part, ToolCall):
            if role == "assistant" or not self.repair:
                return self._call(part, message)
            self._note("misplaced_part", "a tool call that is not the assistant's", message)
            return None
        if isinstance(part, MediaPart):
            return self._medium(part, role, message)
        if isinstance(part, ReasoningPart):
            block = reasoning_block(part, repair=self.repair) if role == "assistant" else None
            if block is None:
                self._note("reasoning_left_out", "reasoning that Anthropic did not sign", message)
            else:
                self._kept(block, part, message)
            return block
        if isinstance(part, OpaquePart):
            if part.provider == PROVIDER:
                payload: Block = copied(part.payload)
                if self.repair and not is_sendable(payload, role):
                    text = "a part that Anthropic would refuse as it came"
                    self._note("opaque_left_out", text, message)
                    return None
                return _telling(payload) if self.repair else payload
            text = f"a part that only {printable(part.provider)} understands"
            self._note("opaque_left_out", text, message)
            return None
        if isinstance(part, RefusalPart) and part.text.strip():
            self._note("refusal_as_text", "a refusal is sent as text", message)
            return {"type": "text", "text": part.text}
        return None

    def _call(self, call: ToolCall, message: Message) -> Block:
        id, name = call.id, call.name
        arguments: Any = arguments_object(call.arguments)
        if self.repair:
            id, name = self._ids.call(id), tool_name(name, ANTHROPIC_NAME_MAX)
            if id != call.id:
                self._note_id(call.id, id, message)
            if name != call.name:
                text = f"tool {printable(repr(call.name))} is called {name}"
                self._note("tool_name_mapped", text, message)
            if arguments is None:
                arguments = {"_raw": call.arguments}
                text = f"arguments of call {printable(id)} are no JSON object: sent as text"
                self._note("arguments_wrapped", text, message)
        block: Block = {
            "type": "tool_use",
            "id": id,
            "name": name,
            "input": call.arguments if arguments is None else arguments,
        }
        if call.extra:
            self._kept(block, call, message)
        return block

    def _medium(self, part: MediaPart, role: str, message: Message) -> Block:
        block = medium_block(part)
        if block is not None and (role in ("user", "tool") or not self.repair):
            self._kept(block, part, message)
            return block
        text = f"{part.kind} cannot be sent here: a text stands for it"
        self._note("media_left_out", text, message)
        return {"type": "text", "text": stand_in(part)}

    def _kept(self, block: Block, part: Part, message: Message) -> None:
        extra = None if isinstance(part, OpaquePart) else part.extra
        if extra:
            self._put_back(block, with_provider(extra, PROVIDER))
            if says_something(extra, PROVIDER):
                self._note("extra_left_out", "fields of another provider", message)

    def _put_back(self, block: Block, kept: Mapping[str, Any]) -> None:
        put_back(block, _telling(kept) if self.repair else kept)


def _telling(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not null: a reply has many such, and a request may have few."""
    return {name: value for name, value in fields.items() if value is not None}


def _is_bare(blocks: list[Block]) -> bool:
    return len(blocks) == 1 and blocks[0].keys() == {"type", "text"}


def _whole_of(message: Message) -> OpaquePart | None:
    """Return the opaque part that is a message of its own, if the message is one."""
    part = message.parts[0] if len(message.parts) == 1 and message.plain else None
    return part if isinstance(part, OpaquePart) and "role" in part.payload else None
