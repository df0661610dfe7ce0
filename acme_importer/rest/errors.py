"""Errors of the API that REST framework has no class for."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException


class ConflictError(APIException):
    """What was asked for does not fit the state that the thing is in; the text says why."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class GoneError(APIException):
    """What was asked for was there, and has been deleted; the text says why."""

    status_code = status.HTTP_410_GONE
    default_code = "gone"
