"""How few clicks a supplier's file takes: it is chosen, the one thing that is open is answered, it is imported."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from imports.commandline import foreground
from imports.models import Draft, ImportJob
from products.models import Product
from tests.browser.conftest import PHONE, LogIn, Screenshot
from tests.browser.importing import UPLOAD, choose
from tests.imports.test_workbook_imports import SHOPIFY, xlsx

pytestmark = pytest.mark.any_database

GERMAN = "Art.-Nr.;Bezeichnung;VK-Preis;Aktiv\r\nS-1;Stühle groß;1.234,50 €;ja\r\nS-2;Töpfe;12,90 €;nein\r\n"
GUESS = "sku,name\nA,Größe L\nB,Töpfe\n".encode("cp1252")
Answer = Callable[..., None]


@pytest.fixture
def start(page: Page, log_in: LogIn) -> Callable[..., None]:
    """The first click: a file is chosen. The page is then its review."""

    def start(content: str | bytes, name: str = "products.csv") -> None:
        log_in()
        page.goto(UPLOAD)
        choose(page, content, name)
        expect(page.get_by_role("heading", name="Review your file")).to_be_visible()

    return start


def imported(page: Page) -> dict[str, Product]:
    """The last two clicks: the file is checked, and imported. Returns the catalogue by SKU."""
    page.get_by_role("button", name="Check the whole file").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    foreground.run(ImportJob.objects.get(), lambda: None)
    page.reload()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Imports what check")).to_be_visible()
    foreground.run(ImportJob.objects.latest("pk"), lambda: None)
    return {product.sku: product for product in Product.objects.all()}


def test_a_shopify_export_takes_three_clicks(page: Page, start: Answer) -> None:
    start(SHOPIFY)
    expect(page.locator(".notice")).to_contain_text("Shopify product export")

    products = imported(page)

    assert {product.name for product in products.values()} >= {"Shirt – M"}


def test_a_german_excel_file_takes_three_clicks(page: Page, start: Answer) -> None:
    start(GERMAN.encode("cp1252"))
    expect(page.get_by_text("prices such as 1.234,50 EUR")).to_be_visible()

    products = imported(page)

    assert {sku: (one.name, one.price, one.is_active) for sku, one in products.items()} == {
        "S-1": ("Stühle groß", Decimal("1234.50"), True),
        "S-2": ("Töpfe", Decimal("12.90"), False),
    }


def test_the_other_sheet_of_a_workbook_takes_one_click_more(page: Page, start: Answer) -> None:
    start(xlsx(Notes=[["nothing here"]], Offers=[["sku", "name"], ["A", "Chair"]]), "offers.xlsx")

    page.get_by_role("button", name="Offers").click()
    expect(page.get_by_role("heading", name="The row can be read")).to_be_visible()

    assert list(imported(page)) == ["A"]


def test_a_header_below_a_preamble_is_found_and_shown(page: Page, start: Answer, screenshot: Screenshot) -> None:
    start("Price list of Acme,,\n,,\nItem number,Product title,Price\nA,Lamp,1.50\n")

    page.locator("summary", has_text="Header").click()
    expect(page.locator("tr.selected")).to_contain_text("Item number · Product title · Price")
    screenshot("header")

    assert imported(page)["A"].price == Decimal("1.50")


def test_ambiguous_prices_are_answered_by_one_click(
    page: Page, start: Answer, screenshot: Screenshot, assert_accessible: Callable[[], None]
) -> None:
    start('sku,name,price\nA,Lamp,"1,125"\nB,Chair,"2,250"\n')
    expect(page.get_by_role("heading", name="2 of 2 rows would be rejected")).to_be_visible()
    screenshot("asked")
    page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert_accessible()

    page.get_by_role("button", name="1,125 is 1125.00").click()
    expect(page.get_by_role("heading", name="All 2 rows can be read")).to_be_visible()

    assert imported(page)["A"].price == Decimal("1125.00")


def test_a_thin_guess_at_the_encoding_is_changed_by_one_click(page: Page, start: Answer) -> None:
    start(GUESS)
    expect(page.locator(".notice")).to_contain_text("The encoding is a guess")

    page.locator("button[name=use_encoding]").first.click()

    expect(page.get_by_text("The encoding is a guess")).to_be_hidden()
    assert Draft.objects.get().options.encoding


def test_a_question_is_answered_on_a_phone_without_scripts(
    browser: Browser, live_server: LiveServer, page: Page, log_in: LogIn, screenshot: Screenshot
) -> None:
    log_in()
    plain = browser.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=False)
    plain.add_cookies(page.context.cookies())  # type: ignore[arg-type]  # the same, as they are read and written
    phone = plain.new_page()
    phone.goto(UPLOAD)
    choose(phone, "sku,name,Price,Price\nA,Lamp,1.50,1.40\n")
    phone.get_by_role("button", name="Upload").click()

    phone.get_by_role("button", name="Price 1.40").click()
    expect(phone.get_by_role("cell", name="1.40")).to_be_visible()
    phone.screenshot(path=str(screenshot("with scripts").with_name("review-without-scripts.png")), full_page=True)
    phone.get_by_role("button", name="Check the whole file").click()

    expect(phone.get_by_role("heading", name="History")).to_be_visible()
    assert ImportJob.objects.get().options.mapping == {"price": "#4"}
    plain.close()
