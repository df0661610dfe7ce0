"""The page of one import, as people use it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from imports import jobs
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from tests.browser.conftest import PHONE
from tests.browser.importing import LIST, UPLOAD, choose, state
from tests.browser.test_import_page import assert_fits
from tests.imports.factories import make_job, open_without_messages, run_import
from tests.webhooks.factories import make_endpoint

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

DESK = ViewportSize(width=1440, height=900)
ROWS = [f"L-{n},Lamp number {n},{n}.50\n" for n in range(1, 1001)]
CSV = "sku,name,price\n" + "".join(ROWS)
BAD = "sku,name,price\n" + "".join(ROWS[:60]) + "".join(f"B-{n},,1\nC-{n},Chair,x\n" for n in range(15))
VIEW, CHANGE, ADD = (f"imports.{verb}_importjob" for verb in ("view", "change", "add"))


@pytest.fixture(autouse=True)
def small_chunks(settings) -> None:
    settings.IMPORT_CHUNK_ROWS = 300


def address(job: ImportJob) -> str:
    return f"{LIST}{job.pk}/change/"


def advance(job: ImportJob) -> None:
    """Take an import one chunk forward, as a worker would."""
    if job.status == "queued":
        open_without_messages(job)
        job.refresh_from_db()
    lane = ImportLane.objects.select_related("job").get(job=job)
    with open_lane(lane) as run:
        run.advance()


def test_it_follows_the_import_to_its_end_without_reloading(page: Page, log_in, screenshot, assert_accessible):
    log_in(VIEW, CHANGE)
    job = make_job(CSV)
    page.goto(address(job))
    page.evaluate("() => { window.sameWindow = true; }")
    expect(state(page)).to_have_text("Queued")

    advance(job)
    expect(page.locator("[data-count=created]")).to_have_text("300")
    expect(state(page)).to_have_text("Running")
    expect(page.get_by_role("status").first).to_contain_text("25% of the file has been read")
    page.get_by_role("button", name="Cancel the import").focus()
    screenshot("running")
    assert_accessible()

    finish(job)
    expect(state(page)).to_have_text("Completed")
    expect(page.locator("[data-count=created]")).to_have_text("1,000")
    expect(page.locator("[data-value=percent]")).to_have_text("100")
    expect(page.get_by_role("button", name="Cancel the import")).to_be_hidden()
    expect(page.get_by_text("1,000 rows, done")).to_be_visible()
    expect(page.locator("[data-announce]")).to_have_text("The import is completed.")
    # The button that had the focus is gone; the focus is not lost with it.
    expect(page.get_by_role("heading", name="products.csv")).to_be_focused()
    expect(page).to_have_title("products.csv · Completed | Acme Product Importer")
    assert page.evaluate("() => window.sameWindow")


def finish(job: ImportJob) -> None:
    while ImportJob.objects.get(pk=job.pk).status == "running":
        advance(job)


def test_it_is_cancelled_and_retried(page: Page, log_in, screenshot):
    log_in(VIEW, CHANGE)
    job = make_job(CSV)
    advance(job)
    page.goto(address(job))

    page.get_by_role("button", name="Cancel the import").click()
    expect(state(page)).to_have_text("Cancelled")
    screenshot("cancelled")

    page.get_by_role("button", name="Retry from where it stopped").click()
    expect(state(page)).to_have_text("Running")
    expect(page.locator(".timeline")).to_contain_text("Resumed from row 301")
    job.refresh_from_db()
    finish(job)
    expect(state(page)).to_have_text("Completed")


def test_who_may_only_look_has_nothing_to_click(page: Page, log_in, screenshot):
    log_in(VIEW)
    failed, running = run_import("colour\nred\n"), make_job(CSV)
    page.goto(LIST)
    expect(page.get_by_role("link", name="Import a file")).to_be_hidden()
    expect(page.get_by_label("Action")).to_be_hidden()
    screenshot("list")

    for job in (failed, running):
        page.goto(address(job))
        expect(page.locator("#content").get_by_role("button")).to_have_count(0)
    page.goto(address(failed))
    expect(page.get_by_text("The import failed.")).to_be_visible()
    screenshot("failed")


def test_rejected_rows_are_filtered_and_paged(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    page.goto(address(run_import(BAD)))
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()

    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("link", name="New product without a name 15").click()

    expect(page.locator("#rejected tbody tr")).to_have_count(15)
    page.get_by_text("Whole row").first.click()
    expect(page.get_by_text("B-0 | | 1")).to_be_visible()
    screenshot("filtered")
    assert_accessible()


def test_a_stalled_import_says_so_and_what_to_do(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    job = make_job(CSV)
    advance(job)
    ImportLane.objects.update(claimed_until=timezone.now() - timedelta(minutes=3))

    page.goto(address(job))

    expect(page.get_by_role("alert")).to_contain_text("No progress for 3 min")
    screenshot("stalled")
    assert_accessible()


def test_a_check_is_imported(page: Page, log_in, screenshot):
    log_in()
    dry_run = run_import(BAD, dry_run=True)
    page.goto(address(dry_run))
    screenshot("check")

    page.get_by_role("button", name="Import", exact=True).click()

    expect(state(page)).to_have_text("Queued")
    expect(page.get_by_text(f"Imports what check {dry_run.pk} has shown.")).to_be_visible()


def test_an_ended_session_and_a_lost_server_are_told(page: Page, log_in, context, faults):
    log_in()
    job = make_job(CSV)
    page.goto(address(job))

    page.route("**/api/jobs/*", lambda route: route.abort("connectionrefused"))
    expect(page.get_by_text("The server cannot be reached")).to_be_visible()
    page.unroute("**/api/jobs/*")
    expect(page.get_by_text("The server cannot be reached")).to_be_hidden()
    context.clear_cookies(name="sessionid")
    expect(page.get_by_role("link", name="Log in to keep watching")).to_be_visible()
    faults.clear()  # the browser tells of what was cut on purpose


WATCH_SHIFTS = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries().filter((entry) => !entry.hadRecentInput)) {
            const moved = entry.sources.map((source) => source.node?.outerHTML?.slice(0, 80));
            window.shifts.push({ by: entry.value, moved });
        }
    }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("ends", ["completed", "failed"])
def test_nothing_moves_while_the_page_updates(page: Page, log_in, screenshot, viewport, ends):
    log_in()
    make_endpoint("https://shop.example.com/hooks")
    job = make_job(BAD + "".join(ROWS[100:]), filename="spring-catalogue.csv")
    page.set_viewport_size(viewport)
    page.goto(address(job))
    page.evaluate(WATCH_SHIFTS)

    advance(job)
    expect(state(page)).to_have_text("Running")
    expect(page.locator("#rejected tbody tr")).to_have_count(20)
    ImportLane.objects.update(claimed_until=timezone.now() - timedelta(minutes=3))
    expect(page.get_by_role("alert")).to_contain_text("No progress for 3 min")
    screenshot(f"stalled {viewport['width']}")
    if ends == "failed":
        jobs.end(job.pk, ImportJob.Status.FAILED, reason="The disk is full.")
        expect(page.get_by_text("The disk is full.")).to_be_visible()
    else:
        finish(job)
        expect(state(page)).to_have_text("Completed with errors")
        expect(page.get_by_role("link", name="View imported products")).to_be_visible()
        expect(page.locator(".timeline")).to_contain_text("Completed with errors")
        expect(page.get_by_role("link", name="import.completed")).to_be_attached()
    screenshot(f"over {viewport['width']}")

    shifts = page.evaluate("window.shifts")
    assert sum(shift["by"] for shift in shifts) < 0.02, shifts


def test_the_page_is_printed_as_a_receipt_on_one_sheet(page: Page, log_in, screenshot):
    log_in()
    page.goto(address(run_import(BAD, filename="spring-catalogue.csv")))

    # In Chromium's PDF each sheet is an object of this type.
    assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 1
    page.emulate_media(media="print")
    screenshot("print")
    content = page.locator("body")
    for part in ("nav", "header.header", ".back", ".button", "#rejected table"):
        for element in content.locator(part).all():
            expect(element).to_be_hidden()
    for part in ("h1", ".stack", ".legend", ".timeline"):
        expect(content.locator(part).first).to_be_visible()
    expect(content.get_by_text("New product without a name 15")).to_be_visible()


def test_completed_with_errors_is_amber_in_the_list_the_page_and_the_preview(page: Page, log_in):
    log_in()
    job = run_import(BAD)

    for place in (LIST, address(job)):
        page.goto(place)
        expect(page.locator(".badge")).to_have_text(["Completed with errors"])
        expect(page.locator(".badge")).to_have_class("badge warn")
    page.goto(UPLOAD)
    choose(page, BAD)
    expect(page.locator(".notice .badge")).to_have_text("Completed with errors")
    expect(page.locator(".notice .badge")).to_have_class("badge warn")


def test_the_list_is_filtered_by_the_state_that_people_see(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    page.goto(LIST)
    expect(page.get_by_role("link", name="Import a file")).to_have_count(1)
    screenshot("empty")
    assert_accessible()
    run_import(BAD, filename="with-errors.csv")
    run_import("sku,name\nL-1,Lamp\n", filename="clean.csv")
    page.reload()

    page.get_by_role("button", name="Status").click()
    page.get_by_role("link", name="Completed with errors").click()

    expect(page.locator(".import-file")).to_have_text(["with-errors.csv"])
    page.get_by_role("button", name="Status: Completed with errors").click()
    page.get_by_role("link", name="Completed", exact=True).click()
    expect(page.locator(".import-file")).to_have_text(["clean.csv"])
    page.goto(f"{LIST}?state=failed")
    expect(page.get_by_text("No imports match.")).to_be_visible()


def test_what_is_tapped_on_a_phone_is_36_pixels_high(page: Page, log_in):
    log_in()
    job = run_import(BAD)
    page.set_viewport_size(PHONE)
    for place in (LIST, UPLOAD, address(job), address(make_job(CSV))):
        page.goto(place)
        small = page.locator("#content").evaluate(
            """(content) => Array.from(content.querySelectorAll(".button, .pill, button, select"))
                .filter((target) => target.checkVisibility() && target.getBoundingClientRect().height < 36)
                .map((target) => target.outerHTML)"""
        )
        assert not small, place


@pytest.mark.parametrize("look", ["light phone", "dark desk"])
def test_it_fits_and_can_be_read(page: Page, log_in, screenshot, assert_accessible, look):
    scheme, device = look.split()
    log_in()
    run_import("sku,name\nL-1,Lamp\n", filename="spring-prices.csv")
    job = run_import(BAD, filename=f"{'a very long name ' * 10}<b>.csv")
    jobs.cancel(make_job(CSV, filename="cancelled.csv"))
    advance(make_job(CSV, filename="autumn.csv"))
    page.set_viewport_size(PHONE if device == "phone" else DESK)
    page.emulate_media(color_scheme=scheme)

    page.goto(address(job))
    assert_fits(page)
    screenshot(f"job {look}")
    assert_accessible()
    page.goto(LIST)
    assert_fits(page)
    screenshot(f"list {look}")
    assert_accessible()
