"""What the values of columns without a telling name propose: which looks like SKUs, prices, names or descriptions.

These are proposals for somebody to confirm, never decisions. It judges whole columns, not single values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import fmean

from imports.reading.names import folded, meaning

# So many values are looked at, in the first rows: enough to know a column, and quick with any number of columns.
MOST_VALUES = 12_500
MOST_ROWS = 1000
# Of a column, so many are matched against patterns.
MOST_MATCHED = 100
# Fewer show nothing.
LEAST_VALUES = 3
# How many of a column's values may be exceptions.
MOSTLY = 0.9
# What is longer is a description rather than a name, on average.
LONGEST_NAMES = 60

_CODE = re.compile(r"[^\W_][\w./#+-]{0,39}")
_AMOUNT = r"\d{1,3}(?:[ ',.\u00a0\u202f’]?\d{3})*(?:[.,]\d{1,4})?"
_SIGN = r"(?:[$€£¥₹₽₺₩₪]|zł|Kč|kr\.?|Fr\.?|Ft|lei|[A-Z]{3})?"
_PRICE = re.compile(rf"{_SIGN}\s?{_AMOUNT}\s?{_SIGN}")
_WHOLE = re.compile(r"\d+")
_CENTS = re.compile(r"\D*\d[\d ',.\u00a0\u202f’]*[.,]\d\d(?!\d)\D*")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*|\S+@\S+|\S*[\\/]\S+\.\w{2,4}|\S+\.(?:jpe?g|png|gif|webp|pdf)")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of a column that are not empty."""

    values: list[str]
    # Of all rows, how many have a value here; of the values, how many there is only one of.
    filled: float
    distinct: float

    def share(self, matches: Callable[[str], object]) -> float:
        """How many of the values match, going by the first."""
        values = self.values[:MOST_MATCHED]
        # Most columns are something else altogether, which the first values tell.
        if not any(map(matches, values[:5])):
            return 0
        return sum(map(bool, map(matches, values))) / len(values)

    @property
    def mean_length(self) -> float:
        return fmean(map(len, self.values))


def propose(
    records: Sequence[Sequence[str]],
    names: Sequence[str],
    taken: Mapping[str, int],
    fields: Collection[str] = ("sku", "price", "description", "name"),
    among: Collection[int] | None = None,
) -> dict[str, int]:
    """The position of the column that could be each of `fields`, as far as the values in `records` tell.

    Neither fields nor columns in `taken` are proposed, nor columns whose name tells another field, unless they are
    `among` those to choose from.
    """
    open_fields = [field for field in _SCORES if field in fields and field not in taken]
    positions = [i for i in (range(len(names)) if among is None else among) if i not in taken.values()]
    if not open_fields or not positions or not records:
        return {}
    columns = _columns(records, positions, len(names))
    fields_of_names = {i: told.field for i in columns if (told := meaning(names[i]))}
    proposed: dict[str, int] = {}
    for field in open_fields:
        scores = {
            position: score
            for position, column in columns.items()
            if position not in proposed.values()
            and (among is not None or fields_of_names.get(position, field) == field)
            and (score := _SCORES[field](column)) > 0
        }
        if scores:
            proposed[field] = max(scores, key=lambda i: (scores[i], folded(names[i]), -i))
    return proposed


def rows_looked_at(width: int) -> int:
    """How many of the first rows are looked at, in a file with so many columns."""
    return max(LEAST_VALUES, min(MOST_ROWS, MOST_VALUES // width))


def _columns(records: Sequence[Sequence[str]], positions: Sequence[int], width: int) -> dict[int, _Column]:
    """The columns at `positions` that have enough values."""
    rows = records[: rows_looked_at(width)]
    all_values = list(zip_longest(*(row[:width] for row in rows), fillvalue=""))
    columns = {}
    for position in (i for i in positions if i < len(all_values)):
        values = [text for value in all_values[position] if (text := value.strip())]
        if len(values) >= LEAST_VALUES:
            columns[position] = _Column(values, len(values) / len(rows), len(set(values)) / len(values))
    return columns


def _as_sku(column: _Column) -> float:
    """Each has one, all are different and look like codes. Letters and digits are better than numbers."""
    if column.filled < 0.95 or column.distinct < 0.98 or column.share(_CODE.fullmatch) < MOSTLY:
        return 0
    if column.share(_DIGIT.search) < MOSTLY or column.share(_DATE.fullmatch) > 0.5 or column.share(_is_cents) > 0.5:
        return 0
    score = 1 + column.share(_LETTER.search)
    if column.share(_WHOLE.fullmatch) < 1:
        return score
    # A mere count of rows is the least likely; then bar codes, of which all have 8, 12, 13 or 14 digits.
    if _is_count(column.values):
        return 0.1
    return 0.5 if {len(value) for value in column.values} <= {12, 13, 14} else score


def _is_cents(value: str) -> bool:
    return _CENTS.fullmatch(value) is not None and _PRICE.fullmatch(value) is not None


def _is_count(values: Sequence[str]) -> bool:
    numbers = [int(value) for value in values if len(value) < 10]
    return len(numbers) == len(values) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _as_price(column: _Column) -> float:
    """Amounts, most of them with cents or a currency: a stock is a whole number, a weight has other decimals."""
    if column.filled < 0.5 or column.share(_PRICE.fullmatch) < MOSTLY or column.share(_DATE.fullmatch) > 0.5:
        return 0
    cents = column.share(_CENTS.fullmatch)
    with_currency = column.share(lambda value: not value[0].isdigit() or not value[-1].isdigit())
    if max(cents, with_currency) < 0.5:
        return 0
    return 1 + cents + with_currency + column.distinct / 10


def _as_description(column: _Column) -> float:
    """Texts of many words."""
    length = column.mean_length
    if length <= LONGEST_NAMES or column.share(_ADDRESS.match) > 1 - MOSTLY or column.share(_has_words) < MOSTLY:
        return 0
    return length


def _as_name(column: _Column) -> float:
    """Short texts, nearly all of them different, most of several words."""
    if column.filled < MOSTLY or column.distinct < 0.8 or not 3 <= column.mean_length <= LONGEST_NAMES:
        return 0
    if column.share(_LETTER.search) < MOSTLY or column.share(_ADDRESS.match) > 1 - MOSTLY:
        return 0
    if max(column.share(_DATE.fullmatch), column.share(_PRICE.fullmatch)) > 1 - MOSTLY:
        return 0
    words = column.share(_has_words)
    # Codes are one word with digits in it.
    if words < 0.5 and column.share(_DIGIT.search) > 0.5:
        return 0
    return column.distinct + words


def _has_words(value: str) -> bool:
    return " " in value


# In this order, the surest first: what is proposed for one field is not for another.
_SCORES: dict[str, Callable[[_Column], float]] = {
    "sku": _as_sku,
    "price": _as_price,
    "description": _as_description,
    "name": _as_name,
}
