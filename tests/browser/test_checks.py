"""A file is checked, its reading corrected, checked again and imported; and rows that were held, as people see them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from imports import applying
from imports.commandline import foreground
from imports.models import ImportJob
from products import editing
from products.editing import Editor
from products.models import Product
from tests.browser.conftest import PHONE
from tests.browser.importing import LIST, UPLOAD, choose
from tests.imports.factories import run_import

pytestmark = pytest.mark.any_database

BEFORE = "sku,name,price,description\nA-1,Lamp,10,Tall\nA-2,Vase,20,Blue\nA-3,Chair,30,\n"
AFTER = "sku,name,price,description\nA-1,Lamp,15,Tall\nA-2,Vase,0,\nA-3,Chair,29,\nA-4,Table,7,\n"
# What is called a price in it is none.
WRONG = "sku,name,Price,Retail\nA-1,Lamp,net,15\nA-2,Vase,net,25\n"


def finish(page: Page) -> None:
    """Do what the workers do with the newest job, and look at it again."""
    foreground.run(ImportJob.objects.latest("pk"), lambda: None)
    page.reload()


def test_a_file_that_would_be_rejected_is_read_in_another_way_and_checked_again(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    run_import(BEFORE)
    log_in()
    page.goto(UPLOAD)
    choose(page, WRONG)
    page.get_by_role("button", name="Check the whole file").click()
    finish(page)

    expect(page.get_by_text("Nothing would be imported: 2 rows of 2 would be rejected.")).to_be_visible()
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_hidden()
    screenshot("hopeless")
    assert_accessible()

    page.get_by_role("button", name="Change how it is read").click()
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("price", exact=True).select_option("Retail (e.g. 15)")
    page.get_by_role("button", name="Update the preview").click()
    page.get_by_role("button", name="Check the whole file").click()
    finish(page)

    expect(page.get_by_role("link", name="price: 2 up, median +25.0%")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    finish(page)
    expect(page.locator("[data-fresh=state]")).to_have_text("Completed")
    assert dict(Product.objects.values_list("sku", "price")) == {"A-1": 15, "A-2": 25, "A-3": 30}


def test_what_a_check_shows_is_looked_at_on_a_phone_with_the_keyboard(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    run_import(BEFORE)
    check = run_import(AFTER, dry_run=True)
    log_in()
    page.set_viewport_size(PHONE)
    page.goto(f"{LIST}{check.pk}/change/")

    for text in (
        "New products 1",
        "price: 1 up, 2 down, median",
        "1 price set to zero",
        "description: 1 value emptied",
    ):
        expect(page.get_by_role("link", name=re.compile(re.escape(text)))).to_be_visible()
    screenshot("phone")
    assert_accessible()

    page.get_by_role("link", name=re.compile("^price: 1 up")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Changes that check {check.pk} shows")).to_be_visible()
    expect(page.locator("tbody th bdi")).to_have_text(["A-2", "A-1", "A-3"])
    page.get_by_label("What is found").select_option("A value is emptied")
    page.get_by_label("Order").select_option("By line")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("tbody th bdi")).to_have_text(["A-2"])
    screenshot("phone changes")
    assert_accessible()


def test_held_rows_are_shown_with_both_changes_and_imported(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    run_import(BEFORE)
    check = run_import(AFTER, dry_run=True)
    product = Product.objects.get(sku="A-1")
    product.price = 11
    editing.update(product, ["price"], Editor())
    job = applying.apply(check)
    foreground.run(job, lambda: None)
    log_in()
    page.goto(f"{LIST}{job.pk}/change/")

    held = page.locator("#held")
    expect(held.get_by_role("row", name=re.compile("A-1"))).to_contain_text("10.00 → 15.00")
    expect(held.get_by_role("row", name=re.compile("A-1"))).to_contain_text("11.00 → 15.00")
    expect(page.locator("[data-fresh=state]")).to_have_text("Completed with errors")
    screenshot("held")
    assert_accessible()

    held.get_by_role("button", name="Import these rows").click()
    finish(page)
    expect(page.locator("[data-count=updated]")).to_have_text("1")
    assert Product.objects.get(sku="A-1").price == 15
