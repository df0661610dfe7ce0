"""The Content-Security-Policy of every response: nothing inline, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

POLICY = {
    "default-src": "'self'",
    # Swagger UI has pictures in its style sheet.
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# The templates of REST framework's browsable API have `style` attributes in the middle of long blocks. Allowing these
# attributes there, and nothing else that is inline, is a smaller evil than copies of those templates.
BROWSABLE_API_POLICY = {**POLICY, "style-src-attr": "'unsafe-inline'"}
BROWSABLE_API_PATHS = ("/api/", "/api-auth/")


def header_value(policy: dict[str, str]) -> str:
    """The policy as it is written in the header."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


class ContentSecurityMiddleware:
    """Sends the policy with every response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        policy = BROWSABLE_API_POLICY if request.path.startswith(BROWSABLE_API_PATHS) else POLICY
        response.headers["Content-Security-Policy"] = header_value(policy)
        return response
