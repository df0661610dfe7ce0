"""Lines that are quoted as a whole: "A-1;""Lamp"";10" is written by who takes each row for one field.

They are rewritten without those marks. A line stays the line that it was, so line numbers do.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

BLOCK_BYTES = 256 * 1024
# A row that is quoted as a whole may have so many lines.
MOST_LINES = 200
# What has no line end for so long is passed on in parts.
LONGEST_LINE = 1024 * 1024

_quoted = re.compile(rb'"((?:[^"]|"")*+)"(\s*)').match


def unwrapped(line: bytes, delimiter: str = "") -> bytes:
    """`line` as it was before it was quoted as a whole; as it is, if it was not, or has no `delimiter` in it."""
    found = _quoted(line)
    if not found or found.end() < len(line) or delimiter.encode() not in found[1]:
        return line
    return found[1].replace(b'""', b'"') + found[2]


def unwrapped_blocks(stream: BinaryIO, delimiter: str) -> Iterator[bytes]:
    """The rest of `stream`, with each row unwrapped."""
    block: list[bytes] = []
    size = 0
    for line in _unwrapped_rows(lines_of(stream), delimiter):
        block.append(line)
        size += len(line)
        if size > BLOCK_BYTES:
            yield b"".join(block)
            block, size = [], 0
    yield b"".join(block)


def _unwrapped_rows(source: Iterable[bytes], delimiter: str) -> Iterator[bytes]:
    lines, ahead = iter(source), deque[bytes]()
    while line := ahead.popleft() if ahead else next(lines, b""):
        # A line without an end of its quoted field, which may be in one of the next lines.
        if line.startswith(b'"') and not _quoted(line):
            ahead.extend(line for _, line in zip(range(MOST_LINES - len(ahead)), lines, strict=False))
            if count := _lines_of_row(line, ahead, delimiter):
                line += b"".join(ahead.popleft() for _ in range(count - 1))
        yield unwrapped(line, delimiter)


def _lines_of_row(first: bytes, ahead: Iterable[bytes], delimiter: str) -> int:
    """How many lines the row has that begins with `first`, if it is quoted as a whole; else 0."""
    text = first
    for count, line in enumerate(ahead, start=2):
        text += line
        if b'"' in line and _quoted(text):
            row = unwrapped(text, delimiter)
            return count if row != text and _is_one_record(row, delimiter) else 0
    return 0


def _is_one_record(row: bytes, delimiter: str) -> bool:
    lines = io.StringIO(row.decode("latin-1"), newline="")
    try:
        return len(list(csv.reader(lines, delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of the rest of `stream` with their ends: LF, CRLF or CR."""
    rest = b""
    while block := stream.read(BLOCK_BYTES):
        lines = (rest + block).splitlines(keepends=True)
        # The last one may go on, or have the other half of its CRLF behind.
        rest = lines.pop()
        yield from lines
        if len(rest) > LONGEST_LINE:
            yield rest
            rest = b""
    yield from rest.splitlines(keepends=True)
