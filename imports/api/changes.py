"""What an import has changed, and what became of every row of its file, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http import FileResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.viewsets import GenericViewSet

from acme_importer.downloads import csv_response
from acme_importer.rest import spreadsheets
from acme_importer.rest.errors import ConflictError, GoneError, InsufficientStorageError
from acme_importer.rest.filters import refuse_unknown_parameters
from acme_importer.rest.negotiation import AS_FILE
from imports import changes, results
from imports.files.incoming import IncomingFile
from imports.files.space import DiskFullError
from imports.models import ImportJob
from imports.proposed import BY_LINE, ORDERS
from imports.reading.errors import FileRefusedError
from imports.workbook import XLSX_TYPE
from imports.writing.findings import MARKS
from products.fields import SKU_MAX_LENGTH
from products.history.records import KEPT

PAGE_SIZE, MAX_PAGE_SIZE = 50, 500
FILTERS = ("field", "kind", "sku", "mark", "order")
# What changes show is of products as well as of imports.
PERMISSIONS = ("imports.view_importjob", "products.view_product")
GONE = OpenApiResponse(description="The import ended long ago, and this was deleted; the text says what.")
NOT_OVER = OpenApiResponse(description="The import is not over yet.")


class ChangesQuery(serializers.Serializer):
    """Which changes of an import are wanted."""

    field = serializers.ChoiceField(KEPT, required=False, help_text="Only of products in which this field changed.")
    kind = serializers.ChoiceField(
        changes.KIND_NAMES, required=False, help_text="Only products that were created, or that were there before."
    )
    sku = serializers.CharField(
        required=False,
        max_length=SKU_MAX_LENGTH,
        help_text="Only of the product with this SKU, in any letter case. All in one page: the newest that fit in it. "
        "Of a check, also of products whose SKU begins like this.",
    )
    mark = serializers.ChoiceField(
        tuple(MARKS),
        required=False,
        help_text="Of a check: only changes of existing products of which this was found. A cell that had a value and "
        "is empty now is `emptied`.",
    )
    order = serializers.ChoiceField(
        ORDERS,
        required=False,
        default=BY_LINE,
        help_text="Of a check: `price_move` has the largest price moves first, up or down by their ratio; only "
        "`field=price` and the marks of prices go with it.",
    )
    cursor = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=2**63 - 1, help_text="Where a page begins; `next` has it."
    )
    page_size = serializers.IntegerField(
        required=False,
        default=PAGE_SIZE,
        min_value=1,
        max_value=MAX_PAGE_SIZE,
        help_text=f"Number of changes per page: {PAGE_SIZE} unless told, {MAX_PAGE_SIZE} at most.",
    )


class ChangedFieldSerializer(serializers.Serializer):
    """The values of one field."""

    old = serializers.JSONField(help_text="Before; null in a product that was created.")
    new = serializers.JSONField(help_text="After.")


class ImportChangeSerializer(serializers.Serializer):
    """What one row of the file changed."""

    line = serializers.IntegerField(help_text="The line of the row. Of rows with the same SKU, the last one.")
    sku = serializers.CharField()
    kind = serializers.ChoiceField(changes.KIND_NAMES)
    fields = serializers.DictField(  # type: ignore[assignment]  # REST framework's own name
        child=ChangedFieldSerializer(),
        help_text="By name: the fields that changed; of a product that was created, all.",
    )


class ChangesPageSerializer(serializers.Serializer):
    """A page of changes."""

    next = serializers.URLField(allow_null=True, help_text="The address of the next page; null if this is the last.")
    results = ImportChangeSerializer(many=True)


def workbook_responses(what: str, gone: OpenApiResponse) -> dict[Any, Any]:
    """What the schema says of a request for a workbook of `what`, in the plural."""
    return {
        (200, XLSX_TYPE): OpenApiTypes.BINARY,
        409: OpenApiResponse(description=f"There are more {what} than a sheet holds."),
        410: gone,
        507: OpenApiResponse(description="The server has too little free disk space for the workbook."),
    }


class ChangesActions(GenericViewSet):
    """The actions of jobs that tell what they did."""

    @extend_schema(
        summary="What an import has changed",
        description="Every product that it created or changed, with the fields old and new, in the order in which they "
        "were written. Of a check, what the file would create or change. Pages follow each other by `next`, also while "
        "the import still runs. There are fewer changes "
        "than rows: see `results.csv` for what became of each row.",
        parameters=[ChangesQuery],
        filters=False,
        responses={200: ChangesPageSerializer, 410: GONE},
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    def changes(self, request: Request, pk: str) -> Response:
        """The changes that fit the filters, page by page."""
        refuse_unknown_parameters(request, list(ChangesQuery().fields))
        query = ChangesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        job = _job(pk, changes.why_gone)
        filters = changes.Filters(**{name: asked[name] for name in FILTERS if name in asked})
        if contradiction := filters.contradiction(job):
            raise ValidationError({"order": [contradiction]})
        page = changes.page(job, filters, cursor=asked["cursor"], limit=asked["page_size"])
        here = request.build_absolute_uri()
        return Response(
            {
                "next": replace_query_param(here, "cursor", page.next_cursor) if page.next_cursor else None,
                "results": [change._asdict() for change in page.changes],
            }
        )

    @extend_schema(
        operation_id="jobs_changes_csv_retrieve",
        summary="What an import has changed as a CSV file",
        description="In the order of the file: line, SKU, what became of the product, and a row for each field with "
        "its old and its new value. Of a product that was created, the fields that are not empty.",
        parameters=[spreadsheets.PARAMETER],
        filters=False,
        responses={(200, "text/csv"): OpenApiTypes.STR, 410: GONE},
    )
    @action(detail=True, url_path=r"changes\.csv", **AS_FILE)
    def changes_csv(self, request: Request, pk: str) -> HttpResponseBase:
        """All changes, as a file."""
        return _csv_file(request, _job(pk, changes.why_gone), "changes", changes.csv_of)

    @extend_schema(
        operation_id="jobs_changes_xlsx_retrieve",
        summary="What an import has changed as a workbook",
        description="As the CSV file, for a spreadsheet program; every cell is text.",
        filters=False,
        responses=workbook_responses("changes", GONE),
    )
    @action(detail=True, url_path=r"changes\.xlsx", **AS_FILE)
    def changes_xlsx(self, request: Request, pk: str) -> HttpResponseBase:
        """All changes, as a workbook."""
        refuse_unknown_parameters(request)
        job = _job(pk, changes.why_gone)
        return workbook_response(lambda: changes.workbook(job), changes.filename(job, "changes", "xlsx"))

    @extend_schema(
        operation_id="jobs_results_csv_retrieve",
        summary="What became of every row of a file",
        description="A row for each row of the file, in its order: line, SKU, outcome (`created`, `updated`, "
        "`unchanged`, `duplicate`, `rejected`, `skipped`, `superseded`, `held`), and the reason: of a duplicate, the "
        "line that it repeats. There are as many of each as the job counts. Of an import that failed or was cancelled, "
        "the rows that were read.",
        parameters=[spreadsheets.PARAMETER],
        filters=False,
        responses={(200, "text/csv"): OpenApiTypes.STR, 409: NOT_OVER, 410: GONE},
    )
    @action(detail=True, url_path=r"results\.csv", **AS_FILE)
    def results_csv(self, request: Request, pk: str) -> HttpResponseBase:
        """The outcome of every row, as a file."""
        job = _job(pk, results.why_gone)
        if not job.is_over:
            raise ConflictError(f"Import {job.pk} is {job.status}: the results are there once it is over.")
        if job.is_undo:
            raise ConflictError(f"Import {job.pk} is an undo, and has no file: see its changes.")
        return _csv_file(request, job, "results", results.csv_of)


def workbook_response(make: Callable[[], IncomingFile], filename: str) -> HttpResponseBase:
    """The workbook as a download."""
    try:
        file = make()
    except DiskFullError as error:
        raise InsufficientStorageError(str(error)) from error
    except FileRefusedError as error:
        raise ConflictError(str(error)) from error
    return FileResponse(file, as_attachment=True, filename=filename, content_type=XLSX_TYPE)


def _job(pk: str, why_gone: Callable[[ImportJob], str]) -> ImportJob:
    """The job. Raises GoneError if what is asked of it was deleted: what is left would say too little."""
    job = get_object_or_404(ImportJob, pk=pk)
    if reason := why_gone(job):
        raise GoneError(reason)
    return job


def _csv_file(request: Request, job: ImportJob, what: str, csv_of: Callable[..., Iterator[str]]) -> HttpResponseBase:
    refuse_unknown_parameters(request, [spreadsheets.FOR])
    is_safe = spreadsheets.is_for_spreadsheets(request)
    blocks = csv_of(job, for_spreadsheets=is_safe)
    return csv_response(blocks, changes.filename(job, what, for_spreadsheets=is_safe))
