"""Rejected rows as a workbook: what is in it, and that it comes back as it went out, or corrected."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from imports import rejected
from imports.files.incoming import incoming_folder
from imports.models import ImportJob, RejectedRow
from imports.workbook import XLSX_TYPE
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.test_workbook_imports import SHOPIFY

pytestmark = pytest.mark.django_db

ADDED = ["import_line", "import_column", "import_value", "import_reason"]
CSV = (
    "Colour;sku;name;price\n"
    "red;A;Lamp;9,90\n"
    "=1+1;00123;+Chair;cheap\n"
    '1E5;1234567890123456789;"Two\nlines";-1\n'
    "2026-03-01;D\x07E;Bell;1,5\n"
    "blue;C;Table\n"
    "grey;F;_x0041_;free\n"
)


def download(api: APIClient, job: ImportJob) -> bytes:
    response = api.get(f"/api/jobs/{job.pk}/rejected.xlsx")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == XLSX_TYPE
    return response.getvalue()


def sheet_of(content: bytes) -> Any:
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.sheetnames) == 1
    return book.active


def changed(content: bytes, **cells: object) -> bytes:
    """The workbook with other values in some cells, as a spreadsheet program would save it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for address, value in cells.items():
        book.active[address] = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rejections(job: ImportJob) -> list[tuple[list[str], str]]:
    return [(row.record[:4], row.code) for row in RejectedRow.objects.filter(job=job.pk).order_by("line")]


def test_every_cell_is_the_text_that_was_in_the_file(api: APIClient) -> None:
    sheet = sheet_of(download(api, run_import(CSV)))

    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert header == ["Colour", "sku", "name", "price", *ADDED]
    assert rows[0][:4] == ["=1+1", "00123", "+Chair", "cheap"]
    assert rows[1][:6] == ["1E5", "1234567890123456789", "Two\nlines", "-1", "4", "price"]
    assert rows[3][:7] == [None, None, None, None, "7", None, "blue;C;Table"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {(cell.data_type, cell.number_format) for cell in cells} == {("s", "@")}


def test_it_comes_back_unfixed_and_the_same_rows_are_rejected(api: APIClient) -> None:
    job = run_import(CSV)
    again = run_import(download(api, job), filename="products-rejected.xlsx")

    assert (again.total_rows, again.rejected_rows) == (5, 5)
    # The row with a field too few has nothing in its columns, and so no SKU.
    before, after = rejections(job), rejections(again)
    assert before[3][1] == "field_count"
    assert after[3] == (["", "", "", ""], "missing")
    assert before[:3] + before[4:] == after[:3] + after[4:]


def test_it_comes_back_corrected_and_goes_in(api: APIClient) -> None:
    content = download(api, run_import(CSV))
    # One price typed as text, the other as a number.
    fixed = changed(content, D2="1.234,50", D3=5, B4="DE", A5="blue", B5="C", C5="Table", D5="2,50", D6="3,00")
    job = run_import(fixed, filename="products-rejected.xlsx")

    assert (job.total_rows, job.rejected_rows) == (5, 0)
    assert {product.sku: (product.name, str(product.price)) for product in Product.objects.exclude(sku="A")} == {
        "00123": ("+Chair", "1234.50"),
        "1234567890123456789": ("Two\nlines", "5.00"),
        "DE": ("Bell", "1.50"),
        "C": ("Table", "2.50"),
        "F": ("_x0041_", "3.00"),
    }


def test_rows_of_a_known_format_come_back_in_it(api: APIClient) -> None:
    job = run_import(SHOPIFY.replace("21.00", "free") + "cup,Cup,Red\n")
    content = download(api, job)

    unfixed = run_import(content, filename="products_export-rejected.xlsx")
    assert unfixed.format == "Shopify product export"
    assert (unfixed.total_rows, unfixed.created_rows + unfixed.updated_rows + unfixed.skipped_rows) == (2, 0)

    fixed = run_import(changed(content, G2="22.00"), filename="products_export-rejected.xlsx")
    assert (fixed.created_rows, fixed.rejected_rows) == (1, 1)
    product = Product.objects.get(sku="SH-M")
    assert (product.name, str(product.price)) == ("Shirt – M", "22.00")


def test_a_value_that_no_cell_holds_leaves_its_row_empty(api: APIClient) -> None:
    job = run_import(f"sku,name,description\nA,,{'x' * 40_000}\n")
    row = [cell.value for cell in list(sheet_of(download(api, job)).iter_rows())[1]]

    assert row[:3] == [None, None, None]
    assert row[6].startswith("The row has a value of more than 32,767 characters, which no cell holds: use the CSV")


def test_more_rows_than_a_sheet_holds_are_refused(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected, "MAX_WORKBOOK_ROWS", 4)
    response = api.get(f"/api/jobs/{run_import(CSV).pk}/rejected.xlsx")

    assert response.status_code == 409
    assert response.json()["detail"] == "A sheet holds at most 4 rejected rows; use the CSV file."


def test_it_is_named_after_the_original_and_leaves_no_temporary_file(api: APIClient) -> None:
    job = run_import(CSV, filename="spring.csv")
    response = api.get(f"/api/jobs/{job.pk}/rejected.xlsx", headers={"Accept": "application/json"})

    assert response.headers["Content-Disposition"] == 'attachment; filename="spring-rejected.xlsx"'
    response.close()
    assert not list(incoming_folder().iterdir())


def test_the_command_writes_a_workbook_where_the_name_ends_so(tmp_path: Path) -> None:
    source, target = tmp_path / "products.csv", tmp_path / "bad.XLSX"
    source.write_text(CSV)
    call_command("import_csv", str(source), "--rejected", str(target))

    assert [cell.value for cell in sheet_of(target.read_bytes())["B"]][:2] == ["sku", "00123"]
