"""Approving imports that are held, and rejecting them, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from acme_importer.rest.errors import ConflictError
from acme_importer.rest.filters import refuse_unknown_parameters
from acme_importer.rest.serializers import StrictSerializer
from imports import approval
from imports.api.serializers import JobSerializer
from imports.jobs import WrongStateError
from imports.models import ImportJob


class ReasonSerializer(StrictSerializer):
    """Why somebody decides so."""

    reason = serializers.CharField(
        max_length=approval.REASON_MAX_LENGTH, help_text="Kept with the import, and in the audit trail."
    )


RESPONSES: Any = {
    200: JobSerializer,
    400: OpenApiResponse(description="There is no reason, or it is too long."),
    409: OpenApiResponse(description="The job is not held, or may not be approved; the text says why."),
}


class ApprovalActions(GenericViewSet):
    """The actions of jobs by which it is decided on those that are held."""

    permissions: ClassVar[dict[str, tuple[str, ...]]] = {
        "approve": ("imports.approve_importjob",),
        "reject": ("imports.approve_importjob",),
    }

    @extend_schema(
        summary="Approve an import that is held",
        description="The import takes its place in turn, and writes what its check has shown. It holds for this job, "
        "and so for this file, only.",
        request=ReasonSerializer,
        responses=RESPONSES,
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Let a held import go on."""
        return _decide(request, pk, approval.approve)

    @extend_schema(
        summary="Reject an import that is held",
        description="The import is cancelled, with the reason.",
        request=ReasonSerializer,
        responses=RESPONSES,
    )
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """Cancel a held import."""
        return _decide(request, pk, approval.reject)


def _decide(request: Request, pk: str, decide: Callable[[ImportJob, Any, str], None]) -> Response:
    refuse_unknown_parameters(request)
    job = get_object_or_404(ImportJob, pk=pk)
    told = ReasonSerializer(data=request.data)
    told.is_valid(raise_exception=True)
    try:
        decide(job, request.user, told.validated_data["reason"])
    except WrongStateError as error:
        raise ConflictError(str(error)) from error
    decided = ImportJob.objects.with_progress().select_related("created_by", "read_by__supplier").get(pk=job.pk)
    return Response(dict(JobSerializer(decided, context={"request": request}).data))
