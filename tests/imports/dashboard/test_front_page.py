"""Imports on the front page of the dashboard: strangers' file names, and words for what needs attention."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from acme_importer.cluster import presence
from acme_importer.cluster.identity import new_cluster
from acme_importer.dashboard.front_page import dismiss
from imports import jobs
from imports.commandline.generator import Recipe, write_products
from imports.dashboard.front_page import notices, rejected
from imports.models import ImportJob, ImportLane
from tests.imports.factories import make_job, run_import
from tests.products.factories import make_user

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
    # In the link, in the label of the bar, in the notice that it has stalled, and in the label of its button.
    ImportJob.objects.update(woken_at=timezone.now() - timedelta(minutes=10))
    page = page_of(admin_client)
    assert page.count(SHOWN) == 4
    assert "has stalled" in page


def test_so_are_the_name_and_the_reason_of_a_failed_import(admin_client: Client) -> None:
    job = rename(make_job("sku\n"))
    jobs.end(job.pk, ImportJob.Status.FAILED, reason="There is no column \u202eemaN\x1b.")
    page = page_of(admin_client)
    assert page.count(SHOWN) == 3
    assert "There is no column \\u202eemaN\\x1b." in page


def test_so_is_the_name_of_an_import_that_rejected_rows(admin_client: Client) -> None:
    rename(run_import("sku,name\nA1,Chair\nA2,\n"))
    page = page_of(admin_client)
    assert page.count(SHOWN) == 3
    assert "1 row was rejected." in page


def test_many_failed_imports_are_one_line(admin_client: Client) -> None:
    presence.say_alive(new_cluster(), "acme")
    for _ in range(3):
        jobs.end(make_job("sku\n").pk, ImportJob.Status.FAILED, reason="It is empty.")
    page = page_of(admin_client)
    assert "3 imports failed in the last 7 days." in page
    assert 'href="/admin/imports/importjob/?state=failed"' in page
    assert page.count("Dismiss</button>") == 1


def test_an_import_that_fails_with_its_check_is_told_of_once(admin_client: Client) -> None:
    check, job = make_job("sku\n", dry_run=True), make_job("sku\n")
    ImportJob.objects.filter(pk=job.pk).update(applies=check)
    for failed in (check, job):
        jobs.end(failed.pk, ImportJob.Status.FAILED, reason="It is empty.")

    found = [notice for notice in notices(make_user("imports.view_importjob")) if "It is empty." in notice.text]

    assert [notice.url for notice in found] == [f"/admin/imports/importjob/{job.pk}/change/"]


def test_an_import_that_stalls_again_is_told_of_again(admin_client: Client, admin_user: User) -> None:
    job = make_job("sku,name\nA1,Chair\n")
    long_ago = timezone.now() - timedelta(minutes=9)
    lane = ImportLane.objects.create(job=job, number=0, offset=0, line=1, claimed_until=long_ago)
    ImportJob.objects.update(status="running", content_size=100)
    dismiss(admin_user, [notice.key for notice in notices(admin_user)])
    assert "has stalled" not in page_of(admin_client)

    lane.created_rows = 1
    lane.save()
    assert "has stalled" in page_of(admin_client)


def test_the_guide_is_for_those_who_may_import_into_an_empty_catalogue(client: Client, admin_client: Client) -> None:
    assert "Getting started" in page_of(admin_client)
    client.force_login(make_user("imports.view_importjob", is_staff=True))
    assert "Getting started" not in page_of(client)
    make_job("sku\n")
    assert "Getting started" not in page_of(admin_client)


def test_the_sample_file_is_what_the_generator_writes() -> None:
    written = StringIO(newline="")
    write_products(Recipe(rows=20), written)
    assert Path(str(finders.find("imports/sample-products.csv"))).read_text() == written.getvalue()


def test_one_row_was_rejected_and_two_rows_were() -> None:
    assert rejected(1) == "1 row was rejected"
    assert rejected(2) == "2 rows were rejected"
    assert rejected(1200) == "1,200 rows were rejected"
