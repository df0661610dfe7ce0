"""Changes by hand are taken back in the dashboard: a bulk action from the list, one change on the product's page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from products import editing
from products.editing import Editor
from products.models import Product
from tests.browser.conftest import PHONE
from tests.browser.importing import state
from tests.browser.test_import_page import assert_fits
from tests.browser.test_job_page import DESK
from tests.browser.test_products_admin import LIST, choose_action
from tests.imports.factories import run_import
from tests.imports.short_import import work_off_the_queue

pytestmark = [pytest.mark.usefixtures("products"), pytest.mark.any_database]


@pytest.fixture
def products() -> None:
    run_import("sku,name,price\n" + "".join(f"L-{n},Lamp number {n},{n}.50\n" for n in range(1, 6)))


def active() -> int:
    return Product.objects.filter(is_active=True).count()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_bulk_action_is_undone_from_the_list(page: Page, log_in, size, screenshot, assert_accessible):
    user = log_in()
    page.set_viewport_size(size)
    page.goto(LIST)
    page.locator(".action-select").nth(0).check()
    page.locator(".action-select").nth(2).check()
    choose_action(page, "Deactivate")
    expect(page.get_by_text("2 products were deactivated")).to_be_visible()
    assert active() == 3
    screenshot(f"offer {size['width']}", full_page=False)
    assert_accessible()

    page.get_by_role("link", name="Undo…").click()
    expect(page.get_by_role("main")).to_contain_text(f"{user.get_username()} changed 2 products")
    assert_fits(page)
    screenshot(f"question {size['width']}")
    assert_accessible()
    page.get_by_role("button", name="Preview the undo").click()
    work_off_the_queue()
    expect(state(page)).to_have_text("Completed")
    expect(page.get_by_role("region", name="What an undo would do")).to_contain_text("active: no → yes")
    assert active() == 3
    assert_fits(page)
    screenshot(f"preview {size['width']}")
    assert_accessible()

    page.get_by_role("button", name="Undo these changes").click()
    expect(page.get_by_text("What the undo has done so far")).to_be_visible()
    work_off_the_queue()
    expect(page.get_by_role("region", name="What the undo has done", exact=True)).to_be_visible()
    assert active() == 5


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_one_change_is_undone_on_the_products_page(page: Page, log_in, size, screenshot, assert_accessible):
    user = log_in()
    product = Product.objects.get(sku="L-1")
    product.name = "Desk lamp"
    editing.update(product, ["name"], Editor(user))
    page.set_viewport_size(size)
    page.goto(f"{LIST}{product.pk}/change/")
    part = page.get_by_role("region", name="History", exact=True)
    assert_fits(page)
    screenshot(f"button {size['width']}")
    assert_accessible()

    part.get_by_role("button", name="Undo of").click()
    expect(page.get_by_text("Undone: Name as before.")).to_be_visible()
    assert Product.objects.get(sku="L-1").name == "Lamp number 1"
    assert_fits(page)
    screenshot(f"undone {size['width']}")
    assert_accessible()


def test_a_deleted_product_is_created_again(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    editing.delete(Product.objects.get(sku="L-1"), Editor())
    page.goto(f"{LIST}history/?sku=l-1")
    screenshot("gone")

    page.get_by_role("button", name="Undo of").click()

    expect(page.get_by_text("The product was created again as it was.")).to_be_visible()
    assert Product.objects.get(sku="L-1").name == "Lamp number 1"
    assert_accessible()
