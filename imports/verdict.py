"""The verdict on an import that is over: whether all went well, and if not, what is to be said of it as a whole.

Most jobs are completed whatever became of their rows; so the page, the API and the command ask here before they call
one a success.
"""

from __future__ import annotations

from acme_importer.texts import counted
from imports.models import ImportJob

# What a job is called that is completed, but has rejected or held rows, or is doubtful for another reason.
WITH_ERRORS = "completed_with_errors"
WITH_WARNINGS = "completed_with_warnings"
# A short file may have a long description.
FEWEST_LINES = 30


def state_name(job: ImportJob) -> str:
    """The status of a job from `with_progress`, or one of the two above."""
    if job.status != ImportJob.Status.COMPLETED:
        return str(job.status)
    if job.rejected_rows or job.held_rows:
        return WITH_ERRORS
    return WITH_WARNINGS if job.is_doubtful else str(job.status)


def doubts(job: ImportJob, lines: int) -> list[str]:
    """What speaks against a job from `with_progress` whose file was read to its end, after `lines` lines."""
    rows = job.processed_rows
    found = []
    if not rows:
        found.append("The file has no rows below its header.")
    elif job.rejected_rows + job.skipped_rows == rows:
        found.append(f"No row {'would be' if job.dry_run else 'was'} imported: {_became(job)}.")
    elif job.rejected_rows * 2 > rows:
        found.append(f"Most rows were rejected: {job.rejected_rows:,} of {rows:,}.")
    if rows and lines >= FEWEST_LINES and rows * 10 < lines:
        found.append(
            f"The file has {lines:,} lines, but only {counted(rows, 'row')}. That is right if the other lines are "
            "blank, or belong to texts of several lines. If they should be rows, look for a quotation mark that is not "
            "closed."
        )
    return found


def _became(job: ImportJob) -> str:
    """What became of the rows, none of which was imported."""
    if not job.skipped_rows:
        return "the only one was rejected" if job.rejected_rows == 1 else f"all {job.rejected_rows:,} were rejected"
    if not job.rejected_rows:
        return "the only one was skipped" if job.skipped_rows == 1 else f"all {job.skipped_rows:,} were skipped"
    return f"of {job.processed_rows:,}, {job.rejected_rows:,} were rejected and {job.skipped_rows:,} skipped"
