"""Who may do what over the API: Django's model permissions, for reading as well.

Settings name this class, and REST framework resolves its settings while it loads its own views: so nothing here may
import views.
"""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request


class ModelPermissions(DjangoModelPermissions):
    """Django's model permissions: view to read, add, change and delete to write.

    An extra action of a view set is asked the permission of its HTTP method (add for a POST), unless the view set names
    another, or several that are all needed: `action_permissions = {"cancel": ("imports.change_importjob",)}`.
    """

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: Any) -> bool:
        permissions = getattr(view, "action_permissions", {}).get(getattr(view, "action", None))
        if permissions is None:
            return super().has_permission(request, view)
        return bool(request.user and request.user.is_authenticated and request.user.has_perms(permissions))

    def _queryset(self, view: Any) -> Any:
        # Only its model is asked for. What a view set's `get_queryset` adds for one action takes time to put together.
        queryset = getattr(view, "queryset", None)
        return super()._queryset(view) if queryset is None else queryset
