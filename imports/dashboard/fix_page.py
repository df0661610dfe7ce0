"""The page on which rejected rows are fixed: those of one cause in a table of inputs, and one value for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import urlencode

from imports import fixing, rejected
from imports.dashboard import log
from imports.dashboard.import_page import ImportView
from imports.dashboard.job_page import CountedPaginator
from imports.dashboard.permissions import may_view
from imports.files.space import DiskFullError
from imports.files.unavailable import FileUnavailableError
from imports.fixing import EDITABLE_LENGTH, Fixes, Group
from imports.models import ImportJob, RejectedRow
from imports.quotas import QuotaError
from imports.reading.errors import FileRefusedError

ROWS_PER_PAGE = 50
GROUP_GONE = "These rows are no longer open: somebody has fixed them in the meantime."
# What is answered to what the file of fixed rows can be refused for, the more special errors first: as on the page of
# uploading.
STATUSES: dict[type[Exception], int] = {
    RequestDataTooBig: 413,
    QuotaError: 429,
    DiskFullError: 507,
    FileUnavailableError: 503,
    FileRefusedError: 400,
}
# Of digits; no file has more lines.
LONGEST_NUMBER = 18


class Cell(NamedTuple):
    """A field of a row: the name of its input, and what is in that; how long the value is that is too long for it."""

    name: str
    column: str
    value: str
    too_long: int
    is_faulty: bool
    is_text: bool


class ShownRow(NamedTuple):
    """A row of the table; without cells if it cannot be fixed here."""

    row: RejectedRow
    cells: list[Cell]
    is_whole: bool


class ShownValue(NamedTuple):
    """A wrong value of a group, in how many rows, and what is said to be instead."""

    number: int
    wrong: str
    rows: int
    instead: str
    is_emptied: bool


class FixView(ImportView):
    """Shows the open rejected rows of an import group by group, and has those checked that are fixed."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_view(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, job_id: int) -> HttpResponse:  # noqa: ARG002
        """The rows of one group."""
        return self._form(_job(job_id))

    def post(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """Have the fixed rows checked, and show that check."""
        job = _job(job_id)
        group, fixes = _named(fixing.groups(job), request.GET), _fixes(job, request.POST)
        if group is None or not job.is_over:
            # What was said of one group holds for no other.
            return self._form(job, GROUP_GONE, 409)
        try:
            check = fixing.check(job, group, fixes, request.user)
        except tuple(STATUSES) as error:
            status = next(status for kind, status in STATUSES.items() if isinstance(error, kind))
            return self._form(job, str(error), status)
        log.note_start(request.user, check, f"Started the check of fixed rows of import {job.pk}.")
        return redirect("admin:imports_importjob_change", check.pk)

    def _form(self, job: ImportJob, error: str = "", status: int = 200) -> HttpResponse:
        """The page, with what was sent where there is an `error`."""
        if not job.is_over:
            messages.warning(self.request, f"Import {job.pk} is {job.status}: its rows can be fixed once it is over.")
            return redirect("admin:imports_importjob_change", job.pk)
        groups, sent = fixing.groups(job), self.request.POST
        group = _named(groups, self.request.GET) or next(iter(groups), None)
        context: dict[str, Any] = {"job": job, "error": error, "gone": rejected.why_gone(job), "group": group}
        if group is not None:
            paginator = CountedPaginator(fixing.rows_of(job, group), ROWS_PER_PAGE)
            paginator.count = group.rows
            page = paginator.get_page(self.request.GET.get("page", ""))
            context |= {
                "groups": [(each, _query(each)) for each in groups],
                "values": _shown_values(job, group, sent),
                "rows": [_shown(job, group, row, sent) for row in page],
                "columns": [job.header[position] for position in job.columns.values()],
                "page": page,
                "query": _query(group),
            }
        return self.page("fix", f"Fix rejected rows of import {job.pk}", status=status, **context)


def _job(job_id: int) -> ImportJob:
    job = get_object_or_404(ImportJob.objects.with_progress(), pk=job_id)
    if job.is_undo:
        raise Http404
    return job


def _named(groups: list[Group], said: QueryDict) -> Group | None:
    """The group that the address names; the largest with its code, if it names no column."""
    code, column = said.get("code", ""), said.get("column")
    return next((group for group in groups if group.code == code and column in (None, group.column)), None)


def _query(group: Group) -> str:
    return urlencode({"code": group.code, "column": group.column})


def _fixes(job: ImportJob, sent: QueryDict) -> Fixes:
    """What a form says; what it could not have had is as if it were not there."""
    positions = set(job.columns.values())
    by_line: dict[int, dict[int, str]] = {}
    for name, text in sent.items():
        kind, _, rest = name.partition("-")
        line, _, position = rest.partition("-")
        if kind == "row" and _is_number(line) and _is_number(position) and int(position) in positions:
            by_line.setdefault(int(line), {})[int(position)] = str(text).replace("\r\n", "\n")
    for_all = {
        wrong: instead for wrong, (instead, is_emptied) in _said_of_values(sent).items() if instead or is_emptied
    }
    return Fixes(by_line, for_all)


def _said_of_values(sent: QueryDict) -> dict[str, tuple[str, bool]]:
    """What a form says of wrong values: what is to be instead, and whether they are to be emptied."""
    return {
        sent.get(f"wrong-{number}", ""): (sent.get(f"all-{number}", ""), f"empty-{number}" in sent)
        for number in range(fixing.VALUES_LISTED)
        if f"wrong-{number}" in sent
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER


def _shown_values(job: ImportJob, group: Group, sent: QueryDict) -> list[ShownValue]:
    """The wrong values of the group, with what was sent of each, by whichever number."""
    said = _said_of_values(sent)
    return [
        ShownValue(number, value, rows, *said.get(value, ("", False)))
        for number, (value, rows) in enumerate(fixing.wrong_values(job, group))
    ]


def _shown(job: ImportJob, group: Group, row: RejectedRow, sent: Mapping[str, str]) -> ShownRow:
    if row.is_cut:
        return ShownRow(row, [], is_whole=False)
    fields = fixing.fields_of(job, row)
    faulty = fixing.faulty_position(job, group)
    cells = []
    for position in job.columns.values():
        name, value = f"row-{row.line}-{position}", fields[position]
        is_long = len(value) > EDITABLE_LENGTH
        said = sent.get(name, "" if is_long else value)
        is_text = is_long or "\n" in value or "\r" in value or job.columns.get("description") == position
        column = job.header[position]
        cells.append(Cell(name, column, said, len(value) if is_long else 0, position == faulty, is_text))
    return ShownRow(row, cells, rejected.is_whole(row, job))
