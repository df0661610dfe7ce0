"""The buttons of an import's page: each a POST, and one call of `jobs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from imports import jobs
from imports.models import ImportJob

if TYPE_CHECKING:
    from imports.admin import ImportJobAdmin


class JobActionView(View):
    """Cancels, or retries, one job."""

    http_method_names = ["post"]
    model_admin: ImportJobAdmin = None  # type: ignore[assignment]  # given to `as_view`, as the rest
    transition: Callable[[ImportJob], None] = None  # type: ignore[assignment]
    done = ""

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Do it, and show the job."""
        if not self.model_admin.has_control_permission(request):
            raise PermissionDenied
        job = get_object_or_404(ImportJob, pk=job_id)
        self.model_admin.change_state(request, job, self.transition, self.done)
        return redirect("admin:imports_importjob_change", job.pk)


class ImportForRealView(View):
    """Imports the file of a completed dry run."""

    http_method_names = ["post"]
    model_admin: ImportJobAdmin = None  # type: ignore[assignment]  # given to `as_view`

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Make the job that imports it, and show that."""
        if not self.model_admin.has_add_permission(request):
            raise PermissionDenied
        dry_run = get_object_or_404(ImportJob, pk=job_id)
        try:
            job = jobs.import_for_real(dry_run, request.user)
        except jobs.WrongStateError as error:
            messages.warning(request, str(error))
            return redirect("admin:imports_importjob_change", dry_run.pk)
        self.model_admin.log_addition(request, job, f"Started the import that dry run {dry_run.pk} had tried.")
        return redirect("admin:imports_importjob_change", job.pk)
