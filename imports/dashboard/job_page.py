"""What the page of one import shows besides its numbers: lanes, history, whether it stands still, rejected rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.utils import timezone

from imports import progress, waking
from imports.events import deliveries
from imports.models import LEASE, ImportJob, ImportLane, RejectedRow, Work
from imports.reading.header import DELIMITER_NAMES
from imports.reading.texts import duration

REJECTED_PER_PAGE = 20
DELIVERIES_SHOWN = 20
Status = ImportJob.Status


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an import."""

    at: datetime
    title: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class LaneProgress:
    """How far a lane is, in percent of the file, and how many of its rows went in or were rejected."""

    number: int
    percent: int
    rows: int
    finished: bool


def context(job: ImportJob, *, code: str = "", page: str = "") -> dict[str, Any]:
    """What the template shows of `job`, which comes from `with_progress`: its rejected rows with `code`, at `page`."""
    groups = rejected_groups(job)
    return {
        "job": job,
        "percent": progress.progress(job) * 100,
        "rate": progress.rows_per_second(job),
        "left": progress.eta_seconds(job),
        "lanes": lanes(job),
        "standstill": standstill(job),
        "events": events(job),
        "deliveries": deliveries(job.pk)[:DELIVERIES_SHOWN],
        "follow_ups": ImportJob.objects.filter(follows=job).order_by("pk"),
        "delimiter": DELIMITER_NAMES.get(job.delimiter, ""),
        "column_names": [(field, job.header[position]) for field, position in job.columns.items()],
        "ignored": [name for position, name in enumerate(job.header) if position not in job.columns.values()],
        "rejected_groups": groups,
        "rejected_code": code,
        "rejected_page": rejected_page(job, groups, code, page),
    }


def lanes(job: ImportJob) -> list[LaneProgress]:
    """How far each of the job's lanes is. By the job as it is by now: `job` may be from before it was opened."""
    return [
        LaneProgress(
            number=lane.number + 1,
            percent=100 if lane.finished else int(lane.offset * 100 / lane.job.content_size),
            rows=sum(getattr(lane, name) for name in ImportLane.COUNTS),
            finished=lane.finished,
        )
        for lane in ImportLane.objects.select_related("job").filter(job=job.pk)
    ]


def standstill(job: ImportJob) -> str:
    """Since when nothing has moved, and what to do, in sentences; empty while the job moves or is over."""
    at_work: list[Work] = []
    if job.status == Status.QUEUED:
        at_work = list(ImportJob.objects.filter(ImportJob.stalled(), pk=job.pk))
    elif job.status == Status.RUNNING:
        at_work = list(ImportLane.objects.filter(ImportLane.stalled(), job=job.pk, finished=False))
    if not at_work:
        return ""
    since = min(
        work.claimed_until - LEASE if work.claimed_until else work.woken_at or job.created_at for work in at_work
    )
    quiet = duration((timezone.now() - since).total_seconds())
    if waking.messages_waiting():
        return (
            f"It has waited for a free worker for {quiet}. If no other import is running, the workers have stopped; "
            "the overview says whether they run. Once they are started, it goes on by itself."
        )
    return (
        f"Nothing has moved for {quiet}; its worker seems to have died. While workers run, it is taken up again "
        "within a minute or two, and no row is imported twice. The overview says whether they run."
    )


def events(job: ImportJob) -> list[Event]:
    """What happened to the job, the oldest first."""
    found = [Event(job.created_at, "Queued", str(job.created_by or ""))]
    if job.started_at:
        found.append(Event(job.started_at, "Opened and started"))
    if job.run_started_at and job.run_started_at != job.started_at:
        found.append(Event(job.run_started_at, f"Went on from row {job.run_first_row + 1:,}"))
    clicks = _clicks(job)
    # Where somebody has clicked to cancel it, that tells by whom, too.
    if job.finished_at and not (clicks and clicks[-1].title == job.get_status_display()):
        found.append(Event(job.finished_at, job.get_status_display()))
    return sorted([*found, *clicks], key=lambda event: event.at)


def _clicks(job: ImportJob) -> list[Event]:
    """What people have done with the job in the dashboard, the oldest first."""
    logged = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(ImportJob), object_id=str(job.pk), action_flag=CHANGE
    )
    return [
        Event(click.action_time, click.get_change_message().rstrip("."), str(click.user))
        for click in logged.select_related("user").order_by("action_time")
    ]


def rejected_groups(job: ImportJob) -> dict[str, int]:
    """How many rejected rows break each rule first, the most frequent first."""
    if not job.rejected_rows:
        return {}
    counted = RejectedRow.objects.filter(job=job.pk).order_by().values("code").annotate(count=Count("pk"))
    return dict(counted.order_by("-count", "code").values_list("code", "count"))


def rejected_page(job: ImportJob, groups: dict[str, int], code: str, number: str) -> Page[RejectedRow]:
    """One page of the rejected rows, of those with `code` if that is given."""
    rows = RejectedRow.objects.filter(job=job.pk).order_by("line")
    paginator = _CountedPaginator(rows.filter(code=code) if code else rows, REJECTED_PER_PAGE)
    paginator.count = groups.get(code, 0) if code else sum(groups.values())
    return paginator.get_page(number)


class _CountedPaginator(Paginator):
    """A paginator that is told how many rows there are, since the groups have counted them."""

    count = 0
