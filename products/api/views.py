"""The products over HTTP."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from acme_importer.rest import scopes, spreadsheets
from acme_importer.rest.errors import ConflictError
from acme_importer.rest.filters import refuse_unknown_parameters
from acme_importer.rest.negotiation import AnyAccepted
from products import editing
from products.api.history import HistoryActions
from products.api.pages import ProductPages
from products.api.searching import TOO_MANY, place_for
from products.api.serializers import BulkDeletedSerializer, BulkDeleteSerializer, ProductSerializer
from products.export import csv_response
from products.filters import ProductFilter
from products.models import Product
from products.search.finding import IndexBehindError


class ProductViewSet(HistoryActions, ModelViewSet):
    """The products of the catalogue. A SKU is the same in upper and in lower case, and belongs to one product."""

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    pagination_class = ProductPages
    write_scope = scopes.WRITE
    ordering_fields = {
        "id": "id",
        "sku": "sku_normalized",
        "name": "name",
        "price": "price",
        "created_at": "created_at",
        "updated_at": "updated_at",
    }
    action_permissions = {"bulk_delete": ("products.delete_product",)}

    def get_queryset(self) -> QuerySet[Product]:
        products = super().get_queryset()
        if self.action in ("update", "partial_update"):
            # What an import writes between our reading and our writing would be overwritten by what we read.
            return products.select_for_update()
        return products

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            # What is sent is in the body. Nobody is to believe that a filter of the address limits a deletion.
            refuse_unknown_parameters(request)

    @extend_schema(responses={200: ProductSerializer(many=True), 503: TOO_MANY})
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with place_for(request):
            return super().list(request, *args, **kwargs)

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)

    def perform_destroy(self, instance: Product) -> None:
        editing.delete(instance, editing.Editor.of(self.request.user))

    @extend_schema(
        operation_id="products_export_csv_retrieve",
        summary="Export products as a CSV file",
        description="Those that the filters of the list select, in a file that an import reads back unchanged. All as "
        "they were at one moment: to keep in step with them, follow `/api/changes` after the header `Changes-Cursor`.",
        parameters=[spreadsheets.PARAMETER],
        filters=True,
        responses={(200, "text/csv"): OpenApiTypes.STR, 503: TOO_MANY},
    )
    @action(
        detail=False,
        url_path=r"export\.csv",
        url_name="export",
        pagination_class=None,
        filter_backends=[spreadsheets.ExportFilterBackend],
        content_negotiation_class=AnyAccepted,
    )
    def export(self, request: Request) -> StreamingHttpResponse:
        """Write the selected products as a CSV file, while it is being read."""
        # The place is for finding them. The rows are read as the client takes them, as in every export.
        with place_for(request):
            products = self.filter_queryset(self.get_queryset())
            return csv_response(products, for_spreadsheets=spreadsheets.is_for_spreadsheets(request))

    @extend_schema(
        summary="Delete many products at once",
        description=(
            "Deletes the products with the given `ids`, those that a `filter` selects (names and values as in the list "
            "of products), or `all`. The last two need `confirm`: without it nothing is deleted, and the response "
            "is a 400 that says how many products it would have been. While the search index is behind, a `filter` "
            "with `search` is a 409: it might select products that no longer match."
        ),
        responses={200: BulkDeletedSerializer, 409: OpenApiResponse(description="The search index is behind.")},
        examples=[
            OpenApiExample("By id", {"ids": [1, 2, 3]}, request_only=True),
            OpenApiExample(
                "By filter", {"filter": {"sku_prefix": "OLD-", "is_active": False}, "confirm": True}, request_only=True
            ),
            OpenApiExample("All products", {"all": True, "confirm": True}, request_only=True),
        ],
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="bulk-delete",
        serializer_class=BulkDeleteSerializer,
    )
    def bulk_delete(self, request: Request) -> Response:
        """Delete many products at once: `{"ids": […]}`, or `filter` or `all` with `"confirm": true`."""
        serializer = BulkDeleteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        selection = serializer.selection()
        if "ids" not in serializer.validated_data and not serializer.validated_data["confirm"]:
            message = f'Products that this would delete: {selection.products.count()}. Send "confirm": true to do so.'
            raise ValidationError({"confirm": [message]})
        try:
            done = editing.delete_many(selection, editing.Editor.of(request.user))
        except IndexBehindError as error:
            raise ConflictError(str(error)) from error
        return Response({"deleted": done.count})
