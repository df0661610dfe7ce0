"""A token in the browser: created, copied, used, revoked; by keyboard and mouse, on a desktop and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from rest_framework.test import APIClient

from acme_importer.tokens.models import Token
from tests.browser.conftest import PHONE

pytestmark = pytest.mark.any_database


def test_a_token_is_created_copied_used_and_revoked(
    page: Page, context: BrowserContext, log_in, screenshot, assert_accessible
):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    log_in("products.view_product")
    page.goto("/admin/")
    page.get_by_role("button", name="Account:").click()
    page.get_by_role("link", name="API tokens").click()
    page.get_by_role("link", name="Create token").click()

    expect(page.get_by_role("heading", name="Create an API token")).to_be_visible()
    # Only a superuser chooses whom it lets in.
    expect(page.locator("[name=user]")).to_have_count(0)
    page.get_by_label("Name").fill("Nightly upload")
    page.get_by_label("import: Upload files").check()
    page.get_by_role("button", name="Create token").click()

    expect(page.get_by_text("it is not shown again")).to_be_visible()
    assert_accessible()
    screenshot("key")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    key = page.evaluate("navigator.clipboard.readText()")
    assert key == page.locator("code").first.text_content()
    client = APIClient(headers={"Authorization": f"Bearer {key}"})
    assert client.get("/api/products/").status_code == 200
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("link", name="API tokens").click()
    expect(page.get_by_text("read, import")).to_be_visible()
    page.get_by_role("link", name="Nightly upload").click()
    assert key not in page.content()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("button", name="Revoke token").click()

    expect(page.get_by_text("The token Nightly upload is revoked.")).to_be_visible()
    expect(page.get_by_text("No API tokens yet.")).to_be_visible()
    assert client.get("/api/products/").status_code == 401
    assert not Token.objects.exists()
