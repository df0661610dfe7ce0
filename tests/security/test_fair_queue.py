"""One user with many files: another's file comes next all the same. Whose turn it is, and that nobody is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.conf import settings as product_settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from imports import jobs, quotas, tasks, turns
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import make_job, open_without_messages, run_import, with_progress
from tests.imports.short_import import work_off_the_queue

Status = ImportJob.Status
CSV = "sku,name\nA1,Chair\n"
MANY = 30

pytestmark = pytest.mark.django_db(transaction=True)


def rows(count: int, prefix: str = "S") -> str:
    return "sku,name\n" + "".join(f"{prefix}-{number},Product {number} of some length\n" for number in range(count))


def called(user: User | None) -> int:
    return ImportJob.objects.filter(created_by=user, status=Status.QUEUED, woken_at__isnull=False).count()


def waiting(user: User | None) -> int:
    return ImportJob.objects.filter(turns.WAITING, created_by=user).count()


@pytest.fixture
def later_cluster(transactional_db: None) -> Iterator[WorkerCluster]:
    """A cluster that the test starts itself."""
    cluster = WorkerCluster()
    yield cluster
    cluster.stop()
    print(cluster.log())


@pytest.mark.slow
def test_the_file_of_another_is_next(later_cluster: WorkerCluster, anna: User, bert: User) -> None:
    many = [make_job(rows(200, f"A{number}"), user=anna, queue=True) for number in range(MANY)]
    one = make_job(CSV, user=bert, queue=True)
    later_cluster.start()

    wait_until(lambda: not ImportJob.objects.filter(status__in=quotas.UNFINISHED).exists(), 120)

    assert {with_progress(job).status for job in [*many, one]} == {Status.COMPLETED}
    started = ImportJob.objects.get(pk=one.pk).started_at
    before = ImportJob.objects.filter(created_by=anna, started_at__lt=started)
    assert before.count() <= product_settings.WORKERS
    assert Product.objects.count() == MANY * 200 + 1
    # Each user's own are called in their order; of two called at the same moment, either may be the first.
    order = list(ImportJob.objects.filter(created_by=anna).order_by("woken_at").values_list("pk", flat=True))
    assert all(abs(order.index(job.pk) - number) <= 2 for number, job in enumerate(many))


@pytest.mark.slow
def test_large_files_under_way_let_it_go_first(worker_cluster: WorkerCluster, anna: User, bert: User) -> None:
    large = [make_job(rows(120_000, f"A{number}"), user=anna, queue=True) for number in range(3)]
    wait_until(lambda: ImportLane.objects.filter(records__gt=0).exists(), 60)

    one = make_job(CSV, user=bert, queue=True)
    wait_until(lambda: ImportJob.objects.get(pk=one.pk).is_over, 30)

    assert with_progress(one).status == Status.COMPLETED
    over = [ImportJob.objects.get(pk=job.pk).is_over for job in large]
    assert not all(over), "The large files were through before anything could be seen."
    for job in large:
        with suppress(jobs.WrongStateError):
            jobs.cancel(job)


def test_of_many_files_as_many_are_called_as_there_are_workers(anna: User, bert: User) -> None:
    for _ in range(MANY):
        make_job(CSV, user=anna, queue=True)
    make_job(CSV, user=bert, queue=True)
    make_job(CSV, queue=True)

    assert (called(anna), waiting(anna)) == (product_settings.WORKERS, MANY - product_settings.WORKERS)
    assert (called(bert), called(None)) == (1, 1)
    assert OrmQ.objects.count() == product_settings.WORKERS + 2


@pytest.mark.parametrize("times", [1, 2])
def test_each_end_calls_the_next_until_all_are_done(anna: User, times: int) -> None:
    for number in range(7):
        make_job(rows(3, f"A{number}"), user=anna, queue=True)

    work_off_the_queue(times)

    assert ImportJob.objects.filter(status=Status.COMPLETED).count() == 7
    assert Product.objects.count() == 21


def test_what_fails_and_what_is_cancelled_calls_the_next_as_well(anna: User) -> None:
    bad = make_job("no header at all", user=anna, queue=True)
    cancelled = make_job(CSV, user=anna, queue=True)
    last = [make_job(CSV, user=anna, queue=True) for _ in range(2)]
    assert waiting(anna) == 2

    jobs.cancel(cancelled)
    assert waiting(anna) == 1
    tasks.open_job(bad.pk)
    assert waiting(anna) == 0
    assert called(anna) == len(last)


def test_one_that_waits_can_be_cancelled(anna: User) -> None:
    several = [make_job(CSV, user=anna, queue=True) for _ in range(4)]
    jobs.cancel(several[2])

    work_off_the_queue()

    statuses = [with_progress(job).status for job in several]
    assert statuses == [Status.COMPLETED, Status.COMPLETED, Status.CANCELLED, Status.COMPLETED]


def test_whoever_dies_before_calling_the_next_is_stood_in_for(anna: User) -> None:
    for _ in range(4):
        make_job(CSV, user=anna, queue=True)
    # Ended by a process that was killed right after its commit.
    ImportJob.objects.filter(created_by=anna, woken_at__isnull=False).update(status=Status.COMPLETED)
    OrmQ.objects.all().delete()

    turns.call_all()

    assert (called(anna), waiting(anna)) == (2, 0)
    assert OrmQ.objects.count() == 2


def test_files_that_wait_for_their_turn_have_not_stalled(anna: User) -> None:
    for _ in range(4):
        make_job(CSV, user=anna, queue=True)
    ImportJob.objects.update(created_at=timezone.now() - timedelta(hours=5))
    assert not ImportJob.objects.filter(ImportJob.stalled(), turns.WAITING).exists()


def test_retries_wait_in_turn_too_and_resume_where_they_stopped(anna: User, settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 5
    stopped = []
    for number in range(4):
        job = make_job(rows(20, f"A{number}"), user=anna)
        open_without_messages(job)
        with open_lane(ImportLane.objects.get(job=job)) as run:
            assert run.advance()
        jobs.cancel(job)
        stopped.append(job)
    OrmQ.objects.all().delete()
    for job in stopped:
        jobs.retry(job)

    statuses = [ImportJob.objects.get(pk=job.pk).status for job in stopped]
    assert statuses == [Status.RUNNING] * 2 + [Status.QUEUED] * 2
    work_off_the_queue()
    assert {with_progress(job).status for job in stopped} == {Status.COMPLETED}
    assert {with_progress(job).run_first_row for job in stopped} == {5}
    assert Product.objects.count() == 80


def test_an_import_by_hand_waits_for_nobody_and_calls_the_workers_files(anna: User) -> None:
    for _ in range(4):
        make_job(CSV, queue=True)
    assert waiting(None) == 2
    OrmQ.objects.all().delete()
    ImportJob.objects.filter(woken_at__isnull=False).update(status=Status.COMPLETED)

    assert run_import(CSV).status == Status.COMPLETED

    assert waiting(None) == 0
    # Not only noted as called: the workers are told.
    assert OrmQ.objects.count() == 2


def test_a_slice_ends_early_for_a_file_that_was_called(anna: User, bert: User, settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 5
    settings.IMPORT_LANES = 1
    job = make_job(rows(100), user=anna)
    open_without_messages(job)
    lane = ImportLane.objects.get()
    make_job(CSV, user=bert, queue=True)

    tasks.advance_lane(lane.pk)

    lane.refresh_from_db()
    assert (lane.records, lane.finished) == (5, False)
    assert [message.task["func"] for message in OrmQ.objects.order_by("pk")] == [
        "imports.tasks.open_job",
        "imports.tasks.advance_lane",
    ]
    work_off_the_queue()
    assert with_progress(job).status == Status.COMPLETED


@pytest.mark.parametrize("files", [5, 50])
def test_calling_takes_the_same_few_queries_for_any_number_of_files(anna: User, files: int) -> None:
    for _ in range(files):
        make_job(CSV, user=anna, queue=True)
    with CaptureQueriesContext(connection) as none_called:
        turns.call_next(anna.pk)
    ImportJob.objects.filter(pk__in=ImportJob.objects.order_by("pk")[:1].values("pk")).update(status=Status.FAILED)
    with CaptureQueriesContext(connection) as one_called:
        turns.call_next(anna.pk)
    selects = [query for query in one_called if query["sql"].startswith("SELECT")]
    assert waiting(anna) == files - product_settings.WORKERS - 1
    assert len([query for query in none_called if query["sql"].startswith("SELECT")]) == 2
    assert len(selects) == 3


def test_a_job_says_how_many_files_are_ahead(anna: User, client: Client) -> None:
    several = [make_job(CSV, user=anna, queue=True) for _ in range(5)]
    client.force_login(anna)

    def shown(job: ImportJob) -> str:
        return client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()

    assert "Waiting for its turn" not in shown(several[0])
    assert "2 earlier files of the same user are ahead" in shown(several[2])
    assert "4 earlier files of the same user are ahead" in shown(several[4])
    ImportJob.objects.filter(pk__in=[job.pk for job in several[:3]]).update(status=Status.COMPLETED)
    assert "1 earlier file of the same user is ahead" in shown(several[4])
