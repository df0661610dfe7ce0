"""The row: from a record of the file to clean values, or to the reasons why not. Does not know the database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from imports.csvfile import Record
from imports.header import DELIMITER_NAMES, FIELDS
from imports.texts import shown
from products.models import (
    DESCRIPTION_MAX_LENGTH,
    NAME_MAX_LENGTH,
    PRICE_DECIMAL_PLACES,
    PRICE_MAX_DIGITS,
    SKU_MAX_LENGTH,
    normalize_sku,
)

TRUE_WORDS = frozenset("true t yes y 1 on active published enabled".split())
FALSE_WORDS = frozenset("false f no n 0 off inactive draft archived unpublished disabled".split())

_MAX_WHOLE_DIGITS = PRICE_MAX_DIGITS - PRICE_DECIMAL_PLACES
_PLAIN_PRICE = re.compile(rf"[0-9]{{1,{_MAX_WHOLE_DIGITS}}}(\.[0-9]{{1,{PRICE_DECIMAL_PLACES}}})?").fullmatch
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+").fullmatch
# Groups of three digits behind a separator, and no zero before them: "0,500" is a half written with a comma. No-break
# and narrow no-break spaces stand in French and Swiss prices.
_GROUPED_BY_COMMA = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]*)?").fullmatch
_GROUPED_BY_DOT = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]*)?").fullmatch
_GROUPED_BY_SPACE = re.compile(r"[1-9][0-9]{0,2}([ '’\u00a0\u202f][0-9]{3})+([.,][0-9]*)?").fullmatch
_GROUP_SPACES = str.maketrans("", "", " '’\u00a0\u202f")
_SURROGATE = re.compile("[\ud800-\udfff]").search


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


class _BadValueError(ValueError):
    """A value breaks a rule: `code` names the rule; the text says what is wrong and what would be right."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class RowReader:
    """Turns the records of one file into clean rows or rejections.

    Args:
        header: the column names of the file.
        columns: the position of each field that the file has, as `header.find_columns` gives it.
        delimiter: a file with semicolons may have decimal commas.

    `fields` are the product fields that the file has, in the order of `CleanRow.values`.
    """

    def __init__(self, header: Sequence[str], columns: Mapping[str, int], delimiter: str) -> None:
        self.fields = tuple(field for field in FIELDS if field in columns)
        self._header = header
        self._field_count = len(header)
        self._delimiter = delimiter
        self._sku_position = columns["sku"]
        cleaners: dict[str, Callable[[str], Any]] = {
            "sku": _sku,
            "name": _name,
            "description": _description,
            "price": _price_with_decimal_comma if delimiter == ";" else _price,
            "is_active": _BooleanWords().__getitem__,
        }
        self._cleaners = [(columns[field], cleaners[field]) for field in self.fields]

    def key(self, record: Record) -> str:
        """The normalized SKU of `record`, which decides its lane; empty where the record has none that can be read."""
        return "" if record.fault else self.keys([record.fields])[0]

    def keys(self, rows: Sequence[list[str]]) -> list[str]:
        """The normalized SKU of each of `rows`, the fields of records that could be read; empty where one has none."""
        position = self._sku_position
        try:
            return [normalize_sku(fields[position]) for fields in rows]
        except IndexError:
            return [normalize_sku(fields[position]) if len(fields) > position else "" for fields in rows]

    def read(self, record: Record, key: str, *, search_bad_characters: bool) -> CleanRow | Rejection:
        """The clean row of `record`, whose normalized SKU is `key`, or why it is rejected.

        `search_bad_characters` says that the file may hold NUL or undecodable bytes hereabouts.
        """
        line, fields, fault = record
        if fault or len(fields) != self._field_count:
            return Rejection(line, (self._fault_of_record(record),), fields)
        if search_bad_characters:
            faults = tuple(self._bad_characters(fields))
            if faults:
                return Rejection(line, faults, fields)
        try:
            values = tuple([clean(fields[position]) for position, clean in self._cleaners])
        except _BadValueError:
            return Rejection(line, tuple(self._faults(fields)), fields)
        # Half of what `CleanRow(…)` takes.
        return tuple.__new__(CleanRow, (line, key, values, fields))

    def _fault_of_record(self, record: Record) -> Fault:
        if record.fault:
            return Fault("", shown(record.fields[0]), "unreadable", f"The row cannot be read: {record.fault}.")
        count, expected = len(record.fields), len(self._header)
        surplus = self._delimiter.join(record.fields[expected:])
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
            elif _SURROGATE(value):
                reason = f"{column}: holds bytes that are no text in the file's encoding."
                faults.append(Fault(column, shown(value), "undecodable", reason))
        return faults

    def _faults(self, fields: list[str]) -> list[Fault]:
        faults = []
        for position, clean in self._cleaners:
            try:
                clean(fields[position])
            except _BadValueError as error:
                column = self._header[position]
                faults.append(Fault(column, shown(fields[position]), error.code, f"{column}: {error}"))
        return faults


def _sku(text: str) -> str:
    sku = text.strip()
    if not sku:
        raise _BadValueError("missing", "is empty; every product needs a SKU.")
    if len(sku) > SKU_MAX_LENGTH:
        raise _too_long(sku, SKU_MAX_LENGTH)
    return sku


def _name(text: str) -> str:
    name = text.strip()
    if not name:
        raise _BadValueError("missing", "is empty; every product needs a name.")
    if len(name) > NAME_MAX_LENGTH:
        raise _too_long(name, NAME_MAX_LENGTH)
    return name


def _description(text: str) -> str:
    if len(text) > DESCRIPTION_MAX_LENGTH:
        raise _too_long(text, DESCRIPTION_MAX_LENGTH)
    return text


def _too_long(text: str, limit: int) -> _BadValueError:
    return _BadValueError("too_long", f"has {len(text)} characters; the limit is {limit}.")


class _BooleanWords(dict[str, bool]):
    """Each spelling of a boolean that the file has, and what it means; a file has few, and most rows the same."""

    MOST_KEPT = 1000
    LONGEST_KEPT = 20

    def __missing__(self, text: str) -> bool:
        word = text.strip().casefold()
        if word not in TRUE_WORDS and word not in FALSE_WORDS and word:
            raise _BadValueError("not_boolean", f"'{shown(text)}' is neither yes nor no; write true or false.")
        if len(self) < self.MOST_KEPT and len(text) <= self.LONGEST_KEPT:
            self[text] = word not in FALSE_WORDS
        return word not in FALSE_WORDS


def _price(text: str) -> Decimal | None:
    if _PLAIN_PRICE(text):
        return Decimal(text)
    return _written_price(text, decimal_comma=False)


def _price_with_decimal_comma(text: str) -> Decimal | None:
    return _written_price(text, decimal_comma=True)


def _written_price(text: str, *, decimal_comma: bool) -> Decimal | None:
    """The price that a person or a spreadsheet wrote: with white space, a currency sign, thousands separators."""
    if not text.strip():
        return None
    amount = _without_currency(text.strip())
    if amount[:1] in ("-", "−"):
        raise _BadValueError("negative", f"'{shown(text)}' is negative; a price is zero or more.")
    amount = _without_separators(amount, decimal_comma=decimal_comma)
    if not _NUMBER(amount):
        raise _BadValueError("not_a_price", f"'{shown(text)}' is not a plain decimal number such as 1234.50.")
    whole, _, decimals = amount.partition(".")
    if len(decimals) > PRICE_DECIMAL_PLACES:
        raise _BadValueError(
            "decimals", f"'{shown(text)}' has {len(decimals)} decimals; a price has {PRICE_DECIMAL_PLACES} at most."
        )
    if len(whole.lstrip("0")) > _MAX_WHOLE_DIGITS:
        raise _BadValueError(
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
