"""The import page: a file is uploaded, looked at, and then imported, tried or discarded; by those who may."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from imports import drafts, jobs, tasks
from imports.commandline import foreground
from imports.models import Draft, ImportJob
from products.models import Product
from tests.imports.factories import run_import, upload, with_progress
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

UPLOAD = "/admin/imports/importjob/upload/"
CSV = "SKU,Title,Colour\nA,Lamp,red\nB,,blue\n"
MAY_IMPORT = ("imports.add_importjob", "imports.view_importjob")


@pytest.fixture
def client() -> Client:
    """One who may import."""
    return client_with(*MAY_IMPORT)


def client_with(*permissions: str, **options) -> Client:
    client = Client(**options)
    client.force_login(make_user(*permissions, is_staff=True))
    return client


def send(client: Client, content: str | bytes = CSV, name: str = "products.csv", **fields):
    data = content.encode() if isinstance(content, str) else content
    return client.post(
        UPLOAD, {"file": SimpleUploadedFile(name, data), **fields}, headers={"Accept": "application/json"}
    )


def uploaded(client: Client, content: str | bytes = CSV, **fields) -> str:
    """The address of the preview."""
    return send(client, content, **fields).json()["url"]


def html(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def messages(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_an_uploaded_file_waits_for_a_decision(client):
    page = html(client, uploaded(client, CSV.replace("B,,", f"B,{'x' * 256},")))

    assert "1 of 2 rows would be rejected" in page
    assert "Ignored columns: <bdi>Colour</bdi>" in page
    assert not ImportJob.objects.exists()


def test_a_plain_form_is_led_on_to_the_preview(client):
    answer = client.post(UPLOAD, {"file": SimpleUploadedFile("products.csv", CSV.encode())}, follow=True)

    assert answer.redirect_chain == [(f"{UPLOAD}{Draft.objects.get().pk}/", 302)]


def test_it_is_checked_as_it_was_shown(client):
    answer = client.post(uploaded(client), {"action": "check", **columns(sku=0, name=1)})

    job = ImportJob.objects.get()
    assert answer.url == f"/admin/imports/importjob/{job.pk}/change/"
    assert (job.status, job.dry_run, job.filename) == ("queued", True, "products.csv")
    assert not Draft.objects.exists()
    foreground.run(job, lambda: None)
    assert with_progress(job).created_rows == 1
    assert not Product.objects.exists()


def columns(**positions: int) -> dict[str, str]:
    """The choices of columns in the form."""
    fields = ("sku", "name", "description", "price", "is_active")
    return {f"column_{field}": str(positions.get(field, "")) for field in fields}


def test_another_column_is_chosen_and_the_preview_follows(client):
    url = uploaded(client)

    client.post(url, {"action": "preview", **columns(sku=0, name=2)})

    page = html(client, url)
    assert "All 2 rows can be read" in page
    assert "Ignored columns: <bdi>Title</bdi>" in page
    assert Draft.objects.get().options.mapping == {
        "sku": "SKU", "name": "Colour", "description": "", "price": "", "is_active": ""
    }  # fmt: skip


def test_what_has_been_changed_is_shown_before_it_is_checked(client):
    answer = client.post(uploaded(client), {"action": "check", **columns(sku=0, name=2)}, follow=True)

    assert "Nothing was checked yet" in messages(answer)[0]
    assert not ImportJob.objects.exists()


def test_a_file_without_a_sku_column_is_fixed_in_the_page(client):
    url = uploaded(client, "Artikel,Titel\nA,Lampe\n")

    page = html(client, url)
    assert "no column &#x27;sku&#x27;" in page
    assert "Artikel (e.g. A)" in page
    assert 'value="check"' not in page
    client.post(url, {"action": "check"})
    assert not ImportJob.objects.exists()

    client.post(url, {"action": "preview", **columns(sku=0, name=1)})
    client.post(url, {"action": "check", **columns(sku=0, name=1)})
    assert ImportJob.objects.get().options.mapping["sku"] == "Artikel"


def test_another_delimiter_finds_the_columns_again(client):
    url = uploaded(client, "sku;x|name\nA;1|Lamp\n")
    client.post(url, {"action": "preview", **columns(sku=0)})

    client.post(url, {"action": "preview", "delimiter": "semicolon", **columns(sku=0)})

    draft = Draft.objects.get()
    assert (draft.options.delimiter, draft.options.mapping) == (";", {})
    assert "Ignored columns: <bdi>x|name</bdi>" in html(client, url)


def test_the_same_file_as_an_earlier_one_is_said(client):
    earlier = run_import(CSV)

    page = html(client, uploaded(client))

    assert "The same file was imported before" in page
    assert f'href="/admin/imports/importjob/{earlier.pk}/change/"' in page


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [("", "empty.csv", "is empty"), (CSV, "", "There is no file")],
)
def test_what_is_no_file_is_refused_with_what_to_do(client, content, name, reason):
    answer = send(client, content, name) if name else client.post(UPLOAD, headers={"Accept": "application/json"})

    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert "hoose" in answer.json()["error"]
    assert not Draft.objects.exists()


def test_a_file_that_is_too_large_is_refused_with_what_to_do(client, settings, upload_folder):
    settings.UPLOAD_MAX_BYTES = 10

    answer = send(client)

    assert answer.status_code == 413
    assert "Send it compressed" in answer.json()["error"]
    assert not [path for path in upload_folder.rglob("*") if path.is_file()]
    page = client.post(UPLOAD, {"file": SimpleUploadedFile("products.csv", CSV.encode())})
    assert page.status_code == 413
    assert "Send it compressed" in page.content.decode()


def test_a_discarded_file_is_gone(client):
    url = uploaded(client)
    name = Draft.objects.get().stored_as

    answer = client.post(url, {"action": "discard"}, follow=True)

    assert messages(answer) == ["'products.csv' was discarded; nothing was imported."]
    assert not default_storage.exists(name)


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_gone_is_said(client, method):
    url = uploaded(client)
    client.post(url, {"action": "check", **columns(sku=0, name=1)})

    answer = getattr(client, method)(url, {"action": "check"}, follow=True)

    assert "Upload it again" in messages(answer)[0]
    assert ImportJob.objects.count() == 1


def test_a_file_that_the_host_has_lost_is_told(client):
    url = uploaded(client)
    default_storage.delete(Draft.objects.get().stored_as)

    assert "Upload it again" in messages(client.get(url, follow=True))[0]


def test_a_file_of_very_many_columns_makes_no_endless_page(client):
    names = ",".join(f"column {number}" for number in range(16_000))

    page = html(client, uploaded(client, f"{names},sku,name\n{',' * 16_000}A,Lamp\n"))

    assert len(page) < 500_000
    assert '<option value="16000" selected>sku (e.g. A)</option>' in page


def test_a_draft_is_checked_once_whoever_clicks_twice():
    draft = drafts.create(upload(CSV), make_user())
    drafts.submit(draft)

    with pytest.raises(jobs.WrongStateError):
        drafts.submit(draft)
    with pytest.raises(jobs.WrongStateError):
        drafts.discard(draft)
    assert default_storage.exists(draft.stored_as)


def test_drafts_are_deleted_after_a_day_and_no_job_loses_its_file():
    old, new = drafts.create(upload(CSV), make_user()), drafts.create(upload(CSV), make_user())
    job = drafts.submit(drafts.create(upload(CSV), make_user()))
    Draft.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=1, minutes=1))

    tasks.delete_old_files()

    assert list(Draft.objects.all()) == [new]
    assert [default_storage.exists(file.stored_as) for file in (old, new, job)] == [False, True, True]


def test_drafts_are_no_jobs_for_the_api(client, api):
    uploaded(client)

    assert api.get("/api/jobs/").json()["count"] == 0


def test_the_corrected_rows_follow_their_import(client):
    first = run_import("Artikel,Titel\nA,Lamp\nB,\n", mapping={"sku": "Artikel", "name": "Titel"})

    assert f"import {first.pk}, <bdi>products.csv</bdi>" in html(client, f"{UPLOAD}?follows={first.pk}")
    url = uploaded(client, "Artikel,Titel,import_line\nB,Chair,3\n", follows=first.pk)
    assert "The row can be read" in html(client, url)
    client.post(url, {"action": "check", **columns(sku=0, name=1)})

    assert ImportJob.objects.latest("pk").follows == first


def test_nobody_else_sees_a_draft(client):
    url = uploaded(client)

    answer = client_with(*MAY_IMPORT).get(url)

    assert answer.status_code == 302
    assert Draft.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_may_not_import_is_refused(client, method):
    url = uploaded(client)
    viewer = client_with("imports.view_importjob", "imports.change_importjob")

    assert getattr(viewer, method)(UPLOAD).status_code == 403
    assert getattr(viewer, method)(url).status_code == 403
    assert getattr(Client(), method)(UPLOAD).url.startswith("/admin/login/")
    assert Draft.objects.count() == 1


def test_a_form_from_elsewhere_is_refused():
    client = client_with(*MAY_IMPORT, enforce_csrf_checks=True)

    assert send(client).status_code == 403
    assert not Draft.objects.exists()


def test_hostile_names_and_values_are_shown_harmless(client):
    evil = '<script>alert(1)</script>"\x1b[31m\u202e'
    file = SimpleUploadedFile("x.csv", f'sku,"{evil.replace(chr(34), chr(34) * 2)}"\n"{evil[:20]}",\n'.encode())
    file._name = "<img src=x>\u202e.csv"  # type: ignore[attr-defined]  # the class itself would tidy such a name

    answer = client.post(UPLOAD, {"file": file}, follow=True)

    page = answer.content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
