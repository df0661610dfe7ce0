"""The form of a new token in the dashboard."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import User

from acme_importer.rest.scopes import READ, SCOPES
from acme_importer.tokens.models import DEFAULT_DAYS, MAX_DAYS, Token


class TokenForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope}: {what}") for scope, what in SCOPES.items()],
        initial=[READ],
        widget=forms.CheckboxSelectMultiple,
        help_text="What the token may be used for, within what its user may do. Take as few as it needs.",
    )
    days = forms.IntegerField(
        label="Expires in (days)",
        initial=DEFAULT_DAYS,
        min_value=1,
        max_value=MAX_DAYS,
        help_text=f"{MAX_DAYS} at most. It also ends when the password of its user changes.",
    )

    class Meta:
        model = Token
        fields: tuple[str, ...] = ("name", "scopes", "days")


class AnyonesTokenForm(TokenForm):
    """For superusers, who may act as everybody anyhow: a token of any user."""

    user = forms.ModelChoiceField(
        User.objects.filter(is_active=True),
        required=False,
        empty_label="Yourself",
        help_text="Whom it lets in. Best give a program a user of its own, with the permissions that it needs.",
    )

    class Meta(TokenForm.Meta):
        fields = (*TokenForm.Meta.fields, "user")
