"""What the API takes and shows of products."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import cache
from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from acme_importer.rest.serializers import StrictSerializer
from products import editing
from products.extra import is_texts, size_fault
from products.fields import has_control_character, strip_all
from products.filters import ProductFilter
from products.models import SKU_TAKEN, SKU_WITH_CONTROL_CHARACTER, Product, sku_is_taken
from products.selection import Selection


@extend_schema_field(
    {
        "type": "object",
        "description": "What suppliers say besides: texts by the names of their columns. Written as a whole.",
        "additionalProperties": {"type": "string", "minLength": 1},
    }
)
class ExtraField(serializers.JSONField):
    """A product's extra: an object of texts within its limits."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        extra = super().to_internal_value(data)
        if not is_texts(extra):
            raise serializers.ValidationError(
                "Must be an object of texts, none of them empty or without a name, and without NUL."
            )
        if fault := size_fault(extra):
            raise serializers.ValidationError(fault)
        return extra


class ProductSerializer(StrictSerializer, serializers.ModelSerializer):
    extra = ExtraField(required=False)

    class Meta:
        model = Product
        fields = (
            "id",
            "sku",
            "name",
            "description",
            "price",
            "is_active",
            "extra",
            "created_at",
            "updated_at",
            "last_import",
            "event_sequence",
        )
        # The time zone of the settings, which REST framework would look up for each moment of a page.
        extra_kwargs = {name: {"default_timezone": UTC} for name in ("created_at", "updated_at")}

    @classmethod
    @cache
    def _shown(cls) -> list[tuple[str, Callable[[Any], Any]]]:
        """How each field shows a value. Built once: that takes longer than showing twenty products."""
        return [(name, field.to_representation) for name, field in cls().fields.items()]

    def to_representation(self, instance: Product) -> dict[str, Any]:
        """As REST framework does it, in three quarters of the time: each field is an attribute, and all are shown."""
        values = ((name, getattr(instance, name), show) for name, show in self._shown())
        return {name: None if value is None else show(value) for name, value, show in values}

    def validate_sku(self, sku: str) -> str:
        """Refuse the SKU of another product, one with control characters, and one in which there is nothing to see."""
        (sku,) = strip_all((sku,))
        if not sku:
            raise serializers.ValidationError(self.fields["sku"].error_messages["blank"], code="blank")
        if has_control_character(sku):
            raise serializers.ValidationError(SKU_WITH_CONTROL_CHARACTER, code="control_character")
        if sku_is_taken(sku, besides=self.instance.pk if self.instance else None):
            raise serializers.ValidationError(SKU_TAKEN, code="unique")
        return sku

    def save(self, **kwargs: Any) -> Product:
        try:
            return super().save(**kwargs)
        except editing.SkuTakenError as error:
            raise serializers.ValidationError({"sku": [str(error)]}, code="unique") from None

    def create(self, validated_data: dict[str, Any]) -> Product:
        return editing.create(Product(**validated_data), self._editor)

    def update(self, instance: Product, validated_data: dict[str, Any]) -> Product:
        changed = [name for name, value in validated_data.items() if getattr(instance, name) != value]
        for name in changed:
            setattr(instance, name, validated_data[name])
        return editing.update(instance, changed, self._editor)

    @property
    def _editor(self) -> editing.Editor:
        return editing.Editor.of(self.context["request"].user)


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

    def to_internal_value(self, data: Any) -> Selection:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Must be an object of filters and their values.")
        return Selection.matching(data)


class BulkDeleteSerializer(StrictSerializer):
    """Which products to delete: those with `ids`, those that `filter` selects, or `all`."""

    KINDS = ("ids", "filter", "all")

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=models.BigIntegerField.MAX_BIGINT),
        required=False,
        allow_empty=False,
        help_text="Ids of products. Those that do not exist are skipped.",
    )
    filter = SelectionField(required=False)
    all = serializers.BooleanField(required=False, help_text="`true` for every product.")
    confirm = serializers.BooleanField(
        default=False,
        help_text="Must be `true` with `filter` and `all`. Without it the response says how many products there are.",
    )

    def validate_all(self, value: bool) -> bool:
        """Refuse `false`, which asks for nothing."""
        if not value:
            raise serializers.ValidationError("Must be true, or not be sent.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(kind in attrs for kind in self.KINDS) != 1:
            raise serializers.ValidationError("Give exactly one of: ids, filter, all.")
        return attrs

    def selection(self) -> Selection:
        """The products that were asked for, once the request is valid."""
        asked = self.validated_data
        if "ids" in asked:
            return Selection.of_ids(asked["ids"])
        return asked["filter"] if "filter" in asked else Selection.all()


class BulkDeletedSerializer(serializers.Serializer):
    deleted = serializers.IntegerField(help_text="How many products were deleted.")
