"""Workbooks and exports of known systems from the file to the catalogue, with their receipt."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from imports.models import ImportJob, RejectedRow
from imports.opening import table
from imports.preview import preview
from imports.skipped import skipped_by_reason
from products.models import Product
from tests.imports.factories import make_job, run_import, with_progress

FILES = Path(__file__).parent / "reading" / "files"
SHOPIFY = """Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Status
shirt,Shirt,"<p>Soft,
warm</p>",Size,S,SH-S,19.90,a.jpg,active
shirt,,,,M,SH-M,21.00,,
shirt,,,,,,,b.jpg,
mug,Mug,Blue,Title,Default Title,MUG-1,8.50,c.jpg,draft
"""

pytestmark = pytest.mark.django_db


def catalogue() -> list[tuple[object, ...]]:
    return list(Product.objects.order_by("sku").values_list("sku", "name", "description", "price", "is_active"))


def receipt(job: ImportJob) -> dict[str, int]:
    shown = with_progress(job)
    kinds = ("created", "updated", "unchanged", "duplicate", "rejected", "skipped")
    return {kind: count for kind in kinds if (count := getattr(shown, f"{kind}_rows"))}


def xlsx(**sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("name", ["products.xlsx", "products.xls"])
def test_a_workbook_goes_in_and_its_error_is_rejected_by_its_address(name: str) -> None:
    job = run_import((FILES / name).read_bytes(), filename=name)
    assert job.status == "completed"
    assert (job.sheet, job.sheets) == ("Products", ["Products", "Notes"])
    row = RejectedRow.objects.get(job=job)
    assert (row.line, row.code) == (5, "error_value")
    assert row.faults[0]["reason"] == "Cell C5 holds the error #DIV/0!."
    assert row.record[:2] == ["4006381333931", "Lamp"]
    chair = Product.objects.get(sku="00123")
    assert (chair.name, str(chair.price)) == ("Chair\nblue", "19.99")


def test_another_sheet_can_be_asked_for() -> None:
    content = xlsx(Notes=[["nothing"]], Offers=[["sku", "name"], ["A", "Chair"]])
    job = run_import(content, sheet="Offers", filename="offers.xlsx")
    assert receipt(job) == {"created": 1}


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    job = run_import(xlsx(A=[["sku"]], B=[["sku"]]), sheet="C", filename="offers.xlsx")
    assert job.status == "failed"
    assert job.failure_reason == "sheet: the workbook has no sheet 'C'. Its sheets are 'A' and 'B'."


def test_rows_of_a_sheet_may_end_early_and_have_blank_ones_between() -> None:
    job = run_import(
        xlsx(P=[["sku", "name", "price"], ["A", "Chair", None], [None], ["B", None, 2]]), filename="p.xlsx"
    )
    assert receipt(job) == {"created": 1, "rejected": 1}
    assert RejectedRow.objects.get(job=job).line == 4


def test_a_sheet_that_is_full_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_SHEET_ROWS", 3)
    job = run_import(xlsx(P=[["sku", "name"], ["A", "Chair"], ["B", "Lamp"]]), filename="p.xlsx")
    assert "rows behind them were probably lost" in job.warnings[0]
    assert not run_import(xlsx(P=[["sku", "name"], ["A", "Chair"]]), filename="p.xlsx").warnings


@pytest.mark.parametrize("as_workbook", [False, True])
def test_a_shopify_export_goes_in_as_it_was_meant(as_workbook: bool) -> None:
    content: str | bytes = SHOPIFY
    if as_workbook:
        rows: list[list[object]] = [
            ["shirt", "Shirt", "<p>Soft,\nwarm</p>", "Size", "S", "SH-S", 19.9, "a.jpg", "active"]
        ]
        rows.append(["shirt", None, None, None, "M", "SH-M", 21])
        rows.append(["shirt", None, None, None, None, None, None, "b.jpg"])
        rows.append(["mug", "Mug", "Blue", "Title", "Default Title", "MUG-1", 8.5, "c.jpg", "draft"])
        content = xlsx(P=[SHOPIFY.partition("\n")[0].split(","), *rows])
    job = run_import(content, filename="products_export.csv")
    assert job.format == "Shopify product export"
    assert [(sku, name, str(price), active) for sku, name, _, price, active in catalogue()] == [
        ("MUG-1", "Mug", "8.50", False),
        ("SH-M", "Shirt – M", "21.00", True),
        ("SH-S", "Shirt – S", "19.90", True),
    ]
    assert Product.objects.get(sku="SH-M").description == "<p>Soft,\nwarm</p>"
    assert receipt(job) == {"created": 3, "skipped": 1}
    assert list(skipped_by_reason(job).values()) == [1]


def test_an_explicit_mapping_wins_over_the_known_format() -> None:
    job = run_import(SHOPIFY, mapping={"sku": "Variant SKU", "name": "Handle", "is_active": ""})
    assert job.format == ""
    assert Product.objects.get(sku="SH-M").name == "shirt"


def test_a_rejected_row_of_a_known_format_has_the_line_of_the_original() -> None:
    job = run_import(SHOPIFY.replace("21.00", "free"))
    row = RejectedRow.objects.get(job=job)
    assert (row.line, row.faults[0]["column"], row.faults[0]["value"]) == (4, "Variant Price", "free")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_in_storage_but_the_file_and_its_rewriting(upload_folder: Path) -> None:
    run_import(SHOPIFY.encode("utf-16"))
    stored = [path for path in upload_folder.rglob("*") if path.is_file()]
    # The rewriting goes when the job is completed.
    assert len(stored) == 1


def test_the_preview_shows_the_format_the_sheet_and_what_is_skipped() -> None:
    job = make_job(SHOPIFY)
    found = preview(job)
    assert (found.format, found.refusal, found.skipped.total(), found.rows_rejected) == (
        "Shopify product export",
        "",
        1,
        0,
    )
    assert found.rows[1].values[:2] == ["SH-M", "Shirt – M"]
    sheet = preview(make_job((FILES / "products.xlsx").read_bytes()))
    assert (sheet.sheet, sheet.sheets, sheet.rows_rejected) == ("Products", ["Products", "Notes"], 1)
    assert sheet.rows[0].values[0] == "00123"
