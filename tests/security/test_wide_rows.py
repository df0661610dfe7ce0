"""Rows of hundreds of thousands of fields: a few kilobytes of gzip neither fill the database nor stop a page."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from imports import tasks
from imports.models import ImportJob, RejectedRow
from imports.reading.texts import KEPT_BYTES, SURPLUS_FIELDS
from tests.imports.factories import run_import
from tests.memory import peak_of_memory
from tests.pace import million_steps

pytestmark = pytest.mark.django_db

WIDE = "A-{},Lamp" + "," * 400_000 + "\n"


def stored_bytes() -> int:
    """What the rejected rows take in the database, at least."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT SUM(LENGTH(CAST(record AS TEXT)) + LENGTH(CAST(faults AS TEXT))) FROM imports_rejectedrow"
        )
        return cursor.fetchone()[0]


def wide_file(rows: int) -> bytes:
    return gzip.compress(("sku,name\n" + "".join(WIDE.format(number) for number in range(rows))).encode())


@pytest.mark.slow
@pytest.mark.any_database
def test_a_hundred_rows_of_400_000_fields_cost_next_to_nothing() -> None:
    file = wide_file(100)
    assert len(file) < 100_000

    with peak_of_memory() as peak:
        job = run_import(file, filename="wide.csv.gz")

    assert peak.megabytes < 200
    assert job.status == ImportJob.Status.COMPLETED
    assert job.rejected_rows == 100
    assert stored_bytes() < 100 * 2000
    row = RejectedRow.objects.filter(job=job).order_by("line")[0]
    assert row.record == ["A-0", "Lamp"] + [""] * SURPLUS_FIELDS
    assert row.is_cut
    assert "400002 fields" in row.faults[0]["reason"]


@pytest.mark.parametrize(
    "content", ["x" * 900_000, "\0" * 900_000, "é" * 400_000, "\u202e" * 300_000], ids=["x", "nul", "é", "bidi"]
)
def test_of_a_long_field_64_kilobytes_are_kept(content: str) -> None:
    job = run_import(f"sku,name,description,price\nA-1,Lamp,{content},cheap\n")

    row = RejectedRow.objects.get(job=job)
    assert row.is_cut
    assert len("".join(row.record).encode()) <= KEPT_BYTES
    assert row.record[:2] == ["A-1", "Lamp"]
    assert stored_bytes() < 7 * KEPT_BYTES


def test_a_column_with_a_name_of_half_a_megabyte_is_not_repeated_with_each_row() -> None:
    name = "price" + " " * 500_000
    job = run_import(f"sku,name,{name}x\n" + "A-1,Lamp,cheap\n" * 50, mapping={"price": f"{name}x"})

    assert job.rejected_rows in (0, 50)
    assert RejectedRow.objects.filter(job=job).count() == job.rejected_rows
    assert not job.rejected_rows or stored_bytes() < 50 * 10_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wide", "long"])
def test_sixty_such_rows_are_shown_at_once(admin_client: Client, kind: str) -> None:
    long = "sku,name,description,price\n" + f"A-1,Lamp,{'<é&' * 150_000},cheap\n" * 60
    job = run_import(wide_file(60), filename="wide.csv.gz") if kind == "wide" else run_import(long)
    assert job.rejected_rows == 60

    for address, most, steps in (
        (f"/admin/imports/importjob/{job.pk}/change/", 2_000_000, 5),
        (f"/api/jobs/{job.pk}/rejected/?page_size=60&format=api", 12_000_000, 20),
        (f"/api/jobs/{job.pk}/rejected/?page_size=60&format=json", 12_000_000, 5),
    ):
        assert million_steps(partial(admin_client.get, address)) < steps, address
        tracemalloc.start()
        response = admin_client.get(address)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert response.status_code == 200
        assert len(response.content) < most, address
        assert peak < 300 * 1024**2, address


def test_a_row_that_was_cut_is_said_to_be_and_is_not_imported_as_a_shorter_one(
    api: APIClient, admin_client: Client
) -> None:
    job = run_import(f"sku,name,description,price\nA-1,Lamp,{'x' * 200_000},cheap\n")

    shown = api.get(f"/api/jobs/{job.pk}/rejected/").json()["results"][0]
    page = admin_client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()
    file = b"".join(api.get(f"/api/jobs/{job.pk}/rejected.csv").streaming_content).decode()  # type: ignore[attr-defined]
    again = run_import(file, filename="products-rejected.csv")

    assert shown["is_cut"]
    assert "only its beginning was kept" in page
    (row,) = csv.DictReader(io.StringIO(file))
    assert row["sku"] == row["description"] == ""
    assert "only its beginning was kept" in row["import_reason"]
    assert again.rejected_rows == 1


def test_an_ordinary_row_is_kept_whole(api: APIClient) -> None:
    job = run_import("sku,name,price\nA-1,Lamp,cheap\nA-2,Lamp,1,2,3\n")

    shown = api.get(f"/api/jobs/{job.pk}/rejected/").json()["results"]
    assert [(row["record"], row["is_cut"]) for row in shown] == [
        (["A-1", "Lamp", "cheap"], False),
        (["A-2", "Lamp", "1", "2", "3"], False),
    ]


def test_rejected_rows_are_deleted_when_their_time_is_over_and_that_is_said(
    api: APIClient, admin_client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imports.rejected.BATCH_ROWS", 2)
    settings.REJECTED_KEEP_DAYS = 7
    faulty = "sku,name\n" + ",Lamp\n" * 5
    old, new, clean = run_import(faulty), run_import(faulty), run_import("sku,name\nA-1,Lamp\n")
    long_ago = timezone.now() - timedelta(days=8)
    ImportJob.objects.filter(pk__in=[old.pk, clean.pk]).update(finished_at=long_ago)

    tasks.delete_old_rejected_rows()

    assert not RejectedRow.objects.filter(job=old).exists()
    assert RejectedRow.objects.filter(job=new).count() == 5
    shown = api.get(f"/api/jobs/{old.pk}/").json()
    assert shown["rejected_rows"] == 5
    assert shown["rejected_rows_deleted_at"]
    assert api.get(f"/api/jobs/{new.pk}/").json()["rejected_rows_deleted_at"] is None
    for address in ("rejected/", "rejected.csv"):
        assert api.get(f"/api/jobs/{old.pk}/{address}").status_code == 410
        assert api.get(f"/api/jobs/{new.pk}/{address}").status_code == 200
        assert api.get(f"/api/jobs/{clean.pk}/{address}").status_code == 200
    assert "kept for 7 days" in admin_client.get(f"/admin/imports/importjob/{old.pk}/change/").content.decode()


def test_deleting_them_stops_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    job = run_import("sku,name\n" + ",Lamp\n" * 5)
    ImportJob.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=400))
    monkeypatch.setattr("imports.tasks.PRUNE_SECONDS", -1)

    tasks.delete_old_rejected_rows()

    assert RejectedRow.objects.filter(job=job).count() == 5
    job.refresh_from_db()
    assert job.rejected_rows_deleted_at is None
