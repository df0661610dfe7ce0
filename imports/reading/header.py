"""The header: which delimiter the file has, and which of its columns is which field of a product."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence

from imports.reading.errors import FileRefusedError
from imports.reading.texts import storable
from products.fields import FIELDS

DELIMITERS = ",;\t|"
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
DELIMITERS_BY_NAME = {**{name: delimiter for delimiter, name in DELIMITER_NAMES.items()}, r"\t": "\t"}

# Column names of well-known shop systems' exports and of everyday spreadsheets, in the form that `_folded` gives.
_ALIASES = {
    "sku": "sku productsku variantsku itemsku articlenumber articleno itemnumber itemno productcode stockkeepingunit",
    "name": "name title productname producttitle itemname",
    "description": "description body body(html) bodyhtml productdescription longdescription",
    "price": "price regularprice variantprice unitprice productprice",
    "is_active": "isactive active published status enabled isenabled ispublished",
}
_FIELD_BY_ALIAS = {alias: field for field, aliases in _ALIASES.items() for alias in aliases.split()}


def _folded(name: str) -> str:
    """`name` without what people vary: letter case, spaces, underscores, hyphens."""
    return "".join(name.casefold().split()).replace("_", "").replace("-", "")


def check_mapping(mapping: object) -> dict[str, str]:
    """The mapping {field: column name} that a caller gave, checked for its form; raises FileRefusedError."""
    if not isinstance(mapping, dict):
        raise FileRefusedError('mapping: must be an object such as {"name": "Product title"}.')
    for field, column in mapping.items():
        if field not in FIELDS:
            raise FileRefusedError(f"mapping: '{field}' is not a product field; the fields are {', '.join(FIELDS)}.")
        # JSON can write NUL and halves of characters, which no database takes.
        if not isinstance(column, str) or column != storable(column):
            raise FileRefusedError(f"mapping: the column for '{field}' must be a text without NUL.")
    return mapping


def find_delimiter(header_line: str, sku_column: str) -> str:
    """The delimiter with which `header_line` has a SKU column, and of several the one with the most columns.

    `sku_column` is the name that a mapping gives to the SKU column, or empty.
    """

    def is_sku(name: str) -> bool:
        return _folded(name) == _folded(sku_column) if sku_column else _FIELD_BY_ALIAS.get(_folded(name)) == "sku"

    def rank(delimiter: str) -> tuple[bool, int]:
        names = next(csv.reader([header_line], delimiter=delimiter), [])
        return any(map(is_sku, names)), len(names)

    return max(DELIMITERS, key=rank)


def find_columns(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """The position in `header` of each field that the file has.

    A field named in `mapping` takes the column given there (none, if that is empty); the others go by their names.
    Raises FileRefusedError if there is no SKU column, a mapped column is missing, or two columns want one field.
    """
    columns: dict[str, int] = {}
    for field, name in mapping.items():
        if name:
            columns[field] = _position_of(name, header, field)
    for position, name in enumerate(header):
        field = _FIELD_BY_ALIAS.get(_folded(name), "")
        if not field or field in mapping or position in columns.values():
            continue
        if field in columns:
            raise FileRefusedError(
                f"Columns '{header[columns[field]]}' and '{name}' both look like '{field}'; "
                f"remove one, or say with a mapping which it is."
            )
        columns[field] = position
    if "sku" not in columns:
        raise FileRefusedError(
            f"The file has no column 'sku'. Its first line reads: {_listed(header)}. "
            "Name the column in the file, or say with a mapping which it is."
        )
    return {field: columns[field] for field in FIELDS if field in columns}


def _position_of(name: str, header: Sequence[str], field: str) -> int:
    positions = [i for i, other in enumerate(header) if _folded(other) == _folded(name)]
    if len(positions) != 1:
        what = "has no column" if not positions else "has more than one column"
        raise FileRefusedError(
            f"mapping: the file {what} '{name}' for '{field}'. Its first line reads: {_listed(header)}."
        )
    return positions[0]


def _listed(header: Sequence[str]) -> str:
    """The column names for a sentence, shortened where there are many or long ones."""
    shown = ", ".join(f"'{name[:40]}'" for name in header[:20])
    return shown + (", …" if len(header) > 20 else "")
