"""What people see of an import at a glance: what it is called, what it is, and its state in words and colours."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from acme_importer.texts import printable
from imports.models import ImportJob, ImportLane
from imports.verdict import WITH_ERRORS, WITH_WARNINGS, state_name

Status = ImportJob.Status
LABELS = {
    Status.QUEUED.value: "Queued",
    Status.RUNNING.value: "Running",
    Status.HELD.value: Status.HELD.label,
    Status.COMPLETED.value: "Completed",
    WITH_ERRORS: "Completed with errors",
    WITH_WARNINGS: "Completed with warnings",
    Status.FAILED.value: "Failed",
    Status.CANCELLED.value: "Cancelled",
}
KINDS = {
    Status.QUEUED.value: "",
    Status.RUNNING.value: "busy",
    Status.HELD.value: "warn",
    Status.COMPLETED.value: "good",
    WITH_ERRORS: "warn",
    WITH_WARNINGS: "warn",
    Status.FAILED.value: "bad",
    Status.CANCELLED.value: "",
}


@dataclass(frozen=True, slots=True)
class ShownState:
    """What a badge says: its label, and its kind: `good`, `busy`, `warn`, `bad`, or plain."""

    label: str
    kind: str


def shown_state(job: ImportJob) -> ShownState:
    """The state of a job from `with_progress`. Where rows were rejected or held, it is not simply completed."""
    name = state_name(job)
    return ShownState(LABELS[name], KINDS[name])


def name_of(job: ImportJob) -> str:
    """What a job is called in lists and titles: by its file, or by what it undoes."""
    if job.undoes_id:
        return f"Undo of import {job.undoes_id}"
    return printable(f"Undo of {job.filename}" if job.is_undo else job.filename)


def kind_of(job: ImportJob) -> str:
    """What a job is that writes nothing; empty of all others."""
    if not job.dry_run:
        return ""
    return "Preview" if job.is_undo else "Check"


def in_state(jobs: QuerySet[ImportJob], name: str) -> QuerySet[ImportJob]:
    """Those of `jobs` that are shown in the state `name`, a key of `LABELS`."""
    not_written = Q(rejected_rows__gt=0) | Q(held_rows__gt=0)
    with_errors = Exists(ImportLane.objects.filter(not_written, job=OuterRef("pk")))
    if name == WITH_ERRORS:
        return jobs.filter(with_errors, status=Status.COMPLETED)
    if name in (Status.COMPLETED, WITH_WARNINGS):
        return jobs.filter(~with_errors, status=Status.COMPLETED, is_doubtful=name == WITH_WARNINGS)
    return jobs.filter(status=name)
