"""The form on the page of an import that is held: approves it, or rejects it, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from acme_importer.texts import printable
from imports.approval import BadReasonError
from imports.dashboard import log
from imports.dashboard.permissions import may_approve, may_see
from imports.jobs import WrongStateError
from imports.models import ImportJob


class ApprovalView(View):
    """Decides on one import."""

    http_method_names = ["post"]
    decide: Callable[[ImportJob, Any, str], None] = None  # type: ignore[assignment]  # given to `as_view`
    done = ""

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Do it, and show the import."""
        job = get_object_or_404(ImportJob, pk=job_id)
        if not (may_approve(request.user) and may_see(request.user, job)):
            raise PermissionDenied
        try:
            self.decide(job, request.user, request.POST.get("reason", ""))
        except (BadReasonError, WrongStateError) as error:
            messages.warning(request, printable(str(error)))
        else:
            log.note_change(request.user, job, f"{self.done}.")
            messages.success(request, f"Import {job.pk} was {self.done.lower()}.")
        return redirect("admin:imports_importjob_change", job.pk)
