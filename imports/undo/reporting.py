"""What an undo has done, or would do, as people and programs read it: how many products of each class, and examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imports.models import ImportJob, ImportLane
from imports.undo.verdict import Class
from imports.undo.writing import Report
from imports.writing.kept import CHANGED_LATER, EDITED_SINCE, GONE, NOT_SELECTED

# What is said of the products of each class.
SAID = {
    Class.RESTORED: "restored",
    Class.DELETED: "deleted, since the import had created them",
    Class.CREATED_AGAIN: "created again",
    Class.EDITED_SINCE: "kept: edited since",
    Class.CHANGED_LATER: "kept: changed by a later import",
    Class.ALREADY_SO: "already as before",
    Class.GONE: "gone: deleted since, or given another SKU",
}


@dataclass(frozen=True, slots=True)
class UndoReport:
    """How many products are in each class, besides those not selected and refused; each product is in exactly one.

    Attributes:
        products: the number of products by class.
        not_selected: how many changes were not selected.
        rejected: how many products the database refused to change.
        earlier: how many changes were earlier ones of a product that the import changed several times.
        fields: how often each field is restored.
        in_part: how many of the restored products keep other fields that were changed since.
        examples: some of each class: {"sku", "line", "restored": {field: [now, then]}, "kept": [field]}.
    """

    products: dict[str, int]
    not_selected: int
    rejected: int
    earlier: int
    fields: dict[str, int]
    in_part: int
    examples: dict[str, list[dict[str, Any]]]


def report(job: ImportJob) -> UndoReport:
    """The report of an undo, from `with_progress`: so far, while it runs. Of another job it says nothing."""
    found = Report()
    skipped: dict[str, int] = {}
    counts = dict.fromkeys(ImportLane.COUNTS, 0)
    if job.is_undo:
        counts = {name: getattr(job, name) for name in ImportLane.COUNTS}
    for lane in ImportLane.objects.filter(job=job.pk):
        found.take_in(Report.from_json(lane.report))
        skipped.update(lane.skipped_by_reason)
    return UndoReport(
        products={
            Class.RESTORED: counts["updated_rows"],
            Class.DELETED: counts["deleted_rows"],
            Class.CREATED_AGAIN: counts["created_rows"],
            Class.EDITED_SINCE: skipped.get(EDITED_SINCE, 0),
            Class.CHANGED_LATER: skipped.get(CHANGED_LATER, 0),
            Class.ALREADY_SO: counts["unchanged_rows"],
            Class.GONE: skipped.get(GONE, 0),
        },
        not_selected=skipped.get(NOT_SELECTED, 0),
        rejected=counts["rejected_rows"],
        earlier=counts["duplicate_rows"],
        fields=dict(found.fields),
        in_part=found.in_part,
        examples=found.examples,
    )
