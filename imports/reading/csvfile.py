"""The CSV file: bytes to records, with the offset from which reading can go on. Does not know what a product is.

The parsing is Python's `csv`. What this file adds is what an import of someone else's file needs besides: a byte offset
after any record, line numbers, bounded memory whatever the file holds, and going on after a record that cannot be read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from imports.reading.encodings import decode_block

# A record longer than this is refused. Shop systems limit descriptions to some 64 KB, so this leaves ample room.
MAX_RECORD_BYTES = 1024 * 1024
BLOCK_BYTES = 64 * 1024
# How much of a record that cannot be read is kept to show.
EXCERPT_BYTES = 2000

csv.field_size_limit(MAX_RECORD_BYTES)


class Record(NamedTuple):
    """One record of the file.

    `line` is the number of its first line, from 1. `fault` is empty, or a sentence why the record could not be read;
    `fields` then holds the beginning of its first line as one text.
    """

    line: int
    fields: list[str]
    fault: str = ""


class Batch(NamedTuple):
    """Successive records: of each the number of its first line, and its fields. One with a `fault` is by itself.

    Only where it `has_bad_characters` may there be NUL or undecodable bytes in it.
    """

    lines: Sequence[int]
    rows: list[list[str]]
    fault: str = ""
    has_bad_characters: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two records: the byte offset and the line number of what comes next."""

    offset: int
    line: int


class _UnreadableRecordError(Exception):
    """The record that begins at the reader's position cannot be read; the text says why."""


class RecordReader:
    """Reads the records of `stream` from `start` on; blank lines are passed over.

    `stream` is a seekable binary file in `encoding`, which must keep ASCII as it is (`encodings.is_ascii_compatible`).
    Bytes that the encoding does not know come out as lone surrogates (PEP 383). Lines end with LF, CRLF or CR.

    A block of whole lines is parsed at once; what of its last record lies behind it makes that record the first of the
    next block. So a block holds whole records, and every lane finds the same ones, wherever its blocks begin.
    """

    def __init__(self, stream: BinaryIO, *, encoding: str, delimiter: str, start: Position) -> None:
        self._stream = stream
        self._encoding = encoding
        self._delimiter = delimiter
        self._go_to(start)

    def _go_to(self, position: Position) -> None:
        self._start = position
        self._block = b""
        # The records of the block, and the lines that they begin with; besides, the line behind the block.
        self._rows: list[list[str]] = []
        self._lines: Sequence[int] = [position.line]
        # Whether there is a NUL or an undecodable byte in the block.
        self._has_bad_characters = False
        # The record to be returned next.
        self._next = 0

    @property
    def block_end(self) -> int:
        """The offset of the end of what has been read: a cheap upper bound of `position.offset`."""
        return self._start.offset + len(self._block)

    @property
    def position(self) -> Position:
        """Where reading goes on after the record that was returned last."""
        line = self._lines[self._next]
        lines_before = self._block.splitlines(keepends=True)[: line - self._start.line]
        return Position(self._start.offset + sum(map(len, lines_before)), line)

    def __iter__(self) -> Iterator[Record]:
        """The records one by one."""
        while batch := self.read(1):
            yield Record(batch.lines[0], batch.rows[0], batch.fault)

    def read(self, count: int) -> Batch | None:
        """The next records, `count` at most; None at the end of the file."""
        while self._next == len(self._rows):
            self._go_to(Position(self.block_end, self._lines[-1]))
            try:
                if not self._read_block():
                    return None
            except _UnreadableRecordError as error:
                return self._skip_first_line(str(error))
        begin, self._next = self._next, min(self._next + count, len(self._rows))
        records = slice(begin, self._next)
        return Batch(self._lines[records], self._rows[records], has_bad_characters=self._has_bad_characters)

    def _read_block(self) -> bool:
        """Read and parse the next block; False at the end of the file. Raises if its first record cannot be read."""
        # A record that a block does not hold gets the room of the longest, and a byte more, to tell CR from CRLF.
        for size in (BLOCK_BYTES, MAX_RECORD_BYTES + 1):
            block = self._read_whole_lines(size)
            if not block:
                return False
            if self._parse(block):
                return True
        raise _UnreadableRecordError(_NEVER_CLOSED)

    def _parse(self, block: bytes) -> bool:
        """Take in the records that are whole in `block`; False if not even the first one is, or is too long."""
        texts = list(io.StringIO(self._decoded(block), newline=""))
        rows = _whole_records(texts, self._delimiter)
        first_line = self._start.line
        # With the line behind the block.
        lines: Sequence[int] = range(first_line, first_line + len(rows) + 1)
        if len(rows) < len(texts):
            lines = list(accumulate(map(_count_lines, rows), initial=first_line))
            block = b"".join(block.splitlines(keepends=True)[: lines[-1] - first_line])
        if not rows or (len(block) > MAX_RECORD_BYTES and self._first_is_too_long(block, lines)):
            return False
        self._block = block
        self._rows, self._lines = _without_blank(rows, lines)
        return True

    def _first_is_too_long(self, block: bytes, lines: Sequence[int]) -> bool:
        first = block.splitlines(keepends=True)[: lines[1] - lines[0]]
        return sum(map(len, first)) > MAX_RECORD_BYTES

    def _decoded(self, block: bytes) -> str:
        text, is_clean = decode_block(block, self._encoding)
        self._has_bad_characters = not is_clean or "\0" in text
        return text

    def _read_whole_lines(self, size: int) -> bytes:
        """At most `size` bytes that end with a line; or one line, if it is longer; or the rest of the file."""
        self._stream.seek(self._start.offset)
        block = self._stream.read(size)
        if len(block) < size:
            return block
        # A CR at the very end may be the first half of a CRLF, so it does not count as a line end there.
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        while not cut:
            more = self._stream.read(BLOCK_BYTES)
            if not more:
                cut = len(block)
                break
            block += more
            first = _first_line_end(block)
            # Likewise here: behind the CR there has to be something.
            cut = first if first < len(block) or (block.endswith(b"\n") and first == len(block)) else 0
            if not cut and len(block) > MAX_RECORD_BYTES:
                cut = len(block)
        if cut > MAX_RECORD_BYTES and _first_line_end(block) >= cut:
            raise _UnreadableRecordError("the line is longer than 1 MB")
        return block[:cut]

    def _skip_first_line(self, reason: str) -> Batch:
        """Go on behind the first line of the record that cannot be read, whatever it was meant to hold."""
        offset, line = self._start.offset, self._start.line
        self._stream.seek(offset)
        excerpt = self._stream.read(EXCERPT_BYTES).splitlines()[0]
        self._stream.seek(offset)
        self._go_to(Position(offset + self._length_of_line(), line + 1))
        return Batch([line], [[excerpt.decode(self._encoding, "surrogateescape")]], fault=reason)

    def _length_of_line(self) -> int:
        """Read to behind the next line end, in bounded memory; how many bytes that was."""
        length = 0
        while block := self._stream.read(BLOCK_BYTES):
            end = _first_line_end(block)
            if end > len(block):
                length += len(block)
                continue
            if end == len(block) and block.endswith(b"\r"):
                end += self._stream.read(1) == b"\n"
            return length + end
        return length


def _whole_records(texts: list[str], delimiter: str) -> list[list[str]]:
    """The records in the lines `texts`, up to one that goes on behind them, or that is too long for the csv reader."""
    # The end of the text within quotes looks to the csv reader like the end of the record. So a last line of our own
    # follows; where it is not a record by itself, the quotes were still open.
    reader = csv.reader([*texts, _END_MARK], delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        rows += reader
    except csv.Error:
        # The one error that the csv reader has left when it is not strict and gets whole lines: a field too long. What
        # came before is in `rows`; the record is the first of the next block, and then refused.
        return rows
    return rows[:-1]


def _without_blank(rows: list[list[str]], lines: Sequence[int]) -> tuple[list[list[str]], Sequence[int]]:
    """`rows` without those that have nothing in any field, as spreadsheets leave them, and `lines` without theirs."""
    # Most blocks have none, and most rows something in the first field.
    if all(rows) and all(map(itemgetter(0), rows)):
        return rows, lines
    is_kept = list(map(any, rows))
    return list(compress(rows, is_kept)), [*compress(lines, is_kept), lines[-1]]


def _count_lines(fields: list[str]) -> int:
    """How many lines the record has: all line ends but the last one are in its fields."""
    text = _BETWEEN_FIELDS.join(fields)
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


def _first_line_end(block: bytes) -> int:
    """The offset behind the first LF, CRLF or CR of `block`; beyond its length, if it has none."""
    ends = (block.find(b"\n"), block.find(b"\r"))
    end = min((end for end in ends if end >= 0), default=len(block))
    return end + (2 if block[end : end + 2] == b"\r\n" else 1)


# Any text will do, since it is told by its place.
_END_MARK = "end of block"
# So that a CR at a field's end and an LF at the next one's beginning stay two.
_BETWEEN_FIELDS = " "
_NEVER_CLOSED = "a quotation mark opens a field that is not closed within 1 MB, or never"
