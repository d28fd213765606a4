"""Random lives of a tract, led on the memory twin and on SQLite side by side, against a plain model.

The model is lists of texts and priorities, and shares no code with what it models. After every
step both stores must show what the model says and the same ids; at the end every state that ever
was must still be what it was, and `verify` must find nothing.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tract import Tract
from tract.store import MemoryStore

PRIORITIES = ("pinned", "important", "normal", "skip")
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=12
).filter(str.strip)


class Line(NamedTuple):
    """What the model knows of an entry."""

    role: str
    text: str
    priority: str
    born: str


def ticking():
    """Return a clock that counts seconds from a fixed day."""
    count = 0

    def clock():
        nonlocal count
        count += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=count)

    return clock


class Lives(RuleBasedStateMachine):
    """One life: both tracts do the same."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "life.db"
        self.memory = MemoryStore()
        self.clocks = (ticking(), ticking())
        self.tracts = self.opened()
        self.branches: dict[str, tuple[str | None, tuple[Line, ...]]] = {"main": (None, ())}
        self.current = "main"
        self.seen: dict[str, tuple[Line, ...]] = {}

    def opened(self):
        return (
            Tract.open(self.memory, author="human:ada", clock=self.clocks[0]),
            Tract.open(self.file, author="human:ada", clock=self.clocks[1], durability="normal"),
        )

    def teardown(self):
        if not hasattr(self, "tracts"):
            return
        for t in self.tracts:
            assert t.verify().problems == ()
            for commit, lines in self.seen.items():
                assert shown(t, commit) == lines
            t.close()
        self.memory.close()
        self.folder.cleanup()

    # What the model says

    @property
    def lines(self):
        return self.branches[self.current][1]

    def became(self, infos, lines):
        """Take over what a step led to: both tracts made the same commit, and the state is `lines`."""
        first, second = infos
        assert first == second
        self.branches[self.current] = (first.id, lines)
        self.seen[first.id] = lines

    def entry(self, data):
        return data.draw(st.integers(0, len(self.lines) - 1), "entry")

    # Steps

    @rule(text=TEXTS, role=st.sampled_from(["user", "assistant", "system"]))
    def say(self, text, role):
        born = "pinned" if role == "system" else "normal"
        infos = [t.commit(text, role=role) for t in self.tracts]
        self.became(infos, (*self.lines, Line(role, text, born, born)))

    @rule(text=TEXTS, priority=st.sampled_from(PRIORITIES))
    def say_marked(self, text, priority):
        infos = [t.user(text, priority=priority) for t in self.tracts]
        self.became(infos, (*self.lines, Line("user", text, priority, priority)))

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), text=TEXTS)
    def edit(self, data, text):
        at = self.entry(data)
        infos = [t.edit(t.entries()[at], text) for t in self.tracts]
        changed = self.lines[at]._replace(text=text)
        self.became(infos, (*self.lines[:at], changed, *self.lines[at + 1 :]))

    @precondition(lambda self: len(self.lines) > 1)
    @rule(data=st.data(), text=TEXTS)
    def replace_several(self, data, text):
        places = data.draw(
            st.lists(st.integers(0, len(self.lines) - 1), min_size=2, max_size=4, unique=True)
        )
        infos = [
            t.commit(text, role="user", edit=[t.entries()[at] for at in places])
            for t in self.tracts
        ]
        first = min(places)
        lines = list(self.lines)
        lines[first] = Line("user", text, "normal", "normal")
        self.became(
            infos, tuple(line for at, line in enumerate(lines) if at == first or at not in places)
        )

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), priority=st.sampled_from(PRIORITIES))
    def mark(self, data, priority):
        places = data.draw(st.sets(st.integers(0, len(self.lines) - 1), min_size=1, max_size=3))
        infos = [
            t.annotate([t.entries()[at] for at in sorted(places)], priority) for t in self.tracts
        ]
        self.became(
            infos,
            tuple(
                line._replace(priority=priority) if at in places else line
                for at, line in enumerate(self.lines)
            ),
        )

    @precondition(lambda self: self.lines)
    @rule(data=st.data())
    def unmark(self, data):
        at = self.entry(data)
        infos = [t.unmark(t.entries()[at]) for t in self.tracts]
        changed = self.lines[at]._replace(priority=self.lines[at].born)
        self.became(infos, (*self.lines[:at], changed, *self.lines[at + 1 :]))

    @rule(texts=st.lists(TEXTS, min_size=1, max_size=4))
    def batch(self, texts):
        made = []
        for t in self.tracts:
            with t.batch():
                for text in texts:
                    t.user(text)
                    assert t.entries()[-1].text == text
            made.append(t.head)
        lines = (*self.lines, *(Line("user", text, "normal", "normal") for text in texts))
        self.became(made, lines)

    @rule(texts=st.lists(TEXTS, min_size=1, max_size=3))
    def batch_that_fails(self, texts):
        for t in self.tracts:
            with pytest.raises(ZeroDivisionError), t.batch():  # noqa: PT012 - all of it is undone
                for text in texts:
                    t.user(text)
                t.branch("never")
                1 / 0  # noqa: B018 - the failure is the point

    @rule(name=st.sampled_from(["a", "b/c", "ü"]), switch=st.booleans())
    def branch(self, name, switch):
        if name in self.branches:
            return
        for t in self.tracts:
            t.branch(name, switch=switch)
        self.branches[name] = self.branches[self.current]
        if switch:
            self.current = name

    @rule(data=st.data())
    def switch(self, data):
        self.current = data.draw(st.sampled_from(sorted(self.branches)))
        for t in self.tracts:
            t.switch(self.current)

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def reset(self, data):
        commit = data.draw(st.sampled_from(sorted(self.seen)))
        for t in self.tracts:
            t.reset(commit)
        self.branches[self.current] = (commit, self.seen[commit])

    @rule()
    def reopen(self):
        for t in self.tracts:
            t.close()
        self.tracts = self.opened()
        assert [t.current_branch for t in self.tracts] == [self.current] * 2

    # Laws

    @invariant()
    def both_show_what_the_model_says(self):
        if not hasattr(self, "tracts"):
            return
        tip, lines = self.branches[self.current]
        note(f"{self.current} at {tip and tip[:8]}: {len(lines)} entries")
        for t in self.tracts:
            assert (t.head.id if t.head else None) == tip
            assert shown(t, None) == lines
            assert {b.name: b.commit for b in t.branches.list()} == {
                name: commit for name, (commit, _) in self.branches.items()
            }

    @invariant()
    def contexts_are_equal_warm_cold_and_on_both(self):
        if not hasattr(self, "tracts"):
            return
        warm = [t.compile() for t in self.tracts]
        visible = [line.text for line in self.lines if line.priority != "skip"]
        assert [message.text for message in warm[0].messages] == visible
        with Tract.open(self.file, read_only=True) as other:
            cold = other.compile()
        for context in (warm[1], cold):
            assert context.to_dicts() == warm[0].to_dicts()
            assert context.prefix == warm[0].prefix
            assert context.commit == warm[0].commit


def shown(t, at):
    """Return what a tract shows as the model writes it, the mark of birth aside."""
    entries = t.entries(at)
    return tuple(Anything(e.role, e.text, e.priority.value) for e in entries)


class Anything:
    """Compares with a line of the model by what can be seen of it."""

    def __init__(self, *seen):
        self.seen = seen

    def __eq__(self, other):
        return self.seen == (other.role, other.text, other.priority)

    def __hash__(self):
        return hash(self.seen)

    def __repr__(self):
        return repr(self.seen)


TestLives = Lives.TestCase
