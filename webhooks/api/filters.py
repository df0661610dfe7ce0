"""The filters of the lists of endpoints and deliveries."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters

from acme_importer.rest.filters import DescribedFilter, MomentFilter, TrueOrFalseFilter, WholeNumberFilter
from webhooks.catalogue import CATALOGUE, event_choices
from webhooks.models import Attempt, Delivery, Endpoint


class EventTypeFilter(DescribedFilter, filters.ChoiceFilter):
    """A filter by a type of events: the schema names them all."""

    schema: ClassVar = {"type": "string", "enum": list(CATALOGUE)}


class EndpointFilter(filters.FilterSet):
    enabled = TrueOrFalseFilter(help_text="`true` or `false`.")
    url = filters.CharFilter(lookup_expr="icontains", help_text="A part of the URL.")
    description = filters.CharFilter(lookup_expr="icontains", help_text="A part of the description.")

    class Meta:
        model = Endpoint
        fields = ()


class DeliveryFilter(filters.FilterSet):
    status = filters.ChoiceFilter(
        choices=Delivery.Status.choices, help_text="`pending`, `delivered`, `failed` or `held`."
    )
    event_type = EventTypeFilter(choices=event_choices, help_text="The type of the event.")
    event_id = filters.CharFilter(help_text="The header `webhook-id`.")
    created_after = MomentFilter("created_at", "gte", help_text="Emitted at this time or later.")
    created_before = MomentFilter("created_at", "lt", help_text="Emitted before this time.")
    response_status = WholeNumberFilter(
        method="having_response", help_text="The HTTP status that one of the attempts was answered with."
    )

    class Meta:
        model = Delivery
        fields = ()

    def having_response(self, deliveries: QuerySet[Delivery], name: str, value: int) -> QuerySet[Delivery]:  # noqa: ARG002
        """Keep the deliveries with a response of status `value`."""
        return deliveries.filter(Exists(Attempt.objects.filter(delivery=OuterRef("pk"), status=value)))
