"""Columns by spaces, as reports have them: rewritten with one tab between two fields. Only for who asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from imports.reading.wrapped import lines_of

DELIMITER = "\t"
# Lines that are rewritten at a time.
LINES = 4096


def tabbed_blocks(stream: BinaryIO, quote: str) -> Iterator[bytes]:
    """The rest of `stream`: any white space outside of quotes is the delimiter, and none at the ends of a line."""
    mark = re.escape(quote.encode())
    fields = re.compile(rb"%b(?:[^%b]|%b%b)*+%b(?=[ \t]|\Z)|[^ \t]+" % (mark, mark, mark, mark, mark)).findall
    lines = lines_of(stream)
    while some := list(islice(lines, LINES)):
        yield b"".join(_tabbed(fields(line.rstrip(b"\r\n"))) for line in some)


def _tabbed(fields: list[bytes]) -> bytes:
    return DELIMITER.encode().join(fields) + b"\n"
