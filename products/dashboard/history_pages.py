"""The pages on which a product's history is shown, a part of the admin of products. Read only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from acme_importer.texts import printable, shortened
from products.dashboard.history import changes, fields
from products.dashboard.revert_action import may_revert
from products.fields import SKU_MAX_LENGTH
from products.history.blame import Subject, history
from products.history.sources import sources
from products.models import Product

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:
    Base = object

# With fewer digits than the largest number of a database.
DIGITS = len(str(models.BigIntegerField.MAX_BIGINT))
ON_PRODUCT_PAGE, ON_OWN_PAGE = 10, 50


class HistoryPages(Base):
    """The section of a product's page, the page of its whole story, and the page of a SKU whose product is gone."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.history_of_sku_view)
        return [path("history/", view, name="products_product_sku_history"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The product's page, with the section about its history."""
        product = kwargs.get("obj")
        # As it is stored: the form may have written into the other.
        if product and (stored := Product.objects.filter(pk=product.pk).first()):
            context["history"] = _context(request, Subject.of_product(stored), ON_PRODUCT_PAGE, None)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a product's whole story."""
        product = self.get_object(request, unquote(object_id))
        if product is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_permission(request, product):
            raise PermissionDenied
        return self._page(request, Subject.of_product(product), extra_context)

    def history_of_sku_view(self, request: HttpRequest) -> HttpResponse:
        """The story of a SKU whose product is gone; of one that there is, its own page is shown."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sku = request.GET.get("sku", "")
        subject = Subject.of_sku(sku) if len(sku) <= SKU_MAX_LENGTH and "\0" not in sku else None
        if subject is None:
            if sku:
                text = f"Nothing is on record of a product with the SKU {printable(shortened(sku, SKU_MAX_LENGTH))}."
                self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:products_product_changelist"))
        if subject.product:
            return HttpResponseRedirect(reverse("admin:products_product_history", args=[subject.product.pk]))
        return self._page(request, subject, None)

    def _page(self, request: HttpRequest, subject: Subject, extra_context: dict[str, Any] | None) -> HttpResponse:
        shown = _context(request, subject, ON_OWN_PAGE, _before(request))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {printable(subject.sku)}",
            "opts": self.opts,
            "product": subject.product,
            "history": shown,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/products/product/history.html", context)


def _before(request: HttpRequest) -> int | None:
    """Where the page begins, from the link to it; None for the newest changes."""
    text = request.GET.get("before", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < DIGITS):
        raise BadRequest("No address of a change")
    return int(text)


def _context(request: HttpRequest, subject: Subject, limit: int, before: int | None) -> dict[str, Any]:
    try:
        found = history(subject, limit, before)
    except IndexError:
        raise BadRequest("No address of a change") from None
    known = sources(found.import_numbers, request.user)
    if subject.product:
        url = reverse("admin:products_product_history", args=[subject.product.pk])
        older = f"{url}?before={found.page.next_address}"
    else:
        older = f"?{_query(request, found.page.next_address)}"
    return {
        "fields": fields(found, known),
        "changes": changes(found, known, partial(may_revert, request.user)),
        "older": older if found.page.next_address else "",
        "is_newest": before is None,
        "notice": found.notice,
    }


def _query(request: HttpRequest, address: int) -> str:
    query = request.GET.copy()
    query["before"] = str(address)
    return query.urlencode()
