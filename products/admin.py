"""The products in the dashboard: the list that people work in, and what can be done to many of them at once."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from products.activation import set_active
from products.dashboard.changelist import EDITABLE, ProductChangeList, SelectionFilter
from products.dashboard.forms import DeletionForm, ListedProductFormSet, NewProductForm
from products.deletion import MoreThanExpectedError, delete_at_most
from products.export import csv_response
from products.models import Product
from products.signals import product_edited


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("sku_in_any_case", "name", "price", "is_active", "updated_at", "import_number")
    list_display_links = ("sku_in_any_case",)
    list_editable = EDITABLE
    list_filter = (SelectionFilter,)
    list_per_page = 50
    sortable_by = ("sku_in_any_case", "name", "price", "updated_at")
    show_full_result_count = False
    actions = ("activate", "deactivate", "export_csv", "delete_selected")
    fields = ("sku", "name", "description", "price", "is_active", "last_import", "created_at", "updated_at")
    readonly_fields = ("last_import", "created_at", "updated_at")

    # The list: the newest on top, so that what was just added can be seen.

    @admin.display(description="SKU", ordering="sku_normalized")
    def sku_in_any_case(self, product: Product) -> str:
        """Show the SKU as it is written, and order by it regardless of letter case."""
        return product.sku

    @admin.display(description="Last import")
    def import_number(self, product: Product) -> int | None:
        """The import that wrote the product last."""
        return product.last_import

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        if connection.vendor == "sqlite" and request.GET.get("sku"):
            # SQLite finds a prefix by the index of SKUs, and would sort all that match to have the newest on top: a
            # second for a million. PostgreSQL's index has an order that is of no use here; it reads back from the end.
            return ("sku_normalized",)
        return ("-id",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ProductChangeList]:  # noqa: ARG002
        return ProductChangeList

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> type[forms.BaseModelFormSet]:
        return super().get_changelist_formset(request, formset=ListedProductFormSet, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changelist = super().get_changelist_instance(request)
        if not self.has_change_permission(request):
            changelist.list_editable = ()
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        form = NewProductForm() if self.has_add_permission(request) else None
        if "_add" in request.POST:
            if form is None:
                raise PermissionDenied
            form = NewProductForm(request.POST)
            if product := form.try_to_save():
                self._tell_added(request, product)
                return HttpResponseRedirect(request.get_full_path())
        context = {"title": "Products", "selection_note_all": "All that match are selected", "new_form": form}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def _tell_added(self, request: HttpRequest, product: Product) -> None:
        self.log_addition(request, product, [{"added": {}}])
        url = reverse("admin:products_product_change", args=[product.pk])
        self.message_user(request, format_html('Added <a href="{}">{}</a>.', url, product), messages.SUCCESS)

    # Writing a product. An import may write the same one at any time, so only what the person has changed is saved,
    # compared with what the page showed, which it therefore sends along.

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        return super().formfield_for_dbfield(db_field, request, **{"show_hidden_initial": True, **kwargs})

    def save_model(self, request: HttpRequest, obj: Product, form: forms.ModelForm, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            product_edited.send(type(self), product=obj, change="created")
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)
            product_edited.send(type(self), product=obj, change="updated")

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        product_edited.send(type(self), product=obj, change="deleted")
        super().delete_model(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Another request took the SKU after the form had found it free. Asked again, the form says so.
            return super().changeform_view(request, *args, **kwargs)

    # Many products at once.

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, selected: QuerySet[Product]) -> None:
        """Make the selected products active."""
        self._tell(request, set_active(selected, active=True), "activated; the others were active already")

    @admin.action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, selected: QuerySet[Product]) -> None:
        """Make the selected products inactive."""
        self._tell(request, set_active(selected, active=False), "deactivated; the others were inactive already")

    def _tell(self, request: HttpRequest, number: int, what: str) -> None:
        products = "1 product was" if number == 1 else f"{number:,} products were"
        self.message_user(request, f"{products} {what}.", messages.SUCCESS)

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, selected: QuerySet[Product]) -> StreamingHttpResponse:  # noqa: ARG002
        """Download the selected products as a file that can be imported again."""
        return csv_response(selected)

    @admin.action(description="Delete…", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, selected: QuerySet[Product]) -> HttpResponse | None:
        """Say how many products are selected; delete them once that has been confirmed. Lists and loads none."""
        count = selected.count()
        form = DeletionForm(request.POST if "expected" in request.POST else None, count=count)
        if form.is_valid():
            try:
                deleted = delete_at_most(selected, count)
            except MoreThanExpectedError:
                form = DeletionForm(count=selected.count())
            else:
                self._log_deletion(request, deleted)
                self._tell(request, deleted, "deleted")
                return None
        ids = [] if request.POST.get("select_across") == "1" else request.POST.getlist("_selected_action")
        context = {
            **self.admin_site.each_context(request),
            "title": "Delete products",
            "opts": self.opts,
            "form": form,
            "count": form.count,
            "ids": ids,
            "filtered": bool(request.GET),
        }
        return TemplateResponse(request, "admin/products/product/delete_selected.html", context)

    def _log_deletion(self, request: HttpRequest, number: int) -> None:
        """One line in the log of the dashboard, where Django's own action writes one for each object."""
        LogEntry.objects.create(
            user_id=cast("int", request.user.pk),
            content_type=ContentType.objects.get_for_model(Product),
            object_repr=f"{number:,} products",
            action_flag=DELETION,
            change_message="Deleted together in the list.",
        )
