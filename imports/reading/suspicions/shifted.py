"""Rows whose values stand one column over: a field too many in front and one too few behind, or the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from imports.reading.amounts import BLANKS, CANONICAL, find_amount
from imports.reading.booleans import WORDS, folded
from imports.reading.suspicions.sample import Sample, lines_text

# What most of a column has in common is what its values should be.
_MOSTLY = 0.6
_LETTER = re.compile(r"[^\W\d_]").search
_WORD = re.compile(r"[^\W\d_]{3}").search
_LONG_WORD = re.compile(r"[^\W\d_]{6}").search
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?").fullmatch


# No amount is longer.
_LONGEST_AMOUNT = 40


def _is_amount(value: str) -> bool:
    if _PLAIN(value):
        return True
    is_long = len(value) > _LONGEST_AMOUNT
    return not is_long and bool(find_amount(value.translate(CANONICAL).strip()).readings)


@cache
def _is_word(value: str) -> bool:
    return folded(value) in WORDS


def _is_flag(value: str) -> bool:
    # No word is longer, and no longer text is to be kept in a cache.
    return len(value) <= 30 and _is_word(value)


def _is_text(value: str) -> bool:
    # "true" in a column of names is the status of its product.
    if value.casefold() in ("true", "false"):
        return False
    # No currency has so long a word, and most names do.
    return bool(_LONG_WORD(value)) or (bool(_LETTER(value)) and not _is_amount(value))


_KINDS = {"name": _is_text, "price": _is_amount, "is_active": _is_flag}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a product field: of which kind its values are, and whether most rows have one."""

    field: str
    position: int
    is_filled: bool

    def fits(self, value: str) -> bool:
        """Whether `value` is what the column should have."""
        return bool(value) and _KINDS[self.field](value)

    def may_have(self, value: str) -> bool:
        """Whether `value` is nothing that is wrong in the column by itself."""
        return value.lower() in BLANKS or self.fits(value)


def shifted(sample: Sample, words: Mapping[str, bool]) -> Iterator[str]:
    """A sentence for each direction in which values are one column over. `words` are the file's own for its status."""
    columns = _columns(sample, words)
    if len(columns) < 2:
        return
    rows = [
        (line, row, wrong)
        for line, row in zip(sample.lines, sample.rows, strict=True)
        if (wrong := [column for column in columns if not column.may_have(row[column.position].strip())])
    ]
    sku = sample.columns["sku"]
    for by, direction in ((1, "right"), (-1, "left")):
        lines = [line for line, row, wrong in rows if _is_shifted(row, wrong, columns, by, sku)]
        if lines:
            yield (
                f"Values seem to stand one column too far to the {direction}: {lines_text(lines, sample.scope)}. "
                "A delimiter too many or too few in a row does that; compare them with the header before you import."
            )


def _columns(sample: Sample, words: Mapping[str, bool]) -> list[_Column]:
    """The columns whose values can be told from others; not a status in words that only this file has."""
    fields = [field for field in _KINDS if field in sample.columns and not (field == "is_active" and words)]
    return [
        _Column(field, sample.columns[field], sum(map(bool, sample.values(field))) >= _MOSTLY * len(sample.rows))
        for field in fields
    ]


def _is_shifted(row: Sequence[str], found: Sequence[_Column], columns: Sequence[_Column], by: int, sku: int) -> bool:
    """Whether the values next to those columns of `row` that have what they should not are what they should have.

    In at least two columns, of which `found` are some.
    """
    at = {column.position for column in found}
    # An empty field is wrong where the column is filled, or where its value went next door.
    wrong = [
        *found,
        *(
            column
            for column in columns
            if not row[column.position].strip() and (column.is_filled or column.position + by in at)
        ),
    ]
    beside = [(column, column.position + by) for column in wrong if 0 <= column.position + by < len(row)]
    return (
        len(wrong) > 1
        and len(beside) > 0
        and all(_belongs(row[place], column, place == sku) for column, place in beside)
    )


def _belongs(value: str, column: _Column, is_in_sku: bool) -> bool:
    """Whether `value` belongs into `column`; as a name, it is a word, and several if it could be a SKU as well."""
    stripped = value.strip()
    if column.field == "name" and (not _WORD(stripped) or (is_in_sku and " " not in stripped)):
        return False
    return column.fits(stripped)
