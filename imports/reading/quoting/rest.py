"""Lines that read well only as the rest of a quoted field, which a line before them has broken off."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from imports.reading.quoting.lines import Lines, count_lines, is_no_prose

# Text of a description may look like a row by chance. So many lines that do are rows.
CERTAIN_ROWS = 20
# Lines that look like rows between a broken one and one that may end it: from so many on they are taken for rows.
LIKELY_ROWS = 5


class Rest(NamedTuple):
    """Lines that read as the rest of a quoted field: the line with its end, the line behind the record, and how many
    fields follow the field.
    """

    closing: int
    end: int
    fields_after: int


def rest_of_record(lines: Lines, behind: int, fields: Sequence[str]) -> Rest | None:
    """The lines from `behind` on, if they are rather the rest of the record with `fields` before than records."""
    if len(fields) != lines.width:
        return rest_of_field(lines, behind)
    if lines.is_row(lines.not_blank(behind)):
        return None
    rest = rest_of_field(lines, behind)
    return rest if rest and _begins_before(lines, behind, rest) else None


def rest_of_field(lines: Lines, at: int) -> Rest | None:
    """The lines from `at` on, if they read well as the rest of a quoted field, and not well as records."""
    dialect = lines.dialect
    if not any(dialect.quote in text for text in lines.ahead(at)):
        return None
    reader = dialect.reader(chain([dialect.quote + lines.text(at)], lines.ahead(at + 1)))
    try:
        fields_after = len(next(reader)) - 1
    except csv.Error:
        return None
    found = dialect.clean_record.match(dialect.quote + lines.joined(at, reader.line_num))
    if not found or not found.group(1) or count_lines(found.group()) != reader.line_num:
        return None
    rest = Rest(at + count_lines(found.group(1)) - 1, at + reader.line_num, fields_after)
    return rest if fields_after < lines.width and _reads_better(lines, at, rest) else None


def _reads_better(lines: Lines, at: int, rest: Rest) -> bool:
    """Whether the lines from `at` on are rather the rest of a field than records."""
    rows = others = 0
    for line in range(at, rest.closing):
        if lines.text(line).strip():
            is_row = lines.looks_like_row(lines.short_record(line).fields)
            rows += is_row
            others += not is_row
    if rows >= CERTAIN_ROWS:
        return False
    width = lines.width
    record = lines.record(rest.closing)
    last = record.fields
    if last is not None and len(last) >= width and is_no_prose(last):
        if len(last) == width and lines.is_clean(rest.closing, record):
            return False
        # The line may be a record with a mark in it that is text; but hardly a SKU ends with one.
        return others > 0 or (len(last) == width and rest.fields_after == width - 1)
    return others > 0 or rows < LIKELY_ROWS


def _begins_before(lines: Lines, at: int, rest: Rest) -> bool:
    """Whether the field whose rest begins in line `at` or later can only have begun in the line before."""
    if len(lines.fields_of(rest.closing)) >= lines.width:
        return False
    fields_before = lines.width - 1 - rest.fields_after
    for line in range(at, rest.closing):
        fields = lines.fields_of(line)
        if len(fields) > fields_before and is_no_prose(fields[: fields_before + 1]):
            return False
    return True
