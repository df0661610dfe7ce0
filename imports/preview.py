"""The preview of a file before it is imported: how its first rows will be read, and what is wrong with them.

It reads the beginning of the file only, with the reader and the rules of the import itself. Does not know the
catalogue: a row that would clash with nothing here may still turn out to be an update or a duplicate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import SEEK_END
from itertools import islice

from imports.excerpts import excerpt_of
from imports.files.unavailable import FileGoneError
from imports.models import SentFile
from imports.opening.beginning import open_beginning
from imports.opening.decisions import columns_of, decide
from imports.opening.found import Beginning, Opened
from imports.opening.table import reader_of
from imports.options import Options
from imports.reading.booleans import words_found
from imports.reading.columns import ignored_columns
from imports.reading.csvfile import MAX_RECORD_BYTES, Batch, Position, Record
from imports.reading.empty_cells import KEEP, Kept
from imports.reading.encodings import Detection
from imports.reading.errors import FileRefusedError
from imports.reading.header import HEADER_AMONG
from imports.reading.marked import unmarked
from imports.reading.numbers import NumberStyle
from imports.reading.questions import Question
from imports.reading.rows import CleanRow, Fault, Rejection, RowReader
from imports.reading.table import Table, skipped_and_rejected
from imports.reading.texts import shown

ROWS_CHECKED = 1000
ROWS_SHOWN = 20
# Of a line that may be the header, this many fields are shown.
FIELDS_SHOWN = 8
# Of each kind of fault, this many rows are shown.
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it will be read: a text for each field that the file has, and what is wrong with it, if anything."""

    line: int
    values: list[str]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A record among the first of a file, by the line that it begins in: its first fields; it may be the header."""

    number: int
    fields: list[str]
    is_header: bool


@dataclass(slots=True)
class FaultGroup:
    """The rows that break one rule first: how many, and the first few of them."""

    code: str
    count: int = 0
    examples: list[tuple[int, Fault]] = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """What was found in a file, and in its first rows.

    `refusal` is empty, or the sentence why the file cannot be imported as it is. Then there are no rows; there is a
    header if it could be read, with the values of the first records below it, so that one can say what it means.
    """

    refusal: str = ""
    detected: Detection = field(default_factory=lambda: Detection(""))
    delimiter: str = ""
    # Of a workbook: the sheet that is read, and all there are. The known format that the file is in, if any.
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    format: str = ""
    warnings: list[str] = field(default_factory=list)
    numbers: NumberStyle = field(default_factory=NumberStyle)
    header: list[str] = field(default_factory=list)
    # The lines that the header is in: one, or two with a second row of names or units; none if there is no header.
    header_lines: list[int] = field(default_factory=list)
    # The first value in each column of the file.
    samples: list[str] = field(default_factory=list)
    columns: Mapping[str, int] = field(default_factory=dict)
    # What only the sender can say, before the file can be imported; and what could be said about its columns.
    question: Question | None = None
    questions: Sequence[Question] = ()
    # The first lines of the file, of which one is the header; empty if it is in a known format.
    first_lines: list[Line] = field(default_factory=list)
    # The words in the status column, and what each means; None if that is not known.
    words: Mapping[str, bool | None] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    rows_checked: int = 0
    # How many of them are skipped, by the code of the reason.
    skipped: Counter[str] = field(default_factory=Counter)
    whole_file: bool = False
    faults: list[FaultGroup] = field(default_factory=list)

    @property
    def encoding(self) -> str:
        """The encoding that the file is read in."""
        return self.detected.encoding

    @property
    def rows_rejected(self) -> int:
        """How many of the rows that were checked would be rejected."""
        return sum(group.count for group in self.faults)

    @property
    def ignored(self) -> list[str]:
        """The names of the ignored columns."""
        return ignored_columns(self.header, self.columns)


def preview(file: SentFile) -> Preview:
    """Read the beginning of `file` as it will be imported; takes the same time and memory however large it is."""
    try:
        beginning = open_beginning(file, excerpt_of(file))
    except FileGoneError:
        raise
    except FileRefusedError as error:
        return Preview(refusal=str(error))
    opened = beginning.opened
    found = Preview(
        detected=opened.text.detected,
        delimiter=opened.delimiter,
        header=opened.header,
        header_lines=opened.header_lines,
        sheet=opened.text.sheet,
        sheets=opened.text.sheets,
        format=opened.format,
        warnings=opened.warnings,
    )
    records, found.whole_file = _first_records(beginning)
    found.samples = _samples(records, len(opened.header))
    fields = [record.fields for record in records if not record.damage]
    opened, chosen = columns_of(opened, file, fields)
    opened = decide(opened, file, chosen, beginning)
    found.columns, found.warnings, found.numbers = opened.columns, opened.warnings, opened.numbers
    if "is_active" in found.columns:
        position = found.columns["is_active"]
        found.words = words_found((record[position] for record in fields if position < len(record)), opened.words)
    if not opened.format:
        found.questions, found.first_lines = chosen.questions, _first_lines(beginning)
    if question := opened.question(chosen):
        found.refusal, found.question = question.sentence, question
        return found
    _check(records, found, opened, file.options)
    return found


def _first_records(beginning: Beginning) -> tuple[list[Record], bool]:
    """The first `ROWS_CHECKED` records, as far as they are whole, and whether the file has no more."""
    text, data, width = beginning.opened.text, beginning.opened.data, len(beginning.opened.header)
    reader = reader_of(text, data, width)
    # No record reaches further than this, so one that begins before it is whole.
    whole_until = text.stream.seek(0, SEEK_END) - MAX_RECORD_BYTES
    records: list[Record] = []
    for record in reader:
        if len(records) == ROWS_CHECKED:
            return records, False
        records.append(record)
        if beginning.cut and reader.block_end > whole_until:
            return records, False
    return records, True


def _first_lines(beginning: Beginning) -> list[Line]:
    """The records that the header is looked for among."""
    opened = beginning.opened
    lines = []
    for record in islice(reader_of(opened.text, Position(opened.text.start, 1)), HEADER_AMONG):
        fields = [shown(text) for text in record.fields[:FIELDS_SHOWN]]
        lines.append(Line(record.line, fields, record.line in opened.header_lines))
    return lines


def _samples(records: Sequence[Record], columns: int) -> list[str]:
    """For each column, the first value that is not empty."""
    samples = [""] * columns
    for record in records[:ROWS_SHOWN]:
        for position, value in enumerate(record.fields[:columns]):
            samples[position] = samples[position] or shown(value)
    return samples


def _check(records: Sequence[Record], found: Preview, opened: Opened, options: Options) -> None:
    """Read `records` as the import will, and note the first rows and all faults."""
    row_reader = RowReader(
        found.header,
        found.columns,
        opened.text.dialect.delimiter,
        numbers=opened.numbers,
        words=opened.words,
        empty_cells=options.empty_cells,
        damaged=opened.damaged,
        extra=options.extra,
    )
    table = Table(found.header, found.columns, has_marks=opened.text.has_marks, is_sheet=bool(opened.text.sheet))
    groups: dict[str, FaultGroup] = {}
    for record in records:
        row = _read(record, table, row_reader, found, opened)
        if row is None:
            continue
        if len(found.rows) < ROWS_SHOWN:
            found.rows.append(_shown_row(row, found.columns))
        if isinstance(row, Rejection):
            first = row.faults[0]
            group = groups.setdefault(first.code, FaultGroup(first.code))
            group.count += 1
            if len(group.examples) < EXAMPLES:
                group.examples.append((row.line, first))
    found.rows_checked = len(records)
    found.faults = sorted(groups.values(), key=lambda group: -group.count)


def _read(
    record: Record, table: Table, row_reader: RowReader, found: Preview, opened: Opened
) -> CleanRow | Rejection | None:
    """What becomes of `record`; None if it is skipped."""
    batch = Batch([record.line], [record.fields], record.damage, has_bad_characters=True)
    batch, _, apart = table.take_out(batch, row_reader.keys(batch))
    if apart.keys:
        skipped, rejections = skipped_and_rejected(apart.fates)
        found.skipped.update(skip.code for skip in skipped)
        return rejections[0] if rejections else None
    if not opened.text.has_marks:
        return row_reader.read_one(record)
    used = list(found.columns.values())
    plain = unmarked(batch, [""], found.header, used, is_sheet=bool(opened.text.sheet))
    found.skipped.update(skip.code for skip in plain.skipped)
    if plain.batch.rows:
        return row_reader.read_one(record._replace(fields=plain.batch.rows[0]))
    return plain.rejections[0] if plain.rejections else None


def _shown_row(row: CleanRow | Rejection, columns: Mapping[str, int]) -> Row:
    """A good row by its clean values, a bad one by what is in the file; without extra."""
    if isinstance(row, CleanRow):
        return Row(row.line, [_shown_value(value) for value in row.values[: len(columns)]])
    fields = [row.record[position] if position < len(row.record) else "" for position in columns.values()]
    return Row(row.line, [shown(field) for field in fields], row.faults)


def _shown_value(value: str | bool | Decimal | Kept | None) -> str:
    """A clean value for people; an empty cell that keeps the product's is shown empty."""
    if value is KEEP:
        return ""
    if isinstance(value, bool):
        return "active" if value else "inactive"
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return shown(value) if value else ""
