"""Webhooks in Django's admin: its lists, pages and actions, each a translation of clicks into calls of the app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from webhooks.by_hand import RefusedError, ping, redeliver
from webhooks.dashboard import cells
from webhooks.dashboard.forms import EndpointForm
from webhooks.models import Attempt, Delivery, Endpoint


def counted(number: int, noun: str) -> str:
    """`1 endpoint`, `2 endpoints`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


@admin.register(Endpoint)
class EndpointAdmin(admin.ModelAdmin):
    form = EndpointForm
    list_display = ("__str__", "state", "last_response", "latency", "last_day", "failures_in_a_row", "disabled_reason")
    list_filter = ("enabled",)
    search_fields = ("url", "description")
    search_help_text = "URL or description"
    actions = ("enable", "disable", "test", "rotate_secret")
    readonly_fields = (
        "state",
        "disabled_reason",
        "last_attempt_at",
        "last_response",
        "latency",
        "last_day",
        "failures_in_a_row",
        "failing_since",
        "paused_until",
        "created_at",
    )
    fieldsets = (
        (None, {"fields": EndpointForm.Meta.fields}),
        ("Status", {"fields": readonly_fields}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Webhooks", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:  # noqa: ARG002
        return Endpoint.objects.with_last_day()

    def get_fieldsets(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.fieldsets[:1]

    @admin.display(description="State", ordering="enabled")
    def state(self, endpoint: Endpoint) -> str:
        """Show whether it is enabled."""
        return cells.endpoint_state(endpoint)

    @admin.display(description="Last response", ordering="last_status")
    def last_response(self, endpoint: Endpoint) -> str:
        """Show the status of the last response."""
        return cells.last_response(endpoint)

    @admin.display(description="Latency", ordering="last_latency_ms")
    def latency(self, endpoint: Endpoint) -> str:
        """Show how long the last attempt took."""
        return cells.milliseconds(endpoint.last_latency_ms)

    @admin.display(description="Last 24 hours")
    def last_day(self, endpoint: Endpoint) -> str:
        """Show the success rate and the latency."""
        return cells.last_day(endpoint)

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Not the whole row, since a worker may have recorded an attempt after the page was shown.
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
        """Show new secrets, on a page that no cache keeps."""
        context = {**self.admin_site.each_context(request), "title": "New secrets", "endpoints": endpoints}
        return TemplateResponse(
            request,
            "admin/webhooks/endpoint/secrets.html",
            {**context, "opts": self.opts},
            headers={"Cache-Control": "no-store"},
        )

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        """Enable the selected endpoints, and forget their earlier failures."""
        for endpoint in endpoints:
            endpoint.enable()
        self.message_user(request, f"{counted(len(endpoints), 'endpoint')} enabled.", messages.SUCCESS)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        """Disable the selected endpoints."""
        for endpoint in endpoints:
            endpoint.disable()
        self.message_user(request, f"{counted(len(endpoints), 'endpoint')} disabled.", messages.SUCCESS)

    @admin.action(description="Send a test", permissions=["change"])
    def test(self, request: HttpRequest, endpoints: Sequence[Endpoint]) -> None:
        """Send a test to the selected endpoints and show the results."""
        for delivery, outcome in ping(list(endpoints)):
            level = messages.SUCCESS if outcome.succeeded else messages.ERROR
            self.message_user(request, cells.test_result(delivery, outcome), level)

    @admin.action(description="Rotate secret", permissions=["change"])
    def rotate_secret(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> HttpResponse:
        """Give the selected endpoints new secrets and show them, only this once."""
        rotated = list(endpoints)
        for endpoint in rotated:
            endpoint.rotate_secret()
        return self.show_secrets(request, rotated)


class ReadOnly(admin.options.BaseModelAdmin):
    """What has been recorded cannot be edited."""

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False


class AttemptInline(ReadOnly, admin.TabularInline):
    model = Attempt
    fields = readonly_fields = ("started_at", "status", "latency", "error", "response", "request_headers")
    extra = 0

    @admin.display(description="Latency")
    def latency(self, attempt: Attempt) -> str:
        """Show how long the attempt took."""
        return cells.milliseconds(attempt.latency_ms)

    @admin.display(description="Response")
    def response(self, attempt: Attempt) -> str:
        """Show the beginning of the response."""
        return cells.response(attempt)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "event_type", "endpoint", "state", "tries", "due_at", "finished_at", "event_id")
    list_filter = ("status", "event_type", ("endpoint", admin.RelatedOnlyFieldListFilter), "created_at")
    list_select_related = ("endpoint",)
    search_fields = ("event_id",)
    search_help_text = "event ID"
    show_full_result_count = False
    fields = (*list_display, "pretty_body")
    inlines = (AttemptInline,)
    actions = ("redeliver",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Deliveries", **(extra_context or {})})

    @admin.display(description="Status", ordering="status")
    def state(self, delivery: Delivery) -> str:
        """Show the status."""
        return cells.delivery_state(delivery)

    @admin.display(description="Body")
    def pretty_body(self, delivery: Delivery) -> str:
        """Show the body on several lines."""
        return cells.body(delivery)

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Whether this user may send deliveries again: nobody may edit them."""
        return request.user.has_perm("webhooks.change_delivery")

    @admin.action(description="Send again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Send the selected deliveries again."""
        again = 0
        for delivery in deliveries.select_related("endpoint"):
            try:
                redeliver(delivery)
                again += 1
            except RefusedError as refusal:
                self.message_user(request, f"{delivery}: {refusal}", messages.WARNING)
        level = messages.SUCCESS if again else messages.WARNING
        self.message_user(request, f"Deliveries that will be sent again: {again:,}.", level)
