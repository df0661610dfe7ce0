"""SKUs that a spreadsheet has turned into amounts: told of, and rejected where several rows have the same."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import Settings

from imports import drafts
from imports.preview import preview
from imports.reading.suspicions import content as content_of_file
from imports.reading.suspicions import damaged_skus
from imports.reading.suspicions.damaged_skus import DamagedSkus
from imports.rejected import csv_blocks
from tests.imports.factories import upload
from tests.imports.suspicions.told import imported, of_skus, rejected, skus, table, told, told_once
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

DAMAGED = ["1.23E+12", "1.23457E+12", "4E+11", "1.23e+15", "1.2346E12", "9.8E-07"]


@pytest.mark.parametrize("sku", DAMAGED)
def test_it_is_told_of_with_its_line(sku: str) -> None:
    sentence = told_once(of_skus(["4006381333931", "4006381333948", sku]))

    assert sentence.startswith(f"SKUs look like scientific notation: '{sku}' (line 4). A spreadsheet")


def test_a_decimal_comma_is_one_too() -> None:
    content = table([["4006381333931", "A", "1,50"], ["1,23E+12", "B", "2,50"]], "sku;name;price", ";")

    assert "'1,23E+12' (line 3)" in told_once(content)


def test_of_many_the_first_lines_are_named_and_three_of_the_values() -> None:
    content = of_skus(f"1.{number:02}E+12" for number in range(15))

    sentence = told_once(content)

    assert "'1.00E+12', '1.01E+12' and '1.02E+12' (lines 2, 3, 4 and 12 more)" in sentence


@pytest.mark.parametrize(
    "column", [["1E5", "2E7", "3A1", "9F4"], ["1E5"], ["4E12", "5E12"], ["1.2F+12", "1.3G+14", "1.4E+12"]]
)
def test_a_real_sku_among_its_likes_passes(column: list[str]) -> None:
    assert told(of_skus(column)) == []
    assert imported(of_skus([*column, column[0]])).rejected_rows == 0


def test_rows_with_the_same_damaged_sku_are_rejected_and_others_imported() -> None:
    content = of_skus(["1.23E+12", "A-1", "1.23e+12", "4.56E+12", "A-1"])

    job = imported(content)

    assert rejected(job) == [(2, "damaged_sku"), (4, "damaged_sku")]
    assert skus() == {"A-1", "4.56E+12"}
    assert (job.created_rows, job.duplicate_rows) == (2, 1)
    assert "2 of these rows are rejected, since several rows have the same damaged SKU." in job.warnings[0]


def test_the_preview_rejects_them_as_well() -> None:
    found = preview(drafts.create(upload(of_skus(["1.23E+12", "A-1", "1.23E+12"])), make_user()))

    assert [(group.code, group.count) for group in found.faults] == [("damaged_sku", 2)]


@pytest.mark.parametrize("lanes", [1, 2, 3])
@pytest.mark.parametrize("chunk", [1, 2, 7, 100])
def test_neither_chunks_nor_lanes_make_a_difference(settings: Settings, lanes: int, chunk: int) -> None:
    settings.IMPORT_LANES, settings.IMPORT_CHUNK_ROWS = lanes, chunk
    column = [f"4006381{number:06}" for number in range(20)]
    column[1] = column[11] = column[19] = "4.00638E+12"
    column[5] = "1.00000E+12"

    job = imported(of_skus(column))

    assert rejected(job) == [(3, "damaged_sku"), (13, "damaged_sku"), (21, "damaged_sku")]
    assert job.created_rows == 17
    assert "4.00638E+12" not in skus()


@pytest.mark.parametrize("writer", ["bulk_create", "copy"] if connection.vendor == "postgresql" else ["bulk_create"])
def test_damage_behind_the_sample_is_found_too(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    settings.IMPORT_WRITER = writer
    monkeypatch.setattr(content_of_file, "SAMPLE_RECORDS", 10)
    monkeypatch.setattr(content_of_file, "_BATCH_RECORDS", 10)
    column = [f"4006381{number:06}" for number in range(60)]
    column[4] = column[50] = "4.00638E+12"

    job = imported(of_skus(column))

    assert rejected(job) == [(6, "damaged_sku"), (52, "damaged_sku")]
    assert "'4.00638E+12' (lines 6 and 52)" in job.warnings[0]


@pytest.mark.parametrize("limit", ["MOST_KEPT", "MOST_COUNTED"])
def test_a_file_of_thousands_of_them_rejects_every_one(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(damaged_skus, limit, 2)
    column = [f"1.{number % 4}3E+12" for number in range(8)] + ["9.99E+12", "A-1"]

    job = imported(of_skus(column))

    assert job.rejected_rows == 9
    assert "(lines 2, 3, 4 and 6 more)" in job.warnings[0]
    assert "9 of these rows are rejected" in job.warnings[0]
    assert DamagedSkus.from_json(job.damaged_skus).forms == {"scientific"}
    assert skus() == {"A-1"}


def test_a_rejected_row_that_comes_back_unfixed_is_rejected_again() -> None:
    job = imported(of_skus(["1.23E+12", "A-1", "1.23E+12"]))
    lines = "".join(csv_blocks(job)).splitlines(keepends=True)
    # One of the two is fixed, or somebody has only taken one over.
    again = imported("".join(lines[:2]))

    assert rejected(again) == [(2, "damaged_sku")]
    assert skus() == {"A-1"}
