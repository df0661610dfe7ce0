"""Errors of the API that REST framework has no class for."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException


class ConflictError(APIException):
    """What was asked for does not fit the state that the thing is in; the text says why."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class QuotaExceededError(APIException):
    """The user has as much of something as a user may have; the text says of what, and what to do."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "quota_exceeded"
    # REST framework makes Retry-After of it: nobody knows when there is room, so it is worth asking now and then.
    wait = 60


class InsufficientStorageError(APIException):
    """There is no disk space for what was sent; the text says so."""

    status_code = status.HTTP_507_INSUFFICIENT_STORAGE
    default_code = "insufficient_storage"


class StorageUnavailableError(APIException):
    """The storage of files does not take any until somebody puts something right."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "storage_unavailable"


class BusyError(APIException):
    """The server has as much of this to do as it does at a time; the text says of what. `wait` is Retry-After."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "busy"

    def __init__(self, detail: str, *, wait: int) -> None:
        super().__init__(detail)
        self.wait = wait


class GoneError(APIException):
    """What was asked for was there, and has been deleted; the text says why."""

    status_code = status.HTTP_410_GONE
    default_code = "gone"
