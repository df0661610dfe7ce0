"""A full sync: what a supplier's file has no longer is deactivated at the end, and activated when it comes back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from imports import applying, changes, file_skus, jobs, poison, progress, remembering, results, tasks, waking
from imports.changes import Filters
from imports.commandline import foreground
from imports.models import (
    DEACTIVATE_MISSING,
    MOST_FILES_ABSENT,
    Deactivation,
    FileSkus,
    ImportJob,
    ImportLane,
    Supplier,
    SupplierVersion,
)
from imports.options import Options
from imports.undo import undoing
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import, upload, with_progress

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "sku,name,price\n"


def rows(*skus: str, price: str = "5") -> str:
    return HEADER + "".join(f"{sku},Product {sku},{price}\n" for sku in skus)


@pytest.fixture
def nordic() -> Supplier:
    """A supplier whose first file had A to E, and who wants a full sync."""
    return synced(remembering.remember("Nordic", run_import(rows("Z"))))


def synced(supplier: Supplier, **fields: Any) -> Supplier:
    SupplierVersion.objects.filter(supplier=supplier).update(missing=DEACTIVATE_MISSING, guards=None, **fields)
    send(supplier, rows("A", "B", "C", "D", "E"))
    Product.objects.filter(sku="Z").delete()
    return supplier


def create(supplier: Supplier, content: str, **options: Any) -> ImportJob:
    with waking.no_messages():
        return jobs.create(upload(content), Options(**options), None, supplier=supplier)


def send(supplier: Supplier, content: str, *, workers: int = 1, **options: Any) -> ImportJob:
    """Import `content` as a file of the supplier."""
    return finish(create(supplier, content, **options), lanes=workers)


def finish(job: ImportJob, lanes: int = 1) -> ImportJob:
    with waking.no_messages():
        tasks.open_job(job.pk, lanes=lanes)
    foreground.run(job, lambda: None)
    return with_progress(job)


def active() -> str:
    return "".join(skus(Product.objects.filter(is_active=True)))


def skus(products: QuerySet[Product]) -> list[str]:
    return list(products.order_by("sku").values_list("sku", flat=True))


@pytest.mark.parametrize("lanes", [1, 3])
def test_what_the_file_has_no_longer_is_deactivated_and_counted_apart(nordic: Supplier, lanes: int) -> None:
    job = send(nordic, rows("A", "B", "E", "F"), workers=lanes)

    assert job.status == ImportJob.Status.COMPLETED, job.failure_reason
    assert active() == "ABEF"
    assert skus(Product.objects.all()) == list("ABCDEF")
    assert (job.created_rows, job.unchanged_rows, job.updated_rows, job.total_rows) == (1, 3, 0, 4)
    assert (job.deactivated_products, job.activated_products) == (2, 0)
    # Those are no rows, and in no line.
    assert [row[:3] for batch in results.rows(job) for row in batch] == [
        (2, "A", "unchanged"),
        (3, "B", "unchanged"),
        (4, "E", "unchanged"),
        (5, "F", "created"),
    ]
    told = changes.page(job, Filters(field="is_active"), cursor=0, limit=10).changes
    assert [(change.line, change.sku, change.fields) for change in told] == [
        (0, sku, {"is_active": {"old": True, "new": False}}) for sku in "CD"
    ]
    assert changes.summary(job).deactivated == 2
    assert changes.why_gone(job) == ""


def test_the_file_that_a_supplier_was_learned_from_is_the_first_to_be_compared_with() -> None:
    learned = run_import(HEADER + "A,Product A,5\nB,Product B,5\nC,Product C,none\nD,,5\nE,Product E,5\nA,Other,5\n")
    assert (learned.rejected_rows, learned.duplicate_rows) == (2, 1)
    fresh = remembering.remember("Fresh", learned)
    SupplierVersion.objects.update(missing=DEACTIVATE_MISSING, guards=None)
    run_import(rows("C"))

    job = send(fresh, rows("A"))

    assert (job.deactivated_products, active()) == (3, "A")


def test_without_being_asked_for_nothing_is(nordic: Supplier) -> None:
    SupplierVersion.objects.update(missing="keep")

    job = send(nordic, rows("A"))

    assert (active(), job.deactivated_products) == ("ABCDE", 0)


def test_products_of_others_and_of_earlier_files_are_left_alone(nordic: Supplier) -> None:
    run_import(rows("X", "Y"))
    job = send(nordic, rows("A", "B", "C", "D"))
    assert active() == "ABCDXY"
    product = Product.objects.get(sku="E")
    product.is_active = True
    editing.update(product, ["is_active"], Editor())

    # E was in the file before the last one.
    again = send(nordic, rows("A", "B", "C"))

    assert (job.deactivated_products, again.deactivated_products) == (1, 1)
    assert active() == "ABCEXY"


def test_a_rejected_row_is_there(nordic: Supplier) -> None:
    job = send(nordic, HEADER + "A,Product A,5\nB,Product B,none\nC,,\nD,Product D,5\nE,Product E,5\n")

    assert (job.rejected_rows, job.deactivated_products, active()) == (1, 0, "ABCDE")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEADER + "A,Product A,5\n,Product B,5\n", "1 rejected row has no SKU that can be relied on"),
        (HEADER + "A,Product A,5\nB,Product B,5,6\nC;D\n", "2 rejected rows have no SKU"),
        (HEADER + "A,Product A,5\nB,Pro", "the file seems to be cut off"),
    ],
)
def test_where_it_is_not_certain_what_the_file_has_nothing_is_deactivated_and_it_is_said(
    nordic: Supplier, content: str, why: str
) -> None:
    job = send(nordic, content)

    assert (job.deactivated_products, active()) == (0, "ABCDE")
    assert job.is_doubtful
    assert any(why in sentence for sentence in job.warnings), job.warnings


def test_a_file_that_is_cut_off_is_not_what_the_next_one_is_compared_with(nordic: Supplier) -> None:
    send(nordic, HEADER + "A,Product A,5\nB,Pro")

    assert send(nordic, rows("A")).deactivated_products == 4


def test_an_import_that_does_not_reach_its_end_deactivates_nothing(nordic: Supplier) -> None:
    failed = send(nordic, "sku,price\nA\n\0")
    cancelled = create(nordic, rows("A"))
    jobs.cancel(cancelled)

    assert failed.deactivated_products == 0
    assert active() == "ABCDE"
    # Nor is it a file that others are compared with.
    assert send(nordic, rows("A", "B", "C", "D")).deactivated_products == 1


def test_what_comes_back_is_active_again_if_it_was_the_sync(nordic: Supplier) -> None:
    send(nordic, rows("A", "B"))
    product = Product.objects.get(sku="D")
    product.price = 99
    editing.update(product, ["price"], Editor())
    by_hand = Product.objects.get(sku="E")
    for is_active in (True, False):
        by_hand.is_active = is_active
        editing.update(by_hand, ["is_active"], Editor())

    job = send(nordic, rows("A", "B", "C", "D", "E", price="6"))

    # D was edited otherwise; of E somebody has decided.
    assert active() == "ABCD"
    assert (job.activated_products, job.deactivated_products, job.updated_rows) == (2, 0, 5)
    assert changes.summary(job).activated == 2


def test_a_file_that_says_what_is_active_decides_itself(nordic: Supplier) -> None:
    send(nordic, rows("A", "B"))
    said = "sku,name,price,is_active\nA,Product A,5,true\nB,Product B,5,true\nC,Product C,5,false\nD,Product D,5,true\n"
    mapping = {"is_active": "is_active"}

    job = send(nordic, said, mapping=mapping)

    assert (active(), job.activated_products) == ("ABD", 0)


def test_absent_from_several_files_in_a_row_can_be_asked_for() -> None:
    slow = remembering.remember("Slow", run_import(rows("Z")))
    synced(slow, missing_after=2)

    first = send(slow, rows("A", "B", "C", "D"))
    second = send(slow, rows("A", "B", "C", "E"))
    assert (first.deactivated_products, second.deactivated_products, active()) == (0, 0, "ABCDE")
    # D is absent for the second time, E has come back, C is absent for the first.
    third = send(slow, rows("A", "B"))
    assert (third.deactivated_products, active()) == (1, "ABCE")
    assert send(slow, rows("A", "B")).deactivated_products == 2


def test_a_check_shows_it_and_its_import_does_it(nordic: Supplier) -> None:
    check = send(nordic, rows("A", "B", "C"), dry_run=True)

    assert (check.deactivated_products, active()) == (2, "ABCDE")
    assert changes.summary(check).deactivated == 2
    told = changes.page(check, Filters(mark="deactivated"), cursor=0, limit=10).changes
    assert [change.sku for change in told] == ["D", "E"]
    found = changes.page(check, Filters(sku="e"), cursor=0, limit=10).changes
    assert [change.sku for change in found] == ["E"]
    # Edited, but still as it was shown; and D is inactive already.
    product = Product.objects.get(sku="E")
    product.price = 9
    editing.update(product, ["price"], Editor())
    with waking.no_messages():
        job = finish(applying.apply(check))

    assert (job.deactivated_products, job.held_rows, active()) == (2, 0, "ABC")


def test_what_was_not_shown_is_not_deactivated(nordic: Supplier) -> None:
    product = Product.objects.get(sku="E")
    product.is_active = False
    editing.update(product, ["is_active"], Editor())
    check = send(nordic, rows("A", "B", "C"), dry_run=True)
    assert check.deactivated_products == 1
    product.is_active = True
    editing.update(product, ["is_active"], Editor())
    with waking.no_messages():
        job = finish(applying.apply(check))

    assert (job.deactivated_products, active()) == (1, "ABCE")


def test_in_an_untouched_catalogue_both_count_the_same_also_where_another_file_has_come_meanwhile(
    nordic: Supplier,
) -> None:
    check = send(nordic, rows("A", "B", "C"), dry_run=True)
    send(nordic, rows("A", "B", "C", "D", "E"))
    with waking.no_messages():
        job = finish(applying.apply(check))

    # D and E were in a file that came after the check was made; but this import came in after it.
    assert job.deactivated_products == check.deactivated_products == 2
    assert active() == "ABC"


def test_it_is_undone_with_the_import(nordic: Supplier) -> None:
    send(nordic, rows("A", "B"))
    job = send(nordic, rows("A", "C", price="7"))
    assert (active(), job.activated_products, job.deactivated_products) == ("AC", 1, 1)
    with waking.no_messages():
        undo = undoing.undo(job)
    undo = finish(undo)

    assert undo.status == ImportJob.Status.COMPLETED, undo.failure_reason
    assert active() == "AB"
    assert set(Product.objects.values_list("price", flat=True)) == {5}
    # What was deactivated before is still known to be the sync's.
    assert send(nordic, rows("A", "B", "C", "D", "E")).activated_products == 3


def test_a_later_import_that_has_a_product_keeps_it(nordic: Supplier) -> None:
    first = create(nordic, rows("A", "B"))
    run_import(rows("C", price="8"))

    job = finish(first)

    assert (active(), job.deactivated_products) == ("ABC", 2)


def test_a_supplier_is_deleted_with_what_it_has_deactivated_and_its_page_lists_none_of_it(
    nordic: Supplier, admin_client: Client
) -> None:
    send(nordic, rows("A"))
    assert Deactivation.objects.count() == 5
    address = f"/admin/imports/supplier/{nordic.pk}/delete/"

    assert "deactivated by a full sync" not in admin_client.get(address).content.decode()
    admin_client.post(address, {"post": "yes"})

    assert (Supplier.objects.count(), Deactivation.objects.count()) == (0, 0)
    assert active() == "A"


def test_a_supplier_that_is_deleted_in_between_does_no_harm(nordic: Supplier) -> None:
    job = create(nordic, rows("A", "B"))
    remembering.delete(nordic)

    job = finish(ImportJob.objects.get(pk=job.pk))

    assert (job.status, active()) == ("completed", "ABCDE")


def test_progress_does_not_go_back_and_the_lane_takes_as_many_chunks_as_it_needs(
    nordic: Supplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"M{number}" for number in range(25)]
    send(nordic, rows("A", *many))
    monkeypatch.setattr(poison, "rows_to_try", lambda _: 4)
    seen: list[float] = []
    job = create(nordic, rows("A", "B"))
    foreground.run(job, lambda: seen.append(progress.progress(with_progress(job))))

    assert seen == sorted(seen)
    assert with_progress(job).deactivated_products == 25
    lane = ImportLane.objects.get(job=job, is_sync=True)
    assert lane.finished
    # With B to E, and Z before.
    assert Deactivation.objects.count() == 30


def test_the_skus_of_files_are_kept_as_long_as_others_are_compared_with_them(nordic: Supplier) -> None:
    check = send(nordic, rows("A"), dry_run=True)
    failed = send(nordic, rows("A"))
    ImportJob.objects.filter(pk=failed.pk).update(status=ImportJob.Status.FAILED)
    for _ in range(MOST_FILES_ABSENT):
        send(nordic, rows("A", "B"))
    oldest = ImportJob.objects.filter(read_by__supplier=nordic, dry_run=False).earliest("pk")

    file_skus.delete_old()
    assert FileSkus.objects.filter(job__in=[check.pk, failed.pk]).count() == 2
    ImportJob.objects.update(finished_at=timezone.now() - timedelta(days=9))
    file_skus.delete_old()

    assert not FileSkus.objects.filter(job__in=[check.pk, failed.pk, oldest.pk]).exists()
    assert FileSkus.objects.count() == MOST_FILES_ABSENT
    assert send(nordic, rows("A")).deactivated_products == 1


def test_a_chunk_of_it_takes_as_many_queries_however_many_products_there_are(
    nordic: Supplier,
) -> None:
    counts = []
    for number in (5, 50):
        many = [f"M{index}" for index in range(number)]
        send(nordic, rows("A", *many))
        with CaptureQueriesContext(connection) as queries:
            send(nordic, rows("A"))
        counts.append(len(queries))

    assert counts[0] == counts[1]
