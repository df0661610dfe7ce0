"""How the body of an upload becomes a file: from a form, or as the file itself. Streaming; nothing is held in memory.

Every fault of a body becomes a response: too large is a 413, too large for the disk a 507, cut off on the way or
unreadable a 400.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, cast

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import QueryDict, UnreadablePostError
from django.utils.datastructures import MultiValueDict
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import DataAndFiles, FileUploadParser, MultiPartParser
from rest_framework.request import Request

from acme_importer.rest.errors import InsufficientStorageError
from imports.files.space import DiskFullError


class TooLargeError(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class LengthRequiredError(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "Send the upload with a Content-Length; Transfer-Encoding: chunked is not supported here."


class UploadFormParser(MultiPartParser):
    """A form with the file in it."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles:
        request: Request = (parser_context or {})["request"]
        counted = _CountedStream(stream)
        with _faults_as_responses(request):
            parsed = super().parse(cast("IO[bytes]", counted), media_type, parser_context)
            try:
                # Django takes what has arrived by then for the whole form, and options may stand behind the file.
                _check_complete(counted.bytes_read, request)
            except ParseError:
                _close_all(parsed.files)
                raise
        return parsed


class _BodyParser(FileUploadParser):
    """The body is the file; its name is in the Content-Disposition header or in the query parameter `filename`."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles:
        request: Request = (parser_context or {})["request"]
        with _faults_as_responses(request):
            file = super().parse(stream, media_type, parser_context).files["file"]
            files = MultiValueDict({"file": [file]})
            # As REST framework does with forms: Django closes, and so deletes, what has not been kept by the end of
            # the request.
            request._request._files = files  # type: ignore[attr-defined]  # noqa: SLF001
            _check_complete(file.size or 0, request)
        return DataAndFiles(QueryDict(), files)

    def get_filename(self, stream: Any, media_type: Any, parser_context: Mapping[str, Any]) -> str:
        """The last part of the path that the sender names."""
        asked = parser_context["request"].query_params.get("filename")
        name = asked or super().get_filename(stream, media_type, parser_context) or ""
        name = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")
        return "upload.csv" if name in ("", ".", "..") else name


class CsvBodyParser(_BodyParser):
    media_type = "text/csv"


class GzipBodyParser(_BodyParser):
    media_type = "application/gzip"


class ZipBodyParser(_BodyParser):
    media_type = "application/zip"


class BinaryBodyParser(_BodyParser):
    media_type = "application/octet-stream"


BODY_PARSERS = (CsvBodyParser, GzipBodyParser, ZipBodyParser, BinaryBodyParser)


class _CountedStream:
    """A stream that counts what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.bytes_read = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self.bytes_read += len(block)
        return block


@contextmanager
def _faults_as_responses(request: Request) -> Iterator[None]:
    """Turn what goes wrong with a body into a response to its sender, and remove what was stored of it."""
    try:
        yield
    except BaseException as error:
        for handler in request.upload_handlers:
            handler.upload_interrupted()
        response = _response_to(error)
        if response is None:
            raise
        raise response from error


def _response_to(error: BaseException) -> APIException | None:
    if isinstance(error, RequestDataTooBig):
        return TooLargeError(str(error))
    if isinstance(error, DiskFullError):
        return InsufficientStorageError(str(error))
    if isinstance(error, SuspiciousOperation):
        return ParseError(str(error))
    if isinstance(error, UnreadablePostError):
        return ParseError("The upload was interrupted.")
    return None


def _check_complete(received: int, request: Request) -> None:
    """Refuse a body whose sender went away: to the server it looks like one that has ended."""
    expected = int(request.META["CONTENT_LENGTH"])
    if received < expected:
        raise ParseError(f"The upload was interrupted: {received} of {expected} bytes have arrived.")


def _close_all(files: MultiValueDict) -> None:
    for _, several in files.lists():
        for file in several:
            file.close()
