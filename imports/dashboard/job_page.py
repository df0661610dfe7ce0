"""What the page of one import shows besides its numbers: lanes, history, whether it is stalled, rejected rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.utils import timezone

from acme_importer.texts import counted, duration
from imports import progress, rejected, retries, turns, waking
from imports.dashboard import log, sentences
from imports.dashboard.changes_page import summed_up
from imports.dashboard.state import shown_state
from imports.events import deliveries
from imports.models import LEASE, ImportJob, ImportLane, RejectedRow, Work
from imports.reading.columns import ignored_columns
from imports.reading.header import DELIMITER_NAMES
from imports.reading.numbers import NumberStyle
from imports.said import header_place, said_of_rows, said_of_words
from imports.skipped import skipped_by_reason

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
    """How far a lane is, in percent of the file, and in words, with how many of its rows have been processed."""

    number: int
    percent: int
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an import has failed, whether a retry may help, and whether it only asks something."""

    reason: str
    can_retry: bool
    is_question: bool


def context(job: ImportJob, *, code: str = "", page: str = "") -> dict[str, Any]:
    """What the template shows of `job`, which comes from `with_progress`: its rejected rows with `code`, at `page`."""
    groups = rejected_groups(job)
    stalled = stalled_text(job)
    return {
        "job": job,
        "state": shown_state(job),
        "percent": progress.progress(job) * 100,
        "line": sentences.progress_line(job, is_stalled=bool(stalled)),
        "lanes": lanes(job),
        "stalled": stalled,
        "turn": turn_text(job),
        "failure": failure(job),
        "called": called(job),
        "may_retry": retries.may_help(job),
        "wrote_products": job.is_over and not job.dry_run and bool(job.created_rows or job.updated_rows),
        "events": events(job),
        "deliveries": deliveries(job.pk)[:DELIVERIES_SHOWN],
        "follow_ups": follow_ups(job),
        "delimiter": DELIMITER_NAMES.get(job.delimiter, ""),
        "column_names": [(field, job.header[position]) for field, position in job.columns.items()],
        "ignored": sentences.column_list(ignored_columns(job.header, job.columns)),
        "header_place": header_place(job.header_lines),
        "words_said": said_of_words(job.options.words),
        "rows_said": said_of_rows(job.options),
        "price_example": NumberStyle.from_json(job.numbers).example if "price" in job.columns else "",
        "skipped": skipped_by_reason(job) if job.skipped_rows else {},
        "rejected_groups": groups,
        "rejected_gone": "" if groups else rejected.why_gone(job),
        "rejected_code": code,
        **(summed_up(job) if has_results(job) else {}),
        "has_results": has_results(job),
        "page_query": f"{urlencode({'code': code})}&" if code else "",
        "rejected_page": rejected_page(job, groups, code, page),
    }


def called(job: ImportJob) -> str:
    """What the page calls the job."""
    if job.is_undo:
        return "preview" if job.dry_run else "undo"
    return "check" if job.dry_run else "import"


def has_results(job: ImportJob) -> bool:
    """Whether the job is over and has read rows. What a preview of an undo has found is told apart."""
    return job.is_over and job.processed_rows > 0 and not (job.is_undo and job.dry_run)


def follow_ups(job: ImportJob) -> list[ImportJob]:
    """The imports of what was corrected of `job`, or of what it has shown or held, the oldest first."""
    # Their ids first: mostly there are none, and nothing has to be summed up.
    ids = list(ImportJob.objects.filter(Q(follows=job) | Q(applies=job)).values_list("pk", flat=True))
    return list(ImportJob.objects.with_progress().filter(pk__in=ids).order_by("pk")) if ids else []


def lanes(job: ImportJob) -> list[LaneProgress]:
    """How far each of the job's lanes is. By the job as it is by now: `job` may be from before it was opened."""
    return [_lane(lane) for lane in ImportLane.objects.select_related("job").filter(job=job.pk)]


def _lane(lane: ImportLane) -> LaneProgress:
    if lane.is_sync:
        products = counted(lane.deactivated_products + lane.activated_products, "product")
        return LaneProgress(lane.number + 1, 100 * lane.finished, f"full sync: {products}")
    rows = sentences.rows_of(lane.job, sum(getattr(lane, name) for name in ImportLane.COUNTS))
    percent = 100 if lane.finished else int(lane.offset * 100 / lane.job.content_size)
    return LaneProgress(lane.number + 1, percent, f"{rows}, done" if lane.finished else f"{rows}, {percent}%")


def turn_text(job: ImportJob) -> str:
    """How many files are imported before the job's, if it waits for its turn; else empty."""
    ahead = turns.files_ahead(job)
    if ahead is None:
        return ""
    files = f"{counted(ahead, 'earlier file')} of the same user {'is' if ahead == 1 else 'are'}"
    return f"{files} ahead." if ahead else "It is next."


def stalled_text(job: ImportJob) -> str:
    """Since when the job has been stalled, and what to do, in sentences; empty while it moves or is over."""
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
            f"It has been waiting for a free worker for {quiet}. If no other import is running, the workers may have "
            "stopped: see the overview. The import resumes automatically once workers are running."
        )
    return (
        f"No progress for {quiet}; its worker seems to have died. While workers are running (see the overview), the "
        "import resumes automatically within a minute, and no row is imported twice."
    )


def failure(job: ImportJob) -> Failure | None:
    """Why the job has failed, and what can be done; None if it has not."""
    if not job.failure_reason or job.status != Status.FAILED:
        return None
    return Failure(job.failure_reason, retries.may_help(job), is_question=bool(job.question))


def events(job: ImportJob) -> list[Event]:
    """What happened to the job, the oldest first."""
    found = [Event(job.created_at, "Queued", str(job.created_by or ""))]
    if job.started_at:
        found.append(Event(job.started_at, "Opened and started"))
    if job.run_started_at and job.run_started_at != job.started_at:
        found.append(Event(job.run_started_at, f"Resumed from row {job.run_first_row + 1:,}"))
    clicks = _clicks(job)
    ended = shown_state(job).label
    # If somebody has cancelled it here, that entry says by whom as well.
    if job.finished_at and not (clicks and clicks[-1].title == ended):
        found.append(Event(job.finished_at, ended))
    return sorted([*found, *clicks], key=lambda event: event.at)


def _clicks(job: ImportJob) -> list[Event]:
    """What people have done with the job in the dashboard, the oldest first."""
    return [
        Event(click.action_time, click.get_change_message().rstrip("."), str(click.user)) for click in log.changes(job)
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
    paginator = CountedPaginator(rows.filter(code=code) if code else rows, REJECTED_PER_PAGE)
    paginator.count = groups.get(code, 0) if code else sum(groups.values())
    return paginator.get_page(number)


class CountedPaginator(Paginator):
    """A paginator that is told how many rows there are, since the groups have counted them."""

    count = 0
