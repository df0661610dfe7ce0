"""The numbers of a product's events: by them a receiver tells the order of its changes, and whether one is missing."""

import json
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from products import editing
from products.editing import Editor
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import
from tests.products.factories import make_product
from tests.threads import in_threads
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db
NOBODY = Editor()


@pytest.fixture(autouse=True)
def endpoint() -> Endpoint:
    return Endpoint.objects.create(url="https://example.com/hook")


def told() -> list[tuple[str, dict[str, Any]]]:
    """Type and data of every event about one product, as they were emitted."""
    bodies = [json.loads(body) for body in Delivery.objects.order_by("id").values_list("body", flat=True)]
    return [(body["type"], body["data"]) for body in bodies if "product" in body["data"]]


def numbers() -> list[tuple[str, int]]:
    return [(event.removeprefix("product."), data["sequence"]) for event, data in told()]


def test_the_events_of_a_product_are_numbered_from_one(api: APIClient) -> None:
    product = api.post("/api/products/", {"sku": "A1", "name": "Lamp"}, format="json").json()
    path = f"/api/products/{product['id']}/"
    for name in ("Desk lamp", "Floor lamp"):
        api.patch(path, {"name": name}, format="json")
    assert api.get(path).json()["event_sequence"] == 3
    api.delete(path)

    assert numbers() == [("created", 1), ("updated", 2), ("updated", 3), ("deleted", 4)]
    assert [data["product"]["event_sequence"] for _, data in told()] == [1, 2, 3, 3]


def test_each_product_has_numbers_of_its_own() -> None:
    for sku in ("A1", "B1"):
        editing.create(Product(sku=sku, name="Lamp"), NOBODY)
    assert numbers() == [("created", 1), ("created", 1)]


def test_edits_in_the_list_of_the_dashboard_are_numbered(admin_client: Client) -> None:
    form = {"sku": "A1", "name": "Lamp", "description": "", "price": "", "is_active": "on"}
    admin_client.post("/admin/products/product/add/", form)
    product = Product.objects.get()
    admin_client.post(f"/admin/products/product/{product.pk}/change/", {**form, "name": "Desk lamp"})
    assert numbers() == [("created", 1), ("updated", 2)]


def test_an_edit_that_is_rolled_back_leaves_no_gap() -> None:
    product = editing.create(Product(sku="A1", name="Lamp"), NOBODY)
    with transaction.atomic():
        product.name = "Lost"
        editing.update(product, ["name"], NOBODY)
        transaction.set_rollback(True)
    product = Product.objects.get()
    product.name = "Kept"
    editing.update(product, ["name"], NOBODY)
    assert numbers() == [("created", 1), ("updated", 2)]


def test_an_import_or_a_bulk_change_takes_no_number() -> None:
    editing.create(Product(sku="A1", name="Lamp"), NOBODY)
    run_import("sku,name\nA1,Desk lamp\nB1,New\n")
    editing.set_active(Selection.all(), NOBODY, active=False)
    assert dict(Product.objects.values_list("sku", "event_sequence")) == {"A1": 1, "B1": 0}
    product = Product.objects.get(sku="B1")
    product.name = "Lamp"
    editing.update(product, ["name"], NOBODY)
    assert numbers() == [("created", 1), ("updated", 1)]


def test_nobody_can_set_the_number(api: APIClient) -> None:
    product = make_product("A1")
    api.patch(f"/api/products/{product.pk}/", {"name": "x", "event_sequence": 99}, format="json")
    assert Product.objects.get().event_sequence == 1


def test_an_event_shows_what_others_have_changed_since_the_product_was_read() -> None:
    product = editing.create(Product(sku="A1", name="Lamp", price=Decimal(5)), NOBODY)
    read_before = Product.objects.get()
    product.price = Decimal(9)
    editing.update(product, ["price"], NOBODY)
    read_before.name = "Desk lamp"
    editing.update(read_before, ["name"], NOBODY)
    assert (told()[-1][1]["product"]["name"], told()[-1][1]["product"]["price"]) == ("Desk lamp", "9.00")
    editing.delete(product, NOBODY)
    assert told()[-1][1]["sequence"] == 4
    assert told()[-1][1]["product"]["name"] == "Desk lamp"


@pytest.mark.django_db(transaction=True)
def test_edits_at_once_have_numbers_in_the_order_in_which_they_are_committed() -> None:
    """Whoever follows the numbers has the product as it is in the end, and every number once."""
    product = editing.create(Product(sku="A1", name="Lamp", price=Decimal(0)), NOBODY)
    threads, edits = 6, 10

    def edit(number: int) -> None:
        for turn in range(edits):
            # Read without a lock, as the dashboard does, and one of two fields changed.
            mine = Product.objects.get(pk=product.pk)
            if number % 2:
                mine.name = f"{number}-{turn}"
                editing.update(mine, ["name"], NOBODY)
            else:
                mine.price = Decimal(number * 100 + turn + 1)
                editing.update(mine, ["price"], NOBODY)

    assert not in_threads(*[partial(edit, number) for number in range(threads)])

    events = sorted((data["sequence"], data["product"]) for _, data in told())
    assert [sequence for sequence, _ in events] == list(range(1, threads * edits + 2))
    for (_, before), (_, after) in pairwise(events):
        # Each change is one field on top of the one before.
        assert (before["name"] == after["name"]) != (before["price"] == after["price"])
    last = Product.objects.get()
    assert (events[-1][1]["name"], events[-1][1]["price"]) == (last.name, f"{last.price:.2f}")
    assert last.event_sequence == events[-1][0]
