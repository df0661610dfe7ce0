"""Columns of values on their way to PostgreSQL: `bulk_create` and `__any_of` send each as one array.

psycopg writes an array item by item, in Python, which was a third of what a new product took (measured:
docs/performance.md). Here a column is written by a few operations on the whole of it.
"""

from decimal import Decimal
from types import NoneType
from typing import Any

from psycopg.types.array import ListDumper

# PostgreSQL takes these as Python writes them, and none of them needs quotes within an array.
PLAIN = frozenset({int, bool, Decimal, NoneType})
# Stands between the texts until all of them are escaped at once. No text that PostgreSQL takes has it.
SEPARATOR = "\0"


class ColumnDumper(ListDumper):
    """Writes lists of texts or numbers as array literals (PostgreSQL's manual, 8.15.6), and others as psycopg does."""

    def dump(self, obj: list[Any]) -> Any:
        types = set(map(type, obj))
        if types <= PLAIN:
            return f"{{{','.join(['NULL' if item is None else str(item) for item in obj])}}}".encode()
        if types == {str}:
            texts = SEPARATOR.join(obj)
            if texts.count(SEPARATOR) == len(obj) - 1:
                escaped = texts.replace("\\", "\\\\").replace('"', '\\"').replace(SEPARATOR, '","')
                return f'{{"{escaped}"}}'.encode()
        return super().dump(obj)
