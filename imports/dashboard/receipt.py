"""The receipt of an import as the dashboard shows it: what became of the rows, as a bar and in words."""

from __future__ import annotations

from collections.abc import Sequence

from acme_importer.dashboard.drawings import Segment, stack
from imports.models import ImportJob, ImportLane

KINDS = tuple(name.removesuffix("_rows") for name in ImportLane.COUNTS)
# What becomes of rows in a few imports only; and what of that is nothing rare in undos, which alone delete products.
RARE = ("skipped", "deleted", "superseded", "held")
USUAL_OF_UNDOS = ("skipped", "deleted")


def receipt_segments(job: ImportJob, *, every_kind: bool = False) -> list[Segment]:
    """The bar of a job from `with_progress`; with `every_kind`, also segments of no length, for a script to change."""
    segments = stack({kind: getattr(job, f"{kind}_rows") for kind in KINDS})
    if not every_kind:
        return segments
    by_kind = {segment.kind: segment for segment in segments}
    hidden = set(RARE).difference(by_kind, USUAL_OF_UNDOS if job.is_undo else ())
    kinds = [kind for kind in KINDS if kind not in hidden]
    return [by_kind.get(kind, Segment(kind, 0, 0, 0)) for kind in kinds]


def counted(kind: str, count: int) -> str:
    """The word for `count` rows of a kind; formats.js has the same rule."""
    return "duplicates" if kind == "duplicate" and count != 1 else kind


def receipt_text(segments: Sequence[Segment]) -> str:
    """The receipt in words."""
    parts = [f"{part.count:,} {counted(part.kind, part.count)}" for part in segments if part.count]
    return ", ".join(parts) or "no rows"
