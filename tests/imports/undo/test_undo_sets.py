"""Bulk actions are undone from the list of products as imports are: previewed, by a job, where they still hold."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from acme_importer.audit.models import Record
from imports import waking
from imports.commandline import foreground
from imports.jobs import WrongStateError
from imports.models import ImportJob
from imports.undo import undoing
from imports.undo.reporting import report
from products import editing, on_record
from products.editing import BulkEdit, Editor
from products.history.models import ChangeBlock, ChangeSet
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import, with_progress
from tests.imports.short_import import WRITERS, work_off_the_queue
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/products/product/"
FILE = "sku,name,price,Colour\n" + "".join(f"S{number},Product {number},1.50,red\n" for number in range(7))


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With each writer, chunks smaller than the sets of a bulk action, and a bulk action of several sets."""
    settings.IMPORT_WRITER = request.param
    settings.IMPORT_CHUNK_ROWS = 2
    monkeypatch.setattr(on_record, "BATCH_ROWS", 3)


@pytest.fixture
def anna() -> User:
    return make_user(is_staff=True, is_superuser=True)


def undo(done: BulkEdit, **options: Any) -> ImportJob:
    """Undo a bulk action in this process; return the job with its receipt."""
    with waking.no_messages():
        created = undoing.undo_sets(done.first_set, done.last_set, **options)
        foreground.run(created, lambda: None)
    job = with_progress(created)
    assert job.status == "completed", job.failure_reason
    assert job.total_rows == job.processed_rows
    return job


def products_of(job: ImportJob) -> dict[str, int]:
    return {of: count for of, count in report(job).products.items() if count}


def table() -> dict[str, tuple[Any, ...]]:
    rows = Product.objects.values_list("sku", "name", "description", "price", "is_active", "extra")
    return {sku: tuple(rest) for sku, *rest in rows}


def test_a_bulk_change_is_undone_where_it_still_holds() -> None:
    run_import(FILE)
    before = table()
    done = editing.set_active(Selection.all(), Editor(), active=False)
    assert (done.count, done.last_set - done.first_set) == (7, 2)
    again = Product.objects.get(sku="S1")
    again.is_active = True
    editing.update(again, ["is_active"], Editor())
    editing.delete(Product.objects.get(sku="S2"), Editor())

    preview = undo(done, preview=True)
    assert not Product.objects.get(sku="S0").is_active
    undone = undo(done)

    assert products_of(undone) == products_of(preview) == {"restored": 5, "already_so": 1, "gone": 1}
    assert table() == {sku: values for sku, values in before.items() if sku != "S2"}


def test_deleted_products_are_created_again_as_they_were() -> None:
    run_import(FILE, extra=True)
    before = table()
    done = editing.delete_many(Selection.all(), Editor())
    editing.create(Product(sku="s3", name="Another", price=Decimal(5)), Editor())
    run_import("sku,name\nS4,Imported\n")

    undone = undo(done)

    assert products_of(undone) == {"created_again": 5, "edited_since": 1, "changed_later": 1}
    kept = {sku: row for sku, row in table().items() if sku not in ("s3", "S4")}
    assert kept == {sku: row for sku, row in before.items() if sku not in ("S3", "S4")}
    assert table()["s3"][0] == "Another"


def test_the_undo_of_a_bulk_action_can_be_undone() -> None:
    run_import(FILE)
    undone = undo(editing.delete_many(Selection.all(), Editor()))
    assert Product.objects.count() == 7

    with waking.no_messages():
        again = undoing.undo(undone)
        foreground.run(again, lambda: None)

    assert products_of(with_progress(again)) == {"deleted": 7}
    assert not Product.objects.exists()


def test_what_cannot_be_undone_is_said(anna: User) -> None:
    run_import(FILE)
    by_import = ChangeSet.objects.latest("number").number or 0
    first = editing.set_active(Selection.all(), Editor(anna), active=False)
    second = editing.set_active(Selection.all(), Editor(), active=True)
    with waking.no_messages():
        under_way = undoing.undo_sets(second.first_set, second.last_set)

    for refused, why in (
        ((by_import, by_import), "undone on the import's page"),
        ((first.first_set, second.last_set), "not the changes of one user"),
        ((second.last_set, second.last_set), f"being undone already, by import {under_way.pk}"),
        ((second.last_set, second.last_set + 1), "not on record"),
        ((second.last_set, second.first_set), "not on record"),
    ):
        with pytest.raises(WrongStateError, match=why):
            undoing.undo_sets(*refused)
    ChangeBlock.objects.all().delete()
    ChangeSet.objects.filter(number=first.first_set).delete()
    with pytest.raises(WrongStateError, match="not on record, or no longer"):
        undoing.undo_sets(first.first_set, first.last_set)


@pytest.mark.parametrize("action", ["deactivate", "delete_selected"])
def test_the_list_leads_to_the_undo(anna: User, client: Client, action: str) -> None:
    run_import(FILE)
    before = table()
    client.force_login(anna)
    sent = {"action": action, "select_across": "1", "_selected_action": "all", "index": "0", "expected": "7"}
    if action == "delete_selected":
        sent["typed"] = "7"
    page = client.post(LIST, sent, follow=True).content.decode()
    (address,) = re.findall(r'<a href="(/admin/imports/importjob/undo-changes/\d+/\d+/)">Undo…</a>', page)
    assert table() != before

    page = client.get(address).content.decode()
    assert anna.username in page
    assert '<strong class="number">7</strong> products' in page
    answer = client.post(address, {"fields": ["is_active"]})
    work_off_the_queue()
    preview = ImportJob.objects.get(pk=answer["Location"].split("/")[-3])
    assert (preview.dry_run, preview.selection, preview.created_by) == (True, {"fields": ["is_active"]}, anna)
    page = client.get(answer["Location"]).content.decode()
    assert f"Undo of changes by {anna.username}" in page
    assert f'action="{address}"' in page

    whole = client.post(address)["Location"]
    work_off_the_queue()
    done = client.post(whole.replace("/change/", "/undo/"))["Location"]
    work_off_the_queue()

    assert "What the undo has done" in client.get(done).content.decode()
    assert table() == before
    assert Record.objects.filter(act="import.undone").latest("pk").details["dry_run"] is False


def test_who_may_not_undo_is_offered_nothing(client: Client) -> None:
    run_import(FILE)
    client.force_login(make_user("products.view_product", "products.change_product", is_staff=True))

    page = client.post(
        LIST, {"action": "deactivate", "select_across": "1", "_selected_action": "all", "index": "0"}, follow=True
    ).content.decode()

    assert "7 products were deactivated" in page
    assert "Undo…" not in page
    number = ChangeSet.objects.latest("number").number
    assert client.get(f"/admin/imports/importjob/undo-changes/{number}/{number}/").status_code == 403


def test_a_page_of_numbers_that_there_are_not_says_so(anna: User, client: Client) -> None:
    client.force_login(anna)
    address = f"/admin/imports/importjob/undo-changes/1/{10**30}/"

    assert "not on record" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    assert not ImportJob.objects.exists()
