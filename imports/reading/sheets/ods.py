"""Workbooks of .ods, through calamine, which holds a sheet in memory. An error stands in such a sheet as its text."""

from __future__ import annotations

import zipfile
from copy import copy
from typing import BinaryIO
from xml.etree.ElementTree import iterparse

import python_calamine

from imports.reading.errors import FileRefusedError
from imports.reading.sheets.cells import Cells, as_text, trimmed

# Some 60 bytes each, and a repeated one counts as often as it says.
MAX_CELLS = 3_000_000
# A cell takes some hundred bytes of its part.
MAX_PART_BYTES = 512 * 1024 * 1024
_BLOCK_BYTES = 256 * 1024

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


class Reader:
    """See Workbook."""

    faults = (python_calamine.CalamineError,)

    def __init__(self, stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream) as archive:
            _check_sizes(archive)
            if _cells_of_ods(archive) > MAX_CELLS:
                raise FileRefusedError(f"The workbook has more than {MAX_CELLS:,} cells. Save it as .xlsx or CSV.")
        stream.seek(0)
        self._book = python_calamine.CalamineWorkbook.from_filelike(stream)
        self.sheets = self._book.sheet_names
        visible = python_calamine.SheetVisibleEnum.Visible
        self.hidden = {sheet.name for sheet in self._book.sheets_metadata if sheet.visible != visible}

    def rows(self, sheet: str) -> Cells:
        """See Workbook."""
        for row in self._book.get_sheet_by_name(sheet).iter_rows():
            yield trimmed(list(map(as_text, row)))


def _check_sizes(archive: zipfile.ZipFile) -> None:
    """Refuse parts that are larger than the library is to unpack, or than they say: it does not look at that."""
    for part in archive.infolist():
        unbounded = copy(part)
        unbounded.file_size = MAX_PART_BYTES + 1
        size = 0
        with archive.open(unbounded) as content:
            while block := content.read(_BLOCK_BYTES):
                size += len(block)
        if size > MAX_PART_BYTES:
            limit = MAX_PART_BYTES // 1024**2
            raise FileRefusedError(f"The workbook has more than {limit} MB in one part. Save it as .xlsx or CSV.")
        if size > part.file_size:
            raise FileRefusedError("The workbook is damaged: a part of it is larger than it says.")


def _cells_of_ods(archive: zipfile.ZipFile) -> int:
    """How many cells with a value the workbook has when all repeated ones are written out; counts up to the limit."""
    cells = cells_of_row = 0
    with archive.open("content.xml") as content:
        for _, element in iterparse(content):  # noqa: S314 - Expat bounds entities from 2.4.1 on; tested
            if element.tag == f"{_TABLE}table-cell" and f"{_OFFICE}value-type" in element.attrib:
                cells_of_row += int(element.get(f"{_TABLE}number-columns-repeated", 1))
            elif element.tag == f"{_TABLE}table-row":
                cells += cells_of_row * int(element.get(f"{_TABLE}number-rows-repeated", 1))
                cells_of_row = 0
                if cells > MAX_CELLS:
                    break
                element.clear()
    return cells
