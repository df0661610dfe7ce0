"""Suppliers in Django's admin: their list, and the page of each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from acme_importer.dashboard.model_admin import DashboardAdmin
from imports import remembering
from imports.dashboard import supplier_page
from imports.dashboard.supplier_form import GUARD_LINES, PRICES, ROWS, SupplierForm
from imports.models import ImportJob, Supplier


class SupplierAdmin(DashboardAdmin):
    """Shows suppliers and changes them; they are remembered from the page of an import."""

    form = SupplierForm
    list_title = "Suppliers"
    list_display = ("name", "version", "last_import")
    search_fields = ("name",)
    search_help_text = "name"
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Supplier]:  # noqa: ARG002
        last = ImportJob.objects.filter(read_by__supplier=OuterRef("pk"), dry_run=False).order_by("-pk")
        return Supplier.objects.annotate(last_import_at=Subquery(last.values("created_at")[:1]))

    def get_fieldsets(self, request: HttpRequest, obj: Supplier | None = None) -> Any:
        if not self.has_change_permission(request, obj):
            return []
        return [
            ("Change", {"fields": ("name", *PRICES, *ROWS, "missing", "missing_after")}),
            ("Guards", {"fields": GUARD_LINES}),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        """What Django's own links to add something lead to: a supplier is remembered from an import."""
        self.message_user(request, "Open a completed import, and remember how its file was read.")
        return redirect("admin:imports_importjob_changelist")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one supplier."""
        supplier = kwargs["obj"]
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False, "subtitle": None}
        context |= {"title": str(supplier), **supplier_page.context(supplier)}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Supplier, form: Any, change: bool) -> None:  # noqa: ARG002
        if "name" in form.changed_data:
            remembering.rename(Supplier.objects.get(pk=obj.pk), obj.name, request.user)
        if set(form.changed_data) - {"name"}:
            remembering.change(obj, request.user, options=form.options(), **form.kept())

    def delete_model(self, request: HttpRequest, obj: Supplier) -> None:
        remembering.delete(obj, request.user)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Supplier]) -> None:
        for supplier in queryset:
            remembering.delete(supplier, request.user)

    @admin.display(description="Last import", ordering="last_import_at", empty_value="none yet")
    def last_import(self, supplier: Any) -> SafeString | None:
        """How long ago a file of it was imported last."""
        if supplier.last_import_at is None:
            return None
        return render_to_string("admin/imports/importjob/moment.html", {"moment": supplier.last_import_at})
