"""The rules of an import, written down a second time as plainly as can be: one row after the other, into a dict.

Made from the issue's words and without an import of the importer's code: what both agree on is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

FIELDS = ("sku", "name", "description", "price", "is_active")

# What the files of these tests have as prices and as booleans: the text, and its value or the rule that it breaks. All
# prices of a file are written in one style, with a decimal point or, where the delimiter is a semicolon, a comma.
PRICES: dict[str, Decimal | str | None] = {
    "": None,
    " ": None,
    "-": None,
    "0": Decimal(0),
    "1.50": Decimal("1.50"),
    "1.5": Decimal("1.50"),
    "1.5000": Decimal("1.50"),
    " 7 ": Decimal(7),
    "$12": Decimal(12),
    "1 234.00": Decimal(1234),
    "9999999999.99": Decimal("9999999999.99"),
    "10000000000": "too_many_digits",
    "-1": "negative",
    "1.2345": "decimals",
    "NaN": "not_a_price",
    "1e3": "not_a_price",
    "cheap": "not_a_price",
}
SEMICOLON_PRICES: dict[str, Decimal | str | None] = {text.replace(".", ","): value for text, value in PRICES.items()}
BOOLEANS: dict[str, bool | str | None] = {
    "": None,
    " ": None,
    "true": True,
    "Yes": True,
    "1": True,
    " active ": True,
    "PUBLISHED": True,
    "false": False,
    "no": False,
    "0": False,
    "draft": False,
    "Archived": False,
    "maybe": "not_boolean",
    "2": "not_boolean",
}
USUAL_EMPTY_CELLS = {"name": "keep", "description": "clear", "price": "clear", "is_active": "keep"}


@dataclass(frozen=True)
class Choices:
    """What the sender of a file chooses."""

    mode: str = "create_and_update"
    empty_cells: dict[str, str] = field(default_factory=dict)
    new_products: str = "active"


USUAL = Choices()


@dataclass(frozen=True)
class Item:
    """A product as the catalogue has it."""

    sku: str
    name: str = ""
    description: str = ""
    price: Decimal | None = None
    is_active: bool = True


@dataclass
class Result:
    """What an import leaves: the catalogue by SKU, its counts, the lines it rejects, the SKUs that it has written.

    `skipped` are the reasons of the rows that it skips. `results` are what became of each row: its line, its SKU as it
    is written, the outcome, and of a duplicate the line that wrote its product last.
    """

    catalogue: dict[str, Item]
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    skipped: list[str] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    superseded: int = 0
    held: int = 0
    results: list[tuple[int, str, str, int]] = field(default_factory=list)

    @property
    def receipt(self) -> tuple[int, ...]:
        kinds = self.created, self.updated, self.unchanged, self.duplicate
        # Only an undo deletes products.
        deleted = 0
        return *kinds, len(self.rejected), len(self.skipped), deleted, self.superseded, self.held


def same(sku: str) -> str:
    """What two spellings of one SKU have in common."""
    return sku.strip().casefold()


def read_serially(
    columns: list[str],
    rows: list[tuple[int, list[str]]],
    catalogue: dict[str, Item],
    delimiter: str = ",",
    choices: Choices = USUAL,
    *,
    settled: frozenset[str] = frozenset(),
) -> Result:
    """Import `rows`, each with its line number, into a copy of `catalogue`.

    `columns` names the file's columns; those that are no field of a product are ignored. `settled` are the SKUs whose
    products are those of an import that was uploaded later.
    """
    result = Result(dict(catalogue))
    writers: dict[str, int] = {}
    for line, texts in rows:
        if all(text == "" for text in texts):
            continue  # a blank line
        values = values_of(columns, texts, delimiter, choices)
        if isinstance(values, str):
            result.rejected.append((line, values))
            result.results.append((line, sku_of_rejected(columns, texts), "rejected", 0))
            continue
        sku = same(values["sku"])
        if sku in settled:
            result.superseded += 1
            result.results.append((line, values["sku"], "superseded", 0))
            continue
        before = result.catalogue.get(sku)
        own = sku in result.written
        if reason := why_skipped(choices.mode, exists=before is not None, own=own):
            result.skipped.append(reason)
            result.results.append((line, values["sku"], "skipped", 0))
            continue
        if before is None and "name" not in values:
            result.rejected.append((line, "new_without_name"))
            result.results.append((line, texts[columns.index("sku")], "rejected", 0))
            continue
        after = (
            replace(before, **values) if before else Item(**{"is_active": choices.new_products == "active"} | values)
        )
        outcome = "duplicate" if own else "created" if before is None else "unchanged" if before == after else "updated"
        setattr(result, outcome, getattr(result, outcome) + 1)
        result.results.append((line, values["sku"], outcome, writers[sku] if own else 0))
        if outcome == "unchanged":
            continue
        result.written.add(sku)
        if before != after:
            writers[sku] = line
        result.catalogue[sku] = after
    return result


def why_skipped(mode: str, *, exists: bool, own: bool) -> str:
    """Why the mode skips a row whose product exists or not, and is one of this import's own; empty if it does not."""
    if not exists and mode == "update_only":
        return "not_in_catalogue"
    return "exists_already" if exists and not own and mode == "create_only" else ""


def sku_of_rejected(columns: list[str], texts: list[str]) -> str:
    """The SKU of a rejected row; unknown if its fields are not those of the columns, or if it stands behind 64 KB."""
    position = columns.index("sku")
    is_known = len(texts) == len(columns) and sum(map(len, texts[:position])) < 64 * 1024
    return texts[position] if is_known else ""


def values_of(columns: list[str], texts: list[str], delimiter: str, choices: Choices = USUAL) -> dict[str, Any] | str:
    """The values of one row by field, without those that the product keeps; or the first rule that the row breaks."""
    if len(texts) != len(columns):
        return "field_count"
    text_of = {column: text for column, text in zip(columns, texts, strict=True) if column in FIELDS}
    for name in FIELDS:
        text = text_of.get(name, "")
        if "\0" in text:
            return "nul"
        if re.search("[\udc80-\udcff]", text):
            return "undecodable"
    values: dict[str, Any] = {}
    for name in FIELDS:
        if name not in text_of:
            continue
        value, fault = value_of(name, text_of[name], delimiter)
        choice = (USUAL_EMPTY_CELLS | choices.empty_cells).get(name, "reject")
        is_empty = value is None or (isinstance(value, str) and value.strip() == "")
        if not fault and is_empty and choice == "reject":
            fault = "missing"
        if fault:
            return fault
        if not is_empty or choice == "clear":
            values[name] = value
    return values


def value_of(name: str, text: str, delimiter: str) -> tuple[Any, str]:
    """The value of one field and no fault, or no value and the rule that it breaks."""
    if name == "description":
        return text, ("too_long" if len(text) > 100_000 else "")
    if name in ("sku", "name"):
        limit = 100 if name == "sku" else 255
        text = text.strip()
        if name == "sku" and re.search("[\0-\x1f\x7f]", text):
            return None, "control_character"
        return text, ("too_long" if len(text) > limit else "")
    known = BOOLEANS if name == "is_active" else SEMICOLON_PRICES if delimiter == ";" else PRICES
    value = known[text]
    return (None, value) if isinstance(value, str) else (value, "")


def apply_serially(
    columns: list[str],
    rows: list[tuple[int, list[str]]],
    shown: dict[str, Item],
    now: dict[str, Item],
    *,
    delimiter: str,
    choices: Choices,
) -> Result:
    """Import what a check of `rows` has shown of the catalogue `shown`, into one that has become `now`.

    Each SKU is in one row only. A row whose change is not the one that was shown is held.
    """
    result = Result(dict(now))
    for row in rows:
        then = read_serially(columns, [row], shown, delimiter, choices)
        today = read_serially(columns, [row], now, delimiter, choices)
        if change_of(then, shown) != change_of(today, now):
            result.held += 1
            continue
        for kind in ("created", "updated", "unchanged", "duplicate"):
            setattr(result, kind, getattr(result, kind) + getattr(today, kind))
        result.rejected += today.rejected
        result.skipped += today.skipped
        result.written |= today.written
        result.catalogue |= {sku: today.catalogue[sku] for sku in today.written}
    return result


def change_of(result: Result, before: dict[str, Item]) -> dict[str, list[tuple[str, Any, Any]]]:
    """By SKU, what an import has changed: each field with its old and its new value."""
    return {
        sku: [
            (name, getattr(before.get(sku), name, None), getattr(result.catalogue[sku], name))
            for name in FIELDS
            if getattr(before.get(sku), name, None) != getattr(result.catalogue[sku], name)
        ]
        for sku in result.written
    }
