"""How far an import is, how fast, and how long it will take: what every face shows of a job from `with_progress`."""

from __future__ import annotations

import math

from django.utils import timezone

from imports.models import ImportJob


def progress(job: ImportJob) -> float:
    """How much of the file has been read, from 0 to 1, by bytes; 1 only once the job is completed."""
    if job.status == ImportJob.Status.COMPLETED:
        return 1.0
    # The lanes begin behind the header, which in a small file is a good part of it, and is nobody's progress.
    if not job.processed_rows:
        return 0.0
    # Each lane reads the whole file.
    share = job.lanes_offset / (job.lane_count * job.content_size)
    return min(math.floor(share * 10_000) / 10_000, 0.9999)


def rows_per_second(job: ImportJob) -> float | None:
    """Rows read per second since this run of the job began; None until there are any."""
    rows = job.processed_rows - job.run_first_row
    if job.run_started_at is None or rows <= 0:
        return None
    seconds = ((job.finished_at or timezone.now()) - job.run_started_at).total_seconds()
    return round(rows / seconds, 1) if seconds > 0 else None


def eta_seconds(job: ImportJob) -> int | None:
    """How many seconds the rest of the file will take at the speed so far; None where that is unknown or over."""
    rate = rows_per_second(job)
    if job.status != ImportJob.Status.RUNNING or not rate:
        return None
    share = progress(job)
    if job.total_rows is None and not share:
        return None
    total_rows = job.processed_rows / share if job.total_rows is None else job.total_rows
    return math.ceil(max(total_rows - job.processed_rows, 0) / rate)
