"""Edits by hand are told to other systems; imports are not, product by product."""

import json

import pytest
from django.test import Client

from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import make_product
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def endpoint() -> Endpoint:
    return Endpoint.objects.create(url="https://example.com/hook")


def told() -> list[tuple[str, str]]:
    """Type and product name of all that was told."""
    bodies = [json.loads(body) for body in Delivery.objects.order_by("id").values_list("body", flat=True)]
    return [(body["type"], body["data"]["product"]["name"]) for body in bodies]


def test_edits_over_the_api(api):
    product = api.post("/api/products/", {"sku": "A1", "name": "Lamp"}, format="json").json()
    api.patch(f"/api/products/{product['id']}/", {"name": "Desk lamp"}, format="json")
    api.delete(f"/api/products/{product['id']}/")

    assert told() == [
        ("product.created", "Lamp"),
        ("product.updated", "Desk lamp"),
        ("product.deleted", "Desk lamp"),
    ]
    assert json.loads(Delivery.objects.latest("id").body)["data"]["product"]["id"] == product["id"]


def test_edits_in_the_dashboard(admin_client: Client):
    form = {"sku": "A1", "name": "Lamp", "description": "", "price": "", "is_active": "on"}
    admin_client.post("/admin/products/product/add/", form)
    product = Product.objects.get()
    admin_client.post(f"/admin/products/product/{product.pk}/change/", {**form, "name": "Desk lamp"})

    assert told() == [("product.created", "Lamp"), ("product.updated", "Desk lamp")]


def test_edits_that_are_refused_are_not_told(api):
    make_product("A1")

    assert api.post("/api/products/", {"sku": "a1", "name": "Lamp"}, format="json").status_code == 400

    assert told() == []


def test_imported_rows_are_not_told(api):
    run_import("sku,name\nA1,Lamp\n")

    assert Product.objects.exists()
    assert not Delivery.objects.filter(event_type__startswith="product.").exists()
