"""The API's front door: how every resource is paged, ordered and guarded. Knows no resource.

Settings name these classes, and Django REST framework resolves the settings while it loads its own views; so nothing
here may import views. The router, which has to, is in `routers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """Numbered pages, as long as the caller asks for, within a bound."""

    page_size = 50
    page_size_query_param = "page_size"
    page_size_query_description = "Number of results per page: 50 unless told, 1000 at most."
    max_page_size = 1000


class ModelPermissions(DjangoModelPermissions):
    """Django's model permissions: view to read, add, change and delete to write.

    An extra action of a view set is asked the permission of its HTTP method (add for a POST), unless the view set names
    another: `action_permissions = {"cancel": "imports.change_importjob"}`.
    """

    perms_map = {
        **DjangoModelPermissions.perms_map,
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: Request, view: Any) -> bool:
        permission = getattr(view, "action_permissions", {}).get(getattr(view, "action", None))
        if permission is None:
            return super().has_permission(request, view)
        return bool(request.user and request.user.is_authenticated and request.user.has_perm(permission))


class Ordering(OrderingFilter):
    """`?ordering=name,-price` over what the view set allows: `ordering_fields = {"sku": "sku_normalized", …}`.

    The same order on every database: empty values come last, and the id decides between equals. A name that is not
    allowed is a 400; REST framework's own filter leaves it out without a word.
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


class AnyAccepted(BaseContentNegotiation):
    """For an answer of one kind: gives it whatever the Accept header asks for. Errors come as JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ARG002
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ARG002
        return renderers[0], renderers[0].media_type
