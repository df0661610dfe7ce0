"""Cells as the texts that a CSV file would have for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from decimal import Decimal

from imports.reading.errors import FileRefusedError
from imports.reading.marks import ALL_MARKS, SUBSTITUTE, on_one_line

MAX_COLUMNS = 5_000
_RESERVED = dict.fromkeys(map(ord, ALL_MARKS), SUBSTITUTE)

Cells = Iterator[Sequence[str]]
# The format of a number that is shown with leading zeros.
is_zero_padded = re.compile("0+").fullmatch


def trimmed(cells: list[str]) -> list[str]:
    """`cells` without empty ones at the end; raises FileRefusedError if it is wider than any table of products."""
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_COLUMNS:
        raise FileRefusedError(f"The sheet has values in more than {MAX_COLUMNS:,} columns; it cannot be imported.")
    return cells


def as_text(value: object) -> str:
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
