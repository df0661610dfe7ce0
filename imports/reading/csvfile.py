"""The CSV file: bytes to records, with the offset from which reading can go on. Does not know what a product is.

The parsing is Python's `csv`. What this file adds is what an import of someone else's file needs besides: a byte offset
after any record, line numbers, bounded memory whatever the file holds, and going on after a record that cannot be read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, compress, takewhile
from operator import itemgetter, not_
from typing import BinaryIO, NamedTuple

from acme_importer import formulas
from imports.reading.dialect import Dialect
from imports.reading.encodings import decode_block
from imports.reading.quoting.fields import wrong_field
from imports.reading.quoting.judge import RecordJudge
from imports.reading.quoting.lines import Piece

# A record longer than this is refused. Shop systems limit descriptions to some 64 KB, so this leaves ample room.
MAX_RECORD_BYTES = 1024 * 1024
BLOCK_BYTES = 64 * 1024
# How much of a line that cannot be read is kept to show.
EXCERPT_BYTES = 2000
# Who looks ahead does not look past a line longer than this.
LONGEST_LINE_AHEAD = 16 * 1024
# A record with more quoted fields is none; so one that never ends does not take long to read.
MOST_QUOTED_FIELDS = 2000

csv.field_size_limit(MAX_RECORD_BYTES)


class Damage(NamedTuple):
    """Why a line cannot be read: which rule it breaks, a sentence without its end, and where: the position of the field
    that it begins with, if that is known, and the text around.
    """

    code: str
    reason: str
    position: int | None = None
    text: str = ""


class Record(NamedTuple):
    """One record of the file.

    `line` is the number of its first line, from 1. If there is a `damage`, it could not be read; `fields` then holds
    the beginning of the line as one text.
    """

    line: int
    fields: list[str]
    damage: Damage | None = None


class Batch(NamedTuple):
    """Successive records: of each the number of its first line, and its fields.

    Lines with a `damage` are by themselves: the first is the one that is damaged, and others are what it takes with it.
    Only where it `has_bad_characters` may there be NUL or undecodable bytes in it.
    """

    lines: Sequence[int]
    rows: list[list[str]]
    damage: Damage | None = None
    has_bad_characters: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two records: the byte offset and the line number of what comes next."""

    offset: int
    line: int


class _LongLineError(Exception):
    """The line that begins where reading stands is longer than a record may be."""


class RecordReader:
    """Reads the records of `stream` from `start` on; blank lines are passed over.

    `stream` is a seekable binary file in `encoding`, which must keep ASCII as it is (`encodings.is_ascii_compatible`).
    Bytes that the encoding does not know come out as lone surrogates (PEP 383). Lines end with LF, CRLF or CR.
    `width` is the number of columns, if it is known: it tells damaged rows from sound ones (`quoting`).

    A block of whole lines is parsed at once, and is taken as it is up to the first record that needs a closer look.
    What is found there depends on the lines from that record on only, so every lane finds the same records, wherever
    its blocks begin.
    """

    def __init__(
        self, stream: BinaryIO, *, encoding: str, dialect: Dialect, start: Position, width: int | None = None
    ) -> None:
        self._stream = stream
        self._encoding = encoding
        self._dialect = dialect
        self._width = None if width is None else width + dialect.trailing
        self._go_to(start)

    def _go_to(self, position: Position) -> None:
        self._start = position
        # The lines that are at hand, their sizes in bytes, and where in the file they end.
        self._texts: list[str] = []
        self._sizes: list[int] = []
        self._texts_end = position.offset
        self._is_at_end = False
        # How many of the lines, from the first on, may have a NUL or an undecodable byte.
        self._bad_lines = 0
        # How many may have a doubtful quotation mark.
        self._lines_to_check = 0
        self._take([], [position.line])

    def _take(self, rows: list[list[str]], lines: Sequence[int]) -> None:
        """Have `rows` returned next. They begin with `lines`, which has besides the line behind them."""
        self._rows, self._lines = rows, lines
        # The record to be returned next.
        self._next = 0

    def _move_on(self) -> None:
        """Leave the lines behind that have been returned."""
        count = self._lines[-1] - self._start.line
        self._start = Position(self._start.offset + sum(self._sizes[:count]), self._lines[-1])
        del self._texts[:count], self._sizes[:count]
        self._bad_lines = max(0, self._bad_lines - count)
        self._lines_to_check = max(0, self._lines_to_check - count)

    @property
    def block_end(self) -> int:
        """The offset behind the records that have been parsed: an upper bound of `position.offset`."""
        return self._start.offset + sum(self._sizes[: self._lines[-1] - self._start.line])

    @property
    def position(self) -> Position:
        """Where reading goes on after the record that was returned last."""
        line = self._lines[self._next]
        return Position(self._start.offset + sum(self._sizes[: line - self._start.line]), line)

    def __iter__(self) -> Iterator[Record]:
        """The records one by one."""
        while batch := self.read(1):
            for line, fields in zip(batch.lines, batch.rows, strict=True):
                yield Record(line, fields, batch.damage)

    def read(self, count: int) -> Batch | None:
        """The next records, `count` at most unless they are damaged; None at the end of the file."""
        while self._next == len(self._rows):
            self._move_on()
            try:
                if sum(self._sizes) < BLOCK_BYTES and not self._fetch(BLOCK_BYTES) and not self._texts:
                    return None
            except _LongLineError:
                if not self._texts:
                    return self._skip_long_line()
            if damaged := self._parse():
                return self._damaged(damaged)
        begin, self._next = self._next, min(self._next + count, len(self._rows))
        records = slice(begin, self._next)
        rows = self._rows[records]
        if self._dialect.has_formula_marks:
            rows = list(map(formulas.unmarked, rows))
        return Batch(self._lines[records], rows, has_bad_characters=self._bad_lines > 0)

    def _fetch(self, size: int) -> bool:
        """Have more lines at hand; False if there are none."""
        block = b"" if self._is_at_end else self._read_whole_lines(size)
        if not block:
            self._is_at_end = True
            return False
        text, has_bad_characters = self._decoded(block)
        self._texts += io.StringIO(text, newline="")
        if has_bad_characters:
            self._bad_lines = len(self._texts)
        if self._dialect.doubtful_mark.search(text):
            self._lines_to_check = len(self._texts)
        self._sizes += map(len, block.splitlines(keepends=True))
        self._texts_end += len(block)
        return True

    def _line(self, number: int) -> str:
        """A line by its place among those at hand or behind; empty behind the end, and behind what is too long."""
        while number >= len(self._texts):
            try:
                if not self._fetch(BLOCK_BYTES):
                    return ""
            except _LongLineError:
                return ""
        return self._texts[number]

    def _line_ahead(self, number: int) -> str:
        """The same for those who look ahead, which stops at a long line: memory must not depend on the lines."""
        text = self._line(number)
        return text if len(text) <= LONGEST_LINE_AHEAD else ""

    def _lines_of_longest(self, number: int) -> Iterator[str]:
        """The lines from `number` on that a record may have."""
        size = ends = 0
        closing = self._dialect.quote + self._dialect.delimiter
        while text := self._line(number):
            size += self._sizes[number]
            # Many quoted fields are many lines, of which one has lost its mark.
            ends += text.count(closing)
            if size > MAX_RECORD_BYTES or ends > MOST_QUOTED_FIELDS:
                return
            yield text
            number += 1

    def _parse(self) -> Piece | None:
        """Take in the next records among the lines at hand; returns what is damaged, if that comes first."""
        rows, lines = self._whole_records()
        count = self._count_sound(rows, lines)
        if self._dialect.trailing:
            count = next((number for number in range(count) if not self._is_ended(rows[number])), count)
        if not count:
            piece = self._piece(0)
            if piece.fields is None or not self._is_ended(piece.fields):
                return piece
            rows, lines, count = [piece.fields], [lines[0], lines[0] + piece.lines], 1
        rows, lines = _without_blank(rows[:count], lines[: count + 1])
        if self._dialect.trailing:
            _trim(rows, self._dialect.trailing)
        self._take(rows, lines)
        return None

    def _is_ended(self, fields: list[str]) -> bool:
        """Whether a row ends with the delimiters that rows end with here; or has another number of fields anyway."""
        empty = self._dialect.trailing
        return (
            not empty
            or self._width is None
            or len(fields) >= self._width
            or _count_empty(fields, empty) + (self._width - empty) != len(fields)
        )

    def _whole_records(self) -> tuple[list[list[str]], Sequence[int]]:
        """The records in the lines at hand, up to one that does not end there or is damaged; and the numbers of the
        lines that they begin with, and of the one behind them.
        """
        rows: list[list[str]] = []
        reader, first = self._dialect.reader(self._texts), self._start.line
        if self._dialect.escape:
            # A line end behind the escape need not be one in the field.
            ends = [first]
            with suppress(csv.Error):
                for fields in reader:
                    rows.append(fields)
                    ends.append(first + reader.line_num)
            return rows, ends
        # What came before the error is in `rows`.
        with suppress(csv.Error):
            rows += reader
        if len(rows) == len(self._texts):
            return rows, range(first, first + len(rows) + 1)
        return rows, list(accumulate(map(_count_lines, rows), initial=first))

    def _count_sound(self, rows: list[list[str]], lines: Sequence[int]) -> int:
        """How many of `rows`, from the first on, are what they look like."""
        if self._width is None:
            # No record of several lines may be longer than the limit.
            is_any_length = len(rows) == len(self._texts) or sum(self._sizes) <= MAX_RECORD_BYTES
            return len(rows) if is_any_length else min(1, len(rows)) and int(self._piece(0).fields is not None)
        is_regular = not self._lines_to_check and len(rows) == len(self._texts)
        if is_regular and set(map(len, rows)) == {self._width}:
            # The last one may go on, to tell by the lines behind.
            return len(rows) if self._is_at_end else len(rows) - 1
        last = len(rows) - 1
        for number, fields in enumerate(rows):
            length = lines[number + 1] - lines[number]
            at = lines[number] - lines[0]
            is_regular = at >= self._lines_to_check or not self._dialect.doubtful_mark.search(self._texts[at])
            if is_regular and length == 1 and number < last and len(fields) == len(rows[number + 1]) == self._width:
                continue
            if not any(fields):
                continue
            piece = self._piece(at)
            if piece.fields is None or piece.lines != length:
                return number
        return len(rows)

    def _piece(self, at: int) -> Piece:
        """What begins at a line that is at hand."""
        judge = RecordJudge(self._line_ahead, self._lines_of_longest, self._dialect, self._width)
        return judge.piece(at)

    def _damaged(self, piece: Piece) -> Batch:
        """The lines that come first, which cannot be read, and why."""
        first, texts = self._start.line, self._texts[: piece.lines]
        self._take([], [first + piece.lines])
        numbers = [number for number, text in enumerate(texts) if text.strip()]
        damage = Damage("field_count", _NOT_ENDED)
        if piece.fields is None:
            damage = Damage("quoting", _NOT_CLOSED, *wrong_field(texts[0], self._dialect))
        return Batch(
            [first + number for number in numbers],
            [[texts[number].rstrip("\r\n")[:EXCERPT_BYTES]] for number in numbers],
            damage,
        )

    def _decoded(self, block: bytes) -> tuple[str, bool]:
        """The text of `block`, and whether it may have NUL or undecodable bytes."""
        text, is_clean = decode_block(block, self._encoding)
        return text, not is_clean or "\0" in text

    def _read_whole_lines(self, size: int) -> bytes:
        """At most `size` bytes that end with a line; or one line, if it is longer; or the rest of the file."""
        self._stream.seek(self._texts_end)
        block = self._stream.read(size)
        if len(block) < size:
            self._is_at_end = True
            return block.rstrip(_PADDING)
        # A CR at the very end may be the first half of a CRLF, so it does not count as a line end there.
        cut = max(block.rfind(b"\n"), block.rfind(b"\r", 0, len(block) - 1)) + 1
        while not cut:
            more = self._stream.read(BLOCK_BYTES)
            if not more:
                block = block.rstrip(_PADDING)
                cut = len(block)
                break
            block += more
            first = _first_line_end(block)
            # Likewise here: behind the CR there has to be something.
            cut = first if first < len(block) or (block.endswith(b"\n") and first == len(block)) else 0
            if not cut and len(block) > MAX_RECORD_BYTES:
                cut = len(block)
        if cut > MAX_RECORD_BYTES and _first_line_end(block) >= cut:
            raise _LongLineError
        return block[:cut]

    def _skip_long_line(self) -> Batch:
        """Go on behind a line that is longer than a record may be."""
        offset, line = self._start.offset, self._start.line
        self._stream.seek(offset)
        excerpt = self._stream.read(EXCERPT_BYTES).decode(self._encoding, "surrogateescape")
        self._stream.seek(offset)
        self._go_to(Position(offset + self._length_of_line(), line + 1))
        return Batch([line], [[excerpt]], Damage("unreadable", "the line is longer than 1 MB"))

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


def _without_blank(rows: list[list[str]], lines: Sequence[int]) -> tuple[list[list[str]], Sequence[int]]:
    """`rows` without those that have nothing in any field, as spreadsheets leave them, and `lines` without theirs."""
    # Most blocks have none, and most rows something in the first field.
    if all(rows) and all(map(itemgetter(0), rows)):
        return rows, lines
    is_kept = list(map(any, rows))
    return list(compress(rows, is_kept)), [*compress(lines, is_kept), lines[-1]]


def _trim(rows: list[list[str]], trailing: int) -> None:
    """Take from the end of each row what the delimiters there leave: `trailing` empty fields at most."""
    for fields in rows:
        del fields[len(fields) - _count_empty(fields, trailing) :]


def _count_empty(fields: list[str], most: int) -> int:
    """How many of the last fields are empty, `most` at most."""
    return len(list(takewhile(not_, fields[: -most - 1 : -1])))


def _count_lines(fields: list[str]) -> int:
    """How many lines the record has: all line ends but the last one are in its fields."""
    text = _BETWEEN_FIELDS.join(fields)
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


def _first_line_end(block: bytes) -> int:
    """The offset behind the first LF, CRLF or CR of `block`; beyond its length, if it has none."""
    ends = (block.find(b"\n"), block.find(b"\r"))
    end = min((end for end in ends if end >= 0), default=len(block))
    return end + (2 if block[end : end + 2] == b"\r\n" else 1)


# Behind the end of the text: Ctrl-Z, by which DOS and its heirs end a file, and NUL, with which a crash may fill it up.
_PADDING = b"\x1a\0"
# So that a CR at a field's end and an LF at the next one's beginning stay two.
_BETWEEN_FIELDS = " "
_NOT_ENDED = "it does not end with a delimiter as the other rows do, so that values may be in the wrong columns"
_NOT_CLOSED = (
    "a quotation mark that opens a field has to be closed right before a delimiter or the end of a line, "
    "and one within the field has to be doubled"
)
