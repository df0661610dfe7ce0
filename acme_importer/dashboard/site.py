"""The admin site of the product: its names, its navigation, and its front page."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.views.decorators.http import require_POST

from acme_importer import __version__
from acme_importer.audit.trail import record
from acme_importer.dashboard import front_page, workers
from acme_importer.dashboard.model_admin import DashboardAdmin

# What the bar on top of every page leads to: title, URL name, and the permission that the page asks for.
DESTINATIONS = (
    ("Overview", "admin:index", ""),
    ("Products", "admin:products_product_changelist", "products.view_product"),
    ("Imports", "admin:imports_importjob_changelist", "imports.view_importjob"),
    ("Webhooks", "admin:webhooks_endpoint_changelist", "webhooks.view_endpoint"),
    ("Audit", "admin:audit_record_changelist", "audit.view_record"),
    ("API", "api-docs", ""),
)


@dataclass(frozen=True, slots=True)
class Destination:
    """One link of the navigation; `current` when the page is this one, or another of its app."""

    title: str
    url: str
    current: bool


class DashboardSite(AdminSite):
    site_title = "Acme Product Importer"
    site_header = "Acme Product Importer"
    index_title = "Overview"
    # The site is the dashboard; there is no other to view.
    site_url = None
    # The navigation is on top, and the lists need the room.
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Take models whose admin stands on our base, and quietly no other: packages register theirs by themselves."""
        if admin_class is not None and issubclass(admin_class, DashboardAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        shown = destinations(request)
        # The pages that the navigation leads to need no way back.
        first_level_urls = [destination.url for destination in shown]
        return {
            **super().each_context(request),
            "destinations": shown,
            "first_level_urls": first_level_urls,
            "first_level": request.path in first_level_urls,
            "version": __version__,
        }

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # Before Django's own, the last of which takes everything.
        return [
            path("components/", self.admin_view(self.components), name="components"),
            path("workers/", self.admin_view(self.workers), name="workers"),
            path("dismiss/", self.admin_view(require_POST(self.dismiss)), name="dismiss"),
            *super().get_urls(),
        ]

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        with transaction.atomic():
            response = super().password_change(request, extra_context)
            if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
                record("user.password_changed", cast("User", request.user))
        return response

    def components(self, request: HttpRequest) -> TemplateResponse:
        """All components of the look in all their states, for those who build pages."""
        if not settings.DEBUG:
            raise Http404
        context = {**self.each_context(request), "title": "Components", "themes": ("light", "dark")}
        return TemplateResponse(request, "admin/components.html", context)

    def workers(self, request: HttpRequest) -> TemplateResponse:
        """What waits for the workers, and what failed: to look at only."""
        context = {**self.each_context(request), **workers.page(request.user)}
        return TemplateResponse(request, "admin/workers.html", context)

    def dismiss(self, request: HttpRequest) -> HttpResponseRedirect:
        """Show notices of the front page no longer to this user."""
        front_page.dismiss(request.user, request.POST.getlist("key"))
        return HttpResponseRedirect(reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**front_page.context(request.user), **(extra_context or {})})


def destinations(request: HttpRequest) -> list[Destination]:
    """The links of the navigation that the user may follow."""
    index = reverse("admin:index")
    found = []
    for title, name, permission in DESTINATIONS:
        if permission and not request.user.has_perm(permission):
            continue
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        # Below a list are all pages of its app.
        section = reverse("admin:app_list", args=[permission.partition(".")[0]]) if permission else url
        here = request.path == url or (url != index and request.path.startswith(section))
        found.append(Destination(title, url, current=here))
    return found
