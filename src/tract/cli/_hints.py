"""What to do about an error, in the words of the command line.

The library's hints speak to whoever writes Python: `switch(name)`, `create=True`. Here the same
advice is given for a shell, by the error's kind. What a hint lists ("There are: ...") is kept.
"""

import re
import shlex

from tract.cli._call import Call
from tract.errors import TractError, printable

_NAME_CHARS_MAX = 200
_LISTED = re.compile(r"[Tt]here are: .*?\.(?= |$)")
_PYTHON = re.compile(r"\w\(|\w=")

#: By kind. A word in capitals is filled in where the command line says what it is.
_WORDS = {
    "branch_exists": "`tract switch BRANCH` stands on it; or choose another name.",
    "budget_exceeded": "Leave entries out with `tract skip`, or raise --budget.",
    "detached_head": "Make a branch here with `tract branch NAME`, or go to one: `tract switch NAME`.",
    "diverged": "`tract import --tract NAME` imports it beside.",
    "lone_surrogate": "It was cut inside a character, an emoji mostly: cut it elsewhere.",
    "store_busy": "Try again in a moment.",
    "store_not_found": "Check the path, or make a store there: `tract init STORE`.",
    "unknown_branch": "`tract branch BRANCH` makes it.",
    "unknown_content_type": "Use one that comes with tract, such as dialogue; own types are for Python.",
    "unknown_tract": "`tract init --tract TRACT` makes it.",
}

#: The same for kinds that stand for several things: only in the place of a hint that is Python.
_WORDS_FOR_PYTHON = {
    "corrupt": "Go to one that is there: `tract switch NAME`.",
    "invalid_author": "Write KIND:NAME, such as human:ada.",
    "invalid_content": 'Give a provider\'s message, such as {"role": "user", "content": "Hello"}.',
    "invalid_name": "Use a shorter name.",
    "invalid_role": "Use the role user, assistant, system, developer or tool.",
    "invalid_tag": "Put long text into --message.",
    "not_a_store": "`tract init STORE` makes a store of it.",
    "not_json": "Mend the file, or say with --format what it is.",
    "too_large": "Split it; a file to import may be JSON lines. Only Python can raise the limit.",
    "unknown_format": "Say with --format what it is; `tract import --list` lists what can be read.",
    "unknown_target": "`tract log --all --oneline` lists the commits.",
}


def hint_of(error: TractError, call: Call) -> str | None:
    """Return what to do about an error, for a shell.

    Args:
        error: the error.
        call: the call of the command that met it.
    """
    hint = error.hint
    words = _WORDS.get(error.kind)
    if words is None and hint is not None and _PYTHON.search(hint):
        words = _WORDS_FOR_PYTHON.get(error.kind)
    if words is None:
        return hint
    listed = _LISTED.search(hint or "")
    named = call.asked.get("name")
    if listed and "BRANCH" in words and not named:
        return listed[0]  # which one was meant was not said, so there is none to make
    store = call.location if "STORE" in words else None
    known = {"BRANCH": named, "STORE": store, "TRACT": call.tract}

    def filled(word: re.Match[str]) -> str:
        value = known[word[0]]
        return shlex.quote(printable(value, limit=_NAME_CHARS_MAX)) if value else "NAME"

    said = re.sub("|".join(known), filled, words)
    return f"{listed[0]} {said}" if listed else said
