"""Workbooks (.xlsx, .xls, .ods): one sheet of them as CSV text, a line a sheet row. Knows no storage and no product.

What a cell holds is written as its sender meant it: text as it is, so leading zeros stay; a number with the digits that
spreadsheets show, and with the zeros of a format such as 00000; a date as 2026-03-01; a formula as the value that was
last computed. Two characters that no cell can hold stand for what a CSV field cannot say: a line break within a cell,
so that line numbers are sheet rows, and a cell whose value is an error.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, Protocol
from xml.etree.ElementTree import iterparse

import openpyxl
import python_calamine
import xlrd
from openpyxl.utils.exceptions import InvalidFileException

from imports.reading.errors import FileRefusedError
from imports.reading.marks import ALL_MARKS, ERROR_MARK, SUBSTITUTE, on_one_line
from imports.reading.texts import shown

# The most rows that a sheet of .xlsx can have: one that has exactly as many was probably cut off.
MAX_SHEET_ROWS = 1_048_576
MAX_COLUMNS = 5_000
# What the readers hold in memory is bounded: the texts that sheets of .xlsx share, the cells of a sheet of .ods (some
# 60 bytes each, and a repeated one counts as often as it says), and a file of .xls.
MAX_TEXTS_BYTES = 256 * 1024 * 1024
MAX_ODS_CELLS = 3_000_000
MAX_XLS_BYTES = 32 * 1024 * 1024
BLOCK_BYTES = 256 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_ZERO_PADDED = re.compile("0+").fullmatch
_RESERVED = dict.fromkeys(map(ord, ALL_MARKS), SUBSTITUTE)
# XML has no control characters, so .xlsx writes them by their number, and an underscore in front of what looks so.
_ESCAPED = re.compile("_x(00[01][0-9A-F]|007F|00[89][0-9A-F]|005F)_", re.IGNORECASE)

Cells = Iterator[Sequence[str]]


class Workbook(Protocol):
    """An opened workbook: the names of its sheets that can hold rows, and the rows of one, as texts."""

    sheets: list[str]

    def rows(self, sheet: str) -> Cells:
        """The rows of `sheet` from its first on, blank ones too."""


def open_workbook(stream: BinaryIO, size_limit: int) -> Workbook | None:
    """The workbook in `stream`; None if it is none.

    Raises FileRefusedError for one that cannot be read, that is protected with a password, or whose parts are larger
    than `size_limit` bytes when unpacked.
    """
    beginning = stream.read(8)
    stream.seek(0)
    if beginning == _OLE:
        return _opened(_Xls, stream)
    if not beginning.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = {part.filename: part for part in archive.infolist()}
            is_xlsx = "xl/workbook.xml" in parts
            is_ods = "mimetype" in parts and parts["mimetype"].file_size < 100 and archive.read("mimetype") == _ODS
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        # Not for this reader to say; the one of archives will.
        return None
    finally:
        stream.seek(0)
    if not (is_xlsx or is_ods):
        return None
    _check_parts(parts.values(), size_limit)
    return _opened(_Xlsx if is_xlsx else _Ods, stream)


def _check_parts(parts: Iterable[zipfile.ZipInfo], size_limit: int) -> None:
    """Refuse what would fill the disk or the memory; no part can turn out larger than it says of itself."""
    unpacked = 0
    for part in parts:
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileRefusedError("The workbook is compressed in a way that no spreadsheet program uses.")
        if part.filename.endswith("sharedStrings.xml") and part.file_size > MAX_TEXTS_BYTES:
            limit = MAX_TEXTS_BYTES // 1024**2
            raise FileRefusedError(f"The workbook holds more than {limit} MB of text. Save the sheet as CSV instead.")
        unpacked += part.file_size
    if unpacked > size_limit:
        raise FileRefusedError(f"The workbook is larger than {size_limit // 1024**2} MB when unpacked.")


def _opened(kind: type[_Xlsx | _Xls | _Ods], stream: BinaryIO) -> Workbook:
    with _faults_as_refusals():
        return kind(stream)


def sheet_as_csv(workbook: Workbook, sheet: str) -> Iterator[bytes]:
    """The rows of `sheet` as CSV in UTF-8, in blocks; see the head of this file for what stands for what."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    with _faults_as_refusals():
        for cells in workbook.rows(sheet):
            # The csv module writes a record of one empty field as two quotation marks.
            writer.writerow(cells) if any(cells) else buffer.write("\n")
            if buffer.tell() > BLOCK_BYTES:
                yield buffer.getvalue().encode("utf-8", "replace")
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


@contextmanager
def _faults_as_refusals() -> Iterator[None]:
    """Turn what the libraries raise for a damaged workbook into a sentence for its sender."""
    try:
        yield
    except python_calamine.PasswordError as error:
        raise FileRefusedError(_PROTECTED) from error
    except _DAMAGED as error:
        if "encrypt" in str(error).lower():
            raise FileRefusedError(_PROTECTED) from error
        raise FileRefusedError(f"The workbook cannot be read: {shown(str(error))}.") from error


_PROTECTED = "The workbook is protected with a password; send it without."
_DAMAGED = (
    InvalidFileException,
    python_calamine.CalamineError,
    xlrd.XLRDError,
    xlrd.compdoc.CompDocError,
    zipfile.BadZipFile,
    SyntaxError,  # what XML parsers raise
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class _Xlsx:
    """Through openpyxl, which reads a sheet as a stream: constant memory but for the texts that sheets share."""

    def __init__(self, stream: BinaryIO) -> None:
        self._book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        self.sheets = [sheet.title for sheet in self._book.worksheets]

    def rows(self, sheet: str) -> Cells:
        """See Workbook."""
        worksheet = self._book[sheet]
        # What the sheet says of its size may be wrong, and makes short rows long.
        worksheet.reset_dimensions()
        for row in worksheet.iter_rows():
            yield _trimmed([self._text(cell) for cell in row])

    def _text(self, cell: Any) -> str:
        value = cell.value
        if value is None:
            return ""
        if cell.data_type == "e":
            return ERROR_MARK + str(value)
        if type(value) is str:
            if "_x" in value:
                value = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
            if value.isprintable():
                return value
        if type(value) is int and _ZERO_PADDED(cell.number_format):
            return str(value).zfill(len(cell.number_format))
        return _text(value)


class _Xls:
    """Through xlrd. Such a file has 65,536 rows at the most, and is read into memory."""

    def __init__(self, stream: BinaryIO) -> None:
        content = stream.read(MAX_XLS_BYTES + 1)
        if len(content) > MAX_XLS_BYTES:
            raise FileRefusedError(f"The workbook is larger than {MAX_XLS_BYTES // 1024**2} MB. Save it as .xlsx.")
        self._book = xlrd.open_workbook(file_contents=content, formatting_info=True, on_demand=True)
        self.sheets = self._book.sheet_names()

    def rows(self, sheet: str) -> Cells:
        """See Workbook."""
        worksheet = self._book.sheet_by_name(sheet)
        for number in range(worksheet.nrows):
            yield _trimmed([self._text(cell) for cell in worksheet.row(number)])

    def _text(self, cell: xlrd.sheet.Cell) -> str:
        value = cell.value
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return ERROR_MARK + xlrd.error_text_from_code.get(value, "#ERROR!")
        if cell.ctype == xlrd.XL_CELL_DATE:
            return _text(xlrd.xldate_as_datetime(value, self._book.datemode))
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return _text(bool(value))
        if cell.ctype == xlrd.XL_CELL_NUMBER and float(value).is_integer():
            number_format = self._book.format_map[self._book.xf_list[cell.xf_index].format_key].format_str
            return str(int(value)).zfill(len(number_format) if _ZERO_PADDED(number_format) else 1)
        return _text(value)


class _Ods:
    """Through calamine. An error stands in such a sheet as its text."""

    def __init__(self, stream: BinaryIO) -> None:
        if _cells_of_ods(stream) > MAX_ODS_CELLS:
            raise FileRefusedError(f"The workbook has more than {MAX_ODS_CELLS:,} cells. Save it as .xlsx or CSV.")
        self._book = python_calamine.CalamineWorkbook.from_filelike(stream)
        self.sheets = self._book.sheet_names

    def rows(self, sheet: str) -> Cells:
        """See Workbook."""
        for row in self._book.get_sheet_by_name(sheet).iter_rows():
            yield _trimmed(list(map(_text, row)))


def _cells_of_ods(stream: BinaryIO) -> int:
    """How many cells with a value the workbook has when all repeated ones are written out; counts up to the limit."""
    cells = cells_of_row = 0
    with zipfile.ZipFile(stream) as archive, archive.open("content.xml") as content:
        for _, element in iterparse(content):  # noqa: S314 - Expat bounds entities from 2.4.1 on; tested
            if element.tag == f"{_TABLE}table-cell" and f"{_OFFICE}value-type" in element.attrib:
                cells_of_row += int(element.get(f"{_TABLE}number-columns-repeated", 1))
            elif element.tag == f"{_TABLE}table-row":
                cells += cells_of_row * int(element.get(f"{_TABLE}number-rows-repeated", 1))
                cells_of_row = 0
                if cells > MAX_ODS_CELLS:
                    break
                element.clear()
    stream.seek(0)
    return cells


def _trimmed(cells: list[str]) -> list[str]:
    """`cells` without empty ones at the end; raises FileRefusedError if it is wider than any table of products."""
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise FileRefusedError(f"The sheet has values in more than {MAX_COLUMNS:,} columns; it cannot be imported.")
    return cells


def _text(value: object) -> str:
    """A cell's value as a CSV file would have it."""
    if isinstance(value, str):
        return on_one_line(value.translate(_RESERVED))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # As spreadsheets show it: with 15 significant digits, which hides what binary fractions add.
        return format(Decimal(f"{value:.15g}").normalize(), "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return "" if value is None else str(value)


def address_of(column: int, row: int) -> str:
    """The address of a cell, such as B17, from the position of its column (from 0) and its row (from 1)."""
    letters = ""
    number = column + 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that is no table, told by how it begins, and what to do about it."""

    beginnings: tuple[bytes, ...]
    sentence: str


FOREIGN = (
    Foreign((b"%PDF-",), "This is a PDF document. Ask for the table as .xlsx or CSV."),
    Foreign((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "This is a picture, not a table."),
    Foreign((b"{\\rtf",), "This is a text document. Save the table in it as .xlsx or CSV."),
    Foreign(
        (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head"),
        "This is a web page (HTML), whatever its "
        "name says. Open it in a spreadsheet program and save it as .xlsx or CSV.",
    ),
    Foreign((b"<?xml", b"<workbook"), "This is an XML file. Save the table as .xlsx or CSV."),
    Foreign(
        (b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ"),
        "This archive cannot be opened here. Send the file as it is, or compressed as .gz or .zip.",
    ),
)


def check_is_table(beginning: bytes) -> None:
    """Raise FileRefusedError, naming what the file is, if `beginning` is not that of a table."""
    start = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower()
    for foreign in FOREIGN:
        if start.startswith(tuple(text.lower() for text in foreign.beginnings)):
            raise FileRefusedError(foreign.sentence)
