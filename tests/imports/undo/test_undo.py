"""An undo takes back what an import wrote, field by field, where nobody has changed it since."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from pytest_django import Settings

from imports import waking
from imports.commandline import foreground
from imports.jobs import WrongStateError
from imports.models import ImportJob
from imports.undo import undoing
from products import editing
from products.editing import Editor
from products.history.models import ChangeBlock, ChangeSet
from products.models import Product
from products.search.changes import SearchChange
from tests.imports.factories import run_import
from tests.imports.short_import import WRITERS
from tests.imports.undo.undone import delete, edit, table, undo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=WRITERS, autouse=True)
def writer(request: pytest.FixtureRequest, settings: Settings) -> None:
    """With each writer."""
    settings.IMPORT_WRITER = request.param


def receipt(job: ImportJob) -> dict[str, int]:
    lane = job.lanes.get()
    counts = {
        name: getattr(job, f"{name}_rows") for name in ("created", "updated", "deleted", "unchanged", "duplicate")
    }
    return {name: count for name, count in {**counts, **lane.skipped_by_reason}.items() if count}


FIRST = "sku,name,price,description\nA,Lamp,10,x\nB,Fan,20,y\nC,Rug,30,z\n"


def test_what_was_changed_is_as_before_and_what_was_created_is_gone() -> None:
    run_import(FIRST)
    before = table()
    job = run_import("sku,name,price\na,Desk lamp,11\nB,Fan,20\nC,Rug,33\nD,New,1\nE,New,2\n")

    undone = undo(job)

    assert table() == before
    assert receipt(undone) == {"updated": 2, "deleted": 2}
    assert undone.lanes.get().report["fields"] == {"sku": 1, "name": 1, "price": 2}


def test_what_is_told_of_the_last_chunk_is_told_once_where_nothing_follows_it(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    run_import(FIRST + "D,Bed,40,\n")
    job = run_import("sku,price\nA,11\nB,21\nC,31\nD,41\n")

    report = undo(job).lanes.get().report

    assert report["fields"] == {"price": 4}
    assert [example["sku"] for example in report["examples"]["restored"]] == ["D", "C", "B", "A"]


def test_a_field_that_was_edited_since_is_kept_and_the_others_are_restored() -> None:
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Desk lamp,11\nB,Big fan,21\nC,Carpet,31\n")
    edit("A", price=Decimal(99))
    edit("B", name="My fan", price=Decimal(98))
    later = run_import("sku,name,price\nC,Mat,32\n")

    undone = undo(job)

    assert receipt(undone) == {"updated": 1, "edited_since": 1, "changed_later": 1}
    assert {sku: row[0:3:2] for sku, row in table().items()} == {
        "A": ("Lamp", Decimal(99)),
        "B": ("My fan", Decimal(98)),
        "C": ("Mat", Decimal(32)),
    }
    report = undone.lanes.get().report
    assert report["in_part"] == 1
    assert report["examples"]["restored"] == [
        {"sku": "A", "line": 2, "restored": {"name": ["Desk lamp", "Lamp"]}, "kept": ["price"]}
    ]
    undo(later)
    assert table()["C"][0] == "Carpet"


def test_what_is_already_as_before_or_gone_is_counted_as_such() -> None:
    run_import(FIRST)
    job = run_import("sku,price\nA,11\nB,21\nC,31\n")
    edit("A", price=Decimal(10))
    editing.delete(Product.objects.get(sku="B"), Editor())

    assert receipt(undo(job)) == {"updated": 1, "unchanged": 1, "gone": 1}
    assert "B" not in table()


def test_a_product_that_was_created_and_edited_since_is_kept() -> None:
    job = run_import(FIRST)
    edit("A", name="Mine")
    run_import("sku,price\nB,21\n")

    undone = undo(job)

    assert receipt(undone) == {"deleted": 1, "edited_since": 1, "changed_later": 1}
    assert set(table()) == {"A", "B"}


def test_later_imports_that_were_themselves_undone_are_no_reason_to_keep_a_product() -> None:
    job = run_import(FIRST)
    later = run_import("sku,price\nA,11\nB,21\nC,31\n")
    undo(later)

    assert receipt(undo(job)) == {"deleted": 3}
    assert table() == {}


def test_an_undo_can_itself_be_undone() -> None:
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Desk lamp,11\nD,New,4\n")
    after = table()

    undone = undo(job)
    again = undo(undone)

    assert table() == after
    assert receipt(again) == {"created": 1, "updated": 1}
    assert receipt(undo(again)) == {"deleted": 1, "updated": 1}


def test_a_product_that_the_file_has_several_times_is_one_product(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    run_import(FIRST)
    before = table()
    job = run_import("sku,name,price\nA,One,1\nD,New,1\nA,Two,2\nD,Newer,2\nB,Fan,2\nA,Three,3\nD,Newest,3\n")
    assert (job.updated_rows, job.created_rows, job.duplicate_rows) == (2, 1, 4)

    preview = undo(job, preview=True)
    undone = undo(job)

    assert table() == before
    assert receipt(undone) == receipt(preview) == {"updated": 2, "deleted": 1, "duplicate": 4}


def test_a_preview_counts_what_the_undo_then_does_and_writes_nothing() -> None:
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Desk lamp,11\nB,Big fan,21\nD,New,1\n")
    edit("B", name="Mine")
    now = table()

    preview = undo(job, preview=True)

    assert table() == now
    done = undo(job)
    assert receipt(done) == receipt(preview) == {"updated": 2, "deleted": 1}
    assert done.lanes.get().report == preview.lanes.get().report


def test_some_products_or_one_field_can_be_selected() -> None:
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Desk lamp,11\nB,Big fan,21\nD,New,1\n")

    assert receipt(undo(job, fields=("price",))) == {"updated": 2, "not_selected": 1}
    assert {sku: row[0:3:2] for sku, row in table().items() if sku in "AB"} == {
        "A": ("Desk lamp", Decimal(10)),
        "B": ("Big fan", Decimal(20)),
    }
    assert receipt(undo(job, skus=("a", "d"))) == {"updated": 1, "deleted": 1, "not_selected": 1}
    assert receipt(undo(job)) == {"updated": 1, "unchanged": 2}


def test_extra_is_restored_as_any_field() -> None:
    run_import("sku,name,Colour\nA,Lamp,red\n", extra=True)
    job = run_import("sku,name,Colour\nA,Lamp,blue\n", extra=True)

    undo(job)

    assert table()["A"][4] == {"Colour": "red"}


def test_a_product_that_was_deleted_and_made_anew_is_not_taken_for_the_one_before() -> None:
    run_import(FIRST)
    job = run_import("sku,price\nA,11\n")
    editing.delete(Product.objects.get(sku="A"), Editor())
    editing.create(Product(sku="A", name="Other", price=Decimal(5)), Editor())

    assert receipt(undo(job)) == {"edited_since": 1}


def test_the_search_index_is_told_of_other_words() -> None:
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Desk lamp,10\nB,Fan,21\n")
    SearchChange.objects.all().delete()

    undo(job)

    assert [change.listed for change in SearchChange.objects.all()] == [["a"]]


def test_a_cancelled_import_can_be_undone(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 2
    job = run_import(FIRST)
    ImportJob.objects.filter(pk=job.pk).update(status="cancelled")

    assert receipt(undo(job)) == {"deleted": 3}


def test_what_cannot_be_undone_is_said() -> None:
    job, dry = run_import(FIRST), run_import(FIRST, dry_run=True)
    unchanged = run_import(FIRST)
    ImportJob.objects.filter(pk=job.pk).update(status="running")

    for refused, why in ((job, "is running"), (dry, "is a dry run"), (unchanged, "has changed no product")):
        with pytest.raises(WrongStateError, match=why):
            undoing.undo(ImportJob.objects.get(pk=refused.pk))


def test_an_import_is_undone_once_at_a_time() -> None:
    job = run_import(FIRST)
    with waking.no_messages():
        first = undoing.undo(job)
        with pytest.raises(WrongStateError, match=f"undone already, by import {first.pk}"):
            undoing.undo(job)


def test_what_is_selected_by_field_is_found_behind_a_newer_change_of_another_field(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Lamp,11\nA,Desk lamp,11\n")

    assert receipt(undo(job, fields=("price",))) == {"updated": 1, "not_selected": 1}
    assert table()["A"][0:3:2] == ("Desk lamp", Decimal(10))


def test_a_product_that_was_created_and_changed_by_the_import_is_not_deleted_for_one_field(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    job = run_import("sku,name,price\nA,Lamp,10\nA,Lamp,11\n")
    before = table()

    assert receipt(undo(job, fields=("price",))) == {"not_selected": 2}
    assert table() == before


def test_what_the_import_has_changed_and_changed_back_is_as_before_however_it_was_edited(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    run_import(FIRST)
    job = run_import("sku,name,price\nA,Lamp,11\nA,Lamp,10\n")
    edit("A", price=Decimal(99))

    assert receipt(undo(job)) == {"unchanged": 1, "duplicate": 1}


def test_a_created_product_that_was_given_another_sku_is_gone_and_no_longer_the_imports() -> None:
    job = run_import("sku,name\nA,Lamp\nB,Fan\n")
    edit("A", sku="X", sku_normalized="x")
    delete("B")

    assert receipt(undo(job)) == {"gone": 1, "unchanged": 1}
    assert set(table()) == {"X"}


def test_a_product_that_came_to_the_sku_from_another_one_is_kept_as_edited() -> None:
    run_import("sku,name,price\nA,Lamp,10\nB,Fan,20\n")
    job = run_import("sku,name,price\nA,Desk lamp,11\n")
    run_import("sku,name,price\nA,Bed lamp,12\n")
    delete("A")
    edit("B", sku="A", sku_normalized="a")

    assert receipt(undo(job)) == {"edited_since": 1}


def test_a_product_that_is_refused_is_rejected_and_its_other_changes_are_none_of_their_own(
    settings: Settings,
) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    run_import(FIRST)
    job = run_import("sku,name,price\nA,One,11\nA,Two,11\nB,Big fan,21\n")
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX one_lamp ON products_product (name) WHERE price = 10")
    settings.IMPORT_CHUNK_ROWS = 50
    Product.objects.create(sku="Z", name="Lamp", price=10)
    try:
        undone = undo(job)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX one_lamp")

    assert receipt(undone) == {"updated": 1, "duplicate": 1}
    assert undone.rejected_rows == 1
    assert {sku: row[0] for sku, row in table().items() if sku in "AB"} == {"A": "Two", "B": "Fan"}


def test_an_undo_whose_history_was_pruned_meanwhile_fails_and_says_so(settings: Settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 1
    run_import(FIRST)
    job = run_import("sku,price\nA,11\nB,21\nC,31\n")
    with waking.no_messages():
        undone = undoing.undo(job)
        undoing.start(undone)
    oldest = ChangeSet.objects.filter(import_number=job.pk).order_by("pk")[0]
    ChangeBlock.objects.filter(pk=oldest.first_address).delete()
    oldest.delete()

    foreground.run(undone, lambda: None)

    undone = ImportJob.objects.get(pk=undone.pk)
    assert (undone.status, undone.failure_reason) == (
        "failed",
        "Of 3 changes, 2 are accounted for. The history of the others was pruned.",
    )
