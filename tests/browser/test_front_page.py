"""The front page, as people see it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from playwright.sync_api import Page, expect

from acme_importer.cluster import presence
from acme_importer.cluster.identity import new_cluster
from imports import jobs
from imports.models import Draft, ImportJob, ImportLane
from tests.browser.conftest import PHONE
from tests.browser.importing import drop
from tests.imports.factories import make_job, run_import
from tests.products.factories import make_product

pytestmark = pytest.mark.any_database

FILE = "sku,name,price,is_active\n" + "".join(f"S-{n},Chair {n},{n}.50,true\n" for n in range(200))


@pytest.fixture
def living_workers(transactional_db):
    """What the supervisor of a living cluster leaves in the database."""
    presence.say_alive(new_cluster(), "acme")


def make_running_job(filename: str, share: float = 0.25) -> ImportJob:
    """A job of which a worker has done a part."""
    job = make_job(FILE, filename=filename)
    ago = timezone.now() - timedelta(seconds=10)
    ImportJob.objects.filter(pk=job.pk).update(
        status="running", content_size=len(FILE), started_at=ago, run_started_at=ago
    )
    soon = timezone.now() + timedelta(minutes=1)
    rows = int(200 * share)
    ImportLane.objects.create(
        job=job, number=0, offset=int(len(FILE) * share), line=rows, created_rows=rows, claimed_until=soon
    )
    return job


def test_an_empty_product_says_what_to_do_next(page: Page, log_in, living_workers, screenshot, assert_accessible):
    log_in()

    page.goto("/")

    expect(page).to_have_url(re.compile("/admin/$"))
    expect(page.get_by_role("region")).to_have_count(1)
    expect(page.get_by_role("region", name="Getting started")).to_be_visible()
    expect(page.get_by_text("Needs attention")).to_have_count(0)
    for link, leads_to in (
        ("Download a sample file", "/static/imports/sample-products.csv"),
        ("Create a token", "/admin/tokens/token/add/"),
        ("Add a webhook", "/admin/webhooks/endpoint/add/"),
    ):
        expect(page.get_by_role("link", name=link)).to_have_attribute("href", leads_to)
    screenshot("page")
    assert_accessible()
    page.set_viewport_size(PHONE)
    screenshot("phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_sample_file_is_imported_from_the_empty_front_page(page: Page, log_in, living_workers):
    log_in()
    page.goto("/")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download a sample file").click()

    page.get_by_label("Drop a file here, or choose one").set_input_files(download.value.path())

    expect(page.get_by_role("heading", name="Review your file")).to_be_visible()
    assert Draft.objects.get().filename


def test_a_file_dropped_on_the_empty_front_page_is_sent(page: Page, log_in, living_workers):
    log_in()
    page.goto("/")

    drop(page, FILE)

    expect(page).to_have_url(re.compile(r"/upload/\d+/$"))


def test_with_a_product_the_panels_say_what_to_do_next(
    page: Page, log_in, living_workers, screenshot, assert_accessible
):
    log_in()
    product = make_product()
    page.goto("/")
    expect(page.get_by_role("link", name="Import a file").first).to_have_attribute(
        "href", "/admin/imports/importjob/upload/"
    )
    expect(page.get_by_text("No imports are running.")).to_be_visible()
    expect(page.get_by_text("No imports yet.")).to_be_visible()
    assert_accessible()

    run_import(FILE, dry_run=True)
    product.delete()
    page.goto("/")
    expect(page.get_by_text("No products yet.")).to_be_visible()


def test_what_needs_attention_is_dismissed_by_each_for_themselves_and_for_good(
    page: Page, log_in, living_workers, assert_accessible
):
    anna = log_in()
    for name in ("broken.csv", "torn.csv"):
        jobs.end(make_job("sku\n", filename=name).pk, ImportJob.Status.FAILED, reason="It is empty.")
    page.goto("/")
    attention = page.get_by_role("region", name="Needs attention")
    expect(attention.get_by_role("listitem")).to_have_text([re.compile("torn.csv"), re.compile("broken.csv")])

    attention.get_by_role("button", name="torn.csv").click()
    expect(attention.get_by_role("listitem")).to_have_text([re.compile("broken.csv")])
    attention.get_by_role("button", name="broken.csv").click()
    expect(attention).to_have_count(0)
    assert_accessible()

    # What fails next is told again; others see everything; and it is kept when one logs out.
    jobs.end(make_job("sku\n", filename="new.csv").pk, ImportJob.Status.FAILED, reason="It is empty.")
    page.reload()
    expect(attention.get_by_role("listitem")).to_have_text([re.compile("new.csv")])
    other = log_in()
    assert other.pk != anna.pk
    page.goto("/")
    expect(attention.get_by_role("listitem")).to_have_count(1)
    expect(attention).to_contain_text("3 imports failed in the last 7 days.")
    attention.get_by_role("button", name="3 imports failed").click()
    expect(attention).to_have_count(0)


def test_it_shows_products_imports_and_what_needs_attention(
    page: Page, log_in, living_workers, screenshot, assert_accessible
):
    log_in()
    make_product("OLD-1", is_active=False)
    run_import(FILE, filename="spring.csv")
    ImportJob.objects.update(finished_at=timezone.now() - timedelta(days=3))
    run_import(FILE.replace(".50,true", ".75,false", 60) + "S-1,twice,1,true\nS-900,,1,true\n", filename="summer.csv")
    jobs.end(
        make_job("sku\n", filename="broken.csv").pk,
        ImportJob.Status.FAILED,
        reason="The file has no rows below its header.",
    )
    make_running_job("autumn.csv")

    page.goto("/")

    catalogue = page.get_by_role("region", name="Products")
    expect(catalogue).to_contain_text("201")
    expect(catalogue).to_contain_text("141")
    notices = page.get_by_role("region", name="Needs attention")
    expect(notices).to_contain_text("broken.csv failed. The file has no rows below its header.")
    expect(notices).to_contain_text("summer.csv: 1 row was rejected.")
    last = page.get_by_role("region", name="Last imports").get_by_role("listitem")
    expect(last.filter(has_text="summer.csv")).to_contain_text("60 updated")
    expect(page.get_by_role("region", name="Rows imported per day").get_by_role("img")).to_be_visible()
    screenshot("light")
    assert_accessible()
    page.emulate_media(color_scheme="dark")
    screenshot("dark")
    assert_accessible()
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    screenshot("phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible()


def test_running_imports_move_without_reloading(page: Page, log_in, living_workers):
    log_in()
    job = make_running_job("autumn.csv")
    page.goto("/")
    bar = page.get_by_role("progressbar", name="Progress of autumn.csv")
    expect(bar).to_have_attribute("value", re.compile(r"0\.2"))

    ImportLane.objects.update(offset=len(FILE) // 2, created_rows=100)

    expect(bar).to_have_attribute("value", re.compile(r"0\.(49|5)"))
    expect(page.get_by_text("100 rows ·")).to_be_visible()

    ImportLane.objects.update(offset=len(FILE), created_rows=200, finished=True)
    jobs.end(job.pk, ImportJob.Status.COMPLETED)

    expect(page.get_by_text("No imports are running.")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("All imports have ended.")
    expect(page.get_by_role("region", name="Last imports")).to_contain_text("200 created")


def test_it_says_when_no_worker_is_alive_and_how_long_a_task_has_waited(page: Page, log_in, screenshot):
    log_in()
    make_job(FILE, filename="waiting.csv", queue=True)
    ImportJob.objects.update(woken_at=timezone.now() - timedelta(minutes=5))
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=5))

    page.goto("/")

    expect(page.get_by_role("region", name="Workers")).to_contain_text("Not running")
    expect(page.get_by_role("region", name="Workers")).to_contain_text(re.compile(r"5 min \d+ s"))
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("The workers are not running")
    expect(page.get_by_role("region", name="Needs attention")).to_contain_text("waiting.csv has stalled")
    screenshot("page")


def test_each_panel_is_for_those_who_may_see_it(page: Page, log_in, living_workers, screenshot):
    make_product()
    run_import(FILE)

    log_in("products.view_product")
    page.goto("/")
    expect(page.get_by_role("region", name="Products")).to_be_visible()
    expect(page.get_by_role("region")).to_have_count(1)
    expect(page.get_by_role("link", name="Import a file")).to_have_count(0)

    log_in("auth.view_group")
    page.goto("/")
    expect(page.get_by_text("You do not have permission to view products or imports yet.")).to_be_visible()
    expect(page.get_by_role("region")).to_have_count(0)
    screenshot("nothing to see")
