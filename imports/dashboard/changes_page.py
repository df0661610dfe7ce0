"""What an import has changed, in the dashboard: summed up on its page, and as a list on a page of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.views import View

from imports import changes, results
from imports.changes import Change, Filters
from imports.dashboard.permissions import may_view
from imports.models import ImportJob
from imports.proposed import BY_LINE, ORDERS
from imports.writing.fates import CREATED
from imports.writing.findings import MARKS
from imports.writing.summary import Move
from products.fields import SKU_MAX_LENGTH
from products.history.records import KEPT

PER_PAGE = 50
# Beyond it no database has numbers.
LAST_CURSOR = 2**63 - 1
MARKS_SAID = [
    ("price_up", "Price goes up"),
    ("price_down", "Price goes down"),
    ("price_to_zero", "Price becomes zero"),
    ("emptied", "A value is emptied"),
    ("activated", "Becomes active"),
    ("deactivated", "Becomes inactive"),
]
_STATES = {True: "active", False: "inactive"}


class ShownMove(NamedTuple):
    """A price move, and by how much it is, with its sign."""

    move: Move
    percent: str


class ShownField(NamedTuple):
    """A field of a change as it is shown; `old` is none of a product that was created."""

    name: str
    old: str | None
    new: str


class ShownChange(NamedTuple):
    """A change as it is shown."""

    change: Change
    fields: list[ShownField]


def summed_up(job: ImportJob) -> dict[str, Any]:
    """What the page of `job`, which is over, shows of its changes. Reads no history, however long it is."""
    summary = changes.summary(job)
    gone = changes.why_gone(job, summary)
    return {
        "summary": summary,
        "fields_changed": summary.fields.most_common(),
        "moves": [ShownMove(move, f"{move.percent:+,.1f}%") for move in summary.moves],
        "changes_gone": gone,
        # An undo has no file, and so no rows.
        # Of a check, chunks have kept what became of all rows.
        "results_gone": job.is_undo or results.why_expired(job) or ("" if changes.is_check(job) else gone),
    }


class ChangesView(View):
    """The changes of an import, page by page."""

    http_method_names = ["get"]
    site: AdminSite = None  # type: ignore[assignment]  # given to `as_view`

    def get(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """The changes that fit the filters. What is no filter is as if it were not there: links may be old."""
        if not (may_view(request.user) and request.user.has_perm("products.view_product")):
            raise PermissionDenied
        job = get_object_or_404(ImportJob.objects.with_progress(), pk=job_id)
        filters, gone = _filters(request), changes.why_gone(job)
        contradiction = filters.contradiction(job)
        page = changes.Page([], 0)
        if not gone and not contradiction:
            page = changes.page(job, filters, cursor=_cursor(request), limit=PER_PAGE)
        context = {
            **self.site.each_context(request),
            "opts": ImportJob._meta,
            "title": f"Changes that check {job.pk} shows" if changes.is_check(job) else f"Changes of import {job.pk}",
            "job": job,
            "filters": filters,
            "is_filtered": filters != Filters(),
            "is_check": changes.is_check(job),
            "marks": MARKS_SAID,
            "contradiction": contradiction,
            "fields": KEPT,
            "kinds": changes.KIND_NAMES,
            "gone": gone,
            "changes": list(map(_shown, page.changes)),
            "is_first": not _cursor(request),
            "query": urlencode(_said_of(filters)),
            "next_cursor": page.next_cursor,
        }
        return TemplateResponse(request, "admin/imports/importjob/changes.html", context)


def _filters(request: HttpRequest) -> Filters:
    field, kind = request.GET.get("field", ""), request.GET.get("kind", "")
    sku = request.GET.get("sku", "").replace("\0", "").strip()
    mark, order = request.GET.get("mark", ""), request.GET.get("order", "")
    return Filters(
        field if field in KEPT else "",
        kind if kind in changes.KIND_NAMES else "",
        sku[:SKU_MAX_LENGTH],
        mark if mark in MARKS else "",
        order if order in ORDERS else BY_LINE,
    )


def _said_of(filters: Filters) -> dict[str, str]:
    """Those that are not as usual, for the address of another page."""
    usual = Filters()._asdict()
    return {name: value for name, value in filters._asdict().items() if value != usual[name]}


def _cursor(request: HttpRequest) -> int:
    told = request.GET.get("cursor", "")
    return min(int(told), LAST_CURSOR) if told.isascii() and told.isdecimal() and len(told) < 20 else 0


def _shown(change: Change) -> ShownChange:
    return ShownChange(change, list(_shown_fields(change)))


def _shown_fields(change: Change) -> Iterator[ShownField]:
    is_new = change.kind == CREATED
    for name, values in change.fields.items():
        new = _shown_value(name, values["new"])
        if not is_new:
            yield ShownField(name, _shown_value(name, values["old"]), new)
        elif new and name != "sku":
            yield ShownField(name, None, new)


def _shown_value(name: str, value: Any) -> str:
    if name == "is_active":
        return _STATES[value]
    return "" if value is None or value == {} else str(value)
