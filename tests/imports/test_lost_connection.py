"""A worker whose connection to the database is lost keeps its work and resumes it when the database is back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from acme_importer import lost_connections
from acme_importer.cluster import identity
from imports import pipeline, tasks
from imports.models import ImportJob, ImportLane, Work
from tests.imports.factories import make_job, open_without_messages
from tests.imports.short_import import (
    CONTENT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)

pytestmark = [pytest.mark.usefixtures("small_chunks"), pytest.mark.django_db]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the workers have waited; to them each error is a lost connection."""
    waited: list[float] = []
    for module in (lost_connections, tasks):
        monkeypatch.setattr(module, "is_lost", lambda error: isinstance(error, OperationalError))
    monkeypatch.setattr(lost_connections, "wait", waited.append)
    return waited


def lose_the_connection(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Fail the next chunks, this many times."""
    advance, failures = pipeline.LaneRun.advance, iter(range(times))

    def failing(run: pipeline.LaneRun) -> Any:
        for _ in failures:
            raise OperationalError("the connection is lost")
        return advance(run)

    monkeypatch.setattr(pipeline.LaneRun, "advance", failing)


def test_it_tries_again_after_longer_and_longer_pauses_and_no_attempt_is_counted(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    lose_the_connection(monkeypatch, 4)
    work_off_the_queue()
    assert waits == [1, 5, 15, 45]
    assert_all_went_in_once(job)


def test_work_whose_claim_was_not_read_is_nobodys_and_claimed_again(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would wait until the claim of nobody has run out."""
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    read, failures = Work.refresh_from_db, iter(range(2))

    def failing(work: Work, *args: Any, **options: Any) -> None:
        for _ in failures:
            raise OperationalError("the connection is lost")
        read(work, *args, **options)

    monkeypatch.setattr(Work, "refresh_from_db", failing)
    work_off_the_queue()
    assert waits == [1, 5]
    assert_all_went_in_once(job)


def test_opening_a_file_is_tried_again_as_well(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    open_file, failures = tasks.open_file, iter(range(2))

    def failing(*args: Any, **options: Any) -> Any:
        for _ in failures:
            raise OperationalError("the connection is lost")
        return open_file(*args, **options)

    monkeypatch.setattr(tasks, "open_file", failing)
    work_off_the_queue()
    assert waits == [1, 5]
    assert_all_went_in_once(job)


def test_who_finds_another_at_work_then_leaves_it_to_that_one(
    waits: list[float], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.IMPORT_LANES = 1
    job = make_job(CONTENT)
    open_without_messages(job)
    lane = ImportLane.objects.get(job=job)
    lose_the_connection(monkeypatch, 1)
    other = identity.holder(4711)
    monkeypatch.setattr(lost_connections, "wait", lambda _: ImportLane.objects.update(claimed_by=other))
    tasks.advance_lane(lane.pk)
    lane.refresh_from_db()
    assert (lane.claimed_by, lane.records) == (other, 0)
    assert ImportJob.objects.get(pk=job.pk).status == ImportJob.Status.RUNNING
