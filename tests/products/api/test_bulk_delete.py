"""Many products are deleted at once, by id, by filter, or all of them, and never by accident."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from products.models import Product
from tests.products.factories import client_of, client_with, make_product, make_user, manager

pytestmark = pytest.mark.django_db

URL = "/api/products/bulk-delete"


def make_products(number):
    return Product.objects.bulk_create(
        [Product(sku=f"S{n}", sku_normalized=f"s{n}", name=f"N{n}") for n in range(number)]
    )


def left():
    return list(Product.objects.values_list("sku", flat=True))


def test_products_are_deleted_by_id():
    keep, one, two = make_product("keep"), make_product("one"), make_product("two")

    answer = manager().post(URL, {"ids": [one.pk, two.pk, two.pk, keep.pk + 1_000_000]}, format="json")

    assert answer.status_code == 200
    assert answer.json() == {"deleted": 2}
    assert left() == ["keep"]


@pytest.mark.slow
def test_a_hundred_thousand_ids_are_no_problem():
    existing = [product.pk for product in make_products(25_000)]
    ids = [*existing, *range(max(existing) + 1, max(existing) + 75_001)]

    with CaptureQueriesContext(connection) as queries:
        answer = client_of(make_user(is_superuser=True)).post(URL, {"ids": ids}, format="json")

    assert answer.json() == {"deleted": 25_000}
    assert not Product.objects.exists()
    of_products = [query["sql"][:6] for query in queries if "products_product" in query["sql"]]
    assert of_products == ["SELECT", "DELETE"] * 5 + ["SELECT"]


def test_products_are_deleted_by_filter():
    make_product("OLD-1", is_active=False, price="5.00")
    make_product("old-2", is_active=True, price="5.00")
    make_product("old-3", is_active=False, price="50.00")
    make_product("new-1", is_active=False, price="5.00")

    filters = {"sku_prefix": "old", "is_active": False, "price_max": 10.5}
    answer = manager().post(URL, {"filter": filters, "confirm": True}, format="json")

    assert answer.json() == {"deleted": 1}
    assert left() == ["old-2", "old-3", "new-1"]


@pytest.mark.parametrize(
    "filters",
    [
        {"name": "lamp"},
        {"description": "bright"},
        {"price_min": "10.00"},
        {"last_import": 3},
        {"search": "LAMP bright"},
        {"is_active": "true", "sku": "a"},
        {"sku_prefix": "a"},
        {"extra": "Brand:Acme"},
    ],
)
def test_every_filter_of_the_list_selects_for_deletion(filters):
    make_product("A", name="Lamp", description="Bright", price="10.00", last_import=3, extra={"Brand": "Acme"})
    make_product("B", is_active=False, extra={"Brand": "Other"})

    answer = manager().post(URL, {"filter": filters, "confirm": True}, format="json")

    assert answer.json() == {"deleted": 1}
    assert left() == ["B"]


def test_all_products_are_deleted():
    make_products(3)

    answer = manager().post(URL, {"all": True, "confirm": True}, format="json")

    assert answer.json() == {"deleted": 3}
    assert left() == []


@pytest.mark.parametrize("asked", [{"all": True}, {"filter": {"sku_prefix": "s"}}])
@pytest.mark.parametrize("number", [1, 300])
def test_a_batch_is_read_to_be_put_on_record_and_deleted_by_one_statement(asked, number):
    make_products(number)
    client = client_of(make_user(is_superuser=True))

    with CaptureQueriesContext(connection) as queries:
        answer = client.post(URL, {**asked, "confirm": True}, format="json")

    assert answer.json() == {"deleted": number}
    assert [query["sql"][:6] for query in queries if "products_product" in query["sql"]] == [
        "SELECT",
        "DELETE",
        "SELECT",
    ]
    # Besides them the transaction, the history, the log entry, and the question who wants to know.
    assert len(queries) <= 18


def test_a_filter_by_sku_deletes_the_product_with_this_sku_and_no_other():
    for sku in ("A-1", "A-10", "A-100", "XA-1"):
        make_product(sku)

    answer = manager().post(URL, {"filter": {"sku": "a-1"}, "confirm": True}, format="json")

    assert answer.json() == {"deleted": 1}
    assert left() == ["A-10", "A-100", "XA-1"]


def test_a_filter_in_the_address_is_refused_and_nothing_is_deleted():
    make_products(3)

    answer = manager().post(f"{URL}?sku=S1", {"all": True, "confirm": True}, format="json")

    assert answer.status_code == 400
    assert list(answer.json()) == ["sku"]
    assert len(left()) == 3


@pytest.mark.parametrize("asked", [{"all": True}, {"filter": {"sku_prefix": "s"}}])
@pytest.mark.parametrize("confirm", [{}, {"confirm": False}])
def test_without_confirmation_nothing_is_deleted_and_it_says_how_many_it_would_be(asked, confirm):
    make_products(12)

    answer = manager().post(URL, {**asked, **confirm}, format="json")

    assert answer.status_code == 400
    assert "12" in answer.json()["confirm"][0]
    assert len(left()) == 12


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "non_field_errors"),
        ({"confirm": True}, "non_field_errors"),
        ({"ids": [1], "all": True, "confirm": True}, "non_field_errors"),
        ({"ids": [1], "filter": {"sku": "s"}, "confirm": True}, "non_field_errors"),
        ([], "non_field_errors"),
        ({"ids": []}, "ids"),
        ({"ids": None}, "ids"),
        ({"ids": "1"}, "ids"),
        ({"ids": [10**30]}, "ids"),
        ({"ids": ["a"]}, "ids"),
        ({"ids": [1], "id": [2]}, "id"),
        ({"all": False, "confirm": True}, "all"),
        ({"all": "perhaps", "confirm": True}, "all"),
        ({"filter": {}, "confirm": True}, "filter"),
        ({"filter": None, "confirm": True}, "filter"),
        ({"filter": ["sku"], "confirm": True}, "filter"),
        ({"filter": {"sku_prefix": "s", "colour": "red"}, "confirm": True}, "filter"),
        ({"filter": {"ordering": "name"}, "confirm": True}, "filter"),
        ({"filter": {"\ud800": "name"}, "confirm": True}, "filter"),
        ({"all": True, "confirm": "perhaps"}, "confirm"),
        ({"all": True, "confirm": True, "dry_run": True}, "dry_run"),
        ({"all": True, "confirm": True, "\ud800": 1}, r"\ud800"),
    ],
)
def test_an_unclear_request_is_a_400_and_deletes_nothing(asked, field):
    make_products(3)

    answer = manager().post(URL, json.dumps(asked), content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert len(left()) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sku", ""),
        ("sku", "  "),
        ("sku", None),
        ("sku", ["s"]),
        ("sku", "s\0"),
        ("sku", "s\ud800"),
        ("search", " "),
        ("is_active", "flase"),
        ("is_active", ""),
        ("price_min", "cheap"),
        ("last_import", 1.5),
    ],
)
def test_a_wrong_filter_is_a_400_that_names_it_and_deletes_nothing(name, value):
    make_products(3)

    asked = json.dumps({"filter": {"name": "n", name: value}, "confirm": True})
    answer = manager().post(URL, asked, content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()["filter"]) == [name]
    assert len(left()) == 3


def test_it_takes_the_permission_to_delete():
    make_products(1)
    asked = {"all": True, "confirm": True}

    refused = client_with("products.view_product", "products.add_product", "products.change_product")
    assert refused.post(URL, asked, format="json").status_code == 403
    assert len(left()) == 1

    assert client_with("products.delete_product").post(URL, asked, format="json").json() == {"deleted": 1}


def test_it_takes_only_json_and_only_a_post():
    assert manager().post(URL, {"all": "true", "confirm": "true"}, format="multipart").status_code == 415
    assert manager().get(URL).status_code == 405
