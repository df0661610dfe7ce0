"""Imports by a real cluster: worker processes that take messages from the queue, die, and are sent messages twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from imports import jobs
from imports.models import ImportJob, ImportLane
from imports.options import Options
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports import model
from tests.imports.factories import upload, with_progress
from tests.imports.many_rows import COLUMNS, make_rows
from tests.imports.short_import import wake_the_stalled

pytestmark = pytest.mark.slow

ROWS = 60_000
LANES = 2 if connection.vendor == "postgresql" else 1


def file_of(rows: list[tuple[int, list[str]]]) -> bytes:
    lines = [",".join(fields) for _, fields in rows]
    return "\n".join([",".join(COLUMNS), *lines, ""]).encode()


def catalogue() -> dict[str, model.Item]:
    values = Product.objects.values_list("sku_normalized", *model.FIELDS)
    return {sku: model.Item(*rest) for sku, *rest in values}


def is_over(job: ImportJob) -> bool:
    return ImportJob.objects.get(pk=job.pk).is_over


def is_in_the_middle(job: ImportJob) -> bool:
    processed = with_progress(job).processed_rows
    assert processed < ROWS, "The import was through before anything could happen to it."
    return processed > 0


def assert_it_is_as_the_model_says(job: ImportJob, expected: model.Result) -> None:
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    receipt = tuple(getattr(job, name) for name in ImportLane.COUNTS)
    assert receipt == expected.receipt
    assert job.total_rows == sum(receipt)
    assert list(job.rejected.values_list("line", "code")) == expected.rejected


@pytest.fixture(scope="module")
def rows() -> list[tuple[int, list[str]]]:
    return make_rows(ROWS)


@pytest.fixture(scope="module")
def expected(rows: list[tuple[int, list[str]]]) -> model.Result:
    return model.read_serially(COLUMNS, rows, {})


def test_a_file_goes_in_end_to_end_and_a_second_time_changes_nothing(
    worker_cluster: WorkerCluster, rows: list[tuple[int, list[str]]], expected: model.Result
) -> None:
    job = jobs.create(upload(file_of(rows)), Options())
    wait_until(lambda: is_over(job), 60)
    assert_it_is_as_the_model_says(job, expected)
    assert catalogue() == expected.catalogue
    assert with_progress(job).lane_count == LANES
    again = jobs.create(upload(file_of(rows)), Options(dry_run=True))
    wait_until(lambda: is_over(again), 60)
    assert_it_is_as_the_model_says(again, model.read_serially(COLUMNS, rows, expected.catalogue))
    wait_until(lambda: not OrmQ.objects.exists())


def test_a_worker_killed_in_mid_import_makes_no_difference(
    worker_cluster: WorkerCluster, rows: list[tuple[int, list[str]]], expected: model.Result
) -> None:
    job = jobs.create(upload(file_of(rows)), Options())
    wait_until(lambda: is_in_the_middle(job), 30)
    worker_cluster.kill_worker(worker_cluster.busy_worker_pid())
    progress_then = with_progress(job).processed_rows
    # The other lane may go on; the dead worker's cannot come to its end.
    wait_until(lambda: not ImportLane.objects.filter(job=job, finished=False, claimed_until=None).exists())
    assert progress_then < ROWS
    assert not is_over(job)
    wake_the_stalled()
    wait_until(lambda: is_over(job), 60)
    assert_it_is_as_the_model_says(job, expected)
    assert catalogue() == expected.catalogue


def test_every_message_may_be_delivered_twice(
    worker_cluster: WorkerCluster, rows: list[tuple[int, list[str]]], expected: model.Result
) -> None:
    job = jobs.create(upload(file_of(rows)), Options())
    doubled: set[int] = set()

    def double_messages_until(condition: Callable[[], bool]) -> bool:
        """Put each message on the queue once more, and let claims run out, so that both are worked on."""
        for message in OrmQ.objects.exclude(pk__in=doubled):
            copy = OrmQ.objects.create(key=message.key, payload=message.payload, lock=timezone.now())
            doubled.update((message.pk, copy.pk))
        ImportLane.objects.exclude(claimed_until=None).update(claimed_until=timezone.now() - timedelta(seconds=1))
        return condition()

    wait_until(lambda: double_messages_until(lambda: is_over(job)), 60)
    assert len(doubled) >= 2 * (1 + LANES)
    assert_it_is_as_the_model_says(job, expected)
    assert catalogue() == expected.catalogue


def test_several_jobs_go_on_at_once(worker_cluster: WorkerCluster) -> None:
    files = {prefix: make_rows(10_000, prefix) for prefix in ("A", "B", "C", "D")}
    made = {prefix: jobs.create(upload(file_of(rows)), Options()) for prefix, rows in files.items()}
    wait_until(lambda: all(map(is_over, made.values())), 60)
    whole: dict[str, model.Item] = {}
    for prefix, job in made.items():
        expected = model.read_serially(COLUMNS, files[prefix], {})
        assert_it_is_as_the_model_says(job, expected)
        whole |= expected.catalogue
    assert catalogue() == whole
