"""Uploads and import jobs over HTTP."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from acme_importer.downloads import csv_response
from acme_importer.rest import scopes, spreadsheets
from acme_importer.rest.errors import (
    ConflictError,
    GoneError,
    InsufficientStorageError,
    QuotaExceededError,
    StorageUnavailableError,
)
from acme_importer.rest.filters import StrictFilterBackend, refuse_unknown_parameters
from acme_importer.rest.negotiation import AS_FILE
from acme_importer.rest.serializers import NoFieldsSerializer
from imports import jobs, quotas, rejected
from imports.api import changes
from imports.api.applying import ApplyActions
from imports.api.approving import ApprovalActions
from imports.api.created import created
from imports.api.filters import JobFilter, RejectedRowFilter
from imports.api.parsers import BODY_PARSERS, LengthRequiredError, UploadFormParser
from imports.api.serializers import HeaderLineField, JobSerializer, OneOfField, RejectedRowSerializer, UploadSerializer
from imports.api.undo import UndoActions
from imports.files.space import DiskFullError
from imports.files.unavailable import FileUnavailableError
from imports.files.upload_handler import announced_size
from imports.models import ImportJob
from imports.quotas import QuotaError
from imports.reading.errors import FileRefusedError

# The options as query parameters; the form describes them.
OPTIONS = [
    OpenApiParameter(
        name,
        {serializers.BooleanField: bool, HeaderLineField: int}.get(type(field), str),
        description="As in the form.",
        enum=list(field.choices) if isinstance(field, OneOfField) else None,
    )
    for name, field in UploadSerializer().fields.items()
    if name != "file"
]

GONE = OpenApiResponse(description="The rejected rows were deleted, since the import ended long ago.")


class UploadViewSet(GenericViewSet):
    """Uploads. The response to one is the job that imports the file."""

    queryset = ImportJob.objects.all()
    serializer_class = UploadSerializer
    parser_classes = (UploadFormParser, *BODY_PARSERS)
    write_scope = scopes.IMPORT
    # Asked before the body is read.
    upload_permission = "imports.add_importjob"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, before the body is read, what the user may not have waiting besides the rest."""
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            try:
                quotas.check(request.user.pk, announced_size(request.META))
            except QuotaError as error:
                raise QuotaExceededError(str(error)) from error

    @extend_schema(
        summary="Upload a file and import it",
        description=(
            "Send the file in a form, as its field `file`, or as the body itself, named by a `Content-Disposition` "
            "header or by `filename`. The options are fields of the form or query parameters. "
            "The workers import the file; the response is the job, with its address in `Location`. While guards are "
            "on (IMPORT_GUARDS), the job waits for its check, and is `held` if they trip."
        ),
        parameters=[
            OpenApiParameter("filename", str, description="The name of the file, where the body is the file."),
            *OPTIONS,
            OpenApiParameter(
                "Location", str, OpenApiParameter.HEADER, description="The job's address.", response=[202]
            ),
        ],
        request={
            "multipart/form-data": UploadSerializer,
            **{parser.media_type: OpenApiTypes.BINARY for parser in BODY_PARSERS},
        },
        responses={
            202: JobSerializer,
            400: OpenApiResponse(description="There is no file, it is empty, or an option is invalid."),
            411: OpenApiResponse(description="The upload has no Content-Length."),
            413: OpenApiResponse(description="The file is too large."),
            415: OpenApiResponse(description="The Content-Type is not one of those listed here."),
            429: OpenApiResponse(
                description="There were too many requests, or the user has too many files or bytes waiting."
            ),
            503: OpenApiResponse(description="The server's storage of files is not set up; the text says what to do."),
            507: OpenApiResponse(description="The server has too little free disk space for the file."),
        },
    )
    def create(self, request: Request) -> Response:
        """Take a file, and respond with the job that imports it."""
        if "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH"):
            raise LengthRequiredError
        if len(request.FILES.getlist("file")) > 1:
            raise ValidationError({"file": ["There are several files; send one at a time."]})
        # A body is read into a QueryDict; REST framework has a dict for one that is empty.
        sent = {**request.query_params.dict(), **dict(cast("dict[str, Any]", request.data).items())}
        serializer = UploadSerializer(data=sent, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        file, options, supplier = serializer.file_and_options()
        try:
            return created(request, lambda: jobs.create(file, options, request.user, supplier=supplier))
        except DiskFullError as error:
            raise InsufficientStorageError(str(error)) from error
        except FileUnavailableError as error:
            raise StorageUnavailableError(str(error)) from error
        except FileRefusedError as error:
            raise ValidationError({"file": [str(error)]}) from error


class JobViewSet(ApplyActions, ApprovalActions, UndoActions, changes.ChangesActions, ReadOnlyModelViewSet):
    """The imports: what became of each file, and how far the running ones are."""

    queryset = ImportJob.objects.all()
    serializer_class = JobSerializer
    filterset_class = JobFilter
    write_scope = scopes.IMPORT
    ordering_fields = {
        name: name for name in ("id", "status", "filename", "file_size", "created_at", "started_at", "finished_at")
    }
    action_permissions = {
        "cancel": ("imports.change_importjob",),
        "retry": ("imports.change_importjob",),
        **ApplyActions.permissions,
        **ApprovalActions.permissions,
        **UndoActions.permissions,
        "changes": changes.PERMISSIONS,
        "changes_csv": changes.PERMISSIONS,
        "changes_xlsx": changes.PERMISSIONS,
    }

    def get_queryset(self) -> QuerySet[ImportJob]:
        return ImportJob.objects.with_progress().select_related("created_by", "read_by__supplier")

    @extend_schema(
        summary="Cancel an import",
        description="What is in the catalogue by then stays there. A job that is over is a 409.",
        request=None,
        responses={
            200: JobSerializer,
            400: OpenApiResponse(description="The request has fields; it takes none."),
            409: OpenApiResponse(description="The job is over."),
        },
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Stop a job that is queued or running. What is in the catalogue by then stays there."""
        return self._change(request, jobs.cancel)

    @extend_schema(
        summary="Retry an import",
        description="A failed or cancelled job resumes where it stopped. Any other is a 409, and so is one that could "
        "not be opened for what is in its file: that has to be corrected, and uploaded again.",
        request=None,
        responses={
            200: JobSerializer,
            400: OpenApiResponse(description="The request has fields; it takes none."),
            409: OpenApiResponse(description="The job is neither failed nor cancelled, or a retry would be in vain."),
        },
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Resume a failed or cancelled job where it stopped."""
        return self._change(request, jobs.retry)

    def _change(self, request: Request, transition: Any) -> Response:
        job = self.get_object()
        NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
        try:
            transition(job)
        except jobs.WrongStateError as error:
            raise ConflictError(str(error)) from error
        return Response(dict(self.get_serializer(self.get_object()).data))

    @extend_schema(
        summary="The rejected rows of an import",
        responses={200: RejectedRowSerializer(many=True), 410: GONE},
    )
    @action(
        detail=True,
        serializer_class=RejectedRowSerializer,
        filter_backends=[StrictFilterBackend],
        filterset_class=RejectedRowFilter,
    )
    def rejected(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """The rejected rows, each with what is wrong with it."""
        job = self._job_with_rejected(pk)
        page = self.paginate_queryset(self.filter_queryset(job.rejected.order_by("line")))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="jobs_rejected_csv_retrieve",
        summary="The rejected rows of an import as a CSV file",
        description=(
            "The original columns, then the line of each row, the column, the value and the reasons. Fix the rows and "
            "upload the file as it is: the added columns are ignored."
        ),
        parameters=[spreadsheets.PARAMETER],
        filters=False,
        responses={(200, "text/csv"): OpenApiTypes.STR, 410: GONE},
    )
    @action(detail=True, url_path=r"rejected\.csv", **AS_FILE)
    def rejected_csv(self, request: Request, pk: str) -> HttpResponseBase:
        """The rejected rows, as a file to fix and to upload again."""
        refuse_unknown_parameters(request, [spreadsheets.FOR])
        is_safe = spreadsheets.is_for_spreadsheets(request)
        job = self._job_with_rejected(pk)
        name = rejected.filename(job, "csv", for_spreadsheets=is_safe)
        return csv_response(rejected.csv_blocks(job, for_spreadsheets=is_safe), name)

    @extend_schema(
        operation_id="jobs_rejected_xlsx_retrieve",
        summary="The rejected rows of an import as a workbook",
        description="As the CSV file, for a spreadsheet program; every cell is text. Fix it and upload it as it is.",
        filters=False,
        responses=changes.workbook_responses("rejected rows", GONE),
    )
    @action(detail=True, url_path=r"rejected\.xlsx", **AS_FILE)
    def rejected_xlsx(self, request: Request, pk: str) -> HttpResponseBase:
        """The rejected rows, as a workbook to fix and to upload again."""
        refuse_unknown_parameters(request)
        job = self._job_with_rejected(pk)
        return changes.workbook_response(lambda: rejected.workbook(job), rejected.filename(job, "xlsx"))

    def _job_with_rejected(self, pk: str) -> ImportJob:
        """The job. Raises GoneError if its rejected rows were deleted: an empty list would say that there were none."""
        job = get_object_or_404(ImportJob, pk=pk)
        if reason := rejected.why_gone(job):
            raise GoneError(reason)
        return job
