"""One product over the API: read, create, change, delete."""

import json
from decimal import Decimal

import pytest

from products.models import Product
from tests.products.factories import make_product, manager

pytestmark = pytest.mark.django_db


def test_a_product_is_shown_with_all_that_is_known_of_it():
    product = make_product("Ab-1", name="Lamp", description="Bright", price="19.9", last_import=7, extra={"EAN": "1"})

    answer = manager().get(f"/api/products/{product.pk}")

    assert answer.status_code == 200
    shown = answer.json()
    assert shown.pop("created_at").endswith("Z")
    assert shown.pop("updated_at").endswith("Z")
    assert shown == {
        "id": product.pk,
        "sku": "Ab-1",
        "name": "Lamp",
        "description": "Bright",
        "price": "19.90",
        "is_active": True,
        "extra": {"EAN": "1"},
        "last_import": 7,
        "event_sequence": 0,
    }


@pytest.mark.parametrize("id_", ["0", "99999999", "9" * 30, "abc", "%00"])
def test_a_product_that_is_not_there_is_a_404(id_):
    assert manager().get(f"/api/products/{id_}").status_code == 404


def test_a_product_is_created_with_only_a_sku_and_a_name():
    answer = manager().post("/api/products/", {"sku": " Ab-1 ", "name": "Lamp"}, format="json")

    assert answer.status_code == 201
    product = Product.objects.get()
    assert answer.json()["id"] == product.pk
    assert (product.sku, product.sku_normalized, product.name) == ("Ab-1", "ab-1", "Lamp")
    assert (product.description, product.price, product.is_active, product.last_import) == ("", None, True, None)


def test_what_the_server_decides_cannot_be_written():
    fields = {"sku": "A", "name": "Lamp", "id": 5, "last_import": 3, "created_at": "2000-01-01"}

    manager().post("/api/products/", fields, format="json")

    product = Product.objects.get()
    assert product.sku_normalized == "a"
    assert product.last_import is None
    assert product.created_at.year > 2000


def test_what_was_read_can_be_sent_back():
    product = make_product("A", name="Lamp")
    client = manager()

    shown = client.get(f"/api/products/{product.pk}").json()

    assert client.put(f"/api/products/{product.pk}", shown, format="json").json() == shown


@pytest.mark.parametrize("name", ["colour", "sku_normalized", "Name", "\ud800"])
def test_an_unknown_field_is_a_400_that_names_it(name):
    product = make_product("A", name="Lamp")
    known = name.encode("utf-8", "backslashreplace").decode()

    for method, path in (("post", ""), ("put", f"{product.pk}"), ("patch", f"{product.pk}")):
        body = json.dumps({"sku": "B", "name": "Chair", name: "x"})
        answer = getattr(manager(), method)(f"/api/products/{path}", body, content_type="application/json")

        assert answer.status_code == 400
        assert list(answer.json()) == [known]
    assert list(Product.objects.values_list("sku", "name")) == [("A", "Lamp")]


def test_an_unknown_query_parameter_is_a_400_for_one_product_as_well():
    product = make_product("A")

    for method in ("get", "patch", "delete"):
        answer = getattr(manager(), method)(f"/api/products/{product.pk}?force=1")

        assert (answer.status_code, list(answer.json())) == (400, ["force"])
    assert manager().post("/api/products/?dry_run=1", {"sku": "B", "name": "x"}, format="json").status_code == 400
    assert list(Product.objects.all()) == [product]


def test_a_product_is_replaced():
    product = make_product("A", price="1.00")

    fields = {"sku": "B", "name": "Lamp", "description": "New", "price": None, "is_active": False}
    answer = manager().put(f"/api/products/{product.pk}", fields, format="json")

    assert answer.status_code == 200
    product.refresh_from_db()
    assert (product.sku, product.sku_normalized, product.name) == ("B", "b", "Lamp")
    assert (product.description, product.price, product.is_active) == ("New", None, False)


def test_a_part_of_a_product_is_changed_and_the_rest_stays():
    product = make_product("A", name="Lamp", price="1.00")

    answer = manager().patch(f"/api/products/{product.pk}", {"price": "2.50"}, format="json")

    assert answer.status_code == 200
    before, product = product, Product.objects.get()
    assert product.price == Decimal("2.50")
    assert (product.sku, product.name, product.created_at) == ("A", "Lamp", before.created_at)
    assert product.updated_at > before.updated_at


def test_a_product_is_deleted():
    product = make_product()
    other = make_product()

    answer = manager().delete(f"/api/products/{product.pk}")

    assert answer.status_code == 204
    assert list(Product.objects.all()) == [other]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", ""),
        ("sku", "   "),
        ("sku", None),
        ("sku", "x" * 101),
        ("sku", "a\0b"),
        ("sku", "a\ud800b"),
        ("name", ""),
        ("name", "x" * 256),
        ("name", "a\0b"),
        ("description", "a\0b"),
        ("description", "x" * 100_001),
        ("price", "-0.01"),
        ("price", "1.001"),
        ("price", "12345678901.00"),
        ("price", "NaN"),
        ("price", "a lot"),
        ("is_active", "perhaps"),
        ("is_active", None),
    ],
)
def test_a_wrong_value_is_a_400_that_names_the_field(field, value):
    fields = json.dumps({"sku": "A", "name": "Lamp", field: value})

    answer = manager().post("/api/products/", fields, content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Product.objects.exists()


def test_a_sku_and_a_name_are_required():
    answer = manager().post("/api/products/", {}, format="json")

    assert answer.status_code == 400
    assert set(answer.json()) == {"sku", "name"}


def test_the_longest_sku_fits_even_if_folding_its_case_lengthens_it():
    answer = manager().post("/api/products/", {"sku": "ﬃ" * 100, "name": "Lamp"}, format="json")

    assert answer.status_code == 201
    assert len(Product.objects.get().sku_normalized) == 300
