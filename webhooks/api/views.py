"""Webhooks over HTTP: endpoints, tests, and deliveries."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet, ReadOnlyModelViewSet

from acme_importer.rest import scopes
from acme_importer.rest.errors import ConflictError
from acme_importer.rest.filters import StrictFilterBackend
from webhooks import endpoints, replays
from webhooks.api import serializers
from webhooks.api.filters import DeliveryFilter, EndpointFilter
from webhooks.by_hand import RefusedError, ping, redeliver, redeliver_failed
from webhooks.models import Delivery, Endpoint

# A secret is not for caches.
NO_STORE = {"Cache-Control": "no-store"}
REFUSED = OpenApiResponse(description="It cannot be sent now; `detail` says why.")


class EndpointViewSet(ModelViewSet):
    """Where events are sent to. The secret that signs them is shown once, when it is created."""

    queryset = Endpoint.objects.all()
    serializer_class = serializers.EndpointSerializer
    filterset_class = EndpointFilter
    write_scope = scopes.WEBHOOKS
    ordering_fields = {"id": "id", "url": "url", "created_at": "created_at", "last_attempt_at": "last_attempt_at"}
    action_permissions = {
        "test": ("webhooks.change_endpoint",),
        "rotate_secret": ("webhooks.change_endpoint",),
        "replay": ("webhooks.change_endpoint",),
        "redeliver_failed": ("webhooks.change_delivery",),
    }

    def get_queryset(self) -> QuerySet[Endpoint]:
        found = Endpoint.objects.with_last_day()
        # A worker may record an attempt between our reading and our writing.
        return found.select_for_update() if self.action in ("update", "partial_update") else found

    @extend_schema(responses={201: serializers.NewEndpointSerializer})
    def create(self, request: Request, *_: Any, **__: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        endpoint = self.get_queryset().get(pk=serializer.save().pk)
        shown = serializers.NewEndpointSerializer(endpoint, context=self.get_serializer_context())
        return Response(shown.data, status.HTTP_201_CREATED, headers=NO_STORE)

    def perform_destroy(self, instance: Endpoint) -> None:
        endpoints.delete(instance)

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)

    @extend_schema(summary="Send a test", request=None, responses=serializers.TestResultSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Send a signed `webhook.test`, without retries, even to a disabled endpoint, and return the result."""
        [(delivery, outcome)] = ping([self.get_object()])
        result = {
            "delivery_id": delivery.pk,
            "succeeded": outcome.succeeded,
            "status": outcome.status,
            "latency_ms": outcome.latency_ms,
            "error": outcome.error,
            "excerpt": outcome.excerpt,
        }
        return Response(serializers.TestResultSerializer(result).data)

    @extend_schema(summary="Rotate the secret", request=None, responses=serializers.SecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Create a new secret and return it, only this once. For a day, the old one signs messages as well."""
        endpoint = self.get_object()
        endpoints.rotate_secret(endpoint)
        return Response(serializers.SecretSerializer(endpoint).data, headers=NO_STORE)

    @extend_schema(
        summary="Send failed deliveries again",
        request=serializers.SinceSerializer,
        responses={202: serializers.RedeliveredSerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"], url_path="redeliver-failed", serializer_class=serializers.SinceSerializer)
    def redeliver_failed(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Send again all deliveries that were emitted since a time and have failed for good."""
        endpoint = self.get_object()
        asked = serializers.SinceSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            count = redeliver_failed(endpoint, asked.validated_data["since"])
        except RefusedError as refusal:
            raise ConflictError(str(refusal)) from None
        return Response({"redelivered": count}, status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Replay events",
        request=serializers.ReplaySerializer,
        responses={202: serializers.ReplayedSerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"], serializer_class=serializers.ReplaySerializer)
    def replay(self, request: Request, pk: str) -> Response:  # noqa: ARG002
        """Send what happened since a time, oldest first: delivered before or not, held or failed. The same ids."""
        endpoint = self.get_object()
        asked = serializers.ReplaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            count = replays.start(
                endpoint, asked.validated_data.get("since"), only_held=asked.validated_data["only_held"]
            )
        except replays.NotKeptError as fault:
            raise ValidationError({"since": [str(fault)]}) from None
        except RefusedError as refusal:
            raise ConflictError(str(refusal)) from None
        return Response({"replayed": count}, status.HTTP_202_ACCEPTED)


@extend_schema(parameters=[OpenApiParameter("endpoint_id", int, OpenApiParameter.PATH)])
class DeliveryViewSet(ReadOnlyModelViewSet):
    """The deliveries to one endpoint, newest first, each with its body and its attempts."""

    queryset = Delivery.objects.all()
    serializer_class = serializers.DeliverySerializer
    filter_backends = (StrictFilterBackend,)
    filterset_class = DeliveryFilter
    write_scope = scopes.WEBHOOKS
    action_permissions = {"redeliver": ("webhooks.change_delivery",)}

    def get_queryset(self) -> QuerySet[Delivery]:
        if getattr(self, "swagger_fake_view", False):  # the schema is being written, for no endpoint
            return Delivery.objects.none()
        endpoint = get_object_or_404(Endpoint, pk=self.kwargs["endpoint_id"])
        return endpoint.deliveries.select_related("endpoint").prefetch_related("attempts")

    @extend_schema(
        summary="Send a delivery again",
        request=None,
        responses={202: serializers.DeliverySerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, endpoint_id: str, pk: str) -> Response:  # noqa: ARG002
        """Send a delivery again, whatever its status, with the same `webhook-id` and body."""
        try:
            redeliver(self.get_object())
        except RefusedError as refusal:
            raise ConflictError(str(refusal)) from None
        return Response(self.get_serializer(self.get_object()).data, status.HTTP_202_ACCEPTED)
