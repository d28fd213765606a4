"""The steps of the demo: a title, why one would do it, and the code that is printed and run.

The code is plain text here, so that what is shown and what is run cannot differ. Each step goes on
where the one before it ended; claims are asserts, so that whoever pastes the code checks them, too.
"""

from typing import NamedTuple

#: The line of the first step that says where the store is; `--keep` puts another path in.
STORE_LINE = 'store = Path(mkdtemp(prefix="tract-demo-"), "incident.db")'


class Step(NamedTuple):
    """A step: what it does, why, and how."""

    title: str
    why: str
    code: str


STEPS = (
    Step(
        "Import a conversation",
        "An on-call assistant looked for the cause of a slow checkout; this is its log.",
        f"""\
import json
from importlib.resources import files
from pathlib import Path
from tempfile import mkdtemp

from tract import Tract

chat = files("tract.cli") / "demo" / "conversation.json"
{STORE_LINE}

report = Tract.import_(chat, store, tract="incident")
print(f"{{report.messages}} messages are {{report.added}} commits, {{len(report.bad)}} bad records")
again = Tract.import_(chat, store, tract="incident")
print(f"imported twice: {{again.added}} new commits")
assert report.added == len(json.loads(chat.read_text("utf-8"))) and again.added == 0""",
    ),
    Step(
        "Look at it",
        "Every state that there ever was is kept aside here, to be compared at the end.",
        """\
t = Tract.open(store, tract="incident", author="human:you", token_budget=8_000)
start = t.head
before = t.compile()
now = t.status()
print(f"{now.entries} entries, {now.pinned} pinned, {now.tokens} tokens ({now.share:.0%} of 8,000)")

earlier = {commit.id: t.compile(commit).to_dicts() for commit in t.log(None)}
print(f"{len(earlier)} states so far")""",
    ),
    Step(
        "Fix a wrong fact",
        "The orders database allows 400 connections; the figure in the log is staging's.",
        """\
wrong = t.log(grep="allows 100 connections")[0]
text = t.show(wrong).text.replace("100 connections", "400 connections")
fixed = t.edit(wrong, text, message="production allows 400 connections")
print(f"{wrong.short} reads now: {t.entries()[7].text}")
assert t.entries()[7].commit == fixed.id""",
    ),
    Step(
        "Pin what must not get lost",
        "No budget and no compression ever hides or rewords a pinned entry.",
        """\
rule = t.log(grep="nobody restarts payments-api")[0]
t.pin(rule, reason="the settlement run does not survive a restart")
print(f"{t.status().pinned} entries are pinned")""",
    ),
    Step(
        "Skip the noise",
        "The log lines said what they had to say; the call and its result leave together.",
        """\
noise = t.log(grep="kube-probe")[0]
print(f"{noise.short} ({noise.role}) takes {noise.tokens} tokens")
t.skip(noise, reason="what matters of it is in the reply")
print(f"{t.status().messages} messages are left, the call went with its result")""",
    ),
    Step(
        "Give the tangent a branch of its own",
        "The lunch invitation is worth keeping, but not in front of the model that reports.",
        """\
t.branch("lunch")
t.switch("main")
t.skip(t.entries()[-4:], reason="the lunch is on its own branch")
t.user("Now write the summary for the incident channel, please.")
print([branch.name for branch in t.branches.list()], "on", t.current_branch)
assert "by the canal" in str(t.compile("lunch").to_dicts())
assert "by the canal" not in str(t.compile().to_dicts())""",
    ),
    Step(
        "Compile what the model is sent",
        "The same tract, shorter and right.",
        """\
after = t.compile()
saved = 1 - after.token_count / before.token_count
print(f"before: {len(before.messages)} messages, {before.tokens} tokens")
print(f"after:  {len(after.messages)} messages, {after.tokens} tokens, {saved:.0%} saved")
sent = str(after.to_dicts())
assert "400 connections" in sent and "100 connections" not in sent
assert "nobody restarts payments-api" in sent and "kube-probe" not in sent
assert saved > 0.5""",
    ),
    Step(
        "Send it to any provider",
        "Each dialect has rules of its own; these are keyword arguments for the clients' calls.",
        """\
for provider in ("openai", "anthropic"):
    request = after.to_params(provider)
    issues = after.check(provider)
    print(f"{provider}: {len(request['messages'])} messages, {'valid' if not issues else issues}")
    assert not issues""",
    ),
    Step(
        "Nothing was lost",
        "History is only ever added to: each earlier state is what it was, in a fresh handle, too.",
        """\
with Tract.open(store, tract="incident", read_only=True) as fresh:
    for commit, messages in earlier.items():
        assert fresh.compile(commit).to_dicts() == messages
    whole = fresh.compile(start, on_invalid="keep").to_openai()["messages"]
    print(f"{fresh.show(wrong).text!r} is still in commit {wrong.short}")
assert whole == json.loads(chat.read_text("utf-8"))
print(f"{len(earlier)} earlier states are unchanged, and the log as it came can be exported")""",
    ),
    Step(
        "Trust it",
        "Every hash, seal and state of the store, computed again.",
        """\
found = t.verify()
print(f"{found.commits} commits and {found.blobs} contents checked, ok: {found.ok}")
t.close()
assert found.ok""",
    ),
)
