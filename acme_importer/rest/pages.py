"""How every list of the API is paged.

Settings name this class, and REST framework resolves its settings while it loads its own views: so nothing here may
import views.
"""

from __future__ import annotations

from typing import Any

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

# A list is counted up to here, since a database counts by reading. Pages go on beyond it.
MOST_COUNTED = 10_000
# Farther than any list reaches, and no database takes an offset beyond 2^63.
LAST_PAGE = 10**12


class BoundedPaginator(Paginator):
    """Pages of a query that is counted only if need be, and no further than MOST_COUNTED.

    A page that is not full is the last one, and tells the count: a search that finds little reads the table once.
    """

    object_list: QuerySet[Any, Any]
    # How many there are, once a page has told, and how many pages at least.
    told: int | None = None
    last_seen = 1

    @cached_property
    def counted(self) -> int:
        """The number of results as far as it was counted: MOST_COUNTED + 1 if there are more."""
        if self.told is not None:
            return self.told
        return self.count_up_to(MOST_COUNTED + 1)

    def count_up_to(self, bound: int) -> int:
        """The number of results, counted by reading no more than `bound` of them."""
        return self.object_list.order_by().values("pk")[:bound].count()

    def part(self, first: int, last: int) -> list[Any]:
        """The results from one place to another, both counted from 0."""
        return list(self.object_list[first:last])

    @property
    def count(self) -> int:
        """The number of results, or MOST_COUNTED if there are more: see `is_exact`."""
        return self.counted if self.is_exact else MOST_COUNTED

    @property
    def is_exact(self) -> bool:
        """Whether `count` is the number of all results. The last page may tell even a large one."""
        return self.told is not None or self.counted <= MOST_COUNTED

    @property
    def num_pages(self) -> int:
        """The number of pages, as far as is known."""
        return max(-(-self.count // self.per_page), self.last_seen)

    def page(self, number: int | str) -> Page:
        """The results of page `number`, and one more to see whether another page follows."""
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        found = self.part(first, first + self.per_page + 1)
        if not found and number > 1:
            raise EmptyPage("That page contains no results")
        if len(found) <= self.per_page:
            self.told = first + len(found)
        self.last_seen = number + (len(found) > self.per_page)
        return Page(found[: self.per_page], number, self)

    def validate_number(self, number: Any) -> int:
        """The page's number as a whole number from 1 on; whether there is such a page, reading it tells."""
        try:
            number = int(number)
        except (TypeError, ValueError):
            raise PageNotAnInteger("That page number is not an integer") from None
        if not 1 <= number <= LAST_PAGE:
            raise EmptyPage("That page contains no results")
        return number


class Pages(PageNumberPagination):
    """Numbered pages, as long as the caller asks for, within a bound."""

    django_paginator_class = BoundedPaginator
    page: Any
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

    def get_paginated_response(self, data: Any) -> Response:
        """A page, and how many results there are, as far as they were counted."""
        response = super().get_paginated_response(data)
        counted = {"count": response.data.pop("count"), "count_is_exact": self.page.paginator.is_exact}
        response.data = counted | response.data
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page in the words of OpenAPI 3.1; REST framework's `nullable` means nothing there."""
        described = super().get_paginated_response_schema(schema)
        for link in ("next", "previous"):
            described["properties"][link] = {"type": ["string", "null"], "format": "uri"}
        described["properties"]["count"]["description"] = (
            f"The number of results in all pages, counted up to {MOST_COUNTED:,}: see `count_is_exact`."
        )
        described["properties"]["count_is_exact"] = {
            "type": "boolean",
            "description": f"Whether there are no more results than `count`. `false` means {MOST_COUNTED:,} or more; "
            "`next` leads through all of them.",
        }
        return described
