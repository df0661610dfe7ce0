"""A product's history, as people see it: on its page, page by page, of a product that is gone, and in the list."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from products import editing
from products.editing import Editor
from products.models import Product
from tests.browser.conftest import PHONE
from tests.browser.test_import_page import assert_fits
from tests.browser.test_job_page import DESK
from tests.browser.test_products_admin import LIST, filter_by
from tests.imports.factories import run_import
from tests.products.factories import make_product

pytestmark = pytest.mark.any_database

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp"


def address(product: Product) -> str:
    return f"{LIST}{product.pk}/change/"


def sentence(text: str) -> re.Pattern[str]:
    """Finds a text in which DAY stands for a date, whatever the white space."""
    return re.compile(re.escape(text).replace("DAY", r"\d+ \w+ \d{4}").replace(r"\ ", " ").replace(" ", r"\s+"))


def test_a_page_says_of_each_value_where_it_is_from(page: Page, log_in, screenshot, assert_accessible):
    user = log_in()
    run_import("sku,name,description,price\nB-1,Rug,,5\nA-1,Lamp,Of oak,34.90\n", filename="spring.csv")
    job = run_import("sku,price\nA-1,29.90\n", filename="acme.csv")
    product = Product.objects.get(sku="A-1")
    product.name = "Desk lamp"
    editing.update(product, ["name"], Editor(user))
    page.set_viewport_size(DESK)
    page.goto(address(product))

    part = page.get_by_role("region", name="History", exact=True)
    values = part.get_by_role("definition")
    expect(values.nth(3)).to_have_text(sentence(f"29.90 since DAY, import {job.pk}, acme.csv, line 2; was 34.90"))
    expect(values.nth(1)).to_have_text(sentence(f"Desk lamp since DAY, by {user.get_username()}; was Lamp"))
    expect(part.get_by_role("row")).to_have_count(4)
    expect(part.get_by_role("row").nth(1)).to_contain_text("Name: Lamp → Desk lamp")
    expect(part.get_by_role("row").nth(3)).to_contain_text("Created")
    screenshot("light")
    assert_accessible()
    page.emulate_media(color_scheme="dark")
    screenshot("dark")
    assert_accessible()
    page.set_viewport_size(PHONE)
    screenshot("phone")
    assert_fits(page)
    assert_accessible()

    part.get_by_role("link", name=f"import {job.pk}").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("acme.csv")


def test_older_changes_are_reached_by_the_keyboard(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    for price in range(70):
        run_import(f"sku,name,price\nA-1,Lamp,{price}\n")
    page.goto(address(Product.objects.get()))
    changes = page.get_by_role("rowheader")
    expect(changes).to_have_count(10)

    seen = 10
    for on_page in (50, 10):
        page.get_by_role("link", name="Older changes").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Older changes")).to_be_visible()
        expect(changes).to_have_count(on_page)
        seen += on_page
    assert seen == 70
    expect(page.get_by_role("row").last).to_contain_text("Created")
    expect(page.get_by_role("link", name="Older changes")).to_have_count(0)
    screenshot("the oldest")
    assert_accessible()
    page.get_by_role("link", name="Newest changes").click()
    expect(changes).to_have_count(50)
    expect(page.get_by_role("row").nth(1)).to_contain_text("68.00 → 69.00")


def test_a_search_for_a_deleted_product_leads_to_its_history(page: Page, log_in, screenshot, assert_accessible):
    user = log_in()
    run_import("sku,name,price\nA-1,Lamp,34.90\n", filename="spring.csv")
    editing.delete(Product.objects.get(), Editor(user))
    page.goto(LIST)

    page.get_by_role("searchbox").fill("a-1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There was a product with this SKU")).to_be_visible()
    screenshot("nothing found")
    assert_accessible()
    page.get_by_role("link", name="see the history of a-1").click()

    expect(page.get_by_text("No product has this SKU now")).to_be_visible()
    expect(page.get_by_role("row").nth(1)).to_contain_text(user.get_username())
    expect(page.get_by_role("region", name="The last values")).to_contain_text("34.90")
    screenshot("gone")
    assert_accessible()
    page.set_viewport_size(PHONE)
    screenshot("gone, phone")
    assert_fits(page)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_hostile_values_do_no_harm_and_fit(page: Page, log_in, screenshot, assert_accessible, size: ViewportSize):
    log_in()
    run_import(f'sku,name,description\n{HOSTILE},Lamp,"{"x" * 9000}"\n', filename=f"{'y' * 200}.csv")
    run_import(f'sku,name,description,{"z" * 90}\n{HOSTILE},"{HOSTILE * 7}","{"x" * 9000}y","{"q" * 500}"\n')
    product = Product.objects.get()
    page.set_viewport_size(size)
    for place in (address(product), f"{LIST}{product.pk}/history/"):
        page.goto(place)
        history = page.locator(".changes")
        expect(history.get_by_text("\\u202egnp").first).to_be_visible()
        expect(page.locator("img[src=x]")).to_have_count(0)
        assert_fits(page)
        assert_accessible()
        screenshot(f"hostile {size['width']} {'section' if 'change/' in place else 'page'}")


def test_the_list_is_filtered_by_what_was_changed(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    run_import("sku,name,price\nA-1,Lamp,5\nB-1,Rug,5\n")
    job = run_import("sku,name,price\nA-1,Lamp,6\nB-1,Round rug,5\n")
    run_import("sku,name,price\nA-1,Lamp,7\n")
    make_product("C-1")
    page.goto(LIST)

    filter_by(page, "Changed", **{"By import (number)": str(job.pk)})
    expect(page.get_by_role("link", name="A-1", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="B-1", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="C-1", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Changed").first.click()
    page.get_by_label("Field").select_option("price")
    screenshot("menu", full_page=False)
    assert_accessible()
    page.locator(".menu:popover-open").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("link", name="B-1", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="A-1", exact=True)).to_be_visible()
    screenshot("filtered", full_page=False)
