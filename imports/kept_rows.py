"""What is kept of a chunk's rows besides products and their history: the rejected ones, and what became of the others.

Called in the transaction of the chunk. Does not know lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from imports.models import ChunkOutcome, HeldRow, ImportJob, RejectedRow
from imports.reading.rows import Rejection, Skip
from imports.reading.texts import kept, limited
from imports.writing.fates import KINDS, fate_of_skip, pack
from imports.writing.plan import Change, Held, Outcome
from products.history.plain import plain


def keep_rejections(job: ImportJob, rejections: Iterable[Rejection]) -> None:
    """Keep the rejected rows, each with what is wrong with it."""
    RejectedRow.objects.bulk_create(_rejected_row(job, rejection) for rejection in rejections)


def keep_fates(job_id: int, outcome: Outcome, skipped: Sequence[Skip]) -> None:
    """Keep in one row what became of the rows of which there is no other record, if there are any.

    `skipped` are the records of the chunk that are no products.
    """
    others = [*outcome.fates, *map(fate_of_skip, skipped)]
    lines = [*(row.line for row in outcome.unchanged_rows[:1]), *(fate.line for fate in others)]
    if lines:
        ChunkOutcome.objects.create(job_id=job_id, first_line=min(lines), data=pack(outcome.unchanged_rows, others))


def keep_held(job_id: int, held: Iterable[Held]) -> None:
    """Keep the rows that were not written, each with what was shown of it and what it would do now."""
    HeldRow.objects.bulk_create(
        HeldRow(job_id=job_id, line=row.line, sku=row.values[0], shown=_told(shown), now=_told(now))
        for row, shown, now in held
    )


def _told(change: Change | None) -> dict[str, Any]:
    """A change as it is stored; of a product that would be created, without what is empty."""
    if change is None:
        return {}
    kind, before, after = change
    fields = {
        name: {"old": plain(name, before.get(name)), "new": plain(name, value)}
        for name, value in after.items()
        if before or value not in (None, "", {})
    }
    return {"kind": KINDS[kind], "fields": fields}


def _rejected_row(job: ImportJob, rejection: Rejection) -> RejectedRow:
    record, is_cut = kept(rejection.record, len(job.header))
    faults = [{name: limited(text) for name, text in fault._asdict().items()} for fault in rejection.faults]
    code = rejection.faults[0].code
    return RejectedRow(job_id=job.pk, line=rejection.line, code=code, faults=faults, record=record, is_cut=is_cut)
