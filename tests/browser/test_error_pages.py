"""What people see when something goes wrong: each page of an error, by its look, in both themes and widths."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import path
from playwright.sync_api import Page, expect

from acme_importer import error_pages, urls
from tests.browser.conftest import PHONE, SCREENSHOTS, picture

# How a page looks and behaves in the browser does not depend on the database.
pytestmark = pytest.mark.any_database

FAULTS = {
    "bad-request": BadRequest("on purpose"),
    "forbidden": PermissionDenied("on purpose"),
    "too-large": RequestDataTooBig("on purpose"),
    "broken": RuntimeError("on purpose"),
}


def fail(request: HttpRequest, fault: str) -> HttpResponse:
    """Fail in the way that the address names."""
    raise FAULTS[fault]


def refuse(request: HttpRequest, status: int) -> HttpResponse:
    """What views and middleware respond with by themselves."""
    return error_pages.error_page(request, status, retry_after=30)


def expire(request: HttpRequest) -> HttpResponse:
    """What Django calls for a form without its token."""
    return error_pages.csrf_failure(request)


# The product's own URLs and handlers, and views that fail.
urlpatterns = [
    *urls.urlpatterns,
    path("fail/<str:fault>/", fail),
    path("refuse/<int:status>/", refuse),
    path("expired/", expire),
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500

PAGES = [
    ("/fail/bad-request/", 400, "Bad request"),
    ("/fail/forbidden/", 403, "No permission"),
    ("/expired/", 403, "This form has expired"),
    ("/nothing-here/", 404, "Page not found"),
    ("/fail/too-large/", 413, "Too large"),
    ("/refuse/429/", 429, "Too many requests"),
    ("/fail/broken/", 500, "Server error"),
    ("/refuse/503/", 503, "Down for maintenance"),
]


@pytest.mark.parametrize("error", PAGES, ids=lambda error: error[0].strip("/"))
def test_every_error_has_a_page_in_the_look_of_the_product_with_a_way_back(
    page: Page, settings, faults, findings, error
):
    settings.ROOT_URLCONF = __name__
    address, status, title = error

    response = page.goto(address)

    assert response is not None
    assert response.status == status
    # The browser says of each that it has failed to load.
    faults.clear()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).borderTopLeftRadius") == "10px"
    expect(page.get_by_role("link", name="Back to the overview")).to_have_attribute("href", "/")
    assert "DEBUG" not in page.content()
    wrong = []
    for size in (None, PHONE):
        page.set_viewport_size(size or {"width": 1440, "height": 900})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            name = f"error-{address.strip('/').replace('/', '-')}--{390 if size else 1440}--{theme}"
            picture(page, SCREENSHOTS / "pages" / f"{name}.png", full_page=False)
            wrong += [f"{name}: {finding}" for finding in findings()]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not wrong, "\n".join(wrong)
