"""A check and the import of what it has shown take effect once, whatever is delivered twice, fails or is killed.

What comes of it is compared with what comes of the same without any trouble.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from acme_importer.cluster import identity
from imports import applying, changes, proposed, waking
from imports.models import HeldRow, ImportJob, ImportLane
from products import editing
from products.editing import Editor
from products.models import Product
from tests.cluster import WorkerCluster, wait_until
from tests.imports.factories import make_job, with_progress
from tests.imports.short_import import (
    CONTENT,
    SHORT,
    WRITERS,
    begin_with_the_old_catalogue,
    catalogue,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)
from tests.imports.test_failures import FailureAt, import_until_over

Status = ImportJob.Status


def receipt(job: ImportJob) -> tuple[int, ...]:
    job = with_progress(job)
    assert job.status == Status.COMPLETED, job.failure_reason
    counts = tuple(getattr(job, name) for name in ImportLane.COUNTS)
    assert sum(counts) == job.total_rows
    return counts


def shown_by(check: ImportJob) -> tuple[Any, ...]:
    """All that a completed check tells."""
    lines = sorted(row for batch in changes.rows(check) for row in batch)
    return receipt(check), proposed.findings(check), changes.summary(check).fields, lines


def left_by(job: ImportJob) -> tuple[Any, ...]:
    """All that a completed import leaves."""
    held = list(HeldRow.objects.filter(job=job.pk).order_by("line").values_list("line", "shown", "now"))
    return receipt(job), held, catalogue()


def change_since() -> None:
    """What people do between the check and the import."""
    product = Product.objects.get(sku="P-1")
    product.price = Decimal(9)
    editing.update(product, ["price"], Editor())
    editing.create(Product(sku="p-3", name="Mine"), Editor())


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.usefixtures("small_chunks")
def test_messages_may_be_delivered_many_times(db: None, times: int) -> None:
    told = []
    for deliveries in (1, times):
        begin_with_the_old_catalogue()
        check = make_job(CONTENT, queue=True, dry_run=True)
        work_off_the_queue(deliveries)
        shown = shown_by(check)
        change_since()
        job = applying.apply(check)
        work_off_the_queue(deliveries)
        told.append((shown, left_by(job)))

    assert told[0] == told[1]
    (_, (_, held, _)) = told[0]
    assert held


# To fail at every statement would take minutes.
STEP = 5


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the statement", "after the statement"])
@pytest.mark.usefixtures("small_chunks")
def test_any_statement_of_either_may_fail(transactional_db: None, after: bool) -> None:
    without_trouble, _ = check_and_apply(at=0, after=after)
    at = 1
    while True:
        told, is_over = check_and_apply(at=at, after=after)
        assert told == without_trouble, at
        if is_over:
            break
        at += STEP
    # Four chunks of several statements each, in both.
    assert at > 40


def check_and_apply(*, at: int, after: bool) -> tuple[Any, bool]:
    """What a check and its import come to if the connection is lost at this statement of each; and whether both were
    through before they came to it.
    """
    begin_with_the_old_catalogue()
    failures = [FailureAt(at, after=after) for _ in range(2)]
    check = make_job(SHORT, dry_run=True)
    with connection.execute_wrapper(failures[0]):
        import_until_over(check)
    shown = shown_by(check)
    change_since()
    with waking.no_messages():
        job = applying.apply(check)
    with connection.execute_wrapper(failures[1]):
        import_until_over(job)
    return (shown, left_by(job)), all(failure.left > 0 for failure in failures)


PRODUCTS, NEW = 12_000, 3_000


@pytest.fixture(params=WRITERS)
def cluster(transactional_db: None, request: pytest.FixtureRequest) -> Iterator[WorkerCluster]:
    """Worker processes with supervisors, which find out who has died and wake what they have left."""
    cluster = WorkerCluster("run_workers", IMPORT_WRITER=request.param, IMPORT_CHUNK_ROWS="200")
    yield cluster
    cluster.stop()
    print(cluster.log())


@pytest.mark.slow
def test_workers_killed_in_mid_check_and_in_mid_import_make_no_difference(cluster: WorkerCluster) -> None:
    Product.objects.bulk_create(
        Product(sku=f"S-{number}", sku_normalized=f"s-{number}", name=f"Product {number}", price=1)
        for number in range(PRODUCTS)
    )
    rows = "".join(f"S-{number},Product {number},2\n" for number in range(PRODUCTS + NEW))
    check = make_job(f"sku,name,price\n{rows}", dry_run=True, queue=True)
    cluster.start()
    kill_in_the_middle(cluster, check)
    assert receipt(check)[:2] == (NEW, PRODUCTS)
    assert proposed.findings(check).up == PRODUCTS
    for number in (0, PRODUCTS - 1):
        product = Product.objects.get(sku=f"S-{number}")
        product.price = 7
        editing.update(product, ["price"], Editor())

    job = applying.apply(check)
    kill_in_the_middle(cluster, job)

    assert receipt(job)[:2] == (NEW, PRODUCTS - 2)
    assert list(HeldRow.objects.filter(job=job.pk).order_by("line").values_list("line", flat=True)) == [2, PRODUCTS + 1]
    assert Product.objects.filter(price=2).count() == PRODUCTS + NEW - 2


def kill_in_the_middle(cluster: WorkerCluster, job: ImportJob) -> None:
    """Kill the worker that is at work on the job, and wait until another one has done the rest."""
    wait_until(lambda: with_progress(job).processed_rows > 1_000, 60)
    cluster.kill_worker(pid_of_holder(job))
    assert with_progress(job).processed_rows < PRODUCTS + NEW, "It was through before the worker was killed."
    wait_until(lambda: ImportJob.objects.get(pk=job.pk).is_over, 120)


def pid_of_holder(job: ImportJob) -> int:
    """The worker process that has claimed the lane."""
    claimed_by = ""

    def is_claimed() -> str:
        nonlocal claimed_by
        claimed_by = ImportLane.objects.filter(job=job.pk).values_list("claimed_by", flat=True)[0]
        return claimed_by

    wait_until(is_claimed)
    return int(claimed_by[identity.CLUSTER_LENGTH :], 16)
