"""Webhooks in the dashboard, as people see them: set up, tried, and shown with the import that they told of."""

import pytest
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer

from tests.imports.factories import run_import
from tests.webhooks.factories import PRODUCT, answering, dispatch, make_endpoint
from webhooks import tasks
from webhooks.events import emit
from webhooks.models import Replay

pytestmark = pytest.mark.any_database


def test_an_endpoint_is_set_up_and_tried_at_the_press_of_a_button(
    page: Page, log_in, screenshot, assert_accessible, httpserver: HTTPServer
):
    answering(httpserver, 200)
    log_in()
    page.goto("/admin/webhooks/endpoint/")
    screenshot("empty")
    page.get_by_role("link", name="Set up an endpoint").click()
    page.get_by_label("URL").fill(httpserver.url_for("/hook"))
    page.get_by_label("Description").fill("My shop")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("whsec_")).to_be_visible()
    screenshot("secret")
    assert_accessible()

    page.get_by_role("link", name="My shop").first.click()
    page.get_by_role("button", name="Send test").click()

    expect(page.get_by_text("My shop: 200")).to_be_visible()
    assert len(httpserver.log) == 1
    expect(
        page.get_by_role("region", name="Recent deliveries").get_by_role("row", name="webhook.test")
    ).to_contain_text("200")
    screenshot("tried")
    assert_accessible()

    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page.get_by_text("No deliveries with this status.")).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    expect(page.locator(".page-head")).to_contain_text("Disabled")
    page.get_by_role("button", name="Enable").click()
    expect(page.locator(".page-head")).to_contain_text("Enabled")
    page.get_by_role("button", name="Rotate secret").click()
    expect(page.get_by_role("heading", name="New secret")).to_be_visible()
    expect(page.get_by_text("whsec_")).to_be_visible()
    assert_accessible()

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Webhooks").click()
    expect(page.get_by_role("row", name="My shop")).to_contain_text("200")
    screenshot("list")
    assert_accessible()
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("row", name="webhook.test")).to_contain_text("Delivered")
    expect(page.get_by_role("navigation", name="Main").locator("[aria-current]")).to_have_text("Webhooks")
    screenshot("deliveries")
    assert_accessible()
    page.get_by_role("row", name="webhook.test").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Attempts")).to_be_visible()
    screenshot("delivery")
    assert_accessible()


def test_what_an_endpoint_missed_is_sent_at_the_press_of_a_button(
    page: Page, log_in, screenshot, assert_accessible, httpserver: HTTPServer
):
    answering(httpserver, 200)
    endpoint = make_endpoint(httpserver.url_for("/hook"), description="My shop", enabled=False)
    emit("product.created", PRODUCT)
    emit("product.updated", PRODUCT)
    log_in()
    page.goto(f"/admin/webhooks/endpoint/{endpoint.pk}/change/")
    expect(page.get_by_text("2 events were not sent because this endpoint was disabled.")).to_be_visible()
    expect(page.get_by_role("button", name="Send them")).to_have_count(0)
    screenshot("held")
    assert_accessible()

    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("button", name="Send them")).to_be_visible()
    screenshot("missed")
    assert_accessible()
    page.get_by_role("button", name="Send them").click()
    expect(page.get_by_text("2 events will be sent.")).to_be_visible()
    expect(page.get_by_text("Events are being sent again: 0 of 2 so far.")).to_be_visible()
    screenshot("under-way")
    assert_accessible()

    tasks.replay(Replay.objects.get().pk)
    dispatch()
    dispatch()
    page.reload()
    expect(page.get_by_text("so far.")).to_have_count(0)
    expect(page.get_by_role("region", name="Recent deliveries").get_by_text("Delivered").nth(1)).to_be_visible()
    assert len(httpserver.log) == 2


def test_the_page_of_an_import_and_the_front_page_tell_of_webhooks(
    page: Page, log_in, screenshot, assert_accessible, httpserver: HTTPServer
):
    answering(httpserver, 200)
    make_endpoint(httpserver.url_for("/hook"), description="My shop", events=["import.completed"])
    make_endpoint(
        "http://127.0.0.1:9/", description="Old shop", enabled=False, disabled_reason="It responded 410 Gone."
    )
    job = run_import("sku,name\nA1,Lamp\n")
    dispatch()
    log_in()

    page.goto(f"/admin/imports/importjob/{job.pk}/change/")
    panel = page.get_by_role("region", name="Webhooks")
    expect(panel.get_by_text("import.completed to My shop")).to_be_visible()
    screenshot("import")
    assert_accessible()

    page.goto("/admin/")
    expect(page.get_by_text("1 of 1 delivered in 24 h")).to_be_visible()
    expect(page.get_by_text("Old shop has been disabled. It responded 410 Gone.")).to_be_visible()
    screenshot("front page")
    assert_accessible()
