"""The audit trail over HTTP: to read only."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from acme_importer.audit.export import csv_response
from acme_importer.audit.filters import RecordFilter
from acme_importer.audit.models import Record
from acme_importer.rest.filters import StrictFilterBackend
from acme_importer.rest.negotiation import AnyAccepted


class RecordSerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="user_name", help_text="Kept when the user is deleted.")
    token = serializers.CharField(help_text="The name of the token, if it was done by one.")
    details = serializers.DictField(help_text="What there is to say of the act, such as names of changed fields.")

    class Meta:
        model = Record
        fields = (
            "id",
            "at",
            "user",
            "token",
            "address",
            "way",
            "act",
            "kind",
            "object_id",
            "object_name",
            "count",
            "details",
            "request_id",
        )


class AuditViewSet(ListModelMixin, GenericViewSet):
    """Who did what, from where, and to how many things. The newest record comes first."""

    queryset = Record.objects.all()
    serializer_class = RecordSerializer
    filter_backends = (StrictFilterBackend,)
    filterset_class = RecordFilter

    @extend_schema(
        operation_id="audit_export_csv_retrieve",
        summary="Export the audit trail as a CSV file",
        description="The records that the filters of the list select.",
        filters=True,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @action(
        detail=False,
        url_path=r"export\.csv",
        url_name="export",
        pagination_class=None,
        content_negotiation_class=AnyAccepted,
    )
    def export(self, request: Request) -> StreamingHttpResponse:  # noqa: ARG002
        """Write the selected records as a CSV file, while it is being read."""
        return csv_response(self.filter_queryset(self.get_queryset()))
