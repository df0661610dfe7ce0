"""Filters that the lists of several apps offer. Each refuses what it does not understand, with a sentence.

Settings name a class of these, and REST framework resolves its settings while it loads its own views: so nothing here
may import views.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import fields
from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.settings import api_settings


class TrueOrFalseField(forms.Field):
    """A boolean that refuses what it does not know; Django's own takes `flase` for "not given"."""

    widget = forms.Select(choices=(("", "Any"), ("true", "Yes"), ("false", "No")))

    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        text = str(value).strip().lower()
        if text not in ("true", "false", "1", "0"):
            raise ValidationError("Must be true or false.", code="invalid")
        return text in ("true", "1")


class TrueOrFalseFilter(filters.BooleanFilter):
    field_class = TrueOrFalseField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=TrueOrFalseField.widget, **kwargs)


class WholeNumberFilter(filters.NumberFilter):
    field_class = forms.IntegerField


class MomentField(fields.IsoDateTimeField):
    """A date and time that has a year from 1 to 9999 in UTC as well; no database takes another."""

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = MomentField


class DescribedFilter(filters.Filter):
    """A filter whose `schema` is said, since its field does not tell it. The help text is the description, as usual."""

    schema: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        extend_schema_field({**self.schema, "description": self.extra["help_text"]})(self)


def refuse_unknown_parameters(request: Request, known: Collection[str] = ()) -> None:
    """Refuse a request with query parameters that nobody reads: a misspelt filter would select everything."""
    allowed = [*known, api_settings.URL_FORMAT_OVERRIDE]
    unknown = [name for name in request.query_params if name not in allowed]
    if unknown:
        message = f"There is no such parameter. The parameters are: {', '.join(allowed)}."
        raise serializers.ValidationError({name: [message] for name in unknown})


class StrictFilterBackend(filters.DjangoFilterBackend):
    """The filters of a list. A query parameter that is none of them, nor of the pages and the order, is a 400."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        of_class = self.get_filterset_class(view, queryset)
        names = list(of_class.base_filters) if of_class else []
        if request.query_params:
            refuse_unknown_parameters(request, [*names, *self._other_parameters(view)])
        asked = [name for name in names if name in request.query_params]
        if not asked:
            return queryset
        filterset = self.get_filterset(request, queryset, view)
        # The fields of a form for all the others would take a fifth of a request.
        filterset.filters = {name: filterset.filters[name] for name in asked}
        if not filterset.is_valid():
            raise translate_validation(filterset.errors)
        return filterset.qs

    def _other_parameters(self, view: Any) -> list[str]:
        """The names of the parameters of the pages, and of the other filters."""
        # What describes its parameters to the schema reads them.
        others = [backend() for backend in view.filter_backends if hasattr(backend, "get_schema_operation_parameters")]
        if view.paginator:
            others.append(view.paginator)
        return [parameter["name"] for other in others for parameter in other.get_schema_operation_parameters(view)]
