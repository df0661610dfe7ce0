"""What the API shows of guards that have tripped, and of what was decided then. Knows no job."""

from __future__ import annotations

from rest_framework import serializers

from imports.guards import GUARDS
from imports.models import ImportJob


class TripSerializer(serializers.Serializer):
    """A guard that has tripped over what the check of a file has found."""

    guard = serializers.ChoiceField(list(GUARDS), help_text="Its name.")
    sentence = serializers.CharField(help_text="What it has found, and its limit, for people.")
    number = serializers.IntegerField(help_text="How many.")
    of = serializers.IntegerField(help_text="Of how many.")
    share = serializers.FloatField(help_text="In per cent.")


class ApprovalSerializer(serializers.Serializer):
    """What somebody has decided on an import that was held."""

    decision = serializers.ChoiceField(ImportJob.Decision.choices)
    by = serializers.CharField(help_text="The user.")
    at = serializers.DateTimeField()
    reason = serializers.CharField()
