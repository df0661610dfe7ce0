"""Which products a caller means by a bulk change, and how they were selected. Does not know who asks, or why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.constants import EMPTY_VALUES

from products.filters import ProductFilter
from products.models import Product

# An event names no more ids than this, so that its body stays small.
IDS_TOLD = 1000


@dataclass(frozen=True, slots=True)
class Selection:
    """Some products, and how they were selected, as events tell it: by `ids`, by a `filter`, or `all` of them."""

    products: QuerySet[Product]
    how: Mapping[str, Any]

    @classmethod
    def all(cls) -> Selection:
        """Every product."""
        return cls(Product.objects.all(), {"all": True})

    @classmethod
    def of_ids(cls, ids: Sequence[int], among: QuerySet[Product] | None = None) -> Selection:
        """The products with these ids; ids that do not exist are skipped. `among` are the products with them, if known.

        All ids are one parameter of the query, however many they are.
        """
        told: dict[str, Any] = {"ids": list(ids[:IDS_TOLD])}
        if len(ids) > IDS_TOLD:
            told["note"] = f"The first {IDS_TOLD:,} of {len(ids):,} ids."
        return cls(Product.objects.filter(pk__any_of=set(ids)) if among is None else among, told)

    @classmethod
    def matching(cls, values: Mapping[str, object]) -> Selection:
        """The products that all of `values` select, by the names of the list's filters.

        Strict, since this may be about a deletion: an unknown name, an empty value or no filter at all is a
        `ValidationError`, where the list would show every product.
        """
        names = ", ".join(ProductFilter.base_filters)
        if not values:
            raise ValidationError(f"Give at least one filter. The filters are: {names}.")
        unknown = values.keys() - ProductFilter.base_filters.keys()
        if unknown:
            # As ASCII, since JSON can hold halves of characters, which no response can.
            raise ValidationError(f"There is no filter {min(unknown)!a}. The filters are: {names}.")
        faults = {name: fault for name, value in values.items() if (fault := _fault(value))}
        if faults:
            raise ValidationError(faults)
        filterset = ProductFilter(values, Product.objects.all())
        if not filterset.is_valid():
            raise ValidationError(filterset.errors.as_data())
        cleaned = {name: filterset.form.cleaned_data[name] for name in values}
        empty = [name for name, value in cleaned.items() if value in EMPTY_VALUES]
        if empty:
            raise ValidationError(dict.fromkeys(empty, "This filter is empty. Give it a value, or remove it."))
        return cls(filterset.qs, {"filter": cleaned})

    def __str__(self) -> str:
        """How the products were selected, for the log. Values of filters are in the event."""
        if "ids" in self.how:
            return "selected one by one"
        if "filter" in self.how:
            return f"selected by filter: {', '.join(self.how['filter'])}"
        return "all products"


def _fault(value: object) -> str | None:
    """Say what is wrong with a filter's value before its form sees it, which takes anything for text."""
    if not isinstance(value, str | int | float):
        return "Must be a text, a number, true or false."
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        return "Holds half a character (a lone surrogate)."
    return None
