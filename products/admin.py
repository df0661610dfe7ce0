"""The products in Django's admin: what the list and the pages show, and that everything is saved through `editing`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from acme_importer.dashboard.model_admin import DashboardAdmin
from acme_importer.error_pages import error_page
from products import editing
from products.dashboard.actions import ProductActions
from products.dashboard.changelist import ProductChangeList, SelectionFilter
from products.dashboard.extra import extra_table
from products.dashboard.forms import ListedProductFormSet, NewProductForm
from products.dashboard.history_pages import HistoryPages
from products.dashboard.revert_action import RevertAction
from products.dashboard.rows import EDITABLE
from products.editing import Editor
from products.fields import FIELDS
from products.models import Product
from products.on_record import together
from products.search.places import RETRY_SECONDS, TooManySearchesError, searches


@admin.register(Product)
class ProductAdmin(ProductActions, HistoryPages, RevertAction, DashboardAdmin):
    list_display = ("sku_in_any_case", "name", "price", "is_active", "updated_at", "import_number")
    list_display_links = ("sku_in_any_case",)
    list_editable = EDITABLE
    list_filter = (SelectionFilter,)
    list_per_page = 50
    sortable_by = ("sku_in_any_case", "name", "price", "updated_at")
    show_full_result_count = False
    readonly_fields = ("extra_texts", "written_by", "created_at", "updated_at")

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
        if connection.vendor == "sqlite" and request.GET.get("sku_prefix"):
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
            if product := form.try_to_save(Editor.of(request.user)):
                url = reverse("admin:products_product_change", args=[product.pk])
                self.message_user(request, format_html('Added <a href="{}">{}</a>.', url, product), messages.SUCCESS)
                return HttpResponseRedirect(request.get_full_path())
        title = {"title": "Products", "selection_note_all": "All that match are selected"}
        context: dict[str, Any] = {**title, "new_form": form, **(extra_context or {})}
        if "_save" not in request.POST:
            return self._listed(request, context)
        try:
            # Rows that are saved together. Not an export, which is read from the database while it is sent.
            with transaction.atomic(), together():
                return super().changelist_view(request, context)
        except editing.GoneError as error:
            self.message_user(request, f"Nothing was saved. {error}", messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())

    def _listed(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        """The list, or what an action does with it. A search to be looked at needs a place among those under way."""
        if request.method != "GET" or not request.GET.get("search"):
            return super().changelist_view(request, context)
        try:
            with searches.take():
                return super().changelist_view(request, context)
        except TooManySearchesError as error:
            return error_page(request, 503, title="Too many searches", text=str(error), retry_after=RETRY_SECONDS)

    # The page of one product.

    def get_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:  # noqa: ARG002
        # A new product has none of the values that nobody fills in.
        return FIELDS if obj is None else (*FIELDS, *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Product | None = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        facts = [name for name in self.readonly_fields if name != "extra_texts"]
        extra = [("Extra", {"fields": ["extra_texts"], "classes": ("extra",)})] if obj.extra else []
        return [(None, {"fields": FIELDS}), *extra, (None, {"fields": facts, "classes": ("facts-grid",)})]

    @admin.display(description="Last import", empty_value="None")
    def written_by(self, product: Product) -> str | None:
        """The import that wrote the product last, and the way to what else it wrote."""
        if product.last_import is None:
            return None
        url = f"{reverse('admin:products_product_changelist')}?last_import={product.last_import}"
        return format_html('Import {} · <a href="{}">View its products</a>', product.last_import, url)

    @admin.display(description="Other columns of imported files")
    def extra_texts(self, product: Product) -> str:
        """The texts by the names of their columns; the long ones shortened, which the API and exports have whole."""
        return extra_table(product.extra)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else self.readonly_fields

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> forms.Field | None:
        # An import may write the same product at any time, so only what the person has changed is saved, compared with
        # what the page showed, which it therefore sends along.
        return super().formfield_for_dbfield(db_field, request, **{"show_hidden_initial": True, **kwargs})

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except editing.SkuTakenError:
            # Asked again, the form says so at the SKU.
            return super().changeform_view(request, *args, **kwargs)
        except editing.GoneError as error:
            self.message_user(request, str(error), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:products_product_changelist"))

    # Saving, which logs as well.

    def save_model(self, request: HttpRequest, obj: Product, form: forms.ModelForm, change: bool) -> None:
        if change:
            editing.update(obj, form.changed_data, Editor.of(request.user))
        else:
            editing.create(obj, Editor.of(request.user))

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        editing.delete(obj, Editor.of(request.user))

    def log_addition(self, *_: Any) -> None:  # type: ignore[override]
        """Nothing: `editing` has done so."""

    log_change = log_deletions = log_addition  # type: ignore[assignment]
