"""The history of a product over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from products import editing
from products.editing import Editor
from products.history.models import ChangeBlock, ChangeSet
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import client_of, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Any:
    user = make_user(is_superuser=True)
    user.username = "ann"
    user.save()
    return user


def history(ann: Any, product: Product, **asked: Any) -> dict[str, Any]:
    answer = client_of(ann).get(f"/api/products/{product.pk}/history", asked)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_each_value_is_told_with_its_import_line_and_what_it_was(ann: Any) -> None:
    first = run_import("sku,name,price\nA-1,Lamp,34.90\n", filename="first.csv")
    second = run_import("sku,price\nB-1,\nA-1,29.90\n", filename="acme.csv", mode="update_only")
    product = Product.objects.get()
    product.name = "Desk lamp"
    editing.update(product, ["name"], Editor(ann))

    told = history(ann, product)

    values = {value.pop("name"): value for value in told["values"]}
    source = values["price"].pop("source")
    assert source.pop("at")
    assert source == {"import_number": second.pk, "filename": "acme.csv", "line": 3, "user": ""}
    assert values["price"] == {"value": "29.90", "at_least_since": None, "previous": "34.90", "was_created": False}
    assert (values["name"]["source"]["user"], values["name"]["previous"]) == ("ann", "Lamp")
    assert values["is_active"]["source"]["import_number"] == first.pk
    assert (values["is_active"]["was_created"], values["is_active"]["previous"]) == (True, None)
    assert [change["kind"] for change in told["changes"]] == ["changed", "changed", "created"]
    assert told["changes"][1]["fields"] == [{"name": "price", "old": "34.90", "new": "29.90"}]
    assert (told["exists"], told["older_pruned"], told["next"]) == (True, False, None)


def test_it_is_read_page_by_page(ann: Any) -> None:
    for price in range(7):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    product = Product.objects.get()

    newest = history(ann, product, limit=5)
    oldest = history(ann, product, limit=5, before=newest["next"])

    prices = [{field["name"]: field["new"] for field in change["fields"]}["price"] for change in oldest["changes"]]
    assert prices == ["1.00", "0.00"]
    assert (oldest["next"], oldest["values"]) == (None, [])


def test_a_deleted_product_is_found_by_its_sku(ann: Any) -> None:
    run_import("sku,name\nA-1,Lamp\n")
    editing.delete(Product.objects.get(), Editor(ann))

    told = client_of(ann).get("/api/products/history?sku=a-1").json()

    assert (told["sku"], told["exists"]) == ("A-1", False)
    assert [change["kind"] for change in told["changes"]] == ["deleted", "created"]
    assert told["changes"][0]["source"]["user"] == "ann"
    assert told["values"][1]["value"] == "Lamp"


def test_a_product_is_found_by_its_sku_too(ann: Any) -> None:
    run_import("sku,name\nA-1,Lamp\n")

    assert client_of(ann).get("/api/products/history?sku=a-1").json()["exists"]
    assert client_of(ann).get("/api/products/history?sku=b-1").status_code == 404
    assert client_of(ann).get("/api/products/history").status_code == 400


def test_what_is_not_on_record_is_said(ann: Any) -> None:
    product = make_product()
    told = history(ann, product)
    assert (told["changes"], told["older_pruned"]) == ([], True)
    assert {value["source"] for value in told["values"]} == {None}


def test_what_was_pruned_is_said(ann: Any) -> None:
    run_import("sku,name\nA-1,Lamp\n")
    ChangeBlock.objects.all().delete()
    ChangeSet.objects.all().delete()
    run_import("sku,name\nA-1,Fan\n")

    told = history(ann, Product.objects.get())

    values = {value["name"]: value for value in told["values"]}
    assert (len(told["changes"]), told["older_pruned"]) == (1, True)
    assert values["name"]["previous"] == "Lamp"
    assert (values["price"]["source"], bool(values["price"]["at_least_since"])) == (None, True)


def test_a_page_takes_a_query_a_change_and_few_more(ann: Any) -> None:
    for price in range(30):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    product = Product.objects.get()
    counts = []
    for limit in (10, 20):
        with CaptureQueriesContext(connection) as queries:
            history(ann, product, limit=limit)
        counts.append(len(queries))

    assert counts[1] - counts[0] == 10
    assert counts[0] < 60


@pytest.mark.parametrize("asked", ["limit=0", "limit=201", "before=-1", "before=x", "page=2", f"before={1 << 63}"])
def test_what_is_asked_wrongly_is_refused(ann: Any, asked: str) -> None:
    assert client_of(ann).get(f"/api/products/{make_product().pk}/history?{asked}").status_code == 400
