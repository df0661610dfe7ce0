"""What pages that others have made say and do here: the forms of Django, the browsable API, the API docs.

How they look, and whether axe-core finds anything on them, is in test_pages.py.
"""

import pytest
from playwright.sync_api import Page, expect

from tests.products.factories import make_product

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

API_PAGES = {
    "root": "/api/",
    "products": "/api/products/",
    "jobs": "/api/jobs/",
    "uploads": "/api/uploads/",
    "log-in": "/api-auth/login/",
}


def test_the_form_of_a_user(page: Page, log_in):
    user = log_in()

    page.goto(f"/admin/auth/user/{user.pk}/change/")

    expect(page.get_by_label("Last login, date")).to_be_visible()


def test_scripts_of_pop_ups_are_loaded_only_where_a_form_has_them(page: Page, log_in):
    user = log_in()
    product = make_product()
    script = page.locator("script[src*=RelatedObjectLookups]")

    for path in ("products/product/", f"products/product/{product.pk}/change/", "imports/importjob/", "auth/user/add/"):
        page.goto(f"/admin/{path}")
        expect(page.get_by_role("main")).to_be_visible()
        expect(script).to_have_count(0)

    page.goto(f"/admin/auth/user/{user.pk}/change/")
    expect(script).to_have_count(1)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Add another group").click()
    pop_up = opened.value
    pop_up.get_by_label("Name:").fill("Buyers")
    pop_up.get_by_role("button", name="Save").click()

    expect(page.get_by_role("option", name="Buyers")).to_have_count(1)


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


def test_the_documentation_of_the_api_leads_back(page: Page, log_in):
    log_in()

    page.goto("/api/docs")
    page.get_by_role("link", name="‹ Overview").click()

    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_the_policy_is_sent_with_every_answer(client):
    for path in ("/admin/login/", "/healthz", "/api/products/", "/nothing-here/", "/static/admin/css/base.css"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "script-src" not in policy
        assert ("'unsafe-inline'" in policy) == path.startswith("/api/")
