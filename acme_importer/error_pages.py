"""The pages that say what went wrong, for people; below /api/ the same as JSON. Needs no session and no database.

Views call `error_page` for what they refuse themselves; the functions below it are those that Django calls.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

# Title and text for each status.
PAGES = {
    400: ("Bad request", "The server could not understand this request. Go back and try again."),
    403: ("No permission", "Your account may not see this page. Ask an administrator of this site for permission."),
    404: ("Page not found", "There is nothing at this address. It may have been deleted, or the link is wrong."),
    413: ("Too large", "What was sent is larger than this server accepts. Send a smaller file, or compress it first."),
    429: ("Too many requests", "There were too many requests in a short time. Wait a moment and try again."),
    500: ("Server error", "Something went wrong on the server. It has been logged. Try again in a moment."),
    503: ("Down for maintenance", "The importer is being updated and will be back shortly. Nothing is lost."),
}
CSRF_TITLE = "This form has expired"
CSRF_TEXT = (
    "Nothing was changed. You may have logged in or out since the page was opened, or cookies are turned off. "
    "Go back, reload the page and try again."
)


def error_page(
    request: HttpRequest, status: int, *, title: str = "", text: str = "", retry_after: int | None = None
) -> HttpResponse:
    """The response for `status`: a page with a way back, or JSON below /api/. `retry_after` is in seconds."""
    standard_title, standard_text = PAGES[status]
    title, text = title or standard_title, text or standard_text
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"detail": text}, status=status)
    else:
        back, way_back = _way_back(request)
        shown = {"status": status, "title": title, "text": text, "back": back, "way_back": way_back}
        response = HttpResponse(render_to_string("error.html", shown), status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400, which is also where forms end that are too large."""
    return error_page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler403."""
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Django's handler404."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return error_page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Django's CSRF_FAILURE_VIEW. The reason is for the log, where Django writes it."""
    return error_page(request, 403, title=CSRF_TITLE, text=CSRF_TEXT)


def _way_back(request: HttpRequest) -> tuple[str, str]:
    """Where the button leads: to the page before if that was another one of this site, else to the overview."""
    before = urlsplit(request.headers.get("referer", ""))
    same_site = before.scheme in {"http", "https"} and before.netloc == request.META.get("HTTP_HOST")
    if same_site and (request.method != "GET" or before.path != request.path):
        return before._replace(scheme="", netloc="", fragment="").geturl() or "/", "Back to the page before"
    return "/", "Back to the overview"
