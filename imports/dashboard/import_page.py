"""The way in: upload a file, review how it will be read, then have it checked."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from acme_importer.texts import printable
from imports import drafts, jobs, quotas
from imports.dashboard import log, review, supplier_card
from imports.dashboard.permissions import may_import, may_view, may_view_suppliers
from imports.dashboard.questions import answered
from imports.dashboard.reading_form import ReadingForm
from imports.files import space
from imports.files.space import DiskFullError
from imports.files.unavailable import FileUnavailableError
from imports.files.upload_handler import announced_size, size_said
from imports.models import Draft, ImportJob
from imports.preview import Preview, preview
from imports.quotas import QuotaError
from imports.reading.errors import FileRefusedError

NO_FILE = "There is no file. Choose a CSV file first."
# Of the files of the user that wait to be reviewed.
DRAFTS_LISTED = 10
GONE = "That file is no longer here: it was checked, discarded, or not checked within a day. Upload it again."


class ImportView(View):
    """A view of those who may import files."""

    site: AdminSite = None  # type: ignore[assignment]  # given to `as_view`

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_import(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def page(self, template: str, title: str, status: int = 200, **context: Any) -> TemplateResponse:
        """A page of the dashboard."""
        site = self.site.each_context(self.request)
        context = {**site, "opts": ImportJob._meta, "title": title, **context}
        return TemplateResponse(self.request, f"admin/imports/importjob/{template}.html", context, status=status)


# Exempt, so that users who may not import are told before the body is read; the check comes with the method.
@method_decorator(csrf_exempt, name="dispatch")
class UploadView(ImportView):
    """Takes a file. A script gets JSON in response, a plain form the next page."""

    # Asked before the body is read.
    upload_permission = "imports.add_importjob"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page on which to choose a file; it says so if none would be taken, or none of `size` bytes."""
        try:
            self._check_room(size_said(request.GET.get("size", "")))
        except (QuotaError, DiskFullError) as error:
            return self._form(str(error))
        return self._form()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except RequestDataTooBig as error:
            return self._refused(str(error), 413)
        except QuotaError as error:
            return self._refused(str(error), 429)
        except DiskFullError as error:
            return self._refused(str(error), 507)
        except FileUnavailableError as error:
            return self._refused(str(error), 503)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the file as a draft, and lead to its preview."""
        # Before the body is read.
        self._check_room(announced_size(request.META))
        return self._take(request)

    def _check_room(self, size: int) -> None:
        space.check(size)
        quotas.check(self.request.user.pk, size)

    @method_decorator(csrf_protect)
    def _take(self, request: HttpRequest) -> HttpResponse:
        file = request.FILES.get("file")
        if file is None:
            # Also what a browser sends of an empty choice. An empty file has a name.
            return self._refused(NO_FILE, 400)
        try:
            draft = drafts.create(file, request.user, follows=self._followed(request.POST.get("follows", "")))
        except (DiskFullError, FileUnavailableError):
            raise
        except FileRefusedError as error:
            return self._refused(f"{error} Choose another file.", 400)
        if may_view_suppliers(request.user):
            drafts.recognize_supplier(draft)
        url = reverse("admin:imports_importjob_review", args=[draft.pk])
        return JsonResponse({"url": url}, status=201) if self._from_script() else redirect(url)

    def _followed(self, number: str) -> ImportJob | None:
        """The import whose rejected rows the file corrects."""
        if not number.isdecimal() or not may_view(self.request.user):
            return None
        return get_object_or_404(ImportJob, pk=number)

    def _form(self, error: str = "", status: int = 200) -> HttpResponse:
        followed = self._followed(self.request.GET.get("follows", ""))
        title = "Import the corrected rows" if followed else "Import products"
        limit = settings.UPLOAD_MAX_BYTES
        waiting = Draft.objects.filter(created_by_id=self.request.user.pk).order_by("-pk")[:DRAFTS_LISTED]
        return self.page(
            "upload", title, status=status, followed=followed, error=error, max_bytes=limit, waiting=waiting
        )

    def _refused(self, error: str, status: int) -> HttpResponse:
        return (
            JsonResponse({"error": printable(error)}, status=status)
            if self._from_script()
            else self._form(error, status)
        )

    def _from_script(self) -> bool:
        return self.request.headers.get("Accept", "") == "application/json"


class ReviewView(ImportView):
    """Shows how a draft will be read, takes corrections, and has it checked or discards it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except FileNotFoundError:
            # Some hosts empty their disks when they restart.
            return self._gone()

    def get(self, request: HttpRequest, draft_id: int) -> HttpResponse:  # noqa: ARG002
        """The preview."""
        draft = self._draft(draft_id)
        if draft is None:
            return self._gone()
        found = preview(draft)
        return self._preview(draft, found, ReadingForm(None, draft=draft, preview=found))

    def post(self, request: HttpRequest, draft_id: int) -> HttpResponse:
        """Note corrections, and do what was asked for."""
        draft = self._draft(draft_id)
        if draft is None:
            return self._gone()
        action = request.POST.get("action", "preview")
        if action == "discard":
            return self._discard(draft)
        if "use_supplier" in request.POST and may_view_suppliers(request.user):
            drafts.choose_supplier(draft, supplier_card.chosen(request.POST))
            return redirect(request.path)
        found = preview(draft)
        form = ReadingForm(request.POST, draft=draft, preview=found)
        if not form.is_valid():
            return self._preview(draft, found, form)
        return self._note(draft, found, form, action)

    def _note(self, draft: Draft, found: Preview, form: ReadingForm, action: str) -> HttpResponse:
        """Note what a button, or else the form, says; if neither says anything new, have the file checked if asked."""
        request = self.request
        try:
            answer = answered(form.options(), request.POST, found)
        except FileRefusedError as error:
            messages.error(request, printable(str(error)))
            return redirect(request.path)
        if answer:
            drafts.change(draft, answer, columns_said=bool({"use_column", "use_drift"} & {*request.POST}))
        elif form.has_changed():
            columns_said = any(name.startswith("column_") for name in form.changed_data)
            drafts.change(draft, form.options(), columns_said=columns_said)
            if action != "preview":
                messages.warning(
                    request, "Nothing was checked yet: your changes have changed the preview. Review it first."
                )
        elif action == "check" and not found.refusal:
            return self._check(draft)
        return redirect(request.path)

    def _draft(self, draft_id: int) -> Draft | None:
        """The draft, if it is the user's own."""
        own = Draft.objects.select_related("follows", "read_by__supplier").filter(created_by_id=self.request.user.pk)
        return own.filter(pk=draft_id).first()

    def _preview(self, draft: Draft, found: Preview, form: ReadingForm) -> HttpResponse:
        return self.page(
            "review",
            "Review your file",
            draft=draft,
            preview=found,
            form=form,
            **review.context(draft, found, form),
            **(supplier_card.of_draft(draft, found) if may_view_suppliers(self.request.user) else {}),
            earlier=ImportJob.objects.with_progress().filter(sha256=draft.sha256).first(),
        )

    def _check(self, draft: Draft) -> HttpResponse:
        try:
            job = drafts.submit(draft)
        except jobs.WrongStateError:
            return self._gone()
        log.note_start(self.request.user, job, "Started the check.")
        if not may_view(self.request.user):
            said = f"'{printable(job.filename)}' is being checked. Somebody who may view imports can import it then."
            messages.success(self.request, said)
            return redirect("admin:imports_importjob_upload")
        return redirect("admin:imports_importjob_change", job.pk)

    def _discard(self, draft: Draft) -> HttpResponse:
        try:
            drafts.discard(draft)
        except jobs.WrongStateError:
            return self._gone()
        messages.success(self.request, f"'{printable(draft.filename)}' was discarded; nothing was imported.")
        return redirect("admin:imports_importjob_upload")

    def _gone(self) -> HttpResponse:
        messages.warning(self.request, GONE)
        return redirect("admin:imports_importjob_upload")
