"""A chunk takes effect once: whatever is delivered twice, comes late, or wakes up after it was taken for dead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ
from pytest_django import Settings

from imports import tasks
from imports.commandline import foreground
from imports.models import ImportJob, ImportLane
from imports.pipeline import LaneTakenError, open_lane
from tests.imports.factories import make_job, open_without_messages
from tests.imports.short_import import (
    CONTENT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    catalogue,
    claim_for,
    deliver,
    expire_claims,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)
from tests.threads import in_threads

Status = ImportJob.Status
pytestmark = pytest.mark.usefixtures("small_chunks")


@pytest.mark.parametrize("times", [1, 2, 3])
def test_messages_may_be_delivered_many_times(db: None, times: int) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    work_off_the_queue(times)
    assert_all_went_in_once(job)


@pytest.mark.parametrize("lease", [timedelta(seconds=45), timedelta(seconds=-1)], ids=["claimed", "lease expired"])
def test_messages_may_be_delivered_to_two_workers_at_once(
    transactional_db: None, lease: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an expired lease both work on, and only the compare-and-set of the checkpoint keeps them apart."""
    begin_with_the_old_catalogue()
    claim_for(lease, monkeypatch)
    job = make_job(CONTENT, queue=True)
    work_off_one_kind = OrmQ.objects.get()
    deliver(work_off_one_kind)
    work_off_one_kind.delete()

    def deliver_all() -> None:
        """Work through the messages without regard to who else does."""
        while ImportJob.objects.get(pk=job.pk).status == Status.RUNNING:
            for message in OrmQ.objects.order_by("pk"):
                deliver(message)
            for lane in ImportLane.objects.filter(job=job, finished=False):
                tasks.advance_lane(lane.pk)

    assert in_threads(deliver_all, deliver_all, deliver_all) == []
    assert_all_went_in_once(job)


@contextmanager
def held_after(beginning: str, reached: threading.Event, go_on: threading.Event) -> Iterator[None]:
    """Hold this thread behind its first statement that begins like this, in the middle of its transaction."""

    def hold(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if str(sql).startswith(beginning) and not reached.is_set():
            reached.set()
            assert go_on.wait(30)
        return result

    with connection.execute_wrapper(hold):
        yield


def test_a_worker_that_has_been_overtaken_stops(transactional_db: None) -> None:
    """It waits while the other's chunk is being written; then it must find that the checkpoint has moved."""
    begin_with_the_old_catalogue()
    job = make_job(CONTENT)
    open_without_messages(job)
    lane_id = ImportLane.objects.filter(job=job).first().pk  # type: ignore[union-attr]
    reached, go_on = threading.Event(), threading.Event()
    overtaken: list[bool] = []

    def first() -> None:
        lane = ImportLane.objects.select_related("job").get(pk=lane_id)
        with held_after('UPDATE "imports_importlane"', reached, go_on), open_lane(lane) as run:
            run.advance()

    def second() -> None:
        lane = ImportLane.objects.select_related("job").get(pk=lane_id)
        assert reached.wait(30)
        # Long enough for this thread to be waiting in the database when the first goes on.
        threading.Timer(0.5, go_on.set).start()
        with open_lane(lane) as run:
            try:
                run.advance()
            except LaneTakenError:
                overtaken.append(True)

    assert in_threads(first, second) == []
    assert overtaken == [True]
    expire_claims()
    foreground.run(job, lambda: None)
    assert_all_went_in_once(job)


def test_two_lanes_that_end_at_the_same_moment_complete_the_job(transactional_db: None, settings: Settings) -> None:
    """Neither sees in its transaction that the other has ended; so one has to wait."""
    begin_with_the_old_catalogue()
    settings.IMPORT_CHUNK_ROWS = 100
    job = make_job(CONTENT)
    open_without_messages(job, lanes=2)
    first_lane, second_lane = ImportLane.objects.filter(job=job).values_list("pk", flat=True)
    reached, go_on = threading.Event(), threading.Event()
    looks_for_unfinished_lanes = 'SELECT %s AS "a" FROM "imports_importlane"'

    def first() -> None:
        lane = ImportLane.objects.select_related("job").get(pk=first_lane)
        with held_after(looks_for_unfinished_lanes, reached, go_on), open_lane(lane) as run:
            assert not run.advance()

    def second() -> None:
        lane = ImportLane.objects.select_related("job").get(pk=second_lane)
        assert reached.wait(30)
        threading.Timer(0.5, go_on.set).start()
        with open_lane(lane) as run:
            assert not run.advance()

    assert in_threads(first, second) == []
    assert_all_went_in_once(job)


def test_a_worker_whose_lease_ran_out_while_it_slept_writes_nothing(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT)
    open_without_messages(job)
    lane = ImportLane.objects.select_related("job").filter(job=job).first()
    assert lane is not None
    with open_lane(lane) as sleeper:
        foreground.run(job, lambda: None)
        before = catalogue()
        with pytest.raises(LaneTakenError):
            sleeper.advance()
    assert catalogue() == before
    assert_all_went_in_once(job)
