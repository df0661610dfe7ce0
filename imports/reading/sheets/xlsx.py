"""Workbooks of .xlsx, through openpyxl: a sheet as a stream, in constant memory but for the texts that sheets share."""

from __future__ import annotations

import re
import zipfile
from typing import Any, BinaryIO
from xml.parsers.expat import ExpatError

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from imports.reading.errors import FileRefusedError
from imports.reading.marks import ERROR_MARK
from imports.reading.sheets.cells import Cells, as_text, is_zero_padded, trimmed
from imports.reading.sheets.shared_texts import SharedTexts

# Workbooks with tens of thousands of formats have some ten.
MAX_HELD_BYTES = 32 * 1024 * 1024
# XML has no control characters, so .xlsx writes them by their number, and an underscore in front of what looks so.
_ESCAPED = re.compile("_x(00[01][0-9A-F]|007F|00[89][0-9A-F]|005F)_", re.IGNORECASE)


class _Archive(zipfile.ZipFile):
    """The parts of a workbook. What openpyxl holds whole (styles, names, relations) is bounded; sheets are streams."""

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """The content of a part, whatever it says of its size. Raises FileRefusedError if it is too large."""
        with self.open(name, pwd=pwd) as part:
            content = part.read(MAX_HELD_BYTES + 1)
        if len(content) > MAX_HELD_BYTES:
            raise FileRefusedError(
                f"The workbook has more than {MAX_HELD_BYTES // 1024**2} MB of formats. Save the sheet as CSV instead."
            )
        return content


class _Workbook(ExcelReader):
    """What `openpyxl.load_workbook` reads with, but for what it holds in memory."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, read_only=True, data_only=True, keep_links=False)
        self.archive = _Archive(stream)

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                self.shared_strings = SharedTexts(source)


class Reader:
    """See Workbook."""

    faults = (InvalidFileException, ExpatError)

    def __init__(self, stream: BinaryIO) -> None:
        reader = _Workbook(stream)
        reader.read()
        self._book = reader.wb
        self.sheets = [sheet.title for sheet in self._book.worksheets]
        self.hidden = {sheet.title for sheet in self._book.worksheets if sheet.sheet_state != "visible"}

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
