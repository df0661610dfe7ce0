"""What an import has changed, as people see it: on its page, and on the page of its changes."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from imports.models import ImportJob
from tests.browser.conftest import PHONE
from tests.browser.importing import LIST, state
from tests.browser.test_import_page import assert_fits
from tests.browser.test_job_page import DESK, address, advance, finish
from tests.imports.factories import make_job, run_import

pytestmark = pytest.mark.any_database

HEADER = "sku,name,price,is_active,description\n"
FIRST = HEADER + "".join(f"L-{n},Lamp number {n},{n}.50,{n % 2},\n" for n in range(1, 121))
SECOND = HEADER + "".join(
    f"L-{n},Lamp number {n},{n + n % 7}.50,{int(n > 5)},{'New text ' * (n % 3 * 12)}\n" for n in range(1, 131)
)
HOSTILE = "<img src=x onerror=alert(1)>\u202egnp"


@pytest.fixture
def job() -> ImportJob:
    run_import(FIRST)
    return run_import(SECOND + "L-1,Lamp again,1.50,0,\nB-1,Bad,x,1,\n", filename="autumn.csv")


def changes_of(job: ImportJob) -> str:
    return f"{LIST}{job.pk}/changes/"


def test_the_page_of_an_import_sums_up_and_leads_to_the_list(page: Page, log_in, job, screenshot, assert_accessible):
    log_in()
    page.set_viewport_size(DESK)
    page.goto(address(job))
    part = page.get_by_role("region", name="What it changed")
    expect(part.get_by_role("link", name="price changed 102")).to_be_visible()
    # From 6.50 to 12.50, and no price moved farther.
    expect(part.get_by_role("row").nth(1)).to_contain_text("L-6")
    screenshot("summary")
    assert_accessible()

    part.get_by_role("button", name="Download").click()
    expect(part.get_by_text("Results of every row")).to_be_visible()
    screenshot("downloads")
    assert_accessible()
    with page.expect_download() as download:
        part.get_by_role("link", name="CSV for other systems").last.click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert download.value.suggested_filename == "autumn-results.csv"
    assert [row["outcome"] for row in rows[-3:]] == ["created", "duplicate", "rejected"]
    page.keyboard.press("Escape")

    part.get_by_role("link", name="price changed 102").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Changes of import {job.pk}")
    expect(page.get_by_label("Field changed")).to_have_value("price")


def test_changes_are_filtered_and_paged(page: Page, log_in, job, screenshot, assert_accessible):
    log_in()
    page.goto(changes_of(job))
    rows = page.get_by_role("rowheader")
    expect(rows).to_have_count(50)
    screenshot("changes")
    assert_accessible()

    seen = rows.all_inner_texts()
    while page.get_by_role("link", name="Next ›").is_visible():
        page.get_by_role("link", name="Next ›").click()
        expect(page.get_by_role("link", name="First page")).to_be_visible()
        seen += rows.all_inner_texts()
    assert len(seen) == len(set(seen))

    page.get_by_role("link", name="First page").click()
    page.get_by_label("Products").select_option("created")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(10)
    page.get_by_label("Products").select_option("All")
    page.get_by_label("SKU").fill("l-7")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_role("row").nth(1)).to_contain_text("New text")

    page.get_by_label("SKU").fill("nobody")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("No change fits this.")).to_be_visible()
    assert_accessible()
    page.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(50)
    page.get_by_role("link", name=f"‹ Import {job.pk}").click()
    expect(state(page)).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_hostile_values_do_no_harm_and_fit(page: Page, log_in, screenshot, assert_accessible, size: ViewportSize):
    log_in()
    run_import(f"sku,name,price\n{HOSTILE},Lamp,1\n{'x' * 100},Lamp,2\n")
    job = run_import(f'sku,name,price\n{HOSTILE},"{HOSTILE * 7}",9999999999.99\n{"x" * 100},{"y" * 250},1.50\n')
    page.set_viewport_size(size)
    for place in (address(job), changes_of(job)):
        page.goto(place)
        expect(page.get_by_text("\\u202egnp").first).to_be_visible()
        expect(page.locator("img[src=x]")).to_have_count(0)
        assert_fits(page)
        assert_accessible()
        screenshot(f"hostile {size['width']} {'summary' if 'change/' in place else 'changes'}")


def test_it_appears_when_the_import_ends(page: Page, log_in, settings):
    settings.IMPORT_CHUNK_ROWS = 100
    log_in()
    run_import(FIRST)
    job = make_job(SECOND)
    advance(job)
    page.goto(address(job))
    expect(page.get_by_role("region", name="What it changed")).to_have_count(0)

    finish(job)

    expect(page.get_by_role("region", name="What it changed")).to_contain_text("price changed")
