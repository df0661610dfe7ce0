"""Which imports are under guard, and what becomes of them once their check is there: they take their place in turn, or
they are held.

The rules are in `imports.guards`. What becomes of one that is held: `imports.approval`.
"""

from __future__ import annotations

from django.conf import settings

from acme_importer.audit.trail import record
from imports import changes, proposed, turns
from imports.events import announce
from imports.guards import LastFile, Limits, Measured, Trip, judge, with_own
from imports.models import ImportJob

Status = ImportJob.Status


def limits_for(job: ImportJob) -> Limits:
    """The limits that hold for the file of `job`, by the names of the guards; none where it is under no guard.

    An undo writes what was in the catalogue before. Rows that were held are those of a file that was judged.
    """
    if job.is_undo or job.held_by_id is not None:
        return {}
    installation: Limits = settings.IMPORT_GUARDS
    own = job.read_by.guards if job.read_by else None
    return installation if own is None else with_own(installation, own)


def trips(check: ImportJob) -> list[Trip]:
    """Which guards trip over what the completed `check`, from `with_progress`, has found."""
    limits = limits_for(check)
    last = check.sync.get("last")
    return judge(_measured(check), limits, LastFile(**last) if last else None) if limits else []


def _measured(check: ImportJob) -> Measured:
    return Measured(
        rows=check.processed_rows - check.skipped_rows,
        rejected=check.rejected_rows,
        created=check.created_rows,
        existing=check.updated_rows + check.unchanged_rows,
        absent=check.deactivated_products,
        deactivated=changes.summary(check).deactivated,
        findings=proposed.findings(check),
    )


def waiting_for(check_id: int) -> list[ImportJob]:
    """The imports that wait for this check; there is one at most, but for old ones that are retried."""
    return list(ImportJob.objects.filter(applies=check_id, awaits_check=True, status=Status.QUEUED))


def settle(check_id: int) -> None:
    """Judge the imports that wait for this completed check; in the transaction in which it, or they, came to be so.

    Each once, by compare-and-set: it is no longer waiting then.
    """
    waiting = waiting_for(check_id)
    if not waiting:
        return
    check = ImportJob.objects.with_progress().get(pk=check_id)
    tripped = trips(check)
    for job in waiting:
        judged = ImportJob.objects.filter(pk=job.pk, awaits_check=True, status=Status.QUEUED).update(
            awaits_check=False,
            status=Status.HELD if tripped else Status.QUEUED,
            trips=[trip.as_json() for trip in tripped],
            approval={},
            checked_from=check.checked_from,
        )
        if judged and tripped:
            announce(job.pk, "import.held")
            record("import.held", job, check=check_id, guards=[trip.guard for trip in tripped])
        elif judged:
            turns.take_place(job.pk, job.created_by_id)
