"""Reads samples, and what they were rewritten as, with nothing but Python's csv: the tests know no reader of ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from imports.reading.formats.recognize import Recognized, recognize_among
from imports.reading.formats.rewrite import Rewriter
from imports.reading.marks import LINE_BREAK, read_faulty, read_skipped

SAMPLES = Path(__file__).parent / "samples"
FIELDS = ("sku", "name", "description", "price", "is_active")

Record = tuple[int, list[str], str]


class Sample(NamedTuple):
    recognized: Recognized
    header_line: int
    header: list[str]
    records: list[Record]

    def rewriter(self) -> Rewriter:
        return Rewriter(self.recognized, self.header, header_line=self.header_line)

    def rewritten(self) -> str:
        return rewritten(self.rewriter(), self.records)


def records_of(text: str, delimiter: str) -> Iterator[Record]:
    """The records of a well-formed file, each with the number of its first line; without blank ones."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for fields in reader:
        if any(fields):
            yield line, fields, ""
        line = reader.line_num + 1


def sample(name: str) -> Sample:
    return opened((SAMPLES / name).read_text(encoding="utf-8"), "\t" if name.endswith(".tsv") else "")


def opened(text: str, delimiter: str = "") -> Sample:
    """The file in `text`, as it is recognized."""
    for candidate in delimiter or ",;\t":
        records = list(records_of(text, candidate))
        if found := recognize_among(fields for _, fields, _ in records):
            index, recognized = found
            line, header, _ = records[index]
            return Sample(recognized, line, header, records[index + 1 :])
    raise AssertionError("the file is in no known format")


def rewritten(rewriter: Rewriter, records: Sequence[Record]) -> str:
    copies = [(line, list(fields), fault) for line, fields, fault in records]
    return b"".join(rewriter.blocks(copies)).decode("utf-8", "surrogateescape")


class Outcome(NamedTuple):
    """What a rewritten file says: products as (line, sku, name, …), rows skipped, with a fault, and of odd width."""

    products: list[list[object]]
    skipped: list[tuple[int, str]]
    faulty: list[tuple[int, str]]
    odd: list[int]


def outcome(text: str, recognized: Recognized) -> Outcome:
    found = Outcome([], [], [], [])
    (_, header), *rows = rows_of(text)
    for line, row in rows:
        if mark := read_skipped(row[0]):
            found.skipped.append((line, mark[0]))
        elif mark := read_faulty(row[0]):
            found.faulty.append((line, mark[0]))
        elif len(row) != len(header):
            found.odd.append(line)
        else:
            found.products.append([line, *_values(row, recognized)])
    return found


def rows_of(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a rewritten file, of which each is a line of its own, with their line numbers."""
    lines = text.split("\n")
    return [(number, next(csv.reader([line]))) for number, line in enumerate(lines, start=1) if line]


def _values(row: list[str], recognized: Recognized) -> list[object]:
    values: list[object] = []
    for field in FIELDS:
        position = recognized.columns.get(field)
        text = None if position is None else row[position].replace(LINE_BREAK, "\n")
        if field == "is_active" and text is not None:
            values.append(recognized.format.active[text.strip().casefold()] if text.strip() else None)
        else:
            values.append(text)
    return values
