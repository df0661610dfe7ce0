"""Empty cells: what one does to a product that exists, as it is chosen for each field. Knows no file and no database.

To *keep* is to leave the product's value as it is, to *clear* is to write the empty value, and to *reject* is to reject
the row. What a kept cell stands for in a new product is for the one who knows that it is new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any

from imports.reading.errors import BadValueError, FileRefusedError
from products.fields import strip_all

CHOICES = ("keep", "clear", "reject")
# A file overwrites what is there, but no empty cell takes a product's name away, or activates it.
USUAL: Mapping[str, str] = {"name": "keep", "description": "clear", "price": "clear", "is_active": "keep"}
# Every product has them.
NEVER_EMPTY = {"name": "name", "is_active": "status"}

Column = Sequence[Any]
Cleaner = Callable[[Sequence[str]], Column]


class Kept(Enum):
    """What stands for the value of a cell that keeps the product's."""

    KEEP = "keep"


KEEP = Kept.KEEP


class KeepingColumn(list[Any]):
    """A column with KEEP in it."""


def choices_of(field: str) -> list[str]:
    """What an empty cell of `field` may do."""
    return [choice for choice in CHOICES if choice != "clear" or field not in NEVER_EMPTY]


def check_empty_cells(asked: object) -> dict[str, str]:
    """The choices of a caller, by field, checked for their form; raises FileRefusedError."""
    if not isinstance(asked, dict):
        raise FileRefusedError('empty_cells: must be an object such as {"description": "keep"}.')
    for field, choice in asked.items():
        if field not in USUAL:
            raise FileRefusedError(f"empty_cells: '{field}' is not a field that can be empty.")
        if choice and choice not in CHOICES:
            raise FileRefusedError(f"empty_cells: '{choice}' is not allowed; there are {', '.join(CHOICES)}.")
        if choice == "clear" and field in NEVER_EMPTY:
            raise FileRefusedError(
                f"empty_cells: a {NEVER_EMPTY[field]} cannot be cleared, because every product has one; "
                f"choose keep or reject for '{field}'."
            )
    return asked


def choices(asked: Mapping[str, str]) -> dict[str, str]:
    """What an empty cell does, for each field: what was `asked` for, else what is usual."""
    return {field: asked.get(field) or usual for field, usual in USUAL.items()}


def chosen(field: str, choice: str, clean: Cleaner) -> Cleaner:
    """`clean`, which gives an empty text or None for an empty cell of `field`, with the `choice` carried out."""
    if choice == "clear":
        return clean
    if field == "description":
        # Otherwise stored as it is.
        clean = partial(_blank_as_empty, clean=clean)
    return partial(_keep if choice == "keep" else _reject, field=field, clean=clean)


def _keep(texts: Sequence[str], *, field: str, clean: Cleaner) -> Column:
    column = clean(texts)
    if not _has_empty(field, column):
        return column
    return KeepingColumn(KEEP if value is None or value == "" else value for value in column)


def _reject(texts: Sequence[str], *, field: str, clean: Cleaner) -> Column:
    column = clean(texts)
    if _has_empty(field, column):
        raise BadValueError("missing", f"is empty; this import rejects an empty {NEVER_EMPTY.get(field, field)}.")
    return column


def _has_empty(field: str, column: Column) -> bool:
    if field == "price":
        return None in column
    # For a column of two or three values that is the fastest way; names and descriptions are many.
    return None in set(column) if field == "is_active" else not all(column)


def _blank_as_empty(texts: Sequence[str], *, clean: Cleaner) -> Column:
    return [text if seen else "" for text, seen in zip(clean(texts), strip_all(texts), strict=True)]
