"""Where the table ends: records among its rows that are none of them, and rows of a second table below it.

A repeated header, a ruled line and a line of totals hold no data, and are skipped. What stands below the header of
another table would be read by the wrong columns, and is rejected. Does not know which lane a record belongs to: each
lane reads the whole file, and comes to the same end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import NamedTuple

from imports.reading import vocabulary
from imports.reading.csvfile import Batch
from imports.reading.header import MOST_COLUMNS, reads_as_header
from imports.reading.marks import FAULT, SKIPPED
from imports.reading.names import folded, meaning
from imports.reading.nodata import RULES, TOTALS, is_amount, is_separator_row, is_total_row
from imports.reading.questions import is_numbered
from imports.reading.rows import Fault, Rejection, Skip
from imports.reading.texts import shown
from products.fields import normalize_skus

REPEATED_HEADER, SEPARATOR, TOTALS_ROW, SECOND_TABLE = "repeated_header", "separator", "totals", "second_table"


class Apart(NamedTuple):
    """Records that are no rows of the table: the SKU keys that they have, and what becomes of each.

    It is skipped or rejected.
    """

    keys: list[str]
    fates: list[Skip | Rejection]


class Table:
    """The rows of one file, which must be given from the checkpoint on, in their order.

    Args:
        header: the column names.
        columns: the position of each product field that the file has.
        second_table: the line of the header of the other table that the file stood in at the checkpoint; 0 if in none.
        has_marks: the file was rewritten, and has the marks of `marks.py`.
        is_sheet: the file is the sheet of a workbook, whose rows end with their last filled cell.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Mapping[str, int],
        *,
        second_table: int = 0,
        has_marks: bool = False,
        is_sheet: bool = False,
    ) -> None:
        self.second_table = second_table
        self._names = list(map(folded, header))
        # The names of columns that have none are the first numbers, which are data anywhere else.
        self._has_header = not is_numbered(header)
        self._columns = columns
        self._sku = columns["sku"]
        # Where names stand in another order, one of two columns has a word that is known.
        self._second = columns.get("name", columns.get("price", self._sku))
        self._width = len(header)
        self._has_marks = has_marks
        self._is_sheet = is_sheet
        self._words = _KEYS.union(normalize_skus(header)) if self._has_header else _KEYS
        self._second_words = _WORDS.union(header) if self._has_header else _WORDS

    def take_out(self, batch: Batch, keys: list[str]) -> tuple[Batch, list[str], Apart]:
        """The rows of `batch` and their keys without the records that stand apart, and those."""
        if batch.damage or not (self.second_table or self._is_doubtful(batch.rows, keys)):
            return batch, keys, _NOTHING
        is_row = [True] * len(keys)
        apart = Apart([], [])
        for number, (line, fields, key) in enumerate(zip(batch.lines, batch.rows, keys, strict=True)):
            if fate := self._fate(line, fields, key):
                is_row[number] = False
                apart.keys.append(key)
                apart.fates.append(fate)
        lines, rows = list(compress(batch.lines, is_row)), list(compress(batch.rows, is_row))
        return batch._replace(lines=lines, rows=rows), list(compress(keys, is_row)), apart

    def stands_apart(self, line: int, fields: list[str]) -> bool:
        """Whether that record, the next one, is no row of the table."""
        return not self.only_rows(Batch([line], [fields])).rows

    def only_rows(self, batch: Batch) -> Batch:
        """The rows of the table among the records of `batch`, the next ones."""
        keys = normalize_skus(fields[self._sku] if self._sku < len(fields) else "" for fields in batch.rows)
        return self.take_out(batch, keys)[0]

    def _is_doubtful(self, rows: list[list[str]], keys: list[str]) -> bool:
        """Whether one of `rows` needs a closer look. Costs next to nothing, and nearly always says no."""
        widths = set(map(len, rows))
        if widths != {self._width} and not (self._is_sheet and max(widths) <= self._width):
            return True
        if not self._words.isdisjoint(keys):
            return True
        if min(widths) > self._second:
            return not self._second_words.isdisjoint(map(itemgetter(self._second), rows))
        return any(len(fields) > self._second and fields[self._second] in self._second_words for fields in rows)

    def _fate(self, line: int, fields: list[str], key: str) -> Skip | Rejection | None:
        """What becomes of a record, if it is no row of the table."""
        if self._has_marks and fields and fields[0][:1] in (FAULT, SKIPPED):
            return None
        is_doubtful = self.second_table or self._is_doubtful([fields], [key])
        code = self._no_data(fields, key) if is_doubtful else ""
        if code == REPEATED_HEADER:
            self.second_table = 0
        elif code == SECOND_TABLE:
            self.second_table = line
        elif not code and self.second_table:
            return self._rejection(line, fields)
        return Skip(line, code) if code else None

    def _no_data(self, fields: Sequence[str], key: str) -> str:
        """The reason why a record holds no data; empty if it does."""
        if len(fields) > MOST_COLUMNS:
            # Looking at hundreds of thousands of fields takes a second, and a small compressed file has thousands such.
            return ""
        texts = [field.strip() for field in fields]
        if is_separator_row(texts):
            return SEPARATOR
        if is_total_row(texts) and self._may_be_total(texts, key):
            return TOTALS_ROW
        return self._header_kind(texts)

    def _may_be_total(self, texts: Sequence[str], key: str) -> bool:
        """A product may be called "Total", and a SKU, too; but not without a name."""
        if key and key not in TOTALS:
            return False
        name = texts[self._columns["name"]] if "name" in self._columns and len(texts) == self._width else ""
        return not name or name.casefold() in TOTALS or is_amount(name) is not None

    def _header_kind(self, texts: Sequence[str]) -> str:
        if self._is_own_header(texts):
            return REPEATED_HEADER
        if not reads_as_header(texts, self._columns):
            return ""
        is_same = all(
            position < len(texts)
            and (folded(texts[position]) == self._names[position] or _tells(texts[position], field))
            for field, position in self._columns.items()
        )
        return REPEATED_HEADER if is_same and len(texts) <= self._width else SECOND_TABLE

    def _is_own_header(self, texts: Sequence[str]) -> bool:
        """Whether there are the names of the header and nothing else; some may be missing, but not the columns."""
        filled = [(position, text) for position, text in enumerate(texts) if text]
        if not self._has_header or len(filled) < min(2, self._width) or filled[-1][0] >= self._width:
            return False
        if len(texts) < self._width and any(self._names[filled[-1][0] + 1 :]):
            return False
        return all(folded(text) == self._names[position] for position, text in filled)

    def _rejection(self, line: int, fields: list[str]) -> Rejection:
        reason = (
            f"Line {self.second_table} is the header of another table, with other columns than this file's header; "
            "the rows below it cannot be imported with them. Send that table as a file of its own."
        )
        return Rejection(line, (Fault("", shown(fields[0]) if fields else "", SECOND_TABLE, reason),), fields)


def skipped_and_rejected(fates: Sequence[Skip | Rejection]) -> tuple[list[Skip], list[Rejection]]:
    """The records that are skipped, and those that are rejected."""
    return (
        [fate for fate in fates if isinstance(fate, Skip)],
        [fate for fate in fates if isinstance(fate, Rejection)],
    )


def _tells(name: str, field: str) -> bool:
    told = meaning(name)
    return told is not None and told.field == field


_NOTHING = Apart([], [])


def _listed(words: Mapping[str, str], separator: str | None = None) -> set[str]:
    return {word.strip() for listed in words.values() for word in listed.split(separator)}


_ALONE = (
    _listed(vocabulary.HEADS)
    | _listed(vocabulary.PHRASES, ",")
    | _listed(vocabulary.ASKED_PHRASES, ",")
    | _listed({"": vocabulary.OTHER_NUMBERS})
)
_NUMBERS = {*vocabulary.NUMBERS.split(), "id", "#", "no.", "nr.", "num."}
_OF_THINGS = _NUMBERS.union(*(vocabulary.HEADS[field].split() for field in ("sku", "name", "description")))
_NAMES = _ALONE | {
    f"{first}{between}{second}"
    for thing in vocabulary.THINGS.split()
    for word in _OF_THINGS
    for first, second in ((thing, word), (word, thing))
    for between in (" ", "")
}
# In the column of the SKUs, as these are compared, what a record may hold that is no product: nothing at all, too.
_KEYS = frozenset(normalize_skus(_NAMES | TOTALS)) | RULES | {""}
# In another column, as people write names there.
_WORDS = frozenset(spelled for name in _NAMES for spelled in (name, name.capitalize(), name.title(), name.upper()))
