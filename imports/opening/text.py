"""From the bytes that were sent to text in an encoding and a dialect; rewritten where the reader cannot take it."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from acme_importer.formulas import SIGN
from imports.models import SentFile
from imports.opening.found import Text
from imports.opening.places import BEGINNING_BYTES, Place, size_limit
from imports.opening.sheets import choose_sheet
from imports.reading import dialects, encodings, spaced
from imports.reading.corrections import ADDED_COLUMNS
from imports.reading.csvfile import MAX_RECORD_BYTES
from imports.reading.dialect import Dialect
from imports.reading.encodings import Detection
from imports.reading.errors import FileRefusedError
from imports.reading.header import HEADER_AMONG
from imports.reading.workbooks import check_is_table, open_workbook, sheet_as_csv
from imports.reading.wrapped import unwrapped_blocks


def text_of(stream: BinaryIO, file: SentFile, place: Place) -> Text:
    """The text of a file, whatever it is wrapped in."""
    workbook = open_workbook(stream, size_limit())
    if workbook:
        sheet, remarks = choose_sheet(workbook, file.options.sheet)
        kept = place.keep(sheet_as_csv(workbook, sheet))
        return Text(
            kept,
            "utf-8",
            0,
            Detection("utf-8"),
            has_marks=True,
            sheet=sheet,
            sheets=workbook.sheets,
            sheet_remarks=remarks,
        )
    unpacked = encodings.decompressed(stream)
    stream = place.take(stream) if unpacked is None else place.keep(encodings.unpacked_blocks(unpacked))
    check_is_table(stream.read(1024))
    stream.seek(0)
    detected, start = _encoding(stream, file.options.encoding)
    if encodings.is_ascii_compatible(detected.encoding):
        return Text(stream, detected.encoding, start, detected)
    stream.seek(start)
    return Text(place.keep(encodings.utf8_blocks(stream, detected.encoding)), "utf-8", 0, detected)


def _encoding(stream: BinaryIO, asked: str) -> tuple[Detection, int]:
    """The encoding of `stream`, and the length of the byte order mark that it begins with."""
    mark_length, marked = encodings.byte_order_mark(stream.read(4))
    if asked:
        wanted = encodings.canonical_name(asked)
        if marked.startswith(wanted):
            return Detection(marked), mark_length
        if wanted in ("utf-16", "utf-32"):
            # These names leave the byte order to the mark.
            raise FileRefusedError(
                f"The file has no byte order mark of {wanted}. Choose '{wanted}-le' or '{wanted}-be', "
                "or no encoding, to have it detected."
            )
        # Behind a mark that the text is UTF-8, it may have been encoded twice.
        return Detection(wanted), mark_length if wanted == encodings.TWICE_UTF8 else 0
    if marked:
        return Detection(marked), mark_length
    stream.seek(0)
    return encodings.detect_encoding(stream), 0


def in_dialect(text: Text, file: SentFile, place: Place) -> tuple[Text, str, list[str]]:
    """`text` in its dialect, the delimiter of the file itself, and what to say of it to the sender.

    Rows that are quoted as a whole, and columns by spaces, are rewritten. What the options say wins.
    """
    text.stream.seek(text.start)
    sample = text.stream.read(BEGINNING_BYTES)
    decoded = [line.decode(text.encoding, "surrogateescape") for line in _first_lines(sample, file.options.header_line)]
    if not decoded:
        return text, "", []
    asked = file.options
    if SIGN in decoded[0] or all(name in decoded[0] for name in ADDED_COLUMNS):
        # What was downloaded here is in the usual dialect, whatever the original was in.
        asked = replace(asked, delimiter=asked.delimiter.strip(" "), quote='"', escape="")
    delimiter = asked.delimiter or dialects.detect_delimiter(decoded, asked.mapping.get("sku", ""))
    text.stream.seek(text.start)
    if delimiter == " ":
        blocks = spaced.tabbed_blocks(text.stream, asked.quote or '"')
        dialect = Dialect(spaced.DELIMITER, asked.quote or '"', asked.escape)
        return replace(text, stream=place.keep(blocks), start=0, dialect=dialect), delimiter, []
    warnings = []
    if not asked.quote and dialects.has_wrapped_lines(sample, delimiter):
        text = replace(text, stream=place.keep(unwrapped_blocks(text.stream, delimiter)), start=0)
        sample = text.stream.read(BEGINNING_BYTES)
        warnings = ["Some rows are quoted as a whole; they are read without these quotation marks."]
    dialect = dialects.detect_dialect(sample, text.encoding, delimiter, asked.quote, asked.escape)
    unasked = replace(
        dialect, quote='"' if asked.quote else dialect.quote, escape="" if asked.escape else dialect.escape
    )
    return replace(text, dialect=dialect), delimiter, [*warnings, *dialects.remarks(unasked)]


def _first_lines(sample: bytes, header_line: int | None) -> list[bytes]:
    """The lines that the header is among; the one that is said to be it, which then tells the delimiter."""
    lines = sample[:MAX_RECORD_BYTES].splitlines()
    among = slice(header_line - 1, header_line) if header_line else slice(HEADER_AMONG)
    return [line for line in lines[among] if line.strip()] or list(filter(bytes.strip, lines))[:1]
