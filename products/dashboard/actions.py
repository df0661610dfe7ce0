"""What can be done in the dashboard to many products at once. Loads none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html

from products import editing
from products.counts import in_words
from products.dashboard.changelist import filters_of
from products.dashboard.deletion import question
from products.dashboard.forms import DeletionForm
from products.editing import BulkEdit, Editor
from products.export import csv_response
from products.models import Product
from products.search.finding import IndexBehindError
from products.selection import Selection
from products.undo_offer import undo_address

if TYPE_CHECKING:
    Base = admin.ModelAdmin
else:
    Base = object


class ProductActions(Base):
    """The actions of the list, a part of the admin of products."""

    actions = ("activate", "deactivate", "export_for_spreadsheets", "export_csv", "delete_selected")

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, selected: QuerySet[Product]) -> None:
        """Make the selected products active."""
        done = editing.set_active(_selection(request, selected), Editor.of(request.user), active=True)
        self._tell(request, done, "activated; the others were already active")

    @admin.action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, selected: QuerySet[Product]) -> None:
        """Make the selected products inactive."""
        done = editing.set_active(_selection(request, selected), Editor.of(request.user), active=False)
        self._tell(request, done, "deactivated; the others were already inactive")

    @admin.action(description="Export for spreadsheets", permissions=["view"])
    def export_for_spreadsheets(self, request: HttpRequest, selected: QuerySet[Product]) -> StreamingHttpResponse:  # noqa: ARG002
        """Download the selected products as a file in which no value is a formula; it can be imported again, too."""
        return csv_response(selected, for_spreadsheets=True)

    @admin.action(description="Export for other systems", permissions=["view"])
    def export_csv(self, request: HttpRequest, selected: QuerySet[Product]) -> StreamingHttpResponse:  # noqa: ARG002
        """Download the selected products as a file with the values as they are, which can be imported again."""
        return csv_response(selected)

    @admin.action(description="Delete…", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, selected: QuerySet[Product]) -> HttpResponse | None:
        """Say how many products are selected, and delete them once that has been confirmed."""
        selection = _selection(request, selected)
        count = selected.count()
        form = DeletionForm(request.POST if "expected" in request.POST else None, count=count)
        if form.is_valid():
            try:
                self._tell(request, editing.delete_many(selection, Editor.of(request.user), at_most=count), "deleted")
            except editing.MoreThanExpectedError:
                form = DeletionForm(count=selected.count())
            else:
                return None
        shown = question(form, selection, _ids(request))
        context = {**self.admin_site.each_context(request), "opts": self.opts, **shown}
        return TemplateResponse(request, "admin/products/product/delete_selected.html", context)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Run an action; say so where it is for all that a search finds, and that is not exact at the moment."""
        try:
            return super().response_action(request, *args, **kwargs)
        except IndexBehindError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _tell(self, request: HttpRequest, done: BulkEdit, what: str) -> None:
        """Say what was done to how many products, and where that can be undone."""
        text = f"{in_words(done.count)} {'was' if done.count == 1 else 'were'} {what}."
        address = undo_address(done.first_set, done.last_set, request.user)
        shown = format_html('{} <a href="{}">Undo…</a>', text, address) if address else text
        self.message_user(request, shown, messages.SUCCESS)


def _ids(request: HttpRequest) -> list[str]:
    """The ids of the products that were selected one by one: none where all that match are selected."""
    return [] if request.POST.get("select_across") == "1" else request.POST.getlist("_selected_action")


def _selection(request: HttpRequest, selected: QuerySet[Product]) -> Selection:
    """The products that the admin has selected, and how the person did so."""
    if ids := _ids(request):
        return Selection.of_ids([int(id_) for id_ in ids], among=selected)
    filters = filters_of(request)
    return Selection(selected, {"filter": filters} if filters else {"all": True})
