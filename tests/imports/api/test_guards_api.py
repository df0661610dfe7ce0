"""Imports under guard over the API: an upload that waits for its check, one that is held, the decision on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings
from rest_framework.test import APIClient

from imports.commandline import foreground
from imports.guards import Limit
from imports.models import ImportJob
from products.models import Product
from tests.imports.factories import make_job, run_import
from tests.products.factories import client_with

pytestmark = pytest.mark.django_db(transaction=True)

CSV = "sku,name,price\nA,Lamp,much\nB,Vase,much\nC,Chair,30\n"
SENTENCE = "2 of 3 rows (66.7%) would be rejected; the limit is 10%."


@pytest.fixture(autouse=True)
def guards(settings: Settings) -> None:
    settings.IMPORT_GUARDS = {"rejected": Limit(share=10)}


def held() -> ImportJob:
    job = make_job(CSV)
    foreground.run(job.applies, lambda: None)  # type: ignore[arg-type]
    return job


def test_an_upload_waits_for_its_check_and_is_held_and_approved(api: APIClient, admin_user: User) -> None:
    sent = api.post("/api/uploads/", {"file": SimpleUploadedFile("a.csv", CSV.encode())})
    assert sent.status_code == 202
    told = sent.json()
    assert (told["status"], told["awaits_check"], told["dry_run"]) == ("queued", True, False)
    assert (told["trips"], told["approval"]) == ([], None)
    foreground.run(ImportJob.objects.get(pk=told["applies"]), lambda: None)

    told = api.get(told["url"]).json()
    assert (told["status"], told["awaits_check"]) == ("held", False)
    assert told["trips"] == [{"guard": "rejected", "sentence": SENTENCE, "number": 2, "of": 3, "share": 66.667}]
    assert [job["id"] for job in api.get("/api/jobs/?status=held").json()["results"]] == [told["id"]]

    answer = api.post(f"/api/jobs/{told['id']}/approve", {"reason": "Known."}, format="json")
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "queued"
    assert told["approval"].pop("at")
    assert told["approval"] == {"decision": "approved", "by": admin_user.username, "reason": "Known."}
    foreground.run(ImportJob.objects.get(pk=told["id"]), lambda: None)
    assert Product.objects.get().sku == "C"


def test_one_that_is_rejected_is_cancelled(api: APIClient, admin_user: User) -> None:
    answer = api.post(f"/api/jobs/{held().pk}/reject", {"reason": "Wrong column."}, format="json")

    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "cancelled")
    assert told["failure_reason"] == f"Rejected by {admin_user.username}: Wrong column."
    assert not Product.objects.exists()


def test_the_answer_to_an_apply_says_that_it_is_held(api: APIClient) -> None:
    check = run_import(CSV, dry_run=True)

    told = api.post(f"/api/jobs/{check.pk}/apply").json()

    assert (told["status"], told["trips"][0]["sentence"]) == ("held", SENTENCE)


@pytest.mark.parametrize("name", ["approve", "reject"])
@pytest.mark.parametrize(
    "body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 501}, {"reason": None}, {"reason": "x", "force": 1}]
)
def test_a_request_without_a_reason_or_with_more_is_a_400(api: APIClient, name: str, body: Any) -> None:
    job = held()

    assert api.post(f"/api/jobs/{job.pk}/{name}", body, format="json").status_code == 400
    assert api.post(f"/api/jobs/{job.pk}/{name}?force=1", {"reason": "x"}, format="json").status_code == 400
    assert ImportJob.objects.get(pk=job.pk).status == "held"


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_what_is_not_held_is_a_409_and_what_is_not_there_a_404(api: APIClient, name: str) -> None:
    job = make_job(CSV)

    answer = api.post(f"/api/jobs/{job.pk}/{name}", {"reason": "x"}, format="json")
    assert answer.status_code == 409
    assert "there is nothing to approve or to reject" in answer.json()["detail"]
    assert api.post(f"/api/jobs/{job.pk + 99}/{name}", {"reason": "x"}, format="json").status_code == 404


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_to_import_what_was_checked_is_no_permission_to_approve_it(name: str) -> None:
    client = client_with("imports.apply_importjob", "imports.change_importjob", "imports.view_importjob")
    job = held()

    assert client.post(f"/api/jobs/{job.pk}/{name}", {"reason": "x"}, format="json").status_code == 403
    assert ImportJob.objects.get(pk=job.pk).status == "held"


def test_who_started_it_may_not_approve_it_where_a_second_person_is_needed(
    api: APIClient, admin_user: User, settings: Settings
) -> None:
    settings.CHECK_NEEDS_SECOND_PERSON = True
    job = make_job(CSV, user=admin_user)
    foreground.run(job.applies, lambda: None)  # type: ignore[arg-type]

    answer = api.post(f"/api/jobs/{job.pk}/approve", {"reason": "x"}, format="json")

    assert answer.status_code == 409
    assert "by somebody else" in answer.json()["detail"]
