"""An undo that is cancelled in the middle leaves what it has done, and goes on from there when it is retried."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django_q.models import OrmQ

from imports import jobs
from imports.models import ImportJob, ImportLane
from imports.undo import undoing
from products.models import Product
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import (
    CONTENT,
    begin_with_the_old_catalogue,
    deliver,
    small_chunks,  # noqa: F401 - a fixture
    work_off_the_queue,
)
from tests.imports.undo.undone import delete, edit, table, told, undo

pytestmark = pytest.mark.usefixtures("db", "small_chunks")
# Products that the import changes and nobody since.
RESTORED = ["p-1", "p-3", "p-6", "p-7", "p-8", "p-9", "p-10", "p-11", "p-12"]


def import_that_was_followed() -> ImportJob:
    """An import with duplicates in several chunks, of which products were edited, changed and deleted since."""
    begin_with_the_old_catalogue()
    run_import(CONTENT.replace("Product", "Former product"))
    job = run_import(CONTENT + "p-new,New,1\np-other,New,2\nP-NEW,Newer,2\n")
    edit("p-new", price=Decimal(3))
    edit("p-2", name="Edited")
    run_import("sku,name\np-4,Later\n")
    delete("p-5")
    return job


def test_a_cancelled_undo_goes_on_where_it_was() -> None:
    job = import_that_was_followed()
    expected = told(undo(job, preview=True))
    undo_job = undoing.undo(job)
    for _ in range(4):
        message = OrmQ.objects.order_by("pk")[0]
        deliver(message)
        message.delete()
    jobs.cancel(undo_job)
    done, between = with_progress(undo_job).processed_rows, table()
    assert 0 < done < sum(expected[name] for name in ImportLane.COUNTS)

    work_off_the_queue(2)
    assert (with_progress(undo_job).processed_rows, table()) == (done, between)
    # What it has not come to yet may still be deleted.
    sku = next(sku for sku in RESTORED if Product.objects.get(sku_normalized=sku).last_import == job.pk)
    delete(sku)
    jobs.retry(ImportJob.objects.get(pk=undo_job.pk))
    work_off_the_queue(2)

    found = told(undo_job)
    assert sum(found[name] for name in ImportLane.COUNTS) == sum(expected[name] for name in ImportLane.COUNTS)
    assert (found["restored"], found["gone"]) == (expected["restored"] - 1, expected["gone"] + 1)


def test_what_a_cancelled_undo_has_done_can_be_undone_and_the_rest_still_be() -> None:
    job = import_that_was_followed()
    before = table()
    undo_job = undoing.undo(job)
    for _ in range(4):
        message = OrmQ.objects.order_by("pk")[0]
        deliver(message)
        message.delete()
    jobs.cancel(undo_job)
    assert table() != before

    undo(ImportJob.objects.get(pk=undo_job.pk))
    assert table() == before
