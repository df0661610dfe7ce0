"""What an empty cell does: to a product that exists, and in a new one."""

from __future__ import annotations

from typing import Any

import pytest

from imports.models import ImportJob
from imports.options import Options
from imports.reading.empty_cells import choices
from imports.reading.errors import FileRefusedError
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import small_chunks  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_chunks")]

HEADER = "sku,name,description,price,is_active\n"
CHAIR = ("A", "Chair", "Round", 5, False)


@pytest.fixture(autouse=True)
def chair() -> None:
    sku, name, description, price, is_active = CHAIR
    Product.objects.create(sku=sku, name=name, description=description, price=price, is_active=is_active)


def product(sku: str = "A") -> tuple[Any, ...]:
    return Product.objects.values_list("sku", "name", "description", "price", "is_active").get(sku=sku)


def receipt(job: ImportJob) -> dict[str, int]:
    counts = ("created", "updated", "unchanged", "duplicate", "rejected", "skipped")
    return {name: count for name in counts if (count := getattr(job, f"{name}_rows"))}


def test_an_empty_name_and_status_keep_what_is_there_and_an_empty_description_and_price_do_not() -> None:
    job = run_import(HEADER + "A,,,,\n")
    assert receipt(job) == {"updated": 1}
    assert product() == ("A", "Chair", "", None, False)


def test_a_row_with_a_price_only_is_an_update() -> None:
    job = run_import(HEADER + "A,,Round,7.50,\n")
    assert receipt(job) == {"updated": 1}
    assert product() == ("A", "Chair", "Round", 7.5, False)


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u200b", "\t"])
def test_what_nobody_sees_is_empty(blank: str) -> None:
    job = run_import(HEADER + f"A,{blank},Round,5,{blank}\n")
    assert receipt(job) == {"unchanged": 1}
    assert product() == CHAIR


def test_an_empty_cell_never_activates_a_product_that_exists() -> None:
    run_import(HEADER + "A,Chair,Round,5,\n", new_products="active")
    assert product() == CHAIR


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("name", ("", "Round", "5", "false"), CHAIR),
        ("description", ("Chair", "", "5", "false"), CHAIR),
        ("description", ("Chair", " \n", "5", "false"), CHAIR),
        ("price", ("Chair", "Round", "", "false"), CHAIR),
        ("price", ("Chair", "Round", "n/a", "false"), CHAIR),
        ("is_active", ("Chair", "Round", "5", ""), CHAIR),
    ],
)
@pytest.mark.parametrize("choice", ["keep", "reject"])
def test_an_empty_cell_of_any_field_can_be_kept_or_rejected(
    field: str, text: tuple[str, ...], expected: tuple[Any, ...], choice: str
) -> None:
    row = ",".join(f'"{cell}"' for cell in ("A", *text))
    job = run_import(HEADER + row + "\nB,Table,Square,7,true\n", empty_cells={field: choice})
    assert product() == expected
    if choice == "keep":
        assert receipt(job) == {"created": 1, "unchanged": 1}
        return
    assert receipt(job) == {"created": 1, "rejected": 1}
    rejected = job.rejected.get()
    assert (rejected.line, rejected.code, rejected.faults[0]["column"]) == (2, "missing", field)


@pytest.mark.parametrize(("field", "expected"), [("description", ""), ("price", None)])
def test_an_empty_description_or_price_is_cleared_if_so_chosen(field: str, expected: object) -> None:
    run_import(HEADER + "A,Chair,,,false\n", empty_cells={"description": "keep", "price": "keep", field: "clear"})
    before = dict(zip(("sku", "name", "description", "price", "is_active"), CHAIR, strict=True))
    assert product() == tuple({**before, field: expected}.values())


def test_a_new_product_without_a_name_is_rejected_by_the_file_s_name_of_the_column() -> None:
    job = run_import("SKU,Title,Price\nB,,7\nC,Table,8\n")
    assert receipt(job) == {"created": 1, "rejected": 1}
    rejected = job.rejected.get()
    assert (rejected.line, rejected.code, rejected.record) == (2, "new_without_name", ["B", "", "7"])
    assert rejected.faults[0]["column"] == "Title"
    assert rejected.faults[0]["reason"].startswith("Title: is empty; there is no product with this SKU yet")


def test_in_a_new_product_kept_cells_are_what_a_file_without_the_column_gives() -> None:
    job = run_import(HEADER + "B,Table,,,\n", empty_cells={"description": "keep", "price": "keep"})
    assert receipt(job) == {"created": 1}
    assert product("B") == ("B", "Table", "", None, True)


def test_an_empty_cell_keeps_what_an_earlier_row_of_the_file_has_written() -> None:
    rows = "B,Table,Square,7,no\n" + "C,Sofa,,,\n" * 9 + "b,,Oval,,\n"
    job = run_import(HEADER + rows, empty_cells={"price": "keep"})
    assert receipt(job) == {"created": 2, "duplicate": 9}
    assert product("b") == ("b", "Table", "Oval", 7, False)


def test_a_row_without_a_name_in_front_of_the_one_with_it_is_rejected_alone() -> None:
    job = run_import(HEADER + "B,,,7,\nB,Table,,8,\n")
    assert receipt(job) == {"created": 1, "rejected": 1}
    assert product("B") == ("B", "Table", "", 8, True)


def test_rejected_rows_come_back_rejected() -> None:
    first = run_import("sku,name,price\nB,,7\n")
    record = first.rejected.get().record
    again = run_import(
        f"sku,name,price,import_line,import_column,import_value,import_reason\n{','.join(record)},2,,,\n"
    )
    assert receipt(again) == {"rejected": 1}


def test_a_dry_run_counts_the_same() -> None:
    content = HEADER + "A,,Round,7,\nB,,,7,\nC,Sofa,,,\nC,,,9,\n"
    dry_run, job = run_import(content, dry_run=True), run_import(content)
    assert receipt(dry_run) == receipt(job) == {"created": 1, "updated": 1, "duplicate": 1, "rejected": 1}


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"name": "clear"}, "a name cannot be cleared"),
        ({"is_active": "clear"}, "a status cannot be cleared"),
        ({"sku": "keep"}, "'sku' is not a field that can be empty"),
        ({"stock": "keep"}, "'stock' is not a field that can be empty"),
        ({"price": "zero"}, "'zero' is not allowed"),
        (["price"], "must be an object"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(asked: Any, sentence: str) -> None:
    with pytest.raises(FileRefusedError, match=sentence) as error:
        Options(empty_cells=asked)
    assert str(error.value).startswith("empty_cells: ")


def test_what_was_not_asked_for_is_the_usual() -> None:
    usual = {"name": "keep", "description": "clear", "price": "clear", "is_active": "keep"}
    assert choices({}) == usual
    assert choices({"price": "reject", "name": ""}) == {**usual, "price": "reject"}
