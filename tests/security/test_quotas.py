"""How many files and bytes of one user may wait, at once as well; and where they say so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.conf import settings as product_settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from imports import drafts, jobs, quotas
from imports.models import Draft, ImportJob
from imports.options import Options
from tests.imports.factories import make_job, run_import, upload
from tests.products.factories import client_of
from tests.threads import in_threads

Status = ImportJob.Status
CSV = "sku,name\nA1,Chair\n"
UPLOADS = "/api/uploads/"
PAGE = "/admin/imports/importjob/upload/"

pytestmark = pytest.mark.django_db


def send(client: APIClient, content: str = CSV) -> tuple[int, str]:
    """The status of the response to an upload, and what it says."""
    response = client.post(f"{UPLOADS}?filename=a.csv", content.encode(), content_type="text/csv")
    return response.status_code, response.json().get("detail", "")


def rows(count: int, prefix: str = "S") -> str:
    return "sku,name\n" + "".join(f"{prefix}-{number},Product {number} of some length\n" for number in range(count))


def test_so_many_files_may_wait_and_the_response_says_so(anna: User, bert: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 3
    client = client_of(anna)
    drafts.create(upload(CSV), anna)
    assert [send(client)[0] for _ in range(2)] == [202, 202]

    status, detail = send(client)

    assert status == 429
    assert "You have 3 files" in detail
    assert "IMPORT_MAX_WAITING_FILES" in detail
    assert "cancel or discard some that you do not need" in detail
    assert send(client_of(bert))[0] == 202
    assert ImportJob.objects.count() == 3


def test_the_response_says_when_to_try_again(anna: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    client = client_of(anna)
    send(client)
    response = client.post(UPLOADS, CSV.encode(), content_type="text/csv")
    assert (response.status_code, response["Retry-After"]) == (429, "60")


def test_what_is_over_does_not_count(anna: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    run_import(CSV, user=anna)
    assert send(client_of(anna))[0] == 202


def test_so_many_bytes_may_wait(anna: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_MB = 3
    client = client_of(anna)
    megabyte = rows(40_000)[: 1024**2]
    assert [send(client, megabyte)[0] for _ in range(3)] == [202] * 3

    status, detail = send(client, megabyte)

    assert status == 429
    assert "You have 3.0 MB of files" in detail
    assert "this file has 1.0 MB" in detail
    assert "IMPORT_MAX_WAITING_MB" in detail


def test_it_is_refused_before_its_body_is_read(anna: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    client = client_of(anna)
    send(client)
    page = Client()
    page.force_login(anna)

    class Unread:
        def read(*_: object) -> bytes:
            raise AssertionError("The body was read.")

        readline = read

    for address, kind, sender in (
        (UPLOADS, "text/csv", client),
        (UPLOADS, "multipart/form-data; boundary=x", client),
        (PAGE, "multipart/form-data; boundary=x", page),
    ):
        unread: dict[str, Any] = {"wsgi.input": Unread()}
        assert sender.post(address, b"x", content_type=kind, **unread).status_code == 429


def test_the_page_says_so_in_a_sentence(anna: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    drafts.create(upload(CSV), anna)
    client = Client()
    client.force_login(anna)

    for accept, kind in (("application/json", "application/json"), ("text/html", "text/html; charset=utf-8")):
        response = client.post(PAGE, {"file": upload(CSV)}, headers={"Accept": accept})
        assert (response.status_code, response["Content-Type"]) == (429, kind)
        assert "You have 1 file" in response.content.decode()
    assert Draft.objects.count() == 1
    # Before a file is chosen, too.
    assert "You have 1 file" in client.get(PAGE).content.decode()


def test_a_check_is_not_imported_beyond_the_limit(anna: User, settings: Settings, client: Client) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    dry_run = run_import(CSV, dry_run=True, user=anna)
    make_job(CSV, user=anna)
    anna.user_permissions.add(Permission.objects.get(codename="apply_importjob"))
    client.force_login(anna)

    response = client.post(f"/admin/imports/importjob/{dry_run.pk}/apply/", follow=True)

    assert "You have 1 file" in response.content.decode()
    assert ImportJob.objects.count() == 2


def test_superusers_have_the_same_limit_and_the_command_has_none(admin_user: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 1
    make_job(CSV, user=admin_user)
    with pytest.raises(quotas.QuotaError):
        make_job(CSV, user=admin_user)
    for _ in range(3):
        make_job(CSV)


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_do_not_pass_it_together(anna: User, settings: Settings) -> None:
    settings.IMPORT_MAX_WAITING_FILES = 3
    outcomes: list[str] = []

    def create() -> None:
        try:
            jobs.create(upload(CSV), Options(), anna)
            outcomes.append("kept")
        except quotas.QuotaError:
            outcomes.append("refused")

    assert not in_threads(*[create] * 8)

    assert sorted(outcomes) == ["kept"] * 3 + ["refused"] * 5
    assert ImportJob.objects.count() == 3
    stored = [path for path in product_settings.UPLOAD_FOLDER.rglob("*") if path.is_file()]
    assert len(stored) == 3


@pytest.mark.parametrize("files", [1, 40])
def test_the_check_is_two_queries_for_any_number_of_files(
    anna: User,
    files: int,
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    for _ in range(files):
        make_job(CSV, user=anna)
    with django_assert_num_queries(2):
        quotas.check(anna.pk, 1)
