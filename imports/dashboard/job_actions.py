"""The buttons of an import's page: each a POST, and one call of `jobs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views import View

from imports import drafts, jobs
from imports.dashboard import log
from imports.dashboard.permissions import may_apply, may_control, may_import, may_see, may_undo
from imports.models import ImportJob
from imports.quotas import QuotaError
from imports.undo import undoing
from imports.undo.selection import BadSelectionError, Selection
from products.history.records import KEPT


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


class StartView(View):
    """Starts an import out of a job: of what a check has shown, or of the rows that an import has held."""

    http_method_names = ["post"]
    start: Callable[[ImportJob, Any], ImportJob] = None  # type: ignore[assignment]  # given to `as_view`
    said = ""

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Create the job that does so, and show that."""
        job = get_object_or_404(ImportJob, pk=job_id)
        if not (may_apply(request.user) and may_see(request.user, job)):
            raise PermissionDenied
        try:
            created = self.start(job, request.user)
        except (jobs.WrongStateError, QuotaError) as error:
            messages.warning(request, str(error))
            return redirect("admin:imports_importjob_change", job.pk)
        log.note_start(request.user, created, self.said.format(job.pk))
        return redirect("admin:imports_importjob_change", created.pk)


class ReopenView(View):
    """Leads back to the review of a file, to change how it is read."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Create a draft of the job's file, and show that."""
        job = get_object_or_404(ImportJob, pk=job_id)
        if not (may_import(request.user) and may_see(request.user, job)):
            raise PermissionDenied
        try:
            draft = drafts.reopen(job, request.user)
        except (jobs.WrongStateError, QuotaError) as error:
            messages.warning(request, str(error))
            return redirect("admin:imports_importjob_change", job.pk)
        return redirect("admin:imports_importjob_review", draft.pk)


class UndoView(View):
    """Previews the undo of an import; of a completed preview, does what it has shown."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Create the job that does so, and show that."""
        if not may_undo(request.user):
            raise PermissionDenied
        job = get_object_or_404(ImportJob, pk=job_id)
        is_preview = job.is_undo and job.dry_run
        try:
            if is_preview:
                created = undoing.carry_out(job, request.user)
            else:
                created = undoing.undo(job, request.user, selection=chosen(request), preview=True)
        except (jobs.WrongStateError, QuotaError, BadSelectionError) as error:
            messages.warning(request, str(error))
            return redirect("admin:imports_importjob_change", job.pk)
        what = "Started" if is_preview else "Previewed"
        undone = f"import {created.undoes_id}" if created.undoes_id else created.filename
        log.note_start(request.user, created, f"{what} the undo of {undone}.")
        return redirect("admin:imports_importjob_change", created.pk)


def chosen(request: HttpRequest) -> Selection:
    """What the form of a preview names: fields, and SKUs in lines of their own."""
    skus = filter(None, map(str.strip, request.POST.get("skus", "").splitlines()))
    fields = request.POST.getlist("fields")
    return Selection(tuple(skus), () if set(fields) == set(KEPT) else tuple(fields))
