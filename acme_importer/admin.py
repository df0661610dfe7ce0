"""The tables of Django and of packages that belong into the admin, each on the product's own base.

The site refuses what packages register by themselves: Django-Q's pages would let their users run any
function, for instance.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from acme_importer.audit.model_admin import RecordedAdmin
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
