"""Which products a caller means: the filters of the list, of the bulk deletion, and of whatever takes a selection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES

from acme_importer.rest.filters import TrueOrFalseFilter, WholeNumberFilter
from products.fields import PRICE_DECIMAL_PLACES, PRICE_MAX_DIGITS, SKU_NORMALIZED_MAX_LENGTH, normalize_sku
from products.models import Product


class PriceFilter(filters.NumberFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__("price", max_digits=PRICE_MAX_DIGITS, decimal_places=PRICE_DECIMAL_PLACES, **kwargs)


class ProductFilter(filters.FilterSet):
    """The filters by name. Several together select the products for which all of them hold."""

    sku = filters.CharFilter(method="having_sku_prefix", help_text="How the SKU begins, in any letter case.")
    name = filters.CharFilter(lookup_expr="icontains", help_text="A part of the name, in any letter case.")
    description = filters.CharFilter(lookup_expr="icontains", help_text="A part of the description, likewise.")
    is_active = TrueOrFalseFilter(help_text="`true` or `false`.")
    price_min = PriceFilter(lookup_expr="gte", help_text="The lowest price.")
    price_max = PriceFilter(lookup_expr="lte", help_text="The highest price.")
    last_import = WholeNumberFilter(help_text="The number of the import that wrote the product last.")
    search = filters.CharFilter(
        method="having_words", help_text="Words, each of which is in the SKU, the name or the description."
    )

    class Meta:
        model = Product
        fields = ()

    def having_sku_prefix(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:  # noqa: ARG002
        """Keep the products whose SKU begins with `value`; on each database in the form that uses the index."""
        prefix = normalize_sku(value)
        if connections[products.db].vendor == "sqlite":
            # SQLite compares code point by code point, and no text that begins so is greater than this.
            last = prefix + "\U0010ffff" * SKU_NORMALIZED_MAX_LENGTH
            return products.filter(sku_normalized__gte=prefix, sku_normalized__lte=last)
        return products.filter(sku_normalized__startswith=prefix)

    def having_words(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:  # noqa: ARG002
        """Keep the products that have every word of `value` in one field or another."""
        for word in value.split():
            products = products.filter(
                Q(sku_normalized__contains=normalize_sku(word))
                | Q(name__icontains=word)
                | Q(description__icontains=word)
            )
        return products


def matching(values: Mapping[str, object]) -> QuerySet[Product]:
    """Return the products that all of `values` select, by the names of the list's filters.

    Strict, since what is asked for may be a deletion: an unknown name, an empty value or no filter at all is a
    `ValidationError`, where the list would show every product.
    """
    names = ", ".join(ProductFilter.base_filters)
    if not values:
        raise ValidationError(f"Give at least one filter of: {names}.")
    unknown = values.keys() - ProductFilter.base_filters.keys()
    if unknown:
        # As ASCII, since JSON can hold halves of characters, which no answer can.
        raise ValidationError(f"There is no filter {min(unknown)!a}. The filters are: {names}.")
    faults = {name: fault for name, value in values.items() if (fault := _fault(value))}
    if faults:
        raise ValidationError(faults)
    filterset = ProductFilter(values, Product.objects.all())
    if not filterset.is_valid():
        raise ValidationError(filterset.errors.as_data())
    empty = [name for name in values if filterset.form.cleaned_data[name] in EMPTY_VALUES]
    if empty:
        raise ValidationError(dict.fromkeys(empty, "This filter is empty. Leave it out, or give it a value."))
    return filterset.qs


def _fault(value: object) -> str | None:
    """Say what is wrong with a filter's value before its form sees it, which takes anything for text."""
    if not isinstance(value, str | int | float):
        return "Must be a text, a number, true or false."
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        return "Holds half a character (a lone surrogate)."
    return None
