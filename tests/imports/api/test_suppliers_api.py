"""Suppliers over the API: remembered from an import, named with an upload, changed, and seen by those who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from imports import remembering
from imports.commandline import foreground
from imports.models import ImportJob, Supplier
from tests.imports.factories import run_import
from tests.products.factories import client_with

pytestmark = pytest.mark.django_db(transaction=True)

FILE = "sku;name;Netto\nA-1;Lamp;1,50\n"
DRIFTED = "sku;name;Brutto\nA-1;Lamp;2,50\n"
MAPPING = {"price": "Netto"}


@pytest.fixture
def nordic() -> Supplier:
    return remembering.remember("Nordic Tools", run_import(FILE, mapping=MAPPING))


def send(api: APIClient, content: str, **fields: Any) -> Any:
    return api.post("/api/uploads/", {"file": SimpleUploadedFile("a.csv", content.encode()), **fields})


def finish() -> ImportJob:
    job = ImportJob.objects.latest("pk")
    if job.awaits_check and job.applies:
        foreground.run(job.applies, lambda: None)
    foreground.run(job, lambda: None)
    return job


def test_an_import_is_remembered_and_the_next_file_is_read_so(api: APIClient) -> None:
    job = run_import(FILE, mapping=MAPPING)

    answer = api.post("/api/suppliers/", {"name": "Nordic Tools", "job": job.pk}, format="json")

    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["name"], told["version"]) == ("Nordic Tools", 1)
    assert told["reading"]["options"]["mapping"]["price"] == "Netto"
    assert told["reading"]["learned_from"] == job.pk
    sent = send(api, FILE.replace("1,50", "1,75"), supplier="nordic tools")
    assert sent.status_code == 202, sent.content
    shown = api.get(f"/api/jobs/{finish().pk}/").json()
    assert (shown["supplier"], shown["supplier_version"], shown["updated_rows"]) == ("Nordic Tools", 1, 1)
    listed = api.get(f"/api/jobs/?supplier={told['id']}").json()["results"]
    assert [each["id"] for each in listed] == [shown["id"], shown["applies"], job.pk]


def test_columns_that_have_changed_are_told_with_a_mapping_to_send_back(api: APIClient, nordic: Supplier) -> None:
    send(api, DRIFTED, supplier="Nordic Tools")
    stopped = api.get(f"/api/jobs/{finish().pk}/").json()

    assert stopped["status"] == "failed"
    assert "Gone: 'Netto'. New: 'Brutto'." in stopped["failure_reason"]
    send(api, DRIFTED, supplier="Nordic Tools", mapping=json.dumps(stopped["question"]["mapping"]))
    job = finish()
    assert api.get(f"/api/jobs/{job.pk}/").json()["updated_rows"] == 1

    changed = api.patch(f"/api/suppliers/{nordic.pk}/", {"job": job.pk}, format="json")
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert changed.json()["reading"]["header"] == ["sku", "name", "Brutto"]
    versions = api.get(f"/api/suppliers/{nordic.pk}/versions").json()["results"]
    assert [version["number"] for version in versions] == [2, 1]


def test_it_is_called_otherwise_and_read_otherwise_and_deleted(api: APIClient, nordic: Supplier) -> None:
    address = f"/api/suppliers/{nordic.pk}/"
    options = {"mapping": MAPPING, "mode": "update_only", "header_line": 1, "words": {"jo": True}, "extra": True}

    changed = api.patch(address, {"name": "Baltic", "options": options}, format="json")

    assert changed.status_code == 200, changed.content
    assert (changed.json()["name"], changed.json()["version"]) == ("Baltic", 2)
    assert changed.json()["reading"]["options"] == options
    assert api.delete(address).status_code == 204
    assert not Supplier.objects.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "delete_all"},
        {"dry_run": True},
        {"supplier": "x"},
        {"delimiter": 5},
        {"header_line": "three"},
        {"mapping": ["sku"]},
        {"mapping": {"sku": "a\0b"}},
        {"mapping": {"colour": "x"}},
        {"words": {"jo": "yes"}},
        {"encoding": "klingon"},
        {"file": "x"},
        {"numbers": {"decimal": "x"}},
        "text",
    ],
)
def test_options_that_no_upload_takes_are_a_400(api: APIClient, nordic: Supplier, options: Any) -> None:
    answer = api.patch(f"/api/suppliers/{nordic.pk}/", {"options": options}, format="json")

    assert answer.status_code == 400, answer.content
    assert "options" in answer.json() or set(options) & set(answer.json())
    nordic.refresh_from_db()
    assert nordic.version == 1


def test_what_cannot_be_is_said(api: APIClient, nordic: Supplier) -> None:
    check = run_import(FILE, mapping=MAPPING, dry_run=True)

    assert api.post("/api/suppliers/", {"name": "Other", "job": check.pk}, format="json").status_code == 409
    taken = api.post(
        "/api/suppliers/", {"name": "NORDIC tools", "job": run_import(FILE, mapping=MAPPING).pk}, format="json"
    )
    assert (taken.status_code, taken.json()["detail"]) == (409, "There is a supplier 'NORDIC tools' already.")
    assert api.post("/api/suppliers/", {"name": "Other", "job": 10**6}, format="json").status_code == 400
    unknown = send(api, FILE, supplier="Nobody")
    assert (unknown.status_code, unknown.json()) == (400, {"supplier": ["supplier: there is no supplier 'Nobody'."]})
    both = api.patch(f"/api/suppliers/{nordic.pk}/", {"job": check.pk, "options": {}}, format="json")
    assert both.status_code == 400


def test_only_those_who_may_see_suppliers_name_one(nordic: Supplier) -> None:
    blind, seeing = client_with("imports.add_importjob"), client_with("imports.add_importjob", "imports.view_supplier")

    assert send(blind, FILE, supplier="Nordic Tools").status_code == 403
    # Nor do they learn who is one.
    assert send(blind, FILE, supplier="Nobody").status_code == 403
    assert send(blind, FILE).status_code == 202
    assert send(seeing, FILE, supplier="Nordic Tools").status_code == 202


def test_a_page_of_suppliers_takes_as_many_queries_however_many_there_are(
    api: APIClient, nordic: Supplier, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        remembering.remember(f"Number {number}", ImportJob.objects.latest("pk"))

    with django_assert_max_num_queries(8):
        assert api.get("/api/suppliers/").json()["count"] == 6
    with django_assert_max_num_queries(8):
        assert api.get("/api/jobs/").json()["count"] == 1


def test_guards_and_missing_products_are_set_by_supplier(api: APIClient, nordic: Supplier) -> None:
    address = f"/api/suppliers/{nordic.pk}/"
    said = {"guards": {"rejected": {"number": 0}, "new": None}, "missing": "deactivate", "missing_after": 3}

    changed = api.patch(address, said, format="json")

    assert changed.status_code == 200, changed.content
    assert {name: changed.json()["reading"][name] for name in said} == said
    assert changed.json()["reading"]["options"]["mapping"]["price"] == "Netto"
    # What is learned anew is how files are read.
    again = api.patch(address, {"job": run_import(FILE, mapping=MAPPING).pk}, format="json")
    assert {name: again.json()["reading"][name] for name in said} == said
    assert api.patch(address, {"guards": None}, format="json").json()["reading"]["guards"] is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"guards": {"colour": {}}}, "there is no guard 'colour'"),
        ({"guards": {"new": {"share": 101}}}, "must not be over 100"),
        ({"guards": []}, "guards are a JSON object"),
        ({"missing": "delete"}, "is not a valid choice"),
        ({"missing_after": 0}, "greater than or equal to 1"),
        ({"missing_after": 11}, "less than or equal to 10"),
    ],
)
def test_guards_and_missing_products_that_make_no_sense_are_a_400(
    api: APIClient, nordic: Supplier, said: dict[str, Any], why: str
) -> None:
    answer = api.patch(f"/api/suppliers/{nordic.pk}/", said, format="json")

    assert answer.status_code == 400
    assert why in str(answer.json())


@pytest.mark.parametrize("number", ["99999999999999999999999", "0", "1.5", "abc", "1e30"])
def test_a_number_that_no_supplier_has_finds_nothing(api: APIClient, admin_client: Client, number: str) -> None:
    answer = api.get("/api/jobs/", {"supplier": number})

    assert answer.status_code == 400 or answer.json()["count"] == 0
    assert api.get(f"/api/suppliers/{number}/").status_code == 404
    assert admin_client.get("/admin/imports/importjob/", {"supplier": number}).status_code == 200
    assert api.post("/api/suppliers/", {"name": "Nordic", "job": number}, format="json").status_code == 400
