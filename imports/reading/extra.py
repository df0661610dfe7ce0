"""The columns that are no field, as a product's extra: the raw text of each cell by the name of its column.

Does not know what the product has in its extra already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import count
from operator import itemgetter

from acme_importer.formulas import SIGN
from imports.reading.corrections import ADDED_COLUMNS
from imports.reading.errors import BadValueError
from imports.reading.texts import shown, storable
from products.extra import EXTRA, MAX_LENGTH, MAX_TEXTS, is_texts, size_fault
from products.fields import FIELDS

# Columns that were added here to a file, which no product has.
_OURS = (*ADDED_COLUMNS, SIGN)


class ExtraReader:
    """Reads the extra of the rows of one file.

    Args:
        header: the column names of the file.
        used: the positions of the columns that are fields.

    `names` are the names that its texts get; empty if the file has no other columns.
    """

    def __init__(self, header: Sequence[str], used: Collection[int]) -> None:
        unused = [i for i, name in enumerate(header) if i not in used and name not in _OURS]
        self.names = _distinct([header[i] or f"column {i + 1}" for i in unused], set(header))
        self._positions = unused
        # Our own export has the whole extra in one column.
        ours = [name for name in header if name not in _OURS] == [*FIELDS, EXTRA]
        self._is_export = ours and self.names == [EXTRA]

    def read(self, rows: Sequence[Sequence[str]], *, has_bad_characters: bool) -> list[dict[str, str]]:
        """The extra of each of `rows`; with an empty text for an empty cell. Raises BadValueError."""
        columns = [list(map(itemgetter(position), rows)) for position in self._positions]
        if self._is_export:
            return list(map(_exported, columns[0]))
        if has_bad_characters:
            # No reason to reject a row: nothing depends on what stands in these columns.
            columns = [list(map(storable, texts)) for texts in columns]
        columns = [[text if text and not text.isspace() else "" for text in texts] for texts in columns]
        names = self.names
        extras = [dict(zip(names, texts, strict=True)) for texts in zip(*columns, strict=True)]
        # What is rare is looked for in all rows at once.
        length = sum(map(len, names)) + sum(max(map(len, texts)) for texts in columns)
        if length > MAX_LENGTH or len(names) > MAX_TEXTS:
            for fault in map(size_fault, extras):
                if fault:
                    raise BadValueError("extra_too_large", fault)
        return extras


def _distinct(names: Sequence[str], taken: set[str]) -> list[str]:
    """`names`, of which those that come again get a number: "Image", "Image (2)". None becomes one that is `taken`."""
    numbers: dict[str, count[int]] = {}
    found: list[str] = []
    used = set(taken)
    for name in names:
        if name not in numbers:
            numbers[name] = count(2)
            found.append(name)
            continue
        other = next(other for n in numbers[name] if (other := f"{name} ({n})") not in used)
        used.add(other)
        found.append(other)
    return found


def _exported(text: str) -> dict[str, str]:
    """The extra of a product as an export wrote it."""
    if not text.strip():
        return {}
    try:
        extra = json.loads(text)
    except (ValueError, RecursionError):
        extra = None
    if not is_texts(extra):
        raise BadValueError(
            "not_extra", f"{EXTRA}: '{shown(text)}' is not a JSON object of texts, as an export has it."
        )
    if fault := size_fault(extra):
        raise BadValueError("extra_too_large", fault)
    return extra
