"""The history of a product over HTTP: where each of its values comes from, and its whole story."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from acme_importer.rest.filters import refuse_unknown_parameters
from products import blame
from products.api.changes import shown
from products.fields import normalize_sku
from products.models import Product

# Changes on a page.
PAGE = 50
MOST = 200
BIGGEST = (1 << 63) - 1


class WantedSerializer(serializers.Serializer):
    """The parameters of a history."""

    before = serializers.IntegerField(
        default=0, min_value=0, max_value=BIGGEST, help_text="Where to go on: the `next` of the page before."
    )
    limit = serializers.IntegerField(default=PAGE, min_value=1, max_value=MOST, help_text="The most changes of a page.")


class SourceSerializer(serializers.Serializer):
    at = serializers.DateTimeField(help_text="When the change was made, by the database's clock.")
    import_number = serializers.IntegerField(allow_null=True, help_text="The import that made it.")
    filename = serializers.CharField(help_text="The name of its file; empty if it is not known.")
    line = serializers.IntegerField(allow_null=True, help_text="The line of the file.")
    user = serializers.CharField(help_text="The user who made it by hand; empty if nobody did.")


class FieldOriginSerializer(serializers.Serializer):
    name = serializers.CharField()
    value = serializers.JSONField(help_text="What the product has, or had when it was deleted.")
    source = SourceSerializer(  # type: ignore[assignment]
        allow_null=True, help_text="Who gave it that value; null if that is not on record."
    )
    at_least_since = serializers.DateTimeField(
        allow_null=True, help_text="Without a source: since when it has certainly been so, as far as was read."
    )
    previous = serializers.JSONField(allow_null=True, help_text="What it was before.")
    was_created = serializers.BooleanField(help_text="Whether the product was created with it.")


class ToldFieldSerializer(serializers.Serializer):
    name = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class ToldSerializer(serializers.Serializer):
    kind = serializers.CharField(help_text="`created`, `changed` or `deleted`.")
    sku = serializers.CharField(help_text="The SKU, after the change.")
    source = SourceSerializer()  # type: ignore[assignment]
    fields_ = ToldFieldSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        # A serializer has an attribute `fields` of its own.
        found = super().get_fields()
        return {**{name: field for name, field in found.items() if name != "fields_"}, "fields": found["fields_"]}


class HistorySerializer(serializers.Serializer):
    sku = serializers.CharField(help_text="The product's SKU.")
    exists = serializers.BooleanField(help_text="Whether there is such a product now.")
    values = FieldOriginSerializer(many=True, help_text="Where each value comes from; empty on later pages.")
    changes = ToldSerializer(many=True, help_text="The changes, the newest first.")
    older_pruned = serializers.BooleanField(
        help_text="Whether what was before these changes is not on record: it is older than history is kept."
    )
    next = serializers.IntegerField(allow_null=True, help_text="The `before` of the next page; null on the last one.")


class HistoryActions:
    """The actions of products that are about their history, for their view set."""

    permissions: ClassVar = {"history_by_sku": ("products.view_product",)}

    @extend_schema(
        operation_id="products_history",
        summary="The history of a product",
        description="Where each value comes from (which import and line of its file, or which user, and what it was "
        "before), and every change of the product, the newest first.",
        parameters=[WantedSerializer],
        filters=False,
        responses={200: HistorySerializer},
    )
    @action(detail=True, url_name="history", pagination_class=None, filter_backends=[])
    def history(self, request: Request, pk: str) -> Response:
        """Where the values of a product come from, and its changes."""
        asked = _asked(request)
        product = get_object_or_404(Product, pk=pk)
        return Response(_shown(blame.history_of(product, before=asked["before"], limit=asked["limit"])))

    @extend_schema(
        operation_id="products_history_by_sku",
        summary="The history of a SKU",
        description="The same by the SKU, also of a product that was deleted since, or got another SKU.",
        parameters=[OpenApiParameter("sku", str, required=True, description="In any letter case."), WantedSerializer],
        filters=False,
        responses={200: HistorySerializer, 404: OpenApiResponse(description="Nothing is on record of that SKU.")},
    )
    @action(detail=False, url_path="history", url_name="history-by-sku", pagination_class=None, filter_backends=[])
    def history_by_sku(self, request: Request) -> Response:
        """The history of the product that has this SKU, or had it."""
        asked = _asked(request, "sku")
        sku = serializers.CharField().run_validation(request.query_params.get("sku", serializers.empty))
        wanted = {"before": asked["before"], "limit": asked["limit"]}
        product = Product.objects.filter(sku_normalized=normalize_sku(sku)).first()
        found = blame.history_of(product, **wanted) if product else blame.history_of_gone(sku, **wanted)
        if found is None:
            raise NotFound("Nothing is on record of a product with this SKU.")
        return Response(_shown(found))


def _asked(request: Request, *others: str) -> dict[str, Any]:
    wanted = WantedSerializer(data=request.query_params.dict())
    refuse_unknown_parameters(request, [*wanted.fields, *others])
    wanted.is_valid(raise_exception=True)
    return wanted.validated_data


def _shown(history: blame.History) -> dict[str, Any]:
    return {
        "sku": history.sku,
        "exists": history.exists,
        "values": [
            {
                "name": origin.name,
                "value": shown(origin.name, origin.value),
                "source": _source(origin.source) if origin.source else None,
                "at_least_since": origin.at_least_since,
                "previous": shown(origin.name, origin.previous),
                "was_created": origin.was_created,
            }
            for origin in history.fields
        ],
        "changes": [
            {
                "kind": told.kind,
                "sku": told.sku,
                "source": _source(told.source),
                "fields": [
                    {"name": name, "old": shown(name, old), "new": shown(name, new)} for name, old, new in told.fields
                ],
            }
            for told in history.changes
        ],
        "older_pruned": history.is_pruned,
        "next": history.next_address or None,
    }


def _source(source: blame.Source) -> dict[str, Any]:
    return {
        "at": source.at,
        "import_number": source.import_number,
        "filename": source.filename,
        "line": source.line,
        "user": source.user,
    }
