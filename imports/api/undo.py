"""Undoing an import over HTTP: to start it, to preview it, and what it has done."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from acme_importer.rest.filters import refuse_unknown_parameters
from acme_importer.rest.serializers import StrictSerializer
from imports.api.created import created
from imports.api.serializers import JobSerializer
from imports.models import ImportJob
from imports.undo import undoing
from imports.undo.reporting import report
from imports.undo.selection import MOST_SKUS, Selection
from products.fields import SKU_MAX_LENGTH
from products.history.records import KEPT


class UndoQuery(serializers.Serializer):
    """The parameters of an undo."""

    preview = serializers.BooleanField(default=False, help_text="Only count what an undo would do.")


class UndoSerializer(StrictSerializer):
    """Which changes to undo: all of them, unless products or fields are named."""

    skus = serializers.ListField(
        child=serializers.CharField(max_length=SKU_MAX_LENGTH),
        required=False,
        max_length=MOST_SKUS,
        help_text="Only products with these SKUs, in any letter case.",
    )
    fields_ = serializers.ListField(child=serializers.ChoiceField(KEPT), required=False)

    def get_fields(self) -> dict[str, Any]:
        # A serializer has an attribute `fields` of its own.
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        found["fields"].help_text = "Only these fields. Products are then neither deleted nor created again."
        return found

    def selection(self) -> Selection:
        """What was sent, once it is valid."""
        sent = self.validated_data
        return Selection(tuple(sent.get("skus", ())), tuple(sent.get("fields", ())))


class UndoReportSerializer(serializers.Serializer):
    """What an undo has done so far; a preview, what an undo would do."""

    why_not = serializers.CharField(
        read_only=True, help_text="Why this job itself cannot be undone, as a sentence; empty if it can."
    )
    undoes = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The import that this job undoes; null if it is no undo."
    )
    preview = serializers.BooleanField(read_only=True, help_text="Whether nothing is written.")
    selection = serializers.DictField(read_only=True, help_text="What was selected: `skus`, `fields`; empty for all.")
    products = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="How many products are `restored`, `deleted`, `created_again`, kept because they were `edited_since` "
        "or `changed_later` by another import, `already_so`, or `gone`. Each product is in one of them.",
    )
    not_selected = serializers.IntegerField(read_only=True, help_text="Changes that were not selected.")
    rejected = serializers.IntegerField(read_only=True, help_text="Products that the database refused to change.")
    earlier = serializers.IntegerField(
        read_only=True, help_text="Earlier changes of products that the import changed several times."
    )
    fields_ = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    in_part = serializers.IntegerField(
        read_only=True, help_text="How many of the restored products keep other fields that were changed since."
    )
    examples = serializers.DictField(
        read_only=True,
        help_text="Some products of each: `sku`, `line`, `restored` as {field: [now, then]}, and `kept` fields.",
    )

    def get_fields(self) -> dict[str, Any]:
        # As above.
        found = super().get_fields()
        fields = found.pop("fields_")
        fields.help_text = "How often each field is restored."
        return {**found, "fields": fields}

    def to_representation(self, instance: ImportJob) -> dict[str, Any]:
        """Takes a job from `with_progress`."""
        about = {"why_not": undoing.why_not(instance), "undoes": instance.undoes_id}
        about |= {"preview": instance.is_undo and instance.dry_run, "selection": instance.selection}
        return about | asdict(report(instance))


class UndoActions:
    """The actions of a job that are about undoing it, for its view set."""

    # What a report shows are values of products.
    permissions: ClassVar = {
        "undo": ("imports.view_importjob", "products.view_product"),
        "start_undo": ("imports.undo_importjob",),
    }

    @extend_schema(
        summary="What an undo has done",
        description="Of the job of an undo: how many products it has restored, deleted or kept, and why, with "
        "examples. Of a preview: what an undo would do. Of any import, whether it can be undone: `why_not`.",
        filters=False,
        responses={200: UndoReportSerializer},
    )
    @action(detail=True, serializer_class=UndoReportSerializer, pagination_class=None, filter_backends=[])
    def undo(self, request: Request, pk: str) -> Response:
        """What the job of an undo has done so far."""
        refuse_unknown_parameters(request)
        job = get_object_or_404(ImportJob.objects.with_progress(), pk=pk)
        return Response(UndoReportSerializer(job).data)

    @extend_schema(
        operation_id="jobs_undo_create",
        summary="Undo an import",
        description="Creates a job that takes back what the import wrote: each field that still holds what it wrote "
        "gets the value from before, and products that it created are deleted if nobody has changed them. What was "
        "changed since is kept. `preview=true` creates a job that writes nothing, and counts what an undo would do. "
        "The response is the job; what that has done is at its address under `undo`.",
        parameters=[UndoQuery],
        request=UndoSerializer,
        responses={
            202: JobSerializer,
            400: OpenApiResponse(description="A field or parameter is unknown or invalid."),
            409: OpenApiResponse(description="The import cannot be undone; the text says why."),
            429: OpenApiResponse(description="The user has too many files waiting."),
        },
    )
    @undo.mapping.post
    def start_undo(self, request: Request, pk: str) -> Response:
        """Undo an import, or preview that."""
        refuse_unknown_parameters(request, ["preview"])
        wanted = UndoQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        job = get_object_or_404(ImportJob, pk=pk)
        serializer = UndoSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        selection, preview = serializer.selection(), wanted.validated_data["preview"]
        return created(request, lambda: undoing.undo(job, request.user, selection=selection, preview=preview))
