"""The tables of Django and of packages that belong into the admin, each on the product's own base.

The site refuses what packages register by themselves: Django-Q's pages would let their users run any
function, for instance.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from rest_framework.authtoken import admin as authtoken_admin
from rest_framework.authtoken.models import TokenProxy

from acme_importer.audit.model_admin import RecordedAdmin
from acme_importer.audit.trail import record
from acme_importer.dashboard.model_admin import DashboardAdmin


@admin.register(User)
class UserAdmin(RecordedAdmin, DashboardAdmin, auth_admin.UserAdmin):
    """Users, as Django shows them."""

    recorded_as = "user"

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        return super().user_change_password(request, id, form_url)


@admin.register(Group)
class GroupAdmin(RecordedAdmin, DashboardAdmin, auth_admin.GroupAdmin):
    """Groups of users, as Django shows them."""

    recorded_as = "group"


@admin.register(TokenProxy)
class TokenAdmin(DashboardAdmin, authtoken_admin.TokenAdmin):
    """The tokens of the API, as REST framework shows them. Records name the user: a token of these is its key."""

    def save_model(self, request: HttpRequest, obj: TokenProxy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        record("token.updated" if change else "token.created", obj.user)

    def delete_model(self, request: HttpRequest, obj: TokenProxy) -> None:
        record("token.deleted", obj.user)
        super().delete_model(request, obj)
