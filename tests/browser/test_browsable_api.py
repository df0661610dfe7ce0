"""The API's pages for people: products are created, changed and deleted there as JSON."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from products.models import Product
from tests.browser.conftest import LogIn

pytestmark = pytest.mark.any_database


def test_a_product_is_created_changed_and_deleted(page: Page, log_in: LogIn) -> None:
    log_in()

    page.goto("/api/products/")
    page.locator("textarea[name=_content]").fill(json.dumps({"sku": "A-1", "name": "Lamp"}))
    page.get_by_role("button", name="POST").click()
    expect(page.locator(".response-info")).to_contain_text("201 Created")

    product = Product.objects.get()
    page.goto(f"/api/products/{product.pk}")
    content = page.locator("textarea[name=_content]")
    content.fill(json.dumps({**json.loads(content.input_value()), "name": "Desk lamp"}))
    page.get_by_role("button", name="PUT").click()
    expect(page.locator(".response-info")).to_contain_text("Desk lamp")

    page.get_by_role("button", name="DELETE").click()
    # Bootstrap leaves the dialog `aria-hidden`, and so it has no roles.
    page.locator("#deleteModal .btn-danger").click()
    expect(page.locator(".response-info")).to_contain_text("204 No Content")
    assert not Product.objects.exists()
