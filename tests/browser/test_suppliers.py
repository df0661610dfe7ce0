"""A supplier is remembered, recognized, stopped by other columns, and changed, as people see it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from imports import remembering, suppliers
from imports.commandline import foreground
from imports.models import ImportJob, Supplier
from products.models import Product
from tests.browser.conftest import PHONE
from tests.browser.importing import LIST, UPLOAD, choose
from tests.imports.factories import run_import

pytestmark = pytest.mark.any_database

FILE = "Artikel;Bezeichnung;Preis;Lager\nA-1;Stuhl;1.299,50;3\nA-2;Tisch;9,90;4\n"
SAID = {"mapping": {"sku": "Artikel"}}


def finish(page: Page) -> None:
    """Do what the workers do with the newest job, and look at it again."""
    foreground.run(ImportJob.objects.latest("pk"), lambda: None)
    page.reload()


def test_a_reading_is_remembered_and_the_next_file_is_recognized(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    job = run_import(FILE, filename="acme.csv", **SAID)
    log_in()
    page.goto(f"{LIST}{job.pk}/change/")
    assert_accessible()
    screenshot("remember")

    page.get_by_label("Remember this as").fill("Nordic Tools")
    page.keyboard.press("Enter")
    expect(page.get_by_text("will be read like this one, as those of Nordic Tools.")).to_be_visible()
    expect(page.get_by_label("Remember this as")).to_have_count(0)
    # It has been, and is not offered again.
    expect(page.get_by_role("button", name="Remember this")).to_have_count(0)

    page.goto(UPLOAD)
    choose(page, FILE.replace("1.299,50", "1.300"))
    expect(page.get_by_text(re.compile("Read as Nordic Tools, as on"))).to_be_visible()
    expect(page.get_by_role("cell", name="1300.00")).to_be_visible()
    screenshot("recognized")
    assert_accessible()
    page.get_by_role("button", name="It is not from Nordic Tools").click()
    expect(page.get_by_text("It has the columns of a supplier.")).to_be_visible()
    page.get_by_role("button", name="Read it as Nordic Tools").click()
    page.get_by_role("button", name="Check the whole file").click()
    finish(page)
    page.get_by_role("button", name="Import", exact=True).click()
    finish(page)
    expect(page.get_by_role("link", name="Nordic Tools")).to_be_visible()
    assert str(Product.objects.get(sku="A-1").price) == "1300.00"


def test_a_drifted_header_stops_with_the_difference_and_a_proposal(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    remembering.remember("Nordic Tools", run_import(FILE, **SAID))
    log_in()
    page.set_viewport_size(PHONE)
    page.goto(UPLOAD)
    choose(page, FILE.replace("Preis", "Netto"))
    # Its columns are not recognized, but resemble others.
    expect(page.get_by_text("Is it from Nordic Tools?")).to_be_visible()
    expect(page.get_by_text("Gone: 'Preis'. New: 'Netto'.")).to_be_visible()
    assert_accessible()
    page.locator("summary", has_text="Supplier").click()
    page.get_by_label("Read it as the files of").select_option("Nordic Tools")
    page.get_by_role("button", name="Read it so").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The columns have changed.")
    expect(alert).to_contain_text("Gone: 'Preis'. New: 'Netto'. Proposed for price, which was 'Preis': 'Netto'.")
    expect(page.get_by_role("button", name="Check the whole file")).to_have_count(0)
    screenshot("drifted")
    assert_accessible()

    page.get_by_role("button", name="Import it as proposed").click()
    expect(page.get_by_role("cell", name="1299.50")).to_be_visible()
    page.get_by_role("button", name="Check the whole file").click()
    finish(page)
    # What the file says is in the catalogue already.
    drifted = FILE.replace("Preis", "Netto").replace("9,90", "9,95")
    job = run_import(drifted, mapping={"sku": "Artikel", "price": "Netto"})
    ImportJob.objects.filter(pk=job.pk).update(read_by=suppliers.current(Supplier.objects.get()))
    page.goto(f"{LIST}{job.pk}/change/")
    page.get_by_role("button", name="Remember this").click()
    expect(page.get_by_text("version 1")).to_be_visible()
    assert Supplier.objects.get().version == 2


def test_the_page_of_a_supplier_tells_how_its_files_are_read_and_changes_it(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    nordic = remembering.remember("Nordic Tools", run_import(FILE, filename="acme.csv", **SAID))
    log_in()
    page.goto(LIST)
    page.get_by_role("link", name="Suppliers").click()
    expect(page.get_by_role("heading", name="Suppliers")).to_be_visible()
    assert_accessible()
    page.get_by_role("link", name="Nordic Tools").click()
    expect(page.get_by_role("link", name="acme.csv")).to_be_visible()
    screenshot("supplier")
    assert_accessible()

    page.get_by_role("textbox", name="Name:").fill("Baltic Tools")
    page.get_by_label("An empty price").select_option("keep")
    page.get_by_label("Products that its file has no longer").select_option("Deactivate them")
    page.get_by_label("Rejected rows: more than %").fill("2.5")
    page.get_by_label("New SKUs: more than this number").fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Baltic Tools").first.click()
    expect(page.get_by_text("deactivated as soon as a file lacks them")).to_be_visible()
    expect(page.get_by_text("limits of its own")).to_be_visible()
    assert Supplier.objects.get().versions.get(number=2).guards == {"new": {"number": None}, "rejected": {"share": 2.5}}
    expect(page.get_by_text("an empty price keeps what is there")).to_be_visible()
    expect(page.get_by_text("Version 2").first).to_be_visible()
    nordic.refresh_from_db()
    assert (nordic.name, nordic.version) == ("Baltic Tools", 2)


def test_those_who_may_only_look_change_nothing(page: Page, log_in: Callable[..., None]) -> None:
    nordic = remembering.remember("Nordic Tools", run_import(FILE, **SAID))
    log_in("imports.view_supplier", "imports.view_importjob")
    page.goto(f"/admin/imports/supplier/{nordic.pk}/change/")

    expect(page.get_by_text("in “Artikel”")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.goto(f"{LIST}{ImportJob.objects.get().pk}/change/")
    expect(page.get_by_role("link", name="Nordic Tools")).to_be_visible()
