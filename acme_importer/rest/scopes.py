"""What a token may be used for, within what its user may do. Knows no token: only that it has `scopes`.

Every view says with `write_scope` which scope a token needs to change something there; reading needs `read` everywhere.
Settings name this class, and REST framework resolves its settings while it loads its own views: so nothing here may
import views.
"""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

READ = "read"
IMPORT = "import"
WRITE = "write"
WEBHOOKS = "webhooks"
SCOPES = {
    READ: "See everything that its user may see",
    IMPORT: "Upload files, cancel and retry imports",
    WRITE: "Create, change and delete products",
    WEBHOOKS: "Change webhooks and send deliveries again",
}


def needed_scope(method: str | None, view: Any) -> str | None:
    """The scope that a token needs for a request; None where no token has enough."""
    return READ if method in SAFE_METHODS else getattr(view, "write_scope", None)


class TokenScope(BasePermission):
    """Refuses a token without the scope that the request needs. Sessions have all scopes."""

    message = "No token may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        token: Any = request.auth
        # What nobody may do has a response of its own, 405.
        if token is None or not hasattr(view, str(request.method).lower()):
            return True
        scope = needed_scope(request.method, view)
        if scope:
            self.message = f"The token does not have the scope '{scope}', which this needs."
        return scope in token.scopes
