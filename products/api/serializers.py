"""What the API takes and shows of products."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from products.filters import ProductFilter, matching
from products.models import SKU_TAKEN, Product, sku_is_taken


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = (
            "id",
            "sku",
            "name",
            "description",
            "price",
            "is_active",
            "created_at",
            "updated_at",
            "last_import",
        )

    def validate_sku(self, sku: str) -> str:
        """Refuse the SKU of another product."""
        if self._is_taken(sku):
            raise serializers.ValidationError(SKU_TAKEN, code="unique")
        return sku

    def save(self, **kwargs: Any) -> Product:
        try:
            with transaction.atomic():
                return super().save(**kwargs)
        except IntegrityError:
            # Another request may have taken the SKU after it was found free.
            if "sku" in self.validated_data and self._is_taken(self.validated_data["sku"]):
                raise serializers.ValidationError({"sku": [SKU_TAKEN]}, code="unique") from None
            raise

    def _is_taken(self, sku: str) -> bool:
        return sku_is_taken(sku, besides=self.instance.pk if self.instance else None)


@extend_schema_field(
    {
        "type": "object",
        "description": "Names and values as in the list of products; all of them must hold.",
        "properties": {
            name: {"description": filter_.extra["help_text"]} for name, filter_ in ProductFilter.base_filters.items()
        },
        "additionalProperties": False,
        "minProperties": 1,
    }
)
class SelectionField(serializers.Field):
    """A JSON object of filters, taken for the products that it selects."""

    def to_internal_value(self, data: Any) -> QuerySet[Product]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object of filters and their values.")
        return matching(data)


class BulkDeleteSerializer(serializers.Serializer):
    """Which products to delete: those with `ids`, those that `filter` selects, or `all`."""

    KINDS = ("ids", "filter", "all")

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=models.BigIntegerField.MAX_BIGINT),
        required=False,
        allow_empty=False,
        help_text="Ids of products. Those that do not exist are passed over.",
    )
    filter = SelectionField(required=False)
    all = serializers.BooleanField(required=False, help_text="`true` for every product.")
    confirm = serializers.BooleanField(
        default=False, help_text="Must be `true` with `filter` and `all`. Without it you are told how many it would be."
    )

    def validate_all(self, value: bool) -> bool:
        """Refuse `false`, which asks for nothing."""
        if not value:
            raise serializers.ValidationError("Must be true, or be left out.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unknown = self.initial_data.keys() - self.fields.keys()
        if unknown:
            raise serializers.ValidationError(f"There is no field {min(unknown)!a}.")
        if sum(kind in attrs for kind in self.KINDS) != 1:
            raise serializers.ValidationError("Give exactly one of: ids, filter, all.")
        return attrs


class BulkDeletedSerializer(serializers.Serializer):
    deleted = serializers.IntegerField(help_text="How many products were deleted.")
