"""The page of one import: what became of its rows, whether it moves, and what can be done."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from imports import applying, jobs
from imports.commandline import foreground
from imports.dashboard import job_page
from imports.models import ImportJob, ImportLane, RejectedRow
from products.models import Product
from tests.imports.factories import make_job, open_without_messages, run_import, with_progress
from tests.products.factories import make_user

pytestmark = pytest.mark.django_db

CSV = "SKU,Title,Price\nA,Lamp,1\nB,,2\nC,Chair,x\nD,Sofa,y\n"
VIEW, CHANGE, ADD, APPLY = (f"imports.{verb}_importjob" for verb in ("view", "change", "add", "apply"))


def client_with(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_user(*permissions, is_staff=True))
    return client


def address(job: ImportJob, action: str = "change") -> str:
    return f"/admin/imports/importjob/{job.pk}/{action}/"


def shown(job: ImportJob, *permissions: str, query: str = "") -> str:
    return client_with(VIEW, *permissions).get(address(job) + query).content.decode()


def aged(job: ImportJob, **fields) -> ImportJob:
    ImportJob.objects.filter(pk=job.pk).update(**fields)
    return with_progress(job)


def test_it_shows_the_receipt_the_columns_and_the_history():
    page = shown(run_import(CSV))

    assert 'aria-label="1 created, 3 rejected"' in page
    assert "<bdi>Title</bdi>" in page
    assert page.index("Queued") < page.index("Opened and started") < page.index('datetime="', page.index("Opened and"))


def test_rejected_rows_are_grouped_filtered_and_paged(monkeypatch):
    monkeypatch.setattr(job_page, "REJECTED_PER_PAGE", 1)
    job = run_import(CSV, empty_cells={"name": "reject"})

    context = job_page.context(job, code="not_a_price", page="2")

    assert context["rejected_groups"] == {"not_a_price": 2, "missing": 1}
    assert [row.line for row in context["rejected_page"]] == [5]
    assert context["rejected_page"].paginator.num_pages == 2
    page = shown(job, query="?code=missing")
    assert "Title: is empty" in page
    assert "is not a plain decimal number" not in page
    assert f"/api/jobs/{job.pk}/rejected.csv" in page
    assert f"/api/jobs/{job.pk}/rejected.xlsx" in page


@pytest.mark.parametrize("query", ["?code=nonsense", "?page=x", "?page=99", "?code=%3Cscript%3E"])
def test_a_nonsensical_address_is_harmless(query):
    assert "<script>" not in shown(run_import(CSV), query=query).replace("<script ", "")


def test_it_takes_the_same_queries_however_many_rows_were_rejected(django_assert_max_num_queries):
    few, many = run_import(CSV), run_import("sku,name\n" + "A,\n" * 100)
    client = client_with(VIEW)
    client.get(address(few))

    for job in (few, many):
        with django_assert_max_num_queries(16):
            client.get(address(job))


@pytest.mark.parametrize(
    ("permissions", "buttons"),
    [((), []), ((CHANGE,), ["Cancel the import"]), ((ADD,), [])],
)
def test_buttons_are_shown_to_those_who_may(permissions, buttons):
    page = shown(make_job(CSV), *permissions)

    assert [
        button for button in ("Cancel the import", "Retry", "Import it for real") if f">{button}<" in page
    ] == buttons


def test_a_retry_is_not_offered_where_the_file_would_be_refused_again():
    page = shown(run_import("colour\nred\n"), CHANGE)

    assert ">Retry<" not in page
    assert "Once the cause is fixed" not in page
    assert "upload" in page.lower()


def test_the_corrected_file_is_asked_of_those_who_may_import():
    job = run_import(CSV)

    assert "Upload the corrected file" in shown(job, ADD)
    assert "Upload the corrected file" not in shown(job, CHANGE)


def test_it_says_how_many_rows_a_later_import_has_superseded():
    job = make_job(CSV)
    assert "superseded" not in shown(job).lower()
    run_import("SKU,Title,Price\nA,Lamp,2\n")
    foreground.run(job, lambda: None)

    page = shown(job)

    assert 'aria-label="3 rejected, 1 superseded"' in page
    assert "1 × An import that was uploaded later has written the product." in page


def test_it_leads_to_what_it_wrote():
    first, again = run_import(CSV), run_import(CSV)
    link = f'href="/admin/products/product/?last_import={first.pk}"'

    assert link in shown(first, "products.view_product")
    assert link not in shown(first)
    assert "?last_import=" not in shown(again, "products.view_product")


def test_a_job_is_cancelled_and_retried_and_the_history_says_by_whom():
    job = make_job(CSV)
    client = client_with(VIEW, CHANGE)

    assert client.post(address(job, "cancel")).headers["Location"] == address(job)
    assert with_progress(job).status == "cancelled"
    client.post(address(job, "retry"))
    assert with_progress(job).status == "queued"

    titles = [(event.title, event.by) for event in job_page.events(with_progress(job))]
    user = client.get(address(job)).wsgi_request.user.username
    assert titles == [("Queued", ""), ("Cancelled", user), ("Retried", user)]


def test_what_cannot_be_done_is_said():
    answer = client_with(VIEW, CHANGE).post(address(run_import(CSV), "cancel"), follow=True)

    assert "cannot be cancelled" in str(next(iter(answer.context["messages"])))


@pytest.mark.parametrize("action", ["cancel", "retry", "apply", "import-held", "reopen"])
def test_who_may_only_look_is_refused(action):
    job = make_job(CSV)

    assert client_with(VIEW).post(address(job, action)).status_code == 403
    assert client_with(VIEW, CHANGE, ADD).get(address(job, action)).status_code == 405
    assert Client().post(address(job, action)).headers["Location"].startswith("/admin/login/")
    assert with_progress(job).status == "queued"


def test_who_may_not_look_sees_nothing():
    assert client_with(ADD).get(address(run_import(CSV))).status_code == 403


def test_a_check_is_imported_without_another_upload():
    dry_run = run_import(CSV, dry_run=True)

    answer = client_with(VIEW, APPLY).post(address(dry_run, "apply"))

    job = ImportJob.objects.latest("pk")
    assert answer.headers["Location"] == address(job)
    assert (job.applies, job.dry_run, job.stored_as) == (dry_run, False, dry_run.stored_as)
    foreground.run(job, lambda: None)
    assert Product.objects.count() == 1
    assert f'Followed by <a href="{address(job)}"' in shown(dry_run)


def test_a_shared_file_is_deleted_with_the_last_of_its_jobs(upload_folder):
    dry_run = run_import(CSV, dry_run=True)
    job = applying.apply(dry_run)
    path = upload_folder / job.stored_as

    jobs.delete_files(with_progress(dry_run))
    assert path.exists()
    jobs.delete_files(with_progress(job))
    assert not path.exists()


@pytest.mark.parametrize("options", [{}, {"dry_run": True}])
def test_only_a_completed_check_is_imported(options):
    job = make_job(CSV, **options)

    with pytest.raises(jobs.WrongStateError):
        applying.apply(job)


def test_a_job_that_is_opened_while_its_page_is_made_has_lanes_that_have_begun():
    before = with_progress(make_job(CSV))
    open_without_messages(before)

    (lane,) = job_page.lanes(before)

    assert before.content_size == 0
    assert 0 < lane.percent < 100


def test_a_job_that_moves_is_not_stalled():
    assert not job_page.stalled_text(with_progress(make_job(CSV)))
    assert not job_page.stalled_text(run_import(CSV))


def test_a_job_that_nobody_opens_is_stalled():
    job = aged(make_job(CSV), woken_at=timezone.now() - timedelta(minutes=5))

    assert "No progress for 5 min" in job_page.stalled_text(job)
    assert "Stalled" in shown(job)


def test_a_job_that_waits_for_a_worker_says_so():
    five_minutes_ago = timezone.now() - timedelta(minutes=5)
    job = aged(make_job(CSV, queue=True), woken_at=five_minutes_ago)
    OrmQ.objects.update(lock=five_minutes_ago)

    assert "waiting for a free worker for 5 min" in job_page.stalled_text(job)


def test_a_job_whose_worker_died_is_stalled():
    job = make_job(CSV)
    open_without_messages(job)
    ImportLane.objects.update(claimed_until=timezone.now() - timedelta(seconds=15))

    assert "No progress for 1 min 0 s" in job_page.stalled_text(with_progress(job))


def test_hostile_content_is_shown_harmless():
    job = run_import(
        'sku,"<b>name\u202e</b>"\n"<script>alert(1)</script>","x\x1b"\n', mapping={"name": "<b>name\u202e</b>"}
    )
    RejectedRow.objects.create(
        job=job,
        line=2,
        code="<i>",
        faults=[{"column": "<b>", "value": "\x1b<script>alert(1)</script>", "code": "<i>", "reason": "\u202e<b>"}],
        record=["<script>alert(1)</script>"],
    )
    ImportLane.objects.update(rejected_rows=1)

    page = shown(aged(job, filename="<script>alert(2)</script>\u202e" + "x" * 200))

    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
