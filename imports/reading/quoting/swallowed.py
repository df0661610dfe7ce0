"""Rows within a record of several lines, which a stray quotation mark has swallowed."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from enum import Enum, auto

from imports.reading.quoting.lines import Lines
from imports.reading.quoting.rest import CERTAIN_ROWS

# A line with more quotation marks than this is not tried without each of them.
MOST_MARKS_TRIED = 20


class Swallowed(Enum):
    """What there is in a record of several lines: nothing but its text, rows, or what may be either."""

    NOTHING = auto()
    ROWS = auto()
    UNCLEAR = auto()


def swallowed(lines: Lines, at: int, count: int, fields: Sequence[str]) -> Swallowed:
    """What the record at `at`, which has `count` lines and `fields`, has in it."""
    if count == 1 or lines.width == 1 or lines.dialect.needlessly_quoted.match(lines.text(at)):
        # Where all records begin with a quotation mark, none can be swallowed unnoticed.
        return Swallowed.NOTHING
    rows, others = _count_rows(lines, at + 1, at + count)
    if rows > CERTAIN_ROWS and rows > 4 * others:
        return Swallowed.ROWS
    is_whole = len(fields) == lines.width
    if others:
        return Swallowed.NOTHING if is_whole or not rows else Swallowed.UNCLEAR
    last = at + count - 1
    if not is_whole:
        is_certain = rows > 1 or lines.is_clean_row(last)
        return Swallowed.ROWS if is_certain else Swallowed.UNCLEAR
    is_certain = _is_whole_without_a_mark(lines, at) and (rows > 1 or _closes_behind_digit(lines, last))
    return Swallowed.ROWS if is_certain else Swallowed.UNCLEAR


def _count_rows(lines: Lines, line: int, end: int) -> tuple[int, int]:
    """How many rows there are from `line` to before `end`; and how many other lines."""
    rows = others = 0
    while line < end:
        record = lines.short_record(line)
        if lines.looks_like_row(record.fields):
            rows += 1
            line += record.lines
            continue
        # A line that is too long to look at is no row.
        others += not lines.text(line) or bool(lines.text(line).strip())
        line += 1
    return rows, others


def _is_whole_without_a_mark(lines: Lines, at: int) -> bool:
    """Whether line `at` is a row by itself, if one of its quotation marks is taken away."""
    text, dialect = lines.text(at), lines.dialect
    marks = [match.start() for match in re.finditer(re.escape(dialect.quote), text)]
    if len(marks) > MOST_MARKS_TRIED:
        return False
    for mark in marks:
        try:
            if lines.looks_like_row(next(dialect.reader([text[:mark] + text[mark + 1 :]]), None)):
                return True
        except csv.Error:
            continue
    return False


def _closes_behind_digit(lines: Lines, line: int) -> bool:
    """Whether the first quotation mark of `line` is one for inches."""
    before, mark, _ = lines.text(line).partition(lines.dialect.quote)
    return bool(mark) and before[-1:] in tuple("0123456789")
