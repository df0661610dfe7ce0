"""An import is undone in the dashboard: from its page to a preview, narrowed down or not, and on to the undo."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from imports.models import ImportJob
from products import editing
from products.editing import Editor
from products.models import Product
from tests.browser.conftest import PHONE
from tests.browser.importing import state
from tests.browser.test_import_page import assert_fits
from tests.browser.test_job_page import DESK, address
from tests.imports.factories import run_import
from tests.imports.short_import import work_off_the_queue

BEFORE = "sku,name,price\n" + "".join(f"L-{n},Lamp number {n},{n}.50\n" for n in range(1, 9))
CONTENT = "sku,name,price\n" + "".join(f"L-{n},Lamp no. {n},{n}.00\n" for n in range(1, 11))
HOSTILE = "<img src=x onerror=alert(1)>\u202egnp"
# What the preview of all of it says.
GROUPS = ("5 restored", "2 deleted, since", "1 kept: edited since", "1 kept: changed by a later import", "1 gone")


@pytest.fixture
def job() -> ImportJob:
    """An import of eight old and two new products; of the old ones, four were changed or deleted since."""
    run_import(BEFORE)
    job = run_import(CONTENT, filename="supplier.csv")
    edit("L-1", price=Decimal(99))
    edit("L-2", name="Mine", price=Decimal(98))
    run_import("sku,name,price\nL-3,Lantern,7\n", filename="corrections.csv")
    editing.delete(Product.objects.get(sku="L-4"), Editor())
    return job


def edit(sku: str, **values: object) -> None:
    product = Product.objects.get(sku=sku)
    for name, value in values.items():
        setattr(product, name, value)
    editing.update(product, list(values), Editor())


def prices() -> dict[str, Decimal | None]:
    return dict(Product.objects.values_list("sku", "price"))


def preview(page: Page, job: ImportJob) -> None:
    """From the page of an import to the preview of its undo."""
    page.goto(address(job))
    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Undo of import {job.pk}")
    work_off_the_queue()
    expect(state(page)).to_have_text("Completed")


def test_an_import_is_previewed_and_undone(page: Page, log_in, job, screenshot, assert_accessible):
    log_in()
    page.set_viewport_size(DESK)
    page.goto(address(job))
    screenshot("import")
    before = prices()

    preview(page, job)

    part = page.get_by_role("region", name="What an undo would do")
    for said in GROUPS:
        expect(part.get_by_role("listitem").filter(has_text=said)).to_have_count(1)
    expect(part.get_by_role("listitem").filter(has_text="L-1")).to_contain_text(
        ["5 restored", "name: “Lamp no. 1” → “Lamp number 1”; kept: price"]
    )
    assert prices() == before
    screenshot("preview")
    assert_accessible()
    page.emulate_media(color_scheme="dark")
    screenshot("preview, dark")
    assert_accessible()
    page.emulate_media(color_scheme="light")

    page.get_by_role("button", name="Undo these changes").click()
    expect(page.get_by_text("What the undo has done so far")).to_be_visible()
    work_off_the_queue()
    done = page.get_by_role("region", name="What the undo has done", exact=True)
    expect(done.get_by_role("listitem").filter(has_text=GROUPS[0])).to_have_count(1)
    expect(page.locator("[data-count=deleted]")).to_have_text("2")
    expect(page.locator("[data-count=skipped]")).to_have_text("3")
    expect(page.get_by_role("region", name="What it changed")).to_contain_text("name changed")
    expect(page.get_by_text("True")).to_have_count(0)
    screenshot("done")
    assert_accessible()
    assert prices() == {
        "L-1": Decimal("99.00"),
        "L-2": Decimal("98.00"),
        "L-3": Decimal("7.00"),
        **{f"L-{n}": Decimal(f"{n}.50") for n in range(5, 9)},
    }

    page.get_by_role("link", name=f"import {job.pk}", exact=True).click()
    expect(page.get_by_text("Undone by")).to_be_visible()
    screenshot("undone")
    page.get_by_text("Undone by").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Undo of import {job.pk}")


@pytest.mark.any_database
def test_a_preview_is_narrowed_to_one_field(page: Page, log_in, job, screenshot, assert_accessible):
    log_in()
    page.set_viewport_size(DESK)
    preview(page, job)

    page.get_by_text("Undo only some of it").click()
    screenshot("choice")
    assert_accessible()
    for field in ("SKU", "name", "description", "active", "other columns"):
        page.get_by_role("checkbox", name=field, exact=True).uncheck()
    page.get_by_label("Only these SKUs").fill("l-5\nl-6\nl-9")
    page.get_by_role("button", name="Preview again").click()
    expect(page.get_by_text("Not a product yet")).to_be_visible()
    work_off_the_queue()

    part = page.get_by_role("region", name="What an undo would do")
    expect(part.get_by_text("price 2", exact=True)).to_be_visible()
    expect(part.get_by_text("price of 3 SKUs", exact=True)).to_be_visible()
    expect(part.get_by_text("8 changes", exact=True)).to_be_visible()
    expect(part.get_by_text("deleted, since")).to_have_count(0)
    screenshot("narrowed")
    assert_accessible()
    # What was chosen stays chosen, to be changed.
    page.get_by_text("Undo only some of it").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.get_by_label("Only these SKUs")).to_have_value("l-5\nl-6\nl-9")

    page.get_by_role("button", name="Undo these changes").click()
    expect(page.get_by_text("What the undo has done so far")).to_be_visible()
    work_off_the_queue()
    expect(page.get_by_role("region", name="What the undo has done", exact=True)).to_be_visible()
    lamp = Product.objects.get(sku="L-5")
    assert (lamp.name, lamp.price) == ("Lamp no. 5", Decimal("5.50"))
    assert prices()["L-7"] == Decimal("7.00")
    assert "L-9" in prices()


@pytest.mark.any_database
def test_an_undo_is_cancelled_and_retried(page: Page, log_in, job, screenshot, assert_accessible):
    log_in()
    preview(page, job)
    expect(page.locator("[data-announce]")).to_have_text("The preview is completed.")
    page.get_by_role("button", name="Undo these changes").click()
    screenshot("queued")
    assert_accessible()

    page.get_by_role("button", name="Cancel the undo").click()
    expect(state(page)).to_have_text("Cancelled")
    work_off_the_queue()
    assert "L-9" in prices()

    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("button", name="Cancel the undo")).to_be_visible()
    work_off_the_queue()
    expect(page.locator("[data-announce]")).to_have_text("The undo is completed.")
    assert "L-9" not in prices()


@pytest.mark.any_database
def test_it_is_done_on_a_phone(page: Page, log_in, job, screenshot, assert_accessible):
    log_in()
    page.set_viewport_size(PHONE)
    page.goto(address(job))
    assert_fits(page)
    screenshot("import")

    preview(page, job)
    assert_fits(page)
    screenshot("preview")
    assert_accessible()
    page.get_by_text("Undo only some of it").click()
    assert_fits(page)
    screenshot("choice")
    assert_accessible()

    page.get_by_role("button", name="Undo these changes").click()
    expect(page.get_by_text("What the undo has done so far")).to_be_visible()
    work_off_the_queue()
    expect(page.get_by_role("region", name="What the undo has done", exact=True)).to_be_visible()
    assert_fits(page)
    screenshot("done")


@pytest.mark.any_database
def test_it_is_done_by_the_keyboard(page: Page, log_in, job):
    log_in()
    page.goto(address(job))
    page.get_by_role("button", name="Undo…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Undo of import {job.pk}")
    work_off_the_queue()
    expect(state(page)).to_have_text("Completed")

    # From the button to the fields that can be chosen, and back.
    page.get_by_role("button", name="Undo these changes").focus()
    page.keyboard.press("Tab")
    expect(page.locator("summary", has_text="Undo only some of it")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="SKU", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="SKU", exact=True)).not_to_be_checked()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Undo these changes")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("What the undo has done so far")).to_be_visible()
    work_off_the_queue()

    expect(page.get_by_role("region", name="What the undo has done", exact=True)).to_be_visible()
    assert "L-9" not in prices()


@pytest.mark.any_database
def test_hostile_values_do_no_harm_and_fit(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    run_import(f"sku,name,price\n{HOSTILE},Lamp,1\n{'x' * 100},{'y' * 250},2\n")
    job = run_import(f"sku,name,price\n{HOSTILE},{HOSTILE * 7},1\n{'x' * 100},Lamp,9999999999.99\n{'z' * 100},New,1\n")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        preview(page, job)
        expect(page.get_by_text("\\u202egnp").first).to_be_visible()
        expect(page.locator("img[src=x]")).to_have_count(0)
        assert_fits(page)
        assert_accessible()
        screenshot(f"hostile {size['width']}")
