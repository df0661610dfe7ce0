"""From text to a header and the rows below it, in a known format or in none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from acme_importer.formulas import SIGN
from imports.models import SentFile
from imports.opening.found import Opened, Text
from imports.opening.places import Place, Written
from imports.opening.text import in_dialect
from imports.options import HIGHEST_HEADER_LINE, NO_HEADER
from imports.reading import dialects, encodings, header
from imports.reading.csvfile import Position, Record, RecordReader
from imports.reading.dialect import Dialect
from imports.reading.errors import FileRefusedError
from imports.reading.formats.recognize import Recognized, recognize_among
from imports.reading.formats.rewrite import DELIMITER as REWRITTEN_DELIMITER
from imports.reading.formats.rewrite import Rewriter, needs_rewriting
from imports.reading.header import HEADER_AMONG, MOST_COLUMNS
from imports.reading.workbooks import MAX_SHEET_ROWS

# By so many records it is decided whether each row ends with a delimiter.
SAMPLE_RECORDS_OF_WIDTH = 500


def opened_as(text: Text, file: SentFile, place: Place) -> Opened:
    """What is found in `text`, which is the file's: its dialect, header and known format. Decides nothing by values."""
    delimiter, warnings = text.dialect.delimiter, _warnings(text)
    if not text.sheet:
        text, delimiter, warnings = in_dialect(text, file, place)
    opened, recognized = _look_into(text, file)
    opened = replace(opened, delimiter=delimiter, warnings=[*warnings, *opened.warnings])
    if recognized is None:
        return opened
    opened = replace(opened, format=recognized.format.name, columns=dict(recognized.columns))
    if not needs_rewriting(recognized, opened.header):
        return opened
    rewriter = Rewriter(recognized, opened.header, header_line=opened.data.line - 1, from_workbook=bool(text.sheet))
    rewritten = place.keep(rewriter.blocks(place.wanted(_records(opened))))
    text = replace(
        text, stream=rewritten, encoding="utf-8", start=0, dialect=Dialect(REWRITTEN_DELIMITER), has_marks=True
    )
    reader = reader_of(text, Position(0, 1))
    next(iter(reader))
    return replace(opened, text=text, data=reader.position, warnings=[*opened.warnings, *rewriter.warnings])


def reader_of(text: Text, start: Position, width: int | None = None) -> RecordReader:
    """The records of `text` from `start` on; `width` is the number of columns, if it is known."""
    return RecordReader(text.stream, encoding=text.encoding, dialect=text.dialect, start=start, width=width)


def narrow_records(text: Text, start: Position, count: int, width: int | None = None) -> Iterator[Record]:
    """The first records from `start` on. Of one too wide to be a header no field is given: that could take minutes."""
    for record in islice(reader_of(text, start, width), count):
        yield record if len(record.fields) <= MOST_COLUMNS else record._replace(fields=[])


def _in_its_width(text: Text, names: list[str], data: Position) -> tuple[Text, list[str], list[str]]:
    """`text` and the header, where delimiters end each row or only the header; and what to say of it to the sender."""
    records = narrow_records(text, data, SAMPLE_RECORDS_OF_WIDTH)
    surplus = dialects.surplus_of(names, [record.fields for record in records if not record.damage])
    if text.sheet or not surplus:
        return text, names, []
    if surplus < 0:
        return text, names[:surplus], ["The header ends with a delimiter, which the rows do not have; it is ignored."]
    dialect = replace(text.dialect, trailing=surplus)
    return replace(text, dialect=dialect), names, dialects.remarks(Dialect(trailing=surplus))


def _look_into(text: Text, file: SentFile) -> tuple[Opened, Recognized | None]:
    """Find the header of a text, and the known format that it is in, unless a mapping says more.

    Raises FileRefusedError if there is no header.
    """
    asked = file.options.header_line
    start = Position(text.start, 1)
    first = list(narrow_records(text, start, HEADER_AMONG if asked is None else HIGHEST_HEADER_LINE))
    records = [record.fields for record in first]
    if not first:
        raise FileRefusedError("The file is empty: it does not even have a header.")
    if not any(records):
        raise FileRefusedError(f"The file has no header of {MOST_COLUMNS:,} columns or less.")
    chosen = _record_in_line(asked, first) if asked else None
    recognized = None
    if not file.options.mapping and asked != NO_HEADER:
        recognized = recognize_among(records if chosen is None else [records[chosen]])
    if recognized:
        index = recognized[0] if chosen is None else chosen
        found = header.HeaderFound(index, records[index], 1, (index,))
    elif asked == NO_HEADER:
        found = header.without_header(records, is_sheet=bool(text.sheet))
    else:
        found = header.find_header(records, file.options.mapping, chosen)
    # Where nothing speaks for another line, the header is the first one.
    judged = first[found.index if found.score or asked else 0]
    if judged.damage and asked != NO_HEADER:
        raise FileRefusedError(f"The header cannot be read: {judged.damage.reason}.")
    reader = reader_of(text, start)
    for _ in range(found.data):
        next(iter(reader))
    names = [header.clean_name(name) for name in found.names]
    if SIGN in names and not text.dialect.has_formula_marks:
        # The names of columns may be marked, too, so the header is read again.
        return _look_into(replace(text, dialect=replace(text.dialect, has_formula_marks=True)), file)
    text, names, warnings = _in_its_width(text, names, reader.position)
    opened = Opened(
        text,
        text.dialect.delimiter,
        names,
        reader.position,
        header_lines=[first[row].line for row in found.rows],
        looks_like_data=asked is None and found.looks_like_data,
        warnings=warnings,
    )
    return opened, recognized[1] if recognized else None


def _record_in_line(line: int, first: list[Record]) -> int:
    """Which of the `first` records begins in that line. Raises FileRefusedError if none does."""
    for index, record in enumerate(first):
        if record.line == line:
            return index
        if record.line > line:
            raise FileRefusedError(f"header_line: no row begins in line {line}; it is blank, or a part of another row.")
    raise FileRefusedError(f"header_line: the file has no line {line} that could be the header.")


def _records(opened: Opened) -> Iterator[Written]:
    """The records behind the header, as the rewriting of a known format takes them."""
    for record in reader_of(opened.text, opened.data, len(opened.header)):
        yield record.line, record.fields, record.damage.reason if record.damage else ""


def _warnings(text: Text) -> list[str]:
    """What the sender of a workbook should know of it."""
    if not text.sheet:
        return []
    text.stream.seek(0)
    lines = sum(block.count(b"\n") for block in iter(lambda: text.stream.read(encodings.BLOCK_BYTES), b""))
    if lines < MAX_SHEET_ROWS:
        return text.sheet_remarks
    return [
        *text.sheet_remarks,
        f"The sheet has exactly {MAX_SHEET_ROWS:,} rows, the most that a sheet can have: rows behind them were "
        "probably lost when it was saved. Ask for the rest, or for a CSV file.",
    ]
