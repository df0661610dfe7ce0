"""The response to a request that creates a job: that job, or why there is none."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from acme_importer.rest.errors import ConflictError, QuotaExceededError
from imports.api.serializers import JobSerializer
from imports.jobs import WrongStateError
from imports.models import ImportJob
from imports.quotas import QuotaError


def created(request: Request, create: Callable[[], ImportJob]) -> Response:
    """The job that `create` makes, with its address in `Location`. Raises ConflictError and QuotaExceededError."""
    try:
        job = create()
    except WrongStateError as error:
        raise ConflictError(str(error)) from error
    except QuotaError as error:
        raise QuotaExceededError(str(error)) from error
    progress = ImportJob.objects.with_progress().get(pk=job.pk)
    shown = JobSerializer(progress, context={"request": request}).data
    return Response(dict(shown), status.HTTP_202_ACCEPTED, headers={"Location": shown["url"]})
