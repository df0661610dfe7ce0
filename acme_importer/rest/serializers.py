"""Serializers that ignore nothing that they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer):
    """Refuses fields that it does not have, by name: a misspelt one would otherwise be ignored.

    Fields that can only be read are accepted and not written, so that what was read can be sent back.
    """

    # What requests hold besides their fields: the browsable API sends it with its forms.
    besides: frozenset[str] = frozenset({"csrfmiddlewaretoken"})

    def to_internal_value(self, data: Any) -> Any:
        is_object = isinstance(data, Mapping)
        unknown = [name for name in data if name not in self.fields and name not in self.besides] if is_object else []
        if unknown:
            writable = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            fields = f"The fields are: {writable}." if writable else "No fields are taken here."
            message = f"There is no such field. {fields}"
            raise serializers.ValidationError({_encodable(name): [message] for name in unknown})
        return super().to_internal_value(data)


class NoFieldsSerializer(StrictSerializer):
    """The body of an action that takes none: what it holds was meant for something else."""


def _encodable(name: str) -> str:
    """The name, without halves of characters: JSON can hold them, but no response can."""
    return name.encode("utf-8", "backslashreplace").decode()
