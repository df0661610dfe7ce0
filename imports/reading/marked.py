"""Records of a rewritten file: the marks in them turned back into what they stand for. Knows nothing of products."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import NamedTuple

from imports.reading.csvfile import Batch
from imports.reading.marks import ERROR_MARK, LINE_BREAK, read_faulty, read_skipped
from imports.reading.rows import Fault, Rejection, Skip
from imports.reading.texts import shown
from imports.reading.workbooks import address_of


class Unmarked(NamedTuple):
    """A batch without marks: its plain records and their keys, and what became of the others."""

    batch: Batch
    keys: list[str]
    rejections: list[Rejection]
    skipped: list[Skip]


def unmarked(batch: Batch, keys: list[str], header: Sequence[str], used: Sequence[int], *, is_sheet: bool) -> Unmarked:
    """The records of `batch` without marks.

    Args:
        keys: a key for each record, of which those of the plain records are given back.
        header: the column names.
        used: the positions of the columns that are imported; only there is the error of a cell a fault.
        is_sheet: the file is the sheet of a workbook, whose rows end with their last filled cell.
    """
    if batch.damage:
        return Unmarked(batch, keys, [], [])
    rejections: list[Rejection] = []
    skipped: list[Skip] = []
    is_plain = [True] * len(batch.rows)
    rows: list[list[str]] = []
    for number, (line, marked) in enumerate(zip(batch.lines, batch.rows, strict=True)):
        fields = marked + [""] * (len(header) - len(marked)) if is_sheet else marked
        if "".join(fields).isprintable():
            rows.append(fields)
        elif skip := read_skipped(fields[0]):
            is_plain[number] = False
            skipped.append(Skip(line, skip[0]))
        elif faults := _faults(line, fields, header, used):
            is_plain[number] = False
            rejections.append(Rejection(line, faults, _plain(fields)))
        else:
            rows.append(_plain(fields))
    lines = list(compress(batch.lines, is_plain))
    return Unmarked(batch._replace(lines=lines, rows=rows), list(compress(keys, is_plain)), rejections, skipped)


def _faults(line: int, fields: list[str], header: Sequence[str], used: Sequence[int]) -> tuple[Fault, ...]:
    """Why a record is rejected: it could not be read when the file was rewritten, or a cell of it holds an error."""
    if faulty := read_faulty(fields[0]):
        reason, beginning = faulty
        return (Fault("", shown(_without_marks(beginning)), "unreadable", f"The row cannot be read: {reason}."),)
    return tuple(
        Fault(
            header[position],
            value[1:],
            "error_value",
            f"Cell {address_of(position, line)} holds the error {value[1:]}.",
        )
        for position in used
        if position < len(fields) and (value := fields[position]).startswith(ERROR_MARK)
    )


def _plain(fields: list[str]) -> list[str]:
    faulty = read_faulty(fields[0])
    return list(map(_without_marks, [faulty[1], *fields[1:]] if faulty else fields))


def _without_marks(field: str) -> str:
    return field.replace(LINE_BREAK, "\n").removeprefix(ERROR_MARK)
