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
from imports.reading.empty_cells import KEEP, Cleaner, KeepingColumn, choices, chosen
from imports.reading.errors import BadValueError
from imports.reading.extra import ExtraReader
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle, PriceReader, error_value
from imports.reading.suspicions.damaged_skus import NO_DAMAGE, DamagedSkus
from imports.reading.texts import SHOWN_LENGTH, cut_to_width, shown
from products.extra import EXTRA
from products.fields import (
    CONTROL_CHARACTER,
    DESCRIPTION_MAX_LENGTH,
    FIELDS,
    NAME_MAX_LENGTH,
    SKU_MAX_LENGTH,
    UNSTORABLE_CHARACTER,
    has_control_character,
    has_invisible,
    normalize_skus,
    strip_all,
)

# Nothing is known of how the prices are written.
ANY_STYLE = NumberStyle()
# What word processors make of a quotation mark at the beginning of a word.
_typographic_mark = re.compile(r"\s*([“”„‟«])").match


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


class IncompleteRow(CleanRow):
    """A clean row with empty cells that keep what the product has: these `values` are KEEP."""

    __slots__ = ()


class Rejection(NamedTuple):
    """A row that may not, with every fault that was found in it."""

    line: int
    faults: tuple[Fault, ...]
    record: list[str]


class Skip(NamedTuple):
    """A record that is passed over, since it is no product: its line, and the code of the reason."""

    line: int
    code: str


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
        damaged: the SKUs whose rows are rejected, because a spreadsheet has made one of several.
        extra: read the columns that are no field, too.
        empty_cells: what an empty cell does, for the fields where that is not the usual.

    `fields` are the product fields that the file has, in the order of `CleanRow.values`; with extra, that is the last.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Mapping[str, int],
        delimiter: str,
        *,
        numbers: NumberStyle = ANY_STYLE,
        words: Mapping[str, bool] | None = None,
        damaged: DamagedSkus = NO_DAMAGE,
        extra: bool = False,
        empty_cells: Mapping[str, str] | None = None,
    ) -> None:
        self.fields = tuple(field for field in FIELDS if field in columns)
        self._header = header
        self._delimiter = delimiter
        self._sku_position = columns["sku"]
        self._damaged = damaged
        cleaners: dict[str, Cleaner] = {
            "sku": _skus,
            "name": partial(_stripped, limit=NAME_MAX_LENGTH),
            "description": partial(_limited, limit=DESCRIPTION_MAX_LENGTH),
            "price": PriceReader(numbers).read,
            "is_active": BooleanReader(words).read,
        }
        for field, choice in choices(empty_cells or {}).items():
            cleaners[field] = chosen(field, choice, cleaners[field])
        self._cleaners = [(columns[field], cleaners[field]) for field in self.fields]
        self._extra: ExtraReader | None = None
        if extra and (reader := ExtraReader(header, set(columns.values()))).names:
            self._extra, self.fields = reader, (*self.fields, EXTRA)

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
        if self._damaged and not self._damaged.is_disjoint(keys):
            raise _FaultyBatchError
        columns: list[Sequence[Any]] = []
        for position, clean in self._cleaners:
            texts = list(map(itemgetter(position), rows))
            if has_bad_characters and UNSTORABLE_CHARACTER.search("".join(texts)):
                raise _FaultyBatchError
            columns.append(clean(texts))
        if self._extra:
            columns.append(self._extra.read(rows, has_bad_characters=has_bad_characters))
        found = zip(lines, keys, zip(*columns, strict=True), rows, strict=True)
        if any(type(column) is KeepingColumn for column in columns):
            return [(IncompleteRow if KEEP in row[2] else CleanRow)(*row) for row in found]
        return list(map(_clean_row, found))

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
        delimiter = DELIMITER_NAMES.get(self._delimiter, self._delimiter)
        if count < expected:
            remedy = f"a delimiter ({delimiter}) is missing, or the row was broken into several lines."
        elif mark := next(filter(None, map(_typographic_mark, fields[: expected + SHOWN_LENGTH])), None):
            remedy = f'a field that holds the delimiter ({delimiter}) must be quoted with ", and not with {mark[1]}.'
        else:
            remedy = f"a field that holds the delimiter ({delimiter}) must be quoted."
        reason = f"The row has {count} fields, the header has {expected} columns; {remedy}"
        return Fault("", shown(surplus), "field_count", reason)

    def _bad_characters(self, fields: list[str]) -> list[Fault]:
        faults = []
        for position, _ in self._cleaners:
            value, column = fields[position], self._header[position]
            if "\0" in value:
                faults.append(Fault(column, shown(value), "nul", f"{column}: holds a NUL byte."))
            elif UNSTORABLE_CHARACTER.search(value):
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
        if self._extra:
            try:
                self._extra.read([fields], has_bad_characters=True)
            except BadValueError as error:
                faults.append(Fault("", "", error.code, str(error)))
        return [*self._damaged_sku(fields), *faults]

    def _damaged_sku(self, fields: list[str]) -> list[Fault]:
        """The fault of a SKU that a spreadsheet has made of several."""
        value = fields[self._sku_position]
        if not self._damaged or normalize_skus((value,))[0] not in self._damaged:
            return []
        column = self._header[self._sku_position]
        reason = (
            f"{column}: '{shown(value)}' is what a spreadsheet has made of a number or a code, and other rows of the "
            "file have the same. Nobody can tell which products they are; write the SKUs as the catalogue has them."
        )
        return [Fault(column, shown(value), "damaged_sku", reason)]


def _skus(texts: Sequence[str]) -> Sequence[str]:
    """`texts` without what is around them, all of which must be SKUs then."""
    skus = _stripped(texts, limit=SKU_MAX_LENGTH)
    if not all(skus):
        raise BadValueError("missing", "is empty; every product needs a SKU.")
    if has_control_character("".join(skus)):
        raise BadValueError("control_character", f"{_shown_with_controls(skus[0])} holds a control character.")
    return skus


def _stripped(texts: Sequence[str], *, limit: int) -> Sequence[str]:
    """`texts` without what is around them, of which none may be an error of a spreadsheet."""
    stripped = list(map(str.strip, texts))
    # What is rare is looked for in the whole column at once.
    everything = "".join(stripped)
    if has_invisible(everything):
        stripped = strip_all(stripped)
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
