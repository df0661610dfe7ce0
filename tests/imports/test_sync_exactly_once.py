"""A full sync takes effect once, whatever is delivered twice or fails: as without any trouble."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from imports import changes, jobs, remembering, waking
from imports.models import DEACTIVATE_MISSING, Deactivation, ImportJob, ImportLane, Supplier
from imports.options import Options
from products.history.models import ChangeBlock, ChangeSet
from products.models import Product
from tests.imports.factories import run_import, upload, with_progress
from tests.imports.short_import import small_chunks, work_off_the_queue  # noqa: F401 - a fixture
from tests.imports.test_failures import FailureAt, import_until_over

FIRST = [f"P-{number}" for number in range(20)]
# Twelve are gone; two more come.
SECOND = [*FIRST[:8], "N-1", "N-2"]
# Six of those come back.
THIRD = [*FIRST[:14], "N-1"]


def rows(skus: list[str]) -> str:
    return "sku,name\n" + "".join(f"{sku},Product {sku}\n" for sku in skus)


def supplier() -> Supplier:
    """One who wants a full sync, and whose last file was the first, in an otherwise empty catalogue."""
    for model in (Product, ChangeBlock, ChangeSet, Deactivation, Supplier):
        model.objects.all().delete()
    nordic = remembering.remember("Nordic", run_import(rows(FIRST)))
    remembering.change(nordic, missing=DEACTIVATE_MISSING, guards=None)
    return nordic


def left_by(job: ImportJob) -> tuple[Any, ...]:
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    counts = [getattr(job, name) for name in (*ImportLane.COUNTS, *ImportLane.OF_SYNC)]
    told = sorted(row for batch in changes.rows(job) for row in batch)
    products = list(Product.objects.order_by("sku").values_list("sku", "is_active"))
    return counts, told, products, sorted(Deactivation.objects.values_list("sku_normalized", flat=True))


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.usefixtures("small_chunks")
def test_messages_may_be_delivered_many_times(db: None, times: int) -> None:
    left = []
    for deliveries in (1, times):
        nordic = supplier()
        of_both = []
        for skus in (SECOND, THIRD):
            job = jobs.create(upload(rows(skus)), Options(), None, supplier=nordic)
            work_off_the_queue(deliveries)
            of_both.append(left_by(job))
        left.append(of_both)

    assert left[0] == left[1]
    (second, third) = left[0]
    assert second[0][-2:] == [12, 0]
    assert third[0][-2:] == [1, 6]


# To fail at every statement would take minutes.
STEP = 4


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before the statement", "after the statement"])
@pytest.mark.usefixtures("small_chunks")
def test_any_statement_may_fail(transactional_db: None, after: bool) -> None:
    without_trouble, _ = synced(at=0, after=after)
    at = 1
    while True:
        told, is_over = synced(at=at, after=after)
        assert told == without_trouble, at
        if is_over:
            break
        at += STEP
    # Chunks of rows, then of products that are gone.
    assert at > 40


def synced(*, at: int, after: bool) -> tuple[Any, bool]:
    """What an import with a full sync comes to if the connection is lost at this statement of it; and whether it was
    through before it came to it.
    """
    nordic = supplier()
    with waking.no_messages():
        job = jobs.create(upload(rows(SECOND)), Options(), None, supplier=nordic)
    failure = FailureAt(at, after=after)
    with connection.execute_wrapper(failure):
        import_until_over(job)
    return left_by(job), failure.left > 0
