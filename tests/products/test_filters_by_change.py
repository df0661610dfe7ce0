"""Products are found by their changes: by an import, in a field, since a moment; by one and the same change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from products import editing
from products.editing import Editor
from products.history import changed
from products.history.models import ChangeBlock, ChangeSet
from products.models import Product
from products.selection import Selection
from tests.imports.factories import run_import
from tests.products.factories import manager

pytestmark = pytest.mark.django_db


def listed(**parameters: Any) -> list[str]:
    answer = manager().get("/api/products/", parameters)
    assert answer.status_code == 200, answer.json()
    return [product["sku"] for product in answer.json()["results"]]


def refused(**parameters: Any) -> dict[str, list[str]]:
    answer = manager().get("/api/products/", parameters)
    assert answer.status_code == 400, answer.json()
    return answer.json()


def edit(of: str, **values: Any) -> None:
    product = Product.objects.get(sku=of)
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), Editor())


def date_sets(*days_ago: int) -> None:
    """Make the sets that old, the oldest first."""
    for change_set, days in zip(ChangeSet.objects.order_by("pk"), days_ago, strict=True):
        ChangeSet.objects.filter(pk=change_set.pk).update(at=timezone.now() - timedelta(days=days))


def test_by_an_import_even_if_another_changed_them_since() -> None:
    first = run_import("sku,name,price\nA,Lamp,1\nB,Fan,2\nC,Rug,3\n")
    second = run_import("sku,name,price\nA,Lamp,1\nB,Fan,5\nD,Vase,4\n")

    assert listed(changed_by_import=first.pk) == ["A", "B", "C"]
    assert listed(changed_by_import=second.pk) == ["B", "D"]
    assert listed(changed_by_import=second.pk + 1) == listed(changed_by_import="9" * 30) == []


def test_by_a_field_a_creation_is_not_a_change_of_it() -> None:
    run_import("sku,name,price\nA,Lamp,1\nB,Fan,2\nC,Rug,3\n")
    run_import("sku,name,price\nA,Lamp,9\nB,Desk fan,2\nD,Vase,4\n")

    assert listed(changed_field="price") == ["A"]
    assert listed(changed_field="name") == ["B"]
    assert listed(changed_field="description") == []


def test_since_a_moment_or_a_day() -> None:
    run_import("sku,name\nA,Lamp\n")
    run_import("sku,name\nB,Fan\n")
    edit("A", price=5)
    date_sets(9, 5, 1)

    day = datetime.now(UTC) - timedelta(days=2)
    assert listed(changed_since=f"{day:%Y-%m-%d}") == ["A"]
    assert listed(changed_since=(timezone.now() - timedelta(days=6)).isoformat()) == ["A", "B"]
    assert listed(changed_since=timezone.now().isoformat()) == []


def test_a_set_that_began_a_little_earlier_than_one_with_a_lower_key_ends_nothing() -> None:
    run_import("sku,name\nA,Lamp\n")
    run_import("sku,name\nB,Fan\n")
    newest = ChangeSet.objects.latest("pk")
    ChangeSet.objects.filter(pk=newest.pk).update(at=newest.at - timedelta(seconds=20))

    assert listed(changed_since=(newest.at - timedelta(seconds=10)).isoformat()) == ["A"]


def test_together_they_hold_for_one_change() -> None:
    first = run_import("sku,name,price\nA,Lamp,1\nB,Fan,2\n")
    second = run_import("sku,name,price\nA,Lamp,5\nB,Desk fan,2\n")
    edit("B", price=7)
    date_sets(9, 5, 1)

    assert listed(changed_by_import=second.pk, changed_field="price") == ["A"]
    assert listed(changed_by_import=first.pk, changed_field="price") == []
    since = (timezone.now() - timedelta(days=3)).isoformat()
    assert listed(changed_field="price", changed_since=since) == ["B"]
    assert listed(changed_by_import=second.pk, changed_since=since) == []
    assert listed(changed_by_import=second.pk, sku="a") == ["A"]


def test_a_product_that_got_another_sku_since_is_found() -> None:
    job = run_import("sku,name\nA,Lamp\n")
    edit("A", sku="B")
    edit("B", sku="C")
    later = run_import("sku,name\nA,Fan\n")

    assert listed(changed_by_import=job.pk) == ["C", "A"]
    assert listed(changed_by_import=later.pk) == ["A"]


def test_blocks_with_created_changed_and_deleted_products_are_told_apart() -> None:
    rows = "".join(f"S{number:04},Lamp,{number}\n" for number in range(1100))
    run_import("sku,name,price\n" + rows)
    rows = "".join(f"S{number:04},Lamp,{number + number % 2}\n" for number in range(1200))
    job = run_import("sku,name,price\n" + rows)
    editing.delete_many(
        Selection.of_ids(list(Product.objects.filter(sku="S0001").values_list("pk", flat=True))), Editor()
    )

    products = manager().get("/api/products/", {"changed_by_import": str(job.pk), "changed_field": "price"}).json()

    assert products["count"] == 549
    assert manager().get("/api/products/", {"changed_by_import": job.pk}).json()["count"] == 649


def test_too_many_products_are_a_400_that_says_what_to_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed, "MOST_PRODUCTS", 2)
    job = run_import("sku,name\nA,Lamp\nB,Fan\nC,Rug\n")

    fault = refused(changed_by_import=job.pk)

    assert fault == {
        "changed_by_import": [
            "More than 2 products match. Narrow it with `changed_field` or `changed_since`, or ask for `last_import`: "
            "the products that the import wrote last."
        ]
    }
    since = refused(changed_since="2026-01-01" if timezone.now().year > 2025 else "2025-01-01")
    assert since["changed_since"][0].endswith(
        "Narrow it with `changed_by_import` or `changed_field`, or a later `changed_since`."
    )


def test_what_takes_too_long_to_read_is_a_400(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changed, "MOST_READ", 2 * changed.SET_COST)
    run_import("sku,name\nA,Lamp\nB,Fan\nC,Rug\n")
    for price in range(3):
        edit("A", price=price)

    assert "more history to be read" in refused(changed_field="price")["changed_field"][0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("changed_by_import", "first"),
        ("changed_by_import", "1.5"),
        ("changed_field", "colour"),
        ("changed_field", "updated_at"),
        ("changed_since", "yesterday"),
        ("changed_since", "2026-13-01"),
        ("changed_since", "0001-01-01T00:00:00+14:00"),
        ("changed_since", "\0"),
    ],
)
def test_a_wrong_value_is_a_400_that_names_the_filter(name: str, value: str) -> None:
    run_import("sku,name\nA,Lamp\n")

    assert list(refused(**{name: value})) == [name]


@pytest.mark.parametrize("sets", [2, 20])
def test_it_takes_the_same_few_queries_however_many_changes_there_are(
    sets: int, django_assert_max_num_queries: Any
) -> None:
    for price in range(sets):
        run_import(f"sku,name,price\nA,Lamp,{price}\nB,Fan,{price}\n")
    assert ChangeBlock.objects.count() == sets
    client = manager()
    client.get("/api/products/")

    # The sets, the blocks, the SKUs given up, and the page.
    with django_assert_max_num_queries(5):
        assert client.get("/api/products/", {"changed_field": "price"}).json()["count"] == 2


def test_a_bulk_change_takes_them_as_any_other_filter() -> None:
    job = run_import("sku,name,price\nA,Lamp,1\nB,Fan,2\n")
    run_import("sku,name\nC,Rug\n")

    answer = manager().post(
        "/api/products/bulk-delete",
        {"filter": {"changed_by_import": job.pk, "changed_since": "2020-01-01"}, "confirm": True},
        format="json",
    )

    assert answer.json() == {"deleted": 2}
    assert [product.sku for product in Product.objects.all()] == ["C"]
