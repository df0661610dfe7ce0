"""The plan of a chunk: what its clean rows make of the catalogue, and what becomes of each row. Knows no database.

The outcome of a row is that of a serial reading, whatever the chunks and lanes: a row whose SKU this import has written
already is a duplicate (the later row wins); otherwise it creates a product, updates it, or finds it as it should be
(unchanged, and nothing is written). A kept cell has the value that the product has when the row is read, which may be
from an earlier row of the file. In a new product it has the value of a product whose file lacks the column; a row that
would be a new product without a name is rejected.

An import that only creates skips rows whose product exists, but for those that it has created itself: a later row for
one of them is a duplicate, and wins. One that only updates skips rows without a product, named or not. A row that
breaks a rule is rejected, whatever the mode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from imports.reading.empty_cells import KEEP
from imports.reading.rows import CleanRow, Fault, IncompleteRow, Rejection
from imports.writing.fates import CREATED, DUPLICATE, HELD, SUPERSEDED, UNCHANGED, UPDATED, Fate
from imports.writing.summary import Summary
from products.extra import EXTRA

# What a product gets for the columns that a file lacks. A row without a name only changes a product that exists, but
# PostgreSQL wants a value to insert before it looks for the conflict.
NEW_PRODUCT: dict[str, Any] = {"name": "", "description": "", "price": None, "is_active": True}

NO_NAME_COLUMN = (
    "There is no product with this SKU yet, and a new one needs a name: "
    "the file has no column for it, so it can only change products that exist."
)
NO_NAME = "is empty; there is no product with this SKU yet, and a new one needs a name."

# Why a mode skips a row, by code.
EXISTS_ALREADY, NOT_IN_CATALOGUE = "exists_already", "not_in_catalogue"
REASONS = {
    EXISTS_ALREADY: "The product exists already, and this import only creates new ones.",
    NOT_IN_CATALOGUE: "There is no product with this SKU, and this import only updates products that exist.",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What an import may do.

    Attributes:
        may_create: rows may become new products.
        may_update: rows may change products that exist.
        new_is_active: new products are active, where no cell of the file says.
        name_column: what the file calls the column of names.
    """

    may_create: bool = True
    may_update: bool = True
    new_is_active: bool = True
    name_column: str = "name"

    @property
    def new_product(self) -> dict[str, Any]:
        """What a new product has where the file does not say."""
        return NEW_PRODUCT | {"is_active": self.new_is_active}

    def constants(self, fields: tuple[str, ...]) -> dict[str, Any]:
        """What new products have in the fields that a file lacks which has these `fields`."""
        return {name: value for name, value in {**self.new_product, EXTRA: {}}.items() if name not in fields}


USUAL_RULES = Rules()


# A change of one product, to be compared: its kind in the history, and the values that it changes, before and after.
Change = tuple[str, dict[str, Any], dict[str, Any]]


class Held(NamedTuple):
    """A row that is not written, since it would do something else than its check has shown.

    `shown` and `now` are the changes, None where nothing would be changed.
    """

    row: CleanRow
    shown: Change | None
    now: Change | None


@dataclass(slots=True)
class Outcome:
    """What became of a chunk's clean rows: how many of each kind, and the rows that could not be written after all.

    Attributes:
        skipped: how many the mode skips, by the code of the reason.
        unchanged_rows: those that are unchanged.
        superseded: how many are in no plan, since their product is a later import's (`overlaps`).
        held: those in no plan, since it would be another one than was shown (`pin`).
        fates: what became of the other rows of which the history has no record.
        summary: what the changes come to that were made of the rows.
    """

    created: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    duplicate: int = 0
    superseded: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    rejections: list[Rejection] = field(default_factory=list)
    held: Sequence[Held] = ()
    unchanged_rows: Sequence[CleanRow] = field(default=(), compare=False)
    fates: list[Fate] = field(default_factory=list, compare=False)
    summary: Summary = field(default_factory=Summary, compare=False)

    def supersede(self, rows: Sequence[CleanRow], others: Sequence[CleanRow]) -> None:
        """Note that those of `rows` are superseded that are not among the `others`."""
        self.superseded = len(rows) - len(others)
        if self.superseded:
            lines = {row.line for row in others}
            self.fates += [Fate(row.line, row.values[0], SUPERSEDED) for row in rows if row.line not in lines]

    def hold(self, held: Sequence[Held]) -> None:
        """Note that these rows are held."""
        self.held = held
        self.fates += [Fate(each.row.line, each.row.values[0], HELD) for each in held]

    def skip(self, row: CleanRow, reason: str) -> None:
        """Note that the mode skips `row`, for the reason with that code."""
        self.skipped[reason] += 1
        self.fates.append(Fate(row.line, row.values[0], reason))


class Writer(Protocol):
    """Writes the chunks of one import into the catalogue, or acts as if it did."""

    def write(self, rows: Sequence[CleanRow]) -> Outcome:
        """Bring `rows`, in file order, into the catalogue. Runs inside the chunk's transaction."""


@dataclass(slots=True)
class Plan:
    """What is to be done with a chunk's clean rows: which products to create and which to update, by normalized SKU.

    `outcome` is what will have become of the rows then. Products to `delete`, with the values that they have, only an
    undo has.
    """

    outcome: Outcome = field(default_factory=Outcome)
    create: dict[str, CleanRow] = field(default_factory=dict)
    update: dict[str, CleanRow] = field(default_factory=dict)
    delete: dict[str, CleanRow] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.create or self.update or self.delete)


def in_one_order(rows: Iterable[CleanRow]) -> list[CleanRow]:
    """`rows` by their SKU: two imports that lock the same products then wait for each other, and do not deadlock."""
    return sorted(rows, key=attrgetter("sku_normalized"))


def has_incomplete(rows: Iterable[CleanRow]) -> bool:
    """Whether there are rows with kept cells among `rows`."""
    return IncompleteRow in set(map(type, rows))


def make_plan(
    rows: Sequence[CleanRow],
    catalogue: Mapping[str, tuple[Any, ...]],
    written: set[str],
    fields: tuple[str, ...],
    rules: Rules = USUAL_RULES,
) -> Plan:
    """What a serial reading of `rows` turns the catalogue into.

    Most rows need not be read one after the other: those without kept cells whose SKU is in no other row. Comparing
    them all at once takes a quarter of the time (measured: benchmarks/stages.py).

    Args:
        rows: the rows in file order.
        catalogue: the values that products have now, by normalized SKU.
        written: the SKUs that this import has written already.
        fields: what the values of rows and of the catalogue are.
        rules: what the import may do.
    """
    skus = [row.sku_normalized for row in rows]
    several = written if len(set(skus)) == len(skus) else written | {sku for sku, n in Counter(skus).items() if n > 1}
    found = list(zip(rows, skus, map(catalogue.get, skus), strict=True))
    create = {sku: row for row, sku, now in found if now is None and sku not in several}
    update = {sku: row for row, sku, now in found if now != row.values and now is not None and sku not in several}
    unchanged = [row for row, sku, now in found if now is not None and sku not in update and sku not in several]
    in_order = [row for row, sku, _ in found if sku in several]
    # With KEEP in it, a row is none of the unchanged ones, of which there may be many.
    if has_incomplete(chain(create.values(), update.values(), in_order)):
        in_order = [row for row, sku, _ in found if sku in several or type(row) is IncompleteRow]
        create, update = _complete_rows(create), _complete_rows(update)
    plan = Plan(create=create, update=update)
    outcome = plan.outcome
    outcome.created, outcome.updated, outcome.unchanged = len(plan.create), len(plan.update), len(unchanged)
    outcome.unchanged_rows = unchanged
    reader = _SerialReader(plan, catalogue, written, fields, rules)
    if not rules.may_create or "name" not in fields:
        for row in plan.create.values():
            reader.refuse_new(row)
        outcome.created, plan.create = 0, {}
    if not rules.may_update:
        for row in chain(plan.update.values(), unchanged):
            outcome.skip(row, EXISTS_ALREADY)
        outcome.updated, outcome.unchanged, outcome.unchanged_rows, plan.update = 0, 0, (), {}
    for row in in_order:
        reader.read(row)
    return plan


def _complete_rows(rows: dict[str, CleanRow]) -> dict[str, CleanRow]:
    return {sku: row for sku, row in rows.items() if type(row) is not IncompleteRow}


class _SerialReader:
    """Adds rows to a plan, one after the other."""

    def __init__(
        self,
        plan: Plan,
        catalogue: Mapping[str, tuple[Any, ...]],
        written: set[str],
        fields: tuple[str, ...],
        rules: Rules,
    ) -> None:
        self._plan = plan
        self._catalogue = catalogue
        self._rules = rules
        self._written, self._values = set(written), dict(catalogue)
        # Of the SKUs that were written in this chunk: the line of the row that wrote each last, and what became of the
        # row that wrote it first, until another takes its place.
        self._lines: dict[str, int] = {}
        self._firsts: dict[str, str] = {}
        self._name_position = fields.index("name") if "name" in fields else None
        # A SKU is never kept, and the name of a new product neither.
        self._new_values = tuple(rules.new_product.get(field) for field in fields)

    def read(self, row: CleanRow) -> None:
        """Add `row`, the next one in the file."""
        outcome, sku = self._plan.outcome, row.sku_normalized
        now, is_written = self._values.get(sku), sku in self._written
        if not is_written:
            if now is None and not self._may_be_new(row):
                self.refuse_new(row)
                return
            if now is not None and not self._rules.may_update:
                outcome.skip(row, EXISTS_ALREADY)
                return
        if type(row) is IncompleteRow:
            row = self._completed(row, now)
        planned = self._plan.update if sku in self._catalogue else self._plan.create
        if is_written:
            outcome.duplicate += 1
            outcome.fates.append(Fate(row.line, row.values[0], DUPLICATE, self._lines.get(sku, 0)))
            if now == row.values:
                return
            if first := self._firsts.pop(sku, None):
                # The record of the product will have the line of this row.
                outcome.fates.append(Fate(planned[sku].line, planned[sku].values[0], first))
        elif now is None:
            outcome.created += 1
            self._firsts[sku] = CREATED
        elif now == row.values:
            outcome.unchanged += 1
            outcome.fates.append(Fate(row.line, row.values[0], UNCHANGED))
            return
        else:
            outcome.updated += 1
            self._firsts[sku] = UPDATED
        planned[sku] = row
        self._written.add(sku)
        self._lines[sku] = row.line
        self._values[sku] = row.values

    def refuse_new(self, row: CleanRow) -> None:
        """Note that `row` does not become the new product that it would be."""
        outcome = self._plan.outcome
        if not self._rules.may_create:
            outcome.skip(row, NOT_IN_CATALOGUE)
            return
        column = self._rules.name_column
        reason = NO_NAME_COLUMN if self._name_position is None else f"{column}: {NO_NAME}"
        fault = Fault("name" if self._name_position is None else column, "", "new_without_name", reason)
        outcome.rejections.append(Rejection(row.line, (fault,), row.record))

    def _may_be_new(self, row: CleanRow) -> bool:
        position = self._name_position
        return self._rules.may_create and position is not None and row.values[position] is not KEEP

    def _completed(self, row: CleanRow, now: tuple[Any, ...] | None) -> CleanRow:
        """`row` with the values that its kept cells have: those of the product, or of a new one."""
        kept = now or self._new_values
        values = tuple(old if value is KEEP else value for value, old in zip(row.values, kept, strict=True))
        return CleanRow(row.line, row.sku_normalized, values, row.record)
