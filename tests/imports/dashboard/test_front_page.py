"""Imports on the front page of the dashboard: strangers' file names, and words for what needs attention."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from imports import jobs
from imports.dashboard.front_page import rejected
from imports.models import ImportJob
from tests.imports.factories import make_job, run_import

pytestmark = pytest.mark.django_db
# Shown as it is, this reads "evilcod.csv".
NAME = "evil\u202evsc.doc\x1b[2J.csv"
SHOWN = "evil\\u202evsc.doc\\x1b[2J.csv"


def page_of(client: Client) -> str:
    page = client.get("/admin/").content.decode()
    assert "\u202e" not in page
    assert "\x1b" not in page
    return page


def rename(job: ImportJob) -> ImportJob:
    ImportJob.objects.filter(pk=job.pk).update(filename=NAME)
    return job


def test_the_name_of_a_running_import_is_shown_with_its_control_characters_spelled_out(admin_client: Client) -> None:
    rename(make_job("sku,name\nA1,Chair\n"))
    # In the link, in the label of the bar, and in the notice that it has stalled.
    ImportJob.objects.update(woken_at=timezone.now() - timedelta(minutes=10))
    page = page_of(admin_client)
    assert page.count(SHOWN) == 3
    assert "has stalled" in page


def test_so_are_the_name_and_the_reason_of_a_failed_import(admin_client: Client) -> None:
    job = rename(make_job("sku\n"))
    jobs.end(job.pk, ImportJob.Status.FAILED, reason="There is no column \u202eemaN\x1b.")
    page = page_of(admin_client)
    assert page.count(SHOWN) == 2
    assert "There is no column \\u202eemaN\\x1b." in page


def test_so_is_the_name_of_an_import_that_rejected_rows(admin_client: Client) -> None:
    rename(run_import("sku,name\nA1,Chair\nA2,\n"))
    page = page_of(admin_client)
    assert page.count(SHOWN) == 2
    assert "1 row was rejected." in page


def test_one_row_was_rejected_and_two_rows_were() -> None:
    assert rejected(1) == "1 row was rejected"
    assert rejected(2) == "2 rows were rejected"
    assert rejected(1200) == "1,200 rows were rejected"
