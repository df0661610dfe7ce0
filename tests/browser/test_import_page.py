"""The import page and the preview, as people use them."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from imports.models import Draft, ImportJob
from tests.browser.conftest import PHONE
from tests.browser.importing import UPLOAD, choose, drop
from tests.imports.factories import run_import

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

CSV = "SKU,Title,Variant Price\n" + "".join(f"L-{n},Lamp number {n},{n}.50\n" for n in range(1, 31)) + "L-31,,x\n"
MAY_IMPORT = ("imports.add_importjob", "imports.view_importjob")


def test_a_dropped_file_leads_to_its_preview(page: Page, log_in):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)

    drop(page, CSV)

    expect(page.get_by_role("heading", name="1 of 31 rows would be rejected")).to_be_visible()


def test_a_file_without_a_sku_column_is_fixed_in_the_page(page: Page, log_in, screenshot, assert_accessible):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    choose(page, "Artikel;Titel;Preis\nA-1;Lampe;19,90\nA-2;Stuhl;abc\n", "artikel.csv")
    expect(page.get_by_role("alert")).to_contain_text("The file has no column 'sku'")
    expect(page.get_by_role("button", name="Check the whole file")).to_be_hidden()
    screenshot("no sku")
    assert_accessible()

    page.locator("summary", has_text="Columns").click()
    page.get_by_label("sku (required)").select_option("Artikel (e.g. A-1)")
    page.get_by_label("name", exact=True).select_option("Titel (e.g. Lampe)")
    page.get_by_label("price", exact=True).select_option("Preis (e.g. 19,90)")
    page.get_by_role("button", name="Update the preview").click()

    expect(page.get_by_role("heading", name="1 of 2 rows would be rejected")).to_be_visible()
    expect(page.get_by_role("cell", name="19.90")).to_be_visible()
    screenshot("fixed")


def test_the_whole_way_with_the_keyboard(page: Page, log_in):
    log_in(*MAY_IMPORT)
    # From the first listener on, the browser leaves its dialog to the test; that has to be before the key is pressed.
    page.on("filechooser", lambda _: None)
    page.goto(UPLOAD)
    page.get_by_label("Drop a file here").focus()
    expect(page.get_by_label("Drop a file here")).to_be_focused()
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Space")
    choosing.value.set_files(FilePayload(name="a.csv", mimeType="text/csv", buffer=CSV.encode()))

    expect(page.get_by_role("heading", name="1 of 31")).to_be_visible()
    page.get_by_role("button", name="Check the whole file").focus()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/change/$"))
    assert ImportJob.objects.get().dry_run


def test_progress_is_shown_and_an_upload_can_be_stopped(page: Page, log_in, screenshot):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    page.route(f"**{UPLOAD}", lambda _: None)  # never answers

    choose(page, CSV)
    stop = page.get_by_role("button", name="Stop the upload")
    expect(stop).to_be_focused()
    expect(page.locator("[data-filename]")).to_have_text("products.csv")
    screenshot("sending")
    stop.click()

    expect(page.get_by_role("alert")).to_contain_text("was stopped. Nothing was imported")
    expect(page.get_by_label("Drop a file here")).to_be_focused()


def test_a_lost_connection_is_told_and_the_file_can_be_sent_again(page: Page, log_in, faults, screenshot):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    page.route(f"**{UPLOAD}", lost_while_sending)

    choose(page, CSV)

    expect(page.get_by_role("alert")).to_contain_text("The connection was lost")
    screenshot("lost")
    page.unroute(f"**{UPLOAD}")
    choose(page, CSV)
    expect(page.get_by_role("heading", name="1 of 31")).to_be_visible()
    faults.clear()  # the browser tells of the connection that was cut on purpose


def lost_while_sending(route: Route) -> None:
    if route.request.method == "POST":
        route.abort("connectionreset")
    else:
        route.continue_()


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_user_with_too_many_files_waiting_is_told(page: Page, log_in, faults, settings, is_cut):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    settings.IMPORT_MAX_WAITING_MB = 0
    if is_cut:
        # As browsers take a response that comes before all of a large file is sent.
        page.route(f"**{UPLOAD}", lost_while_sending)

    choose(page, CSV)

    expect(page.get_by_role("alert")).to_contain_text("MB together (IMPORT_MAX_WAITING_MB)")
    assert not Draft.objects.exists()
    faults.clear()  # as above, or of the response that is an error


def test_a_server_that_cannot_be_reached_is_told(page: Page, log_in, faults):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    page.route(f"**{UPLOAD}*", lambda route: route.abort("connectionrefused"))

    choose(page, CSV)

    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    faults.clear()  # as above


def test_an_ended_session_leads_to_the_login_and_back(page: Page, log_in, context):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    context.clear_cookies(name="sessionid")

    choose(page, CSV)

    link = page.get_by_role("alert").get_by_role("link", name="Log in and choose it again")
    expect(link).to_have_attribute("href", f"/admin/login/?next={UPLOAD}")


@pytest.mark.parametrize(
    ("content", "message"),
    [(CSV, "is the limit. Send it compressed"), ("", "is empty. Choose another file")],
)
def test_what_is_too_large_or_empty_is_told_before_it_is_sent(page: Page, log_in, settings, content, message):
    settings.UPLOAD_MAX_BYTES = 100
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)

    choose(page, content)

    expect(page.get_by_role("alert")).to_contain_text(message)
    assert not Draft.objects.exists()


def test_the_same_file_is_said_on_a_phone_and_in_the_dark(page: Page, log_in, screenshot, assert_accessible):
    job = run_import(CSV)
    log_in(*MAY_IMPORT)
    page.set_viewport_size(PHONE)
    page.goto(UPLOAD)
    screenshot("phone upload")
    assert_accessible()

    choose(page, CSV)

    expect(page.locator(".notice.warn")).to_contain_text(f"The same file was imported before: import {job.pk}")
    assert_fits(page)
    screenshot("phone preview")
    page.emulate_media(color_scheme="dark")
    screenshot("phone dark")
    assert_accessible()
    page.set_viewport_size({"width": 1280, "height": 900})
    screenshot("dark", full_page=False)


def test_hostile_and_long_names_do_not_break_the_page(page: Page, log_in, screenshot):
    log_in(*MAY_IMPORT)
    page.goto(UPLOAD)
    evil = "<script>alert(1)</script>\u202e\x1b[31m"
    header = ",".join(["sku", "name", evil, "x" * 5000, *(f"column {n}" for n in range(40))])

    choose(page, f"{header}\nA,{evil * 10},{'y' * 3000}{',' * 41}\n{'B' * 400},{'z' * 1000}\n", f"{'long' * 40}<b>.csv")

    expect(page.get_by_role("heading", name="2 of 2 rows would be rejected")).to_be_visible()
    page.set_viewport_size(PHONE)
    assert_fits(page)
    screenshot("phone")


def assert_fits(page: Page) -> None:
    """The page itself does not scroll sideways."""
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
