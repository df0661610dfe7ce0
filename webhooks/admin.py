"""Webhooks in Django's admin: its lists, pages and actions, each a translation of clicks into calls of the app."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from acme_importer.dashboard.model_admin import DashboardAdmin, ShownOnlyAdmin
from acme_importer.texts import printable
from webhooks import endpoints as changing
from webhooks import replays
from webhooks.by_hand import RefusedError, ping, redeliver_each
from webhooks.dashboard import cells, delivery_page, endpoint_page
from webhooks.dashboard.forms import EndpointForm
from webhooks.models import Delivery, Endpoint


def counted(number: int, noun: str) -> str:
    """`1 endpoint`, `2 endpoints`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


@admin.register(Endpoint)
class EndpointAdmin(DashboardAdmin):
    form = EndpointForm
    list_title = "Webhooks"
    list_display = ("name", "state", "last_response", "last_day", "failures_in_a_row")
    list_filter = ("enabled",)
    search_fields = ("url", "description")
    search_help_text = "URL or description"
    actions = ("enable", "disable", "test", "rotate_secret")

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(require_POST(self.act))
        return [path("<int:endpoint_id>/action/", act, name="webhooks_endpoint_act"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:  # noqa: ARG002
        return Endpoint.objects.with_last_day()

    def get_fieldsets(self, request: HttpRequest, obj: Endpoint | None = None) -> Any:  # noqa: ARG002
        return [("Settings" if obj else None, {"fields": EndpointForm.Meta.fields})]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one endpoint, or of a new one."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        if endpoint := kwargs.get("obj"):
            context |= {"title": printable(str(endpoint)), "subtitle": None}
            context |= endpoint_page.context(endpoint, request.GET.get("deliveries", ""))
        return super().render_change_form(request, context, *args, **kwargs)

    def act(self, request: HttpRequest, endpoint_id: int) -> HttpResponse:
        """Do what a button of an endpoint's page says."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        doing = {"enable": self.enable, "disable": self.disable, "test": self.test, "rotate_secret": self.rotate_secret}
        doing |= {"send_held": self.send_held}
        name = request.POST.get("action", "")
        if name not in doing:
            raise BadRequest("Unknown action")
        endpoint = get_object_or_404(Endpoint, pk=endpoint_id)
        page = reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])
        return doing[name](request, [endpoint]) or HttpResponseRedirect(page)

    @admin.display(description="Endpoint", ordering="description")
    def name(self, endpoint: Endpoint) -> str:
        """Show its description, with the URL below."""
        return cells.with_more(printable(str(endpoint)), endpoint.url if endpoint.description else "")

    @admin.display(description="State", ordering="enabled")
    def state(self, endpoint: Endpoint) -> str:
        """Show whether it is enabled, and why not."""
        return cells.with_more(cells.endpoint_state(endpoint), endpoint.disabled_reason)

    @admin.display(description="Last response", ordering="last_status")
    def last_response(self, endpoint: Endpoint) -> str:
        """Show the status of the last response."""
        return cells.last_response(endpoint)

    @admin.display(description="Last 24 hours")
    def last_day(self, endpoint: Endpoint) -> str:
        """Show the success rate and the latency."""
        return cells.last_day(endpoint)

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:  # noqa: ARG002
        if change:
            changing.update(obj, form.changed_data)
        else:
            changing.create(obj)

    def delete_model(self, request: HttpRequest, obj: Endpoint) -> None:  # noqa: ARG002
        changing.delete(obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:  # noqa: ARG002
        for endpoint in queryset:
            changing.delete(endpoint)

    def response_add(self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None) -> HttpResponse:
        super().response_add(request, obj, post_url_continue)  # for its message
        return self.show_secrets(request, [obj])

    def show_secrets(self, request: HttpRequest, endpoints: Sequence[Endpoint]) -> HttpResponse:
        """Show new secrets, on a page that no cache keeps."""
        context = {
            **self.admin_site.each_context(request),
            "title": "New secret" if len(endpoints) == 1 else "New secrets",
            "endpoints": endpoints,
        }
        return TemplateResponse(
            request,
            "admin/webhooks/endpoint/secrets.html",
            {**context, "opts": self.opts},
            headers={"Cache-Control": "no-store"},
        )

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, endpoints: Collection[Endpoint]) -> None:
        """Enable the selected endpoints, and forget their earlier failures."""
        for endpoint in endpoints:
            changing.switch(endpoint, on=True)
        self.message_user(request, f"{counted(len(endpoints), 'endpoint')} enabled.", messages.SUCCESS)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, endpoints: Collection[Endpoint]) -> None:
        """Disable the selected endpoints."""
        for endpoint in endpoints:
            changing.switch(endpoint, on=False)
        self.message_user(request, f"{counted(len(endpoints), 'endpoint')} disabled.", messages.SUCCESS)

    def send_held(self, request: HttpRequest, endpoints: Iterable[Endpoint]) -> None:
        """Send what was not sent while the endpoints were disabled."""
        for endpoint in endpoints:
            try:
                count = replays.start(endpoint, None, only_held=True)
            except RefusedError as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
            else:
                self.message_user(request, f"{counted(count, 'event')} will be sent.", messages.SUCCESS)

    @admin.action(description="Send a test", permissions=["change"])
    def test(self, request: HttpRequest, endpoints: Iterable[Endpoint]) -> None:
        """Send a test to the selected endpoints and show the results."""
        for delivery, outcome in ping(list(endpoints)):
            level = messages.SUCCESS if outcome.succeeded else messages.ERROR
            self.message_user(request, cells.test_result(delivery, outcome), level)

    @admin.action(description="Rotate secret", permissions=["change"])
    def rotate_secret(self, request: HttpRequest, endpoints: Iterable[Endpoint]) -> HttpResponse:
        """Give the selected endpoints new secrets and show them, only this once."""
        rotated = list(endpoints)
        for endpoint in rotated:
            changing.rotate_secret(endpoint)
        return self.show_secrets(request, rotated)


class StatusFilter(admin.ChoicesFieldListFilter):
    """The statuses side by side: they are few, and what one looks for first."""

    template = "admin/filter_pills.html"


@admin.register(Delivery)
class DeliveryAdmin(ShownOnlyAdmin):
    """Shows deliveries: what has been recorded cannot be edited."""

    list_title = "Deliveries"
    list_display = ("event", "to", "state", "tries", "created_at", "finished_at")
    list_filter = (("status", StatusFilter), "event_type", ("endpoint", admin.RelatedOnlyFieldListFilter), "created_at")
    list_select_related = ("endpoint",)
    search_fields = ("event_id",)
    search_help_text = "event ID"
    show_full_result_count = False
    actions = ("redeliver",)

    def get_urls(self) -> list[URLPattern]:
        again = self.admin_site.admin_view(require_POST(self.send_again))
        return [path("<int:delivery_id>/redeliver/", again, name="webhooks_delivery_redeliver"), *super().get_urls()]

    @admin.display(description="Status", ordering="status")
    def state(self, delivery: Delivery) -> str:
        """Show the status."""
        return cells.delivery_state(delivery)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one delivery."""
        delivery = kwargs["obj"]
        context |= {"title": delivery.event_type, "subtitle": None, **delivery_page.context(delivery, request.user)}
        context["may_redeliver"] = self.has_redeliver_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def send_again(self, request: HttpRequest, delivery_id: int) -> HttpResponse:
        """Send one delivery again, from its page."""
        if not self.has_redeliver_permission(request):
            raise PermissionDenied
        self.redeliver(request, Delivery.objects.filter(pk=delivery_id))
        return HttpResponseRedirect(reverse("admin:webhooks_delivery_change", args=[delivery_id]))

    @admin.display(description="Event", ordering="event_type")
    def event(self, delivery: Delivery) -> str:
        """Show the type of the event, with its id below."""
        return cells.with_more(delivery.event_type, delivery.event_id)

    @admin.display(description="Endpoint", ordering="endpoint")
    def to(self, delivery: Delivery) -> str:
        """Show where it goes."""
        return printable(str(delivery.endpoint))

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        """Whether this user may send deliveries again: nobody may edit them."""
        return request.user.has_perm("webhooks.change_delivery")

    @admin.action(description="Send again", permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Send the selected deliveries again."""
        again, refused = redeliver_each(deliveries.select_related("endpoint"))
        for delivery, refusal in refused:
            self.message_user(request, f"{delivery}: {refusal}", messages.WARNING)
        level = messages.SUCCESS if again else messages.WARNING
        self.message_user(request, f"Deliveries that will be sent again: {again:,}.", level)
