"""Telling the world that something has happened: `emit`, which other apps call."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import timezone

from webhooks.catalogue import CATALOGUE, Data
from webhooks.models import Delivery, Endpoint


def new_event_id() -> str:
    """A new value of the header `webhook-id`."""
    return f"msg_{uuid.uuid4().hex}"


def render_body(event_type: str, data: Data, moment: datetime) -> str:
    """The body of an event that happened at `moment`, as it is sent and signed."""
    body = {"type": event_type, "timestamp": moment, "data": data}
    return json.dumps(body, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def emit(event_type: str, data: Data | Callable[[], Data], *, subject: str = "") -> int:
    """Tell the endpoints that want to know: `event_type` has happened. Returns how many it is sent to.

    The deliveries are written in the caller's transaction: if that is rolled back, nothing has happened and nothing is
    sent. A worker finds them within moments of the commit. Those to disabled endpoints are written as well, and held:
    a person may have them sent later. `data` may be a function, which is called only if somebody
    wants the event; if nobody does, emitting costs one small query. By `subject`, a few words of the caller's, the
    deliveries can be found again.
    """
    event = CATALOGUE[event_type]
    endpoints = Endpoint.objects.values_list("pk", "events", "enabled")
    wanting = [(pk, enabled) for pk, events, enabled in endpoints if event.is_wanted(events)]
    if not wanting:
        return 0
    now = timezone.now()
    event_id = new_event_id()
    body = render_body(event_type, data() if callable(data) else data, now)
    Delivery.objects.bulk_create(
        Delivery(
            endpoint_id=pk,
            event_id=event_id,
            event_type=event_type,
            subject=subject,
            body=body,
            status=Delivery.Status.PENDING if enabled else Delivery.Status.HELD,
            created_at=now,
            due_at=now if enabled else None,
        )
        for pk, enabled in wanting
    )
    return sum(enabled for _, enabled in wanting)


def deliveries_about(subject: str) -> QuerySet[Delivery]:
    """The deliveries of the events that were emitted with `subject`, the newest first."""
    return Delivery.objects.filter(subject=subject).select_related("endpoint")
