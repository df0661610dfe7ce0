"""The story of a product, from its newest change back to its creation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from products import editing
from products.editing import Editor
from products.history.models import ChangeBlock, ChangeSet
from products.history.stories import last_address, records_at, story
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db


def told(address: int, limit: int = 100) -> list[tuple[object, ...]]:
    return [
        (entry.change_set.import_number, entry.record.kind, entry.record.line, entry.record.before, entry.record.after)
        for entry in story(address, limit).entries
    ]


def test_it_says_which_import_and_line_changed_what() -> None:
    first = run_import("sku,name,price\nA-1,Lamp,10\nA-2,Fan,20\n")
    second = run_import("sku,price\nA-2,20\nA-1,12.50\n")
    product = Product.objects.get(sku="A-1")
    product.name = "Desk lamp"
    editing.update(product, ["name"], Editor())

    whole = {"sku": "A-1", "name": "Lamp", "description": "", "price": Decimal(10), "is_active": True, "extra": {}}
    assert told(Product.objects.get(sku="A-1").last_change) == [
        (None, "changed", 0, {"name": "Lamp"}, {"name": "Desk lamp"}),
        (second.pk, "changed", 3, {"price": Decimal(10)}, {"price": Decimal("12.50")}),
        (first.pk, "created", 2, {}, whole),
    ]


def test_it_can_be_read_in_pages() -> None:
    for price in range(5):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    product = Product.objects.get()

    newest = story(product.last_change, 2)
    older = story(newest.next_address, 10)

    assert [entry.record.after.get("price") for entry in newest.entries] == [4, 3]
    assert [entry.record.after["price"] for entry in older.entries] == [2, 1, 0]
    assert (older.next_address, older.is_pruned) == (0, False)


def test_a_product_that_was_deleted_and_made_again_has_one_story() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    editing.delete(Product.objects.get(), Editor())
    gone = last_address("a-1")
    run_import("sku,name\na-1,Fan\n")
    editing.delete_many(Selection.all(), Editor())
    run_import("sku,name\nA-1,Rug\n")

    kinds = [kind for _, kind, *_ in told(Product.objects.get().last_change)]

    assert kinds == ["created", "deleted", "created", "deleted", "created"]
    assert [kind for _, kind, *_ in told(gone)] == ["deleted", "created"]


def test_a_sku_that_was_given_up_leads_to_its_last_record() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    product = Product.objects.get()
    product.sku = "B-1"
    editing.update(product, ["sku"], Editor())

    assert last_address("A-1") == Product.objects.get().last_change
    assert told(last_address("A-1"))[0][3:] == ({"sku": "A-1"}, {"sku": "B-1"})


def test_what_was_pruned_is_said() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    first = ChangeSet.objects.get()
    run_import("sku,name\nA-1,Fan\n")
    ChangeBlock.objects.filter(pk=first.first_address).delete()
    first.delete()

    found = story(Product.objects.get().last_change, 10)

    assert (len(found.entries), found.next_address, found.is_pruned) == (1, 0, True)


def test_a_product_that_nothing_is_on_record_of_has_no_story() -> None:
    assert story(Product.objects.create(sku="A-1", name="Lamp").last_change, 10).entries == []


def test_before_the_first_record_of_a_product_is_the_story_of_the_one_that_had_its_sku() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    editing.delete(Product.objects.get(), Editor())
    product = Product.objects.create(sku="a-1", name="Rug")
    product.sku = "B-1"
    editing.update(product, ["sku"], Editor())
    assert [kind for _, kind, *_ in told(product.last_change)] == ["changed", "deleted", "created"]

    editing.delete(product, Editor())
    assert [kind for _, kind, *_ in told(last_address("B-1"))] == ["deleted", "changed", "deleted", "created"]


def test_it_goes_on_so_from_page_to_page() -> None:
    run_import("sku,name\nA-1,Lamp\n")
    editing.delete(Product.objects.get(), Editor())
    product = Product.objects.create(sku="A-1", name="Rug")
    editing.delete(product, Editor())

    address, kinds = last_address("A-1"), []
    while address:
        page = story(address, 1)
        kinds += [entry.record.kind for entry in page.entries]
        address = page.next_address
    assert kinds == ["deleted", "deleted", "created"]


def test_records_come_from_as_many_blocks_as_they_are_in() -> None:
    run_import("sku,name\n" + "".join(f"S{number:04},Lamp\n" for number in range(1200)))
    addresses = list(Product.objects.values_list("last_change", flat=True))

    found = {record.address: record.sku for record in records_at(addresses)}

    assert found == dict(Product.objects.values_list("last_change", "sku"))
    assert ChangeBlock.objects.count() == 3


@pytest.mark.parametrize("active", [True, False])
def test_a_bulk_action_is_on_record_for_each_product(active: bool) -> None:
    for sku in ("A", "B", "C"):
        editing.create(Product(sku=sku, name="Lamp", is_active=not active), Editor())
    Product.objects.filter(sku="B").update(is_active=active)

    assert editing.set_active(Selection.all(), Editor(), active=active).count == 2

    for product in Product.objects.exclude(sku="B"):
        assert told(product.last_change)[0] == (None, "changed", 0, {"is_active": not active}, {"is_active": active})
    assert len(told(Product.objects.get(sku="B").last_change)) == 1
