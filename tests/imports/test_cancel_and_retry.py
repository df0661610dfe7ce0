"""An import that was cancelled or failed, and is retried, ends as if nothing had been."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from imports import jobs, pipeline, tasks
from imports.commandline import foreground
from imports.files import storage
from imports.models import ImportJob, ImportLane
from imports.pipeline import LaneTakenError, open_lane
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, run_import, with_progress
from tests.imports.short_import import (
    CONTENT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    catalogue,
    deliver,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)

Status = ImportJob.Status
pytestmark = pytest.mark.usefixtures("small_chunks")


@pytest.mark.parametrize("chunks", range(9))
def test_an_import_that_is_cancelled_anywhere_and_retried_ends_as_if_nothing_had_been(db: None, chunks: int) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    for _ in range(chunks):
        message = OrmQ.objects.order_by("pk").first()
        assert message is not None
        deliver(message)
        message.delete()
    jobs.cancel(job)
    there = catalogue()
    work_off_the_queue()
    assert catalogue() == there
    job.refresh_from_db()
    assert job.status == Status.CANCELLED
    jobs.retry(job)
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_a_job_that_was_cancelled_in_mid_chunk_stays_cancelled(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT)
    open_without_messages(job)
    make_writer = pipeline.make_product_writer

    def cancelling_writer(*arguments: Any) -> Any:
        writer = make_writer(*arguments)
        write = writer.write

        class Cancelling:
            def write(self, rows: Any) -> Any:
                jobs.end(job.pk, Status.CANCELLED)
                return write(rows)

        return Cancelling()

    monkeypatch.setattr(pipeline, "make_product_writer", cancelling_writer)
    foreground.run(job, lambda: None)
    monkeypatch.undo()
    assert with_progress(job).status == Status.CANCELLED
    retry_without_messages(job)
    foreground.run(job, lambda: None)
    assert_all_went_in_once(job)


def test_a_worker_stops_at_the_next_chunk_of_a_job_that_was_cancelled(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT)
    open_without_messages(job, lanes=1)
    lane = ImportLane.objects.select_related("job").get(job=job)
    with open_lane(lane) as run:
        run.advance()
        there = catalogue()
        jobs.cancel(job)
        with pytest.raises(LaneTakenError):
            run.advance()
    assert catalogue() == there
    retry_without_messages(job)
    foreground.run(job, lambda: None)
    assert_all_went_in_once(job)


def test_a_job_whose_lanes_all_finished_before_it_was_cancelled_completes_when_retried(db: None) -> None:
    begin_with_the_old_catalogue()
    job = run_import(CONTENT)
    ImportJob.objects.filter(pk=job.pk).update(status=Status.CANCELLED)
    jobs.retry(job)
    assert_all_went_in_once(job)


def test_what_is_over_or_goes_on_cannot_be_retried_or_cancelled(db: None) -> None:
    job = run_import(CONTENT)
    with pytest.raises(jobs.WrongStateError, match="completed"):
        jobs.cancel(job)
    with pytest.raises(jobs.WrongStateError, match="completed"):
        jobs.retry(job)
    waiting = make_job(CONTENT)
    with pytest.raises(jobs.WrongStateError, match="queued"):
        jobs.retry(waiting)


def test_an_import_whose_file_has_been_deleted_cannot_be_retried(db: None) -> None:
    job = make_job(CONTENT)
    jobs.cancel(job)
    jobs.delete_files(job)
    with pytest.raises(jobs.WrongStateError, match="deleted"):
        jobs.retry(job)
    job.refresh_from_db()
    assert job.status == Status.CANCELLED


def test_files_of_jobs_that_are_long_over_are_deleted(db: None, settings: Settings) -> None:
    old, young = make_job(CONTENT), make_job(CONTENT)
    for job in (old, young):
        jobs.cancel(job)
    long_ago = timezone.now() - timedelta(days=settings.UPLOAD_KEEP_DAYS + 1)
    ImportJob.objects.filter(pk=old.pk).update(finished_at=long_ago)
    tasks.delete_old_files()
    with pytest.raises(FileNotFoundError):
        storage.open_stored(old.stored_as)
    storage.open_stored(young.stored_as).close()
