"""The CSV file: bytes to records, with the offset from which reading can go on. Does not know what a product is.

The parsing is Python's `csv`. What this file adds is what an import of someone else's file needs besides: a byte offset
after any record, line numbers, bounded memory whatever the file holds, and going on after a record that cannot be read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

# A record longer than this is refused. Shop systems limit descriptions to some 64 KB, so this leaves ample room.
MAX_RECORD_BYTES = 1024 * 1024
BLOCK_BYTES = 256 * 1024
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
    """

    def __init__(self, stream: BinaryIO, *, encoding: str, delimiter: str, start: Position) -> None:
        self._stream = stream
        self._encoding = encoding
        self._delimiter = delimiter
        # Set once a NUL or an undecodable byte has been read: only then need rows be searched for them.
        self.has_bad_characters = False
        self._go_to(start)

    def _go_to(self, position: Position) -> None:
        self._stream.seek(position.offset)
        self._first_line = position.line
        # Lines handed to the csv reader so far, and how many of them belong to records that are complete.
        self._complete_lines = 0
        self._block = b""
        self._block_offset = position.offset
        # The offset of the end of what has been read: a cheap upper bound of `position.offset`.
        self.block_end = position.offset
        self._lines_before_block = 0
        # Where the record begins that reaches into the present block from an earlier one.
        self._straddling_offset: int | None = None
        self._ended = False

    @property
    def position(self) -> Position:
        """Where reading goes on after the record that was returned last."""
        return Position(self._complete_offset(), self._first_line + self._complete_lines)

    def _complete_offset(self) -> int:
        if self._straddling_offset is not None and self._complete_lines < self._lines_before_block:
            return self._straddling_offset
        lines = self._block.splitlines(keepends=True)[: self._complete_lines - self._lines_before_block]
        return self._block_offset + sum(map(len, lines))

    def __iter__(self) -> Iterator[Record]:
        while not self._ended:
            try:
                yield from self._parse()
            except _UnreadableRecordError as error:
                yield self._skip_first_line(str(error))
            except csv.Error:
                # The one error that the csv reader has left when it is not strict and gets whole lines.
                yield self._skip_first_line(_NEVER_CLOSED)

    def _parse(self) -> Iterator[Record]:
        """Records until the file ends; raises where a record cannot be read."""
        # The end of the file within quotes looks to the csv reader like the end of the record. So a last line of our
        # own follows the file's; where it is not a record by itself, the quotes were still open.
        reader = csv.reader(self._lines(), delimiter=self._delimiter)
        first_line = self._first_line
        # Half of what `Record(…)` takes, which every lane pays for every row.
        new = tuple.__new__
        for fields in reader:
            if self._ended:
                if fields == [_END_MARK] and reader.line_num == self._complete_lines + 1:
                    return
                self._ended = False
                raise _UnreadableRecordError(_NEVER_CLOSED)
            line = first_line + self._complete_lines
            if self._straddling_offset is not None:
                self._check_length(reader.line_num)
            self._complete_lines = reader.line_num
            # A record of separators only is what spreadsheets leave below the data.
            if fields and (fields[0] or any(fields)):
                yield new(Record, (line, fields, ""))

    def _check_length(self, lines: int) -> None:
        """Refuse a record that reaches over a block border, and up to `lines`, if it is too long.

        Every lane must refuse the same records, wherever its blocks begin: so the record's own length counts.
        """
        start, complete_lines = self._complete_offset(), self._complete_lines
        self._complete_lines = lines
        length = self._complete_offset() - start
        if length > MAX_RECORD_BYTES:
            self._complete_lines = complete_lines
            raise _UnreadableRecordError(_NEVER_CLOSED)
        self._straddling_offset = None

    def _lines(self) -> Iterator[str]:
        while self._next_block():
            try:
                text = self._block.decode(self._encoding)
            except UnicodeDecodeError:
                self.has_bad_characters = True
                text = self._block.decode(self._encoding, "surrogateescape")
            if "\0" in text:
                self.has_bad_characters = True
            yield from io.StringIO(text, newline="")
        self._ended = True
        yield _END_MARK

    def _next_block(self) -> bool:
        """Read the next whole lines; False at the end of the file."""
        lines_in_block = len(self._block.splitlines()) if self._block else 0
        lines_so_far = self._lines_before_block + lines_in_block
        if self._complete_lines == lines_so_far:
            self._straddling_offset = None
        else:
            if self._complete_lines >= self._lines_before_block:
                self._straddling_offset = self._complete_offset()
            if self.block_end - (self._straddling_offset or 0) > MAX_RECORD_BYTES:
                raise _UnreadableRecordError(_NEVER_CLOSED)
        self._block_offset += len(self._block)
        self._lines_before_block = lines_so_far
        self._block = self._read_whole_lines()
        self.block_end = self._block_offset + len(self._block)
        return bool(self._block)

    def _read_whole_lines(self) -> bytes:
        """At most `BLOCK_BYTES` that end with a line; or one line, if it is longer; or the rest of the file."""
        block = self._stream.read(BLOCK_BYTES)
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
        if cut > MAX_RECORD_BYTES:
            self._block = b""
            raise _UnreadableRecordError("the line is longer than 1 MB")
        self._stream.seek(self._block_offset + cut)
        return block[:cut]

    def _skip_first_line(self, reason: str) -> Record:
        """Go on behind the first line of the record that cannot be read, whatever it was meant to hold."""
        position = self.position
        self._stream.seek(position.offset)
        excerpt = self._stream.read(EXCERPT_BYTES).splitlines()[0]
        self._stream.seek(position.offset)
        length = self._length_of_line()
        self._go_to(Position(position.offset + length, position.line + 1))
        text = excerpt.decode(self._encoding, "surrogateescape")
        self.has_bad_characters = True
        return Record(position.line, [text], fault=reason)

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


def _first_line_end(block: bytes) -> int:
    """The offset behind the first LF, CRLF or CR of `block`; beyond its length, if it has none."""
    ends = (block.find(b"\n"), block.find(b"\r"))
    end = min((end for end in ends if end >= 0), default=len(block))
    return end + (2 if block[end : end + 2] == b"\r\n" else 1)


# Cannot stand in a file by itself: NUL would have to be there, and it is compared only once the file has ended.
_END_MARK = "\0end of file"
_NEVER_CLOSED = "a quotation mark opens a field that is not closed within 1 MB, or never"
