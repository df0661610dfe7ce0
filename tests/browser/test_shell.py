"""What every page has around it: the header, the account menu, the theme, the way back; and the pages of errors."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.conftest import PHONE
from tests.imports.factories import make_job
from tests.products.factories import make_product

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

CONTROLS = "button, .button, select, input:not([type=hidden], [type=checkbox])"
PAGES = ("/admin/", "/admin/products/product/", "/admin/imports/importjob/", "/admin/webhooks/endpoint/")


def colour(page: Page, of: str = "body") -> str:
    """The background of an element, as the browser shows it."""
    return page.locator(of).evaluate("element => getComputedStyle(element).backgroundColor")


def test_one_logs_in_and_out_with_the_keyboard(page: Page, screenshot, assert_accessible):
    User.objects.create_superuser("anna", password="secret")
    page.goto("/")
    expect(page).to_have_url(re.compile("/admin/login/"))
    screenshot("log-in")
    assert_accessible()

    expect(page.get_by_label("Username:")).to_be_focused()
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.keyboard.type("secret")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.get_by_role("button", name="Account: anna").press("Enter")
    assert_accessible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="System")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Change password")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="API tokens")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log out")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Logged out")).to_be_visible()
    assert_accessible()
    page.get_by_role("link", name="Log in again").click()
    expect(page.get_by_label("Username:")).to_be_focused()


def test_a_wrong_password_is_said_and_may_be_corrected(page: Page, assert_accessible):
    User.objects.create_superuser("anna", password="secret")
    page.goto("/admin/login/?next=/admin/products/product/")

    page.get_by_label("Username:").fill("anna")
    page.get_by_label("Password:").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    assert_accessible()

    page.get_by_label("Password:").fill("secret")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Products")).to_be_visible()


def test_escape_closes_the_account_menu_and_returns_to_its_button(page: Page, log_in):
    log_in()
    page.goto("/admin/")
    button = page.get_by_role("button", name="Account:")

    button.press("Enter")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_theme_follows_the_system_until_one_is_chosen_and_that_is_kept(page: Page, log_in):
    log_in()
    page.goto("/admin/")
    light = colour(page)
    page.emulate_media(color_scheme="dark")
    dark = colour(page)
    assert light != dark

    page.get_by_role("button", name="Account:").click()
    expect(page.get_by_role("radio", name="System")).to_be_checked()
    page.get_by_role("radio", name="Light").check()
    assert colour(page) == light

    page.goto("/admin/products/product/")
    assert colour(page) == light
    page.get_by_role("button", name="Account:").click()
    expect(page.get_by_role("radio", name="Light")).to_be_checked()
    page.get_by_role("radio", name="Dark").check()
    page.emulate_media(color_scheme="light")
    assert colour(page) == dark

    page.get_by_role("radio", name="System").check()
    assert colour(page) == light


def test_the_chosen_theme_is_there_before_the_first_paint(page: Page, log_in):
    log_in()
    page.goto("/admin/")
    page.evaluate("localStorage.setItem('theme', 'dark')")

    # Nothing of the body is there yet when the attribute is set.
    page.add_init_script(
        "new MutationObserver(() => { window.bodyWasThere ??= !!document.body; })"
        ".observe(document, {attributes: true, attributeFilter: ['data-theme'], subtree: true});"
    )
    page.reload()

    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("window.bodyWasThere") is False


def box(page: Page, selector: str) -> FloatRect:
    """Where the element is, which has to be seen."""
    found = page.locator(selector).bounding_box()
    assert found
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_begins_at_one_edge_below_a_low_header(page: Page, log_in, path):
    log_in()
    make_product()

    page.goto(path)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert box(page, "#header")["height"] == 52
    assert box(page, "h1")["x"] == box(page, ".brand")["x"] == 60

    page.set_viewport_size(PHONE)
    assert box(page, "#header")["height"] <= 88
    assert box(page, "h1")["x"] == box(page, ".brand img")["x"] == 16


def test_first_pages_have_no_way_back_and_others_have_one(page: Page, log_in):
    log_in()
    product = make_product("A-1", name="Oak chair")
    for path in PAGES:
        page.goto(path)
        expect(page.locator(".back")).to_have_count(0)

    page.goto(f"/admin/products/product/{product.pk}/history/")
    page.get_by_role("link", name="‹ A-1 Oak chair").click()
    page.get_by_role("link", name="‹ Products").click()
    expect(page.get_by_role("heading", name="Products")).to_be_visible()


def test_controls_are_large_enough_for_a_finger_on_a_phone(page: Page, log_in):
    log_in()
    make_product()
    page.set_viewport_size(PHONE)

    for path in PAGES:
        page.goto(path)
        controls = page.locator(f"main :is({CONTROLS}), .account button, .destinations a")
        low = controls.evaluate_all(
            "all => all.filter(e => e.checkVisibility() && e.offsetHeight < 36).map(e => e.outerHTML)"
        )
        assert not low, f"{path}: {low}"


def test_nothing_is_lost_at_twice_the_size(page: Page, log_in):
    log_in()
    # A window of 1280 pixels shown at 200 %.
    page.set_viewport_size({"width": 640, "height": 400})

    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_focus_is_seen(page: Page, log_in):
    log_in()
    page.goto("/admin/")

    for _ in range(8):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, outlineWidth])(getComputedStyle(document.activeElement))"
        )
        assert style == ["solid", "2px"]


def test_a_printed_page_has_no_navigation(page: Page, log_in):
    log_in()
    page.goto("/admin/products/product/")

    page.emulate_media(media="print")

    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("heading", name="Products")).to_be_visible()


def test_forced_colours_keep_the_states_apart_from_the_ground(page: Page, log_in, settings):
    settings.DEBUG = True
    log_in()
    page.goto("/admin/components/")

    page.emulate_media(forced_colors="active")

    border = page.locator(".badge.good").first.evaluate("element => getComputedStyle(element).borderTopWidth")
    assert border == "1px"


def test_a_filter_is_chosen_from_its_menu(page: Page, log_in):
    log_in()
    page.goto("/admin/auth/user/")

    page.get_by_role("button", name="Superuser status").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Superuser status: Yes")).to_be_visible()
    page.get_by_role("link", name="Clear all filters").click()
    expect(page.get_by_role("button", name="Superuser status", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("path", "pill"),
    [
        ("/admin/auth/user/", "Superuser status"),
        ("/admin/imports/importjob/", "Status"),
        ("/admin/webhooks/delivery/", "Event type"),
        ("/admin/products/product/", "Price"),
        ("/admin/products/product/", "Active"),
    ],
)
def test_escape_closes_a_filter_menu_and_returns_to_its_button(page: Page, log_in, path, pill):
    log_in()
    make_product()
    make_job("sku,name\nA-1,Oak chair\n")
    page.goto(path)
    button = page.get_by_role("button", name=pill, exact=True)
    menu = page.locator(f"#{button.get_attribute('popovertarget')}")

    button.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")

    expect(menu).to_be_hidden()
    expect(button).to_be_focused()

    button.press("Enter")
    expect(menu).to_be_visible()
    button.press("Enter")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()


def test_the_page_of_components_is_for_developers(page: Page, log_in, faults, settings):
    log_in()

    page.goto("/admin/components/")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    faults.clear()

    settings.DEBUG = True
    page.goto("/admin/components/")
    expect(page.get_by_role("heading", name="Components")).to_be_visible()


def test_a_page_that_is_not_there_leads_back(page: Page, log_in, faults, screenshot, assert_accessible):
    log_in()
    page.goto("/nothing-here/")
    faults.clear()
    screenshot("page")
    assert_accessible()
    page.emulate_media(color_scheme="dark")
    assert_accessible()

    page.get_by_role("link", name="Back to the overview").click()

    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_form_that_has_expired_leads_back_to_it(page: Page, log_in, faults, screenshot, assert_accessible):
    log_in()
    page.goto("/admin/products/product/add/")
    page.context.clear_cookies(name="csrftoken")

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", name="This form has expired")).to_be_visible()
    faults.clear()
    screenshot("page")
    assert_accessible()
    page.get_by_role("link", name="Back to the page before").click()
    expect(page).to_have_url(re.compile("/admin/products/product/add/$"))
