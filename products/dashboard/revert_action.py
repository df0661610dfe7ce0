"""The buttons in a product's history that take back one change, a part of the admin of products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from products.dashboard.history import LABELS
from products.editing import Editor, SkuTakenError
from products.history.records import Record
from products.reverting import CannotRevertError, Reverted, permission_for, record_at, revert

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:
    Base = object

# No address of a change is higher, and SQLite refuses to look for one.
MOST = 2**63 - 1


def may_revert(user: Any, record: Record) -> bool:
    """Whether `user` may take back such a change, after which its product is shown again."""
    return user.has_perms((permission_for(record), "products.view_product"))


class RevertAction(Base):
    """Takes back the change at an address."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revert_view)
        return [path("history/<int:address>/revert/", view, name="products_product_revert"), *super().get_urls()]

    def revert_view(self, request: HttpRequest, address: int) -> HttpResponse:
        """Do it, say what was done, and show the product, or the story of one that is gone."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            record = record_at(min(address, MOST))
        except CannotRevertError as error:
            self.message_user(request, str(error), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:products_product_changelist"))
        if not may_revert(request.user, record):
            raise PermissionDenied
        try:
            self.message_user(request, _said(revert(record, Editor.of(request.user))), messages.SUCCESS)
        except (CannotRevertError, SkuTakenError) as error:
            self.message_user(request, str(error), messages.WARNING)
        # Of a SKU that a product has, this leads to the product's.
        url = reverse("admin:products_product_sku_history")
        return HttpResponseRedirect(f"{url}?{urlencode({'sku': record.sku})}")


def _said(done: Reverted) -> str:
    if done.what == "deleted":
        return "The product was deleted, as if it had not been created."
    if done.what == "created again":
        return "The product was created again as it was."
    restored = f"Undone: {_names(done.restored)} as before."
    return f"{restored} Changed since, and kept: {_names(done.kept)}." if done.kept else restored


def _names(fields: tuple[str, ...]) -> str:
    return ", ".join(LABELS[name] for name in fields)
