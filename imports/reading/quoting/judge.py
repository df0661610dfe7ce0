"""Finds out what begins at a line: a record, or damaged lines.

A record is what Python's strict `csv` finds, if nothing speaks against it. What may speak against it:

- The quotation marks are not right. The line is rejected, and reading resumes at the next one; unless the next lines
  read well only as the rest of a quoted field, which that line has broken off.
- It is a record of several lines, and those lines are records themselves: then a stray quotation mark has swallowed
  them. They are given back, or rejected with it where they could be the text of a field as well.
- It has the right number of fields, but the next lines read well only as the rest of a field that begins in it.

All of it follows from the lines from the record's first one on, so that reading may begin at any record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from imports.reading.dialect import Dialect
from imports.reading.quoting.fields import is_torn
from imports.reading.quoting.lines import LOOKAHEAD_LINES, Lines, Piece, is_no_prose
from imports.reading.quoting.rest import rest_of_field, rest_of_record
from imports.reading.quoting.swallowed import Swallowed, swallowed


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
        self._knows_width = width is not None
        self._lines = Lines(line, lines_of_longest, dialect, width or 0)

    def piece(self, at: int) -> Piece:
        """What begins at line `at`, which is not blank."""
        lines = self._lines
        found = lines.record(at)
        if not self._knows_width:
            return found
        if found.fields is None:
            return self._damaged(at)
        texts = [lines.text(line) for line in range(at, at + found.lines)]
        if all(texts) and is_torn("".join(texts), lines.dialect):
            return self._damaged(at)
        inside = swallowed(lines, at, found.lines, found.fields)
        if inside == Swallowed.ROWS:
            return self._damaged(at)
        if inside == Swallowed.UNCLEAR:
            # What closes the record may open a field of a row, of which every line is there.
            return Piece(found.lines - lines.is_clean_row(at + found.lines - 1), None)
        rest = rest_of_record(lines, at + found.lines, found.fields)
        return Piece(rest.end - at, None) if rest else found

    def _damaged(self, at: int) -> Piece:
        """The lines from `at` on that a wrong quotation mark in line `at` costs."""
        lines = self._lines
        broken, end = False, at + 1
        for line in range(at + 1, at + 1 + LOOKAHEAD_LINES):
            if not lines.text(line):
                break
            if rest := rest_of_field(lines, line):
                return Piece(rest.end - at, None)
            record = lines.short_record(line)
            fields = record.fields
            if fields is not None and len(fields) == lines.width:
                is_doubtful = broken or _begins_as_prose(fields) or not lines.is_clean(line, record)
                if is_no_prose(fields) or not is_doubtful:
                    break
                # Words with as many commas between them as the file has columns.
                end = line + 1
            elif lines.text(line).strip():
                broken = True
        return Piece(end - at, None)


def _begins_as_prose(fields: Sequence[str]) -> bool:
    """Whether every field but the first begins with a space, or the line with a delimiter and a space."""
    return all(field[:1] == " " for field in fields[1:]) or (not fields[0] and fields[1][:1] == " ")
