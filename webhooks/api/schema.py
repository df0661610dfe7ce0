"""The catalogue of events as OpenAPI `webhooks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiWebhook, extend_schema

from webhooks.catalogue import CATALOGUE, EventType, example_body

JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema_of(value: Any) -> dict[str, Any]:
    """The JSON schema of values like the example `value`.

    Of null, and of what an empty list may hold, nothing is known: anything goes.
    """
    if isinstance(value, Mapping):
        return {"type": "object", "properties": {name: schema_of(item) for name, item in value.items()}}
    if isinstance(value, list):
        return {"type": "array", "items": schema_of(value[0]) if value else {}}
    return {"type": JSON_TYPES[type(value)]} if value is not None else {}


def webhook(event: EventType) -> OpenApiWebhook:
    """The OpenAPI description of `event`."""
    body = schema_of(example_body(event))
    body["properties"]["type"] = {"type": "string", "enum": [event.name]}
    return OpenApiWebhook(
        name=event.name,
        decorator=extend_schema(
            summary=event.name,
            description=event.description,
            tags=["webhooks"],
            request={"application/json": body},
            examples=[OpenApiExample("Example", example_body(event))],
            responses={"2XX": None},
        ),
    )


WEBHOOKS = [webhook(event) for event in CATALOGUE.values()]
