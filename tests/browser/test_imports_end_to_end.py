"""A file's whole way through the dashboard, with the real web server, the real workers, and a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from imports.models import ImportJob, RejectedRow
from products.models import Product
from tests.browser.importing import LIST, UPLOAD, check_and_import, choose, state

pytestmark = pytest.mark.slow

CSV = "SKU,Title,Variant Price,Colour\nL-1,Lamp,19.90,red\nL-2,Desk lamp,free,blue\nL-3,Chair,49,green\nL-4,,12,\n"


def test_upload_preview_import_fix_and_follow_up(page: Page, log_in, worker_cluster, screenshot, assert_accessible):
    log_in()
    page.goto(LIST)
    screenshot("empty list")
    page.get_by_role("link", name="Import a file").click()
    screenshot("upload")
    assert_accessible()

    choose(page, CSV)

    expect(page.get_by_role("heading", name="1 of 4 rows would be rejected")).to_be_visible()
    expect(page.get_by_label("price", exact=True)).to_have_value("2")
    screenshot("preview")
    assert_accessible()
    assert not ImportJob.objects.exists()

    page.get_by_role("button", name="Check the whole file").click()

    expect(page).to_have_url(re.compile(r"/importjob/\d+/change/$"))
    expect(state(page)).to_have_text("Completed with errors")
    expect(page.get_by_role("link", name="New products 2")).to_be_visible()
    screenshot("checked")
    assert_accessible()
    assert not Product.objects.exists()

    page.get_by_role("button", name="Import", exact=True).click()

    expect(page.get_by_text(re.compile(r"Imports what check \d+ has shown"))).to_be_visible()
    expect(state(page)).to_have_text("Completed with errors")
    expect(page.locator("[data-count=created]")).to_have_text("2")
    expect(page.get_by_role("link", name="Not a price 1")).to_be_visible()
    screenshot("finished")
    assert_accessible()
    assert set(Product.objects.values_list("sku", flat=True)) == {"L-1", "L-3"}
    page.get_by_role("link", name="View imported products").click()
    expect(page.locator("#result_list tbody th")).to_have_text(["L-3", "L-1"])
    page.go_back()

    with page.expect_download() as downloading:
        page.get_by_role("link", name="CSV for spreadsheets").click()
    corrected = downloading.value.path().read_text().replace("free", "29.00").replace("L-4,,", "L-4,Sofa,")
    page.get_by_role("link", name="Upload the corrected file").click()
    choose(page, corrected, "products-rejected.csv")
    expect(page.get_by_role("heading", name="All 2 rows can be read")).to_be_visible()
    check_and_import(page)
    expect(state(page)).to_have_text("Completed")
    expect(page.get_by_text(re.compile(r"Follows import \d+"))).to_be_visible()
    assert Product.objects.count() == 4
    screenshot("corrected")

    page.get_by_text("Follows").get_by_role("link").click()
    expect(page.get_by_text(re.compile(r"Followed by import \d+")).first).to_be_visible()
    page.goto(LIST)
    screenshot("list")
    assert_accessible()
    assert RejectedRow.objects.count() == 4


def test_an_import_is_cancelled_while_it_runs_and_goes_on_where_it_stopped(
    page: Page, log_in, worker_cluster, screenshot
):
    # Enough that the import still runs when the page has shown the first rows and the button has been pressed.
    rows = 150_000
    log_in()
    page.goto(UPLOAD)
    choose(page, "sku,name,price\n" + "".join(f"L-{n},Lamp number {n},{n}.50\n" for n in range(rows)))
    check_and_import(page)
    expect(page.locator("[data-count=created]")).not_to_have_text("0")
    screenshot("running")

    page.get_by_role("button", name="Cancel the import").click()
    expect(state(page)).to_have_text("Cancelled")
    written = Product.objects.count()
    assert 0 < written < rows

    page.get_by_role("button", name="Retry from where it stopped").click()
    expect(state(page)).to_have_text("Completed", timeout=120_000)
    expect(page.locator("[data-count=created]")).to_have_text(f"{rows:,}")
    assert Product.objects.count() == rows
