"""Workbooks of .xls, through xlrd. Such a file has 65,536 rows at the most, and is read into memory."""

from __future__ import annotations

from typing import BinaryIO

import xlrd

from imports.reading.errors import FileRefusedError
from imports.reading.marks import ERROR_MARK
from imports.reading.sheets.cells import Cells, as_text, is_zero_padded, trimmed

MAX_BYTES = 32 * 1024 * 1024


class Reader:
    """See Workbook."""

    faults = (xlrd.XLRDError, xlrd.compdoc.CompDocError)

    def __init__(self, stream: BinaryIO) -> None:
        content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise FileRefusedError(f"The workbook is larger than {MAX_BYTES // 1024**2} MB. Save it as .xlsx.")
        self._book = xlrd.open_workbook(file_contents=content, formatting_info=True, on_demand=True)
        self.sheets = self._book.sheet_names()
        # Known before a sheet is loaded; the library tells it in public only then.
        states = self._book._sheet_visibility  # noqa: SLF001
        self.hidden = {name for name, state in zip(self.sheets, states, strict=False) if state}

    def rows(self, sheet: str) -> Cells:
        """See Workbook."""
        worksheet = self._book.sheet_by_name(sheet)
        for number in range(worksheet.nrows):
            yield trimmed([self._text(cell) for cell in worksheet.row(number)])

    def _text(self, cell: xlrd.sheet.Cell) -> str:
        value = cell.value
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return ERROR_MARK + xlrd.error_text_from_code.get(value, "#ERROR!")
        if cell.ctype == xlrd.XL_CELL_DATE:
            return as_text(xlrd.xldate_as_datetime(value, self._book.datemode))
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return as_text(bool(value))
        if cell.ctype == xlrd.XL_CELL_NUMBER and float(value).is_integer():
            number_format = self._book.format_map[self._book.xf_list[cell.xf_index].format_key].format_str
            return str(int(value)).zfill(len(number_format) if is_zero_padded(number_format) else 1)
        return as_text(value)
