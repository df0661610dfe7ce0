"""SKUs that a spreadsheet has turned into dates."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest

from imports.reading.suspicions import content as content_of_file
from tests.imports.suspicions.told import imported, of_skus, rejected, skus, told, told_once

pytestmark = pytest.mark.django_db

DATES = [
    "01-Mar",
    "1-Mar",
    "Mar-01",
    "Mar-1999",
    "01-Mar-26",
    "01. Mrz",
    "01.Okt",
    "12-mars",
    "01-janv.",
    "3-mrt",
    "01/03/2026",
    "3/1/2026",
    "01.03.2026",
    "2026-03-01",
    "2026-03-01 00:00:00",
]


@pytest.mark.parametrize("sku", DATES)
def test_a_date_among_codes_is_told_of(sku: str) -> None:
    assert f"SKUs look like dates: '{sku}' (line 3)." in told_once(of_skus(["MAR2", sku, "TAB7"]))


@pytest.mark.parametrize(
    "column",
    [
        ["MAR-01", "APR-02", "DEC-31"],
        ["Tab-01", "Sof-02", "Mar-03"],
        ["10.20.2001", "45.77.1999", "01.03.2026"],
        ["2025-77-13", "2026-03-01", "2024-99-99"],
        ["12-34", "1-2", "2026-1"],
        ["mar01", "01mar", "Mar", "1. Mai Edition"],
    ],
)
def test_codes_of_a_columns_own_form_are_none(column: list[str]) -> None:
    assert told(of_skus(column)) == []
    assert imported(of_skus([*column, *column])).rejected_rows == 0


def test_rows_with_the_same_date_are_rejected() -> None:
    job = imported(of_skus(["MAR2", "01-Mar", "TAB7", "01-Mar", "02-Mar"]))

    assert rejected(job) == [(3, "damaged_sku"), (5, "damaged_sku")]
    assert skus() == {"MAR2", "TAB7", "02-Mar"}


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    "sku", ["01-Mar", "Mar-01", "01. Mrz", "01.03.2026", "2026-03-01", "12-août", "Mär-01", "3/1/2026"]
)
def test_dates_behind_the_sample_are_found_in_any_column(
    monkeypatch: pytest.MonkeyPatch, position: int, sku: str
) -> None:
    monkeypatch.setattr(content_of_file, "SAMPLE_RECORDS", 10)
    monkeypatch.setattr(content_of_file, "_BATCH_RECORDS", 10)
    rows = [[f"TAB{number}", '"Table, round"', "9.90"] for number in range(50)]
    rows[30][0] = rows[40][0] = sku
    order = [[1, 2, 0], [1, 0, 2], [0, 1, 2]][2 - position]
    lines = [",".join(row[place] for place in order) for row in [["sku", "name", "price"], *rows]]

    assert rejected(imported("\n".join(lines) + "\n")) == [(32, "damaged_sku"), (42, "damaged_sku")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_whatever_the_encoding_and_the_line_ends(monkeypatch: pytest.MonkeyPatch, line_end: str, encoding: str) -> None:
    monkeypatch.setattr(content_of_file, "SAMPLE_RECORDS", 10)
    monkeypatch.setattr(content_of_file, "_BATCH_RECORDS", 10)
    rows = [f"TAB{number},Tür für Gäste,9.90" for number in range(50)]
    rows[30] = rows[40] = "Mär-01,Tür,9.90"
    content = line_end.join(["sku,name,price", *rows, ""]).encode(encoding)

    assert rejected(imported(content)) == [(32, "damaged_sku"), (42, "damaged_sku")]


def test_date_cells_of_a_workbook_are_told_of() -> None:
    book = openpyxl.Workbook()
    for row in (["sku", "name"], ["TAB7", "Table"], [date(2026, 3, 1), "March"]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)

    assert "'2026-03-01' (line 3)" in told_once(file.getvalue())
