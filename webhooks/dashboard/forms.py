"""The form of an endpoint in the dashboard."""

from __future__ import annotations

from django import forms

from webhooks.catalogue import SUBSCRIBABLE
from webhooks.models import Endpoint


class EndpointForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        choices=[(name, name) for name in SUBSCRIBABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=Endpoint._meta.get_field("events").help_text,
    )

    class Meta:
        model = Endpoint
        fields = ("url", "description", "events", "enabled")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField"})}
