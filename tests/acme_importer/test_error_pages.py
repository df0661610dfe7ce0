"""What people see when something goes wrong: a page with a way back; below /api/ it is JSON."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import path

from acme_importer import error_pages, urls


def broken(request):
    raise RuntimeError("A fault, on purpose")


def forbidden(request):
    raise PermissionDenied


# The product's own URLs and handlers, and two views that fail.
urlpatterns = [*urls.urlpatterns, path("broken/", broken), path("forbidden/", forbidden), path("api/broken/", broken)]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


@pytest.fixture
def visitor(settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        ("/nothing-here/", 404, "Page not found"),
        ("/forbidden/", 403, "No permission"),
        ("/broken/", 500, "Server error"),
    ],
)
def test_an_error_has_a_page_with_a_way_back(visitor, address, status, title):
    response = visitor.get(address)

    page = response.content.decode()
    assert response.status_code == status
    assert f"<h1>{title}</h1>" in page
    assert '<a class="button primary" href="/">Back to the overview</a>' in page
    assert "DEBUG" not in page
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'; ")


@pytest.mark.parametrize(("address", "status"), [("/api/nothing-here/", 404), ("/api/broken/", 500)])
def test_the_api_responds_in_json(visitor, address, status):
    response = visitor.get(address)

    assert response.status_code == status
    assert set(response.json()) == {"detail"}


def test_the_way_back_leads_to_the_page_before_on_this_site_only(visitor):
    def way_back(referer: str) -> str:
        page = visitor.get("/nothing-here/", headers={"referer": referer, "host": "testserver"}).content.decode()
        return page.split('class="button primary" href="')[1].split('"')[0]

    assert way_back("http://testserver/admin/products/product/?q=chair") == "/admin/products/product/?q=chair"
    assert way_back("http://elsewhere.example/page") == "/"
    assert way_back("http://testserver/nothing-here/") == "/"
    assert way_back("javascript://testserver/alert(1)") == "/"


def test_a_host_that_is_not_allowed_is_a_bad_request(visitor):
    response = visitor.get("/admin/login/", headers={"host": "elsewhere.example"})

    assert response.status_code == 400
    assert "<h1>Bad request</h1>" in response.content.decode()


@pytest.mark.django_db
def test_a_form_that_is_too_large_says_so(visitor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = visitor.post("/admin/login/", {"username": "x" * 1000})

    assert response.status_code == 413
    assert "<h1>Too large</h1>" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_has_expired():
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "anna"})

    page = response.content.decode()
    assert response.status_code == 403
    assert "<h1>This form has expired</h1>" in page
    assert "DEBUG" not in page


def test_too_many_requests_say_when_to_try_again():
    response = error_pages.error_page(RequestFactory().get("/admin/"), 429, retry_after=30)

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "30"
    assert "<h1>Too many requests</h1>" in response.content.decode()


@pytest.mark.django_db
def test_maintenance_responds_to_everything_but_the_liveness_check(settings):
    settings.MAINTENANCE = True
    visitor = Client()

    page, data, check = visitor.get("/admin/"), visitor.post("/api/uploads/"), visitor.get("/healthz")

    assert (page.status_code, data.status_code, check.status_code) == (503, 503, 200)
    assert page.headers["Retry-After"] == data.headers["Retry-After"] == "300"
    assert "<h1>Down for maintenance</h1>" in page.content.decode()
    assert set(data.json()) == {"detail"}


def test_the_maintenance_page_has_its_style(settings):
    settings.MAINTENANCE = settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True

    assert Client().get("/static/acme_importer/tokens.css").status_code == 200


@pytest.mark.django_db
def test_without_maintenance_nothing_is_held_back():
    assert Client().get("/admin/login/").status_code == 200
