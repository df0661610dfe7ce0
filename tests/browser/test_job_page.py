"""The page of one import, as people use it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from imports import jobs
from imports.models import ImportJob, ImportLane
from imports.pipeline import open_lane
from tests.browser.conftest import PHONE
from tests.browser.importing import LIST, state
from tests.browser.test_import_page import assert_fits
from tests.imports.factories import make_job, open_without_messages, run_import

DESK = ViewportSize(width=1280, height=900)
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
    expect(page.get_by_role("heading", name="Completed")).to_be_focused()
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
    page.get_by_role("link", name="Missing value 15").click()

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


def test_a_dry_run_is_imported_for_real(page: Page, log_in, screenshot):
    log_in()
    dry_run = run_import(BAD, dry_run=True)
    page.goto(address(dry_run))
    screenshot("dry run")

    page.get_by_role("button", name="Import it for real").click()

    expect(state(page)).to_have_text("Queued")
    expect(page.get_by_text(f"Follows import {dry_run.pk}")).to_be_visible()


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
