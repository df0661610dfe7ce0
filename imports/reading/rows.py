"""The row: from a record of the file to clean values, or to the reasons why not. Does not know the database.

Values are checked by the column, a batch of records at once: that takes a third of the time that row by row takes
(measured: benchmarks/stages.py). In a batch that has something wrong in it, the rows concerned are found by bisection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, cast

from imports.reading.amounts import ERROR_VALUES
from imports.reading.booleans import BooleanReader
from imports.reading.csvfile import Batch, Damage, Record
from imports.reading.errors import BadValueError
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle, PriceReader, error_value
from imports.reading.texts import shown
from products.fields import (
    CONTROL_CHARACTER,
    DESCRIPTION_MAX_LENGTH,
    FIELDS,
    NAME_MAX_LENGTH,
    SKU_MAX_LENGTH,
    has_control_character,
    has_invisible,
    normalize_skus,
    strip_all,
)

# Nothing is known of how the prices are written.
ANY_STYLE = NumberStyle()
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
        delimiter: what is between the fields, for a reason that names it.
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
        numbers: NumberStyle = ANY_STYLE,
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
            "price": PriceReader(numbers).read,
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
                return [], [Rejection(lines[0], tuple(self._faults(rows[0])), rows[0])]
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
        surplus = self._delimiter.join(fields[expected:])
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
