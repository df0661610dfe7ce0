"""Workbooks of .xlsx, through openpyxl: a sheet as a stream, in constant memory but for the texts that sheets share."""

from __future__ import annotations

import re
from typing import Any, BinaryIO
from xml.parsers.expat import ExpatError

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from imports.reading.marks import ERROR_MARK
from imports.reading.sheets.cells import Cells, as_text, is_zero_padded, trimmed
from imports.reading.sheets.shared_texts import SharedTexts

# XML has no control characters, so .xlsx writes them by their number, and an underscore in front of what looks so.
_ESCAPED = re.compile("_x(00[01][0-9A-F]|007F|00[89][0-9A-F]|005F)_", re.IGNORECASE)


class _Workbook(ExcelReader):
    """What `openpyxl.load_workbook` reads with, but for the texts that sheets share."""

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = SharedTexts(source)


class Reader:
    """See Workbook."""

    faults = (InvalidFileException, ExpatError)

    def __init__(self, stream: BinaryIO) -> None:
        reader = _Workbook(stream, read_only=True, data_only=True, keep_links=False)
        reader.read()
        self._book = reader.wb
        self.sheets = [sheet.title for sheet in self._book.worksheets]

    def rows(self, sheet: str) -> Cells:
        """See Workbook."""
        worksheet = self._book[sheet]
        # What the sheet says of its size may be wrong, and makes short rows long.
        worksheet.reset_dimensions()
        for row in worksheet.iter_rows():
            yield trimmed([self._text(cell) for cell in row])

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
        if type(value) is int and is_zero_padded(cell.number_format):
            return str(value).zfill(len(cell.number_format))
        return as_text(value)
