"""A product's extra over the API: an object of texts, written as a whole."""

import json

import pytest

from products.extra import MAX_LENGTH, MAX_TEXTS
from products.models import Product
from tests.products.factories import make_product, manager

pytestmark = pytest.mark.django_db


def test_it_is_written_as_a_whole_and_raw():
    client = manager()
    extra = {"Brand": " Acme ", "1": "x", "Größe: S": "a\nb"}
    created = client.post("/api/products/", {"sku": "A", "name": "Lamp", "extra": extra}, format="json")
    assert created.status_code == 201, created.json()
    assert created.json()["extra"] == Product.objects.get().extra == extra

    changed = client.patch(f"/api/products/{created.json()['id']}/", {"extra": {"Brand": "Other"}}, format="json")

    assert changed.json()["extra"] == Product.objects.get().extra == {"Brand": "Other"}


def test_what_does_not_speak_of_it_leaves_it_as_it_is():
    product = make_product("A", extra={"Brand": "Acme"})

    for method in ("patch", "put"):
        answer = getattr(manager(), method)(
            f"/api/products/{product.pk}/", {"sku": "A", "name": f"By {method}"}, format="json"
        )
        assert answer.status_code == 200
        assert answer.json()["extra"] == Product.objects.get().extra == {"Brand": "Acme"}


def test_a_product_without_any_has_an_empty_one():
    assert manager().post("/api/products/", {"sku": "A", "name": "Lamp"}, format="json").json()["extra"] == {}


@pytest.mark.parametrize(
    "extra",
    [
        None,
        "red",
        ["red"],
        {"Size": 7},
        {"Size": None},
        {"Size": ""},
        {"": "red"},
        {"Size": {"a": "b"}},
        {"Size": "a\0"},
        {"Si\0ze": "a"},
        {"Size": "\ud800"},
        {"Size": "x" * MAX_LENGTH},
        {"x" * MAX_LENGTH: "x"},
        {str(number): "x" for number in range(MAX_TEXTS + 1)},
    ],
)
def test_what_is_no_object_of_texts_or_too_large_is_refused(extra):
    # As ASCII, which halves of characters can be sent in.
    body = json.dumps({"sku": "A", "name": "Lamp", "extra": extra})
    answer = manager().post("/api/products/", body, content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.json()) == ["extra"]
    assert not Product.objects.exists()


def test_the_same_again_is_no_change():
    product = make_product("A", extra={"Brand": "Acme"})

    answer = manager().patch(f"/api/products/{product.pk}/", {"extra": {"Brand": "Acme"}}, format="json")

    assert answer.status_code == 200
    assert Product.objects.get().updated_at == product.updated_at
