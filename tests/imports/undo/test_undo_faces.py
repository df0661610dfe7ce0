"""Undo as it is called: over HTTP, in the dashboard, by the command, and by the workers."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from imports.models import ImportJob
from products import editing
from products.editing import Editor
from products.models import Product
from tests.imports.factories import run_import
from tests.imports.short_import import work_off_the_queue
from tests.products.factories import client_of, make_user

pytestmark = pytest.mark.django_db

BEFORE = "sku,name,price\nA,Lamp,10\nB,Fan,20\n"
CONTENT = "sku,name,price\nA,Desk lamp,11\nB,Big fan,21\nC,New,1\n"


@pytest.fixture
def job() -> ImportJob:
    """An import of which one product was edited since."""
    run_import(BEFORE)
    job = run_import(CONTENT)
    product = Product.objects.get(sku="B")
    product.name = "My fan"
    editing.update(product, ["name"], Editor())
    return job


def api() -> Any:
    return client_of(make_user(is_superuser=True))


def test_an_undo_is_a_job_that_the_workers_do_and_tell_of(job: ImportJob) -> None:
    client = api()
    answer = client.post(f"/api/jobs/{job.pk}/undo")
    assert answer.status_code == 202
    assert (answer.json()["undoes"], answer.json()["status"], answer.json()["dry_run"]) == (job.pk, "queued", False)
    assert answer["Location"].endswith(f"/api/jobs/{answer.json()['id']}")

    work_off_the_queue()

    shown = client.get(answer["Location"]).json()
    assert (shown["status"], shown["updated_rows"], shown["deleted_rows"], shown["total_rows"]) == (
        "completed",
        2,
        1,
        3,
    )
    told = client.get(f"{answer['Location']}/undo").json()
    assert (told["undoes"], told["preview"], told["in_part"]) == (job.pk, False, 1)
    assert told["products"]["restored"] == 2
    assert told["fields"] == {"name": 1, "price": 2}
    assert [example["kept"] for example in told["examples"]["restored"]] == [["name"], []]
    assert dict(Product.objects.values_list("sku", "name")) == {"A": "Lamp", "B": "My fan"}


def test_a_preview_writes_nothing(job: ImportJob) -> None:
    client = api()
    address = client.post(f"/api/jobs/{job.pk}/undo?preview=true", {"fields": ["price"]}, format="json")["Location"]
    work_off_the_queue()

    told = client.get(f"{address}/undo").json()

    assert (told["preview"], told["selection"], told["not_selected"]) == (True, {"fields": ["price"]}, 1)
    assert told["products"]["restored"] == 2
    assert Product.objects.get(sku="C").name == "New"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"fields": ["colour"]}, "fields"),
        ({"sku": ["A"]}, "sku"),
        ({"skus": "A"}, "skus"),
        ({"fields": [[]]}, "fields"),
    ],
)
def test_what_is_unknown_is_refused(job: ImportJob, sent: dict[str, Any], name: str) -> None:
    answer = api().post(f"/api/jobs/{job.pk}/undo", sent, format="json")

    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert not ImportJob.objects.exclude(undoes=None).exists()


def test_a_parameter_that_makes_no_sense_is_refused_by_its_name(job: ImportJob) -> None:
    for query, name in (("preview=2", "preview"), ("dry=true", "dry")):
        answer = api().post(f"/api/jobs/{job.pk}/undo?{query}")
        assert (answer.status_code, list(answer.json())) == (400, [name])


def test_what_cannot_be_undone_is_a_conflict(job: ImportJob) -> None:
    client = api()
    assert client.post(f"/api/jobs/{job.pk}/undo").status_code == 202

    answer = client.post(f"/api/jobs/{job.pk}/undo")

    assert answer.status_code == 409
    assert "is being undone already" in answer.json()["detail"]
    told = client.get(f"/api/jobs/{job.pk}/undo").json()
    assert "is being undone already" in told["why_not"]
    assert (told["undoes"], set(told["products"].values())) == (None, {0})
    assert client.post("/api/jobs/999/undo").status_code == 404


def test_the_command_previews_and_undoes(job: ImportJob) -> None:
    def run(*arguments: str) -> str:
        stdout = io.StringIO()
        call_command("undo_import", str(job.pk), *arguments, stdout=stdout)
        return stdout.getvalue()

    preview = run("--preview")
    assert "Preview of the undo of import" in preview
    assert "(no product was written)" in preview
    assert Product.objects.count() == 3

    done = run()
    assert "          2  restored\n" in done
    assert "A: name 'Desk lamp' → 'Lamp'; price '11.00' → '10.00'" in done
    assert Product.objects.count() == 2


def test_the_command_says_what_cannot_be_undone() -> None:
    stderr = io.StringIO()
    with pytest.raises(Exception, match="There is no import 7"):
        call_command("undo_import", "7", stderr=stderr)


def test_in_the_dashboard_a_preview_leads_to_the_undo(job: ImportJob, admin_client: Client) -> None:
    page = admin_client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()
    assert "Undo…" in page

    answer = admin_client.post(f"/admin/imports/importjob/{job.pk}/undo/")
    preview = ImportJob.objects.get(undoes=job)
    assert answer["Location"] == f"/admin/imports/importjob/{preview.pk}/change/"
    work_off_the_queue()
    page = admin_client.get(answer["Location"]).content.decode()
    assert "What an undo would do" in page
    assert "kept: name" in page
    assert "“Desk lamp” → “Lamp”" in page
    assert Product.objects.count() == 3

    answer = admin_client.post(f"/admin/imports/importjob/{preview.pk}/undo/", follow=True)
    work_off_the_queue()

    assert Product.objects.count() == 2
    page = admin_client.get(answer.redirect_chain[-1][0]).content.decode()
    assert "What the undo has done" in page
    page = admin_client.get(f"/admin/imports/importjob/{job.pk}/change/").content.decode()
    assert "Undone by" in page


def test_a_preview_can_be_narrowed_down(job: ImportJob, admin_client: Client) -> None:
    admin_client.post(f"/admin/imports/importjob/{job.pk}/undo/", {"fields": ["price"], "skus": "a\r\n\r\nc\r\n"})

    assert ImportJob.objects.get(undoes=job).selection == {"skus": ["a", "c"], "fields": ["price"]}


def test_who_may_not_undo_sees_no_button(job: ImportJob, client: Client) -> None:
    user = make_user(is_staff=True)
    client.force_login(user)
    assert client.post(f"/admin/imports/importjob/{job.pk}/undo/").status_code == 403
    assert not ImportJob.objects.filter(undoes=job).exists()


def test_an_undo_that_was_cancelled_can_be_retried(job: ImportJob) -> None:
    client = api()
    undo = client.post(f"/api/jobs/{job.pk}/undo").json()["id"]
    assert client.post(f"/api/jobs/{undo}/cancel").status_code == 200
    assert client.post(f"/api/jobs/{undo}/retry").status_code == 200

    work_off_the_queue()

    assert client.get(f"/api/jobs/{undo}").json()["status"] == "completed"
    assert Product.objects.count() == 2
