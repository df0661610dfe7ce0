"""Which rows are imported: an import may only create, or only update; and new products may be inactive."""

from __future__ import annotations

import pytest

from imports.skipped import skipped_by_reason
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import small_chunks  # noqa: F401 - a fixture
from tests.imports.test_empty_cells import receipt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_chunks")]

NEW = "".join(f"N{number},New {number},1\n" for number in range(7))
OLD = "".join(f"S{number},Changed,2\n" for number in range(6)) + "S6,Same,\n"


@pytest.fixture(autouse=True)
def catalogue() -> None:
    Product.objects.bulk_create(
        Product(sku=f"S{number}", sku_normalized=f"s{number}", name="Same") for number in range(7)
    )


def names() -> dict[str, str]:
    return dict(Product.objects.values_list("sku", "name"))


def test_rows_create_and_update_unless_something_else_is_said() -> None:
    content = "sku,name,price\n" + NEW + OLD
    expected = {"created": 7, "updated": 6, "unchanged": 1}
    assert receipt(run_import(content, dry_run=True)) == expected
    assert receipt(run_import(content, mode="create_and_update")) == expected


@pytest.mark.parametrize("dry_run", [True, False])
def test_update_only_skips_rows_without_a_product(dry_run: bool) -> None:
    job = run_import("sku,name,price\n" + NEW + OLD, mode="update_only", dry_run=dry_run)
    assert job.status == "completed"
    assert receipt(job) == {"updated": 6, "unchanged": 1, "skipped": 7}
    assert skipped_by_reason(job) == {
        "There is no product with this SKU, and this import only updates products that exist.": 7
    }
    assert job.total_rows == 14
    assert not Product.objects.filter(sku__startswith="N").exists()
    assert names()["S0"] == ("Same" if dry_run else "Changed")


@pytest.mark.parametrize("dry_run", [True, False])
def test_create_only_skips_rows_whose_product_exists(dry_run: bool) -> None:
    job = run_import("sku,name,price\n" + OLD + NEW, mode="create_only", dry_run=dry_run)
    assert job.status == "completed"
    assert receipt(job) == {"created": 7, "skipped": 7}
    assert skipped_by_reason(job) == {"The product exists already, and this import only creates new ones.": 7}
    assert {name for sku, name in names().items() if sku.startswith("S")} == {"Same"}
    assert Product.objects.filter(sku__startswith="N").count() == (0 if dry_run else 7)


@pytest.mark.parametrize("dry_run", [True, False])
def test_create_only_lets_a_later_row_win_over_one_that_has_created_the_product(dry_run: bool) -> None:
    job = run_import("sku,name,price\n" + NEW + "n1,Later,3\n" + NEW[:11], mode="create_only", dry_run=dry_run)
    assert receipt(job) == {"created": 7, "duplicate": 2}
    if not dry_run:
        assert names()["n1"] == "Later"


def test_imported_again_in_create_only_everything_is_skipped() -> None:
    run_import("sku,name,price\n" + NEW, mode="create_only")
    assert receipt(run_import("sku,name,price\n" + NEW, mode="create_only")) == {"skipped": 7}


def test_a_row_that_breaks_a_rule_is_rejected_in_any_mode() -> None:
    content = "sku,name,price\nS1,Chair,cheap\nN1,Chair,cheap\n"
    for mode in ("create_and_update", "update_only", "create_only"):
        assert receipt(run_import(content, mode=mode)) == {"rejected": 2}


def test_update_only_skips_a_new_row_without_a_name_and_create_only_rejects_it() -> None:
    for content in ("sku,name,price\nN1,,1\n", "sku,price\nN1,1\n"):
        assert receipt(run_import(content, mode="update_only")) == {"skipped": 1}
        assert receipt(run_import(content, mode="create_only")) == {"rejected": 1}


def test_create_only_skips_a_row_of_kept_cells_whose_product_exists() -> None:
    assert receipt(run_import("sku,name,price\nS1,,1\n", mode="create_only")) == {"skipped": 1}


@pytest.mark.parametrize(
    ("content", "new_products", "expected"),
    [
        ("sku,name\nN1,Chair\n", "", True),
        ("sku,name\nN1,Chair\n", "active", True),
        ("sku,name\nN1,Chair\n", "inactive", False),
        ("sku,name,status\nN1,Chair,\n", "", True),
        ("sku,name,status\nN1,Chair,\n", "inactive", False),
        ("sku,name,status\nN1,Chair,active\n", "inactive", True),
        ("sku,name,status\nN1,Chair,draft\n", "active", False),
    ],
)
def test_new_products_are_active_or_inactive_where_the_file_does_not_say(
    content: str, new_products: str, expected: bool
) -> None:
    run_import(content, new_products=new_products)
    assert Product.objects.get(sku="N1").is_active is expected


def test_what_new_products_are_is_nothing_to_those_that_exist() -> None:
    Product.objects.filter(sku="S1").update(is_active=False)
    run_import("sku,name\nS1,Chair\nS2,Chair\n", new_products="inactive")
    assert list(Product.objects.filter(name="Chair").order_by("sku").values_list("is_active", flat=True)) == [
        False,
        True,
    ]
