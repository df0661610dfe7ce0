"""The page on which changes by hand are undone, such as those of a bulk action; and where it is (BULK_UNDO)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views import View

from imports import jobs
from imports.dashboard import log
from imports.dashboard.job_actions import chosen
from imports.dashboard.permissions import may_undo
from imports.quotas import QuotaError
from imports.undo import undoing
from imports.undo.selection import BadSelectionError
from products.history.models import ChangeSet

# No database has a larger number, and SQLite refuses to compare with one.
MOST = 2**63 - 1


def address(first_set: int, last_set: int, user: AbstractBaseUser | AnonymousUser) -> str:
    """The page where the sets of changes with these numbers are undone; empty if `user` may undo nothing."""
    return reverse("admin:imports_importjob_undo_changes", args=[first_set, last_set]) if may_undo(user) else ""


class UndoSetsView(View):
    """Says what would be undone, and creates the job that previews it."""

    http_method_names = ["get", "post"]
    site: AdminSite = None  # type: ignore[assignment]  # given to `as_view`

    def dispatch(self, request: HttpRequest, first: int, last: int, **_: Any) -> Any:
        """For those only who may undo imports."""
        if not may_undo(request.user):
            raise PermissionDenied
        return super().dispatch(request, first=min(first, MOST), last=min(last, MOST))

    def get(self, request: HttpRequest, first: int, last: int) -> HttpResponse:
        """Show what would be undone, or why it cannot be."""
        sets = ChangeSet.objects.filter(number__gte=first, number__lte=last)
        reason = undoing.why_not_sets(first, last)
        context = {
            **self.site.each_context(request),
            "title": "Undo changes",
            "reason": reason,
            "newest": None if reason else sets.latest("number"),
            "counts": sets.aggregate(changed=Sum("changed"), deleted=Sum("deleted"), created=Sum("created")),
        }
        return TemplateResponse(request, "admin/imports/importjob/undo_changes.html", context)

    def post(self, request: HttpRequest, first: int, last: int) -> HttpResponse:
        """Create the job of the preview, and show that."""
        try:
            created = undoing.undo_sets(first, last, request.user, selection=chosen(request), preview=True)
        except (jobs.WrongStateError, QuotaError, BadSelectionError) as error:
            messages.warning(request, str(error))
            return redirect("admin:imports_importjob_undo_changes", first, last)
        log.note_start(request.user, created, f"Previewed the undo of {created.filename}.")
        return redirect("admin:imports_importjob_change", created.pk)
