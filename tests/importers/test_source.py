"""Files as they come: what is no transcript is refused with a reason, what is one is read whatever its layout."""

import json
import os
import tracemalloc
from typing import Any

import pytest

from tract import InvalidInput, NotFound
from tract.importers import Source
from tract.objects import Limits

HELLO = {"role": "user", "content": "héllo"}
REPLY = {"role": "assistant", "content": "yes?"}


@pytest.mark.parametrize(
    ("data", "kind", "says"),
    [
        (b"", "empty_file", "is empty"),
        (b" \r\n\t\n", "empty_file", "white space only"),
        (b"\xef\xbb\xbf\n", "empty_file", "white space only"),
        (b"\x1f\x8b\x08rest", "not_text", "gzip"),
        (b"PK\x03\x04rest", "not_text", "zip"),
        (b"SQLite format 3\0rest", "not_text", "SQLite"),
        ("[]".encode("utf-16"), "not_text", "UTF-16"),
        (b'[{"role": "user\0"}]', "not_text", "NUL at byte 16"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_text", "binary"),
        (b"once upon a time", "not_json", "Expecting value"),
        (b'[{"role": "user", "content": "cut o', "not_json", "cannot be read as JSON"),
        (b'[{"role": "user", "content": "\xff"}]', "not_json", "byte 31 is not UTF-8"),
        (b"[" * 100_000, "not_json", "nested too deeply"),
        (b"[" + b"1" * 5_000 + b"]", "not_json", "too many digits"),
        (b'{"conversations": []}', "unknown_format", "in no format"),
        (b"42", "unknown_format", "in no format"),
    ],
)
def test_what_is_no_transcript_is_refused_with_kind_and_reason(reading, data, kind, says):
    with pytest.raises(InvalidInput, match=says) as caught:
        reading(data)
    assert caught.value.kind == kind
    assert caught.value.hint
    assert "chat.json" in caught.value.message or kind == "not_json"


def test_a_path_that_is_no_file_is_refused(tmp_path):
    with pytest.raises(NotFound, match="nowhere") as caught:
        Source(tmp_path / "nowhere.json", Limits())
    assert caught.value.kind == "unknown_file"
    with pytest.raises(NotFound):
        Source(tmp_path / "no" / "where.json", Limits())
    with pytest.raises(InvalidInput, match="is a folder"):
        Source(tmp_path, Limits())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="no regular file"):
        Source(tmp_path / "pipe", Limits())
    paths: list[Any] = ["", "a\0b", 7, None, b"chat.json"]
    for path in paths:
        with pytest.raises(InvalidInput, match="is no file name"):
            Source(path, Limits())
    with pytest.raises(InvalidInput, match="cannot be read"):
        Source("x" * 5_000, Limits())
    with pytest.raises(NotFound, match="nobody-of-that-name"):
        Source("~nobody-of-that-name/chat.json", Limits())


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n", "\r\n \r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("name", ["chat.jsonl", "chat.json", "chat"])
def test_lines_are_read_whatever_ends_them(reading, name, mark, ending):
    text = mark + ending.join(json.dumps(m, ensure_ascii=False) for m in (HELLO, REPLY)) + ending
    read = reading(text, name)
    assert read.texts == ["héllo", "yes?"]
    assert read.bad == []


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("lay_out", [
    json.dumps,
    lambda d: json.dumps(d, indent=2),
    lambda d: json.dumps(d, indent=2).replace("\n", "\r\n"),
    lambda d: '{"messages": [\n' + ",\n".join(json.dumps(m) for m in d["messages"]) + "\n]}\n",
    lambda d: "\n\n[\n" + ",\n".join(json.dumps(m) for m in d["messages"]) + "\n]\n",
    lambda d: "[" + ",\n".join(json.dumps(m) for m in d["messages"]) + "]",
])  # fmt: skip
@pytest.mark.parametrize("name", ["chat.json", "chat.txt"])
def test_a_document_is_one_however_it_is_laid_out(reading, name, lay_out, mark):
    read = reading(mark + lay_out({"messages": [HELLO, REPLY]}), name)
    assert read.texts == ["héllo", "yes?"]
    assert read.bad == []


def test_a_document_that_was_cut_off_is_not_taken_for_lines(reading):
    rows = ",\n".join(json.dumps(HELLO) for _ in range(9))
    with pytest.raises(InvalidInput) as caught:
        reading('{"messages": [\n' + rows)
    assert caught.value.kind == "not_json"


def test_a_document_in_a_file_named_lines_is_read(reading):
    assert reading(json.dumps([HELLO], indent=1), "chat.jsonl").texts == ["héllo"]


@pytest.mark.parametrize("name", ["log.jsonl", "log.txt"])
def test_broken_lines_are_reported_and_the_others_read(reading, name):
    lines = [
        b"not json",
        json.dumps(HELLO).encode(),
        b'{"role": "user", "content": "\xff"}',
        b"",
        b'{"role": "user", "content": "\\ud83d"}',
        b"[" * 10_000,
        b"17",
        json.dumps(REPLY).encode(),
        json.dumps(HELLO).encode(),
        json.dumps(HELLO).encode(),
        b'{"role": "assistant", "cont',
    ]
    read = reading(b"\n".join(lines), name)
    assert read.texts == ["héllo", "\ud83d", "yes?", "héllo", "héllo"]
    places = [place for place, _ in read.bad]
    assert places == ["line 1", "line 3", "line 6", "line 7", "line 11"]
    reasons = dict(read.bad)
    assert "no JSON" in reasons["line 1"]
    assert "byte 30 is not UTF-8" in reasons["line 3"]
    assert "nested too deeply" in reasons["line 6"]
    assert "message" in reasons["line 7"]
    assert "may still be written" in reasons["line 11"]


def test_a_line_over_the_limit_is_skipped_without_being_held(reading):
    long = json.dumps({"role": "user", "content": "x" * 5_000})
    text = "\n".join([json.dumps(HELLO), long, json.dumps(REPLY), long])
    read = reading(text, "log.jsonl", limits=Limits(import_line_bytes_max=1_000))
    assert read.texts == ["héllo", "yes?"]
    assert [place for place, _ in read.bad] == ["line 2", "line 4"]
    assert "longer than 1,000 bytes" in read.bad[0][1]
    exact = json.dumps(HELLO).encode()
    read = reading(exact + b"\n" + exact, limits=Limits(import_line_bytes_max=len(exact)))
    assert read.texts == ["héllo", "héllo"]


def test_lines_are_read_in_bounded_memory(tmp_path):
    path = tmp_path / "long.jsonl"
    line = json.dumps({"role": "user", "content": "x" * 2_000}) + "\n"
    path.write_text(line * 5_000)
    source = Source(path, Limits())
    tracemalloc.start()
    try:
        count = sum(1 for _ in source.records())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 5_000
    assert peak < 500_000  # the file has 10 MB


@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_over_the_limit_is_refused(reading, indent):
    text = json.dumps([HELLO, REPLY], indent=indent)
    with pytest.raises(InvalidInput, match="larger than 50 bytes") as caught:
        reading(text, limits=Limits(import_document_bytes_max=50))
    assert caught.value.kind == "too_large"
    assert "import_document_bytes_max" in str(caught.value.hint)


def test_long_integers_are_not_rounded(reading):
    big = 123456789012345678901234567890
    data = [{"role": "user", "content": "x", "number": big}, HELLO]
    assert reading(json.dumps(data)).only[0].contents[0].content.extra["openai"]["number"] == big


def test_a_write_that_was_torn_is_one_bad_line(reading):
    good = b'{"role": "user", "content": "a"}\n'
    read = reading(good + b"\0" * 100, "a.jsonl")
    assert read.texts == ["a"]
    assert [place for place, _ in read.bad] == ["line 2"]


def test_what_tells_formats_apart_may_come_late(reading):
    plain = [{"role": "user" if n % 2 == 0 else "assistant", "content": str(n)} for n in range(80)]
    call = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
    messages = [*plain, {"role": "user", "content": "x"}, {"role": "assistant", "content": [call]}]
    assert reading(json.dumps(messages)).format == "anthropic"
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    assert reading(lines, "a.jsonl").format == "anthropic"
