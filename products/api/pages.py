"""Pages of products: those of every list, and what is to be said of a search."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from acme_importer.rest.pages import BoundedPaginator, Pages
from products.models import Product
from products.search.finding import are_at_least, notice, part_of


class ProductPaginator(BoundedPaginator):
    """Pages that see from what a search has read of the index anyway what is on them, and that it finds more."""

    def part(self, first: int, last: int) -> list[Product]:
        """The products from one place to another, both counted from 0."""
        return part_of(self.object_list, first, last)

    def count_up_to(self, bound: int) -> int:
        """The number of products, or `bound` if there are more."""
        return bound if are_at_least(self.object_list, bound) else super().count_up_to(bound)


class ProductPages(Pages):
    """Pages that say where a search may miss what has changed just now."""

    request: Request
    django_paginator_class = ProductPaginator

    def get_paginated_response(self, data: Any) -> Response:
        """A page with a notice, which is null wherever a search was exact, or there was none."""
        response = super().get_paginated_response(data)
        said = notice() if self.request.query_params.get("search") else None
        response.data = {"search_notice": said} | response.data
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the notice, too."""
        described = super().get_paginated_response_schema(schema)
        described["properties"]["search_notice"] = {
            "type": ["string", "null"],
            "description": "A sentence where `search` may miss products that have changed in the last seconds: the "
            "index of words follows imports. Null where the results are exact.",
        }
        return described
