"""The audit trail is read by those who may, exported, and kept for as long as the settings say; nobody changes it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from acme_importer import batches
from acme_importer.audit import tasks
from acme_importer.audit.export import BATCH_ROWS, csv_blocks
from acme_importer.audit.models import Record
from tests.products.factories import client_with

pytestmark = pytest.mark.django_db

LIST = "/admin/audit/record/"


def make_records(number: int, **fields: object) -> None:
    values = {"act": "product.created", "way": "api", "user_name": "anna", "object_name": "Lamp", **fields}
    Record.objects.bulk_create(Record(**values) for _ in range(number))


def reader(*permissions: str) -> Client:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_it_is_for_those_who_may_see_it() -> None:
    make_records(1)
    other, auditor = reader("view_product", "view_importjob"), client_with("audit.view_record")

    assert other.get(LIST).status_code == 403
    assert other.get("/api/audit/").status_code == 403
    assert other.get("/api/audit/export.csv").status_code == 403
    assert APIClient().get("/api/audit/").status_code == 401
    assert auditor.get("/api/audit/").json()["count"] == 1


def test_not_even_an_administrator_changes_or_deletes_a_record(admin_client: Client, api: APIClient) -> None:
    # The key of the API's client is on record.
    Record.objects.all().delete()
    make_records(1)
    record = Record.objects.get()

    assert admin_client.post(f"{LIST}{record.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{LIST}{record.pk}/change/", {"user_name": "berta"}).status_code == 403
    assert admin_client.post(f"{LIST}add/", {}).status_code == 403
    admin_client.post(LIST, {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"})
    for method in ("put", "patch", "delete"):
        assert getattr(api, method)(f"/api/audit/{record.pk}/").status_code == 404
    assert api.post("/api/audit/", {}).status_code == 405
    assert Record.objects.get().user_name == "anna"
    assert not Permission.objects.filter(content_type__app_label="audit").exclude(codename="view_record")


def test_the_list_is_filtered_and_searched_and_takes_no_other_lookups(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_records(60)
    make_records(1, act="webhook.deleted", way="dashboard", user_name="berta", object_name="<b>Till</b>")
    client = reader("view_record")

    with django_assert_num_queries(7):
        page = client.get(LIST).content.decode()
    assert "&lt;b&gt;Till&lt;/b&gt;" in page
    assert "<b>Till" not in page
    assert (
        "Product created" not in client.get(f"{LIST}?way__exact=dashboard").content.decode().partition("result_list")[2]
    )
    assert "1 record" in client.get(f"{LIST}?q=berta").content.decode()
    assert client.get(f"{LIST}?user__password__startswith=p").status_code in (302, 400)
    page = client.get(f"{LIST}{Record.objects.get(user_name='berta').pk}/change/").content.decode()
    assert "Webhook deleted" in page


def test_the_api_has_the_same_filters() -> None:
    make_records(3)
    make_records(2, act="webhook.deleted", way="dashboard", user_name="berta", count=7)
    client = client_with("audit.view_record")

    def count(query: str) -> int:
        return client.get(f"/api/audit/?{query}").json()["count"]

    assert count("user=berta") == count("way=dashboard") == count("act=webhook.deleted") == 2
    assert count("act=webhook.deleted&act=product.created") == 5
    assert count("after=2999-01-01T00:00:00Z") == 0
    assert client.get("/api/audit/?usr=berta").status_code == 400
    assert client.get("/api/audit?page_size=1").json()["results"][0]["count"] == 7


def test_the_export_is_written_while_it_is_read(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_records(2 * BATCH_ROWS + 1, details={"fields": ["name"]})

    blocks = list(csv_blocks(Record.objects.all()))

    assert len(blocks) == 3
    rows = list(csv.DictReader(io.StringIO("".join(blocks))))
    assert len(rows) == 2 * BATCH_ROWS + 1
    assert json.loads(rows[0]["details"]) == {"fields": ["name"]}
    assert (rows[0]["user_name"], rows[0]["act"]) == ("anna", "product.created")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("https://evil.example")'])
def test_no_name_in_the_export_is_a_formula(name: str) -> None:
    make_records(1, object_name=name, user_name=name)

    [row] = csv.DictReader(io.StringIO("".join(csv_blocks(Record.objects.all()))))

    assert row["object_name"] == row["user_name"] == f"'{name}"


def test_it_is_exported_from_the_list_and_the_api_as_it_is_filtered() -> None:
    make_records(2)
    make_records(1, user_name="berta")
    client = reader("view_record")

    sent = {"action": "export_csv", "_selected_action": [Record.objects.latest("id").pk], "select_across": "1"}
    answer = client.post(f"{LIST}?q=berta", sent)
    assert answer.getvalue().decode().count("\r\n") == 2
    assert "audit-" in answer.headers["Content-Disposition"]
    answer = client.get("/api/audit/export.csv?user=anna")
    assert answer.getvalue().decode().count("\r\n") == 3
    assert answer.headers["Cache-Control"] == "no-store"


def test_records_are_deleted_when_their_time_is_over(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.AUDIT_KEEP_DAYS = 10
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    make_records(5, at=timezone.now() - timedelta(days=11))
    make_records(1, at=timezone.now() - timedelta(days=9))

    assert tasks.prune() == 5
    assert Record.objects.count() == 1


def test_the_schedule_is_there_after_a_migration() -> None:
    assert Schedule.objects.get(name="audit: delete old records").func == "acme_importer.audit.tasks.prune"
