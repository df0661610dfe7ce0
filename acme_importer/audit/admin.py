"""The audit trail in the dashboard: a list and a page of each record. Nobody can change or delete any."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from acme_importer.audit.export import csv_response
from acme_importer.audit.models import Record
from acme_importer.dashboard.model_admin import ShownOnlyAdmin


@admin.register(Record)
class RecordAdmin(ShownOnlyAdmin):
    list_title = "Audit trail"
    list_display = ("at", "who", "action", "object", "count", "way", "address")
    list_filter = ("way", "act", ("user", admin.RelatedOnlyFieldListFilter), "at")
    search_fields = ("object_name", "user_name", "=object_id", "=address", "=request_id")
    search_help_text = "object, who, address or request ID"
    show_full_result_count = False
    sortable_by = ()
    list_per_page = 50
    actions = ("export_csv",)
    fields = (
        "at",
        "who",
        "token",
        "address",
        "way",
        "action",
        "kind",
        "object_id",
        "object_name",
        "count",
        "more",
        "request_id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:  # noqa: ARG002
        return Record.objects.all()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one record."""
        return super().render_change_form(
            request, {**context, "title": str(kwargs["obj"]), "subtitle": None}, *args, **kwargs
        )

    @admin.action(description="Export", permissions=["view"])
    def export_csv(self, request: HttpRequest, selected: QuerySet[Record]) -> StreamingHttpResponse:  # noqa: ARG002
        """Download the selected records as a CSV file."""
        return csv_response(selected)

    @admin.display(description="Who")
    def who(self, record: Record) -> str:
        """The name of who did it, and of the token."""
        name = record.user_name or "—"
        return f"{name} (token {record.token})" if record.token else name

    @admin.display(description="Act")
    def action(self, record: Record) -> str:
        """What was done."""
        return record.get_act_display()

    @admin.display(description="Object")
    def object(self, record: Record) -> str:
        """What it was done to."""
        return record.object_name or "—"

    @admin.display(description="Details")
    def more(self, record: Record) -> str:
        """What there is to say besides."""
        return json.dumps(record.details, ensure_ascii=False, sort_keys=True) if record.details else "—"
