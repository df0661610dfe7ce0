"""The description of a known format: by which column names it is recognized, and what its columns and rows mean.

Column names are written as the system writes them; they are compared in the form that `folded` gives. Where there are
several names for one thing (older and newer exports, other languages), the first that the file has is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from imports.reading.names import folded

Names = tuple[str, ...]


@cache
def _folded_mark(name: str) -> str:
    return folded(name)


@dataclass(frozen=True, slots=True)
class Header:
    """Column names that only this system uses; a file that has `at_least` so many of them comes from it."""

    marks: Names
    at_least: int

    def count(self, names: frozenset[str]) -> int:
        """How many of the marks are among `names`, which are folded; 0 if too few."""
        count = len(names.intersection(map(_folded_mark, self.marks)))
        return count if count >= self.at_least else 0


@dataclass(frozen=True, slots=True)
class When:
    """A condition on a row: the value of a column begins with one of `values`, in any letter case; if none: is any."""

    column: Names
    values: Names = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows that are not imported: `when` holds, and the fields `blank` are; the columns `blank_columns` likewise.

    A rule for fields or a column that the file does not have does not apply; of `blank_columns`, some may be missing.
    `code` is one of `REASONS`.
    """

    code: str
    when: When | None = None
    blank: Names = ()
    blank_columns: Names = ()


@dataclass(frozen=True, slots=True)
class CarryDown:
    """Rows that follow each other are one product: what the first one says of `fields` holds where others are blank.

    They belong together by the same value in the column `key`; or from a row for which `first` holds to the next one,
    `members` being the values that the same column has in the others. In rows but the first, the fields in `replaced`
    hold something else, and always take the first row's value.
    """

    fields: Names
    key: Names = ()
    first: When | None = None
    members: Names = ()
    replaced: Names = ()


@dataclass(frozen=True, slots=True)
class Inherit:
    """Rows name their parent, which stands anywhere before them, in the column `parent`; blank `fields` are its own.

    `ids` are the columns by which a parent is named, each with what stands in front of its value then. Only rows for
    which `parents` holds have children, where it is said; otherwise those that name no parent.
    """

    fields: Names
    parent: Names
    ids: Mapping[str, Names]
    parents: When | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """Columns whose values are appended to the name; those in `ignored` say nothing.

    With a `pattern`, a column holds several values: what its group matches, each time.
    """

    columns: Names
    ignored: Names = ()
    pattern: str = ""
    when: When | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """A system's product export.

    Attributes:
        name: what the preview calls it.
        headers: any of these recognizes it, if the file has the SKU column, too.
        columns: the columns of each product field, the best first.
        active: what the words of the status column mean, in lower case, before any general rule.
        decimal: the decimal sign that the system always writes; empty if it depends on the shop.
        no_price: words in the price column that say that there is none.
        currency: the column that names the currency of the price.
        formula_mark: what the system puts in front of a text that a spreadsheet would take for a formula.
        escaped_line_breaks: the system writes a line break within a description as a backslash and an n.
        notes: sentences about what is done with this format's rows, for the preview.
    """

    name: str
    headers: tuple[Header, ...]
    columns: Mapping[str, Names]
    active: Mapping[str, bool] = field(default_factory=dict)
    decimal: str = ""
    no_price: Names = ()
    currency: Names = ()
    formula_mark: str = ""
    escaped_line_breaks: bool = False
    skips: tuple[Skip, ...] = ()
    carry_down: CarryDown | None = None
    inherit: Inherit | None = None
    options: Options | None = None
    notes: Names = ()

    @property
    def has_rules(self) -> bool:
        """Whether there is more to its rows than the names of columns and the words in them."""
        rules = (self.skips, self.carry_down, self.inherit, self.options, self.no_price, self.formula_mark)
        return self.escaped_line_breaks or any(rules)


# Why a row is skipped, by code.
REASONS = {
    "image_row": "Image row: it adds a picture or a video to the product above; it has no SKU and no price.",
    "translation": "Translation: only the row of the default store view is imported.",
    "price_rule": "Price rule: it changes the price of a variant, and is no product.",
    "parent_without_sku": "Parent of variations: it has no SKU of its own; its variations are imported.",
    "continuation": "Continuation of the product above: it only adds values to a list, and has no SKU and no name.",
    "deletion": "Marked for deletion in the file; deleting products is not what an import does.",
    "example_row": "Example row of the template.",
    "repeated_header": "Repeated header: the names of the columns, once more.",
    "separator": "Separator: a ruled line.",
    "totals": "Totals: a sum of the rows, and no product.",
    "second_table": "Header of a second table: the rows below it are rejected.",
}
