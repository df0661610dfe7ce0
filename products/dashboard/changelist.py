"""The list of products in the dashboard: the filters of the API, and pages that are quick however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from typing import Any, cast

from django import forms
from django.contrib.admin import ListFilter, ModelAdmin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django_filters.constants import EMPTY_VALUES

from acme_importer.texts import printable
from products.counts import Count, count_all, ids_up_to
from products.dashboard import pills
from products.dashboard.pills import Pill
from products.dashboard.rows import Row
from products.fields import SKU_MAX_LENGTH
from products.filters import ProductFilter
from products.history.stories import last_address
from products.models import Product
from products.search.finding import notice

# A selection is counted and paged up to here. Nobody pages through more; actions take all that match nevertheless.
MOST_MATCHES = 10_000

SEARCHED = "SKU, name or description"


def filters_of(request: HttpRequest) -> dict[str, Any]:
    """The filters in the address of the list, and their values. Those that cannot be understood select nothing."""
    given = {name: value for name in ProductFilter.base_filters if (value := request.GET.get(name))}
    filterset = ProductFilter(given, Product.objects.none())
    values = filterset.form.cleaned_data if filterset.is_valid() else given
    return {name: values[name] for name in given if values[name] not in EMPTY_VALUES}


class SelectionFilter(ListFilter):
    """All filters of `ProductFilter` as one of the admin's: the same names in the address as in the API."""

    title = "selection"

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[Product], model_admin: ModelAdmin
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in ProductFilter.base_filters:
            if values := params.pop(name, None):
                self.used_parameters[name] = values[-1]
        self.filters = ProductFilter(self.used_parameters, Product.objects.none())
        self.form = self.filters.form
        for field in self.form.fields.values():
            # Written for the documentation of the API.
            field.help_text = ""
        pills.prepare(self.form)
        self.form.fields["search"].widget = forms.TextInput({"type": "search", "placeholder": SEARCHED})

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(ProductFilter.base_filters)

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # noqa: ARG002
        """Nothing to choose from: the list's template shows the form."""
        return iter(())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:  # noqa: ARG002
        """The products that the filters select: none where a filter cannot be understood, which the form then says."""
        if not self.form.is_valid():
            return queryset.none()
        return self.filters.filter_queryset(queryset)


class ProductChangeList(ChangeList):
    """Finds the ids of a page before its rows, and counts no further than is cheap."""

    count: Count

    def get_results(self, request: HttpRequest) -> None:  # noqa: ARG002
        size = self.list_per_page
        if self.queryset.query.where:
            ids, self.count = ids_up_to(self.queryset, MOST_MATCHES)
            paginator = Paginator(ids, size)
            on_page = self._page(paginator)
        else:
            self.count = count_all()
            paginator = Paginator(range(self.count.number), size)
            places = self._page(paginator)
            on_page = list(self.queryset.values_list("pk", flat=True)[places.start : places.stop])
        # Descriptions and extras are long, and not in the list.
        self.result_list = self.queryset.model._default_manager.filter(pk__in=on_page).defer("description", "extra")
        self.result_list = self.result_list.order_by(*self.queryset.query.order_by)
        self.paginator = paginator
        self.result_count = self.count.number
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = bool(on_page)
        self.can_show_all = False
        self.multi_page = paginator.num_pages > 1

    def _page(self, paginator: Paginator) -> Any:
        try:
            return paginator.page(self.page_num).object_list
        except InvalidPage:
            raise IncorrectLookupParameters from None

    @property
    def headers(self) -> Iterator[dict[str, Any]]:
        """The headings of the columns, as Django makes them from the options of the admin."""
        return result_headers(self)

    @property
    def rows(self) -> Iterator[Row]:
        """The products of the page; where some could not be saved, all that were sent."""
        if self.formset is not None and self.formset.is_bound:
            return map(Row.sent, self.formset.forms)
        return starmap(Row.stored, enumerate(self.result_list))

    @property
    def link_suffix(self) -> str:
        """What makes a product's page lead back to this selection."""
        return f"?{self.preserved_filters}" if self.preserved_filters else ""

    @property
    def filter_form(self) -> Any:
        """The form of the filters, as it was sent."""
        (selection,) = self.filter_specs
        return cast("SelectionFilter", selection).form

    @property
    def pills(self) -> Iterator[Pill]:
        """The filters, each with its menu."""
        return pills.pills(self.filter_form, self.get_query_string)

    @property
    def filter_faults(self) -> list[str]:
        """What is wrong with the filters as they were sent: sentences that name them."""
        form = self.filter_form
        return [f"{form[name].label}: {fault}" for name, faults in form.errors.items() for fault in faults]

    @property
    def search_notice(self) -> str | None:
        """What is to be said of the search, if there is one."""
        return notice() if self.filter_form["search"].value() else None

    @cached_property
    def gone_sku(self) -> str | None:
        """The SKU that was searched for, where no product has it but one that had it is on record."""
        if self.result_count:
            return None
        asked = (str(self.filter_form.data.get(name) or "").strip() for name in ("sku", "search", "sku_prefix"))
        sku = next(filter(None, asked), "")
        return sku if 0 < len(sku) <= SKU_MAX_LENGTH and last_address(sku) else None

    @property
    def shown_gone_sku(self) -> str:
        """That SKU, to be read."""
        return printable(self.gone_sku or "")

    @property
    def is_filtered(self) -> bool:
        """Whether the list shows a selection. Django takes an empty filter in the address for one, too."""
        return pills.chosen(self.filter_form)
