"""Tokens in the dashboard: each user sees, creates and revokes their own; those who may, see and revoke all.

A key is shown once, in the response that creates it.
"""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from acme_importer.audit.model_admin import RecordedDeletions
from acme_importer.dashboard.badges import badge
from acme_importer.dashboard.model_admin import DashboardAdmin
from acme_importer.texts import printable
from acme_importer.tokens.forms import AnyonesTokenForm, TokenForm
from acme_importer.tokens.models import Token, issue


@admin.register(Token)
class TokenAdmin(RecordedDeletions, DashboardAdmin):
    recorded_as = "token"
    list_title = "API tokens"
    list_display = ("shown_name", "owner", "shown_scopes", "state", "last_used_at", "expiry")
    list_select_related = ("user",)
    # Only the last use may be empty.
    empty_value_display = "never"
    ordering = ("-created",)
    search_fields = ("name", "user__username")
    search_help_text = "name or user"
    actions = ("delete_selected",)
    # Nothing of a token can be changed.
    readonly_fields = (
        *("shown_name", "owner", "shown_scopes", "state"),
        *("begins_with", "created", "last_used_at", "expiry"),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return self._may(request, obj, "tokens.view_token", "tokens.delete_token")

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return self._may(request, obj, "tokens.delete_token")

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:  # noqa: ARG002
        return False

    def _may(self, request: HttpRequest, token: Token | None, *permissions: str) -> bool:
        """Whether the token is the user's own, or one of `permissions` is theirs."""
        is_own = token is None or token.user == request.user
        return self.admin_site.has_permission(request) and (is_own or any(map(request.user.has_perm, permissions)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Token]:
        tokens = super().get_queryset(request)
        sees_all = any(map(request.user.has_perm, ("tokens.view_token", "tokens.delete_token")))
        return tokens if sees_all else tokens.filter(user=request.user.pk)

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:
        return self.readonly_fields if obj else self._new_form(request).Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:  # noqa: ARG002
        return self.readonly_fields if obj else ()

    def get_form(self, request: HttpRequest, obj: Token | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = forms.ModelForm if obj else self._new_form(request)
        return super().get_form(request, obj, change, form=form, **kwargs)

    def _new_form(self, request: HttpRequest) -> type[TokenForm]:
        return AnyonesTokenForm if request.user.is_superuser else TokenForm

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of a new token, or of one that there is."""
        token = kwargs.get("obj")
        title = printable(token.name) if token else "Create an API token"
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        context |= {"title": title, "subtitle": None}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Token:  # noqa: ARG002
        values = form.cleaned_data
        user = values.get("user") or cast("User", request.user)
        return issue(user, values["name"], values["scopes"], values["days"])

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        """It has been saved when it was issued."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing related."""

    def response_add(
        self,
        request: HttpRequest,
        obj: Token,
        post_url_continue: str | None = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Show the key, on a page that no cache keeps."""
        context = {**self.admin_site.each_context(request), "title": "New API token", "opts": self.opts, "token": obj}
        context |= {"name": self.shown_name(obj), "scopes": self.shown_scopes(obj)}
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/tokens/token/key.html", context, headers=headers)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:  # noqa: ARG002
        """Back to the list; Django leads who may change nothing to the front page."""
        self.message_user(request, f"The token {printable(obj_display)} is revoked.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:tokens_token_changelist"))

    @admin.action(description="Revoke", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, tokens: QuerySet[Token]) -> HttpResponse | None:
        """Delete the selected tokens, after a question: Django's own action, called what it does."""
        return delete_selected(self, request, tokens)

    @admin.display(description="Name", ordering="name")
    def shown_name(self, token: Token) -> str:
        """Show what it is called."""
        return printable(token.name)

    @admin.display(description="User", ordering="user__username")
    def owner(self, token: Token) -> str:
        """Show whom it lets in."""
        return token.user.get_username()

    @admin.display(description="Scopes")
    def shown_scopes(self, token: Token) -> str:
        """Show what it may be used for."""
        return ", ".join(token.scopes)

    @admin.display(description="Begins with")
    def begins_with(self, token: Token) -> str:
        """Show the first characters of its key, to know it by."""
        return f"{token.token_key}…"

    @admin.display(description="State")
    def state(self, token: Token) -> str:
        """Show whether it lets its user in, and if not, why."""
        return token.why_ended() or badge("Active", "good")
