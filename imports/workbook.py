"""A table as a workbook (.xlsx), written row by row in constant memory. Does not know what its rows are.

Each cell is text, so that nothing becomes a number or a formula; nor does what is typed into it later: it would be a
number in the style of that computer, and not of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from acme_importer.texts import shortened
from imports.files import space
from imports.files.incoming import IncomingFile, incoming_folder
from imports.reading.errors import FileRefusedError
from imports.reading.workbooks import MAX_SHEET_ROWS

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Besides them there is the header, and a sheet that is filled to its last row looks like one that was cut off.
MAX_WORKBOOK_ROWS = MAX_SHEET_ROWS - 2
# Spreadsheet programs cut off what is longer.
MAX_CELL_LENGTH = 32_767


def make(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> IncomingFile:
    """The workbook with one sheet: a temporary file, at its beginning, which is deleted when it is closed.

    Raises FileRefusedError if the rows are more than a sheet holds, or if there is no disk space for it.
    """
    space.check()
    file = IncomingFile("table.xlsx", XLSX_TYPE)
    try:
        with space.full_disk_refused():
            _write(file, title, header, rows)
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _write(target: IncomingFile, title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    # Loaded on use: few processes ever write a workbook, and it takes some time and memory.
    xlsxwriter = import_module("xlsxwriter")
    with xlsxwriter.Workbook(target, {"constant_memory": True, "tmpdir": str(incoming_folder())}) as book:
        sheet = book.add_worksheet(title)
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(header) - 1, None, text)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.freeze_panes(1, 0)
        _write_row(sheet, 0, header, text)
        for number, fields in enumerate(rows, start=1):
            if number > MAX_WORKBOOK_ROWS:
                raise FileRefusedError(f"A sheet holds at most {MAX_WORKBOOK_ROWS:,} rows; use the CSV file.")
            _write_row(sheet, number, fields, text)


def _write_row(sheet: Any, number: int, fields: Sequence[str], text: Any) -> None:
    for position, field in enumerate(fields):
        if field:
            sheet.write_string(number, position, shortened(field, MAX_CELL_LENGTH), text)
