"""What somebody does who wants to know where a value is from: reads it, follows it, looks further back."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from products import editing
from products.editing import Editor
from products.history.models import ChangeSet
from products.models import Product
from tests.browser.conftest import PHONE
from tests.imports.factories import run_import

LIST = "/admin/products/product/"


def make_story(changes: int) -> Product:
    run_import("sku,name,price\nA-1,Lamp,34.90\nA-2,Fan,5\n", filename="spring.csv")
    for price in range(changes):
        run_import(f"sku,price\nA-1,{price}\n", filename="acme.csv")
    return Product.objects.get(sku="A-1")


def test_a_value_is_followed_to_the_import_that_wrote_it(page: Page, log_in, assert_accessible, screenshot):
    product = make_story(1)
    day = f"{ChangeSet.objects.latest('pk').at:%-d %b %Y}"
    log_in("products.change_product", "products.view_product", "imports.view_importjob")

    page.goto(f"{LIST}{product.pk}/change/")

    history = page.get_by_role("region", name="History")
    number = ChangeSet.objects.latest("pk").import_number
    expect(history).to_contain_text(f"0.00 since {day}, import {number}, acme.csv, line 2; was 34.90")
    assert_accessible()
    screenshot("product with history")
    history.get_by_role("link", name=f"import {number}").first.click()
    expect(page.get_by_role("heading", name="acme.csv")).to_be_visible()


def test_older_changes_are_reached_by_keyboard(page: Page, log_in, assert_accessible):
    product = make_story(60)
    log_in("products.view_product")
    page.goto(f"{LIST}{product.pk}/change/")
    rows = page.locator(".changes tbody tr")
    expect(rows).to_have_count(10)

    page.get_by_role("link", name="Older changes").press("Enter")
    expect(page.get_by_role("heading", name="Older changes")).to_be_visible()
    expect(rows).to_have_count(50)
    assert_accessible()
    page.get_by_role("link", name="Older changes").press("Enter")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Created")
    page.get_by_role("link", name="Newest changes").press("Enter")
    expect(page.get_by_role("heading", name="Where each value is from")).to_be_visible()


def test_a_deleted_product_is_found_by_its_sku(page: Page, log_in, assert_accessible, screenshot):
    editing.delete(make_story(2), Editor(log_in("products.view_product")))
    page.goto(LIST)

    page.get_by_placeholder("SKU, name or description").fill("a-1")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="see the history of a-1").click()

    expect(page.get_by_role("heading", name="History of a-1")).to_be_visible()
    expect(page.get_by_text("No product has this SKU now")).to_be_visible()
    expect(page.locator(".changes tbody tr").first).to_contain_text(re.compile(r"Deleted.*by user", re.DOTALL))
    assert_accessible()
    screenshot("history of a deleted product")


def test_on_a_phone_nothing_is_moved_sideways_and_nothing_is_cut(page: Page, log_in, assert_accessible, screenshot):
    product = make_story(3)
    product.description = "w" * 3000
    editing.update(product, ["description"], Editor())
    log_in("products.view_product", "imports.view_importjob")
    page.set_viewport_size(PHONE)

    page.goto(f"{LIST}{product.pk}/history/")

    for part in ("html", ".scroll"):
        assert page.locator(part).evaluate_all("all => all.every(e => e.scrollWidth <= e.clientWidth)"), part
    expect(page.get_by_role("link", name=re.compile("import")).first).to_be_visible()
    assert_accessible()
    screenshot("history on a phone")


def test_the_list_is_narrowed_to_what_an_import_changed(page: Page, log_in):
    make_story(1)
    number = ChangeSet.objects.latest("pk").import_number
    log_in("products.view_product")
    page.goto(LIST)

    page.get_by_role("button", name="Changed").press("Enter")
    page.get_by_label("By import (number)").fill(str(number))
    page.get_by_label("Field", exact=True).select_option("price")
    page.get_by_label("By import (number)").press("Enter")

    expect(page.get_by_role("button", name=f"Changed: {number}, price")).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.get_by_role("row", name="A-1")).to_be_visible()
    page.get_by_role("link", name="Remove filter: Changed").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
