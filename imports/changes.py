"""What an import has changed: every product that it created or changed, field by field, as the history has it.

And what a check has found that it would change, in the same form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial, reduce
from operator import add, itemgetter
from pathlib import PurePath
from typing import Any, NamedTuple

from imports import proposed
from imports.files.incoming import IncomingFile
from imports.line_order import Row, csv_blocks, in_line_order
from imports.models import ImportJob, ImportLane
from imports.workbook import make
from imports.writing.fates import CREATED, KINDS, UPDATED
from imports.writing.summary import Summary
from products.fields import normalize_sku
from products.history import records, told
from products.history.recording import blocks_of
from products.history.records import KEPT, Block, Record
from products.history.stories import last_address
from products.models import Product

KIND_NAMES = tuple(KINDS.values())
_KIND_IN_HISTORY = {kind: name for name, kind in KINDS.items()}
COLUMNS = ("line", "sku", "kind", "field", "old", "new")
_STATES = {"": "", "0": "false", "1": "true"}


class Filters(NamedTuple):
    """Which changes are wanted: of products in which this field changed, of this kind, of the product with this SKU.

    Of a check, the SKU may be the beginning of one; and its changes can be chosen by what was found of them, one of
    `findings.MARKS`, and be in another of `proposed.ORDERS`.
    """

    field: str = ""
    kind: str = ""
    sku: str = ""
    mark: str = ""
    order: str = proposed.BY_LINE

    def contradiction(self, job: ImportJob) -> str:
        """The sentence that these do not go together, or not with `job`; empty if they do."""
        if is_check(job):
            return _asked(self).contradiction
        if self.mark or self.order != proposed.BY_LINE:
            return "Only changes that a check has shown are chosen by `mark`, or ordered."
        return ""


def _asked(filters: Filters) -> proposed.Asked:
    kind = _KIND_IN_HISTORY.get(filters.kind, "")
    return proposed.Asked(filters.field, kind, filters.mark, filters.sku, filters.order)


class Page(NamedTuple):
    """Some changes, and the cursor of the page after them; 0 if these are the last."""

    changes: list[Change]
    next_cursor: int


class Change(NamedTuple):
    """What happened to one product by one row."""

    line: int
    sku: str
    kind: str
    fields: dict[str, dict[str, Any]]


def is_check(job: ImportJob) -> bool:
    """Whether the job has written nothing, but shows what it would change."""
    return job.dry_run and not job.is_undo


def summary(job: ImportJob) -> Summary:
    """What the changes of `job` come to."""
    stored = ImportLane.objects.filter(job=job.pk).values_list("summary", flat=True)
    return reduce(add, map(Summary.from_json, stored), Summary())


def why_gone(job: ImportJob, of_job: Summary | None = None) -> str:
    """The sentence that changes of `job` were pruned from the history; empty if all are there.

    `of_job` is its summary, if it is at hand.
    """
    if is_check(job):
        return proposed.why_gone(job)
    if told.sets_of(job.pk).count() >= (of_job or summary(job)).sets:
        return ""
    return "What this import has changed is no longer on record: the history of products is kept for a limited time."


def page(job: ImportJob, filters: Filters, *, cursor: int, limit: int) -> Page:
    """At most `limit` changes of `job` that fit `filters`, in the order in which they were made.

    Those of one product are few, and have no further page; the newest are given. Filters that contradict each other are
    for the caller to refuse.
    """
    if is_check(job):
        shown = proposed.page(job, _asked(filters), cursor=cursor, limit=limit)
        return Page(list(map(_change, shown.records)), shown.next_cursor)
    kind = _KIND_IN_HISTORY.get(filters.kind, "")
    if not filters.sku:
        found = told.page(job.pk, cursor=cursor, limit=limit, field=filters.field, kind=kind)
        return Page(list(map(_change, found.records)), found.next_cursor)
    newest: list[Record] = []
    for record in _of_product(job.pk, filters.sku):
        if (not kind or record.kind == kind) and (not filters.field or _is_changed(record, filters.field)):
            newest.append(record)
            if len(newest) == limit:
                break
    return Page([_change(record) for record in reversed(newest)], 0)


def filename(job: ImportJob, what: str, ending: str = "csv", *, for_spreadsheets: bool = False) -> str:
    """The name of a file about `job`: of its changes, or of its results."""
    purpose = "-for-spreadsheets" if for_spreadsheets else ""
    return f"{PurePath(job.filename).stem}-{what}{purpose}.{ending}"


def csv_of(job: ImportJob, *, for_spreadsheets: bool = False) -> Iterator[str]:
    """All changes in the order of the file, block by block: a row for each field that changed, or that is not empty in
    a new product.
    """
    return csv_blocks(COLUMNS, rows(job), for_spreadsheets=for_spreadsheets)


def workbook(job: ImportJob) -> IncomingFile:
    """The same as .xlsx. Raises as `imports.workbook.make` does."""
    return make("Changes", COLUMNS, (list(map(str, row)) for batch in rows(job) for row in batch))


def rows(job: ImportJob) -> Iterator[list[Row]]:
    """The same as rows of COLUMNS, some at a time."""
    if is_check(job):
        return in_line_order((line, partial(_rows_of_proposed, pk)) for line, pk in proposed.blocks(job))
    sets = told.sets_of(job.pk).order_by("first_line").values_list("first_line", "pk")
    return in_line_order((first_line, partial(_rows_of_set, pk)) for first_line, pk in sets)


def _of_product(job_id: int, sku: str) -> Iterator[Record]:
    product = Product.objects.filter(sku_normalized=normalize_sku(sku))
    address = product.values_list("last_change", flat=True).first() or last_address(sku)
    return told.records_of_product(job_id, address, sku)


def _is_changed(record: Record, field: str) -> bool:
    return field in record.before and field in record.after


def _change(record: Record) -> Change:
    fields = {
        name: {"old": _value(record.before.get(name)), "new": _value(record.after.get(name))} for name in record.fields
    }
    return Change(record.line, record.sku, KINDS[record.kind], fields)


def _value(value: Any) -> Any:
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def _price(text: str) -> str:
    # Nearly all of these are whole numbers, for which this is faster.
    return f"{text}.00" if text.isdecimal() else f"{Decimal(text):.2f}"


def _rows_of_proposed(pk: int) -> list[Row]:
    return _rows_of([proposed.block(pk)])


def _rows_of_set(set_number: int) -> list[Row]:
    return _rows_of(blocks_of(set_number))


def _rows_of(blocks: Iterable[Block]) -> list[Row]:
    """The rows of blocks, in the order of the file."""
    rows: list[Row] = []
    for block in blocks:
        rows += _rows_of_block(block)
    # Those of one line, which are of one record, stay in the order of the fields.
    rows.sort(key=itemgetter(0))
    return rows


def _rows_of_block(block: Block) -> Iterator[Row]:
    """By the column: row by row, it would take several times as long."""
    lines, skus = block.lines, [sku for _, sku, _ in block.briefly()]
    new_places = block.places_of(records.CREATED)
    for name in KEPT:
        if new_places:
            for place, text in zip(new_places, _shown(name, block.created(name)), strict=True):
                if text:
                    yield lines[place], skus[place], CREATED, name, "", text
        places, olds, news = block.changed(name)
        for place, old, new in zip(places, _shown(name, olds), _shown(name, news), strict=True):
            yield lines[place], skus[place], UPDATED, name, old, new


def _shown(name: str, texts: list[str]) -> list[str]:
    """Values as the history keeps them, as an export shows them."""
    if name == "is_active":
        return [_STATES[text] for text in texts]
    if name == "price":
        # The history has a price as the file has it.
        return [text if not text or text[-3:-2] == "." else _price(text) for text in texts]
    return texts
