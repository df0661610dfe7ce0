"""The list of imports in the dashboard, and the way to the pages of `imports/dashboard`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views import View

from acme_importer.dashboard.model_admin import DashboardAdmin
from acme_importer.texts import printable
from imports import applying, approval, jobs
from imports.dashboard import chain_card, check_card, guard_card, job_page, supplier_card, undo_card
from imports.dashboard.approval_view import ApprovalView
from imports.dashboard.changes_page import ChangesView
from imports.dashboard.fix_page import FixView
from imports.dashboard.import_page import ReviewView, UploadView
from imports.dashboard.job_actions import JobActionView, ReopenView, StartView, UndoView, change_state
from imports.dashboard.permissions import may_apply, may_control, may_import, may_undo, may_view_suppliers
from imports.dashboard.state import LABELS, in_state, kind_of, name_of
from imports.dashboard.supplier_actions import RememberView
from imports.dashboard.supplier_admin import SupplierAdmin
from imports.dashboard.undo_sets import UndoSetsView
from imports.models import ImportJob, ImportLane, Supplier
from imports.progress import progress
from imports.templatetags import imports_dashboard


class StateFilter(admin.SimpleListFilter):
    """Filters by the state that people see, which tells imports with rejected rows from those without."""

    title = "status"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[ImportJob]) -> QuerySet[ImportJob]:  # noqa: ARG002
        name = self.value()
        return in_state(queryset, name) if name in LABELS else queryset


class SupplierFilter(admin.SimpleListFilter):
    """Filters by the supplier as whose a file was read."""

    title = "supplier"
    parameter_name = "supplier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        if not may_view_suppliers(request.user):
            return []
        offered = Supplier.objects.all()[: supplier_card.SUPPLIERS_OFFERED]
        return [(str(supplier.pk), str(supplier)) for supplier in offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ImportJob]) -> QuerySet[ImportJob]:  # noqa: ARG002
        number = self.value() or ""
        return queryset.filter(read_by__supplier__id=int(number)) if number.isdecimal() else queryset


# What the history of a job says of how it was started.
APPLIED = "Started the import of what check {} has shown."
HELD_IMPORTED = "Started the import of the rows held by import {}."
# What the list does not show, and takes time to read: each of these is JSON, or long.
NOT_LISTED = (
    "asked",
    "header",
    "columns",
    "sheets",
    "warnings",
    "numbers",
    "words",
    "question",
    "trips",
    "approval",
    "failure_reason",
    "last_error",
)


def _sum_of_lanes(*names: str) -> Subquery:
    """What the lanes of a job have counted in these fields, to order jobs by."""
    lanes = ImportLane.objects.filter(job=OuterRef("pk")).order_by().values("job")
    return Subquery(lanes.annotate(counted=Sum(sum(map(F, names), Value(0)))).values("counted"))


@admin.register(ImportJob)
class ImportJobAdmin(DashboardAdmin):
    """Shows jobs; they are created by uploads, and changed by the actions only."""

    list_title = "Imports"
    # Not "rejected": Django takes the name of a relation for the relation, and would list a job for each such row.
    list_display = ("file", "state", "receipt", "rejections", "who", "when")
    list_display_links = None
    list_filter = (StateFilter, SupplierFilter, "dry_run", "created_at")
    search_fields = ("filename", "sha256")
    search_help_text = "file name or checksum"
    list_per_page = 50
    show_full_result_count = False
    actions = ("cancel", "retry")

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, name: str, view: type[View], **options: Any) -> URLPattern:
            handler = view.as_view(**options)
            return path(route, self.admin_site.admin_view(handler), name=f"imports_importjob_{name}")

        return [
            page("upload/", "upload", UploadView, site=self.admin_site),
            page("upload/<int:draft_id>/", "review", ReviewView, site=self.admin_site),
            page("<int:job_id>/changes/", "changes", ChangesView, site=self.admin_site),
            page("<int:job_id>/fix/", "fix", FixView, site=self.admin_site),
            page("<int:job_id>/cancel/", "cancel", JobActionView, transition=jobs.cancel, done="Cancelled"),
            page("<int:job_id>/retry/", "retry", JobActionView, transition=jobs.retry, done="Retried"),
            page("<int:job_id>/apply/", "apply", StartView, start=applying.apply, said=APPLIED),
            page("<int:job_id>/approve/", "approve", ApprovalView, decide=approval.approve, done="Approved"),
            page("<int:job_id>/reject/", "reject", ApprovalView, decide=approval.reject, done="Rejected"),
            page("<int:job_id>/reopen/", "reopen", ReopenView),
            page("<int:job_id>/import-held/", "import_held", StartView, start=applying.import_held, said=HELD_IMPORTED),
            page("<int:job_id>/remember/", "remember", RememberView),
            page("<int:job_id>/undo/", "undo", UndoView),
            page("undo-changes/<int:first>/<int:last>/", "undo_changes", UndoSetsView, site=self.admin_site),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        jobs = ImportJob.objects.with_progress().select_related("created_by")
        if request.resolver_match and request.resolver_match.url_name == "imports_importjob_changelist":
            return jobs.defer(*NOT_LISTED)
        return jobs.select_related("follows", "read_by__supplier")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_control_permission(self, request: HttpRequest) -> bool:
        """Whether the user may cancel and retry; asked by the actions, since the form itself changes nothing."""
        return may_control(request.user)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """What Django's own links to add something lead to: a job is added by importing a file."""
        return redirect("admin:imports_importjob_upload")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one job."""
        job = kwargs["obj"]
        shown = job_page.context(job, code=request.GET.get("code", ""), page=request.GET.get("page", ""))
        may = {
            "may_control": may_control(request.user),
            "may_import": may_import(request.user),
            "may_apply": may_apply(request.user),
            "may_see_changes": request.user.has_perm("products.view_product"),
        }
        may |= check_card.context(job, request.user, shown) | chain_card.context(job)
        may |= supplier_card.of_job(job, request.user)
        may |= guard_card.context(job, request.user)
        if may_undo(request.user):
            may |= undo_card.context(job)
        return super().render_change_form(
            request, {**context, **shown, **may, "title": name_of(job), "subtitle": None}, *args, **kwargs
        )

    @admin.action(description="Cancel selected imports", permissions=["control"])
    def cancel(self, request: HttpRequest, selected: QuerySet[ImportJob]) -> None:
        """Cancel those of the selected jobs that are not over."""
        for job in selected:
            change_state(request, job, jobs.cancel, "Cancelled")

    @admin.action(description="Retry selected imports", permissions=["control"])
    def retry(self, request: HttpRequest, selected: QuerySet[ImportJob]) -> None:
        """Retry those of the selected jobs that have failed or were cancelled."""
        for job in selected:
            change_state(request, job, jobs.retry, "Retried")

    @admin.display(description="File", ordering="filename")
    def file(self, job: ImportJob) -> SafeString:
        """The file's name, which leads to the job, and its number."""
        return format_html(
            '<a class="import-file" href="{}/change/"><bdi>{}</bdi></a> <span class="quiet">{}{}</span>',
            job.pk,
            name_of(job),
            f"Import {job.pk}",
            f" · {kind_of(job).lower()}" if job.dry_run else "",
        )

    @admin.display(description="Status", ordering="status")
    def state(self, job: ImportJob) -> SafeString:
        """The job's state in a word, and how far it is."""
        state = imports_dashboard.status_badge(job)
        is_running = job.status == ImportJob.Status.RUNNING
        return (
            format_html('{} <span class="quiet number">{}</span>', state, f"{progress(job):.0%}")
            if is_running
            else state
        )

    @admin.display(description="Receipt", ordering=_sum_of_lanes(*ImportLane.COUNTS))
    def receipt(self, job: ImportJob) -> SafeString:
        """What became of the rows."""
        return render_to_string(
            "admin/imports/importjob/receipt_cell.html",
            {**imports_dashboard.receipt_bar(job, legend=False)},
        )

    @admin.display(description="Rejected", ordering=_sum_of_lanes("rejected_rows"))
    def rejections(self, job: ImportJob) -> SafeString | str:
        """How many rows were rejected; leads to them."""
        if not job.rejected_rows:
            return "0"
        return format_html('<a href="{}/change/#rejected">{}</a>', job.pk, f"{job.rejected_rows:,}")

    @admin.display(description="By", ordering="created_by", empty_value="—")
    def who(self, job: ImportJob) -> str | None:
        """Who uploaded the file."""
        return printable(job.created_by.get_username()) if job.created_by else None

    @admin.display(description="When", ordering="created_at")
    def when(self, job: ImportJob) -> SafeString:
        """How long ago the import was created; exactly, in the title."""
        return render_to_string("admin/imports/importjob/moment.html", {"moment": job.created_at})


admin.site.register(Supplier, SupplierAdmin)
