"""Whether a retry of an import may help: the one rule by which it is offered, and refused. Retries nothing itself.

Jobs come from `with_progress`, which counts their lanes.
"""

from __future__ import annotations

from imports.models import ImportJob

ENDED_EARLY = (ImportJob.Status.FAILED, ImportJob.Status.CANCELLED)


def may_help(job: ImportJob) -> bool:
    """Whether the job has ended early, and a retry may get further."""
    return job.status in ENDED_EARLY and not fault(job)


def fault(job: ImportJob) -> str:
    """Why a retry of a job that has ended early would be in vain, as a sentence; empty if it may help."""
    if job.is_undo:
        return ""
    if not job.stored_as:
        return file_deleted(job)
    if _was_refused(job):
        return f"Import {job.pk} failed for what is in its file, and would again. Correct the file, and upload it."
    return ""


def file_deleted(job: ImportJob) -> str:
    """What is to be said where the file of the job is no longer kept."""
    return f"The file of import {job.pk} has been deleted; upload it again."


def _was_refused(job: ImportJob) -> bool:
    """Whether the job failed at opening, and for its file.

    Every other failure at opening, such as a full disk or a bucket that is gone, is noted as the job's last error
    (`jobs.end`): somebody may have put that right.
    """
    return job.status == ImportJob.Status.FAILED and job.lane_count == 0 and not job.last_error
