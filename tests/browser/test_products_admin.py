"""The list of products in the dashboard, as people work in it."""

from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from products.models import Product
from tests.browser.conftest import PHONE
from tests.imports.factories import run_import
from tests.products.factories import make_product

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

LIST = "/admin/products/product/"


def make_products(number: int, **fields) -> None:
    Product.objects.bulk_create(
        Product(sku=f"BULK-{n}", sku_normalized=f"bulk-{n}", name=f"Bulk {n}", price=n, **fields) for n in range(number)
    )


def choose_action(page: Page, name: str) -> None:
    page.get_by_role("group", name="Selected products").get_by_role("button", name=name, exact=True).click()


def filter_by(page: Page, pill: str, **values: str) -> None:
    """Open the menu of a filter, write in its fields, and apply it."""
    page.get_by_role("button", name=pill).click()
    for label, value in values.items():
        page.get_by_label(label.replace("_", " ")).fill(value)
    page.locator(".menu:popover-open").get_by_role("button", name="Apply").click()


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
    page.get_by_label("Price of Chair-119").fill("12.5")
    page.get_by_label("Select this product for an action - Chair-117").check()
    screenshot("dark, edited and selected", full_page=False)
    assert_accessible()
    page.set_viewport_size(PHONE)
    screenshot("phone", full_page=False)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible()
    page.emulate_media(color_scheme="light")
    screenshot("phone, light", full_page=False)
    assert_accessible()


def test_products_are_found_by_every_filter(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    make_product("Chair-1", name="Oak chair", description="Four legs", price=Decimal(10), last_import=7)
    make_product("Chair-2", name="Pine chair", price=Decimal(20), is_active=False)
    make_product("Table-1", name="Oak table", price=Decimal(30))
    rows = page.locator("#result_list tbody tr")
    page.goto(LIST)

    filter_by(page, "SKU begins with", SKU_begins_with="chAIR")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Name contains").press("Enter")
    # The cursor is where one writes.
    page.keyboard.type("oak")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("button", name="SKU begins with: chAIR")).to_be_visible()
    page.get_by_role("button", name="Name contains: oak").click()
    screenshot("a menu")
    assert_accessible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Remove filter: SKU begins with").click()
    expect(rows).to_contain_text(["Table-1", "Chair-1"])
    page.get_by_role("link", name="Clear all filters").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Active").click()
    page.get_by_role("link", name="No", exact=True).click()
    expect(rows).to_contain_text(["Chair-2"])
    expect(page.get_by_role("button", name="Active: No")).to_be_visible()
    page.goto(LIST)
    filter_by(page, "Price", Minimum_price="15", Maximum_price="25")
    expect(rows).to_contain_text(["Chair-2"])
    expect(page.get_by_role("button", name="Price: 15 to 25")).to_be_visible()
    page.goto(LIST)
    filter_by(page, "Description contains", Description_contains="legs")
    filter_by(page, "Last import", **{"Last_import_(number)": "7"})
    expect(rows).to_contain_text(["Chair-1"])
    page.goto(LIST)
    page.get_by_label("Search").fill("four oak")
    page.get_by_label("Search").press("Enter")
    expect(rows).to_contain_text(["Chair-1"])
    page.goto(f"{LIST}?price_min=cheap")
    expect(page.get_by_role("alert")).to_have_text("Minimum price: Enter a number.")
    expect(page.get_by_text("No products match.")).to_be_visible()
    screenshot("a filter that is not understood")
    page.get_by_role("main").get_by_role("link", name="Clear all filters").last.click()
    expect(rows).to_have_count(3)


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
    page.get_by_role("button", name="Save 2 changes").click()

    expect(page.get_by_text("2 products were changed successfully.")).to_be_visible()
    values = Product.objects.order_by("sku").values_list("sku", "name", "price", "is_active")
    assert list(values) == [("A-1", "New name", 11, True), ("A-2", "Imported", 21, False)]


def test_a_value_that_cannot_be_saved_is_told_in_its_row(page: Page, log_in, screenshot, assert_accessible):
    log_in()
    make_product("A-1", price=Decimal(10))
    page.goto(LIST)

    page.get_by_label("Price of A-1").fill("-5")
    page.get_by_role("button", name="Save 1 change").click()

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
    page.get_by_text("Cancel").click()
    expect(form).to_be_hidden()
    page.get_by_text("Add product").click()
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
    page.get_by_label("All that match: 150").check()
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
    page.get_by_label("All that match: 131").check()

    with page.expect_download() as download:
        choose_action(page, "Export for spreadsheets")

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
    page.get_by_label("All that match: 150").check()
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
    page.get_by_label("Select this product").check()
    actions = page.get_by_role("group", name="Selected products").get_by_role("button")
    expect(actions).to_have_text(["Export for spreadsheets", "Export for other systems", "Clear selection"])
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


def test_a_changed_row_is_marked_until_it_is_as_before(page: Page, log_in):
    log_in()
    make_product("A-1", name="Chair", price=Decimal("12.50"))
    make_product("A-2", name="Table", price=None)
    page.goto(LIST)
    save = page.locator("button[name=_save]")
    edited = page.locator("tr.edited")
    expect(save).to_be_disabled()

    page.get_by_label("Price of A-1").fill("12.5")
    expect(edited).to_have_count(0)
    page.get_by_label("Price of A-1").fill("13")
    page.get_by_label("Price of A-2").fill("1")
    page.get_by_label("A-2 is active").uncheck()
    expect(save).to_have_text("Save 2 changes")
    expect(edited).to_have_count(2)
    page.get_by_label("Price of A-1").fill("12.50")
    expect(save).to_have_text("Save 1 change")
    page.get_by_label("Price of A-2").fill("")
    page.get_by_label("A-2 is active").check()
    expect(save).to_have_text("Save changes")
    expect(save).to_be_disabled()
    expect(edited).to_have_count(0)

    page.get_by_label("Name of A-2").fill("Desk")
    page.get_by_label("Select this product for an action - A-2 Table").check()
    # Not the first of the actions, but what the row is about.
    page.get_by_label("Name of A-2").press("Enter")
    expect(page.get_by_text("1 product was changed successfully.")).to_be_visible()


@pytest.mark.parametrize("lost", [True, False])
def test_an_action_asks_before_edits_are_lost_by_it(page: Page, log_in, lost: bool):
    log_in()
    make_product("A-1", is_active=True)
    page.goto(LIST)
    page.get_by_label("Name of A-1").fill("Not saved")
    page.get_by_label("Select this product").check()
    page.on("dialog", lambda dialog: dialog.accept() if lost else dialog.dismiss())

    choose_action(page, "Deactivate")

    if lost:
        expect(page.get_by_text("1 product was deactivated")).to_be_visible()
    else:
        expect(page.get_by_label("Name of A-1")).to_have_value("Not saved")
        assert Product.objects.get().is_active


def test_rows_are_selected_as_a_page_as_a_range_and_one_by_one(page: Page, log_in):
    log_in()
    make_products(60)
    page.goto(LIST)
    boxes = page.locator(".action-select")
    bar = page.get_by_role("group", name="Selected products")
    expect(bar).to_be_hidden()

    boxes.nth(2).check()
    boxes.nth(6).click(modifiers=["Shift"])
    expect(bar).to_contain_text("5 selected")
    expect(bar.get_by_label("All that match: 60")).to_be_hidden()
    boxes.nth(4).uncheck()
    expect(bar).to_contain_text("4 selected")
    page.get_by_label("Select all objects").check()
    expect(bar).to_contain_text("50 selected")
    bar.get_by_label("All that match: 60").check()
    expect(bar).to_contain_text("All selected")
    # With one taken out again, the others pages' products are not meant either.
    boxes.nth(0).uncheck()
    expect(bar).to_contain_text("49 selected")
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()
    expect(page.get_by_label("Select all objects")).to_be_focused()
    page.get_by_label("Select all objects").check()
    expect(bar.get_by_label("All that match: 60")).not_to_be_checked()


def test_the_list_works_without_scripts(browser, live_server, log_in, context):
    log_in()
    make_products(60)
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(LIST)

    filter_by(page, "Name contains", Name_contains="bulk 1")
    expect(page.get_by_text("11 products")).to_be_visible()
    page.get_by_label("Name of BULK-19").fill("Chair")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("1 product was changed successfully.")).to_be_visible()

    page.get_by_role("link", name="Clear all filters").click()
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(10)
    page.get_by_role("link", name="Previous").click()
    page.locator(".action-select").first.check()
    page.get_by_label("All that match: 60").check()
    choose_action(page, "Deactivate")
    expect(page.get_by_text("60 products were deactivated")).to_be_visible()
    plain.close()


def test_every_menu_of_the_filters_is_used_with_the_keyboard(page: Page, log_in):
    log_in()
    make_product()
    page.goto(LIST)
    for name, first in (
        ("SKU begins with", "SKU begins with"),
        ("Name contains", "Name contains"),
        ("Description contains", "Description contains"),
        ("Price", "Minimum price"),
        ("Last import", "Last import (number)"),
    ):
        button = page.get_by_role("button", name=name)
        button.press("Enter")
        expect(page.get_by_label(first, exact=True)).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator(".menu:popover-open")).to_have_count(0)
        expect(button).to_be_focused()
    page.get_by_role("button", name="Active").press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Any")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Active: Yes")).to_be_visible()


def test_what_is_touched_on_a_phone_is_large_enough(page: Page, log_in):
    log_in()
    make_products(60)
    page.set_viewport_size(PHONE)
    page.goto(f"{LIST}?name=bulk")
    page.locator(".action-select").first.check()
    page.get_by_label("Name of BULK-58").fill("Chair")

    low = page.locator(
        "main :is(button, .button, .pill, .paginator a, input[type=text], input[type=number])"
    ).evaluate_all(
        "all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 36).map(e => e.outerHTML)"
    )
    assert low == []


def test_names_of_strangers_are_shown_with_what_cannot_be_seen(page: Page, log_in):
    make_product("A-1", name="Chair\u202egnp.exe")
    log_in("products.view_product")

    page.goto(LIST)

    expect(page.get_by_role("row", name="A-1")).to_contain_text("Chair\\u202egnp.exe")
    page.get_by_role("link", name="A-1").click()
    expect(page.get_by_role("heading", name="A-1 Chair\\u202egnp.exe")).to_be_visible()
