"""The base of every list and page of a model in the admin. The site takes no model without it; knows no app.

Django's own admits any field of a model in an address, with any comparison: `?secret__regex=^a` would tell a secret
letter by letter, and `?name__regex=^(a+)+$` would keep a process busy for minutes. Here only what
the list offers as a filter is read.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from acme_importer.searches import search_fault


class DashboardAdmin(admin.ModelAdmin):
    """A ModelAdmin whose list takes from its address only what `list_filter` offers."""

    # What the list is called, if it is not Django's "Select … to change".
    list_title = ""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:  # noqa: ARG002
        """Whether the parameter `lookup` is one that a filter of the list writes into its links."""
        return request is not None and lookup in self._filter_parameters(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Databases take no NUL, and say so only when a query runs, where nobody expects it any longer.
        if any("\0" in value for name in request.GET for value in (name, *request.GET.getlist(name))):
            raise BadRequest("A NUL byte in the address")
        title = {"title": self.list_title} if self.list_title else {}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What a search finds; nothing, and a sentence that says why, where it asks for too much."""
        if fault := search_fault(search_term):
            self.message_user(request, f"Search: {fault}", messages.ERROR)
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def _filter_parameters(self, request: HttpRequest) -> set[str | None]:
        """The parameters of all filters of the list, asked as Django asks them when it shows the list."""
        found: set[str | None] = set()
        items: list[Any] = list(self.get_list_filter(request))
        for item in items:
            if isinstance(item, type):
                found.update(item(request, {}, self.model, self).expected_parameters())
                continue
            path, kind = item if isinstance(item, tuple | list) else (item, admin.FieldListFilter.create)
            field = get_fields_from_path(self.model, str(path))[-1]
            spec = kind(field, request, {}, self.model, self, field_path=path)
            found.update(spec.expected_parameters())
        return found


class ShownOnlyAdmin(DashboardAdmin):
    """Shows what the product has recorded: nobody adds, changes or deletes it here."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
