"""A short import with rows of every kind, what must come of it, and the queue's messages delivered by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from imports import models, pipeline, poison, stalled, tasks
from imports.models import ImportJob, ImportLane
from imports.writing import copy
from products.models import Product
from tests.imports import model
from tests.imports.factories import with_progress

COLUMNS = ["sku", "name", "price"]
BEFORE = {"p-1": model.Item("P-1", "Old"), "p-2": model.Item("p-2", "Product 2")}


def make_rows(count: int = 40) -> list[tuple[int, list[str]]]:
    """Rows of every kind: new and old products, duplicates in other letter case, faults."""
    rows = []
    for number in range(count):
        sku = f"p-{number % 17}" if number % 3 else f"P-{number % 13}"
        name = "" if number % 11 == 5 else f"Product {number % 17 if number % 7 else number}"
        price = "cheap" if number % 10 == 9 else ""
        rows.append((number + 2, [sku, name, price]))
    return rows


ROWS = make_rows()
CONTENT = "sku,name,price\n" + "".join(",".join(fields) + "\n" for _, fields in ROWS)
EXPECTED = model.read_serially(COLUMNS, ROWS, BEFORE)
# A short file with rows of every kind, for what is done many times: two lanes of two chunks.
SHORT = "".join(CONTENT.splitlines(keepends=True)[:17])
EXPECTED_OF_SHORT = model.read_serially(COLUMNS, ROWS[:16], BEFORE)


WRITERS = ["bulk_create", "copy"] if connection.vendor == "postgresql" else ["bulk_create"]


@pytest.fixture(params=WRITERS)
def small_chunks(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of five rows, and one chunk for each message, in two lanes; with each writer."""
    settings.IMPORT_CHUNK_ROWS = 5
    settings.IMPORT_LANES = 2
    settings.IMPORT_WRITER = request.param
    if request.param == "copy":
        # A commit empties this table, but within the transaction of a test there is none.
        monkeypatch.setattr(copy, "CREATE_STAGING", f"{copy.CREATE_STAGING}; DELETE FROM imports_staging")
    monkeypatch.setattr(tasks, "SLICE_SECONDS", -1)


def begin_with_the_old_catalogue() -> None:
    """Remove every product and every job, and make the products that were there before."""
    ImportJob.objects.all().delete()
    OrmQ.objects.all().delete()
    Product.objects.all().delete()
    for item in BEFORE.values():
        Product.objects.create(sku=item.sku, name=item.name)


def claim_for(lease: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have claims last for `lease`. One that is over at once lets all work on what each of them has claimed."""
    monkeypatch.setattr(models, "LEASE", lease)
    monkeypatch.setattr(pipeline, "LEASE", lease)
    # Each takes the lane from one that lives, as if it had died: that is not what the rows are to be blamed for.
    monkeypatch.setattr(poison, "MAX_ATTEMPTS", 1_000)


def assert_all_went_in_once(job: ImportJob, expected: model.Result = EXPECTED) -> None:
    job = with_progress(job)
    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    receipt = tuple(getattr(job, count) for count in ImportLane.COUNTS)
    assert receipt == expected.receipt
    assert job.total_rows == job.processed_rows == sum(receipt)
    assert list(job.rejected.values_list("line", "code")) == expected.rejected
    assert catalogue() == expected.catalogue


def catalogue() -> dict[str, model.Item]:
    values = Product.objects.values_list("sku_normalized", *model.FIELDS)
    return {sku: model.Item(*rest) for sku, *rest in values}


def deliver(message: OrmQ) -> None:
    """Do what a worker does that gets this message, but do not acknowledge it."""
    task = message.task
    function: dict[str, Callable[..., object]] = {
        "imports.tasks.open_job": tasks.open_job,
        "imports.tasks.advance_lane": tasks.advance_lane,
    }
    function[task["func"]](*task["args"])


def work_off_the_queue(times: int = 1) -> None:
    """Deliver every message this many times, and those that come of it."""
    while messages := list(OrmQ.objects.order_by("pk")):
        for message in messages:
            for _ in range(times):
                deliver(message)
            message.delete()


def expire_claims() -> None:
    """Let the time pass that a claim holds."""
    past = timezone.now() - timedelta(seconds=1)
    ImportLane.objects.exclude(claimed_until=None).update(claimed_until=past)
    ImportJob.objects.exclude(claimed_until=None).update(claimed_until=past)


def lose_messages() -> None:
    """Empty the queue, and let the time pass after which work counts as left."""
    OrmQ.objects.all().delete()
    long_ago = timezone.now() - ImportLane.LOST_AFTER - timedelta(seconds=1)
    ImportLane.objects.update(woken_at=long_ago)
    ImportJob.objects.update(woken_at=long_ago)


def die_at(lane: ImportLane) -> None:
    """Claim a lane like a worker that then dies without a word, until the claim has run out."""
    assert lane.claim()
    expire_claims()


def wake_the_stalled() -> None:
    """Let every claim run out, and do what is done about it from time to time."""
    expire_claims()
    stalled.wake()
