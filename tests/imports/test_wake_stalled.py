"""What nobody works on any more is found and woken; what only waits its turn is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ

from imports import jobs, tasks
from imports.models import ImportJob, ImportLane
from tests.imports.factories import make_job
from tests.imports.short_import import (
    CONTENT,
    assert_all_went_in_once,
    begin_with_the_old_catalogue,
    die_at,
    lose_messages,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)

Status = ImportJob.Status
pytestmark = pytest.mark.usefixtures("small_chunks")


def test_a_job_whose_message_was_lost_is_woken(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    lose_messages()
    tasks.wake_stalled()
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_lanes_whose_messages_were_lost_are_woken(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    lose_messages()
    tasks.wake_stalled()
    assert OrmQ.objects.count() == 2
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_lanes_whose_workers_died_are_woken(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    OrmQ.objects.all().delete()
    for lane in ImportLane.objects.filter(job=job):
        die_at(lane)
    tasks.wake_stalled()
    assert OrmQ.objects.count() == 2
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_nobody_is_woken_who_works_or_was_called_a_moment_ago_or_is_over(db: None) -> None:
    working, waiting, over = (make_job(CONTENT, queue=True) for _ in range(3))
    for job in (working, waiting, over):
        tasks.open_job(job.pk)
    jobs.cancel(over)
    OrmQ.objects.all().delete()
    ImportLane.objects.exclude(job=waiting).update(woken_at=timezone.now() - timedelta(hours=1))
    for lane in ImportLane.objects.filter(job=working):
        assert lane.claim()
    tasks.wake_stalled()
    assert OrmQ.objects.count() == 0


def test_nobody_is_woken_while_messages_wait_for_a_free_worker(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    lose_messages()
    make_job(CONTENT, queue=True, user=User.objects.create(username="somebody else"))
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=30))
    tasks.wake_stalled()
    assert OrmQ.objects.count() == 1
