"""What belongs to a record, and what a quotation mark too many or too few costs. Knows nothing but lines of text.

A record is what Python's strict `csv` finds, if nothing speaks against it. What may speak against it:

- The quotation marks are not right. The line is rejected, and reading resumes at the next one; unless the next lines
  read well only as the rest of a quoted field, which that line has broken off.
- It is a record of several lines, and those lines are records themselves: then a stray quotation mark has swallowed
  them. They are given back, or rejected with it where they could be the text of a field as well.
- It has the right number of fields, but the next lines read well only as the rest of a field that begins in it.

All of it follows from the lines from the record's first one on, so that reading may begin at any record.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from itertools import chain, takewhile
from typing import NamedTuple

from imports.reading.dialect import Dialect

# How far ahead the rest of a quoted field is looked for. The descriptions of shops rarely have more lines.
LOOKAHEAD_LINES = 200
# Text of a description may look like a row by chance. So many lines that do are rows.
CERTAIN_ROWS = 20
# Lines that look like rows between a broken one and one that may end it: from so many on they are taken for rows.
LIKELY_ROWS = 5
# A line with more quotation marks than this is not tried without each of them.
MOST_MARKS_TRIED = 20
# So much of a field is shown.
LONGEST_SHOWN = 60


class Piece(NamedTuple):
    """What begins at a line: a record with its `fields`, or else damaged lines; and how many lines that is."""

    lines: int
    fields: list[str] | None


class _Rest(NamedTuple):
    """Lines that read as the rest of a quoted field: the line with its end, the line behind the record, and how many
    fields follow the field.
    """

    closing: int
    end: int
    fields_after: int


class _Swallowed(Enum):
    """What there is in a record of several lines: nothing but its text, rows, or what may be either."""

    NOTHING = auto()
    ROWS = auto()
    UNCLEAR = auto()


class RecordJudge:
    """Finds out what begins at a line.

    Args:
        line: gives the text of the line with a number, with its line end; empty behind the end of the file.
        lines_of_longest: gives the lines from a number on, up to the size of the longest record.
        width: the number of columns, if it is known; otherwise only the quotation marks are judged.
    """

    def __init__(
        self,
        line: Callable[[int], str],
        lines_of_longest: Callable[[int], Iterator[str]],
        dialect: Dialect,
        width: int | None,
    ) -> None:
        self._line = line
        self._lines_of_longest = lines_of_longest
        self._dialect = dialect
        self._knows_width = width is not None
        self._width = width or 0

    def piece(self, at: int) -> Piece:
        """What begins at line `at`, which is not blank."""
        found = self._record(at)
        if not self._knows_width:
            return found
        if found.fields is None:
            return self._damaged(at)
        texts = [self._line(line) for line in range(at, at + found.lines)]
        if all(texts) and self._is_torn("".join(texts)):
            return self._damaged(at)
        swallowed = self._swallowed(at, found.lines, found.fields)
        if swallowed == _Swallowed.ROWS:
            return self._damaged(at)
        if swallowed == _Swallowed.UNCLEAR:
            # What closes the record may open a field of a row, of which every line is there.
            return Piece(found.lines - self._is_clean_row(at + found.lines - 1), None)
        rest = self._rest_of_record(at + found.lines, found.fields)
        return Piece(rest.end - at, None) if rest else found

    def _is_torn(self, text: str) -> bool:
        """Whether the text of a record has a quoted field that a missing delimiter or mark has torn into several."""
        dialect = self._dialect
        if not dialect.doubtful_mark.search(text):
            return False
        quote = dialect.quote
        if dialect.delimiter + quote + dialect.delimiter in text and self._without_escaped(text).count(quote) % 2:
            return True
        has_mark = has_opening = False
        for raw in raw_fields(text, dialect):
            if raw.startswith(quote) or quote not in raw:
                continue
            # Two marks behind digits are for inches.
            if raw.endswith(quote) and (has_opening or (has_mark and not raw[-2].isdigit())):
                return True
            has_mark = True
            has_opening |= bool(dialect.doubtful_mark.search(raw))
        return False

    def _rest_of_record(self, behind: int, fields: Sequence[str]) -> _Rest | None:
        """The lines from `behind` on, if they are rather the rest of the record with `fields` before than records."""
        if len(fields) != self._width:
            return self._rest_of_field(behind)
        if self._is_row(self._not_blank(behind)):
            return None
        rest = self._rest_of_field(behind)
        return rest if rest and self._begins_before(behind, rest) else None

    def _record(self, at: int) -> Piece:
        """The record that begins at line `at`, if its quotation marks are right."""
        reader = self._dialect.reader(self._lines_of_longest(at))
        try:
            fields = next(reader, [])
        except csv.Error:
            return Piece(1, None)
        return Piece(reader.line_num, fields)

    def _short_record(self, at: int) -> Piece:
        """The same, if it has no more than `LOOKAHEAD_LINES`."""
        reader = self._dialect.reader(self._ahead(at))
        try:
            fields = next(reader, [])
        except csv.Error:
            return Piece(1, None)
        return Piece(reader.line_num, fields)

    def _is_row(self, at: int) -> bool:
        """Whether a record of the right number of fields begins at line `at`; or the file has ended."""
        fields = self._record(at).fields if self._line(at) else None
        return not self._line(at) or (fields is not None and len(fields) == self._width)

    def _looks_like_row(self, fields: Sequence[str] | None) -> bool:
        """Whether `fields` are as many as a row has, and are not like words with commas between them."""
        if fields is None or len(fields) != self._width:
            return False
        # Hardly a SKU has a quotation mark, or a line end.
        return _is_no_prose(fields) and not any(mark in fields[0] for mark in (self._dialect.quote, "\n", "\r"))

    def _not_blank(self, at: int) -> int:
        """The first line from `at` on that is not blank."""
        limit = at + LOOKAHEAD_LINES
        while at < limit and (text := self._line(at)) and not text.strip():
            at += 1
        return at

    def _damaged(self, at: int) -> Piece:
        """The lines from `at` on that a wrong quotation mark in line `at` costs."""
        broken, end = False, at + 1
        for line in range(at + 1, at + 1 + LOOKAHEAD_LINES):
            if not self._line(line):
                break
            if rest := self._rest_of_field(line):
                return Piece(rest.end - at, None)
            record = self._short_record(line)
            fields = record.fields
            if fields is not None and len(fields) == self._width:
                is_doubtful = broken or _is_all_prose(fields) or not self._is_clean(line, record)
                if _is_no_prose(fields) or not is_doubtful:
                    break
                # Words with as many commas between them as the file has columns.
                end = line + 1
            elif self._line(line).strip():
                broken = True
        return Piece(end - at, None)

    def _rest_of_field(self, at: int) -> _Rest | None:
        """The lines from `at` on, if they read well as the rest of a quoted field, and not well as records."""
        dialect = self._dialect
        if not any(dialect.quote in text for text in self._ahead(at)):
            return None
        reader = dialect.reader(chain([dialect.quote + self._line(at)], self._ahead(at + 1)))
        try:
            fields_after = len(next(reader)) - 1
        except csv.Error:
            return None
        end = at + reader.line_num
        found = dialect.clean_record.match(dialect.quote + "".join(map(self._line, range(at, end))))
        if not found or not found.group(1) or _count_lines(found.group()) != reader.line_num:
            return None
        rest = _Rest(at + _count_lines(found.group(1)) - 1, end, fields_after)
        return rest if fields_after < self._width and self._reads_better(at, rest) else None

    def _ahead(self, at: int) -> Iterator[str]:
        """The lines from `at` on, as far as is looked ahead."""
        return takewhile(bool, map(self._line, range(at, at + LOOKAHEAD_LINES)))

    def _without_escaped(self, text: str) -> str:
        escape = self._dialect.escape
        return re.sub(re.escape(escape) + ".", "", text) if escape else text

    def _reads_better(self, at: int, rest: _Rest) -> bool:
        """Whether the lines from `at` on are rather the rest of a field than records."""
        rows = lines = 0
        for line in range(at, rest.closing):
            if self._line(line).strip():
                lines += 1
                rows += self._looks_like_row(self._short_record(line).fields)
        if rows >= CERTAIN_ROWS:
            return False
        record = self._record(rest.closing)
        last = record.fields
        if last is not None and len(last) >= self._width and _is_no_prose(last):
            if len(last) == self._width and self._is_clean(rest.closing, record):
                return False
            # The line may be a record with a mark in it that is text; but hardly a SKU ends with one.
            return rows < lines or (len(last) == self._width and rest.fields_after == self._width - 1)
        return rows < lines or rows < LIKELY_ROWS

    def _begins_before(self, at: int, rest: _Rest) -> bool:
        """Whether the field whose rest begins in line `at` or later can only have begun in the line before."""
        if len(self._fields_of_line(rest.closing)) >= self._width:
            return False
        fields_before = self._width - 1 - rest.fields_after
        for line in range(at, rest.closing):
            fields = self._fields_of_line(line)
            if len(fields) > fields_before and _is_no_prose(fields[: fields_before + 1]):
                return False
        return True

    def _fields_of_line(self, at: int) -> list[str]:
        """The fields of a line, by the delimiters alone where its quotation marks are not right."""
        return self._short_record(at).fields or self._line(at).split(self._dialect.delimiter)

    def _is_clean(self, at: int, record: Piece) -> bool:
        """Whether every quotation mark of the record at `at` is where it belongs."""
        text = "".join(map(self._line, range(at, at + record.lines)))
        found = self._dialect.clean_record.match(text)
        return found is not None and _count_lines(found.group()) == record.lines

    def _is_clean_row(self, at: int) -> bool:
        """Whether line `at` begins a row with every quotation mark where it belongs."""
        record = self._short_record(at)
        return self._looks_like_row(record.fields) and self._is_clean(at, record)

    def _swallowed(self, at: int, lines: int, fields: Sequence[str]) -> _Swallowed:
        """What the record at `at`, which has `lines` and `fields`, has in it."""
        if lines == 1 or self._width == 1 or self._dialect.needlessly_quoted.match(self._line(at)):
            # Where all records begin with a quotation mark, none can be swallowed unnoticed.
            return _Swallowed.NOTHING
        rows, others = self._count_rows(at + 1, at + lines)
        if rows > CERTAIN_ROWS and rows > 4 * others:
            return _Swallowed.ROWS
        is_whole = len(fields) == self._width
        if others:
            return _Swallowed.NOTHING if is_whole or not rows else _Swallowed.UNCLEAR
        last = at + lines - 1
        if not is_whole:
            is_certain = rows > 1 or self._is_clean_row(last)
            return _Swallowed.ROWS if is_certain else _Swallowed.UNCLEAR
        is_certain = self._is_whole_without_a_mark(at) and (rows > 1 or self._closes_behind_digit(last))
        return _Swallowed.ROWS if is_certain else _Swallowed.UNCLEAR

    def _count_rows(self, line: int, end: int) -> tuple[int, int]:
        """How many rows there are from `line` to before `end`; and how many other lines."""
        rows = others = 0
        while line < end:
            record = self._short_record(line)
            if self._looks_like_row(record.fields):
                rows += 1
                line += record.lines
                continue
            # A line that is too long to look at is no row.
            others += not self._line(line) or bool(self._line(line).strip())
            line += 1
        return rows, others

    def _is_whole_without_a_mark(self, at: int) -> bool:
        """Whether line `at` is a row by itself, if one of its quotation marks is taken away."""
        text = self._line(at)
        marks = [match.start() for match in re.finditer(re.escape(self._dialect.quote), text)]
        if len(marks) > MOST_MARKS_TRIED:
            return False
        for mark in marks:
            try:
                if self._looks_like_row(next(self._dialect.reader([text[:mark] + text[mark + 1 :]]), None)):
                    return True
            except csv.Error:
                continue
        return False

    def _closes_behind_digit(self, line: int) -> bool:
        """Whether the first quotation mark of `line` is one for inches."""
        return (
            re.search(rf"^[^{re.escape(self._dialect.quote)}]*[0-9]{re.escape(self._dialect.quote)}", self._line(line))
            is not None
        )


def _is_no_prose(fields: Sequence[str]) -> bool:
    """Whether no field begins with a space, as words behind a comma do, and the first one is not empty."""
    return bool(fields[0].strip()) and not any(field[:1] == " " for field in fields)


def _is_all_prose(fields: Sequence[str]) -> bool:
    """Whether every field but the first begins with a space."""
    return all(field[:1] == " " for field in fields[1:])


def _count_lines(text: str) -> int:
    """The number of lines that `text`, which ends without a line end, has."""
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


def raw_fields(line: str, dialect: Dialect) -> Iterator[str]:
    """The fields of `line` as they are written, up to one whose quotation marks are not right."""
    text, start = line.rstrip("\r\n"), 0
    while start <= len(text) and (found := dialect.clean_field.match(text, start)):
        yield found.group()
        start = found.end() + 1


def wrong_field(line: str, dialect: Dialect) -> tuple[int, str]:
    """The position of the field in `line` whose quotation marks are not right, or else of the last; and its text."""
    text, start, position = line.rstrip("\r\n"), 0, 0
    for position, raw in enumerate(raw_fields(line, dialect)):
        if start + len(raw) == len(text):
            return position, raw[:LONGEST_SHOWN]
        start += len(raw) + 1
    return position + 1, text[start : start + LONGEST_SHOWN]
