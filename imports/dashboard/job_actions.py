"""The buttons of an import's page: each a POST, and one call of `jobs`."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from imports import jobs
from imports.dashboard import log
from imports.dashboard.permissions import may_control, may_import, may_see
from imports.models import ImportJob
from imports.quotas import QuotaError


def change_state(request: HttpRequest, job: ImportJob, transition: Callable[[ImportJob], None], done: str) -> None:
    """Take a job through one transition of `jobs`; tell the user, and the job's history."""
    try:
        transition(job)
    except jobs.WrongStateError as error:
        messages.warning(request, str(error))
    else:
        log.note_change(request.user, job, f"{done}.")
        messages.success(request, f"Import {job.pk} was {done.lower()}.")


class JobActionView(View):
    """Cancels, or retries, one job."""

    http_method_names = ["post"]
    transition: Callable[[ImportJob], None] = None  # type: ignore[assignment]  # given to `as_view`
    done = ""

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Do it, and show the job."""
        if not may_control(request.user):
            raise PermissionDenied
        job = get_object_or_404(ImportJob, pk=job_id)
        change_state(request, job, self.transition, self.done)
        return redirect("admin:imports_importjob_change", job.pk)


class ImportForRealView(View):
    """Imports the file of a completed dry run."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Create the job that imports it, and show that."""
        if not may_import(request.user):
            raise PermissionDenied
        dry_run = get_object_or_404(ImportJob, pk=job_id)
        if not may_see(request.user, dry_run):
            raise PermissionDenied
        try:
            job = jobs.import_for_real(dry_run, request.user)
        except (jobs.WrongStateError, QuotaError) as error:
            messages.warning(request, str(error))
            return redirect("admin:imports_importjob_change", dry_run.pk)
        log.note_start(request.user, job, f"Started the import of the file of dry run {dry_run.pk}.")
        return redirect("admin:imports_importjob_change", job.pk)
