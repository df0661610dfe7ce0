"""The page on which rejected rows are fixed: for whom, what it shows, and what it does with what it is sent."""

from __future__ import annotations

import re
import shutil
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from acme_importer.audit.models import Record
from imports import applying
from imports.commandline import foreground
from imports.dashboard import fix_page
from imports.models import Draft, ImportJob, RejectedRow
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import make_job, run_import, with_progress
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

ADD, VIEW, CONTROL = "imports.add_importjob", "imports.view_importjob", "imports.change_importjob"
CSV = "sku,name,is_active\nA,Lamp,maybe\nB,Vase,maybe\nC,Chair,perhaps\nD,Desk,yes\nE,,yes\n"
ACTIVE = 2


@pytest.fixture
def job() -> ImportJob:
    return run_import(CSV)


@pytest.fixture
def client() -> Client:
    return client_with(ADD, VIEW)


def client_with(*permissions: str, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(make_user(*permissions, is_staff=True))
    return client


def address(job: ImportJob, query: str = "?code=not_boolean") -> str:
    return f"/admin/imports/importjob/{job.pk}/fix/{query}"


def html(client: Client, job: ImportJob, query: str = "?code=not_boolean") -> str:
    answer = client.get(address(job, query))
    assert answer.status_code == 200
    return answer.content.decode()


def finish(job: ImportJob) -> ImportJob:
    foreground.run(job, lambda: None)
    return with_progress(job)


def lines(page: str) -> list[str]:
    return re.findall(r'data-label="Line">(\d+)', page)


def test_a_group_is_shown_with_an_input_for_each_field(job: ImportJob, client: Client) -> None:
    page = html(client, job)

    assert lines(page) == ["2", "3", "4"]
    assert 'name="row-2-0" value="A"' in page
    assert f'name="row-4-{ACTIVE}" value="perhaps"' in page
    assert 'name="wrong-0" value="maybe"' in page
    assert "(2 rows)" in page
    assert lines(html(client, job, "?code=new_without_name&column=name")) == ["6"]


@pytest.mark.parametrize("query", ["", "?code=nothing", "?code=not_boolean&column=x", "?page=x", "?page=-1&code=%00"])
def test_what_is_no_group_leads_to_the_largest(query: str, job: ImportJob, client: Client) -> None:
    assert lines(html(client, job, query)) == ["2", "3", "4"]


def test_fixed_rows_are_checked_and_the_check_is_shown(job: ImportJob, client: Client) -> None:
    answer = client.post(address(job), {"wrong-0": "maybe", "all-0": "inactive", f"row-4-{ACTIVE}": "yes"})

    check = ImportJob.objects.get(follows=job)
    assert answer["Location"] == f"/admin/imports/importjob/{check.pk}/change/"
    assert finish(check).created_rows == 3
    assert not Product.objects.filter(sku="A").exists()
    assert not Draft.objects.exists()
    assert Record.objects.filter(object_id=str(check.pk)).get().act == "import.uploaded"


def test_a_value_may_be_emptied_for_all(job: ImportJob, client: Client) -> None:
    client.post(address(job), {"wrong-0": "maybe", "all-0": "", "empty-0": "on", "wrong-1": "perhaps", "all-1": ""})

    check = finish(ImportJob.objects.get(follows=job))
    assert (check.created_rows, check.processed_rows) == (2, 2)


def test_what_was_fixed_is_not_offered_again(job: ImportJob, client: Client) -> None:
    client.post(address(job), {"wrong-0": "maybe", "all-0": "inactive"})
    check = finish(ImportJob.objects.get(follows=job))
    assert lines(html(client, job)) == ["2", "3", "4"], "A check has not written them."
    child = finish(applying.apply(check))

    assert lines(html(client, job)) == ["4"]
    for each in (job, child):
        page = unescape(client.get(f"/admin/imports/importjob/{each.pk}/change/").content.decode())
        text = " ".join(re.sub(r"<[^>]+>", "", page).split())
        assert f"2 of 4 rejected rows are still open; 2 were fixed by import {child.pk}." in text


def test_when_all_is_fixed_the_page_says_so(job: ImportJob, client: Client) -> None:
    RejectedRow.objects.update(fixed_by=1)

    assert "No rejected row of this import is open." in html(client, job)
    assert ImportJob.objects.count() == 1


@pytest.mark.parametrize("query", ["?code=not_boolean&column=is_active", "?code=not_boolean", ""])
def test_what_was_said_of_a_group_that_is_fixed_by_now_is_said_of_no_other(
    query: str, job: ImportJob, client: Client
) -> None:
    RejectedRow.objects.filter(code="not_boolean").update(fixed_by=1)

    answer = client.post(address(job, query), {"wrong-0": "", "all-0": "inactive", "row-6-1": "x"})

    assert answer.status_code == 409
    assert "no longer open" in answer.content.decode()
    assert ImportJob.objects.count() == 1


@pytest.mark.parametrize(
    ("permissions", "status"),
    [((), 403), ((ADD,), 403), ((VIEW,), 403), ((CONTROL,), 403), ((ADD, VIEW), 200), ((ADD, CONTROL), 200)],
)
def test_who_may_import_and_view_may_fix(permissions: tuple[str, ...], status: int, job: ImportJob) -> None:
    client = client_with(*permissions)

    assert client.get(address(job)).status_code == status
    answer = client.post(address(job), {"wrong-0": "maybe", "all-0": "no"})
    assert answer.status_code == (302 if status == 200 else status)
    assert ImportJob.objects.filter(follows=job).exists() == (status == 200)


def test_a_form_of_another_site_is_refused(job: ImportJob) -> None:
    client = client_with(ADD, VIEW, enforce_csrf_checks=True)

    assert client.post(address(job), {"wrong-0": "maybe", "all-0": "no"}).status_code == 403
    assert ImportJob.objects.count() == 1


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"row-2-0": "A", "row-2-1": "Lamp", f"row-2-{ACTIVE}": "maybe"},
        {"row-6-1": "of another group"},
        {"row-1000-1": "of no row"},
        {
            "row-2-99": "of no column",
            "row-2--1": "x",
            "row-²-0": "x",
            f"row-{'9' * 30}-0": "x",
            "row--": "x",
            "row": "x",
        },
        {"wrong-0": "nobody has it", "all-0": "no", "wrong-99": "maybe", "all-99": "no"},
        {"all-0": "no"},
    ],
)
def test_what_changes_nothing_is_told_and_nothing_is_checked(
    sent: dict[str, str], job: ImportJob, client: Client
) -> None:
    answer = client.post(address(job), sent)

    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()
    assert ImportJob.objects.count() == 1


def test_hostile_texts_are_escaped_in_what_is_shown_and_written_as_they_are(client: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    quoted = '"' + hostile.replace('"', '""') + '"'
    job = run_import(f"sku,name,is_active,{quoted}\nA,{quoted},{quoted},x\n</textarea><b>,B,\u202emaybe,x\n")

    page = html(client, job)
    assert "<script>alert" not in page
    assert "<b>" not in page
    answer = client.post(address(job), {"row-2-1": hostile, f"row-2-{ACTIVE}": hostile, "all-0": hostile})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.content.decode()
    client.post(address(job), {"row-2-1": f"=1+1{hostile}\0", f"row-2-{ACTIVE}": "yes"})
    assert finish(ImportJob.objects.get(follows=job)).rejected_rows == 1


def test_what_was_typed_is_still_there_when_it_could_not_be_checked(
    job: ImportJob, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"wrong-0": "maybe", "all-0": "inactive", "empty-0": "on", "row-4-1": "Armchair"}

    def refused(status: int, sentence: str) -> None:
        # As browsers send it. What has the form of an upload is refused before it is read.
        answer = client.post(address(job), urlencode(sent), content_type="application/x-www-form-urlencoded")
        page = answer.content.decode()
        assert (answer.status_code, sentence in page) == (status, True)
        assert 'name="all-0" value="inactive"' in page
        assert 'name="empty-0" checked' in page
        assert 'name="row-4-1" value="Armchair"' in page
        assert ImportJob.objects.count() == 1

    with monkeypatch.context() as patch:
        usage = shutil.disk_usage("/")
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
        refused(507, "too little free disk space")
    settings.UPLOAD_MAX_BYTES = 10
    refused(413, "larger than")
    settings.UPLOAD_MAX_BYTES = 1000_000
    settings.IMPORT_MAX_WAITING_FILES = 0
    refused(429, "IMPORT_MAX_WAITING_FILES")


def test_a_row_that_was_cut_is_not_offered(job: ImportJob, client: Client) -> None:
    RejectedRow.objects.filter(job=job, line=2).update(is_cut=True)

    page = html(client, job)

    assert "it cannot be fixed here" in page
    assert 'name="row-2-0"' not in page
    assert 'name="row-3-0"' in page


def test_a_job_that_runs_or_has_no_file_has_no_such_page(client: Client) -> None:
    waiting = make_job(CSV)
    undo = ImportJob.objects.create(file_size=0, undoes=waiting, status="completed")

    assert client.get(address(waiting))["Location"] == f"/admin/imports/importjob/{waiting.pk}/change/"
    assert client.post(address(waiting), {"all-0": "x"}).status_code == 302
    assert client.get(address(undo)).status_code == 404
    assert client.get("/admin/imports/importjob/999999/fix/").status_code == 404


def test_a_page_takes_as_many_queries_however_many_rows_there_are(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for number in (3, 300):
        job = run_import("sku,name,is_active\n" + "".join(f"S{n},Lamp,maybe {n % 30}\n" for n in range(number)))
        html(client, job)
        with CaptureQueriesContext(connection) as queries:
            page = html(client, job)
        assert len(lines(page)) == min(number, fix_page.ROWS_PER_PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "Page 1 of 6" in page
    assert len(lines(html(client, job, "?code=not_boolean&page=6"))) == 50
    assert page.count('name="wrong-') == 20


def test_what_was_changed_meanwhile_is_shown_as_a_conflict(job: ImportJob) -> None:
    editing.create(Product(sku="A", name="<i>Mine"), Editor())
    client = client_with(ADD, VIEW, "imports.apply_importjob", "products.view_product")
    client.post(address(job), {"wrong-0": "maybe", "all-0": "inactive"})
    check = finish(ImportJob.objects.get(follows=job))

    page = client.get(f"/admin/imports/importjob/{check.pk}/change/").content.decode()

    assert (check.created_rows, check.held_rows) == (1, 1)
    assert "Conflicts" in page
    assert "the import will not write them" in page
    assert "<del><bdi>&lt;i&gt;Mine</bdi></del> → <ins><bdi>Lamp</bdi></ins>" in page
    assert "import-held" not in page, "Its import has them, too."
    child = finish(applying.apply(check))
    page = client.get(f"/admin/imports/importjob/{child.pk}/change/").content.decode()
    assert "they were not written" in page
    assert "import-held" in page
