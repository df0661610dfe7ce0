"""What the sender of a file may say about it: how it is to be read, and what is to become of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from imports.reading.booleans import check_words
from imports.reading.empty_cells import CHOICES, check_empty_cells
from imports.reading.encodings import canonical_name
from imports.reading.errors import FileRefusedError
from imports.reading.header import DELIMITER_NAMES, check_mapping
from imports.reading.numbers import check_number_style

# `header_line` of a file without header.
NO_HEADER = 0
# The highest number that a line can be asked for; the header is in the beginning of a file.
HIGHEST_HEADER_LINE = 1000

QUOTES = ('"', "'")
ESCAPES = ("\\",)
EMPTY_CELLS = CHOICES
MODES = ("create_and_update", "update_only", "create_only")
NEW_PRODUCTS = ("active", "inactive")


@dataclass(frozen=True, slots=True)
class Options:
    """What the sender says; whatever is left empty is detected, or as usual.

    Raises FileRefusedError for a value that is not allowed, with a sentence that begins with the option's name.

    Attributes:
        mapping: the column names of product fields, where their names do not tell; "" for a field without column.
        delimiter: one of `DELIMITER_NAMES`.
        quote: one of `QUOTES`.
        escape: one of `ESCAPES`.
        sheet: of a workbook, which sheet; if empty, see `imports.opening.sheets`.
        header_line: the line of the file that its header begins in, from 1; `NO_HEADER` if there is none.
        numbers: parts of the number style (`reading.numbers.check_number_style`).
        words: what words of the file's status column mean (`reading.booleans.check_words`).
        empty_cells: what an empty cell does to an existing product, by field: one of `EMPTY_CELLS`; the usual, where
            nothing is said (`reading.empty_cells.choices`).
        mode: which rows are imported, one of `MODES`.
        new_products: what new products are that no status cell decides, one of `NEW_PRODUCTS`.
        extra: keep the columns that are no field with the product, as raw text.
        dry_run: do everything but write products. Not a part of how the file is read.
    """

    mapping: dict[str, str] = field(default_factory=dict)
    delimiter: str = ""
    quote: str = ""
    escape: str = ""
    encoding: str = ""
    sheet: str = ""
    header_line: int | None = None
    numbers: dict[str, str] = field(default_factory=dict)
    words: dict[str, bool] = field(default_factory=dict)
    empty_cells: dict[str, str] = field(default_factory=dict)
    mode: str = ""
    new_products: str = ""
    extra: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        check_mapping(self.mapping)
        if self.delimiter and self.delimiter not in DELIMITER_NAMES:
            names = ", ".join(DELIMITER_NAMES.values())
            raise FileRefusedError(f"delimiter: '{self.delimiter}' is not supported. Supported: {names}.")
        _check_choice("quote", self.quote, QUOTES)
        _check_choice("escape", self.escape, ESCAPES)
        if self.encoding:
            object.__setattr__(self, "encoding", canonical_name(self.encoding))
        if self.header_line is not None and not 0 <= self.header_line <= HIGHEST_HEADER_LINE:
            raise FileRefusedError(f"header_line: must be from 0 (no header) to {HIGHEST_HEADER_LINE:,}.")
        check_number_style(self.numbers)
        check_words(self.words)
        check_empty_cells(self.empty_cells)
        _check_choice("mode", self.mode, MODES)
        _check_choice("new_products", self.new_products, NEW_PRODUCTS)

    def as_json(self) -> dict[str, Any]:
        """What was said of the file, as it is stored with it: without what was left open, and without `dry_run`."""
        said = asdict(self)
        return {name: said[name] for name, default in _DEFAULTS.items() if said[name] != default}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Options:
        """The options that were stored."""
        return cls(**stored)


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value and value not in choices:
        raise FileRefusedError(f"{name}: '{value}' is not allowed; there are {', '.join(choices)}.")


_DEFAULTS = {name: value for name, value in asdict(Options()).items() if name != "dry_run"}
