"""Suppliers over HTTP: how the files of each are read, learned from an import, and kept in versions."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, NoReturn

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import DestroyModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from acme_importer.rest import scopes
from acme_importer.rest.errors import ConflictError
from acme_importer.rest.serializers import StrictSerializer
from acme_importer.texts import printable
from imports import remembering, suppliers
from imports.api.serializers import UploadSerializer
from imports.guards import GuardsError, limits_from_json
from imports.models import MISSING, MOST_FILES_ABSENT, SUPPLIER_MAX_LENGTH, ImportJob, Supplier, SupplierVersion
from imports.options import Options

# The options that hold for all files of a supplier.
OPTION_NAMES = {field.name for field in dataclasses.fields(Options)} - {"dry_run"}
CONFLICT = OpenApiResponse(description="The name is taken, or the import cannot be learned from; the text says why.")


class VersionSerializer(serializers.ModelSerializer):
    """How a supplier's files were read, as it was decided once."""

    created_by: serializers.SlugRelatedField = serializers.SlugRelatedField(
        slug_field="username", read_only=True, allow_null=True, help_text="Who has decided it, if known."
    )
    learned_from: serializers.PrimaryKeyRelatedField = serializers.PrimaryKeyRelatedField(
        read_only=True, allow_null=True, help_text="The import that it was learned from, if it was."
    )
    options = serializers.DictField(
        child=serializers.JSONField(), read_only=True, help_text="The options of an upload that hold for its files."
    )
    header = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The names of the columns that its files have."
    )
    guards = serializers.JSONField(
        read_only=True,
        help_text="The limits of its guards that are not the usual ones; null if it has no guards of its own.",
    )
    format = serializers.CharField(read_only=True, help_text="The known format of its files; empty if in none.")

    class Meta:
        model = SupplierVersion
        fields = (
            *("number", "options", "header", "format", "missing", "missing_after", "guards"),
            *("learned_from", "created_by", "created_at"),
        )
        read_only_fields = fields


class SupplierSerializer(serializers.ModelSerializer):
    """A supplier, and how its files are read now."""

    reading = serializers.SerializerMethodField(help_text="Its newest version, which is what holds.")

    class Meta:
        model = Supplier
        fields = ("id", "name", "version", "created_at", "reading")
        read_only_fields = fields

    @extend_schema(responses=VersionSerializer)
    def get_reading(self, supplier: Any) -> dict[str, Any]:
        """The newest version, which is fetched with the supplier."""
        return dict(VersionSerializer(supplier.newest[0]).data)


class RememberSerializer(StrictSerializer):
    """A new supplier."""

    name = serializers.CharField(max_length=SUPPLIER_MAX_LENGTH, help_text="What the supplier is called.")
    job = serializers.PrimaryKeyRelatedField(
        queryset=ImportJob.objects.all(),
        help_text="The number of a completed import: the supplier's files are read as its file was.",
    )


class ChangeSerializer(StrictSerializer):
    """What changes of a supplier. Other options, or another import to learn from, make a new version."""

    name = serializers.CharField(required=False, max_length=SUPPLIER_MAX_LENGTH)
    job = serializers.PrimaryKeyRelatedField(
        required=False, queryset=ImportJob.objects.all(), help_text="A completed import to learn from again."
    )
    options = serializers.DictField(
        required=False,
        child=serializers.JSONField(),
        help_text="All options that hold for its files, instead of those before: as in a job's `options`.",
    )

    missing = serializers.ChoiceField(
        MISSING,
        required=False,
        help_text="What becomes of products that its last complete file had, and a new one lacks.",
    )
    missing_after = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_FILES_ABSENT,
        help_text="From how many complete files in a row a product must be absent to be deactivated.",
    )

    guards = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="The limits of its guards that are not the usual ones, as in the setting IMPORT_GUARDS; null for no "
        "guards of its own.",
    )

    def validate_guards(self, told: Any) -> Any:
        """The limits as they are told; each must be of a guard, and make sense."""
        if told is not None:
            try:
                limits_from_json(told)
            except GuardsError as error:
                raise ValidationError(str(error)) from error
        return told

    def validate_options(self, options: dict[str, Any]) -> Options:
        """The options, by the rules of an upload."""
        if unknown := options.keys() - OPTION_NAMES:
            raise ValidationError(f"Uploads have no option '{printable(min(unknown))}' that a supplier could have.")
        texts = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in options.items()}
        upload = UploadSerializer(data=texts, partial=True)
        upload.is_valid(raise_exception=True)
        return Options(**upload.validated_data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two ways to say how files are read."""
        if "job" in attrs and "options" in attrs:
            raise ValidationError({"options": ["Give options, or a job to learn from; not both."]})
        return attrs


class SupplierViewSet(DestroyModelMixin, ReadOnlyModelViewSet):
    """Those whose files come again and again. Send `supplier` with an upload to have it read as theirs."""

    queryset = Supplier.objects.all()
    serializer_class = SupplierSerializer
    write_scope = scopes.IMPORT
    ordering_fields = {"id": "id", "name": "name", "created_at": "created_at"}
    action_permissions = {"versions": ("imports.view_supplier",)}

    def get_queryset(self) -> QuerySet[Supplier]:
        newest = suppliers.newest_versions().select_related("created_by")
        return Supplier.objects.prefetch_related(Prefetch("versions", newest, to_attr="newest"))

    @extend_schema(
        summary="Remember how a file was read",
        request=RememberSerializer,
        responses={201: SupplierSerializer, 409: CONFLICT},
    )
    def create(self, request: Request) -> Response:
        """A new supplier, whose files are read as that of a completed import was."""
        asked = RememberSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            supplier = remembering.remember(asked.validated_data["name"], asked.validated_data["job"], request.user)
        except suppliers.SupplierError as error:
            _refuse(error)
        return Response(self._shown(supplier), status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change a supplier",
        request=ChangeSerializer,
        responses={200: SupplierSerializer, 409: CONFLICT},
    )
    def partial_update(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Call it otherwise, or have its files read in another way from now on."""
        supplier = self.get_object()
        asked = ChangeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        changed = asked.validated_data
        try:
            if "name" in changed:
                remembering.rename(supplier, changed["name"], request.user)
            if "job" in changed:
                remembering.learn(supplier, changed["job"], request.user)
            others = {name: changed[name] for name in ("options", *remembering.KEPT_FROM_VERSION) if name in changed}
            if others:
                remembering.change(supplier, request.user, **others)
        except suppliers.SupplierError as error:
            _refuse(error)
        return Response(self._shown(supplier))

    def perform_destroy(self, instance: Supplier) -> None:
        remembering.delete(instance, self.request.user)

    @extend_schema(summary="How a supplier's files were read before", responses=VersionSerializer(many=True))
    @action(detail=True, serializer_class=VersionSerializer, filter_backends=[])
    def versions(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """All versions, the newest first."""
        supplier = self.get_object()
        page = self.paginate_queryset(supplier.versions.select_related("created_by").order_by("-number"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def _shown(self, supplier: Supplier) -> dict[str, Any]:
        return dict(self.get_serializer(self.get_queryset().get(pk=supplier.pk)).data)


def _refuse(error: suppliers.SupplierError) -> NoReturn:
    raise ConflictError(str(error)) from error
