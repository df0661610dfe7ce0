"""What is kept of a chunk's rows besides products and their history: the rejected ones, and what became of the others.

Called in the transaction of the chunk. Does not know lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imports.models import ChunkOutcome, ImportJob, RejectedRow
from imports.reading.rows import Rejection, Skip
from imports.reading.texts import kept, limited
from imports.writing.fates import fate_of_skip, pack
from imports.writing.plan import Outcome


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


def _rejected_row(job: ImportJob, rejection: Rejection) -> RejectedRow:
    record, is_cut = kept(rejection.record, len(job.header))
    faults = [{name: limited(text) for name, text in fault._asdict().items()} for fault in rejection.faults]
    code = rejection.faults[0].code
    return RejectedRow(job_id=job.pk, line=rejection.line, code=code, faults=faults, record=record, is_cut=is_cut)
