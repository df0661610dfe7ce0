"""How every list of the API is ordered: by the fields that its view set allows, alike on every database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request


class Ordering(OrderingFilter):
    """`?ordering=name,-price` over what the view set allows: `ordering_fields = {"sku": "sku_normalized", …}`.

    The same order on every database: empty values come last, and the id decides between equals. A name that is not
    allowed is a 400; REST framework's own filter ignores it.
    """

    def remove_invalid_fields(
        self,
        queryset: QuerySet,  # noqa: ARG002
        fields: Iterable[str],
        view: Any,
        request: Request,  # noqa: ARG002
    ) -> list[str]:
        terms = list(fields)
        unknown = [term for term in terms if term.removeprefix("-") not in view.ordering_fields]
        if unknown:
            message = f"Cannot order by {', '.join(unknown)}. Choose from {', '.join(view.ordering_fields)}."
            raise ValidationError({self.ordering_param: [message]})
        return terms

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        terms = self.get_ordering(request, queryset, view)
        if not terms:
            return queryset
        return queryset.order_by(*(self._order_by(term, queryset, view) for term in terms), "pk")

    def _order_by(self, term: str, queryset: QuerySet, view: Any) -> OrderBy:
        column = view.ordering_fields[term.removeprefix("-")]
        # Only where it makes a difference: PostgreSQL's indexes have nulls first when read backwards.
        nulls_last = queryset.model._meta.get_field(column).null or None
        return OrderBy(F(column), descending=term.startswith("-"), nulls_last=nulls_last)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameter for the OpenAPI schema."""
        return [
            {
                "name": self.ordering_param,
                "required": False,
                "in": "query",
                "description": "Fields to order by, separated by commas, each with a `-` before it for descending: "
                + ", ".join(f"`{name}`" for name in view.ordering_fields),
                "schema": {"type": "string"},
            }
        ]
