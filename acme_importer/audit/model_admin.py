"""A part of a ModelAdmin that saves by Django's own means: what people do in it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from acme_importer.audit.trail import record

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:
    Base = object


class RecordedDeletions(Base):
    """Records what is deleted as an act of `recorded_as`, in the transaction of the deletion."""

    recorded_as = ""

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        with transaction.atomic():
            record(f"{self.recorded_as}.deleted", obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            names = {str(each.pk): str(each) for each in queryset}
            record(f"{self.recorded_as}.deleted", count=len(names), deleted=names)
            super().delete_queryset(request, queryset)


class RecordedAdmin(RecordedDeletions):
    """Records what is created and changed besides."""

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        record(f"{self.recorded_as}.created", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        record(f"{self.recorded_as}.updated", obj, fields=_fields(message))
        return super().log_change(request, obj, message)


def _fields(message: Any) -> list[str]:
    """The names of the changed fields, out of what Django's form says of its changes."""
    if not isinstance(message, list):
        return []
    return [str(name) for part in message for name in part.get("changed", {}).get("fields", ())]
