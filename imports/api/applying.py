"""Importing what a check has shown, and the rows that were held, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from acme_importer.rest.errors import GoneError
from acme_importer.rest.filters import refuse_unknown_parameters
from acme_importer.rest.serializers import NoFieldsSerializer
from imports import applying
from imports.api.changes import ChangedFieldSerializer
from imports.api.created import created
from imports.api.serializers import JobSerializer
from imports.changes import KIND_NAMES
from imports.models import HeldRow, ImportJob

CREATED = {
    202: JobSerializer,
    400: OpenApiResponse(description="The request has fields; it takes none."),
    429: OpenApiResponse(description="The user has too many files waiting."),
}
LOCATION = OpenApiParameter("Location", str, OpenApiParameter.HEADER, description="The job's address.", response=[202])


class HeldChangeSerializer(serializers.Serializer):
    """What a row does to its product; empty where it does nothing."""

    kind = serializers.ChoiceField(KIND_NAMES, required=False)
    fields = serializers.DictField(  # type: ignore[assignment]  # REST framework's own name
        child=ChangedFieldSerializer(), required=False, help_text="By name: the fields that change."
    )


class HeldRowSerializer(serializers.ModelSerializer):
    """A row that was not written, since it would do something else than the check has shown; or since it corrects a row
    of an earlier import, and others have changed its product since.
    """

    shown = HeldChangeSerializer(help_text="What the check has shown; empty if it has held the row as well.")
    now = HeldChangeSerializer(help_text="What the row would have done instead.")

    class Meta:
        model = HeldRow
        fields = ("line", "sku", "shown", "now")
        read_only_fields = fields


class ApplyActions(GenericViewSet):
    """The actions of jobs by which a check is imported."""

    permissions: ClassVar[dict[str, tuple[str, ...]]] = {
        "apply": ("imports.apply_importjob",),
        "held": ("imports.view_importjob", "products.view_product"),
        "import_held": ("imports.apply_importjob",),
    }

    @extend_schema(
        operation_id="jobs_apply_create",
        summary="Import what a check has shown",
        description="Creates the job that imports the file of a completed check (an upload with `check=true`). It "
        "writes what `changes` of the check shows, and nothing else: a row whose product has changed since in a way "
        "that alters its outcome is held, not written. A check can be imported once, and within seven days.",
        request=None,
        parameters=[LOCATION],
        responses={**CREATED, 409: OpenApiResponse(description="The check cannot be imported; the text says why.")},
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        """Import what a check has shown."""
        return _create(request, pk, applying.apply)

    @extend_schema(
        summary="The rows that an import has held",
        description="Rows of an import that was approved by a check, whose products were changed in between: what the "
        "check has shown, and what the row would have done instead. Of an import of corrected rows, or its check, also "
        "those whose products others have changed since the file was read that they are from. They were not written.",
        responses={
            200: HeldRowSerializer(many=True),
            400: OpenApiResponse(description="There is no such parameter."),
            410: OpenApiResponse(description="The held rows were deleted, since the import ended long ago."),
        },
    )
    @action(detail=True, serializer_class=HeldRowSerializer, filter_backends=[])
    def held(self, request: Request, pk: str) -> Response:
        """The held rows, in the order of the file."""
        refuse_unknown_parameters(request, ["page", "page_size"])
        job = get_object_or_404(ImportJob, pk=pk)
        if reason := applying.why_held_gone(job):
            raise GoneError(reason)
        page = self.paginate_queryset(job.held.order_by("line"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="jobs_held_import_create",
        summary="Import the rows that were held",
        description="Creates a job that reads the file again and imports only those of its rows that this import has "
        "held, whatever their products are by now.",
        request=None,
        parameters=[LOCATION],
        responses={**CREATED, 409: OpenApiResponse(description="No rows can be imported; the text says why.")},
    )
    @held.mapping.post
    def import_held(self, request: Request, pk: str) -> Response:
        """Import the rows that were held."""
        return _create(request, pk, applying.import_held)


def _create(request: Request, pk: str, start: Callable[[ImportJob, Any], ImportJob]) -> Response:
    """Create another job out of one; the response is that job."""
    refuse_unknown_parameters(request)
    job = get_object_or_404(ImportJob, pk=pk)
    NoFieldsSerializer(data=request.data).is_valid(raise_exception=True)
    return created(request, lambda: start(job, request.user))
