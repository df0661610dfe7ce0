"""The list of products shows what its filters ask for."""

from datetime import UTC, datetime

import pytest

from products.models import Product
from tests.products.factories import make_product, manager

pytestmark = pytest.mark.django_db


def listed(**parameters):
    answer = manager().get("/api/products/", parameters)
    assert answer.status_code == 200, answer.json()
    return [product["sku"] for product in answer.json()["results"]]


def make_products(*skus):
    for sku in skus:
        make_product(sku)


def test_without_filters_it_lists_everything_in_the_order_of_creation():
    make_products("B", "A", "C")

    assert listed() == ["B", "A", "C"]


def test_a_sku_is_that_of_one_product_in_any_letter_case():
    make_products("Ab-1", "AB-10", "xAb-1", "Straße")

    assert listed(sku=" aB-1 ") == ["Ab-1"]
    assert listed(sku="STRASSE") == ["Straße"]
    assert listed(sku="AB-") == []


def test_a_sku_prefix_is_how_skus_begin_in_any_letter_case():
    make_products("Ab-1", "AB-2", "abc", "xAb-1", "a")

    assert listed(sku_prefix="aB-") == ["Ab-1", "AB-2"]
    assert listed(sku_prefix="AB") == ["Ab-1", "AB-2", "abc"]
    assert listed(sku_prefix=" ab-1 ") == ["Ab-1"]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "*", "?", "["])
def test_a_wildcard_in_a_sku_stands_for_itself(wildcard):
    make_products(f"A{wildcard}1", "AB1", "A")

    assert listed(sku_prefix=f"a{wildcard}") == [f"A{wildcard}1"]


def test_a_sku_prefix_may_hold_any_letters():
    make_products("ÄÖ-1", "äö-2", "AO-3", "Straße-1", "日本-1", "日本", "日曜", "😀-1", "\U0010ffff\U0010ffff1")

    assert listed(sku_prefix="äÖ") == ["ÄÖ-1", "äö-2"]
    assert listed(sku_prefix="STRASSE") == ["Straße-1"]
    assert listed(sku_prefix="日本") == ["日本-1", "日本"]
    assert listed(sku_prefix="😀") == ["😀-1"]
    assert listed(sku_prefix="\U0010ffff") == ["\U0010ffff\U0010ffff1"]


def test_name_and_description_are_looked_into():
    make_product("A", name="Desk lamp", description="100% linen")
    make_product("B", name="Chair", description="For the desk")

    assert listed(name="LAMP") == ["A"]
    assert listed(description="desk") == ["B"]
    assert listed(description="0%") == ["A"]
    assert listed(name="k_l") == []


def test_active_and_inactive_products_are_told_apart():
    make_product("A", is_active=True)
    make_product("B", is_active=False)

    for value in ("true", "True", "1"):
        assert listed(is_active=value) == ["A"]
    for value in ("false", "False", "0"):
        assert listed(is_active=value) == ["B"]
    assert listed(is_active="") == ["A", "B"]


def test_the_price_range_includes_its_ends_and_leaves_out_products_without_a_price():
    make_product("A", price="9.99")
    make_product("B", price="10.00")
    make_product("C", price="20.00")
    make_product("D", price=None)

    assert listed(price_min="10") == ["B", "C"]
    assert listed(price_max="10.00") == ["A", "B"]
    assert listed(price_min="10", price_max="19.99") == ["B"]


def test_products_are_found_by_the_import_that_wrote_them():
    make_product("A", last_import=1)
    make_product("B", last_import=2)
    make_product("C")

    assert listed(last_import="2") == ["B"]


def test_an_extra_is_found_by_its_exact_name_and_text():
    make_product("A", extra={"Brand": "Acme", "1": "x"})
    make_product("B", extra={"Brand": "acme", "EAN": "Acme", "x": "1"})
    make_product("C", extra={"Price: net": " 10:00 ", "q\"uo'te": "%", "a\\b": "Ä\n"})
    make_product("D")

    assert listed(extra="Brand:Acme") == ["A"]
    assert listed(extra="1:x") == ["A"]
    assert listed(extra="Brand:Ac") == listed(extra="brand:Acme") == listed(extra="Bran%:Acme") == []
    assert listed(extra=r"Price\: net: 10:00 ") == ["C"]
    assert listed(extra="Price: net: 10:00 ") == listed(extra=r"Price\: net:10:00") == []
    assert listed(extra="q\"uo'te:%") == ["C"]
    assert listed(extra="a\\\\b:Ä\n") == ["C"]
    assert listed(extra="Brand:Acme", sku="b") == []
    assert listed(extra="") == ["A", "B", "C", "D"]


def test_search_finds_every_word_somewhere():
    make_product("LAMP-1", name="Desk light", description="Steel")
    make_product("X-1", name="Steel lamp")
    make_product("X-2", name="Wooden lamp")

    assert listed(search="lamp") == ["LAMP-1", "X-1", "X-2"]
    assert listed(search="STEEL lamp") == ["LAMP-1", "X-1"]
    assert listed(search="steel chair") == []


def test_filters_together_must_all_hold():
    make_product("A-1", name="Lamp", is_active=False)
    make_product("A-2", name="Lamp")
    make_product("B-1", name="Lamp")

    assert listed(sku_prefix="a", name="lamp", is_active="true") == ["A-2"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_active", "flase"),
        ("price_min", "cheap"),
        ("price_min", "NaN"),
        ("price_min", "1" + "0" * 30),
        ("price_max", "1.001"),
        ("last_import", "1.5"),
        ("last_import", "first"),
        ("sku", "a\0"),
        ("sku_prefix", "a\0"),
        ("name", "\0"),
        ("description", "\0"),
        ("search", "\0"),
        ("extra", "Brand"),
        ("extra", ":Acme"),
        ("extra", "Brand:"),
        ("extra", r"Brand\:Acme"),
        ("extra", r"Br\and:Acme"),
        ("extra", "Brand:\0"),
        ("extra", "x" * 131_000 + ":y" * 100),
        ("ordering", "colour"),
        ("ordering", "name,-secret"),
        ("ordering", "sku_normalized"),
        ("colour", "red"),
        ("price__gte", "5"),
        ("SKU", "A"),
    ],
)
def test_a_wrong_value_is_a_400_that_names_the_filter(name, value):
    answer = manager().get("/api/products/", {name: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [name]


def test_a_number_beyond_every_import_finds_nothing():
    make_product(last_import=1)

    assert listed(last_import="9" * 30) == []


def test_products_are_ordered_by_any_of_the_fields():
    make_product("b", name="X", price="1.00")
    make_product("A", name="Z", price="3.00")
    make_product("c", name="Y", price="2.00")

    assert listed(ordering="sku") == ["A", "b", "c"]
    assert listed(ordering="-sku") == ["c", "b", "A"]
    assert listed(ordering="name") == ["b", "c", "A"]
    assert listed(ordering="-price") == ["A", "c", "b"]
    assert listed(ordering="-id") == ["c", "A", "b"]
    # SQLite's clock is too coarse to tell products apart that are made one after the other.
    for day, sku in enumerate("bac", start=1):
        Product.objects.filter(sku_normalized=sku).update(created_at=datetime(2026, 1, day, tzinfo=UTC))
    assert listed(ordering="-created_at") == ["c", "A", "b"]
    assert listed(ordering="updated_at") == ["b", "A", "c"]


def test_equals_are_ordered_by_id_and_missing_prices_come_last():
    make_product("D", price=None)
    make_product("A", price="5.00")
    make_product("C", price="1.00")
    make_product("B", price="5.00")

    assert listed(ordering="price") == ["C", "A", "B", "D"]
    assert listed(ordering="-price") == ["A", "B", "C", "D"]
    assert listed(ordering="-price,-sku") == ["B", "A", "C", "D"]


def test_an_empty_catalogue_is_an_empty_list():
    assert not Product.objects.exists()
    assert listed() == []
