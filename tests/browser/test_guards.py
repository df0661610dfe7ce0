"""A file over which guards trip, as people see it: held for approval, looked at, approved with a reason or rejected."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from imports import applying
from imports.commandline import foreground
from imports.guards import DEFAULTS
from imports.models import ImportJob
from products.models import Product
from tests.browser.conftest import PHONE
from tests.browser.importing import LIST, UPLOAD, choose, state
from tests.imports.factories import make_job, run_import

pytestmark = pytest.mark.any_database

BEFORE = "sku,name,price,description\nA-1,Lamp,10,Tall\nA-2,Vase,20,Blue\nA-3,Chair,30,Oak\n"
ODD = "sku,name,price,description\nA-1,Lamp,0,\nA-2,Vase,0,\nA-3,Chair,29,Oak\n"
SENTENCE = "2 of 3 prices (66.7%) would become zero or be emptied; the limit is 1%."


@pytest.fixture(autouse=True)
def guards(settings: Settings) -> None:
    run_import(BEFORE)
    settings.IMPORT_GUARDS = DEFAULTS


def finish(page: Page) -> None:
    """Do what the workers do with the newest job, and look at it again."""
    foreground.run(ImportJob.objects.latest("pk"), lambda: None)
    page.reload()


def test_a_file_is_checked_and_held_and_approved_with_a_reason(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    log_in()
    page.goto(UPLOAD)
    choose(page, ODD)
    page.get_by_role("button", name="Check the whole file").click()
    finish(page)

    guards = page.get_by_role("region", name="Its import would be held for approval")
    expect(guards.get_by_text(SENTENCE)).to_be_visible()
    screenshot("check")
    assert_accessible()

    page.get_by_role("button", name="Import", exact=True).click()
    guards = page.get_by_role("region", name="Held for approval")
    expect(guards.get_by_text(SENTENCE)).to_be_visible()
    expect(state(page)).to_have_text("Held for approval")
    screenshot("held")
    assert_accessible()
    held = page.url

    guards.get_by_role("link", name="Prices set to zero").click()
    expect(page.locator("tbody th bdi")).to_have_text(["A-1", "A-2"])
    page.goto("/admin/")
    page.get_by_role("link", name="Approve or reject").click()
    expect(page).to_have_url(re.compile(re.escape(held)))

    # The browser sees to it that there is a reason.
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    page.get_by_label("Reason").fill("They are given away this week.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("was approved.")).to_be_visible()
    assert Product.objects.get(sku="A-1").price == 10
    foreground.run(ImportJob.objects.latest("pk"), lambda: None)

    # The page follows by itself.
    expect(state(page)).to_have_text("Completed")
    expect(page.get_by_text("They are given away this week.")).to_be_visible()
    screenshot("approved")
    assert_accessible()
    assert Product.objects.get(sku="A-1").price == 0


def test_one_is_rejected_on_a_phone_with_the_keyboard(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    job = applying.apply(run_import(ODD, dry_run=True))
    log_in()
    page.set_viewport_size(PHONE)
    page.goto(f"{LIST}{job.pk}/change/")
    screenshot("phone")
    assert_accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_label("Reason").focus()
    page.keyboard.type("The wrong file.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Reject")).to_be_focused()
    page.keyboard.press("Enter")

    expect(state(page)).to_have_text("Cancelled")
    expect(page.locator("#guards").get_by_text("Rejected by")).to_contain_text("The wrong file.")
    screenshot("phone rejected")
    assert_accessible()
    assert Product.objects.get(sku="A-1").price == 10


def test_the_page_of_an_import_that_waits_for_its_check_becomes_that_of_a_held_one(
    page: Page, log_in: Callable[..., None], screenshot: Callable[..., None], assert_accessible: Callable[..., None]
) -> None:
    job = make_job(ODD)
    log_in()
    page.goto(f"{LIST}{job.pk}/change/")
    expect(page.get_by_text("Waiting for its check.")).to_be_visible()
    screenshot("waiting")
    assert_accessible()

    foreground.run(job.applies, lambda: None)  # type: ignore[arg-type]

    expect(state(page)).to_have_text("Held for approval")
    expect(page.locator("[data-announce]")).to_have_text("The import is held for approval.")
    page.get_by_label("Reason").fill("Wrong.")
    # Nothing takes away what somebody writes.
    page.get_by_role("heading", name="History").click()
    page.wait_for_timeout(2500)
    expect(page.get_by_label("Reason")).to_have_value("Wrong.")
    page.get_by_role("button", name="Reject").click()
    expect(state(page)).to_have_text("Cancelled")
