"""What the API takes and shows of webhooks. Secrets are shown once: when one is made."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from acme_importer.rest.serializers import StrictSerializer
from webhooks import endpoints
from webhooks.catalogue import SUBSCRIBABLE, may_see_body
from webhooks.models import Attempt, Delivery, Endpoint


class LastDaySerializer(serializers.Serializer):
    """The figures of an endpoint's last 24 hours."""

    attempts = serializers.IntegerField(source="last_day_attempts", read_only=True)
    succeeded = serializers.IntegerField(source="last_day_succeeded", read_only=True)
    success_rate = serializers.SerializerMethodField(help_text="0 to 1; null if there was no attempt.")
    average_latency_ms = serializers.FloatField(source="last_day_latency_ms", read_only=True, allow_null=True)

    def get_success_rate(self, endpoint: Any) -> float | None:
        """Return the share of the attempts that succeeded."""
        return endpoint.last_day_succeeded / endpoint.last_day_attempts if endpoint.last_day_attempts else None


class EndpointSerializer(StrictSerializer, serializers.ModelSerializer):
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=SUBSCRIBABLE),
        required=False,
        help_text="Empty for all events except import.progress, which must be named.",
    )
    last_day = LastDaySerializer(source="*", read_only=True)

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = (
            "id",
            "url",
            "description",
            "events",
            "enabled",
            "disabled_reason",
            "created_at",
            "updated_at",
            "last_attempt_at",
            "last_status",
            "last_error",
            "last_latency_ms",
            "failures_in_a_row",
            "failing_since",
            "paused_until",
            "last_day",
        )

    def update(self, instance: Endpoint, validated_data: dict[str, Any]) -> Endpoint:
        changed = [name for name, value in validated_data.items() if getattr(instance, name) != value]
        for name in changed:
            setattr(instance, name, validated_data[name])
        return endpoints.update(instance, changed)

    def create(self, validated_data: dict[str, Any]) -> Endpoint:
        return endpoints.create(Endpoint(**validated_data))


class NewEndpointSerializer(EndpointSerializer):
    class Meta(EndpointSerializer.Meta):
        fields = (*EndpointSerializer.Meta.fields, "secret")
        extra_kwargs = {"secret": {"read_only": True, "help_text": "Keep it: it is not shown again."}}


class SecretSerializer(serializers.ModelSerializer):
    class Meta:
        model = Endpoint
        fields = ("id", "secret")
        extra_kwargs = {"secret": {"read_only": True, "help_text": "Keep it: it is not shown again."}}


class AttemptSerializer(serializers.ModelSerializer):
    request_headers = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Attempt
        fields = ("id", "started_at", "latency_ms", "succeeded", "status", "error", "excerpt", "request_headers")


class DeliverySerializer(serializers.ModelSerializer):
    body = serializers.SerializerMethodField()
    next_attempt_at = serializers.DateTimeField(source="due_at", read_only=True, allow_null=True)
    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = (
            "id",
            "event_id",
            "event_type",
            "status",
            "created_at",
            "finished_at",
            "next_attempt_at",
            "body",
            "attempts",
        )

    def get_body(self, delivery: Delivery) -> dict[str, Any] | None:
        """Return the body that is sent, as JSON; null for one who may not see what the event is about."""
        if not may_see_body(self.context["request"].user, delivery.event_type):
            return None
        return json.loads(delivery.body)


class TestResultSerializer(serializers.Serializer):
    """The result of a test."""

    delivery_id = serializers.IntegerField()
    succeeded = serializers.BooleanField()
    status = serializers.IntegerField(allow_null=True, help_text="The HTTP status; null if there was no response.")
    latency_ms = serializers.IntegerField()
    error = serializers.CharField(help_text="Why there was no complete response; otherwise empty.")
    excerpt = serializers.CharField(help_text="The beginning of the response's body.")


class SinceSerializer(StrictSerializer):
    since = serializers.DateTimeField(help_text="Deliveries emitted at this time or later.")


class ReplaySerializer(StrictSerializer):
    since = serializers.DateTimeField(
        required=False, help_text="Events that happened at this time or later. Optional with `only_held`."
    )
    only_held = serializers.BooleanField(
        default=False, help_text="`true` for those only that were never sent, since the endpoint was disabled."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "since" not in attrs and not attrs["only_held"]:
            raise serializers.ValidationError({"since": ["Required without only_held."]}, code="required")
        return attrs


class ReplayedSerializer(serializers.Serializer):
    replayed = serializers.IntegerField(help_text="How many events will be sent.")


class RedeliveredSerializer(serializers.Serializer):
    redelivered = serializers.IntegerField(help_text="How many deliveries will be sent again.")
