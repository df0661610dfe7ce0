"""What kills the workers is given up after three attempts, and the job says at which line."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from imports import pipeline, tasks
from imports.commandline import foreground
from imports.models import ImportJob, ImportLane
from tests.imports.factories import make_job, open_without_messages, retry_without_messages
from tests.imports.short_import import (
    CONTENT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    die_at,
    expire_claims,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)

Status = ImportJob.Status
pytestmark = pytest.mark.usefixtures("small_chunks")


def test_after_three_deaths_without_progress_the_job_fails_and_says_at_which_line(db: None, settings: Settings) -> None:
    settings.IMPORT_LANES = 1
    job = make_job(CONTENT, queue=True)
    open_without_messages(job)
    lane = ImportLane.objects.get(job=job)
    tasks.advance_lane(lane.pk)
    for _ in range(3):
        die_at(lane)
    tasks.advance_lane(lane.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert "at line 7 " in job.failure_reason
    assert job.finished_at is not None


def test_deaths_with_progress_between_them_are_forgiven(db: None, settings: Settings) -> None:
    begin_with_the_old_catalogue()
    settings.IMPORT_LANES = 1
    job = make_job(CONTENT)
    open_without_messages(job)
    lane = ImportLane.objects.get(job=job)
    while ImportLane.objects.filter(job=job, finished=False).exists():
        die_at(lane)
        die_at(lane)
        tasks.advance_lane(lane.pk)
    assert_all_went_in_once(job)


def test_a_job_that_failed_after_three_deaths_goes_on_when_it_is_retried(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    open_without_messages(job)
    lane = ImportLane.objects.filter(job=job).first()
    assert lane is not None
    for _ in range(3):
        die_at(lane)
    tasks.advance_lane(lane.pk)
    retry_without_messages(job)
    foreground.run(job, lambda: None)
    assert_all_went_in_once(job)


def test_an_error_is_kept_and_told_when_the_job_is_given_up(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    job = make_job(CONTENT)
    open_without_messages(job)
    lane = ImportLane.objects.filter(job=job).first()
    assert lane is not None

    def disk_is_full(*args: Any) -> Any:
        raise OSError("no space left on device")

    monkeypatch.setattr(pipeline.LaneRun, "advance", disk_is_full)
    for _ in range(3):
        with pytest.raises(OSError, match="no space"):
            tasks.advance_lane(lane.pk)
    tasks.advance_lane(lane.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert "no space left on device" in job.failure_reason


def test_opening_a_file_is_given_up_after_three_deaths(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    for _ in range(3):
        assert job.claim()
        expire_claims()
    work_off_the_queue()
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert "after 3 attempts" in job.failure_reason
