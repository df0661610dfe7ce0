"""The row: from a record of the file to clean values, or to the reasons why not. Does not know the database.

Values are checked by the column, a batch of records at once: that takes a third of the time that row by row takes
(measured: benchmarks/stages.py). In a batch that has something wrong in it, the rows concerned are found by bisection.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, cast

from imports.reading.amounts import ERROR_VALUES
from imports.reading.booleans import BooleanReader
from imports.reading.csvfile import Batch, Damage, Record
from imports.reading.errors import BadValueError
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle, PriceReader, error_value
from imports.reading.texts import SHOWN_LENGTH, cut_to_width, shown
from products.fields import (
    CONTROL_CHARACTER,
    DESCRIPTION_MAX_LENGTH,
    FIELDS,
    NAME_MAX_LENGTH,
    PRICE_DECIMAL_PLACES,
    PRICE_MAX_DIGITS,
    SKU_MAX_LENGTH,
    has_control_character,
    has_invisible,
    normalize_skus,
    strip_all,
)

_MAX_WHOLE_DIGITS = PRICE_MAX_DIGITS - PRICE_DECIMAL_PLACES
# What most prices look like.
_WHOLE, _DECIMALS = rf"[0-9]{{1,{_MAX_WHOLE_DIGITS}}}", rf"[0-9]{{1,{PRICE_DECIMAL_PLACES}}}"
_PLAIN_PRICE = re.compile(rf"{_WHOLE}([.]{_DECIMALS})?").fullmatch
_PLAIN_PRICE_WITH_COMMA = re.compile(rf"{_WHOLE}([.,]{_DECIMALS})?").fullmatch
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+").fullmatch
# Groups of three digits behind a separator, and no zero before them: "0,500" is a half written with a comma. No-break
# and narrow no-break spaces stand in French and Swiss prices.
_GROUPED_BY_COMMA = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?").fullmatch
_GROUPED_BY_DOT = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]*)?").fullmatch
_GROUPED_BY_SPACE = re.compile(r"[1-9][0-9]{0,2}([ '’\u00a0\u202f][0-9]{3})+([.,][0-9]*)?").fullmatch
_GROUP_SPACES = str.maketrans("", "", " '’\u00a0\u202f")
# NUL, or a lone surrogate, which stands for an undecodable byte.
_BAD_CHARACTER = re.compile("[\0\ud800-\udfff]").search


class Fault(NamedTuple):
    """One thing that is wrong with a row: in which column, which value, which rule, and a sentence for people."""

    column: str
    value: str
    code: str
    reason: str


class CleanRow(NamedTuple):
    """A row that may go into the catalogue. `values` stand in the order of the reader's `fields`."""

    line: int
    sku_normalized: str
    values: tuple[Any, ...]
    record: list[str]


class Rejection(NamedTuple):
    """A row that may not, with every fault that was found in it."""

    line: int
    faults: tuple[Fault, ...]
    record: list[str]


# Half of what `CleanRow(…)` takes.
_clean_row = cast("Callable[[tuple[Any, ...]], CleanRow]", partial(tuple.__new__, CleanRow))


class _FaultyBatchError(Exception):
    """Something is wrong with one of several rows."""


class RowReader:
    """Turns the records of one file into clean rows or rejections.

    Args:
        header: the column names of the file.
        columns: the position of each field that the file has, as `columns.choose` gives it.
        delimiter: a file with semicolons may have decimal commas, if nothing is known of its number style.
        numbers: the number style of the price column.
        words: what the file's own words in the column is_active mean.

    `fields` are the product fields that the file has, in the order of `CleanRow.values`.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Mapping[str, int],
        delimiter: str,
        *,
        numbers: NumberStyle | None = None,
        words: Mapping[str, bool] | None = None,
    ) -> None:
        self.fields = tuple(field for field in FIELDS if field in columns)
        self._header = header
        self._delimiter = delimiter
        self._sku_position = columns["sku"]
        cleaners: dict[str, Callable[[Sequence[str]], Sequence[Any]]] = {
            "sku": _skus,
            "name": partial(_required, what="a name", limit=NAME_MAX_LENGTH),
            "description": partial(_limited, limit=DESCRIPTION_MAX_LENGTH),
            "price": PriceReader(numbers).read if numbers else partial(_prices, decimal_comma=delimiter == ";"),
            "is_active": BooleanReader(words).read,
        }
        self._cleaners = [(columns[field], cleaners[field]) for field in self.fields]

    def keys(self, batch: Batch) -> list[str]:
        """The normalized SKU of each record, which decides its lane; empty where the record has none."""
        if batch.damage:
            return [""] * len(batch.rows)
        position = self._sku_position
        try:
            return normalize_skus(map(itemgetter(position), batch.rows))
        except IndexError:
            return normalize_skus(fields[position] if len(fields) > position else "" for fields in batch.rows)

    def read(self, batch: Batch, keys: Sequence[str]) -> tuple[list[CleanRow], list[Rejection]]:
        """The clean rows of `batch`, whose normalized SKUs are `keys`, and why the others are rejected."""
        lines, rows = batch.lines, batch.rows
        if not rows:
            return [], []
        if batch.damage:
            return [], self._damaged_rows(batch, batch.damage)
        try:
            return self._clean_rows(batch, keys), []
        except (_FaultyBatchError, BadValueError):
            if len(rows) == 1:
                record = cut_to_width(rows[0], len(self._header))
                return [], [Rejection(lines[0], tuple(self._faults(rows[0])), record)]
        middle = len(rows) // 2
        first, second = (
            self.read(batch._replace(lines=lines[half], rows=rows[half]), keys[half])
            for half in (slice(middle), slice(middle, None))
        )
        return first[0] + second[0], first[1] + second[1]

    def read_one(self, record: Record) -> CleanRow | Rejection:
        """What becomes of `record`, about whose characters nothing is known."""
        batch = Batch([record.line], [record.fields], record.damage, has_bad_characters=True)
        rows, rejections = self.read(batch, self.keys(batch))
        return (rows or rejections)[0]

    def _clean_rows(self, batch: Batch, keys: Sequence[str]) -> list[CleanRow]:
        """The rows of `batch`, if nothing is wrong with any of them."""
        lines, rows, _, has_bad_characters = batch
        if set(map(len, rows)) != {len(self._header)}:
            raise _FaultyBatchError
        columns = []
        for position, clean in self._cleaners:
            texts = list(map(itemgetter(position), rows))
            if has_bad_characters and _BAD_CHARACTER("".join(texts)):
                raise _FaultyBatchError
            columns.append(clean(texts))
        return list(map(_clean_row, zip(lines, keys, zip(*columns, strict=True), rows, strict=True)))

    def _faults(self, fields: list[str]) -> list[Fault]:
        """All that is wrong with the only record of `batch`."""
        if len(fields) != len(self._header):
            return [self._wrong_number_of_fields(fields)]
        return self._bad_characters(fields) or self._bad_values(fields)

    def _damaged_rows(self, batch: Batch, damage: Damage) -> list[Rejection]:
        """The lines of a damaged row: the first by its damage, the others as lines that it takes with it."""
        at = "" if damage.position is None else self._name_of(damage.position)
        reason = f"{at}: {damage.reason}." if at else f"The row cannot be read: {damage.reason}."
        faults = [Fault(at, shown(damage.text or batch.rows[0][0]), damage.code, reason)]
        for fields in batch.rows[1:]:
            reason = f"The line cannot be told from the damaged row in line {batch.lines[0]}."
            faults.append(Fault("", shown(fields[0]), damage.code, reason))
        return [
            Rejection(line, (fault,), row) for line, fault, row in zip(batch.lines, faults, batch.rows, strict=True)
        ]

    def _name_of(self, position: int) -> str:
        """The name of the column at `position`; its number, if it has none."""
        return (self._header[position] if position < len(self._header) else "") or f"column {position + 1}"

    def _wrong_number_of_fields(self, fields: list[str]) -> Fault:
        count, expected = len(fields), len(self._header)
        surplus = self._delimiter.join(fields[expected : expected + SHOWN_LENGTH])
        return Fault(
            "",
            shown(surplus),
            "field_count",
            f"The row has {count} fields, the header has {expected} columns; a field that holds the delimiter "
            f"({DELIMITER_NAMES.get(self._delimiter, self._delimiter)}) must be quoted.",
        )

    def _bad_characters(self, fields: list[str]) -> list[Fault]:
        faults = []
        for position, _ in self._cleaners:
            value, column = fields[position], self._header[position]
            if "\0" in value:
                faults.append(Fault(column, shown(value), "nul", f"{column}: holds a NUL byte."))
            elif _BAD_CHARACTER(value):
                reason = f"{column}: holds bytes that are no text in the file's encoding."
                faults.append(Fault(column, shown(value), "undecodable", reason))
        return faults

    def _bad_values(self, fields: list[str]) -> list[Fault]:
        faults = []
        for position, clean in self._cleaners:
            try:
                clean([fields[position]])
            except BadValueError as error:
                column = self._header[position]
                faults.append(Fault(column, shown(fields[position]), error.code, f"{column}: {error}"))
        return faults


def _skus(texts: Sequence[str]) -> Sequence[str]:
    """`texts` without what is around them, all of which must be SKUs then."""
    skus = _required(texts, what="a SKU", limit=SKU_MAX_LENGTH)
    if has_control_character("".join(skus)):
        raise BadValueError("control_character", f"{_shown_with_controls(skus[0])} holds a control character.")
    return skus


def _required(texts: Sequence[str], *, what: str, limit: int) -> Sequence[str]:
    """`texts` without what is around them, of which none may be empty then, nor an error of a spreadsheet."""
    stripped = list(map(str.strip, texts))
    # What is rare is looked for in the whole column at once.
    everything = "".join(stripped)
    if has_invisible(everything):
        stripped = strip_all(stripped)
    if not all(stripped):
        raise BadValueError("missing", f"is empty; every product needs {what}.")
    if "#" in everything and not ERROR_VALUES.isdisjoint(stripped):
        raise error_value(stripped[0])
    return _limited(stripped, limit=limit)


def _shown_with_controls(text: str) -> str:
    """`text` for a sentence, its control characters written as `U+0007`."""
    return f"'{CONTROL_CHARACTER.sub(lambda match: f'<U+{ord(match[0]):04X}>', shown(text))}'"


def _limited(texts: Sequence[str], *, limit: int) -> Sequence[str]:
    """`texts`, of which none may have more than `limit` characters."""
    length = max(map(len, texts))
    if length > limit:
        raise BadValueError("too_long", f"has {length} characters; the limit is {limit}.")
    return texts


def _prices(texts: Sequence[str], *, decimal_comma: bool) -> list[Decimal | None]:
    is_plain = _PLAIN_PRICE_WITH_COMMA if decimal_comma else _PLAIN_PRICE
    return [
        Decimal(text.replace(",", ".")) if is_plain(text) else _written_price(text, decimal_comma=decimal_comma)
        for text in texts
    ]


def _written_price(text: str, *, decimal_comma: bool) -> Decimal | None:
    """The price that a person or a spreadsheet wrote: with white space, a currency sign, thousands separators."""
    if not text.strip():
        return None
    amount = _without_currency(text.strip())
    if amount[:1] in ("-", "−"):
        raise BadValueError("negative", f"'{shown(text)}' is negative; a price is zero or more.")
    amount = _without_separators(amount, decimal_comma=decimal_comma)
    if not _NUMBER(amount):
        raise BadValueError("not_a_price", f"'{shown(text)}' is not a plain decimal number such as 1234.50.")
    whole, _, decimals = amount.partition(".")
    if len(decimals) > PRICE_DECIMAL_PLACES:
        raise BadValueError(
            "decimals", f"'{shown(text)}' has {len(decimals)} decimals; a price has {PRICE_DECIMAL_PLACES} at most."
        )
    if len(whole.lstrip("0")) > _MAX_WHOLE_DIGITS:
        raise BadValueError(
            "too_many_digits", f"'{shown(text)}' is too large; a price has {_MAX_WHOLE_DIGITS} digits before the point."
        )
    return Decimal(amount)


def _without_currency(amount: str) -> str:
    """`amount` without one currency sign before or behind it (Unicode category Sc: $, €, £, ¥, …)."""
    if amount and unicodedata.category(amount[0]) == "Sc":
        return amount[1:].lstrip()
    if amount and unicodedata.category(amount[-1]) == "Sc":
        return amount[:-1].rstrip()
    # "-$5" is a negative price, and is to be told so.
    if len(amount) > 1 and amount[0] in "-−" and unicodedata.category(amount[1]) == "Sc":
        return amount[0] + amount[2:].lstrip()
    return amount


def _without_separators(amount: str, *, decimal_comma: bool) -> str:
    """`amount` without thousands separators, and with a decimal point."""
    if _GROUPED_BY_SPACE(amount):
        amount = amount.translate(_GROUP_SPACES)
    if not decimal_comma:
        return amount.replace(",", "") if _GROUPED_BY_COMMA(amount) else amount
    # "1.234" in a file with decimal commas: only as thousands is it a price; three decimals would be none.
    if _GROUPED_BY_DOT(amount):
        amount = amount.replace(".", "")
    return amount.replace(",", ".", 1)
