"""The front page of the dashboard: its panels, and what needs attention; each for those who may see what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from acme_importer.cluster import workers
from acme_importer.dashboard import drawings
from imports import progress
from imports.models import ImportJob, ImportLane
from imports.reading.texts import duration
from products.counts import count_active, count_all
from webhooks.models import Endpoint

LAST_IMPORTS = 6
MOST_RUNNING = 20
DAYS = 14
# What failed longer ago is history.
RECENTLY = timedelta(days=7)
MOST_NOTICES_OF_A_KIND = 3
MOST_ENDPOINTS = 5
FAILURES_WORTH_NOTICE = 3

Status = ImportJob.Status


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the page: its template below `admin/front_page/`, and what that shows."""

    template: str
    shows: dict[str, Any] = field(default_factory=dict)
    wide: bool = False

    @property
    def template_name(self) -> str:
        """The template's whole name."""
        return f"admin/front_page/{self.template}.html"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should look at: how bad it is, a sentence, and where to do something about it."""

    level: str
    text: str
    url: str = ""
    todo: str = ""


def context(user: Any) -> dict[str, Any]:
    """What the page shows to `user`."""
    panels = [panel for make in PANELS if (panel := make(user))]
    return {
        "notices": [notice for find in NOTICES for notice in find(user)],
        "panels": panels,
        "may_import": user.has_perm("imports.add_importjob"),
        "upload_url": reverse("admin:imports_importjob_upload"),
    }


# The panels.


def catalogue(user: Any) -> Panel | None:
    """How many products there are."""
    if not user.has_perm("products.view_product"):
        return None
    everything = count_all()
    return Panel("catalogue", {"everything": everything, "active": count_active(everything)})


def worker_state(user: Any) -> Panel | None:
    """Whether imports get anywhere."""
    if not user.has_perm("imports.view_importjob"):
        return None
    seen = workers.look()
    wait = None if seen.oldest_wait is None else duration(seen.oldest_wait.total_seconds())
    return Panel("workers", {"workers": seen, "oldest_wait": wait})


def webhook_health(user: Any) -> Panel | None:
    """How the last day's webhooks went, endpoint by endpoint."""
    if not user.has_perm("webhooks.view_endpoint"):
        return None
    endpoints = Endpoint.objects.with_last_day().order_by("-enabled", "-failures_in_a_row", "id")
    return Panel("webhook_health", {"endpoints": endpoints[:MOST_ENDPOINTS]})


def running_imports(user: Any) -> Panel | None:
    """The imports that are going on; a script keeps this panel up to date."""
    if not user.has_perm("imports.view_importjob"):
        return None
    going_on = ImportJob.objects.with_progress().filter(status__in=[Status.QUEUED, Status.RUNNING])[:MOST_RUNNING]
    return Panel("running_imports", {"jobs": [(job, progress.progress(job)) for job in going_on]}, wide=True)


def last_imports(user: Any) -> Panel | None:
    """The imports that are over, with their receipts."""
    if not user.has_perm("imports.view_importjob"):
        return None
    return Panel(
        "last_imports", {"receipts": [(job, receipt(job)) for job in _last_over()], "kinds": RECEIPT}, wide=True
    )


def rows_per_day(user: Any) -> Panel | None:
    """The chart of the rows that imports have put into the catalogue."""
    if not user.has_perm("imports.view_importjob"):
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


# What needs attention.


def worker_notices(user: Any) -> Iterator[Notice]:
    """Say so when nobody works on imports, or not fast enough."""
    if not user.has_perm("imports.view_importjob"):
        return
    seen = workers.look()
    if not seen.alive:
        yield Notice(
            "bad",
            "The workers are not running, so no import gets on. Start them with “python manage.py run_workers”; "
            "“make run” starts them together with this site.",
        )
    elif seen.behind:
        yield Notice("warn", "Tasks wait for the workers. If no import is running, look at the log of the workers.")


def import_notices(user: Any) -> Iterator[Notice]:
    """Name the imports that have failed lately, that stand still, or whose rejected rows nobody has mended."""
    if not user.has_perm("imports.view_importjob"):
        return
    stalled = ImportJob.objects.filter(ImportJob.stalled(), status=Status.QUEUED) | ImportJob.objects.filter(
        status=Status.RUNNING, pk__in=ImportLane.objects.filter(ImportLane.stalled(), finished=False).values("job")
    )
    for job in stalled[:MOST_NOTICES_OF_A_KIND]:
        yield Notice("warn", f"{job} stands still. It goes on by itself once workers are free.", job_url(job), "Look")
    failed = ImportJob.objects.filter(status=Status.FAILED, finished_at__gte=timezone.now() - RECENTLY)
    for job in failed[:MOST_NOTICES_OF_A_KIND]:
        yield Notice("bad", f"{job} failed. {job.failure_reason}", job_url(job), "Look at it, or retry")
    for job in _last_over():
        if job.status == Status.COMPLETED and job.rejected_rows and not ImportJob.objects.filter(follows=job).exists():
            rows = "1 row" if job.rejected_rows == 1 else f"{job.rejected_rows:,} rows"
            yield Notice("warn", f"{job} left out {rows}.", job_url(job), "Mend and import again")


def webhook_notices(user: Any) -> Iterator[Notice]:
    """Name the endpoints that the product has disabled by itself, and those that fail."""
    if not user.has_perm("webhooks.view_endpoint"):
        return
    troubled = Endpoint.objects.exclude(disabled_reason="") | Endpoint.objects.filter(
        enabled=True, failures_in_a_row__gte=FAILURES_WORTH_NOTICE
    )
    for endpoint in troubled[:MOST_NOTICES_OF_A_KIND]:
        url = reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])
        if endpoint.enabled:
            text = f"The webhook endpoint {endpoint} has failed {endpoint.failures_in_a_row} times in a row."
            yield Notice("warn", text, url, "Look at it")
        else:
            text = f"The webhook endpoint {endpoint} has been disabled. {endpoint.disabled_reason}"
            yield Notice("bad", text, url, "Look at it, and enable it again")


def job_url(job: ImportJob) -> str:
    """The page of the job."""
    return reverse("admin:imports_importjob_change", args=[job.pk])


def receipt(job: ImportJob) -> list[drawings.Segment]:
    """The bar of what became of the job's rows."""
    return drawings.stack({kind: getattr(job, f"{kind}_rows") for kind in RECEIPT})


def _last_over() -> list[ImportJob]:
    """The last imports that are over, the newest first."""
    over = [Status.COMPLETED, Status.FAILED, Status.CANCELLED]
    # Their ids first: the sums over the lanes are made for these jobs only.
    last = ImportJob.objects.filter(status__in=over).values_list("pk", flat=True)[:LAST_IMPORTS]
    return list(ImportJob.objects.with_progress().filter(pk__in=list(last)))


RECEIPT = ("created", "updated", "unchanged", "duplicate", "rejected")
IMPORTED = ("created", "updated", "unchanged")

# In the order of the page. A panel more is a function more here, with its template; it may be about any app.
PANELS: tuple[Callable[[Any], Panel | None], ...] = (
    running_imports,
    catalogue,
    worker_state,
    webhook_health,
    rows_per_day,
    last_imports,
)
NOTICES: tuple[Callable[[Any], Iterator[Notice]], ...] = (worker_notices, import_notices, webhook_notices)
