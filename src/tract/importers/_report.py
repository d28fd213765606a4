"""What an import did, as a value: counts, names, and every record that was not imported.

The report says the same whether the file was imported, looked at only (`dry_run`), or had been
imported before: `added` is what tells these apart.
"""

from dataclasses import dataclass

from tract.errors import printable
from tract.importers._records import BadRecord

_SHOWN_MAX = 10


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        path: the file, as it was given.
        format: name of the format that it was read as.
        tracts: names of the tracts that hold its conversations, in the file's order.
        branches: tract and branch of each conversation, in the file's order.
        conversations: how many conversations were read.
        messages: how many messages of them were read, the bad ones not counted.
        added: how many commits are new in the store (would be, in a dry run).
        bad: what was not imported, with place and reason; the first 10,000 of it.
        bad_more: how many bad records there are beyond those.
        dry_run: whether nothing was written.

    Example:
        >>> print(ImportReport("chat.json", "openai", ("chat",), (("chat", "main"),), 1, 4, 4))
        chat.json (openai): 1 conversation, 4 messages, 4 new commits
    """

    path: str
    format: str
    tracts: tuple[str, ...] = ()
    branches: tuple[tuple[str, str], ...] = ()
    conversations: int = 0
    messages: int = 0
    added: int = 0
    bad: tuple[BadRecord, ...] = ()
    bad_more: int = 0
    dry_run: bool = False

    def __str__(self) -> str:
        conversations = _count(self.conversations, "conversation")
        if len(self.tracts) not in {0, self.conversations}:
            conversations += f" in {_count(len(self.tracts), 'tract')}"
        facts = [
            conversations,
            _count(self.messages, "message"),
            _count(self.added, "new commit"),
        ]
        if self.bad:
            facts.append(_count(len(self.bad) + self.bad_more, "bad record"))
        path, format = printable(self.path, limit=200), printable(self.format)
        lines = [f"{path} ({format}): {', '.join(facts)}{' (dry run)' if self.dry_run else ''}"]
        lines += [f"  {bad}" for bad in self.bad[:_SHOWN_MAX]]
        more = len(self.bad) + self.bad_more - _SHOWN_MAX
        if more > 0:
            lines.append(f"  and {more:,} more")
        return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
