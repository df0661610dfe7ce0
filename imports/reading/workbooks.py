"""Workbooks (.xlsx, .xls, .ods): one sheet of them as CSV text, a line a sheet row. Knows no storage and no product.

What a cell holds is written as its sender meant it: text as it is, so leading zeros stay; a number with the digits that
spreadsheets show, and with the zeros of a format such as 00000; a date as 2026-03-01; a formula as the value that was
last computed. Two characters that no cell can hold stand for what a CSV field cannot say: a line break within a cell,
so that line numbers are sheet rows, and a cell whose value is an error.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import BinaryIO, Protocol

from imports.reading import archives
from imports.reading.errors import FileRefusedError
from imports.reading.sheets.cells import Cells
from imports.reading.texts import shown

# The most rows that a sheet of .xlsx can have: one that has exactly as many was probably cut off.
MAX_SHEET_ROWS = 1_048_576
# What the reader of .xlsx holds in memory is bounded: the texts that sheets share. The others have limits of their own.
MAX_TEXTS_BYTES = 256 * 1024 * 1024
BLOCK_BYTES = 256 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A bit of the flags of a part.
_ENCRYPTED = 1
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


class Workbook(Protocol):
    """An opened workbook: the names of its sheets that can hold rows, and the rows of one, as texts.

    `hidden` are those of its sheets that a spreadsheet program does not show. `faults` is what its library raises for a
    damaged one.
    """

    sheets: list[str]
    hidden: set[str]
    faults: tuple[type[Exception], ...]

    def __init__(self, stream: BinaryIO) -> None: ...

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
        return _opened("xls", stream)
    if not beginning.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = {part.filename: part for part in archive.infolist()}
            is_xlsx = "xl/workbook.xml" in parts
            is_ods = "mimetype" in parts and _says_ods(archive, parts["mimetype"])
    except archives.FAULTS:
        # Not for this reader to say; the one of archives will.
        return None
    finally:
        stream.seek(0)
    if not (is_xlsx or is_ods):
        return None
    _check_parts(parts.values(), size_limit)
    return _opened("xlsx" if is_xlsx else "ods", stream)


def _says_ods(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether `part`, which anybody may have written, says that the archive is an OpenDocument sheet."""
    if not _is_usual(part):
        return False
    # What it says of its own size may be a lie; no more than this is unpacked.
    with archive.open(part) as content:
        return content.read(len(_ODS) + 1) == _ODS


def _is_usual(part: zipfile.ZipInfo) -> bool:
    """Whether `part` can be unpacked piece by piece: Python unpacks other kinds than these without a bound."""
    return part.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not part.flag_bits & _ENCRYPTED


def _check_parts(parts: Iterable[zipfile.ZipInfo], size_limit: int) -> None:
    """Refuse what would fill the disk or the memory, by what the parts say of their size.

    One that is larger in truth is cut off there by Python; libraries that unpack themselves have their own checks.
    """
    unpacked = 0
    for part in parts:
        if part.flag_bits & _ENCRYPTED:
            raise FileRefusedError("The workbook is protected with a password; send it without.")
        if not _is_usual(part):
            raise FileRefusedError("The workbook is compressed in a way that no spreadsheet program uses.")
        if part.filename.endswith("sharedStrings.xml") and part.file_size > MAX_TEXTS_BYTES:
            limit = MAX_TEXTS_BYTES // 1024**2
            raise FileRefusedError(f"The workbook holds more than {limit} MB of text. Save the sheet as CSV instead.")
        unpacked += part.file_size
    if unpacked > size_limit:
        raise FileRefusedError(f"The workbook is larger than {size_limit // 1024**2} MB when unpacked.")


def _opened(kind: str, stream: BinaryIO) -> Workbook:
    # Loaded on use: the libraries of all three would cost each process 10 MB and 0.1 s at its start.
    reader: type[Workbook] = import_module(f"imports.reading.sheets.{kind}").Reader
    with _faults_as_refusals(reader.faults):
        return reader(stream)


def first_rows(workbook: Workbook, sheet: str, count: int) -> Iterator[Sequence[str]]:
    """The first `count` rows of `sheet`, blank ones included. Raises FileRefusedError if they cannot be read."""
    with _faults_as_refusals(workbook.faults):
        yield from islice(workbook.rows(sheet), count)


def sheet_as_csv(workbook: Workbook, sheet: str) -> Iterator[bytes]:
    """The rows of `sheet` as CSV in UTF-8, in blocks; see the head of this file for what stands for what."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    with _faults_as_refusals(workbook.faults):
        for cells in workbook.rows(sheet):
            # The csv module writes a record of one empty field as two quotation marks.
            writer.writerow(cells) if any(cells) else buffer.write("\n")
            if buffer.tell() > BLOCK_BYTES:
                yield buffer.getvalue().encode("utf-8", "replace")
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


@contextmanager
def _faults_as_refusals(faults: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turn what the library raises for a damaged workbook, `faults` among it, into a sentence for its sender."""
    try:
        yield
    except faults + _DAMAGED as error:
        message = archives.told(error)
        if any(word in message.lower() for word in ("encrypt", "password")):
            raise FileRefusedError("The workbook is protected with a password; send it without.") from error
        raise FileRefusedError(f"The workbook cannot be read: {shown(message)}.") from error


_DAMAGED = (
    *archives.FAULTS,
    SyntaxError,  # what XML parsers raise
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
)


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
    """A kind of file that is no table, told by how it begins, white space left out, and what to do about it."""

    beginnings: tuple[bytes, ...]
    sentence: str


FOREIGN = (
    Foreign((b"%PDF-",), "This is a PDF document. Ask for the table as .xlsx or CSV."),
    Foreign((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "This is a picture, not a table."),
    Foreign((b"{\\rtf",), "This is a text document. Save the table in it as .xlsx or CSV."),
    Foreign(
        (b"<!doctypehtml", b"<html", b"<table", b"<meta", b"<head"),
        "This is a web page (HTML), whatever its "
        "name says. Open it in a spreadsheet program and save it as .xlsx or CSV.",
    ),
    Foreign((b"<?xml", b"<workbook"), "This is an XML file. Save the table as .xlsx or CSV."),
    Foreign((b'{"', b"[{", b'["', b"[["), "This is a JSON file. Send its products as a table: .xlsx or CSV."),
    Foreign(
        (b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ"),
        "This archive cannot be opened here. Send the file as it is, or compressed as .gz or .zip.",
    ),
)


def check_is_table(beginning: bytes) -> None:
    """Raise FileRefusedError, naming what the file is, if `beginning` is not that of a table."""
    start = b"".join(beginning[:1000].removeprefix(b"\xef\xbb\xbf").split()).lower()
    for foreign in FOREIGN:
        if start.startswith(tuple(text.lower() for text in foreign.beginnings)):
            raise FileRefusedError(foreign.sentence)
