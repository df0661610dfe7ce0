"""Filters that the lists of several apps offer. Each refuses what it does not understand, with a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_filters import fields
from django_filters import rest_framework as filters


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
