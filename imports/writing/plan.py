"""The plan of a chunk: what its clean rows make of the catalogue, and what becomes of each row. Knows no database.

The outcome of a row is that of a serial reading, whatever the chunks and lanes: a row whose SKU this import has written
already is a duplicate (the later row wins); otherwise it creates a product, updates it, or finds it as it should be
(unchanged, and nothing is written).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from imports.reading.rows import CleanRow, Fault, Rejection

# What a product gets for the columns that a file lacks. A row without a name only changes a product that exists, but
# PostgreSQL wants a value to insert before it looks for the conflict.
NEW_PRODUCT: dict[str, Any] = {"name": "", "description": "", "price": None, "is_active": True}

NO_NAME_COLUMN = (
    "There is no product with this SKU yet, and a new one needs a name: "
    "the file has no column for it, so it can only change products that exist."
)


@dataclass(slots=True)
class Outcome:
    """What became of a chunk's clean rows: how many of each kind, and the rows that could not be written after all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejections: list[Rejection] = field(default_factory=list)


class Writer(Protocol):
    """Writes the chunks of one import into the catalogue, or acts as if it did."""

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """Bring `rows`, in file order, into the catalogue. Runs inside the chunk's transaction."""


@dataclass(slots=True)
class Plan:
    """What is to be done with a chunk's clean rows: which products to create and which to update, by normalized SKU.

    `outcome` is what will have become of the rows then.
    """

    outcome: Outcome = field(default_factory=Outcome)
    create: dict[str, CleanRow] = field(default_factory=dict)
    update: dict[str, CleanRow] = field(default_factory=dict)


def in_one_order(rows: Mapping[str, CleanRow]) -> list[CleanRow]:
    """`rows` by their SKU: two imports that lock the same products then wait for each other, and do not deadlock."""
    return [rows[sku] for sku in sorted(rows)]


def make_plan(
    rows: Sequence[CleanRow], catalogue: Mapping[str, tuple[Any, ...]], written: set[str], *, may_create: bool
) -> Plan:
    """What a serial reading of `rows` turns the catalogue into.

    Most rows need not be read one after the other: those whose SKU is in no other row. Comparing them all at once takes
    a quarter of the time (measured: benchmarks/stages.py).

    Args:
        rows: the rows in file order.
        catalogue: the values that products have now, by normalized SKU.
        written: the SKUs that this import has written already.
        may_create: whether the rows have all that a new product needs.
    """
    skus = [row.sku_normalized for row in rows]
    several = written if len(set(skus)) == len(skus) else written | {sku for sku, n in Counter(skus).items() if n > 1}
    found = list(zip(rows, skus, map(catalogue.get, skus), strict=True))
    plan = Plan(
        create={sku: row for row, sku, now in found if now is None and sku not in several},
        update={sku: row for row, sku, now in found if now != row.values and now is not None and sku not in several},
    )
    in_order = [row for row, sku, _ in found if sku in several]
    plan.outcome.created, plan.outcome.updated = len(plan.create), len(plan.update)
    plan.outcome.unchanged = len(rows) - len(plan.create) - len(plan.update) - len(in_order)
    if not may_create:
        plan.outcome.rejections += map(_without_name, plan.create.values())
        plan.outcome.created, plan.create = 0, {}
    _read_in_order(plan, in_order, catalogue, written, may_create=may_create)
    return plan


def _read_in_order(
    plan: Plan,
    rows: Iterable[CleanRow],
    catalogue: Mapping[str, tuple[Any, ...]],
    written_before: set[str],
    *,
    may_create: bool,
) -> None:
    """Add to `plan` those `rows` whose SKU is in several rows of the file."""
    outcome, written, values_by_sku = plan.outcome, set(written_before), dict(catalogue)
    for row in rows:
        sku = row.sku_normalized
        values_now = values_by_sku.get(sku)
        if sku in written:
            outcome.duplicate += 1
            if values_now == row.values:
                continue
        elif values_now is None:
            if not may_create:
                outcome.rejections.append(_without_name(row))
                continue
            outcome.created += 1
        elif values_now == row.values:
            outcome.unchanged += 1
            continue
        else:
            outcome.updated += 1
        (plan.update if sku in catalogue else plan.create)[sku] = row
        written.add(sku)
        values_by_sku[sku] = row.values


def _without_name(row: CleanRow) -> Rejection:
    """The rejection of a row that would be a new product, from a file without names."""
    return Rejection(row.line, (Fault("name", "", "new_without_name", NO_NAME_COLUMN),), row.record)
