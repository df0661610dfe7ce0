"""The list of products in the dashboard, as people work in it."""

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from products.models import Product
from tests.browser.conftest import PHONE
from tests.imports.factories import run_import
from tests.products.factories import make_product

LIST = "/admin/products/product/"


def make_products(number: int, **fields) -> None:
    Product.objects.bulk_create(
        Product(sku=f"BULK-{n}", sku_normalized=f"bulk-{n}", name=f"Bulk {n}", price=n, **fields) for n in range(number)
    )


def choose_action(page: Page, name: str) -> None:
    page.get_by_label("Action:").select_option(name)
    page.get_by_role("button", name="Go").click()


def test_the_list_looks_well(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    page.goto(LIST)
    expect(page.get_by_text("No products yet.")).to_be_visible()
    expect(page.get_by_role("link", name="import a file")).to_have_attribute("href", "/admin/imports/importjob/upload/")
    screenshot("empty")
    assert_accessible()
    for number in range(120):
        make_product(f"Chair-{number}", name=f"A chair number {number}", is_active=number % 5 > 0, last_import=3)

    page.goto(LIST)

    screenshot("light", full_page=False)
    assert_accessible()
    page.emulate_media(color_scheme="dark")
    screenshot("dark", full_page=False)
    assert_accessible()
    page.set_viewport_size(PHONE)
    screenshot("phone", full_page=False)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible()


def test_products_are_found_by_every_filter(page: Page, log_in, screenshot):
    log_in()
    make_product("Chair-1", name="Oak chair", description="Four legs", price=Decimal(10), last_import=7)
    make_product("Chair-2", name="Pine chair", price=Decimal(20), is_active=False)
    make_product("Table-1", name="Oak table", price=Decimal(30))
    rows = page.locator("#result_list tbody tr")
    page.goto(LIST)

    page.get_by_label("SKU starts with").fill("chAIR")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Name contains").fill("oak")
    page.get_by_label("Name contains").press("Enter")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_role("search").get_by_label("Active").select_option("No")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_contain_text(["Chair-2"])
    page.goto(LIST)
    page.get_by_text("More filters").click()
    page.get_by_label("Minimum price").fill("15")
    page.get_by_label("Maximum price").fill("25")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_contain_text(["Chair-2"])
    page.goto(LIST)
    page.get_by_text("More filters").click()
    page.get_by_label("Description contains").fill("legs")
    page.get_by_label("Last import (number)").fill("7")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_contain_text(["Chair-1"])
    page.goto(f"{LIST}?price_min=cheap")
    expect(page.get_by_role("alert")).to_have_text("Enter a number.")
    expect(page.get_by_text("No products match.")).to_be_visible()
    screenshot("a filter that is not understood")


def test_the_list_is_ordered_by_its_headings(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    for sku, name, price in (("A-1", "Table", 10), ("A-2", "Chair", 10), ("A-3", "Lamp", 5)):
        make_product(sku, name=name, price=Decimal(price))
    skus = page.locator("#result_list tbody th")
    page.goto(LIST)
    expect(skus).to_have_text(["A-3", "A-2", "A-1"])

    page.get_by_role("link", name="Name", exact=True).click()
    expect(skus).to_have_text(["A-2", "A-3", "A-1"])
    page.get_by_role("link", name="Name", exact=True).click()
    expect(skus).to_have_text(["A-1", "A-3", "A-2"])
    page.get_by_role("link", name="Price", exact=True).click()
    expect(skus).to_have_text(["A-3", "A-1", "A-2"])

    order = [
        page.get_by_role("columnheader", name=name).get_attribute("aria-sort") for name in ("Price", "Name", "SKU")
    ]
    assert order == ["ascending", "descending", None]
    screenshot("page")
    assert_accessible()
    page.get_by_role("columnheader", name="Price").hover()
    page.get_by_role("columnheader", name="Price").get_by_role("link", name="Remove from sorting").click()
    expect(skus).to_have_text(["A-1", "A-3", "A-2"])


def test_rows_are_edited_in_the_list_and_what_an_import_wrote_in_the_meantime_stays(page: Page, log_in, screenshot):
    log_in()
    make_product("A-1", name="Old name", price=Decimal(10))
    make_product("A-2", name="Other", price=Decimal(20))
    page.goto(LIST)
    # In the meantime an import changes other values of both.
    run_import("sku,name,price\nA-1,Old name,11\nA-2,Imported,21\n")

    page.get_by_label("Name of A-1").fill("New name")
    page.get_by_label("A-2 is active").uncheck()
    screenshot("edited")
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_text("2 products were changed successfully.")).to_be_visible()
    values = Product.objects.order_by("sku").values_list("sku", "name", "price", "is_active")
    assert list(values) == [("A-1", "New name", 11, True), ("A-2", "Imported", 21, False)]


def test_a_value_that_cannot_be_saved_is_told_in_its_row(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    make_product("A-1", price=Decimal(10))
    page.goto(LIST)

    page.get_by_label("Price of A-1").fill("-5")
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_text("Please correct the error below.")).to_be_visible()
    expect(page.get_by_text("Ensure this value is greater than or equal to 0.")).to_be_visible()
    screenshot("page")
    assert_accessible()
    assert Product.objects.get().price == 10


def test_a_product_is_added_without_leaving_the_list(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    make_product("Chair-1")
    make_product("Table-1")
    page.goto(f"{LIST}?sku_prefix=chair")

    page.get_by_text("Add product").click()
    form = page.get_by_role("form", name="Add product")
    expect(form.get_by_label("SKU")).to_be_focused()
    form.get_by_label("SKU").fill("CHAIR-1")
    form.get_by_label("Price").fill("1.234")
    form.get_by_role("button", name="Add").click()

    alerts = form.get_by_role("alert")
    expect(alerts.filter(has_text="A product with this SKU already exists")).to_be_visible()
    expect(alerts.filter(has_text="This field is required.")).to_be_visible()
    expect(alerts.filter(has_text="no more than 2 decimal places")).to_be_visible()
    expect(form.get_by_label("SKU")).to_be_focused()
    screenshot("with faults")
    assert_accessible()

    form.get_by_label("SKU").fill("Chair-2")
    form.get_by_label("Name").fill("A second chair")
    form.get_by_label("Price").fill("12.50")
    form.get_by_label("Price").press("Enter")

    expect(page.get_by_text("Added Chair-2 A second chair.")).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    assert page.url.endswith("?sku_prefix=chair")


def test_a_product_is_created_and_changed_on_its_own_page(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    page.goto(f"{LIST}add/")
    page.get_by_label("SKU").fill("A-1")
    page.get_by_label("Name").fill("Chair")
    page.get_by_label("Description").fill("Oak\nFour legs")
    screenshot("add")
    assert_accessible()
    page.get_by_role("button", name="Save and continue editing").click()
    # In the meantime an import changes the price.
    run_import("sku,price\nA-1,11\n")

    page.get_by_label("Name").fill("Oak chair")
    screenshot("change")
    assert_accessible()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    product = Product.objects.get()
    assert (product.name, product.price, product.description) == ("Oak chair", 11, "Oak\r\nFour legs")


def test_all_that_match_are_deactivated_and_activated(page: Page, log_in, screenshot):
    log_in()
    make_products(150)
    make_product("Other")
    page.goto(f"{LIST}?sku_prefix=bulk")

    page.get_by_label("Select all objects").check()
    page.get_by_text("Select all that match: 150").click()
    screenshot("all selected", full_page=False)
    choose_action(page, "Deactivate")

    expect(page.get_by_text("150 products were deactivated")).to_be_visible()
    assert Product.objects.filter(is_active=True).count() == 1

    first = page.locator("#result_list tbody tr").first
    sku = first.locator("th").inner_text()
    first.get_by_label("Select this product").check()
    choose_action(page, "Activate")

    expect(page.get_by_text("1 product was activated")).to_be_visible()
    assert set(Product.objects.filter(is_active=True).values_list("sku", flat=True)) == {"Other", sku}


def test_what_is_exported_and_imported_again_changes_nothing(page: Page, log_in, tmp_path: Path):
    log_in()
    make_products(130)
    make_product("Quoted", name='A "chair", oak', description="two\nlines", price=None, is_active=False)
    page.goto(LIST)
    page.get_by_label("Select all objects").check()
    page.get_by_text("Select all that match: 131").click()

    with page.expect_download() as download:
        choose_action(page, "Export as CSV")

    path = tmp_path / "export.csv"
    download.value.save_as(path)
    assert download.value.suggested_filename.startswith("products-")
    job = run_import(path.read_bytes())
    assert (job.processed_rows, job.unchanged_rows) == (131, 131)


def test_many_products_are_deleted_only_when_their_number_is_typed(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    make_products(150)
    make_product("Other")
    page.goto(f"{LIST}?sku_prefix=bulk")
    page.get_by_label("Select all objects").check()
    page.get_by_text("Select all that match: 150").click()
    choose_action(page, "Delete…")

    expect(page.get_by_text("150 products", exact=True)).to_be_visible()
    page.get_by_label("Type 150 to delete them").fill("15")
    page.get_by_role("button", name="Delete 150 products").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the number 150")
    screenshot("wrong number")
    assert_accessible()
    assert Product.objects.count() == 151

    page.get_by_label("Type 150 to delete them").fill("150")
    page.get_by_role("button", name="Delete 150 products").click()

    expect(page.get_by_text("150 products were deleted.")).to_be_visible()
    assert Product.objects.get().sku == "Other"


def test_a_few_products_are_deleted_after_one_question(page: Page, log_in, screenshot):
    log_in()
    make_products(3)
    page.goto(LIST)
    page.get_by_label("Select this product for an action - BULK-1 Bulk 1").check()
    choose_action(page, "Delete…")

    screenshot("question")
    page.get_by_role("link", name="No, take me back").click()
    assert Product.objects.count() == 3

    page.get_by_label("Select this product for an action - BULK-1 Bulk 1").check()
    choose_action(page, "Delete…")
    page.get_by_role("button", name="Delete 1 product").click()

    expect(page.get_by_text("1 product was deleted.")).to_be_visible()
    assert not Product.objects.filter(sku="BULK-1").exists()


def test_who_may_only_view_sees_all_and_can_change_nothing(page: Page, log_in, screenshot, assert_accessible):
    make_product("A-1", name="Chair", price=Decimal(10))
    log_in("products.view_product")

    page.goto(LIST)

    expect(page.get_by_role("row", name="A-1")).to_contain_text("Chair")
    expect(page.get_by_role("row", name="A-1").get_by_role("textbox")).to_have_count(0)
    expect(page.get_by_text("Add product")).to_have_count(0)
    expect(page.get_by_role("button", name="Save changes")).to_have_count(0)
    expect(page.get_by_label("Action:").get_by_role("option")).to_have_text(["---------", "Export as CSV"])
    screenshot("list")
    assert_accessible()
    page.get_by_role("link", name="A-1").click()
    expect(page.get_by_role("heading", name="A-1 Chair")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_count(0)
    screenshot("product")
    assert_accessible()


@pytest.mark.parametrize("lost", [True, False])
def test_edits_are_not_lost_by_leaving_without_a_question(page: Page, log_in, lost: bool):
    log_in()
    make_product("A-1")
    page.goto(LIST)
    page.get_by_label("Name of A-1").fill("Not saved")
    page.on("dialog", lambda dialog: dialog.accept() if lost else dialog.dismiss())

    page.get_by_role("link", name="Overview").click()

    if lost:
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    else:
        expect(page.get_by_label("Name of A-1")).to_have_value("Not saved")
