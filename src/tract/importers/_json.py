"""JSON as it comes from other people: read fast where it is in order, and explained where it is not.

The fast parser refuses half characters and reads integers of more than 64 bits as floats. Both
are the fault of single messages, which must not take the whole file with them or be changed in
silence, so such text is read again by the standard parser, and the message is judged by itself.
"""

import json
from typing import Any

import orjson

# What the fast parser would read as a float has at least 20 digits. All digits made one, such a
# number is found several times faster than by a pattern.
_ONE_DIGIT = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 20


def parse_json(data: bytes) -> Any:
    """Return the value of JSON text.

    Args:
        data: UTF-8 bytes.

    Raises:
        ValueError: it is no JSON; the message says where and why, in one line without content.
    """
    if _LONG_NUMBER not in data.translate(_ONE_DIGIT):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass
    try:
        return json.loads(data.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1:,} is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        where = f"column {error.colno:,}"
        if error.lineno > 1:
            where = f"line {error.lineno:,}, {where}"
        raise ValueError(f"no JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        # Text of thousands of digits is not turned into a number: that takes quadratic time.
        raise ValueError("a number has too many digits") from None


def json_type(value: object) -> str:
    """Return what a JSON value is, in words, such as "an object"."""
    return _WORDS.get(type(value), "a number")


def same(one: object, other: object) -> bool:
    """Return whether two JSON values are equal; those too deep to be compared are not."""
    try:
        return one == other
    except RecursionError:
        return False


_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    type(None): "null",
}
