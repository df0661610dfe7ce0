"""The skipped rows of an import: how many there are for each reason."""

from __future__ import annotations

from collections import Counter

from imports.models import ImportJob, ImportLane
from imports.reading.formats import description
from imports.writing import kept, plan

# By code: those of the rows of a known format, those of a mode, and those of an undo.
REASONS = description.REASONS | plan.REASONS | kept.REASONS


def skipped_by_reason(job: ImportJob) -> dict[str, int]:
    """How many rows of `job` were skipped for each reason, as a sentence; the most frequent first."""
    counts: Counter[str] = Counter()
    for of_lane in ImportLane.objects.filter(job=job.pk).values_list("skipped_by_reason", flat=True):
        counts.update(of_lane)
    return {REASONS[code]: count for code, count in counts.most_common()}
