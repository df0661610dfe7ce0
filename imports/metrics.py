"""What /metrics tells of imports: those under way, and those that ended in the last hour.

Ended ones are looked for among the newest only, so that no question reads more than these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db.models import Count, Max, QuerySet, Sum
from django.utils import timezone
from prometheus_client.core import Metric

from acme_importer.metrics import gauge
from imports.models import ImportJob, ImportLane

RECENTLY = timedelta(hours=1)
NEWEST = 5_000
QUANTILES = (0.5, 0.95, 1.0)
UNDER_WAY = (ImportJob.Status.QUEUED, ImportJob.Status.RUNNING, ImportJob.Status.HELD)
OVER = (ImportJob.Status.COMPLETED, ImportJob.Status.FAILED, ImportJob.Status.CANCELLED)


def figures() -> Iterator[Metric]:
    """The figures of imports, dry runs included."""
    current = ImportJob.objects.filter(status__in=UNDER_WAY)
    ended = _ended()
    yield gauge(
        "imports",
        "Imports that wait or run now, or are held for approval.",
        ("status",),
        _by_status(current, UNDER_WAY),
    )
    yield gauge("imports_last_hour", "Imports that ended in the last hour.", ("status",), _by_status(ended, OVER))
    running = ImportLane.objects.filter(job__status=ImportJob.Status.RUNNING)
    yield gauge("rows_running", "Rows that the running imports have read so far.", ("outcome",), _rows(running))
    lanes = ImportLane.objects.filter(job__in=ended)
    yield gauge("rows_last_hour", "Rows of the imports that ended in the last hour.", ("outcome",), _rows(lanes))
    rows = ended.values_list("run_started_at", "finished_at")
    seconds = [(end - start).total_seconds() for start, end in rows if start and end]
    yield gauge(
        "import_seconds_last_hour",
        "How long the imports took that ended in the last hour, since they were started or last retried.",
        ("quantile",),
        _quantiles(seconds),
    )


def _ended() -> QuerySet[ImportJob]:
    newest = ImportJob.objects.aggregate(pk=Max("pk"))["pk"] or 0
    return ImportJob.objects.filter(pk__gt=newest - NEWEST, finished_at__gt=timezone.now() - RECENTLY).order_by()


def _by_status(jobs: QuerySet[ImportJob], statuses: Sequence[ImportJob.Status]) -> list[tuple[tuple[str, ...], float]]:
    found = dict(jobs.order_by().values_list("status").annotate(Count("pk")))
    return [((str(status),), found.get(status, 0)) for status in statuses]


def _rows(lanes: QuerySet[ImportLane]) -> list[tuple[tuple[str, ...], float]]:
    sums = lanes.order_by().aggregate(**{f"sum_{name}": Sum(name) for name in ImportLane.COUNTS})
    return [((name.removesuffix("_rows"),), sums[f"sum_{name}"] or 0) for name in ImportLane.COUNTS]


def _quantiles(seconds: list[float]) -> list[tuple[tuple[str, ...], float]]:
    """The figure below which that part of the durations is; none without imports."""
    taken = sorted(seconds)
    last = len(taken) - 1
    return [((str(part),), taken[round(part * last)]) for part in QUANTILES] if taken else []
