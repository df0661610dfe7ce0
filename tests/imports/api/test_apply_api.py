"""Importing what a check has shown, and the rows that were held, over the API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from imports import applying
from imports.commandline import foreground
from imports.models import ImportJob
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "sku,name,price\nA,Lamp,12\nB,Vase,3\n"


def finish() -> ImportJob:
    job = ImportJob.objects.latest("pk")
    foreground.run(job, lambda: None)
    return job


def edit_the_lamp() -> None:
    product = Product.objects.get(sku="A")
    product.price = 11
    editing.update(product, ["price"], Editor())


def test_a_file_is_checked_and_what_was_shown_is_imported(api: APIClient, admin_user: User) -> None:
    sent = api.post("/api/uploads/", {"file": SimpleUploadedFile("a.csv", CSV.encode()), "check": "true"})
    assert sent.json()["dry_run"] is True
    check = finish()

    answer = api.post(f"/api/jobs/{check.pk}/apply")

    assert answer.status_code == 202
    told = answer.json()
    assert (told["applies"], told["dry_run"], told["created_by"]) == (check.pk, False, admin_user.username)
    assert answer.headers["Location"] == told["url"]
    finish()
    assert Product.objects.count() == 2
    assert api.get(told["url"]).json()["created_rows"] == 2


def test_held_rows_are_listed_with_both_changes_and_imported_by_themselves(api: APIClient) -> None:
    run_import("sku,name,price\nA,Lamp,10\n")
    check = run_import(CSV, dry_run=True)
    edit_the_lamp()
    api.post(f"/api/jobs/{check.pk}/apply")
    job = finish()

    page = api.get(f"/api/jobs/{job.pk}/held").json()

    assert page["results"] == [
        {
            "line": 2,
            "sku": "A",
            "shown": {"kind": "updated", "fields": {"price": {"old": "10.00", "new": "12.00"}}},
            "now": {"kind": "updated", "fields": {"price": {"old": "11.00", "new": "12.00"}}},
        }
    ]
    assert api.post(f"/api/jobs/{job.pk}/held").status_code == 202
    finish()
    assert Product.objects.get(sku="A").price == 12


@pytest.mark.parametrize("name", ["apply", "held"])
def test_what_is_no_check_and_holds_nothing_is_a_409_that_says_so(api: APIClient, name: str) -> None:
    answer = api.post(f"/api/jobs/{run_import(CSV).pk}/{name}")

    assert answer.status_code == 409
    assert ("is not a check" if name == "apply" else "has held no rows") in answer.json()["detail"]


@pytest.mark.parametrize("name", ["apply", "held"])
def test_a_request_with_fields_is_a_400(api: APIClient, name: str) -> None:
    check = run_import(CSV, dry_run=True)

    assert api.post(f"/api/jobs/{check.pk}/{name}", {"force": "true"}, format="json").status_code == 400
    assert api.post(f"/api/jobs/{check.pk}/{name}?force=true").status_code == 400
    assert ImportJob.objects.count() == 1


def test_who_made_the_check_may_not_import_it_where_that_is_set(
    api: APIClient, admin_user: User, settings: Settings
) -> None:
    settings.CHECK_NEEDS_SECOND_PERSON = True
    check = run_import(CSV, dry_run=True, user=admin_user)

    answer = api.post(f"/api/jobs/{check.pk}/apply")

    assert answer.status_code == 409
    assert "by somebody else" in answer.json()["detail"]


def test_too_many_files_waiting_are_a_429(api: APIClient, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    checks = [run_import(CSV, dry_run=True) for _ in range(2)]
    assert api.post(f"/api/jobs/{checks[0].pk}/apply").status_code == 202

    assert api.post(f"/api/jobs/{checks[1].pk}/apply").status_code == 429
    assert not ImportJob.objects.filter(applies=checks[1]).exists()
    assert not applying.why_not(checks[1])
