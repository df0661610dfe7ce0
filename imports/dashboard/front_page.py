"""Imports on the front page of the dashboard: running and recent ones, rows per day, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from acme_importer.dashboard import drawings
from acme_importer.dashboard.front_page import Panel
from acme_importer.dashboard.notices import Kind, Notice
from acme_importer.texts import printable
from imports import progress
from imports.dashboard.permissions import may_import
from imports.models import ImportJob, ImportLane
from products.models import Product

LAST_IMPORTS = 6
MOST_RUNNING = 20
DAYS = 14
# Older failures are history.
RECENTLY = timedelta(days=7)
MOST_NOTICES_OF_A_KIND = 50

IMPORTED = ("created", "updated", "unchanged")

Status = ImportJob.Status


def getting_started(user: Any) -> Panel | None:
    """The way to the first import, as long as there is neither an import nor a product."""
    if not may_import(user) or ImportJob.objects.exists() or Product.objects.exists():
        return None
    shows = {"max_bytes": settings.UPLOAD_MAX_BYTES}
    return Panel("getting_started", shows, wide=True, alone=True, script="imports/upload.js")


def running_imports(user: Any) -> Panel | None:
    """The imports that are waiting or running; a script keeps this panel up to date."""
    if not may_see(user):
        return None
    jobs = ImportJob.objects.with_progress().filter(status__in=[Status.QUEUED, Status.RUNNING])[:MOST_RUNNING]
    return Panel("running_imports", {"jobs": [(job, progress.progress(job)) for job in jobs]}, wide=True)


def last_imports(user: Any) -> Panel | None:
    """The imports that ended last, with their receipts."""
    if not may_see(user):
        return None
    return Panel("last_imports", {"jobs": _last_ended()}, wide=True)


def rows_per_day(user: Any) -> Panel | None:
    """The chart of the rows that imports have written to the catalogue."""
    if not may_see(user):
        return None
    today = timezone.localdate()
    dates = [today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    lanes = ImportLane.objects.filter(
        job__finished_at__gte=timezone.now() - timedelta(days=DAYS), job__dry_run=False
    ).order_by()
    sums = {kind: Sum(f"{kind}_rows") for kind in IMPORTED}
    sums_of_days = lanes.values(day=TruncDate("job__finished_at")).annotate(**sums).values_list("day", *sums)
    found = {day: dict(zip(IMPORTED, counts, strict=True)) for day, *counts in sums_of_days}
    days = [(day, found.get(day, dict.fromkeys(IMPORTED, 0))) for day in dates]
    most = max(sum(counts.values()) for _, counts in days)
    top = drawings.round_up(most)
    return Panel(
        "rows_per_day",
        {
            "kinds": IMPORTED,
            "days": days,
            "columns": drawings.columns(days, top),
            "most": most,
            "top": top,
            "middle": top // 2,
        },
    )


def notices(user: Any) -> Iterator[Notice]:
    """Name the imports that are held, have stalled, failed recently, or whose rejected rows nobody has fixed."""
    if may_see(user):
        yield from _held()
        yield from _stalled()
        yield from _failed()
        yield from _with_rejected_rows()


def _held() -> Iterator[Notice]:
    kind = Kind("{number} imports are held for approval.", f"{jobs_url()}?state=held", "View imports")
    for job in ImportJob.objects.filter(status=Status.HELD)[:MOST_NOTICES_OF_A_KIND]:
        text = f"{printable(str(job))} is held for approval. {job.trips[0]['sentence'] if job.trips else ''}".strip()
        # One that was rejected and retried is held again.
        key = f"imports.held:{job.pk}:{job.event_sequence}"
        yield Notice("warn", text, key, job.created_at, job_url(job), "Approve or reject", kind)


def _stalled() -> Iterator[Notice]:
    kind = Kind("{number} imports have stalled.", f"{jobs_url()}?state=running", "View imports")
    stalled = ImportJob.objects.filter(ImportJob.stalled(), status=Status.QUEUED) | ImportJob.objects.filter(
        status=Status.RUNNING, pk__in=ImportLane.objects.filter(ImportLane.stalled(), finished=False).values("job")
    )
    # Their ids first: mostly there are none, and nothing has to be summed up.
    ids = list(stalled.values_list("pk", flat=True)[:MOST_NOTICES_OF_A_KIND])
    for job in ImportJob.objects.with_progress().filter(pk__in=ids) if ids else ():
        text = f"{printable(str(job))} has stalled. It resumes automatically as soon as workers are free."
        # One that has made progress since then has stalled again.
        key = f"imports.stalled:{job.pk}:{job.processed_rows}"
        yield Notice("warn", text, key, job.woken_at or job.created_at, job_url(job), "View import", kind)


def _failed() -> Iterator[Notice]:
    kind = Kind("{number} imports failed in the last 7 days.", f"{jobs_url()}?state=failed", "View imports")
    failed = ImportJob.objects.filter(status=Status.FAILED, finished_at__gte=timezone.now() - RECENTLY)
    # Of a check and the import that has failed with it, for the same reason, the import.
    of_checks = ImportJob.objects.filter(applies=OuterRef("pk"), status=Status.FAILED)
    for job in failed.exclude(Exists(of_checks))[:MOST_NOTICES_OF_A_KIND]:
        text = printable(f"{job} failed. {job.failure_reason}")
        key = f"imports.failed:{job.pk}:{job.finished_at}"
        yield Notice("bad", text, key, job.finished_at or job.created_at, job_url(job), "View or retry", kind)


def _with_rejected_rows() -> Iterator[Notice]:
    kind = Kind("{number} imports have rejected rows.", f"{jobs_url()}?state=completed_with_errors", "View imports")
    found = [job for job in _last_ended() if job.status == Status.COMPLETED and job.rejected_rows]
    fixed = set(ImportJob.objects.filter(follows__in=found).values_list("follows", flat=True)) if found else ()
    for job in found:
        if job.pk not in fixed:
            text = f"{printable(str(job))}: {rejected(job.rejected_rows)}."
            key = f"imports.rejected:{job.pk}:{job.finished_at}"
            at = job.finished_at or job.created_at
            yield Notice("warn", text, key, at, f"{job_url(job)}#rejected", "Fix and import again", kind)


def may_see(user: Any) -> bool:
    """Whether the user may see imports."""
    return user.has_perm("imports.view_importjob")


def rejected(rows: int) -> str:
    """How many rows were rejected, in words."""
    return "1 row was rejected" if rows == 1 else f"{rows:,} rows were rejected"


def jobs_url() -> str:
    """The list of imports."""
    return reverse("admin:imports_importjob_changelist")


def job_url(job: ImportJob) -> str:
    """The page of the job."""
    return reverse("admin:imports_importjob_change", args=[job.pk])


def _last_ended() -> list[ImportJob]:
    """The imports that ended last, the newest first."""
    ended = [Status.COMPLETED, Status.FAILED, Status.CANCELLED]
    # Their ids first, so that lanes are summed up for these jobs only.
    last = ImportJob.objects.filter(status__in=ended).values_list("pk", flat=True)[:LAST_IMPORTS]
    return list(ImportJob.objects.with_progress().filter(pk__in=list(last)))
