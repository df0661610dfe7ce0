"""Every kind of page keeps to the content security policy, and axe-core finds nothing serious on it."""

import re

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.imports.factories import run_import
from tests.products.factories import make_product

ADMIN_PAGES = {
    "front page": "/admin/",
    "list of users": "/admin/auth/user/",
    "form for a user": "/admin/auth/user/add/",
    "list of groups": "/admin/auth/group/",
    "form for a group": "/admin/auth/group/add/",
    "tokens": "/admin/authtoken/tokenproxy/",
    "form for a token": "/admin/authtoken/tokenproxy/add/",
    "list of endpoints": "/admin/webhooks/endpoint/",
    "form for an endpoint": "/admin/webhooks/endpoint/add/",
    "deliveries": "/admin/webhooks/delivery/",
    "queued tasks": "/admin/django_q/ormq/",
    "scheduled tasks": "/admin/django_q/schedule/",
    "form for a scheduled task": "/admin/django_q/schedule/add/",
    "failed tasks": "/admin/django_q/failure/",
    "successful tasks": "/admin/django_q/success/",
    "an app": "/admin/products/",
    "change of the password": "/admin/password_change/",
}
API_PAGES = {
    "root": "/api/",
    "products": "/api/products/",
    "jobs": "/api/jobs/",
    "uploads": "/api/uploads/",
    "log-in": "/api-auth/login/",
}


@pytest.mark.parametrize("path", ADMIN_PAGES.values(), ids=ADMIN_PAGES)
def test_the_pages_of_the_admin(page: Page, log_in, assert_accessible, screenshot, path):
    log_in()
    Group.objects.create(name="Buyers")

    answer = page.goto(path)

    assert answer is not None
    assert answer.status == 200
    screenshot(path)
    assert_accessible()


def test_the_form_of_a_user(page: Page, log_in, assert_accessible, screenshot):
    user = log_in()

    page.goto(f"/admin/auth/user/{user.pk}/change/")

    expect(page.get_by_label("Last login, date")).to_be_visible()
    screenshot("page")
    assert_accessible()


@pytest.mark.parametrize("page_of_it", ["change", "history", "delete"])
def test_the_pages_of_a_product(page: Page, log_in, assert_accessible, screenshot, page_of_it):
    log_in()
    product = make_product("A-1", name="Oak chair")

    answer = page.goto(f"/admin/products/product/{product.pk}/{page_of_it}/")

    assert answer is not None
    assert answer.status == 200
    screenshot(page_of_it)
    assert_accessible()


@pytest.mark.parametrize("path", API_PAGES.values(), ids=API_PAGES)
def test_the_pages_of_the_browsable_api_keep_to_the_policy(page: Page, log_in, faults, path):
    log_in()
    make_product()

    page.goto(path)

    expect(page.get_by_role("button", name="Log out").or_(page.get_by_label("Username"))).to_be_visible()
    # What can only be sent is no fault of the page.
    faults[:] = [fault for fault in faults if "405 (Method Not Allowed)" not in fault]


def test_one_logs_out_of_the_browsable_api(page: Page, log_in, faults, screenshot):
    log_in()
    page.goto("/api/products/")
    screenshot("page", full_page=False)

    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    faults[:] = [fault for fault in faults if "401 (Unauthorized)" not in fault]


def test_the_documentation_of_the_api_keeps_to_the_policy(page: Page, log_in, screenshot):
    log_in()

    page.goto("/api/docs")

    expect(page.get_by_role("link", name="/api/products/", exact=True).first).to_be_visible()
    page.get_by_role("button", name="get /api/products/", exact=True).click()
    expect(page.get_by_text("How the SKU begins, in any letter case.").first).to_be_visible()
    screenshot("page", full_page=False)


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
    page.get_by_role("button", name="Log out").press("Enter")
    expect(page.get_by_role("heading", name="Logged out")).to_be_visible()
    assert_accessible()


def test_the_policy_is_sent_with_every_answer(client):
    for path in ("/admin/login/", "/healthz", "/api/products/", "/nothing-here/", "/static/admin/css/base.css"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "script-src" not in policy
        assert ("'unsafe-inline'" in policy) == path.startswith("/api/")


@pytest.mark.parametrize("path", ["/admin/", "/admin/products/product/", "/admin/imports/importjob/", "/api/docs"])
def test_nothing_has_to_be_moved_sideways_on_a_phone(page: Page, log_in, path):
    log_in()
    run_import("sku,name\n" + "A-very-long-sku-without-any-space-in-it,A very long name of a product\n" * 3)
    page.set_viewport_size(PHONE)

    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
