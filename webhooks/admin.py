"""Webhooks in the dashboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from webhooks.by_hand import RefusedError, ping, redeliver
from webhooks.catalogue import SUBSCRIBABLE
from webhooks.models import Attempt, Delivery, Endpoint


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


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin):
    form = EndpointForm
    list_display = (
        "__str__",
        "enabled",
        "last_answer",
        "last_latency_ms",
        "last_day",
        "failures_in_a_row",
        "disabled_reason",
    )
    list_filter = ("enabled",)
    search_fields = ("url", "description")
    search_help_text = "address or description"
    actions = ("enable", "disable", "test", "rotate_secret")
    readonly_fields = (
        "disabled_reason",
        "last_attempt_at",
        "last_answer",
        "last_latency_ms",
        "last_day",
        "failures_in_a_row",
        "failing_since",
        "paused_until",
        "created_at",
    )
    fieldsets = (
        (None, {"fields": EndpointForm.Meta.fields}),
        ("How it goes", {"fields": readonly_fields}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Webhooks", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:  # noqa: ARG002
        return Endpoint.objects.with_last_day()

    def get_fieldsets(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.fieldsets[:1]

    @admin.display(description="Last answer", ordering="last_status")
    def last_answer(self, endpoint: Endpoint) -> str:
        """Show the status of the last answer, or why there was none."""
        return endpoint.last_error or str(endpoint.last_status or "-")

    @admin.display(description="Last 24 hours")
    def last_day(self, endpoint: Any) -> str:
        """Show how many attempts succeeded, and how fast."""
        if not endpoint.last_day_attempts:
            return "-"
        rate = 100 * endpoint.last_day_succeeded / endpoint.last_day_attempts
        return f"{rate:.0f} % of {endpoint.last_day_attempts}, {endpoint.last_day_latency_ms:.0f} ms"

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Not the whole row, since a worker may have counted an attempt after the page was shown.
        obj.save(update_fields=[*(set(form.changed_data) - {"enabled"}), "updated_at"])
        if "enabled" in form.changed_data:
            obj.switch(on=obj.enabled)

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:
        super().response_add(request, obj, post_url_continue)  # for its message
        return self.show_secrets(request, [obj])

    def response_change(self, request: HttpRequest, obj: Endpoint) -> HttpResponse:
        if "_test" not in request.POST:
            return super().response_change(request, obj)
        self.test(request, [obj])
        return HttpResponseRedirect(request.path)

    def show_secrets(self, request: HttpRequest, endpoints: Sequence[Endpoint]) -> HttpResponse:
        """Show new secrets, on a page that nothing keeps."""
        context = {**self.admin_site.each_context(request), "title": "New secrets", "endpoints": endpoints}
        return TemplateResponse(
            request,
            "admin/webhooks/endpoint/secrets.html",
            {**context, "opts": self.opts},
            headers={"Cache-Control": "no-store"},
        )

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        """Enable the chosen endpoints; what failed before counts no longer."""
        for endpoint in endpoints:
            endpoint.enable()
        self.message_user(request, "Enabled.", messages.SUCCESS)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        """Disable the chosen endpoints."""
        for endpoint in endpoints:
            endpoint.disable()
        self.message_user(request, "Disabled.", messages.SUCCESS)

    @admin.action(description="Send a test", permissions=["change"])
    def test(self, request: HttpRequest, endpoints: Sequence[Endpoint]) -> None:
        """Send a test to the chosen endpoints and say what came of it."""
        for delivery, outcome in ping(list(endpoints)):
            answer = outcome.error or f"{outcome.status} {outcome.excerpt[:200]}".strip()
            level = messages.SUCCESS if outcome.succeeded else messages.ERROR
            self.message_user(request, f"{delivery.endpoint}: {answer} ({outcome.latency_ms} ms)", level)

    @admin.action(description="Make a new secret", permissions=["change"])
    def rotate_secret(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> HttpResponse:
        """Make new secrets for the chosen endpoints and show them, this once."""
        rotated = list(endpoints)
        for endpoint in rotated:
            endpoint.rotate_secret()
        return self.show_secrets(request, rotated)


class ReadOnly(admin.options.BaseModelAdmin):
    """What is on the record is not edited."""

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False


class AttemptInline(ReadOnly, admin.TabularInline):
    model = Attempt
    fields = readonly_fields = ("started_at", "status", "latency_ms", "error", "excerpt", "request_headers")
    extra = 0


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "event_type", "endpoint", "status", "tries", "due_at", "finished_at", "event_id")
    list_filter = ("status", "event_type", ("endpoint", admin.RelatedOnlyFieldListFilter), "created_at")
    list_select_related = ("endpoint",)
    search_fields = ("event_id",)
    search_help_text = "id of the event"
    show_full_result_count = False
    fields = (*list_display, "pretty_body")
    inlines = (AttemptInline,)
    actions = ("redeliver",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Deliveries", **(extra_context or {})})

    @admin.display(description="Body")
    def pretty_body(self, delivery: Delivery) -> str:
        """Show the body on several lines."""
        return format_html("<pre>{}</pre>", json.dumps(json.loads(delivery.body), indent=2, ensure_ascii=False))

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Whether this user may send deliveries again: the form itself is for nobody."""
        return request.user.has_perm("webhooks.change_delivery")

    @admin.action(description="Send again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Send the chosen deliveries again."""
        again = 0
        for delivery in deliveries.select_related("endpoint"):
            try:
                redeliver(delivery)
                again += 1
            except RefusedError as refusal:
                self.message_user(request, f"{delivery}: {refusal}", messages.WARNING)
        self.message_user(request, f"Sent again: {again}.", messages.SUCCESS if again else messages.WARNING)
