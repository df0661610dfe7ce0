"""What nobody works on any more is found and woken; what only waits its turn is left alone."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from acme_importer.cluster import identity
from imports import jobs, stalled, tasks
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
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
    stalled.wake()
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_lanes_whose_messages_were_lost_are_woken(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    lose_messages()
    stalled.wake()
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
    stalled.wake()
    assert OrmQ.objects.count() == 2
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_nobody_is_woken_who_works_or_was_called_or_is_over(db: None) -> None:
    working, waiting, over = (make_job(CONTENT, queue=True) for _ in range(3))
    for job in (working, waiting, over):
        tasks.open_job(job.pk)
    jobs.cancel(over)
    ImportLane.objects.update(woken_at=timezone.now() - timedelta(hours=1))
    for lane in ImportLane.objects.filter(job=working):
        assert lane.claim()
    OrmQ.objects.exclude(pk__in=ImportLane.objects.filter(job=waiting).values("message")).delete()
    stalled.wake()
    assert OrmQ.objects.count() == 2


def test_a_lost_message_is_replaced_once(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    OrmQ.objects.all().delete()
    for _ in range(3):
        stalled.wake()
    assert list(OrmQ.objects.values_list("pk", flat=True)) == [ImportJob.objects.get(pk=job.pk).message]


def test_a_dead_worker_is_replaced_whatever_waits_in_the_queue(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    OrmQ.objects.all().delete()
    lane = ImportLane.objects.filter(job=job).first()
    assert lane
    die_at(lane)
    ImportLane.objects.exclude(pk=lane.pk).update(finished=True)
    for _ in range(5):
        make_job(CONTENT, queue=True)
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=30))
    stalled.wake()
    lane.refresh_from_db()
    assert lane.claimed_until is None
    assert OrmQ.objects.filter(pk=lane.message).exists()


def test_work_that_failed_is_left_alone_for_a_minute(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    assert job.claim()
    job.release(error="OSError('no space left on device')")
    OrmQ.objects.all().delete()
    stalled.wake()
    assert not OrmQ.objects.exists()
    ImportJob.objects.update(woken_at=timezone.now() - timedelta(seconds=61))
    stalled.wake()
    assert OrmQ.objects.count() == 1


def test_what_a_dead_worker_held_is_free_at_once_and_nothing_else(db: None) -> None:
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    OrmQ.objects.exclude(pk__in=ImportLane.objects.values("message")).delete()
    dead, alive = ImportLane.objects.filter(job=job)
    assert dead.claim()
    assert alive.claim()
    ImportLane.objects.filter(pk=dead.pk).update(claimed_by=identity.holder(4711))
    assert stalled.recover(identity.holder(4711))
    assert list(ImportLane.objects.filter(claimed_until=None)) == [dead]
    # Its message is replaced, not doubled.
    assert OrmQ.objects.count() == 2
    alive.release()
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_messages_in_the_hands_of_a_dead_cluster_are_replaced(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    taken = job.message or ImportJob.objects.get(pk=job.pk).message
    waiting = make_job(CONTENT, queue=True, user=User.objects.create(username="somebody else"))
    OrmQ.objects.filter(pk=taken).update(lock=timezone.now() + timedelta(minutes=10))
    assert stalled.recover(identity.new_cluster())
    job.refresh_from_db()
    assert job.message != taken
    assert set(OrmQ.objects.values_list("pk", flat=True)) == {
        job.message,
        ImportJob.objects.get(pk=waiting.pk).message,
    }


def test_who_was_taken_for_dead_does_not_touch_the_claim_of_another(db: None) -> None:
    job = make_job(CONTENT, queue=True)
    assert job.claim()
    ImportJob.objects.update(claimed_by=identity.holder(4711))
    assert not job.renew_claim()
    job.release()
    assert ImportJob.objects.get(pk=job.pk).claimed_until is not None


def test_a_commit_that_comes_after_the_claim_was_freed_holds_nobody_up(db: None) -> None:
    """The server finishes what a worker had sent when it was killed."""
    begin_with_the_old_catalogue()
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    lane = ImportLane.objects.select_related("job").filter(job=job).first()
    assert lane
    assert lane.claim()
    ImportLane.objects.filter(pk=lane.pk).update(claimed_by=identity.holder(4711))
    lane.claimed_by = identity.holder(4711)
    with open_lane(lane) as dead:
        assert stalled.recover(identity.holder(4711))
        assert dead.advance()
    work_off_the_queue()
    assert_all_went_in_once(job)


def test_rows_that_a_frozen_worker_keeps_locked_hold_nobody_up(transactional_db: None) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no locks on rows.")
    job = make_job(CONTENT, queue=True)
    tasks.open_job(job.pk)
    frozen, other = ImportLane.objects.filter(job=job)
    for lane in (frozen, other):
        die_at(lane)
    with psycopg.connect(**connection.get_connection_params()) as session:
        session.execute("UPDATE imports_importlane SET line = line WHERE id = %s", [frozen.pk])
        stalled.wake()
        assert list(ImportLane.objects.filter(claimed_until=None)) == [other]
        assert not stalled.recover(frozen.claimed_by)
    stalled.wake()
    assert ImportLane.objects.filter(claimed_until=None).count() == 2
