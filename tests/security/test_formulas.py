"""Formula injection: in a file for spreadsheets no value is a formula, and importing it gives back what there was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from acme_importer.formulas import SIGN, marked, unmarked
from imports import rejected
from imports.models import ImportJob, RejectedRow
from products.export import csv_blocks
from products.fields import strip_all
from products.models import Product
from tests.imports.factories import run_import
from tests.products.factories import make_product

pytestmark = pytest.mark.django_db

STARTS = ["=", "+", "-", "@", "\t", "\r"]
ATTACKS = [f"{marks}{start}cmd|'/C calc'!A0" for start in STARTS for marks in ("", "'", "''")]
PLAIN = ["Lamp", "'quoted'", "'", "a=b", "1-2", " =1", "", '"=1"']


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def assert_safe(text: str, delimiter: str = ",") -> None:
    """No cell begins with a character that makes it a formula."""
    assert not [cell for row in rows_of(text, delimiter) for cell in row if cell.startswith(tuple(STARTS))]


def export(*, for_spreadsheets: bool = True) -> str:
    return "".join(csv_blocks(Product.objects.all(), for_spreadsheets=for_spreadsheets))


def table() -> list[tuple]:
    fields = ("sku", "name", "description", "price", "is_active", "extra")
    return list(Product.objects.order_by("sku_normalized").values_list(*fields))


@pytest.mark.parametrize("value", [*ATTACKS, *PLAIN])
def test_a_mark_is_undone_exactly_however_often(value: str) -> None:
    once = marked([value])
    assert not once[0].startswith(tuple(STARTS))
    assert unmarked(once) == [value]
    assert unmarked(unmarked(marked(once))) == [value]


@pytest.mark.parametrize("value", PLAIN)
def test_other_values_stay_as_they_are(value: str) -> None:
    assert marked([value]) == unmarked([value]) == [value]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_export_for_spreadsheets_holds_no_formula_and_comes_back_as_it_was(attack: str) -> None:
    make_product("A-1", name=attack.strip(), description=attack, extra={attack: attack})
    # A SKU has no control characters.
    make_product(attack.replace("\t", "").replace("\r", ""), name="Lamp")
    before = table()

    for _ in range(2):
        file = export()
        assert_safe(file)
        assert rows_of(file)[0][-1] == SIGN
        job = run_import(file, extra=True)
        assert (job.status, job.unchanged_rows, job.rejected_rows) == ("completed", 2, 0)
        Product.objects.all().delete()
        assert run_import(file, extra=True).created_rows == 2
        assert table() == before


texts = st.lists(st.sampled_from([*STARTS, "'", '"', ",", ";", "\n", "a", "1", " "]), max_size=5).map("".join)


@pytest.mark.slow
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6))
def test_whatever_the_values_two_rounds_change_nothing(values: list[tuple[str, str, str]]) -> None:
    Product.objects.all().delete()
    for number, (name, description, extra) in enumerate(values):
        kept = {"Size": extra} if extra.strip() else {}
        make_product(f"A-{number}", name=strip_all([name])[0] or "Lamp", description=description, extra=kept)
    before = table()

    for _ in range(2):
        file = export()
        assert_safe(file)
        Product.objects.all().delete()
        job = run_import(file, extra=True)
        assert job.status == "completed", job.failure_reason
        assert table() == before


def rejected_file(job: ImportJob, *, for_spreadsheets: bool = True) -> str:
    return "".join(rejected.csv_blocks(job, for_spreadsheets=for_spreadsheets))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_rejected_rows_for_spreadsheets_hold_no_formula_and_come_back_as_they_were(attack: str, delimiter: str) -> None:
    out = io.StringIO(newline="")
    header = ["sku", "name", "price", "=cmd|'x'!A0", "stock"]
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(
        [header, ["A-1", attack, attack, attack, "-5"]]
    )
    job = run_import(out.getvalue())
    record = RejectedRow.objects.get(job=job).record

    for _ in range(2):
        file = rejected_file(job)
        assert_safe(file, delimiter)
        assert rows_of(file, delimiter)[0][-1] == SIGN
        job = run_import(file)
        assert job.rejected_rows == 1
        assert RejectedRow.objects.get(job=job).record[: len(record)] == record
        assert job.header[: len(header)] == header

    # A plain file of what came in a safe one is plain again.
    plain = rows_of(rejected_file(job, for_spreadsheets=False), delimiter)
    assert plain[0][: len(header)] == header
    assert SIGN not in plain[0]
    assert plain[1][: len(record)] == record


def test_a_corrected_safe_file_keeps_extra_values_unmarked_and_the_sign_is_no_extra() -> None:
    job = run_import("sku,name,price,=Size,Stock\nA-1,=Lamp,cheap,@1,-5\n")
    file = rejected_file(job).replace("cheap,'@1", "9.50,'@1")

    corrected = run_import(file, extra=True)

    assert (corrected.created_rows, corrected.rejected_rows) == (1, 0)
    product = Product.objects.get()
    assert (product.name, product.extra) == ("=Lamp", {"=Size": "@1", "Stock": "-5"})


def test_a_file_without_the_sign_is_read_as_it_is() -> None:
    run_import("sku,name\nA-1,'=Lamp\n")
    assert Product.objects.get().name == "'=Lamp"


def test_a_value_that_is_the_name_of_the_sign_is_none() -> None:
    run_import(f"sku,name\nA-1,'=Lamp\n{SIGN},{SIGN}\n")
    assert set(Product.objects.values_list("name", flat=True)) == {"'=Lamp", SIGN}


def test_a_safe_file_that_a_spreadsheet_saved_as_a_workbook_is_told_too(tmp_path: Path) -> None:
    make_product("A-1", name="=1+1", description="'=x")
    before, book = table(), openpyxl.Workbook()
    for row in rows_of(export()):
        assert book.active
        book.active.append([cell or None for cell in row])
    book.save(tmp_path / "safe.xlsx")
    Product.objects.all().delete()

    run_import((tmp_path / "safe.xlsx").read_bytes(), filename="safe.xlsx")

    assert table() == before


def body_of(response) -> str:
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_the_api_gives_both_files_and_refuses_other_purposes(api: APIClient) -> None:
    make_product("A-1", name="=1+1")
    job = run_import("sku,name,price\nA-2,=1+1,cheap\n")

    for address in ("/api/products/export.csv", f"/api/jobs/{job.pk}/rejected.csv"):
        safe = api.get(f"{address}?for=spreadsheets")
        assert "for-spreadsheets.csv" in safe.headers["Content-Disposition"]
        assert ",'=1+1," in body_of(safe)
        plain = body_of(api.get(address))
        assert ",=1+1," in plain
        assert SIGN not in plain
        for unknown in ("excel", "", "spreadsheets&for=x"):
            refused = api.get(f"{address}?for={unknown}")
            assert (refused.status_code, list(refused.json())) == (400, ["for"])


def test_the_dashboard_offers_the_safe_file_first(admin_client: Client) -> None:
    product = make_product("A-1", name="=1+1")
    job = run_import("sku,name,price\nA-2,=1+1,cheap\n")

    page = admin_client.get("/admin/products/product/").content.decode()
    assert 0 < page.index('value="export_for_spreadsheets"') < page.index('value="export_csv"')
    for action, written in (("export_for_spreadsheets", ",'=1+1,"), ("export_csv", ",=1+1,")):
        data = {"action": action, "_selected_action": product.pk, "index": 0}
        assert written in body_of(admin_client.post("/admin/products/product/", data))

    page = admin_client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()
    places = [page.index(part) for part in ("rejected.xlsx", "rejected.csv?for=spreadsheets", 'rejected.csv"')]
    assert places == sorted(places)


def test_the_sign_is_not_told_as_an_ignored_column(api: APIClient) -> None:
    make_product("A-1", name="=1+1")
    job = run_import(export())
    assert api.get(f"/api/jobs/{job.pk}/").json()["ignored_columns"] == []
