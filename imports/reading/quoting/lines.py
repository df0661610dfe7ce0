"""The lines of a text, and the records that begin in them; and what looks like a row. Judges no quotation mark."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from imports.reading.dialect import Dialect

# How far ahead the rest of a quoted field is looked for. The descriptions of shops rarely have more lines.
LOOKAHEAD_LINES = 200


class Piece(NamedTuple):
    """What begins at a line: a record with its `fields`, or else damaged lines; and how many lines that is."""

    lines: int
    fields: list[str] | None


class Lines:
    """Lines by their number, and the records of a dialect in them.

    Args:
        line: gives the text of the line with a number, with its line end; empty behind the end of the file.
        lines_of_longest: gives the lines from a number on, up to the size of the longest record.
        width: the number of columns.
    """

    def __init__(
        self,
        line: Callable[[int], str],
        lines_of_longest: Callable[[int], Iterator[str]],
        dialect: Dialect,
        width: int,
    ) -> None:
        self.text = line
        self.dialect = dialect
        self.width = width
        self._lines_of_longest = lines_of_longest

    def record(self, at: int) -> Piece:
        """The record that begins at line `at`, if its quotation marks are right."""
        return self._first_record(self._lines_of_longest(at))

    def short_record(self, at: int) -> Piece:
        """The same, if it has no more than `LOOKAHEAD_LINES`."""
        return self._first_record(self.ahead(at))

    def _first_record(self, lines: Iterable[str]) -> Piece:
        reader = self.dialect.reader(lines)
        try:
            fields = next(reader, [])
        except csv.Error:
            return Piece(1, None)
        return Piece(reader.line_num, fields)

    def ahead(self, at: int) -> Iterator[str]:
        """The lines from `at` on, as far as is looked ahead."""
        return takewhile(bool, map(self.text, range(at, at + LOOKAHEAD_LINES)))

    def joined(self, at: int, count: int) -> str:
        """`count` lines from `at` on."""
        return "".join(map(self.text, range(at, at + count)))

    def not_blank(self, at: int) -> int:
        """The first line from `at` on that is not blank."""
        limit = at + LOOKAHEAD_LINES
        while at < limit and (text := self.text(at)) and not text.strip():
            at += 1
        return at

    def fields_of(self, at: int) -> list[str]:
        """The fields of a line, by the delimiters alone where its quotation marks are not right."""
        return self.short_record(at).fields or self.text(at).split(self.dialect.delimiter)

    def is_row(self, at: int) -> bool:
        """Whether a record of the right number of fields begins at line `at`; or the file has ended."""
        fields = self.record(at).fields if self.text(at) else None
        return not self.text(at) or (fields is not None and len(fields) == self.width)

    def looks_like_row(self, fields: Sequence[str] | None) -> bool:
        """Whether `fields` are as many as a row has, and are not like words with commas between them."""
        if fields is None or len(fields) != self.width:
            return False
        # Hardly a SKU has a quotation mark, or a line end.
        return is_no_prose(fields) and not any(mark in fields[0] for mark in (self.dialect.quote, "\n", "\r"))

    def is_clean(self, at: int, record: Piece) -> bool:
        """Whether every quotation mark of the record at `at` is where it belongs."""
        found = self.dialect.clean_record.match(self.joined(at, record.lines))
        return found is not None and count_lines(found.group()) == record.lines

    def is_clean_row(self, at: int) -> bool:
        """Whether line `at` begins a row with every quotation mark where it belongs."""
        record = self.short_record(at)
        return self.looks_like_row(record.fields) and self.is_clean(at, record)


def is_no_prose(fields: Sequence[str]) -> bool:
    """Whether no field begins with a space, as words behind a comma do, and the first one is not empty."""
    return bool(fields[0].strip()) and not any(field[:1] == " " for field in fields)


def count_lines(text: str) -> int:
    """The number of lines that `text`, which ends without a line end, has."""
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
