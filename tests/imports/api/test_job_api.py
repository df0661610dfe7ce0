"""Import jobs over the API: how far each is, cancelled, retried; cheap to ask for."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from imports import jobs, progress
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from imports.tasks import advance_lane, open_job
from products.models import Product
from tests.imports.factories import make_job, open_without_messages, retry_without_messages, run_import, with_progress
from tests.products.factories import client_with, make_product, make_user

pytestmark = pytest.mark.django_db

HEADER = "SKU;Product name;price;Colour\n"
CSV = HEADER + "A;Lamp;9,90;red\nB;Table;80;brown\na;Lamp;5;red\nC;;7;\nD;Chair;30;\nE;Shelf;20;white\n"


def under_way(*, lanes=1, chunk_rows=2, settings, user=None):
    """Return a job whose first lane is one chunk forward."""
    settings.IMPORT_CHUNK_ROWS = chunk_rows
    settings.IMPORT_LANES = lanes
    job = make_job(CSV, user=user)
    open_without_messages(job)
    step(job)
    return with_progress(job)


def step(job):
    lane = ImportLane.objects.filter(job=job.pk, finished=False)[0]
    with open_lane(lane) as run:
        run.advance()


def test_a_finished_job_is_shown_with_its_receipt(api):
    make_product("D", name="Chair", price="30")
    make_product("E", name="Old")
    ann = User.objects.create_user("ann")
    job = run_import(CSV, filename="Möbel.csv", user=ann)

    shown = api.get(f"/api/jobs/{job.pk}").json()

    for name in ("created_at", "started_at", "finished_at"):
        assert shown.pop(name).endswith("Z")
    assert shown.pop("rows_per_second") > 0
    assert shown == {
        "id": job.pk,
        "url": f"http://testserver/api/jobs/{job.pk}",
        "status": "completed",
        "filename": "Möbel.csv",
        "file_size": len(CSV),
        "sha256": job.sha256,
        "dry_run": False,
        "follows": None,
        "applies": None,
        "supplier": None,
        "supplier_version": None,
        "undoes": None,
        "awaits_check": False,
        "trips": [],
        "approval": None,
        "created_by": "ann",
        "encoding": "utf-8",
        "delimiter": ";",
        "sheet": "",
        "format": "",
        "warnings": [],
        "header_lines": [1],
        "columns": {"sku": "SKU", "name": "Product name", "price": "price"},
        "ignored_columns": ["Colour"],
        "numbers": {"decimal": ",", "thousands": "", "currency": "", "source": "detected"},
        "words": {},
        "options": {},
        "question": None,
        "progress": 1,
        "total_rows": 6,
        "processed_rows": 6,
        "created_rows": 2,
        "updated_rows": 1,
        "unchanged_rows": 1,
        "duplicate_rows": 1,
        "rejected_rows": 1,
        "skipped_rows": 0,
        "deleted_rows": 0,
        "superseded_rows": 0,
        "held_rows": 0,
        "open_rows": 1,
        "deactivated_products": 0,
        "activated_products": 0,
        "eta_seconds": None,
        "failure_reason": "",
        "rejected_rows_deleted_at": None,
    }


def test_a_job_that_waits_has_no_progress_yet(api):
    shown = api.get(f"/api/jobs/{make_job(CSV).pk}").json()

    assert (shown["status"], shown["progress"], shown["columns"], shown["created_by"]) == ("queued", 0, {}, None)
    for name in ("total_rows", "rows_per_second", "eta_seconds", "started_at", "finished_at"):
        assert shown[name] is None


def test_a_failed_job_says_why(api):
    job = run_import("colour\nred\n")

    shown = api.get(f"/api/jobs/{job.pk}").json()

    assert (shown["status"], shown["progress"]) == ("failed", 0)
    assert shown["failure_reason"].startswith("The file has no column 'sku'.")
    assert shown["rows_per_second"] is None


@pytest.mark.parametrize("lanes", [1, 2, 3])
def test_progress_grows_with_the_lanes_and_is_one_only_in_the_end(api, settings, lanes):
    job = under_way(lanes=lanes, settings=settings)
    seen = [0]

    while (shown := api.get(f"/api/jobs/{job.pk}").json())["status"] == "running":
        assert seen[-1] <= shown["progress"] < 1
        assert shown["processed_rows"] == sum(shown[name] for name in ImportLane.COUNTS)
        seen.append(shown["progress"])
        step(job)

    assert len(set(seen)) > 2
    assert (shown["status"], shown["progress"], shown["eta_seconds"]) == ("completed", 1, None)


def test_the_header_is_no_progress(api, settings):
    settings.IMPORT_LANES = 1
    job = make_job(CSV)
    open_without_messages(job)

    shown = api.get(f"/api/jobs/{job.pk}").json()

    assert (shown["status"], shown["progress"], shown["rows_per_second"]) == ("running", 0, None)


def test_speed_and_time_left_count_from_this_run(settings):
    job = under_way(settings=settings, chunk_rows=1)
    now = timezone.now()
    job.run_started_at, job.run_first_row, job.finished_at = now - timedelta(seconds=10), 1000, None
    job.processed_rows, job.lane_count, job.lanes_offset, job.content_size = 1200, 2, 50, 100

    assert progress.progress(job) == 0.25
    assert progress.rows_per_second(job) == pytest.approx(20, rel=0.02)
    # Estimated to have 4,800 rows.
    assert progress.eta_seconds(job) == pytest.approx(180, rel=0.02)

    job.total_rows = 1400
    assert progress.eta_seconds(job) == pytest.approx(10, abs=1)


def test_after_a_retry_the_speed_is_that_of_the_new_run(api, settings):
    job = under_way(settings=settings)
    jobs.cancel(job)
    long_ago = timezone.now() - timedelta(days=1)
    ImportJob.objects.filter(pk=job.pk).update(started_at=long_ago, run_started_at=long_ago, finished_at=long_ago)
    retry_without_messages(job)

    assert api.get(f"/api/jobs/{job.pk}").json()["rows_per_second"] is None
    step(job)
    assert api.get(f"/api/jobs/{job.pk}").json()["rows_per_second"] > 1


@pytest.mark.parametrize("lanes", [1, 7])
def test_polling_is_two_queries_besides_those_of_the_token(api, settings, django_assert_num_queries, lanes):
    job = under_way(lanes=lanes, settings=settings, user=make_user())

    # The token with its user; the job; its lanes.
    with django_assert_num_queries(3):
        api.get(f"/api/jobs/{job.pk}")


@pytest.mark.parametrize("number", [1, 30])
def test_a_page_of_jobs_takes_two_queries_however_many_it_has(api, django_assert_num_queries, number):
    user = make_user()
    for _ in range(number):
        run_import(CSV, user=user)

    # The token with its user; the page, whose length tells how many there are; the lanes of its jobs.
    with django_assert_num_queries(3):
        answer = api.get("/api/jobs/")

    assert len(answer.json()["results"]) == number
    assert {shown["processed_rows"] for shown in answer.json()["results"]} == {6}


def test_jobs_come_in_pages_the_newest_first(api):
    made = [make_job(CSV).pk for _ in range(3)]

    first = api.get("/api/jobs/", {"page_size": 2}).json()

    assert (first["count"], [shown["id"] for shown in first["results"]]) == (3, [made[2], made[1]])
    assert [shown["id"] for shown in api.get(first["next"]).json()["results"]] == [made[0]]


def ids(answer):
    assert answer.status_code == 200, answer.json()
    return [shown["id"] for shown in answer.json()["results"]]


def test_jobs_are_filtered(api):
    done = run_import(CSV, filename="Spring catalogue.csv")
    failed = run_import("nothing", filename="autumn.csv")
    dry = run_import(CSV + "F;Bed;1;\n", filename="spring-dry.csv", dry_run=True)
    yesterday = timezone.now() - timedelta(days=1)
    ImportJob.objects.filter(pk=failed.pk).update(created_at=yesterday)

    assert ids(api.get("/api/jobs/", {"status": "failed"})) == [failed.pk]
    assert ids(api.get("/api/jobs/", {"status": ["failed", "completed"]})) == [dry.pk, failed.pk, done.pk]
    assert ids(api.get("/api/jobs/", {"dry_run": "true"})) == [dry.pk]
    assert ids(api.get("/api/jobs/", {"dry_run": "false"})) == [failed.pk, done.pk]
    assert ids(api.get("/api/jobs/", {"filename": "SPRING"})) == [dry.pk, done.pk]
    assert ids(api.get("/api/jobs/", {"sha256": done.sha256.upper()})) == [done.pk]
    assert ids(api.get("/api/jobs/", {"created_before": done.created_at.isoformat()})) == [failed.pk]
    assert ids(api.get("/api/jobs/", {"created_after": done.created_at.isoformat()})) == [dry.pk, done.pk]
    assert ids(api.get("/api/jobs/", {"status": "completed", "dry_run": "false"})) == [done.pk]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "resting"),
        ("dry_run", "perhaps"),
        ("created_after", "soon"),
        ("created_after", "0001-01-01T00:00:00+14:00"),
        ("created_before", "9999-12-31T23:59:59-14:00"),
        ("ordering", "sha256"),
        ("filename", "\0"),
        ("sha256", "\0"),
    ],
)
def test_a_filter_that_is_not_understood_is_a_400_that_names_it(api, name, value):
    answer = api.get("/api/jobs/", {name: value})

    assert answer.status_code == 400
    assert name in answer.json()


@pytest.mark.parametrize("field", ["id", "status", "filename", "file_size", "created_at", "started_at", "finished_at"])
def test_jobs_are_ordered(api, field):
    run_import(CSV, filename="b.csv")
    make_job(CSV * 2, filename="c.csv")
    run_import("nothing", filename="a.csv")

    for term in (field, f"-{field}"):
        values = [shown[field] for shown in api.get("/api/jobs/", {"ordering": term}).json()["results"]]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=term.startswith("-"))
        assert values[len(known) :] == [None] * (3 - len(known))


def test_a_job_that_waits_is_cancelled(api):
    job = make_job(CSV)

    answer = api.post(f"/api/jobs/{job.pk}/cancel")

    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    assert answer.json()["finished_at"]
    open_job(job.pk)
    assert not Product.objects.exists()


def test_a_running_job_is_cancelled_and_goes_on_from_there_when_it_is_retried(api, settings):
    job = under_way(settings=settings)

    cancelled = api.post(f"/api/jobs/{job.pk}/cancel/").json()
    assert (cancelled["status"], cancelled["processed_rows"]) == ("cancelled", 2)
    assert 0 < cancelled["progress"] < 1

    answer = api.post(f"/api/jobs/{job.pk}/retry/")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["processed_rows"]) == ("running", 2)
    assert answer.json()["finished_at"] is None

    advance_lane(job.lanes.get().pk)
    assert api.get(f"/api/jobs/{job.pk}").json()["status"] == "completed"
    assert Product.objects.count() == 4


def test_what_the_state_of_a_job_forbids_is_a_409_with_a_sentence(api):
    waiting, done = make_job(CSV), run_import(CSV)

    answer = api.post(f"/api/jobs/{done.pk}/cancel")
    assert answer.status_code == 409
    assert answer.json() == {"detail": f"Import {done.pk} is completed and cannot be cancelled."}

    for job, status in ((waiting, "queued"), (done, "completed")):
        answer = api.post(f"/api/jobs/{job.pk}/retry")
        assert answer.status_code == 409
        assert answer.json() == {
            "detail": f"Import {job.pk} is {status}; only a failed or cancelled one can be retried."
        }


@pytest.mark.parametrize("content", ["colour\nred\n", "\n"])
def test_a_file_that_was_refused_is_not_opened_again(api, content):
    job = run_import(content)
    assert job.status == "failed"

    answer = api.post(f"/api/jobs/{job.pk}/retry")

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(f"Import {job.pk} failed for what is in its file, and would again.")
    assert with_progress(job).status == "failed"


def test_a_file_at_which_workers_died_is_opened_again(api):
    job = make_job(CSV)
    ImportJob.objects.filter(pk=job.pk).update(attempts=3)
    open_job(job.pk)
    assert with_progress(job).status == "failed"

    assert api.post(f"/api/jobs/{job.pk}/retry").status_code == 200
    open_job(job.pk)
    assert Product.objects.count() > 0


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_an_action_that_takes_no_fields_names_those_that_it_was_sent(api, action):
    job = make_job(CSV)

    answer = api.post(f"/api/jobs/{job.pk}/{action}", {"force": True}, format="json")

    assert answer.status_code == 400
    assert answer.json() == {"force": ["There is no such field. No fields are taken here."]}
    assert with_progress(job).status == "queued"
    assert api.post(f"/api/jobs/{job.pk}/cancel", {}, format="json").status_code == 200


@pytest.mark.parametrize("id_", ["0", "99999999", "9" * 30, "abc", "%00", "-1"])
@pytest.mark.parametrize("path", ["", "/rejected", "/rejected.csv", "/rejected.xlsx", "/cancel", "/retry"])
def test_a_job_that_is_not_there_is_a_404(api, id_, path):
    send = api.post if path in ("/cancel", "/retry") else api.get

    assert send(f"/api/jobs/{id_}{path}").status_code == 404


def test_jobs_are_neither_made_nor_changed_nor_deleted_here(api):
    job = make_job(CSV)

    assert api.post("/api/jobs/", {}).status_code == 405
    for method in (api.put, api.patch, api.delete):
        assert method(f"/api/jobs/{job.pk}", {}).status_code == 405


def test_nobody_gets_in_without_a_login():
    job = run_import(CSV)
    client = APIClient()

    for path in (
        "/api/jobs",
        f"/api/jobs/{job.pk}",
        f"/api/jobs/{job.pk}/rejected",
        f"/api/jobs/{job.pk}/rejected.csv",
        f"/api/jobs/{job.pk}/rejected.xlsx",
    ):
        assert client.get(path).status_code == 401
    for path in (f"/api/jobs/{job.pk}/cancel", f"/api/jobs/{job.pk}/retry"):
        assert client.post(path).status_code == 401


def test_to_see_jobs_takes_the_permission_to_view_them():
    job = run_import(CSV)
    of_job = (f"/api/jobs/{job.pk}{path}" for path in ("", "/rejected", "/rejected.csv", "/rejected.xlsx"))
    paths = ("/api/jobs", *of_job)

    viewer, other = client_with("imports.view_importjob"), client_with("imports.add_importjob")

    for path in paths:
        assert viewer.get(path).status_code == 200
        assert viewer.get(f"{path}/").status_code == 200
        assert other.get(path).status_code == 403


def test_to_cancel_and_to_retry_takes_the_permission_to_change_jobs():
    job = make_job(CSV)
    other = client_with("imports.view_importjob", "imports.add_importjob", "imports.delete_importjob")
    changer = client_with("imports.change_importjob")

    for action in ("cancel", "retry"):
        assert other.post(f"/api/jobs/{job.pk}/{action}").status_code == 403
        assert changer.post(f"/api/jobs/{job.pk}/{action}").status_code == 200


@pytest.mark.parametrize("path", ["/api/jobs/", "/api/jobs/{id}", "/api/jobs/{id}/rejected", "/api/jobs/{id}/cancel"])
def test_the_jobs_can_be_browsed(path, client):
    job = run_import(CSV)
    client.force_login(make_user(is_superuser=True))

    answer = client.get(path.format(id=job.pk), headers={"Accept": "text/html"})

    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.status_code == (405 if path.endswith("cancel") else 200)


def test_the_schema_describes_uploads_and_jobs(tmp_path):
    schema = tmp_path / "schema.json"

    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=str(schema))

    paths = json.loads(schema.read_text())["paths"]
    upload = paths["/api/uploads/"]["post"]
    content = upload["requestBody"]["content"]
    assert content.keys() == {
        "multipart/form-data",
        "text/csv",
        "application/gzip",
        "application/zip",
        "application/octet-stream",
    }
    assert content["text/csv"]["schema"] == {"type": "string", "format": "binary"}
    assert upload["responses"].keys() >= {"202", "400", "413"}
    filters = {parameter["name"] for parameter in paths["/api/jobs/"]["get"]["parameters"]}
    assert {"status", "dry_run", "filename", "sha256", "created_after", "created_before", "ordering", "page"} <= filters
    assert {"/api/jobs/{id}/cancel/", "/api/jobs/{id}/retry/", "/api/jobs/{id}/rejected/"} <= paths.keys()
    assert paths["/api/jobs/{id}/rejected.csv/"]["get"]["responses"]["200"]["content"].keys() == {"text/csv"}


def test_a_file_with_an_open_question_keeps_what_was_found_and_asks_it(api):
    job = run_import("sku,name,Price,Price,EAN\nA,Lamp,1.50,2.50,7\n")

    shown = api.get(f"/api/jobs/{job.pk}").json()

    assert shown["status"] == "failed"
    assert shown["columns"] == {"sku": "sku", "name": "name"}
    assert shown["ignored_columns"] == ["Price", "Price", "EAN"]
    assert shown["question"] == {
        "field": "price",
        "sentence": shown["failure_reason"],
        "candidates": ["#3", "#4"],
        "mapping": {"price": "#3"},
    }


def test_what_is_proposed_answers_the_question(api):
    question = run_import("Code,Preis\nA-1,1.50\nA-2,2.50\nA-3,3.50\n").question
    assert question["mapping"] == {"sku": "Code"}

    job = run_import("Code,name,Preis\nA-1,Lamp,1.50\n", mapping=question["mapping"])

    assert job.created_rows == 1
    assert api.get(f"/api/jobs/{job.pk}").json()["question"] is None


def test_a_job_tells_what_was_said_of_its_file(api):
    said = {"numbers": {"decimal": ","}, "words": {"auf": True}, "mode": "create_and_update", "extra": True}
    job = run_import("sku,name,price,active\nA,Lamp,1.250,auf\n", **said)

    shown = api.get(f"/api/jobs/{job.pk}").json()

    assert shown["options"] == said
    assert shown["numbers"] == {"decimal": ",", "thousands": "", "currency": "", "source": "asked"}
    assert shown["words"] == {"auf": True}
    assert shown["rejected_rows"] == 0


def test_a_file_that_may_have_no_header_asks_for_it(api):
    job = run_import("A-1,Lamp,1.50\nA-2,Chair,2.50\nA-3,Bed,3.50\n")

    shown = api.get(f"/api/jobs/{job.pk}").json()

    assert shown["status"] == "failed"
    assert shown["question"] == {"field": "", "sentence": shown["failure_reason"], "candidates": [], "mapping": {}}
