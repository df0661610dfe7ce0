"""The filters by which products are selected, the same in the API, in the dashboard and for bulk changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.constants import EMPTY_VALUES

from acme_importer.rest.filters import DescribedFilter, MomentField, TrueOrFalseFilter, WholeNumberFilter
from acme_importer.searches import LONGEST_SEARCH, MOST_WORDS, search_fault
from products.extra import MAX_LENGTH
from products.fields import PRICE_DECIMAL_PLACES, PRICE_MAX_DIGITS, SKU_NORMALIZED_MAX_LENGTH, normalize_sku
from products.history.changed import Asked, TooManyError, changed_skus
from products.history.records import KEPT
from products.models import Product
from products.search.finding import having_words


class PriceFilter(filters.NumberFilter):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__("price", max_digits=PRICE_MAX_DIGITS, decimal_places=PRICE_DECIMAL_PLACES, **kwargs)


# A name and a text; in the name, a colon is written as `\:`, a backslash as `\\`.
_NAME_AND_TEXT = re.compile(r"((?:[^:\\]|\\[:\\])+):(.+)", re.DOTALL)


class ExtraField(forms.CharField):
    """`NAME:TEXT`, both raw, with their spaces; no extra has longer ones, even with a backslash for each letter."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, max_length=2 * MAX_LENGTH, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not _NAME_AND_TEXT.fullmatch(value):
            raise ValidationError(r"Must be NAME:TEXT; a colon in the name is written as \:.", code="invalid")


class ExtraFilter(filters.Filter):
    field_class = ExtraField

    def filter(self, qs: QuerySet[Product], value: str) -> QuerySet[Product]:
        """Keep the products whose extra has the text of that name."""
        if not value or not (found := _NAME_AND_TEXT.fullmatch(value)):
            return qs
        return qs.filter(extra__has_text=(re.sub(r"\\(.)", r"\1", found[1]), found[2]))


class TextFilter(filters.CharFilter):
    """A filter by a text of a bounded length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=LONGEST_SEARCH, **kwargs)


def check_search(text: str) -> None:
    """Raise ValidationError where a search asks for too much."""
    if fault := search_fault(text):
        raise ValidationError(fault, code="too_much")


class SinceField(MomentField):
    """A moment, or a day, which begins at midnight UTC."""

    input_formats = (MomentField.ISO_8601, "%Y-%m-%d")


class HistoryFilter(DescribedFilter):
    """One of the filters by changes, which hold together for a single change: the form has found the products."""

    def filter(self, qs: QuerySet[Product], value: object) -> QuerySet[Product]:  # noqa: ARG002
        """Leave the products as they are."""
        return qs


class ImportNumberFilter(HistoryFilter):
    schema: ClassVar = {"type": "integer"}
    field_class = forms.IntegerField


class FieldNameFilter(HistoryFilter):
    schema: ClassVar = {"type": "string", "enum": list(KEPT)}
    field_class = forms.ChoiceField


class SinceFilter(HistoryFilter):
    schema: ClassVar = {"type": "string"}
    field_class = SinceField


# By the names of the filters, what each asks of a change.
CHANGED = {"changed_by_import": "import_number", "changed_field": "field", "changed_since": "since"}


class ProductFilterForm(forms.Form):
    """The values of the filters, and the products that those by changes select."""

    # Normalized SKUs; None where nothing is asked of changes.
    changed: set[str] | None = None

    def clean(self) -> dict[str, Any]:
        """Look for the products once every value is understood; too many of them are a fault to be put right."""
        values = super().clean() or {}
        given = {name: values.get(name) for name in CHANGED if values.get(name) not in EMPTY_VALUES}
        if given and not self.errors:
            try:
                self.changed = changed_skus(Asked(**{CHANGED[name]: value for name, value in given.items()}))
            except TooManyError as error:
                self.add_error(next(iter(given)), f"{error} {_narrower(given)}")
        return values


def _narrower(given: Mapping[str, Any]) -> str:
    """What to ask instead of what is too much."""
    more = [f"`{name}`" for name in CHANGED if name not in given]
    advice = f"Narrow it with {' or '.join(more)}" if more else "Narrow it with a later `changed_since`"
    if "changed_by_import" in given:
        return f"{advice}, or ask for `last_import`: the products that the import wrote last."
    return f"{advice}." if not more or "changed_since" not in given else f"{advice}, or a later `changed_since`."


class ProductFilter(filters.FilterSet):
    """The filters by name. Several together select the products for which all of them hold."""

    sku = TextFilter(method="having_sku", help_text="The SKU, in any letter case.")
    sku_prefix = TextFilter(method="having_sku_prefix", help_text="How the SKU begins, in any letter case.")
    name = TextFilter(lookup_expr="icontains", help_text="A part of the name, in any letter case.")
    description = TextFilter(lookup_expr="icontains", help_text="A part of the description, in any letter case.")
    is_active = TrueOrFalseFilter(help_text="`true` or `false`.")
    price_min = PriceFilter(lookup_expr="gte", help_text="The lowest price.")
    price_max = PriceFilter(lookup_expr="lte", help_text="The highest price.")
    last_import = WholeNumberFilter(help_text="The number of the import that wrote the product last.")
    extra = ExtraFilter(
        help_text=(
            "A text of the product's extra, as `NAME:TEXT` (`Brand:Acme`), exactly. A colon in the name is written as "
            "`\\:`, a backslash as `\\\\`."
        ),
    )
    changed_by_import = ImportNumberFilter(
        help_text="The number of an import that created or changed the product, even if others changed it since."
    )
    changed_field = FieldNameFilter(
        choices=[(name, name) for name in KEPT],
        help_text="A field that was changed. With `changed_by_import` and `changed_since`: by one and the same change.",
    )
    changed_since = SinceFilter(
        help_text="When the product was created or changed, or later: a date (in UTC), or a date and time, in ISO 8601."
    )
    search = filters.CharFilter(
        method="having_words",
        validators=[check_search],
        help_text=(
            "Words or beginnings of words, each of which is in the SKU, the name or the description, in any letter "
            f"case, with or without accents; {MOST_WORDS} at most."
        ),
    )

    class Meta:
        model = Product
        fields = ()
        form = ProductFilterForm

    def filter_queryset(self, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Keep the products that all filters select."""
        queryset = super().filter_queryset(queryset)
        changed = self.form.changed
        return queryset if changed is None else queryset.filter(sku_normalized__any_of=changed)

    def having_sku(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:  # noqa: ARG002
        """Keep the product whose SKU is `value`."""
        return products.filter(sku_normalized=normalize_sku(value))

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
        return having_words(products, value)
