"""Makes broken inputs out of good ones: bytes, texts by their own words, and archives from the inside.

Without coverage feedback, because that needs an instrumented interpreter; instead each parser begins with files that it
takes, so that a small change reaches deep.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from typing import Final

LARGEST: Final = 200_000
"""Bytes of one input; what grows beyond is cut."""
_ZIP: Final = b"PK\x03\x04"
_ODD_BYTES: Final = (
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r",
    b"\n",
    b"\x1b[2J",
    "\u202e".encode(),
    b"\xed\xa0\x80",
)
_ODD_WORDS: Final = (
    *(
        b"null",
        b"true",
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"9" * 40,
        b"-" + b"9" * 19,
        b"0x10",
        b"1_000",
        b"2026-02-30",
    ),
    *(
        b"{}",
        b"[]",
        b'""',
        b"'",
        b'"',
        b"\\",
        b"&a [*a]",
        b"<<: *a",
        b"!!python/object",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    ),
    *(b"=1+1", b"../../etc/passwd", b"%00", b"%2e%2e/", b"${x}", b"{{7*7}}", b"\\u0000", b"9999-12-31T23:59:60Z"),
)
_DEEP: Final = (b"[", b"{", b"(", b'{"a":', b"- ", b"<a>", b"!", b"&& ")


def mutate(draw: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return one input, made of one or two seeds by one to six changes."""
    data = draw.choice(seeds)
    if data.startswith(_ZIP) and draw.random() < 0.7:
        return _inside(draw, data)
    for _ in range(draw.randint(1, 6)):
        data = draw.choice(_CHANGES)(draw, data, seeds)[:LARGEST]
    return data


def _inside(draw: random.Random, data: bytes) -> bytes:
    """Change one member of an archive and pack it again, so that its checksums are right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        names = archive.namelist()
        chosen = draw.choice(names)
        for name in names:
            content = archive.read(name)
            if name == chosen:
                for _ in range(draw.randint(1, 4)):
                    content = draw.choice(_CHANGES)(draw, content, (content,))[:LARGEST]
                if draw.random() < 0.1:
                    continue
            packed.writestr(name if draw.random() < 0.97 else f"../{name}", content)
    return out.getvalue()


def _place(draw: random.Random, data: bytes) -> int:
    return draw.randint(0, len(data))


def _span(draw: random.Random, data: bytes) -> tuple[int, int]:
    start = _place(draw, data)
    return start, min(len(data), start + draw.choice((1, 2, 8, 64, 1024)))


def _flip(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    if not data:
        return b"\x00"
    place = draw.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << draw.randrange(8))]) + data[place + 1 :]


def _insert(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    place = _place(draw, data)
    return data[:place] + draw.choice((*_ODD_BYTES, *_ODD_WORDS, draw.randbytes(4))) + data[place:]


def _remove(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, end = _span(draw, data)
    return data[:start] + data[end:]


def _repeat(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    start, end = _span(draw, data)
    return data[:end] + data[start:end] * draw.choice((1, 2, 50)) + data[end:]


def _splice(draw: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = draw.choice(seeds)
    start, end = _span(draw, other)
    place = _place(draw, data)
    return data[:place] + other[start:end] + data[place:]


def _nest(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    place = _place(draw, data)
    return data[:place] + draw.choice(_DEEP) * draw.choice((3, 100, 5000)) + data[place:]


def _word(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    """Put an odd word in place of one that stands between separators."""
    start = _place(draw, data)
    end = start
    while end < len(data) and data[end : end + 1] not in b",;:\t\n\"' {}[]()":
        end += 1
    return data[:start] + draw.choice(_ODD_WORDS) + data[end:]


def _cut(draw: random.Random, data: bytes, _seeds: Sequence[bytes]) -> bytes:
    return data[: _place(draw, data)]


_CHANGES: Final[tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...]] = (
    *(_flip, _insert, _remove, _repeat, _splice, _nest, _word, _word, _cut),
)
