"""Which sheet of a workbook is imported, and what to say of the others.

A cover sheet, instructions or hidden lists often stand beside the products, and sometimes products on several sheets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from imports.reading.columns import choose
from imports.reading.errors import FileRefusedError
from imports.reading.formats.recognize import recognize_among
from imports.reading.header import HEADER_AMONG, find_header
from imports.reading.texts import in_words, shown
from imports.reading.workbooks import Workbook, first_rows

# Each of so many sheets is looked at, and so many rows of it, blank ones included.
SHEETS_LOOKED_AT = 20
ROWS_LOOKED_AT = 200
NAMES_TOLD = 5


def choose_sheet(workbook: Workbook, asked: str) -> tuple[str, list[str]]:
    """The name of the sheet that is imported, and what to say of that choice to the sender: a sentence at most.

    The one that is `asked` for, else the first that is not hidden; where that is no table of products and just one
    other is, that other one. Raises FileRefusedError if there is no such sheet.
    """
    if asked:
        if asked not in workbook.sheets:
            raise FileRefusedError(
                f"sheet: the workbook has no sheet '{shown(asked)}'. Its sheets are {_names(workbook.sheets)}."
            )
        return asked, []
    visible = [name for name in workbook.sheets if name not in workbook.hidden] or workbook.sheets
    first = visible[0]
    if len(visible) == 1:
        return first, []
    with_products = [name for name in visible[:SHEETS_LOOKED_AT] if _has_products(workbook, name)]
    others = [name for name in with_products if name != first]
    if not others:
        return first, []
    if first in with_products:
        is_one = len(others) == 1
        return first, [
            f"Only the sheet '{shown(first)}' is imported. {_names(others)} {'has' if is_one else 'have'} products, "
            f"too: import {'it' if is_one else 'them'} by choosing {'that sheet' if is_one else 'one after the other'}."
        ]
    if len(others) == 1:
        return others[0], [
            f"The sheet '{shown(others[0])}' is imported, not the first one, '{shown(first)}', which has no products."
        ]
    return first, [
        f"The first sheet, '{shown(first)}', was read. Products seem to be in {_names(others)}: choose one of them."
    ]


def _names(sheets: Sequence[str]) -> str:
    names = [f"'{shown(name)}'" for name in sheets[:NAMES_TOLD]]
    if more := len(sheets) - len(names):
        names.append(f"{more} more")
    return in_words(names)


def _has_products(workbook: Workbook, sheet: str) -> bool:
    """Whether the sheet begins like an export of a known system, or has columns for SKUs and something else we know."""
    try:
        records = list(islice(_filled(first_rows(workbook, sheet, ROWS_LOOKED_AT)), HEADER_AMONG))
        if recognize_among(records):
            return True
        columns = choose(find_header(records).names).columns
    except FileRefusedError:
        # It is empty, or damaged.
        return False
    return "sku" in columns and len(columns) > 1


def _filled(rows: Iterator[Sequence[str]]) -> Iterator[list[str]]:
    return (list(row) for row in rows if any(row))
