"""Files, jobs and whole imports for the tests."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from imports import jobs, tasks, waking
from imports.commandline import foreground
from imports.files.upload_handler import receive
from imports.models import ImportJob
from imports.options import Options


def upload(content: str | bytes, filename: str = "products.csv") -> UploadedFile:
    """Return a file as it comes out of the upload handler; text is sent as UTF-8."""
    return receive([content.encode() if isinstance(content, str) else content], filename)


def make_job(
    content: str | bytes,
    *,
    filename: str = "products.csv",
    user: User | None = None,
    queue: bool = False,
    **options: Any,
) -> ImportJob:
    """Return the job of a file that was uploaded with `options`, those of `Options`; nobody works on it yet."""
    with nullcontext() if queue else waking.no_messages():
        return jobs.create(upload(content, filename), Options(**options), user)


def open_without_messages(job: ImportJob, lanes: int | None = None) -> None:
    """Open the job's file; no worker is told of its lanes."""
    with waking.no_messages():
        tasks.open_job(job.pk, lanes=lanes)


def retry_without_messages(job: ImportJob) -> None:
    """Retry the job; no worker is told of it."""
    with waking.no_messages():
        jobs.retry(job)


def run_import(content: str | bytes, **options: Any) -> ImportJob:
    """Import a file in this process; return its job with the receipt. `options` are those of `make_job`."""
    job = make_job(content, **options)
    foreground.run(job, lambda: None)
    return with_progress(job)


def with_progress(job: ImportJob) -> ImportJob:
    """Return the job as it is now, with what its lanes have counted."""
    return ImportJob.objects.with_progress().get(pk=job.pk)
