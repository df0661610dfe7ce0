"""How every list of the API is paged.

Settings name this class, and REST framework resolves its settings while it loads its own views: so nothing here may
import views.
"""

from typing import Any

from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """Numbered pages, as long as the caller asks for, within a bound."""

    page_size = 50
    page_size_query_param = "page_size"
    page_size_query_description = "Number of results per page: 50 unless told, 1000 at most."
    max_page_size = 1000
    # Of the browsable API: a page of HTML takes many times the memory of its JSON.
    max_browsable_page_size = 100

    def get_page_size(self, request: Request) -> int | None:
        """The number of results per page, as it was asked for within the bound."""
        size = super().get_page_size(request)
        if size and getattr(request.accepted_renderer, "format", "") == "api":
            return min(size, self.max_browsable_page_size)
        return size

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page in the words of OpenAPI 3.1; REST framework's `nullable` means nothing there."""
        described = super().get_paginated_response_schema(schema)
        for link in ("next", "previous"):
            described["properties"][link] = {"type": ["string", "null"], "format": "uri"}
        return described
