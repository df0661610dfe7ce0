"""Requests of the API that may be searches: one that finds no place among those under way is asked to come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request

from acme_importer.rest.errors import BusyError
from products.search.places import RETRY_SECONDS, TooManySearchesError, searches

TOO_MANY = OpenApiResponse(description="Too many searches are under way; Retry-After says when to try again.")


@contextmanager
def place_for(request: Request) -> Iterator[None]:
    """Have a place for what the request searches; without a search there is no need of one."""
    if not request.query_params.get("search"):
        yield
        return
    try:
        with searches.take():
            yield
    except TooManySearchesError as error:
        raise BusyError(str(error), wait=RETRY_SECONDS) from error
