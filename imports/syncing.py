"""The run of a full sync along the last lane of a supplier's import: products that came back, then those that are gone.

A product that the supplier's earlier complete files had, and this one lacks, is deactivated, never deleted. One that is
in the file again is activated again, if a sync has deactivated it and nobody has decided otherwise since; but not by a
file that says itself what is active. It is written by the importer's own writers, and on record as the import's, in no
line of its file. Moving on, counting and committing are the pipeline's. A check only shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from imports import file_skus
from imports.file_skus import Compared
from imports.models import Deactivation, DryRunSku, ImportJob, ImportLane
from imports.pipeline import Chunk, LaneRun
from imports.reading.csvfile import Position
from imports.reading.rows import CleanRow
from imports.writing.catalogue import Found, find_products
from imports.writing.choose import make_product_writer
from imports.writing.plan import Outcome, Plan, Rules
from imports.writing.proposals import Proposal
from products.history.models import PLACES, ChangeSet
from products.history.records import Record
from products.history.stories import records_at
from products.models import Product

FIELDS = ("sku", "is_active")
# It is in no line of the file.
NO_LINE = 0
# Deactivated products whose SKUs are read at a time.
BATCH = 5000


class Synced(NamedTuple):
    """A product that is to become active, or inactive, as the pipeline takes a row."""

    sku_normalized: str
    is_active: bool
    line: int = NO_LINE

    @property
    def record(self) -> list[str]:
        """What is shown of it where it is rejected."""
        return [self.sku_normalized]


@contextmanager
def open_lane(lane: ImportLane) -> Iterator[LaneRun]:
    """The run along the lane of a sync."""
    job = lane.job
    marked = [] if "is_active" in job.columns else _deactivated(job)
    with file_skus.compared(job.pk, job.sync["earlier"], marked) as found:
        yield SyncRun(lane, found)


def _deactivated(job: ImportJob) -> Iterator[list[str]]:
    """The SKUs that syncs of the job's supplier have deactivated, some at a time."""
    last = ""
    deactivations = Deactivation.objects.filter(supplier=_supplier_of(job)).order_by("sku_normalized")
    skus = deactivations.values_list("sku_normalized", flat=True)
    while some := list(skus.filter(sku_normalized__gt=last)[:BATCH]):
        yield some
        last = some[-1]


def _supplier_of(job: ImportJob) -> int | None:
    """The key of the job's supplier; None if it was deleted meanwhile."""
    return job.read_by.supplier_id if job.read_by else None


class SyncRun(LaneRun):
    """A run along the lane of a sync."""

    def __init__(self, lane: ImportLane, found: Compared) -> None:
        self._found = found
        self._returned = found.known_count()
        self._sync = SyncWriter(lane.job)
        super().__init__(lane, self._sync)

    def _read_chunk(self, rows_limit: int) -> Chunk:
        start = self.lane.offset - self._job.content_size
        rows = [Synced(sku, is_active=True) for sku in self._found.known(start, rows_limit)]
        left = rows_limit - len(rows)
        absent = self._found.absent(max(0, start - self._returned), left) if left else []
        rows += [Synced(sku, is_active=False) for sku in absent]
        return Chunk(
            rows=rows,
            rejections=[],
            skipped=[],
            # As if each product were in a line of its own, so that one that cannot be written is found.
            end=Position(self.lane.offset + len(rows), self.lane.line + len(rows)),
            records=self._job.total_rows or 0,
            second_table=0,
            at_end=len(rows) < rows_limit,
        )

    def _noted(self) -> dict[str, Any]:
        return {
            "activated_products": self.lane.activated_products + self._sync.activated,
            "deactivated_products": self.lane.deactivated_products + self._sync.deactivated,
        }


class SyncWriter:
    """Writes the chunks of one sync, or shows them. `activated` and `deactivated` are of the chunk that came last."""

    def __init__(self, job: ImportJob) -> None:
        self._job = job
        self._writer = make_product_writer(job.pk, FIELDS, Rules(may_create=False))
        self.activated = 0
        self.deactivated = 0

    def write(self, rows: Sequence[Synced]) -> Outcome:
        """See ChunkWriter. Nothing of it is counted as a row."""
        found = find_products(rows, FIELDS)
        wanted = {row.sku_normalized: row.is_active for row in rows}
        concerned = [sku for sku in wanted if sku in found.values and found.values[sku][1] != wanted[sku]]
        concerned = self._as_shown(self._own(concerned, wanted, found), wanted, found)
        changes = [CleanRow(NO_LINE, sku, (found.values[sku][0], wanted[sku]), [sku]) for sku in concerned]
        if self._job.dry_run:
            return self._shown(changes, found)
        outcome = self._writer.write(changes) if changes else Outcome()
        written = Product.objects.filter(sku_normalized__any_of=set(concerned), last_import=self._job.pk)
        done = [
            (sku, address)
            for sku, is_active, address in written.values_list("sku_normalized", "is_active", "last_change")
            if is_active == wanted[sku]
        ]
        self._count([sku for sku, _ in done], wanted)
        self._note([(sku, address) for sku, address in done if not wanted[sku]])
        return Outcome(summary=outcome.summary)

    def _own(self, skus: Sequence[str], wanted: dict[str, bool], found: Found) -> list[str]:
        """`skus` without those that would be activated, but are inactive for another reason than a sync."""
        back = {sku for sku in skus if wanted[sku]}
        if not back:
            return list(skus)
        deactivations = Deactivation.objects.filter(supplier=_supplier_of(self._job), sku_normalized__any_of=back)
        by_sync = dict(deactivations.values_list("sku_normalized", "address"))
        decided = _decided_since({sku: (found.last_changes[sku], by_sync[sku]) for sku in back if sku in by_sync})
        return [sku for sku in skus if sku not in back or (sku in by_sync and sku not in decided)]

    def _as_shown(self, skus: list[str], wanted: dict[str, bool], found: Found) -> list[str]:
        """`skus`, of an import that applies a check without those whose deactivation the check has not shown.

        Only a product that somebody has changed since can be one.
        """
        job = self._job
        if job.applies_id is None or job.checked_from is None:
            return skus
        later = ChangeSet.objects.filter(number__gt=job.checked_from).exclude(import_number=job.pk)
        sets = {found.last_changes[sku] // PLACES for sku in skus}
        changed_in = set(later.filter(pk__any_of=sets).values_list("pk", flat=True)) if sets else set()
        suspects = {sku for sku in skus if not wanted[sku] and found.last_changes[sku] // PLACES in changed_in}
        if not suspects:
            return skus
        shown = DryRunSku.objects.filter(job=job.applies_id, line=NO_LINE, sku_normalized__any_of=suspects)
        not_shown = suspects - set(shown.values_list("sku_normalized", flat=True))
        return [sku for sku in skus if sku not in not_shown]

    def _shown(self, changes: Sequence[CleanRow], found: Found) -> Outcome:
        """Keep what an import would change, as a check does of rows."""
        proposal = Proposal(self._job.pk, FIELDS, {})
        proposal.keep(Plan(update={row.sku_normalized: row for row in changes}), found)
        DryRunSku.objects.bulk_create(
            [
                DryRunSku(job_id=self._job.pk, sku_normalized=sku, line=NO_LINE, block=block)
                for block, skus in proposal.skus
                for sku in skus
            ],
            # What came back may be among the rows.
            ignore_conflicts=True,
        )
        self._count([row.sku_normalized for row in changes], {row.sku_normalized: row.values[1] for row in changes})
        return Outcome(summary=proposal.summary)

    def _count(self, skus: Sequence[str], wanted: dict[str, Any]) -> None:
        self.activated = sum(wanted[sku] for sku in skus)
        self.deactivated = len(skus) - self.activated

    def _note(self, deactivated: Sequence[tuple[str, int]]) -> None:
        supplier = _supplier_of(self._job)
        if supplier is None:
            return
        Deactivation.objects.bulk_create(
            [Deactivation(supplier_id=supplier, sku_normalized=sku, address=address) for sku, address in deactivated],
            update_conflicts=True,
            unique_fields=["supplier", "sku_normalized"],
            update_fields=["address"],
        )


def _decided_since(ways: dict[str, tuple[int, int]]) -> set[str]:
    """Of products by SKU, each with the address of its newest record and of an older one: those of which somebody has
    decided in between whether they are active. Syncs and undos of them decide nothing.

    What is not on record any more counts as decided.
    """
    decided: set[str] = set()
    while ways := {sku: (at, end) for sku, (at, end) in ways.items() if at != end}:
        records = {record.address: record for record in records_at([at for at, _ in ways.values()])}
        of_syncs = _of_syncs(records.values())
        for sku, (at, end) in list(ways.items()):
            record = records.get(at)
            if record is None or at < end or ("is_active" in record.fields and at not in of_syncs):
                decided.add(sku)
                del ways[sku]
            else:
                ways[sku] = record.previous, end
    return decided


def _of_syncs(records: Iterable[Record]) -> set[int]:
    """The addresses of those `records` that a sync has made, or the undo of one: they are an import's, in no line."""
    in_no_line = [record.address for record in records if record.line == NO_LINE]
    sets = ChangeSet.objects.filter(pk__in={address // PLACES for address in in_no_line}, import_number__isnull=False)
    of_imports = set(sets.values_list("pk", flat=True)) if in_no_line else set()
    return {address for address in in_no_line if address // PLACES in of_imports}
