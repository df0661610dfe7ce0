"""Searches that are written to be taken for the syntax of the databases: none is an error, none finds too much."""

from __future__ import annotations

import pytest
from django.test import Client

from products.search import follower
from tests.products.factories import make_product

HOSTILE = (
    '"', "'", '""', "lamp\"", "'lamp", "\\", "lamp\\", "lamp'--", "lamp OR chair", "lamp AND", "NOT",
    "NEAR(lamp chair)", "lamp*", "*", "^lamp", "words:lamp", "rowid:1", "-lamp", "+lamp", "(lamp", "lamp)",
    "lamp & chair",
    "lamp | chair", "!lamp", "lamp:*", "lamp:A", "lamp <-> chair", "%", "_",
    "lamp; DROP TABLE products_product", "{lamp}", "$1",
    "%s", "%(a)s", "\u202elamp", "\ufeff", "\ud7ff", "😀", "\u0301", "x" * 200, "'" * 200, "{" * 200,
)  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_search_is_a_search(admin_client: Client, text: str, is_indexed: bool) -> None:
    make_product("A", name="Lamp")
    make_product("B", name="Chair")
    if is_indexed:
        follower.follow()

    response = admin_client.get("/api/products/", {"search": text})

    assert response.status_code == 200
    skus = [product["sku"] for product in response.json()["results"]]
    assert "B" not in skus
    assert admin_client.get("/admin/products/product/", {"search": text}).status_code == 200


@pytest.mark.django_db
def test_a_search_with_nul_is_refused(admin_client: Client) -> None:
    assert admin_client.get("/api/products/", {"search": "lamp\0"}).status_code == 400
