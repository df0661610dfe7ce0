"""The rules of a full sync: whether products that a supplier's file lacks are deactivated, and by which earlier files.

Only what a complete file lacks is missing. Where that is not certain nothing is deactivated, and it is said why.
"""

from __future__ import annotations

from typing import Any

from acme_importer.texts import counted
from imports import file_skus
from imports.models import DEACTIVATE_MISSING, ImportJob

CUT_OFF = "the file seems to be cut off"


def is_a_suppliers_file(job: ImportJob) -> bool:
    """Whether the job reads a whole file of a supplier, whose SKUs are kept."""
    return job.read_by_id is not None and job.follows_id is None and job.held_by_id is None


def completed(job: ImportJob) -> dict[str, Any]:
    """What is noted in `ImportJob.sync` once the rows of the job's file are done: with `earlier`, it is synced.

    Of a check also the `last` file is noted, which guards compare with (`imports.guards.LastFile`).

    An import that applies a check is compared with the files that the check was compared with.
    """
    noted: dict[str, Any] = {**job.sync, "complete": not job.sync.get("cut_off")}
    if job.dry_run and (last := earlier_files(job, 1)):
        noted["last"] = _beside(job, last[0])
    version = job.read_by
    if version is None or version.missing != DEACTIVATE_MISSING:
        return noted
    if job.applies is not None:
        told = {name: job.applies.sync[name] for name in ("earlier", "why_not") if name in job.applies.sync}
        return noted | told
    earlier = earlier_files(job, version.missing_after)
    if len(earlier) < version.missing_after:
        return noted
    if reason := _why_not(job):
        return noted | {"why_not": reason}
    return noted | {"earlier": earlier}


def earlier_files(job: ImportJob, count: int) -> list[int]:
    """The numbers of the `count` complete files of the same supplier that came in before, the newest first."""
    if job.read_by is None:
        return []
    complete = ImportJob.objects.filter(
        read_by__supplier=job.read_by.supplier_id,
        status=ImportJob.Status.COMPLETED,
        dry_run=False,
        sync__complete=True,
        pk__lt=job.pk,
    )
    return list(complete.order_by("-pk").values_list("pk", flat=True)[:count])


def _beside(job: ImportJob, last: int) -> dict[str, int]:
    """How many rows and SKUs the last file had, and how many of these SKUs the file of `job` lacks."""
    before = ImportJob.objects.with_progress().get(pk=last)
    skus, missing = file_skus.overlap(job.pk, last)
    return {"rows": before.processed_rows - before.skipped_rows, "skus": skus, "missing": missing}


def _why_not(job: ImportJob) -> str:
    if job.sync.get("cut_off"):
        reason = CUT_OFF
    elif rows := file_skus.unreadable(job.pk):
        have = "has" if rows == 1 else "have"
        reason = f"{counted(rows, 'rejected row')} {have} no SKU that can be relied on, and could be any product"
    else:
        return ""
    return f"Products that the file lacks are not deactivated: {reason}."
