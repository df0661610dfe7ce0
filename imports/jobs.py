"""An import job's life: created, opened, running, and then completed, failed or cancelled; retried.

Each transition is one function, and each a compare-and-set on the status: of two that try, one wins. The API, the
admin, the command and the tasks call these and nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from acme_importer.audit.trail import record
from imports import guarded, proposed, quotas, retries, suppliers, sync_rules, turns, waking
from imports.events import announce
from imports.files import storage
from imports.files.space import full_disk_refused
from imports.models import UNTRIED, Draft, ImportJob, ImportLane, SentFile, Supplier
from imports.opening.decisions import QuestionOpenError
from imports.opening.found import Opened
from imports.options import Options
from imports.reading.questions import column_reference
from imports.verdict import doubts
from products.history import recording

# What a job has from the file that it imports, wherever that was before.
SENT_FIELDS = [field.attname for field in SentFile._meta.local_fields if field.name != "created_at"]
# What it has of the file alone: not who sent it, and what it follows.
FILE_FIELDS = [name for name in SENT_FIELDS if name not in ("created_by_id", "follows_id")]

Status = ImportJob.Status


class WrongStateError(Exception):
    """The job is not in a state from which this can be done; the text says so to a person."""


def create(
    file: UploadedFile,
    options: Options,
    user: AbstractBaseUser | AnonymousUser | None = None,
    *,
    supplier: Supplier | None = None,
    follows: ImportJob | None = None,
) -> ImportJob:
    """Keep an uploaded file and create the job that imports it; the workers are told in the same transaction.

    The file is read as those of the `supplier`, where the `options` do not say otherwise. `follows` is the import whose
    rejected rows it corrects.

    Raises FileRefusedError for an empty file, DiskFullError, and QuotaError. A file whose job cannot be created is
    removed again.
    """
    stored = storage.keep(file)
    try:
        with full_disk_refused(), transaction.atomic():
            quotas.check_and_hold(user.pk if user else None, stored.size)
            sent = {**sent_fields(stored, options, user), "follows": follows}
            if supplier:
                sent |= suppliers.read_by(suppliers.current(supplier), options)
            is_guarded = not options.dry_run and guarded.limits_for(ImportJob(**sent))
            job = add_with_check(**sent) if is_guarded else add(dry_run=options.dry_run, **sent)
            record("import.uploaded", job, user=user, **_facts(job))
    except BaseException:
        storage.delete_stored(stored.stored_as)
        raise
    return job


def create_from(file: SentFile, *, dry_run: bool) -> ImportJob:
    """Create the job that imports a file which is in storage already, and hand it to the workers."""
    return add(dry_run=dry_run, **{name: getattr(file, name) for name in SENT_FIELDS})


def _facts(job: ImportJob) -> dict[str, Any]:
    """What the audit trail tells of an upload."""
    return {"dry_run": job.dry_run, "bytes": job.file_size, "sha256": job.sha256}


def sent_fields(
    stored: storage.StoredFile, options: Options, user: AbstractBaseUser | AnonymousUser | None
) -> dict[str, Any]:
    """What is known of a file when it has arrived, as the fields of a SentFile."""
    return {
        "filename": stored.filename,
        "stored_as": stored.stored_as,
        "file_size": stored.size,
        "sha256": stored.sha256,
        "asked": options.as_json(),
        "created_by_id": user.pk if user else None,
    }


def add(**fields: Any) -> ImportJob:
    """Create a job with these fields, and put it in turn, unless it waits for its check."""
    with transaction.atomic():
        job = ImportJob.objects.create(**fields)
        announce(job.pk, "import.queued")
        if not job.awaits_check:
            turns.take_place(job.pk, job.created_by_id)
    return job


def add_with_check(**fields: Any) -> ImportJob:
    """Create a job with these fields that is under guard, and its check, which goes first."""
    with transaction.atomic():
        return add(applies=add(dry_run=True, **fields), awaits_check=True, **fields)


def start(job: ImportJob, opened: Opened, *, lanes: int) -> list[ImportLane]:
    """From queued to running: note what was found in the file, lay the lanes, wake them. Returns the lanes.

    Only for the worker that has claimed `job`: who takes it over deletes what this one has rewritten.
    """
    found = {
        "content_stored_as": opened.content_stored_as,
        "content_size": opened.content_size,
        "question": {},
        **read_as(opened),
        **_found(opened),
    }
    if opened.is_cut_off:
        found["sync"] = {"cut_off": True}
    if job.applies_id is None:
        # Before a lane looks at any product. What applies a check has that of the check.
        found["checked_from"] = recording.position()
    return lay_lanes(
        job,
        [
            ImportLane(job=job, number=number, offset=opened.data.offset, line=opened.data.line)
            for number in range(lanes)
        ],
        **found,
    )


def lay_lanes(job: ImportJob, lanes: list[ImportLane], **found: Any) -> list[ImportLane]:
    """From queued to running, with these lanes; `found` are fields of the job to note. Returns the lanes, as stored."""
    now = timezone.now()
    with transaction.atomic():
        waking.forget_opening(job.pk)
        queued = ImportJob.objects.filter(pk=job.pk, status=Status.QUEUED, claimed_by=job.claimed_by)
        started = queued.update(
            status=Status.RUNNING,
            started_at=job.started_at or now,
            run_started_at=now,
            **UNTRIED,
            **found,
        )
        if not started:
            raise WrongStateError(f"Import {job.pk} is no longer waiting to be opened.")
        laid = ImportLane.objects.bulk_create(lanes)
        announce(job.pk, "import.started")
        for lane in laid:
            waking.wake_lane(lane.pk, job.pk)
        # It may have fewer lanes than places were kept for it.
        turns.call_next_of(job.pk)
    return laid


def read_as(opened: Opened) -> dict[str, Any]:
    """How a file is read, as the fields of a job: two jobs in which these are equal read the same rows of it."""
    return {
        "content_encoding": opened.text.encoding,
        "content_dialect": opened.text.dialect.as_json(),
        "content_has_marks": opened.text.has_marks,
        "damaged_skus": opened.damaged.as_json(),
        **_told(opened),
    }


def _found(opened: Opened) -> dict[str, Any]:
    """What was found in a file, also where a question is open, as the fields of a job."""
    return {"sheets": opened.text.sheets, "warnings": opened.warnings, **_told(opened)}


def _told(opened: Opened) -> dict[str, Any]:
    """What people are told of how a file is read."""
    return {
        "encoding": opened.text.detected.encoding,
        "delimiter": opened.delimiter,
        "sheet": opened.text.sheet,
        "format": opened.format,
        "header": opened.header,
        "header_lines": opened.header_lines,
        "columns": opened.columns,
        "numbers": opened.numbers.as_json(),
        "words": opened.words,
    }


def ask(job: ImportJob, error: QuestionOpenError) -> None:
    """From queued to failed: which column is which, or where the header is, must be said first.

    What was found is noted all the same.
    """
    question, chosen = error.question, error.chosen
    # Of columns that may be none, nothing is proposed.
    proposed = chosen.proposed_mapping if question.field else {}
    if question.mapping:
        proposed = dict(question.mapping)
    asked = {
        "field": question.field,
        "sentence": question.sentence,
        "candidates": [column_reference(position, chosen.header) for position, _ in question.candidates],
        "mapping": {**job.options.mapping, **proposed} if proposed else {},
    }
    end(job.pk, Status.FAILED, reason=str(error), question=asked, **_found(error.opened))


def finish_if_all_lanes_have(job_id: int, *, total_rows: int) -> None:
    """Complete the job if the lane that calls this, in the transaction that finishes it, was the last one.

    A job whose counts do not add up to the rows of the file is failed instead: then the importer has a bug.
    """
    # Two lanes that end at the same moment see each other only through this lock.
    job = ImportJob.objects.select_for_update().get(pk=job_id)
    ImportJob.objects.filter(pk=job_id).update(total_rows=total_rows)
    if ImportLane.objects.filter(job=job_id, finished=False).exists():
        turns.call_next_of(job_id)
        return
    if _is_synced(job):
        return
    progress = ImportJob.objects.with_progress().get(pk=job_id)
    processed = progress.processed_rows
    if processed != total_rows:
        if job.is_undo:
            told = f"Of {total_rows:,} changes, {processed:,} are accounted for. The history of the others was pruned."
        else:
            told = f"The file has {total_rows:,} rows, but {processed:,} are accounted for."
        end(job_id, Status.FAILED, reason=told)
        return
    if job.is_undo:
        end(job_id, Status.COMPLETED)
        return
    next_line = ImportLane.objects.filter(job=job_id, is_sync=False).aggregate(line=Max("line"))["line"]
    found = doubts(progress, lines=next_line - 1)
    if reason := job.sync.get("why_not"):
        found.append(reason)
    if found:
        ImportJob.objects.filter(pk=job_id).update(is_doubtful=True, warnings=[*job.warnings, *found])
    end(job_id, Status.COMPLETED)
    if job.dry_run:
        guarded.settle(job_id)
    is_rewriting = job.content_stored_as != job.stored_as
    let_go = storage.delete_stored if is_rewriting else storage.close_stored
    transaction.on_commit(lambda: let_go(job.content_stored_as))


def _is_synced(job: ImportJob) -> bool:
    """Whether the job, whose rows are done, goes on with the products that its supplier's file lacks."""
    if not sync_rules.is_a_suppliers_file(job) or "complete" in job.sync:
        return False
    job.sync = sync_rules.completed(job)
    ImportJob.objects.filter(pk=job.pk).update(sync=job.sync)
    if "earlier" not in job.sync:
        return False
    # It begins where the others end, so that the progress of the job does not go back.
    lane = ImportLane.objects.create(job=job, number=job.lanes.count(), is_sync=True, offset=job.content_size, line=1)
    waking.wake_lane(lane.pk, job.pk)
    return True


def fail_if_hopeless(job_id: int) -> None:
    """Fail the job when it has rejected more rows than IMPORT_MAX_REJECTED allows."""
    rejected = ImportJob.objects.with_progress().get(pk=job_id).rejected_rows
    if rejected > settings.IMPORT_MAX_REJECTED:
        end(
            job_id,
            Status.FAILED,
            reason=f"{rejected:,} rows were rejected, more than the limit of {settings.IMPORT_MAX_REJECTED:,} "
            "(IMPORT_MAX_REJECTED). Look at the rejected rows, then fix the file or raise the limit.",
        )


def end(job_id: int, status: ImportJob.Status, *, reason: str = "", error: str = "", **found: Any) -> bool:
    """Bring a job that is not over to its end; returns whether it was. `found` are fields of it to note.

    `error` is what its file could not be opened for, if that is not what the file holds. What waits for a check that
    is not completed ends as that does.
    """
    unfinished = ImportJob.objects.filter(pk=job_id, status__in=quotas.UNFINISHED)
    told = {"failure_reason": reason, "last_error": error, **found}
    with transaction.atomic():
        ended = unfinished.update(status=status, finished_at=timezone.now(), awaits_check=False, **told)
        if ended:
            announce(job_id, f"import.{status}")
            turns.call_next_of(job_id)
            if status != Status.COMPLETED:
                _end_waiting(job_id, status, reason, error, found)
    return bool(ended)


def _end_waiting(check_id: int, status: ImportJob.Status, reason: str, error: str, found: dict[str, Any]) -> None:
    """End what waits for a check as that has ended, with the same question, and as fit for a retry."""
    for job in guarded.waiting_for(check_id):
        # What has neither lanes nor an error counts as refused for its file (`imports.retries`).
        was_opened = ImportLane.objects.filter(job=check_id).exists()
        end(job.pk, status, reason=reason, error=error or (reason if was_opened else ""), **found)


def cancel(job: ImportJob) -> None:
    """Stop a job; what is in the catalogue stays there. Raises WrongStateError if it is over.

    One that waits for its check is stopped with that.
    """
    with transaction.atomic():
        with_check = job.awaits_check and job.applies_id is not None and end(job.applies_id, Status.CANCELLED)
        if with_check or end(job.pk, Status.CANCELLED):
            record("import.cancelled", job)
            return
    job.refresh_from_db()
    raise WrongStateError(f"Import {job.pk} is {job.status} and cannot be cancelled.")


def delete_files(job: ImportJob) -> None:
    """Delete what is stored of a job that is over; it stays on record, and can no longer be retried."""
    ImportJob.objects.filter(pk=job.pk).update(stored_as="", content_stored_as="")
    for name in {job.stored_as, job.content_stored_as}:
        delete_unless_used(name)


def delete_unless_used(name: str) -> None:
    """Delete this stored file, unless a job or a draft has it: those of a check and of its import are the same."""
    if not (ImportJob.objects.filter(stored_as=name).exists() or Draft.objects.filter(stored_as=name).exists()):
        storage.delete_stored(name)


def retry(job: ImportJob) -> None:
    """Resume a failed or cancelled job from its checkpoints, in turn.

    Raises WrongStateError if it is neither, or is being undone, or if a retry would be in vain.
    """
    with transaction.atomic():
        progress = ImportJob.objects.with_progress().get(pk=job.pk)
        if why_not := retries.fault(progress):
            raise WrongStateError(why_not)
        check = _check_to_judge(progress)
        # Lanes first, then their job: the order in which a chunk locks them.
        ImportLane.objects.filter(job=job.pk).update(narrowed_to=0, **UNTRIED)
        lanes = list(ImportLane.objects.filter(job=job.pk))
        at_once = bool(lanes) and turns.has_place(progress.created_by_id)
        changed = ImportJob.objects.filter(pk=job.pk, status__in=retries.ENDED_EARLY).update(
            status=Status.QUEUED,
            woken_at=None,
            message=None,
            failure_reason="",
            finished_at=None,
            awaits_check=check is not None,
            run_started_at=None,
            run_first_row=progress.processed_rows,
            **UNTRIED,
        )
        if not changed:
            raise WrongStateError(
                f"Import {job.pk} is {progress.status}; only a failed or cancelled one can be retried."
            )
        if (undo := undo_under_way(job.pk)) is not None:
            # What it writes now, that undo may not see, and would take for somebody else's.
            raise WrongStateError(
                f"Import {job.pk} is being undone, by import {undo.pk}. Wait for its end, or cancel it first."
            )
        record("import.retried", job)
        if at_once:
            resume(job.pk)
            return
        announce(job.pk, "import.queued")
        if check is not None:
            _go_on_with_check(check)
        else:
            turns.take_place(job.pk, progress.created_by_id)


def _check_to_judge(job: ImportJob) -> ImportJob | None:
    """The check by which `job`, from `with_progress`, is to be judged before it begins; None if it need not be.

    Locked, since at its end it looks for what waits for it; its lanes first, as everywhere.
    """
    if job.applies_id is None or job.lane_count or job.is_approved:
        return None
    was_judged = job.checked_from is not None
    if was_judged and not guarded.limits_for(job):
        return None
    list(ImportLane.objects.select_for_update().filter(job=job.applies_id).values_list("pk"))
    return ImportJob.objects.select_for_update().get(pk=job.applies_id)


def _go_on_with_check(check: ImportJob) -> None:
    """Do what is left to do of a check that an import waits for, so that this is judged."""
    if check.status in retries.ENDED_EARLY:
        retry(check)
    elif check.status == Status.COMPLETED:
        if expired := proposed.why_expired(check):
            raise WrongStateError(expired)
        guarded.settle(check.pk)


def undo_under_way(job_id: int) -> ImportJob | None:
    """The undo of this job that is queued or running, if there is one."""
    return ImportJob.objects.filter(undoes=job_id, dry_run=False, status__in=quotas.UNFINISHED).first()


def resume(job_id: int) -> None:
    """From queued to running, for a job that has lanes from before: wake those that are not finished."""
    with transaction.atomic():
        waking.forget_opening(job_id)
        lanes = list(ImportLane.objects.filter(job=job_id))
        resumed = ImportJob.objects.filter(pk=job_id, status=Status.QUEUED).update(
            status=Status.RUNNING, run_started_at=timezone.now(), **UNTRIED
        )
        if not resumed:
            raise WrongStateError(f"Import {job_id} is no longer waiting to be resumed.")
        announce(job_id, "import.started")
        unfinished = [lane for lane in lanes if not lane.finished]
        if not unfinished:
            finish_if_all_lanes_have(job_id, total_rows=lanes[0].records)
        for lane in unfinished:
            waking.wake_lane(lane.pk, job_id)


def newest_claim() -> datetime | None:
    """The end of the newest claim on a job or a lane: while workers get on with imports, it moves with every chunk."""
    newest = [model.objects.aggregate(end=Max("claimed_until"))["end"] for model in (ImportJob, ImportLane)]
    return max((end for end in newest if end), default=None)
