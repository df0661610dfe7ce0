"""Rejected rows are fixed on a page, checked and imported; what is still open is told, as people see it."""

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
from tests.browser.importing import LIST
from tests.imports.factories import run_import

pytestmark = pytest.mark.any_database

CSV = (
    "sku,name,price,is_active\nA-1,Lamp,10,maybe\nA-2,Vase,20,maybe\nA-3,Chair,30,perhaps\nA-4,Desk,cheap,yes\n"
    "A-5,Sofa,50,yes\nA-6,,60,yes\n"
)


def finish(page: Page) -> None:
    """Do what the workers do with the newest job, and look at it again."""
    foreground.run(ImportJob.objects.latest("pk"), lambda: None)
    page.reload()


def active() -> dict[str, bool]:
    return dict(Product.objects.values_list("sku", "is_active"))


def test_a_group_is_fixed_with_one_value_for_all_and_a_row_by_hand(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    job = run_import(CSV)
    log_in()
    page.goto(f"{LIST}{job.pk}/change/")
    chain = page.locator("#chain")
    expect(chain).to_have_text(re.compile(r"5 of 5 rejected rows are still open\."))
    page.get_by_role("link", name="Fix on a page").click()

    expect(page.get_by_role("heading", name=f"Fix rejected rows of import {job.pk}")).to_be_visible()
    expect(page.get_by_role("textbox", name="is_active, line 4")).to_have_value("perhaps")
    screenshot("the group")
    assert_accessible()
    page.get_by_label("maybe (2 rows)").fill("inactive")
    page.get_by_role("textbox", name="is_active, line 4").fill("yes")
    page.get_by_role("textbox", name="name, line 4").fill("Armchair")
    page.get_by_role("button", name="Check the fixed rows").click()

    finish(page)
    expect(page.get_by_role("link", name="New products 3")).to_be_visible()
    expect(chain).to_contain_text("5 of 5 rejected rows are still open")
    page.get_by_role("button", name="Import", exact=True).click()
    finish(page)
    child = ImportJob.objects.latest("pk")
    expect(page.locator("[data-fresh=state]")).to_have_text("Completed")
    expect(chain).to_contain_text(f"Of import {job.pk}, products.csv:")
    expect(chain).to_contain_text(f"2 of 5 rejected rows are still open; 3 were fixed by import {child.pk}.")
    screenshot("the receipt")
    assert_accessible()
    assert active() == {"A-1": False, "A-2": False, "A-3": True, "A-5": True}

    chain.get_by_role("link", name=f"import {job.pk}").click()
    expect(chain).to_contain_text("2 of 5 rejected rows are still open")
    page.get_by_role("link", name="Fix on a page").click()
    expect(page.locator(".reasons .pill")).to_have_count(2)
    page.locator(".reasons").get_by_role("link", name="New product without a name").click()
    expect(page.get_by_role("textbox", name="sku, line 7")).to_have_value("A-6")


def test_rows_are_fixed_on_a_phone_with_the_keyboard(
    page: Page,
    log_in: Callable[..., None],
    screenshot: Callable[..., None],
    assert_accessible: Callable[..., None],
    faults: list[str],
) -> None:
    job = run_import(CSV + "".join(f"B-{number},Lamp,1,maybe\n" for number in range(50)))
    log_in()
    page.set_viewport_size(PHONE)
    page.goto(f"{LIST}{job.pk}/fix/")

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    screenshot("phone")
    assert_accessible()
    page.get_by_label("maybe (52 rows)").focus()
    page.keyboard.type("no")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="or empty").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/change/$"))

    finish(page)
    expect(page.get_by_role("link", name="New products 52")).to_be_visible()

    page.goto(f"{LIST}{job.pk}/fix/?code=not_boolean")
    page.get_by_role("link", name="Next ›").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    page.get_by_role("button", name="Check the fixed rows").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was checked. Nothing was changed")
    screenshot("phone nothing changed")
    assert_accessible()
    assert len(faults) == 1
    assert "400" in faults.pop()


def test_a_conflict_is_shown_and_imported_by_itself(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    job = run_import(CSV)
    editing.create(Product(sku="A-4", name="Mine", price=44), Editor())
    log_in()
    page.goto(f"{LIST}{job.pk}/fix/?code=not_a_price")
    page.get_by_label("cheap (1 row)").fill("40")
    page.get_by_role("button", name="Check the fixed rows").click()
    finish(page)

    conflicts = page.locator("#held")
    expect(conflicts.get_by_role("heading", name="Conflicts")).to_be_visible()
    expect(conflicts.get_by_role("row", name=re.compile("A-4"))).to_contain_text("44.00 → 40.00")
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_hidden()
    screenshot("conflict")
    assert_accessible()
    assert applying.why_not_held(ImportJob.objects.latest("pk")) == ""

    conflicts.get_by_role("button", name="Import these rows").click()
    finish(page)
    expect(page.locator("[data-count=updated]")).to_have_text("1")
    expect(page.locator("#chain")).to_contain_text("4 of 5 rejected rows are still open; 1 was fixed")
    assert Product.objects.get(sku="A-4").price == 40
